"""Workbooks as offices send them: title lines, a header of one or two lines, rows, footnotes; same rows, same bytes."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

import openpyxl

Cell = str | int | float | None
#: Date and time in the properties of every workbook and of every part of its archive.
WORKBOOK_TIME = datetime(2025, 1, 2)
#: What openpyxl writes for cells that are not there yet; merged ones are.
EMPTY_ROWS = re.compile(rb"<sheetData\s*/>|<sheetData>.*?</sheetData>", re.DOTALL)
DIMENSION = re.compile(rb"<dimension [^>]*>")
SHEET = re.compile(r"xl/worksheets/sheet(\d+)\.xml")


def write_xlsx(path: Path, sheets: dict[str, Iterable[Sequence[Cell]]], merged: dict[str, Sequence[str]] | None = None) -> Path:
    """A workbook with the given rows per sheet and merged ranges ("B2:D2"); folders are made, the bytes depend on nothing else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = [_rows(rows) for rows in sheets.values()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, part in _frame(tuple((sheet, tuple((merged or {}).get(sheet, ()))) for sheet in sheets)):
            if sheet := SHEET.fullmatch(name):
                extent, rows = content[int(sheet[1]) - 1]
                part = DIMENSION.sub(lambda _, extent=extent: extent, EMPTY_ROWS.sub(lambda _, rows=rows: rows, part, count=1), count=1)
            info = zipfile.ZipInfo(name, date_time=(*WORKBOOK_TIME.timetuple()[:6],))
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, part)
    return path


@cache
def _frame(sheets: tuple[tuple[str, tuple[str, ...]], ...]) -> list[tuple[str, bytes]]:
    """The parts of a workbook with these sheets (name, merged ranges) and no cells yet; the same for every reference date."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    book.properties.creator, book.properties.created, book.properties.modified = "Simulation", WORKBOOK_TIME, WORKBOOK_TIME
    for name, merged in sheets:
        sheet = book.create_sheet(name)
        for cells in merged:
            sheet.merge_cells(cells)
    raw = BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as source:
        return [(name, _timeless(name, source.read(name))) for name in source.namelist()]


def _timeless(name: str, part: bytes) -> bytes:
    """openpyxl stamps the moment of saving into the properties."""
    if name != "docProps/core.xml":
        return part
    start, end = part.index(b"<dcterms:modified"), part.index(b"</dcterms:modified>")
    begins = part.index(b">", start) + 1
    return part[:begins] + WORKBOOK_TIME.strftime("%Y-%m-%dT%H:%M:%SZ").encode() + part[end:]


def _rows(rows: Iterable[Sequence[Cell]]) -> tuple[bytes, bytes]:
    """Extent and cells of a sheet; written here because openpyxl takes as long for them as the whole town takes to live."""
    lines, width = [], 1
    for number, row in enumerate(rows, 1):
        width = max(width, len(row))
        cells = "".join(f'<c r="{_letters(column)}{number}"{_content(value)}</c>' for column, value in enumerate(row) if value is not None)
        lines.append(f'<row r="{number}">{cells}</row>')
    extent = f'<dimension ref="A1:{_letters(width - 1)}{max(1, len(lines))}"/>'
    return extent.encode(), f"<sheetData>{''.join(lines)}</sheetData>".encode()


def _content(value: str | int | float) -> str:
    if isinstance(value, str):
        return f' t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is>'
    return f"><v>{value!r}</v>"


@cache
def _letters(column: int) -> str:
    before, last = divmod(column, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + last)
