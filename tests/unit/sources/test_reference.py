"""DEKLARATIONEN.md describes every key and every value that a declaration may have, and no other; its examples pass the door."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import openpyxl
import pytest
import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from sources.model import CORRECTIONS, PERSONAL, SHIPPED_CITIES, Berichtigungen, DeclarationError, Declared, Format, Korrektur, Quelle, Spalte, Stadt, Tabelle, load_city
from tests.unit.sources.town import ADDRESSES, AREA_FILES, AREAS, Door
from warehouse.declared import Unreadable, read, wrong
from warehouse.paths import REPOSITORY

TEXT = (SHIPPED_CITIES.parent / "DEKLARATIONEN.md").read_text(encoding="utf-8")
KEYS = ["Schlüssel", "nötig? Voreinstellung", "was er bedeutet"]
VALUES = [["Wert", "was er bewirkt"], ["Wert", "Person?", "was er bewirkt"]]
REQUIRED, NOTHING = "nötig", "–"
ONE_OF = re.compile(r"Eins von (`[^`]+`(?:, `[^`]+`)*)")
EXAMPLE = re.compile(r"^```yaml\n# (\S+\.yml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DELIVERY = re.compile(r"`([\w/]+\.(?:csv|xlsx))`[^`]*\n\n```csv\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def tables(text: str) -> list[tuple[str, list[str], list[list[str]]]]:
    """(heading above, header, rows) of every table."""
    found: list[tuple[str, list[str], list[list[str]]]] = []
    heading, before = "", ""
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("#").strip()
        elif line.startswith("|"):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if not before.startswith("|"):
                found.append((heading, cells, []))
            elif set(line) - set("|-"):
                found[-1][2].append(cells)
        before = line
    return found


def within(annotation: Any) -> Iterator[Any]:
    """Models and Literals anywhere in an annotation."""
    if get_origin(annotation) is Literal or isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from within(part)


def declared() -> dict[str, type[BaseModel]]:
    """Every model that can stand in the files of a town, by name; one that only its subclass stands for is left out."""
    found: list[type[BaseModel]] = [Stadt, Quelle, Berichtigungen]
    for model in found:
        found += [part for info in model.model_fields.values() for part in within(info.annotation) if get_origin(part) is not Literal and part not in found]
    return {m.__name__: m for m in found if not any(other is not m and issubclass(other, m) for other in found)}


def choices(info: FieldInfo) -> set[str]:
    return {value for part in within(info.annotation) if get_origin(part) is Literal for value in get_args(part)}


def code(cell: str) -> Any:
    """What YAML makes of a cell in backticks."""
    return yaml.safe_load(cell[1:-1]) if re.fullmatch(r"`[^`]+`", cell) else ValueError


def default_is(info: FieldInfo, cell: str) -> bool:
    if info.is_required():
        return cell == REQUIRED
    value = info.get_default()
    if value in (None, (), {}) or isinstance(value, BaseModel):
        return cell == NOTHING
    said = code(cell)
    return said == value and isinstance(said, bool) == isinstance(value, bool)


def problems(text: str) -> list[str]:
    """What the reference says otherwise than the models."""
    found, models = [], declared()
    every = tables(text)
    headings = [heading for heading, _, _ in every]
    found += [f"{heading}: described twice" for heading in set(headings) if headings.count(heading) > 1]
    found += [f"{heading}: a table of another form" for heading, header, _ in every if header != KEYS and header not in VALUES]
    found += [f"{heading}: a row with too many or too few cells, or an empty one" for heading, header, rows in every if any(len(row) != len(header) or not all(row) for row in rows)]
    keys = {heading: rows for heading, header, rows in every if header == KEYS}
    values = {heading: (header, rows) for heading, header, rows in every if header in VALUES}
    found += [f"{name}: model and reference do not both have it" for name in models.keys() ^ keys.keys()]
    for name in models.keys() & keys.keys():
        fields, rows = models[name].model_fields, {row[0].strip("`"): row for row in keys[name]}
        if list(rows) != [row[0].strip("`") for row in keys[name]]:
            found.append(f"{name}: a key described twice")
        found += [f"{name}.{key}: model and reference do not both have it" for key in fields.keys() ^ rows.keys()]
        for key in fields.keys() & rows.keys():
            _, default, meaning = rows[key]
            if not default_is(fields[key], default):
                found.append(f"{name}.{key}: the default is not {default}")
            listed = [code(part) for one in ONE_OF.findall(meaning) for part in one.split(", ")]
            if header_and_rows := values.pop(f"{name}: `{key}`", None):
                listed += [code(row[0]) for row in header_and_rows[1]]
                if "Person?" in header_and_rows[0]:
                    persons = {code(row[0]) for row in header_and_rows[1] if row[1] == "ja"}
                    found += [f"{name}.{key}: person or not: {value}" for value in persons ^ PERSONAL]
            if sorted(listed) != sorted(choices(fields[key])):
                found.append(f"{name}.{key}: other values than {listed}")
    return found + [f"{heading}: values of no key" for heading in values]


def test_every_key_and_value_is_described_and_no_other() -> None:
    assert {*declared().values(), Korrektur} == set(Declared.__subclasses__()) | set(Korrektur.__subclasses__())
    assert problems(TEXT) == []


@pytest.mark.parametrize(
    ("find", "put"),
    [
        (r"\| `pflicht` .*\n", ""),
        (r"(\| `pflicht` .*\n)", r"\1\1"),
        (r"\| `pflicht` ", "| `pflichtig` "),
        (r"\| `pflicht` \| `false`", "| `pflicht` | `true`"),
        (r"\| `pflicht` \| `false`", "| `pflicht` | –"),
        (r"\| `pflicht` \| `false`", "| `pflicht` | nötig"),
        (r"\| `ziel` \| nötig", "| `ziel` | –"),
        (r"\| `zeilen_minimum` \| `1`", "| `zeilen_minimum` | `true`"),
        (r"\| `rueckgang` \| `0.25`", "| `rueckgang` | `0.3`"),
        (r"\| `freitext` .*\n", ""),
        (r"\| `freitext` ", "| `freier_text` "),
        (r"\| `merkmal` \| nein", "| `merkmal` | ja"),
        (r"`halbjaehrlich`, ", ""),
        (r"Eins von `ordner`, ", "Eins von `ordner`, `ftp`, "),
        (r"## Regel\n", "## Regeln\n"),
        (r"### Spalte: `typ`\n", "### Spalte: `art`\n"),
        (r"### Berichtigung: `aktion`\n", "### Korrektur: `aktion`\n"),
        (r"(## Ebene\n)", r"## Stadtteil\n\n| Schlüssel | nötig? Voreinstellung | was er bedeutet |\n|---|---|---|\n| `id` | nötig | Name |\n\n\1"),
    ],
)
def test_a_reference_that_is_not_true_is_noticed(find: str, put: str) -> None:
    changed, times = re.subn(find, put, TEXT, count=1)
    assert times == 1 and problems(changed)


def test_links_lead_somewhere() -> None:
    headings = {re.sub(r"[^\w-]", "", line.lstrip("#").strip().lower().replace(" ", "-")) for line in TEXT.splitlines() if line.startswith("#")}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= headings
    assert "](sources/DEKLARATIONEN.md)" in (REPOSITORY / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def examples(door: Door) -> Door:
    """The town of the examples, with the lists of areas and addresses of the tests."""
    written = dict(EXAMPLE.findall(TEXT))
    assert len(written) == TEXT.count("```yaml") == 5 and {"city.yml", CORRECTIONS} <= written.keys()
    (door.declarations / "gebiete.yml").unlink()
    door.declarations = door.declarations.rename(door.declarations.with_name("meinestadt"))
    for name, text in written.items():
        (door.declarations / name).write_text(text, encoding="utf-8")
    door.declare("raumgliederung", AREAS.replace("quelle: gebiete", "quelle: raumgliederung").replace("[alt, neu]", '"{gebietsstand}"'))
    addresses = (SHIPPED_CITIES / "hilden-simuliert" / "adressen.yml").read_text(encoding="utf-8")
    door.declare("adressen", addresses.replace("zeilen_minimum: 1000", "zeilen_minimum: 1"))
    return door


def test_examples_take_in_what_stands_beside_them(examples: Door, tmp_path: Path) -> None:
    shown = dict(DELIVERY.findall(TEXT))
    assert len(shown) == TEXT.count("```csv") == len(examples.city.quellen) - 2
    examples.deliver(AREA_FILES | {"adressen/adressen_20231231.csv": ADDRESSES})
    for name, text in shown.items():
        if not name.endswith(".xlsx"):
            examples.deliver({name: text})
            continue
        book = openpyxl.Workbook()
        book.active.title = "Bestand"
        for line in text.splitlines():
            cells = line.split(";")
            book.active.append([int(cell) if re.fullmatch("[1-9][0-9]*", cell) else cell or None for cell in cells])
        book.save(tmp_path / "mappe.xlsx")
        examples.deliver({name: (tmp_path / "mappe.xlsx").read_bytes()})
    report = examples.accept()
    assert [r.sentence for r in report.refused] == [] and report.undeclared == []
    assert {d.quelle_id: (d.zeilen, d.zeilen_quarantaene, d.zeilen_entfallen) for d in report.accepted if d.quelle_id not in ("raumgliederung", "adressen")} == {
        "begegnung": (2, 0, 1), "wohnungen": (3, 0, 0), "wohngeld": (2, 0, 0)
    }  # fmt: skip
    assert examples.raw("ort", "name, anschrift, kategorie, plaetze") == [("Treff am Markt", "Markt 1", "begegnungsstaette", 40), ("Haus der Vereine", "Markt 2a", "begegnungsstaette", None)]
    assert examples.raw("wohnungsbestand", "raumeinheit_id, wohnungen, wohnungen_leer, wohnungen_leer_zeichen") == [("01", 1204, 31, None), ("02", 980, None, "."), ("03", 2310, 0, "-")]
    assert sorted(examples.raw("sozialleistung", "personen, block_id, adressguete")) == [(1, "0002", "genau"), (3, "0001", "genau")]
    assert not re.search("Muster|Erika|Markt|W-100", str(examples.raw("sozialleistung")))


@pytest.mark.parametrize(
    ("find", "put", "said"),
    [
        ("lizenz: nicht zur Weitergabe\n", "", "wohngeld.yml: lizenz: der Schlüssel fehlt."),
        ("lizenz: nicht zur Weitergabe\n", "lizenz: 7\n", "wohngeld.yml: lizenz: erwartet wird Text (Ziffern in Anführungszeichen)."),
        ("nach: [raumgliederung, adressen]", "nach: raumgliederung", "wohngeld.yml: nach: erwartet wird eine Liste."),
        ("personenbezug: true", "personenbezug: false", "wohngeld.yml: Datei: Spalten mit Personenbezug brauchen personenbezug: true."),
        ("personenbezug: true", "personenbezug: ja", "wohngeld.yml: personenbezug: erwartet wird true oder false."),
        ("betroffene:", "betrifft:", "wohngeld.yml: betrifft: unbekannter Schlüssel."),
        ("rhythmus: jaehrlich", "rhythmus: manchmal", "wohngeld.yml: rhythmus: erlaubt ist nur 'einmalig', 'jaehrlich', 'halbjaehrlich', 'vierteljaehrlich', 'monatlich' oder 'unregelmaessig'."),
        ("rhythmus: jaehrlich", "rhythmus: jaehrlich\nrhythmus: monatlich", "der Schlüssel rhythmus steht mehrfach da."),
        ("rhythmus: jaehrlich", "rhythmus: jaehrlich\nseit: 2020-13-01", "wohngeld.yml: ein Datum darin gibt es nicht."),
        ("rhythmus: jaehrlich", "rhythmus: jaehrlich\njahresstichtag: 31.12.", "wohngeld.yml: jahresstichtag: passt nicht zum Muster"),
        ("{jahr}", "{jahrgang}", "stichtag nennt Platzhalter, die in dateien von sozialleistung fehlen: ['jahrgang']"),
        ('dateien: "', 'dateien: "{art}/', "dateien von sozialleistung nennt Platzhalter, die platzhalter nicht erklärt: ['art']"),
        ("stichtag: {", "stichtag: {jahr_versatz: x, ", "wohngeld.yml: stichtag.jahr_versatz: erwartet wird eine ganze Zahl."),
        ("rhythmus: jaehrlich", "rhythmus: [", "kein gültiges YAML; bitte Einrückung und Doppelpunkte prüfen."),
    ],
)
def test_a_mistake_is_one_german_sentence(examples: Door, find: str, put: str, said: str) -> None:
    path = examples.declarations / "wohngeld.yml"
    text = path.read_text(encoding="utf-8")
    assert find in text
    path.write_text(text.replace(find, put, 1), encoding="utf-8")
    with pytest.raises(DeclarationError, match=re.escape(said)):
        load_city(examples.declarations)


@pytest.mark.parametrize("text", ["? [a, b]\n: c\n", "a: !fremd b\n"])
def test_what_yaml_does_not_build_is_german_too(text: str) -> None:
    with pytest.raises(Unreadable, match="kein gültiges YAML"):
        read(text.encode())


def test_braces_in_a_message_are_text() -> None:
    with pytest.raises(ValidationError) as raised:
        Quelle.model_validate({"quelle": "{x}"})
    assert "{x}" not in wrong(raised.value)  # and no KeyError
    with pytest.raises(ValidationError) as raised:
        Spalte.model_validate({"name": "n", "ziel": "{ebene}"})
    assert wrong(raised.value) == "ziel: nur Kleinbuchstaben, Ziffern und Unterstrich, am Anfang ein Buchstabe"


def test_a_file_in_another_encoding_is_one_german_sentence(examples: Door) -> None:
    path = examples.declarations / "wohngeld.yml"
    path.write_bytes(path.read_text(encoding="utf-8").replace("nicht zur Weitergabe", "nur für uns").encode("iso-8859-1"))
    with pytest.raises(DeclarationError, match="wohngeld.yml: nicht in UTF-8 geschrieben"):
        load_city(examples.declarations)


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (Spalte, {"name": "n", "ziel": "n", "typ": "ganzzahl", "muster": "x"}, "werte, muster und gebiet gelten nur für Text"),
        (Format, {"kopfzeilen": 2}, "gibt es nicht für art csv"),
        (Stadt, {"stadt": "s", "name": "S", "ags": "05158016", "land": "NRW", "statistikstelle": True, "epsg": 25832, "ebenen": [], "gebietsstaende": [], "simulation": "register"}, "simulation braucht simuliert: true"),
        (Tabelle, {"tabelle": "t", "dateien": "t.csv", "schluessel": ["n"], "spalten": [{"name": "n", "ziel": "n"}, {"name": "s", "ziel": "s", "klasse": "strasse", "seite": "von"}]}, "zur Anschrift von gehören Spalten der Klassen strasse und hausnummer"),
    ],
)  # fmt: skip
def test_what_cannot_go_together_is_refused(kind: type, given: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        kind.model_validate(given)
