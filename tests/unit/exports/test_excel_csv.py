"""The CSV for German Excel: what a double click must not change, and what a reader sees in place of a missing value."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb

from exports import formats
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
