"""Files that are not plain CSV, as text cells: one reader per kind, one table of a file per call.

A reader knows the file format and nothing of towns, sources or types: it finds the declared header, takes the rows up to
the declared end and returns every cell as it stands. Nothing is typed, cleaned or guessed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sources.model import Format

#: A workbook cell that an empty area of a sheet cannot exceed; what is larger is not a table.
MOST_COLUMNS, MOST_ROWS = 500, 200_000


class Unreadable(Exception):
    """The file is not of its declared kind; the text says what is wrong, without the file's name."""


@dataclass(frozen=True)
class Cells:
    """One table of a file: column names, rows of text, and for each row the line of the file it stands on."""

    header: list[str]
    rows: list[list[str | None]]
    lines: list[int]


def as_text(value: Any) -> str | None:
    """A cell as a person would type it: whole numbers without decimals, dates in ISO form, nothing for nothing."""
    match value:
        case None:
            return None
        case bool():
            return "ja" if value else "nein"
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == datetime.min.time():
            return value.date().isoformat()
        case datetime() | date():
            return value.isoformat()
        case _:
            return str(value).replace("\xa0", " ").strip() or None


def table_of(lines: Iterator[list[str | None]], fmt: Format) -> Cells:
    """Header and rows of a sheet: after ``vorspann`` lines, ``kopfzeilen`` lines of header, up to ``ende`` or the last line.

    A header of several lines is joined by " | "; a cell that is empty there takes its left neighbour's text in all but
    the last line, as merged cells are meant. Empty lines are no rows.
    """
    for _ in range(fmt.vorspann):
        if next(lines, None) is None:
            raise Unreadable(f"die Datei endet vor der Kopfzeile in Zeile {fmt.vorspann + 1}")
    head = [next(lines, None) for _ in range(fmt.kopfzeilen)]
    if any(line is None for line in head):
        raise Unreadable(f"die Datei endet vor der Kopfzeile in Zeile {fmt.vorspann + fmt.kopfzeilen}")
    width = max(len(line) for line in head if line is not None)
    filled: list[list[str]] = []
    for place, line in enumerate(head):
        cells = [*(line or []), *[None] * (width - len(line or []))]
        if place < fmt.kopfzeilen - 1:
            for column in range(1, width):
                cells[column] = cells[column] or cells[column - 1]
        filled.append([" ".join(cell.split()) if cell else "" for cell in cells])
    header = [" | ".join(part for part in parts if part) for parts in zip(*filled, strict=True)]
    while header and not header[-1]:
        header.pop()
    end = re.compile(fmt.ende) if fmt.ende else None
    table = Cells(header, [], [])
    for number, line in enumerate(lines, fmt.vorspann + fmt.kopfzeilen + 1):
        if end and line and line[0] and end.match(line[0]):
            break
        row = [*line[: len(header)], *[None] * (len(header) - len(line))]
        if not any(cell is not None for cell in row):
            continue
        table.rows.append(row)
        table.lines.append(number)
        if len(table.rows) > MOST_ROWS:
            raise Unreadable(f"die Tabelle hat mehr als {MOST_ROWS} Zeilen")
    return table


def read_xlsx(path: Path, fmt: Format) -> Cells:
    """One sheet of a workbook (``ebene`` names it, else the first); merged cells hold their text in the upper left one."""
    import zipfile

    import openpyxl

    try:
        book = openpyxl.load_workbook(path, data_only=True, read_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError, EOFError, openpyxl.utils.exceptions.InvalidFileException):
        raise Unreadable("die Datei ist keine Excel-Arbeitsmappe (.xlsx)") from None
    try:
        if fmt.ebene and fmt.ebene not in book.sheetnames:
            raise Unreadable(f"es fehlt das Blatt „{fmt.ebene}“")
        sheet = book[fmt.ebene] if fmt.ebene else book.worksheets[0]
        sheet.reset_dimensions()
        return table_of(([as_text(value) for value in row[:MOST_COLUMNS]] for row in sheet.iter_rows(values_only=True)), fmt)
    finally:
        book.close()


READERS: dict[str, Callable[[Path, Format], Cells]] = {"xlsx": read_xlsx}
