"""Workbooks as text cells, and numbers that may be table symbols, from the cell to the raw table."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest

from sources import formats
from sources.formats import Unreadable, read_table, read_xlsx
from sources.model import Format, Quelle, Tabelle
from sources.read import SourceFile, create_table, look_up, read_files
from warehouse.connect import connect

ROWS = [
    ["Tabelle 3: Leistungsberechtigte", None, None, None],
    ["Gebiet", "Personen", None, "Stand"],
    [None, "insgesamt", "unter 15", None],
    ["0101", 12, "*", None],
    [None, None, None, None],
    ["0102", "1 204", "-", "p"],
    ["0103", "(7)", "1.234", None],
    ["© Statistik", None, None, None],
    ["9999", 1, 1, None],
]
FORM = Format(art="xlsx", vorspann=1, kopfzeilen=2, ende="©", ebene="Daten", tausender=" ", dezimal=",")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    file = openpyxl.Workbook()
    file.active.title = "Hinweise"
    sheet = file.create_sheet("Daten")
    for row in ROWS:
        sheet.append(row)
    sheet.merge_cells("B2:C2")
    file.save(tmp_path / "t.xlsx")
    return tmp_path / "t.xlsx"


def test_merged_header_footnotes_and_blank_lines(book: Path) -> None:
    cells = read_xlsx(book, FORM)
    assert cells.header == ["Gebiet", "Personen | insgesamt", "Personen | unter 15", "Stand"]
    assert cells.rows == [["0101", "12", "*", None], ["0102", "1 204", "-", "p"], ["0103", "(7)", "1.234", None]]
    assert cells.lines == [4, 6, 7]
    file = SourceFile(book, "t.xlsx", 0, 0, ())
    assert [line for line, _ in look_up(file, FORM, (4, 5, 6)).values()] == [4, 6, 7]


@pytest.mark.parametrize(("content", "says"), [(b"", "keine Excel"), (b"PK\x03\x04 half", "keine Excel"), (b"a;b\n1;2\n", "keine Excel")])
def test_what_is_no_workbook(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "t.xlsx").write_bytes(content)
    with pytest.raises(Unreadable, match=says):
        read_xlsx(tmp_path / "t.xlsx", FORM)


def test_both_ways_to_read_a_sheet_say_the_same(tmp_path: Path) -> None:
    """The fast reader takes a sheet as a rectangle and errors for empty: a far cell and an error are read row by row."""
    path, fmt = tmp_path / "mappe.xlsx", Format(art="xlsx")
    file = openpyxl.Workbook()
    sheet = file.active
    for row in (["a", "b", "c"], [1, 1.5, "x\xa0"], [True, time(12, 30), datetime(2020, 1, 2)], [None, 10**16, -0.5], ["", "04", date(2020, 1, 1)]):
        sheet.append(row)
    file.save(path)
    assert formats._fits(path)
    assert formats._read_dense(path, fmt) == formats._read_sparse(path, fmt) == read_table(path, fmt)
    sheet["A3"] = "#N/A"
    sheet["A3"].data_type = "e"
    file.save(path)
    assert not formats._fits(path)
    assert read_table(path, fmt).rows[1][0] == "#N/A"
    sheet["A3"], sheet["XFD1048576"] = None, "weit weg"
    file.save(path)
    assert not formats._fits(path)


def test_missing_sheet(book: Path) -> None:
    with pytest.raises(Unreadable, match="Blatt „Januar“"):
        read_xlsx(book, FORM.model_copy(update={"ebene": "Januar"}))


SYMBOLS = {
    # cell: (number, symbol, readable)
    "12": (12, None, True),
    "1.204": (1204, None, True),
    "1.204,5": (1204.5, None, True),
    "-7": (-7, None, True),
    "-": (0, "-", True),
    "–": (0, "-", True),
    ".": (None, ".", True),
    "*": (None, "*", True),
    "/": (None, "/", True),
    "...": (None, "...", True),
    "x": (None, "x", True),
    "X": (None, "x", True),
    "( )": (None, "( )", True),
    "(7)": (7, "( )", True),
    "(1.204,5)": (1204.5, "( )", True),
    "19p": (19, "p", True),
    "19 r": (19, "r", True),
    "": (None, "", True),
    "zwölf": (None, None, False),
    "1,2,3": (None, None, False),
}


def test_every_symbol_keeps_its_meaning(tmp_path: Path) -> None:
    tabelle = Tabelle.model_validate(
        {"tabelle": "t", "dateien": "t_{jahr}.csv", "format": {"trennzeichen": ";", "dezimal": ",", "tausender": "."}, "schluessel": ["nr"],
         "spalten": [{"name": "Nr", "ziel": "nr", "typ": "ganzzahl"}, {"name": "Anzahl", "ziel": "anzahl", "typ": "zahlzeichen", "klasse": "zahl"}]}
    )  # fmt: skip
    quelle = Quelle.model_construct(quelle="q", tabellen=(tabelle,), personenbezug=False)
    path = tmp_path / "t_2020.csv"
    path.write_text("Nr;Anzahl\n" + "".join(f"{n};{cell}\n" for n, cell in enumerate(SYMBOLS)), encoding="utf-8")
    with connect() as db:
        create_table(db, "t", tabelle)
        read, refused = read_files(db, "t", quelle, tabelle, [SourceFile(path, path.name, path.stat().st_size, 0, ())], tmp_path)
        assert (read, refused) == ({0: (0, len(SYMBOLS))}, {})
        rows = db.execute("select anzahl, anzahl_zeichen, anzahl__lesbar from t order by nr").fetchall()
    assert dict(zip(SYMBOLS, rows, strict=True)) == SYMBOLS
