"""The CSV for German Excel: what a double click must not change, and what a reader sees in place of a missing value."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb

from exports import formats
from exports.contract import Table
from tests.office import as_opened

AREAS = """create table zeilen as select * from (values
    ('0301', 'g20', 'sozialraum', 'g20-0301', '01067', '02', '8-16', '=1+1', '0', null),
    (null, null, null, 'haltestelle-1', null, 'Bus', 'Mo 9-12', '-', '.', 2.5)
) t (raumeinheit_id, gebietsstand, ebene, ort_id, plz, unterkategorie, oeffnungszeiten, name, zeichen, wert)"""


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def test_no_key_can_be_taken_for_a_number(tmp_path: Path) -> None:
    """0301, 01067 and 02 would lose their zero, 8-16 would be a day in August; a lone 0 is a table symbol."""
    with duckdb.connect() as db:
        db.execute(AREAS)
        placed, unplaced = sorted(rows(formats.excel_csv(db, "zeilen", tmp_path / "t_excel.csv")), key=lambda row: row["ort_id"])
    assert placed["raumschluessel"] == "g20/sozialraum/0301" and placed["raumeinheit_id"] == "0301"
    assert (placed["plz"], placed["unterkategorie"], placed["oeffnungszeiten"], placed["name"], placed["zeichen"]) == ("'01067", "'02", "'8-16", "'=1+1", "0")
    assert unplaced["raumschluessel"] == "" and (unplaced["unterkategorie"], unplaced["oeffnungszeiten"], unplaced["name"], unplaced["wert"]) == ("Bus", "Mo 9-12", "-", "2,5")


def test_tables_without_areas_have_no_area_key(tmp_path: Path) -> None:
    with duckdb.connect() as db:
        db.execute("create table zeilen as select '01' as schulbezirk_id, 3.5 as wert")
        (row,) = rows(formats.excel_csv(db, "zeilen", tmp_path / "t_excel.csv"))
    assert row == {"schulbezirk_id": "'01", "wert": "3,5"}


def test_keys_outlive_a_double_click(tmp_path: Path) -> None:
    with duckdb.connect() as db:
        db.execute(AREAS)
        opened = as_opened(formats.excel_csv(db, "zeilen", tmp_path / "t_excel.csv"), tmp_path)
    placed, unplaced = sorted(opened, key=lambda row: str(row["ort_id"]))
    assert (placed["raumschluessel"], placed["plz"], placed["unterkategorie"], placed["oeffnungszeiten"]) == ("g20/sozialraum/0301", "'01067", "'02", "'8-16")
    assert unplaced["wert"] == 2.5


def test_a_missing_number_shows_its_reason_and_others_the_decimals_of_their_unit(tmp_path: Path) -> None:
    """30.7159… is shown as 30,7; a count has no decimals, a ratio two; -0.04 is rounded to a zero without a sign."""
    columns = [{"name": n, "typ": t, "beschreibung": "x"} | more for n, t, more in [
        ("einheit", "varchar", {}), ("wert", "double", {"fehlt": "zeichen"}), ("quote", "double", {"fehlt": "quote_zeichen", "einheit": "Prozent"}), ("plaetze", "double", {"fehlt": ".", "stellen": 0}),
        ("zaehler", "double", {"fehlt": "."}), ("zeilen", "bigint", {"fehlt": "..."}), ("zeichen", "varchar", {}), ("quote_zeichen", "varchar", {})]]  # fmt: skip
    table = Table.model_validate({"name": "t", "titel": "T", "beschreibung": "x", "ebenen": ["stadt"], "jahre": "alle", "schluessel": ["einheit"], "formate": ["excel_csv"], "spalten": columns})
    with duckdb.connect() as db:
        db.execute("""create table zeilen as select einheit, wert::double as wert, quote::double as quote, plaetze::double as plaetze, zaehler::double as zaehler, zeilen::bigint as zeilen, zeichen, quote_zeichen from (values
            ('Personen', 133, 30.71593533487298, 133, 12.25, 1234, null, null), ('Verhältnis', 1.2345, null, null, 5, null, null, 'x'), ('Prozent', null, null, 0, null, 0, '*', null), ('je km', -0.04, -3.96, 1, 1, 1, null, null)
        ) t (einheit, wert, quote, plaetze, zaehler, zeilen, zeichen, quote_zeichen)""")
        (path,) = formats.write("excel_csv", db, None, table, tmp_path, {})  # type: ignore[arg-type]
    found = {row["einheit"]: [row[name] for name in ("wert", "quote", "plaetze", "zaehler", "zeilen")] for row in rows(path)}
    assert found == {"Personen": ["133", "30,7", "133", "12,2", "1234"], "Verhältnis": ["1,23", "x", ".", "5", "..."], "Prozent": ["*", ".", "0", ".", "0"], "je km": ["0,0", "-4,0", "1", "1", "1"]}
