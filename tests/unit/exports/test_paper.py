"""Pages of the site as a browser prints them on A4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from exports.report import SITE, Edition, build



#: CSS pixels that two lines of the ranking would need.
LINE = 26


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


def test_map_has_room_and_every_area_of_the_ranking_one_line(opened: Callable[..., object]) -> None:
    """180 mm of paper are 680 pixels: the map takes more than a third of them, its legend no more than a line per class."""
    for name in ("index.html", "indikator-anteil_x.html"):
        page = opened(name)
        page.emulate_media(media="print")  # type: ignore[attr-defined]
        sizes = """(s) => [...document.querySelectorAll(s)].map((e) => e.getBoundingClientRect()).map((b) => [b.width, b.height])"""
        assert min(page.evaluate(sizes, ".karte-bild:not([hidden])")[0]) > 240  # type: ignore[attr-defined]
        assert max(height for _, height in page.evaluate(sizes, ".legende li")) < LINE  # type: ignore[attr-defined]
        rows = page.evaluate(sizes, ".rangfolge tbody tr")  # type: ignore[attr-defined]
        assert len(rows) == 4 and max(height for _, height in rows) < LINE


def test_reason_of_a_withheld_value_has_room(opened: Callable[..., object]) -> None:
    """It takes the place of band and verdict, not a column of a centimetre."""
    page = opened("gebiet-raum-r3.html")
    page.emulate_media(media="print")  # type: ignore[attr-defined]
    width = "(s) => document.querySelector(s).getBoundingClientRect().width"
    assert page.evaluate(width, ".gruppe .grund") > 0.28 * page.evaluate(width, ".gruppe .indikatoren")  # type: ignore[attr-defined]
    assert page.locator(".gruppe .grund").inner_text() == "von uns gesperrt"  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["index.html", "indikator-anteil_x.html"])
def test_title_of_the_map_stands_on_its_sheet(opened: Callable[..., object], name: str) -> None:
    """The legend, which is on the sheet of the map, is on the sheet of the title as well."""
    texts = [sheet.extract_text() for sheet in PdfReader(BytesIO(opened(name).pdf(prefer_css_page_size=True))).pages]  # type: ignore[attr-defined]
    (sheet,) = [text for text in texts if "Karte und Rangfolge" in text]
    assert "kein Wert (Grund in der Tabelle)" in sheet
