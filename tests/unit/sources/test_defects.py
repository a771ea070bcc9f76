"""Each defect of a comparison under the name of its rule: simulated deliveries of one small table, one defect each, read from real files."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from tests.unit.sources.town import AREAS, Door

#: Town, two districts, twelve areas: the length of the key says the level.
DISTRICTS = {"1": [f"1{i:02}" for i in range(6)], "2": [f"2{i:02}" for i in range(6)]}
FIGURES = """
quelle: werte
name: Werte
herausgeber: Teststadt
lizenz: CC0-1.0
rechtsgrundlage: Zusammengefasst, ohne Personenbezug.
abschottung: false
personenbezug: false
rhythmus: jaehrlich
stichtag: {datum: "{jahr}-12-31"}
nach: [gebiete]
tabellen:
  - tabelle: testwerte
    dateien: "werte/werte_{jahr}.csv"
    format: {trennzeichen: ";"}
    schluessel: [ebene, raumeinheit_id]
    abgeleitet: {ebene: "case length(raumeinheit_id) when 3 then 'sozialraum' when 1 then 'block' else 'stadt' end"}
    spalten:
      - {name: Raum, ziel: raumeinheit_id, klasse: schluessel, pflicht: true}
      - {name: Name, ziel: name}
      - {name: Anzahl, ziel: anzahl, typ: zahlzeichen, klasse: zahl}
      - {name: Frauen, ziel: frauen, typ: zahlzeichen, klasse: zahl}
      - {name: Kinder, ziel: kinder, typ: zahlzeichen, klasse: zahl}
  - tabelle: testgegen
    dateien: "werte/gegen_{jahr}.csv"
    format: {trennzeichen: ";"}
    schluessel: [ebene, raumeinheit_id]
    abgeleitet: {ebene: "case length(raumeinheit_id) when 3 then 'sozialraum' when 1 then 'block' else 'stadt' end"}
    spalten:
      - {name: Raum, ziel: raumeinheit_id, klasse: schluessel, pflicht: true}
      - {name: Personen, ziel: anzahl, typ: zahlzeichen, klasse: zahl}
"""
Table = dict[str, list[object]]


def table(year: int) -> Table:
    """Key -> name and three counts, parts and totals in agreement, other figures every year."""
    rng = np.random.default_rng(year)
    rows: Table = {}
    for district, areas in DISTRICTS.items():
        for place, area in enumerate(areas):
            # Rising sizes, so that a shift by rows is one.
            rows[area] = [f"Raum {area}", *(int(n) for n in 100 * (1 + 3 * place) * np.array([10, 5, 2]) + rng.integers(1, 90, 3))]
        rows[district] = [f"Bezirk {district}", *(sum(int(rows[a][c]) for a in areas) for c in (1, 2, 3))]  # type: ignore[call-overload]
    rows["99999"] = ["Stadt", *(sum(int(rows[d][c]) for d in DISTRICTS) for c in (1, 2, 3))]  # type: ignore[call-overload]
    return rows


def files(year: int, rows: Table, other: Table | None = None) -> dict[str, str | bytes]:
    lines = ["Raum;Name;Anzahl;Frauen;Kinder", *(";".join(map(str, [key, *row])) for key, row in rows.items())]
    beside = ["Raum;Personen", *(f"{key};{row[1]}" for key, row in (other or rows).items())]
    return {f"werte/werte_{year}.csv": "\n".join(lines) + "\n", f"werte/gegen_{year}.csv": "\n".join(beside) + "\n"}


def changed(rows: Table, key: str, column: int, by: int) -> Table:
    return {k: [v + by if k == key and c == column else v for c, v in enumerate(row)] for k, row in rows.items()}  # type: ignore[operator]


def found(door: Door, now: dict[str, str | bytes], grad: str = "ablehnen") -> tuple[dict[str, list[str]], list[str]]:
    """What rules found of this grade in the delivery of 2023 beside that of 2022, and the sentences of a refusal."""
    door.deliver(files(2022, table(2022)))
    assert [r.sentence for r in door.accept().refused] == []
    door.deliver(now)
    report = door.accept()
    findings = [f for found in report.findings.values() for f in found if f.grad == grad]
    return {f.befund: [g.text for g in findings if g.befund == f.befund] for f in findings}, [r.sentence for r in report.refused]


@pytest.fixture
def town(door: Door) -> Door:
    door.declare("gebiete", AREAS + '      - {name: ueber, ziel: uebergeordnet_id, klasse: schluessel}\n')
    door.declare("werte", FIGURES)
    soz = "id;name;ueber\n" + "".join(f"{a};Raum {a};{d}\n" for d, areas in DISTRICTS.items() for a in areas)
    blk = "id;name;ueber\n" + "".join(f"{d};Bezirk {d};99999\n" for d in DISTRICTS)
    door.deliver({"gebiete/soz_2024.csv": soz, "gebiete/blk_2024.csv": blk})
    return door


NOW = table(2023)
KEYS = list(NOW)


def suppressed(rows: Table) -> Table:
    """Two areas of district 1 say nothing; district 1 states less than the others together."""
    hidden = {k: [row[0], "*", *row[2:]] if k in ("100", "101") else row for k, row in rows.items()}
    return changed(hidden, "1", 1, -int(NOW["100"][1]) - int(NOW["101"][1]) - 300)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("rule", "delivery", "said"),
    [
        ("teilsummen", lambda: files(2023, changed(NOW, "99999", 2, 50)), "stadt 99999, Spalte „Frauen“"),
        ("teilsummen", lambda: files(2023, changed(NOW, "1", 1, 200), changed(NOW, "1", 1, 200)), "Spalte „Anzahl“"),
        ("teilsummen", lambda: files(2023, suppressed(NOW), suppressed(NOW)), "block 1, Spalte „Anzahl“"),
        ("widerspruch", lambda: files(2023, NOW, changed(NOW, "103", 1, 7)), "103"),
        ("gleiche_bytes", lambda: files(2023, table(2022)), "dieselbe Datei kam schon für den 31.12.2022"),
        ("wiederholung", lambda: files(2023, {k: v if k in ("99999", "1", "2") else [v[0], *map(str, v[1:])] for k, v in table(2022).items()} | {"2": ["Bezirk zwei", *table(2022)["2"][1:]]}), "haben genau die Werte vom 31.12.2022"),
        ("gebiete_fehlen", lambda: files(2023, {k: v for k, v in NOW.items() if k not in ("104", "105", "205", "204")}), "fehlen gegenüber dem 31.12.2022"),
        ("umbenannt", lambda: files(2023, {k: [NOW[o][0], *NOW[k][1:]] for k, o in zip(KEYS, KEYS[1:] + KEYS[:1], strict=True)}), "Namen lauten anders"),
        ("einheit", lambda: files(2023, {k: [*v[:3], f"{int(v[3]) * 1000}"] for k, v in NOW.items()}), "1.000-Fache"),  # type: ignore[call-overload]
        ("zeilensprung", lambda: files(2023, {k: v for k, v in NOW.items() if k.startswith("10")}), "Zeilen nach 15 am 31.12.2022"),
        ("gebietssprung", lambda: files(2023, {k: NOW[{"100": "205", "205": "100"}.get(k, k)] for k in KEYS} ), "untereinander vertauscht"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)  # fmt: skip
def test_defect_is_found_under_its_name(town: Door, rule: str, delivery: Callable[[], dict[str, str | bytes]], said: str) -> None:
    rules, sentences = found(town, delivery())
    assert said in " | ".join(rules.get(rule, [])), (rules, sentences)
    assert len(sentences) == 1
    assert "{jahr}" not in sentences[0].partition("ergänzen")[0] and "_2023.csv" in sentences[0]


def test_one_missing_area_is_one(town: Door) -> None:
    rules, _ = found(town, files(2023, {k: v for k, v in NOW.items() if k != "104"}), "warnen")
    assert rules["gebiete_fehlen"] == [f"werte/{name}_2023.csv: „Raum“: 1 Wert fehlt gegenüber dem 31.12.2022: 104" for name in ("werte", "gegen")]


def test_next_year_raises_no_alarm(town: Door) -> None:
    assert found(town, files(2023, NOW)) == ({}, [])


def test_suppressed_parts_leave_room_up_to_the_total(town: Door) -> None:
    hidden = {k: [row[0], "*", *row[2:]] if k in ("100", "203") else row for k, row in NOW.items()}
    assert found(town, files(2023, hidden, hidden)) == ({}, [])


def test_what_somebody_let_pass_only_warns(town: Door) -> None:
    wrong = files(2023, {k: [*v[:3], f"{int(v[3]) * 1000}"] for k, v in NOW.items()})  # type: ignore[call-overload]
    assert "zulassen: [{stichtag: 2023-12-31, befund: einheit" in found(town, wrong)[1][0]
    text = FIGURES.replace("  - tabelle: testgegen", "    vergleich: {zulassen: [{stichtag: 2023-12-31, befund: einheit, grund: umgestellt}]}\n  - tabelle: testgegen")
    town.declare("werte", text)
    report = town.accept()
    assert [r.sentence for r in report.refused] == []
    assert [(f.grad, f.rat) for found in report.findings.values() for f in found if f.befund == "einheit"] == [("warnen", "zugelassen: umgestellt")]


@pytest.mark.parametrize(("text", "warned"), [("*", False), ("", True)])
def test_more_suppressed_cells_are_not_empty_cells(town: Door, text: str, warned: bool) -> None:
    """A seventh more of the cells with a symbol says nothing; the same cells without anything are a warning."""
    more = [f"{d}{i}" for d in "34" for i in range(10, 20)]
    rows = {k: [*v[:3], text if k in ("100", "201", "310", "311", "312") else v[3]] for k, v in (NOW | {k: [k, 31, 22, 15] for k in more}).items()}
    town.deliver(files(2022, table(2022) | {k: [k, 37, 25, 12] for k in more}) | files(2023, rows))
    report = town.accept()
    assert warned is any(f.befund == "leer" for found in report.findings.values() for f in found), (report.refused, report.findings)
