"""Pages of the site as a browser prints them on A4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from exports.report import SITE, Edition, build



@pytest.fixture
def opened(make_mart: Callable[..., Path], edition: Edition, browser: object, tmp_path: Path) -> Callable[..., object]:
    """``opened(name)`` is that page of the small simulated town, in which the newest value of r3 is withheld."""
    build(make_mart(hidden={("r3", 2024)}), tmp_path / "aus", replace(edition, simulated=True), {})

    def open_page(name: str) -> object:
        page = browser.new_page(viewport={"width": 680, "height": 960})  # type: ignore[attr-defined]
        page.goto((tmp_path / "aus" / SITE / name).as_uri())
        return page

    return open_page


@pytest.mark.parametrize("name", ["index.html", "indikator-anteil_x.html", "gebiet-raum-r1.html", "methode.html"])
def test_every_sheet_carries_both_marks(opened: Callable[..., object], name: str) -> None:
    sheets = [sheet.extract_text() for sheet in PdfReader(BytesIO(opened(name).pdf(prefer_css_page_size=True))).pages]  # type: ignore[attr-defined]
    assert len(sheets) > 1
    for text in sheets:
        assert "Entwurf für die Verwaltung, nicht freigegeben. Simulierte Daten:" in text
