"""LibreOffice, where the machine has it: what people see when they open a file by double click."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest


def as_opened(source: Path, tmp_path: Path) -> list[dict[str, object]]:
    """Rows of a CSV for Excel as LibreOffice with German settings reads them; skips where it is missing."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice fehlt auf diesem Rechner (apt install libreoffice-calc-nogui).")
    # 59 = semicolon, 34 = quote, 76 = UTF-8, 1 = first line, no column formats, 1031 = German: what a double click does there.
    command = [office, f"-env:UserInstallation=file://{tmp_path}/profil", "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--infilter=CSV:59,34,76,1,,1031,false,true", "--outdir", str(tmp_path), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    header, *rows = openpyxl.load_workbook(tmp_path / f"{source.stem}.xlsx", read_only=True).active.iter_rows(values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]
