"""Guarded corrections: each action on three rows, and the guard that fails when the supplier has mended the file."""

from __future__ import annotations

import pytest
import yaml
from shapely import from_wkt

from sources.model import DeclarationError, load_city
from tests.unit.sources.town import AREA_FILES, CITY, COUNTS, GOOD_COUNTS, Door

REASON = "Vom Lieferanten bestätigt."


def correction(aktion: str, wenn: str, erwartet: int, **werte: object) -> dict[str, object]:
    return {"aktion": aktion, "wenn": wenn, "erwartet": erwartet, "grund": REASON, "werte": werte}


def walk(door: Door, *corrections: dict[str, object], content: str = GOOD_COUNTS) -> list[str]:
    table = yaml.safe_load(COUNTS)["tabellen"][0]
    table["spalten"][0] |= {"vollstaendig": False}
    door.declare("zahlen", COUNTS, tabellen=[table])
    door.correct("zahlen", "testzahlen", *corrections)
    door.deliver(AREA_FILES | {"zahlen/zahlen_2023.csv": content})
    return [r.sentence for r in door.accept().refused]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (correction("setzen", "raumeinheit_id = '02'", 1, art="a", anzahl=9), [("01", "a", 5), ("02", "a", 9), ("03", None, 7)]),
        (correction("markieren", "art is null", 1, art="b"), [("01", "a", 5), ("02", "b", 0), ("03", "b", 7)]),
        (correction("skalieren", "anzahl > 0", 2, anzahl=10), [("01", "a", 50), ("02", "b", 0), ("03", None, 70)]),
        (correction("verwerfen", "anzahl = 0", 1), [("01", "a", 5), ("03", None, 7)]),
    ],
)
def test_actions(door: Door, change: dict[str, object], expected: list[tuple[object, ...]]) -> None:
    assert walk(door, change) == []
    assert door.raw("testzahlen", "raumeinheit_id, art, anzahl") == expected


def test_guard(door: Door) -> None:
    change = correction("setzen", "art = 'z'", 1, art="a")
    assert walk(door, change, content=GOOD_COUNTS.replace("01;a", "01;z")) == []
    # The supplier mends the file: the correction hits nothing any more and somebody has to look.
    assert walk(door, change) == [
        "zahlen 31.12.2023: zahlen/zahlen_{jahr}.csv: die Korrektur „Vom Lieferanten bestätigt“ trifft 0 statt 1 Zeilen, der Lieferant hat die Datei also "
        "geändert; bitte prüfen und die Korrektur in corrections.yml anpassen oder streichen."
    ]


def test_union_of_polygons_adds_areas(door: Door) -> None:
    from tests.unit.sources.town import AREAS

    table = yaml.safe_load(AREAS)["tabellen"][0]
    table["spalten"] += [
        {"name": "flaeche", "ziel": "flaeche_ha", "typ": "dezimal", "klasse": "zahl"},
        {"name": "wkt", "ziel": "geometrie", "typ": "wkt", "klasse": "geometrie"},
    ]
    door.correct("gebiete", "raumeinheit", correction("vereinigen", "gebietsstand = 'alt' and raumeinheit_id = '03'", 1, raumeinheit_id="01"))
    door.declare("gebiete", AREAS, tabellen=[table], platzhalter={"ebene": {"soz": "sozialraum"}})
    squares = [f"0{i + 1};Raum {i};1.5;POLYGON(({i} 0,{i + 1} 0,{i + 1} 1,{i} 1,{i} 0))" for i in (0, 1, 2)]
    door.deliver({"gebiete/soz_2024.csv": "id;name;flaeche;wkt\n" + "\n".join(squares) + "\n"})
    report = door.accept()
    assert not report.refused, report.refused
    rows = {(v, i): (a, g) for v, i, a, g in door.raw("raumeinheit", "gebietsstand, raumeinheit_id, flaeche_ha, geometrie")}
    assert sorted(rows) == [("alt", "01"), ("alt", "02"), ("neu", "01"), ("neu", "02"), ("neu", "03")]
    area, shape = rows["alt", "01"]
    assert area == 3.0 and from_wkt(str(shape)).equals(from_wkt("MULTIPOLYGON(((0 0,1 0,1 1,0 1,0 0)),((2 0,3 0,3 1,2 1,2 0)))"))
    assert rows["neu", "01"][0] == 1.5


def test_corrections_stand_in_one_place_and_name_their_table(door: Door) -> None:
    door.declare("zahlen", COUNTS)
    door.correct("zahlen", "andere", correction("verwerfen", "anzahl = 0", 1))
    with pytest.raises(DeclarationError, match="Eintrag 1: zahlen hat keine passende"):
        _ = door.city
    door.correct("zahlen", "testzahlen", correction("setzen", "anzahl = 0", 1, fremd=1))
    with pytest.raises(DeclarationError, match=r"corrections\.yml, Eintrag 1: .*fremd"):
        _ = door.city
    door.correct("zahlen", "testzahlen")
    table = yaml.safe_load(COUNTS)["tabellen"][0] | {"korrekturen": [correction("verwerfen", "anzahl = 0", 1)]}
    door.declare("zahlen", COUNTS, tabellen=[table])
    with pytest.raises(DeclarationError, match=r"zahlen\.yml: korrekturen stehen in corrections\.yml"):
        _ = door.city


def test_corrections_are_inherited_with_their_source(door: Door) -> None:
    door.declare("zahlen", COUNTS)
    door.correct("zahlen", "testzahlen", correction("verwerfen", "anzahl = 0", 1))
    heir = door.declarations.with_name("tochter")
    heir.mkdir()
    town = yaml.safe_load(CITY) | {"stadt": "tochter", "quellen_von": "teststadt"}
    (heir / "city.yml").write_text(yaml.safe_dump(town), encoding="utf-8")

    def conditions() -> list[str]:
        return [k.wenn for k in load_city(heir).quelle("zahlen").tabellen[0].korrekturen]

    assert conditions() == ["anzahl = 0"]
    own = [{"quelle": "zahlen", "tabelle": "testzahlen"} | correction("verwerfen", "anzahl = 1", 1)]
    (heir / "corrections.yml").write_text(yaml.safe_dump({"korrekturen": own}), encoding="utf-8")
    assert conditions() == ["anzahl = 0", "anzahl = 1"]
    # A source of its own has its own errors.
    (heir / "zahlen.yml").write_text((door.declarations / "zahlen.yml").read_text(encoding="utf-8"), encoding="utf-8")
    assert conditions() == ["anzahl = 1"]
