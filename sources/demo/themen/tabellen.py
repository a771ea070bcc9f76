"""Workbooks as offices send them: title lines, a header of one or two lines, rows, footnotes; same rows, same bytes."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

Cell = str | int | float | None
#: Date and time in the properties of every workbook and of every part of its archive.
WORKBOOK_TIME = datetime(2025, 1, 2)
#: What openpyxl writes for cells that are not there yet; merged ones are.
EMPTY_ROWS = re.compile(rb"<sheetData\s*/>|<sheetData>.*?</sheetData>", re.DOTALL)
DIMENSION = re.compile(rb"<dimension [^>]*>")
SHEET = re.compile(r"xl/worksheets/sheet(\d+)\.xml")


def write_xlsx(path: Path, sheets: dict[str, Iterable[Sequence[Cell]]], merged: dict[str, Sequence[str]] | None = None) -> Path:
    """A workbook with the given rows per sheet and merged ranges ("B2:D2"); folders are made, the bytes depend on nothing else."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    book.properties.creator, book.properties.created, book.properties.modified = "Simulation", WORKBOOK_TIME, WORKBOOK_TIME
    content = []
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for cells in (merged or {}).get(name, ()):
            sheet.merge_cells(cells)
        content.append(_rows(rows))
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_timeless(book, content, path)
    return path


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


def _write_timeless(book: Any, sheets: list[tuple[bytes, bytes]], path: Path) -> None:
    """Put the cells into the sheets, in their order. openpyxl stamps the moment of saving into the archive and its properties."""
    raw = BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                start, end = content.index(b"<dcterms:modified"), content.index(b"</dcterms:modified>")
                begins = content.index(b">", start) + 1
                content = content[:begins] + WORKBOOK_TIME.strftime("%Y-%m-%dT%H:%M:%SZ").encode() + content[end:]
            if sheet := SHEET.fullmatch(name):
                extent, rows = sheets[int(sheet[1]) - 1]
                content = DIMENSION.sub(lambda _, extent=extent: extent, EMPTY_ROWS.sub(lambda _, rows=rows: rows, content, count=1), count=1)
            info = zipfile.ZipInfo(name, date_time=(*WORKBOOK_TIME.timetuple()[:6],))
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, content)
