"""Workbooks as offices send them: title lines, a header of one or two lines, rows, footnotes; same rows, same bytes."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

Cell = str | int | float | None
#: Date and time in the properties of every workbook and of every part of its archive.
WORKBOOK_TIME = datetime(2025, 1, 2)


def write_xlsx(path: Path, sheets: dict[str, Iterable[Sequence[Cell]]], merged: dict[str, Sequence[str]] | None = None) -> Path:
    """A workbook with the given rows per sheet and merged ranges ("B2:D2"); folders are made, the bytes depend on nothing else."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    book.properties.creator, book.properties.created, book.properties.modified = "Simulation", WORKBOOK_TIME, WORKBOOK_TIME
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        for cells in (merged or {}).get(name, ()):
            sheet.merge_cells(cells)
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_timeless(book, path)
    return path


def _write_timeless(book: Any, path: Path) -> None:
    """openpyxl stamps the moment of saving into the archive and its properties."""
    raw = BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                start, end = content.index(b"<dcterms:modified"), content.index(b"</dcterms:modified>")
                begins = content.index(b">", start) + 1
                content = content[:begins] + WORKBOOK_TIME.strftime("%Y-%m-%dT%H:%M:%SZ").encode() + content[end:]
            info = zipfile.ZipInfo(name, date_time=(*WORKBOOK_TIME.timetuple()[:6],))
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, content)
