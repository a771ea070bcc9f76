"""The workbook: its rows come as XML from DuckDB, so what a spreadsheet library would take care of is held here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import openpyxl
import pytest

from exports import formats
from exports.contract import Contract

FACTS = {"release": "0001-x", "erstellt": "2025-02-03T00:00:00+00:00", "stadt": "Teststadt", "stichtage": "31.12.2024", "quellen": "Register, zuletzt 2024-12-31; Kita, zuletzt 2024-03-01", "simuliert": "ja"}
TYPES = {"id": "varchar", "indikator_id": "varchar", "stichtag": "date", "n": "bigint", "wert": "double", "zeichen": "varchar", "vorlaeufig": "boolean"}
CONTRACT = Contract.model_validate({
    "empfaenger": "amt", "name": "Amt", "zweck": "Planung", "rechtsgrundlage": "keine", "zielgruppe": "verwaltung", "schutzklasse": "intern", "version": "1.0", "aenderungen": "Nachricht", "rhythmus": "monatlich",
    "lizenz": "keine", "tabellen": [{"name": "probe", "titel": "Probe", "beschreibung": "Was", "ebenen": ["stadt"], "jahre": "alle", "schluessel": ["id", "indikator_id"], "formate": ["xlsx"],
                                     "spalten": [{"name": name, "typ": kind, "beschreibung": "x", "einheit": "Fälle" if name == "n" else None, "fehlt": {"wert": "zeichen", "n": "..."}.get(name)} for name, kind in TYPES.items()]}],
})  # fmt: skip


@pytest.fixture
def book(tmp_path: Path) -> Callable[[str], openpyxl.Workbook]:
    """Rows as SQL -> the workbook made of them, opened again."""

    def make(rows: str) -> openpyxl.Workbook:
        with duckdb.connect() as db:
            db.execute("create schema mart")
            db.execute("create table mart.dim_indikator as select * from (values ('a', 'A', '=Definition', 'x', 'y', 'Prozent', 'q'), ('b', 'B', 'b', 'x', 'y', 'Prozent', 'q')) t (indikator_id, name, definition, zaehler, nenner, einheit, quelle)")
            db.execute(f"create table zeilen as select * from (values {rows}) t ({', '.join(TYPES)})")
            for column, kind in TYPES.items():
                db.execute(f"alter table zeilen alter {column} type {kind}")
            first, second = (formats.workbook(db, CONTRACT, CONTRACT.tabellen[0], tmp_path / name, FACTS) for name in ("1.xlsx", "2.xlsx"))
        assert first.read_bytes() == second.read_bytes()
        return openpyxl.load_workbook(first)

    return make


def test_cells_have_their_types_and_missing_values_their_symbol(book: Callable[[str], openpyxl.Workbook]) -> None:
    sheet = book("('r1', 'a', date '2024-12-31', 1200, 12.5, null, false), ('r2', 'a', null, null, null, '.', null), ('r3', 'a', null, 0, 7.0, null, true)")["Daten"]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert rows == [("r1", "a", datetime(2024, 12, 31), 1200, 12.5, None, False), ("r2", "a", None, "...", ".", ".", None), ("r3", "a", None, 0, 7, None, True)]
    assert (sheet["C2"].number_format, sheet["E2"].number_format, sheet["E4"].number_format) == ("dd.mm.yyyy", "0.00", "General")
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:G4")


def test_text_stays_text_whatever_it_holds(book: Callable[[str], openpyxl.Workbook]) -> None:
    made = book("""('=1+1', 'a', null, 1, 1, null, true), ('<b>&"Größe" ü', 'a', null, 1, 1, null, true), ('x' || chr(7) || 'y', 'a', null, 1, 1, null, true), (repeat('l', 40000), 'a', null, 1, 1, null, true)""")
    found = {cell.value for cell in made["Daten"]["A"][1:]}
    assert found == {"=1+1", '<b>&"Größe" ü', "x y", "l" * 32_767}
    assert not any(cell.data_type == "f" for sheet in made for row in sheet.iter_rows() for cell in row)


def test_every_indicator_leads_to_its_definition(book: Callable[[str], openpyxl.Workbook]) -> None:
    made = book("('r1', 'b', null, 1, 1, null, true), ('r1', 'a', null, 1, 1, null, true), ('r2', 'b', null, 1, 1, null, true), ('r2', 'a', null, 1, 1, null, true)")
    cells = made["Daten"]["B"][1:]
    assert [cell.value for cell in cells] == ["a", "a", "b", "b"]
    assert [made["Definitionen"][cell.hyperlink.location.split("!")[1]].value for cell in cells] == ["a", "a", "b", "b"]


def test_sheets_explain_and_say_where_it_comes_from(book: Callable[[str], openpyxl.Workbook]) -> None:
    made = book("('r1', 'a', null, 1, 1, null, true)")
    assert made.sheetnames == ["Hinweise", "Daten", "Metadaten", "Spalten", "Definitionen"]
    assert "SIMULIERT" in [cell.value for cell in made["Hinweise"]["A"]]
    told = [(label.value, text.value) for label, text in made["Metadaten"].iter_rows(max_col=2)]
    assert {("Stand", "0001-x"), ("Quelle", "Register, zuletzt 2024-12-31"), ("Quelle", "Kita, zuletzt 2024-03-01"), ("Stichtage", "31.12.2024")} <= set(told)
    assert ("n", "bigint", "Fälle", "x") in list(made["Spalten"].iter_rows(values_only=True))


def test_what_no_sheet_can_hold_is_refused(book: Callable[[str], openpyxl.Workbook], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "SHEET_ROWS", 3)
    book("('r1', 'a', null, 1, 1, null, true), ('r2', 'a', null, 1, 1, null, true)")
    with pytest.raises(formats.TooLong, match="amt/probe: 3 Zeilen passen nicht in eine Arbeitsmappe .höchstens 2."):
        book("('r1', 'a', null, 1, 1, null, true), ('r2', 'a', null, 1, 1, null, true), ('r3', 'a', null, 1, 1, null, true)")
