"""Workbooks as text cells, and numbers that may be table symbols, from the cell to the raw table."""

from __future__ import annotations

import zipfile
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
    ["Stand", "31.12.", None, None],
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


def grid(tmp_path: Path, *, merge: str = "", **cells: object) -> Path:
    """A table of two columns in rows 1 to 3, with other cells put into it."""
    file = openpyxl.Workbook()
    for row in (["a", "b"], ["x", 1], ["y", 2]):
        file.active.append(row)
    for place, value in cells.items():
        file.active[place] = value
    if merge:
        file.active.merge_cells(merge)
    file.save(tmp_path / "t.xlsx")
    return tmp_path / "t.xlsx"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"B3": "=SUM(B2:B2)"}, "Zelle B3: die Formel hat keinen gespeicherten Wert; Formeln durch Werte ersetzen oder die Datei in Excel öffnen und speichern"),
        ({"D3": 7}, r"Zeile 3: rechts neben der Tabelle steht noch etwas \(Spalte D\)"),
        ({"merge": "A2:A3"}, "die Zellen A2 bis A3 sind verbunden; Verbindung aufheben und jede Zelle füllen"),
        ({"A4": "Quelle: Amt", "A6": "z", "B6": 3}, "nach der Schlusszeile 4 steht in Zeile 6 noch eine Zeile der Tabelle"),
    ],
)
def test_nothing_of_a_sheet_is_left_out_in_silence(tmp_path: Path, change: dict[str, str], says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        read_table(grid(tmp_path, **change), Format(art="xlsx", ende="Quelle"))  # type: ignore[arg-type]


def test_what_is_no_part_of_the_table_may_be_there(tmp_path: Path) -> None:
    """Formulas below the table, footnotes of one cell, merged cells in them, and formulas that came to an empty text."""
    path = grid(tmp_path, merge="A4:B4", A4="Quelle: Amt", A5="Stand heute", B6="=SUM(B2:B3)")
    assert read_table(path, Format(art="xlsx", ende="Quelle")).rows == [["x", "1"], ["y", "2"]]
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(tmp_path / "leer.xlsx", "w") as changed:
        for member in archive.infolist():
            changed.writestr(member.filename, archive.read(member).replace(b'<c r="B3" t="n"><v>2</v></c>', b'<c r="B3" t="str"><f>""</f><v></v></c>'))
    assert read_table(tmp_path / "leer.xlsx", Format(art="xlsx", ende="Quelle")).rows == [["x", "1"], ["y", None]]


@pytest.mark.parametrize(
    ("rows", "says"),
    [("x;1\ny\n", "Zeile 3: zu wenige Spalten"), ("x;1\ny;2;3\n", "Zeile 3: rechts neben der Tabelle"), ("x;1\nQuelle\ny;2\n", "nach der Schlusszeile 3 steht in Zeile 4")],
)
def test_rows_of_a_cellwise_csv_are_whole(tmp_path: Path, rows: str, says: str) -> None:
    path, fmt = tmp_path / "t.csv", Format(art="csv_zellen", trennzeichen=";", ende="Quelle")
    path.write_text("a;b\n" + rows, encoding="utf-8")
    with pytest.raises(Unreadable, match=says):
        read_table(path, fmt)
    # A delimiter at the end of a line, blank lines and footnotes are none of that.
    path.write_text("a;b\nx;1;\n\n;\ny;2\nQuelle: Amt\nStand;\n", encoding="utf-8")
    assert read_table(path, fmt).rows == [["x", "1"], ["y", "2"]]


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


@pytest.mark.parametrize("empty_formula", [False, True], ids=["dense", "sparse"])
def test_cells_far_beside_the_table_are_not_cut_off_silently(tmp_path: Path, empty_formula: bool) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Raum", "Anzahl"])
    book.active.append(["01", "=1/0" if empty_formula else 5])
    book.active.cell(2, formats.MOST_COLUMNS + 1).value = 7
    book.save(tmp_path / "breit.xlsx")
    with pytest.raises(Unreadable, match="jenseits von Spalte 500"):
        read_xlsx(tmp_path / "breit.xlsx", Format(art="xlsx"))


def test_surveys_larger_than_a_town_are_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd
    import pyreadstat

    path = tmp_path / "antworten.sav"
    pyreadstat.write_sav(pd.DataFrame({"id": [1.0, 2.0, 3.0], "q1": [1.0, 2.0, 1.0]}), path)
    assert len(formats.read_sav(path, Format(art="sav")).rows) == 3
    monkeypatch.setattr(formats, "DENSE", 5)
    with pytest.raises(Unreadable, match="mehr als 5 Angaben"):
        formats.read_sav(path, Format(art="sav"))
