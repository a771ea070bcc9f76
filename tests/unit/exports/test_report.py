"""From a small mart to pages: what is said, drawn and left out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from exports.report import PDF, SITE, Edition, build
from exports.report.mart import HIGHER, LOWER, OPEN, SIMILAR, read
from exports.report.view import View
from methods.trend import FALLING, NO_TREND, NOT_COMPUTABLE, RISING
from tests.unit.exports.conftest import LEVELS

PLACES = """create table fct_ort as select * from (values
    ('r1', 'raum', 'Treff <Mitte>', 'Treffpunkt', 'Verein', 12, 50.0, 150.0, 25832), ('r2', 'raum', 'Kita Nord', 'Kita', 'Stadt', 80, 150.0, 150.0, 25832)
) t(raumeinheit_id, ebene, name, art, traeger, plaetze, x, y, epsg)"""
SURVEY = """create table fct_umfrage as select 'r1' as raumeinheit_id, 'raum' as ebene, 'Wohnen Sie gern hier?' as frage, 'ja' as antwort, 71.5 as wert, 64.0 as ki_unten, 78.0 as ki_oben, 140 as n"""
THEMES = """create table fct_thema as select * from (values ('r1', 'raum', 'Verkehr', 'Eltern', 'Geprüfter Satz.', true), ('r1', 'raum', 'Lärm', 'Eltern', 'Ungeprüfter Satz.', false))
    t(raumeinheit_id, ebene, thema, gruppe, aussage, freigegeben)"""


class Balanced(HTMLParser):
    """Fails on a tag that is not closed."""

    VOID = frozenset({"meta", "link", "br", "rect", "circle", "path", "line", "polyline", "polygon"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def pages(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((folder / SITE).glob("*.html"))}


def test_one_area_differs_and_the_others_follow_from_it(make_mart: Callable[..., Path]) -> None:
    """20 % of 10,000 against 10 %: far apart; r2 to r4 are 10 % against a rest of 13.3 %."""
    series = read(make_mart(), LEVELS).of("raum", "anteil_x")
    assert list(series.verdict[:, -1]) == [HIGHER, LOWER, LOWER, LOWER]
    assert set(series.trend) == {NO_TREND}


def test_equal_areas_do_not_differ(make_mart: Callable[..., Path]) -> None:
    assert set(read(make_mart(first=10.0), LEVELS).of("raum", "anteil_x").verdict[:, -1]) == {SIMILAR}


@pytest.mark.parametrize(("growth", "verdict"), [(1.0, RISING), (-1.0, FALLING), (0.0, NO_TREND)])
def test_trend_follows_the_counts(make_mart: Callable[..., Path], growth: float, verdict: str) -> None:
    assert set(read(make_mart(growth=growth), LEVELS).of("raum", "anteil_x").trend) == {verdict}


def test_a_hidden_year_makes_trend_and_comparison_unsayable(make_mart: Callable[..., Path], edition: Edition) -> None:
    mart = read(make_mart(hidden={("r2", 2022), ("r3", 2024)}, growth=1.0), LEVELS)
    series = mart.of("raum", "anteil_x")
    assert list(series.trend) == [RISING, NOT_COMPUTABLE, NOT_COMPUTABLE, RISING]
    assert series.verdict[2, -1] == OPEN
    profile = View(mart, edition).profile(mart.areas["raum"][1])
    assert "lässt sich nicht sagen" in profile["trends"] and "keine Veränderung" not in profile["trends"]


def test_published_verdicts_hold_before_own_ones(make_mart: Callable[..., Path]) -> None:
    """r1 is far above the rest and all rise, yet the marts say otherwise; what they do not judge is not said."""
    keys = "raumeinheit_id, gebietsstand, ebene, stichtag, indikator_id"
    verdicts = f"""create table fct_vergleich as select {keys}, case raumeinheit_id when 'r1' then 'aehnlich' when 'r2' then 'niedriger' when 'r3' then 'nicht_berechenbar' end as richtung,
        case when ebene = 'raum' and raumeinheit_id <> 'r4' then 1 end as rang_unten, case when ebene = 'raum' and raumeinheit_id <> 'r4' then 3 end as rang_oben from fct_indikatorwert"""
    trends = f"create table fct_trend as select {keys}, case raumeinheit_id when 'r1' then 'kein_Trend_nachweisbar' when 'r2' then 'fallend' else 'nicht_berechenbar' end as richtung from fct_indikatorwert"
    series = read(make_mart(growth=1.0, extra=(verdicts, trends)), LEVELS).of("raum", "anteil_x")
    assert list(series.verdict[:, -1]) == [SIMILAR, LOWER, OPEN, OPEN]
    assert list(series.trend) == [NO_TREND, FALLING, NOT_COMPUTABLE, NOT_COMPUTABLE]
    low, high = series.ranks[len(series.years) - 1]
    assert list(low[:3]) == [1, 1, 1] and list(high[:3]) == [3, 3, 3] and low[3] != low[3]


def test_open_age_bands_are_split_where_both_are_published(make_mart: Callable[..., Path]) -> None:
    """65 and older (2,000) less 80 and older (500) leaves 1,500 from 65 to 79."""
    mart = read(make_mart(), LEVELS)
    assert [(b["von"], b["bis"]) for b in mart.bands] == [(0, 17), (18, 64), (65, 79), (80, None)]
    assert mart.residents["raum", "r1"] == {(0, ""): 2000, (1, ""): 2000, (2, ""): 1500, (3, ""): 500}


def test_every_area_is_drawn_and_the_hidden_one_is_grey_and_named(make_mart: Callable[..., Path], edition: Edition, tmp_path: Path) -> None:
    build(make_mart(hidden={("r3", 2024)}), tmp_path / "aus", edition, {})
    page = pages(tmp_path / "aus")["indikator-anteil_x.html"]
    areas = re.findall(r'<a href="[^"]*" class="raum (\w+)"[^>]*aria-label="([^"]*)"><path d="M', page)
    assert len(areas) == 4
    assert [text for kind, text in areas if kind == "ohne"] == ["Raum r3: kein Wert, von uns gesperrt"]
    assert '<abbr title="von uns gesperrt">.</abbr>' in page
    data = (tmp_path / "aus" / SITE / "daten" / "anteil_x.js").read_text(encoding="utf-8")
    assert json.loads(data.partition("=")[2].strip().rstrip(";"))["ebenen"]["raum"]["werte"]["2024"][2] == "geheim_schutz"
    sheet = (tmp_path / "aus" / SITE / "daten" / "anteil_x.csv").read_bytes()
    assert sheet.startswith(b"\xef\xbb\xbf") and "Raum r3;2024;.;;;von uns gesperrt;nein\r\n" in sheet.decode("utf-8-sig")


def test_without_polygons_a_sentence_stands_instead_of_the_map(make_mart: Callable[..., Path], edition: Edition, tmp_path: Path) -> None:
    build(make_mart(polygons=False), tmp_path / "aus", edition, {})
    found = pages(tmp_path / "aus")
    assert "<p data-ohne-karte>Für diese Ebene wurden keine Grenzen geliefert" in found["indikator-anteil_x.html"]
    assert "karte-bild" not in found["index.html"] and "Raum r1" in found["index.html"]
    assert "keine Grenzen geliefert" in found["gebiet-raum-r1.html"]
    assert (tmp_path / "aus" / PDF).read_bytes().startswith(b"%PDF")


def test_missing_marts_are_said_and_present_ones_are_shown(make_mart: Callable[..., Path], edition: Edition, tmp_path: Path) -> None:
    build(make_mart(), tmp_path / "ohne", edition, {})
    bare = pages(tmp_path / "ohne")["gebiet-raum-r1.html"]
    for sentence in ("Es fehlen Angaben zu Orten", "Es fehlen Angaben aus einer Befragung", "Es fehlen Themen aus Interviews"):
        assert sentence in bare
    build(make_mart(extra=(PLACES, SURVEY, THEMES)), tmp_path / "mit", edition, {})
    full = pages(tmp_path / "mit")
    assert "Treff &lt;Mitte&gt;" in full["gebiet-raum-r1.html"] and "Kita Nord" not in full["gebiet-raum-r1.html"]
    assert 'class="ort"' in full["gebiet-raum-r1.html"]
    assert "Wohnen Sie gern hier?" in full["gebiet-raum-r1.html"] and "64,0 bis 78,0" in full["gebiet-raum-r1.html"] and ">140<" in full["gebiet-raum-r1.html"]
    assert "Geprüfter Satz." in full["gebiet-raum-r1.html"] and "Lärm" in full["gebiet-raum-r1.html"]
    assert not any("Ungeprüfter Satz" in text for text in full.values())
    assert "Es fehlen" not in full["gebiet-raum-r1.html"] and "liegt in diesem Gebiet kein Ort" in full["gebiet-raum-r3.html"]


def test_names_of_suppliers_cannot_break_a_page_or_a_sheet(make_mart: Callable[..., Path], edition: Edition, tmp_path: Path) -> None:
    nasty = {"r1": '=1+1;"</script><script>alert(1)</script>', "r2": "A & B"}
    build(make_mart(names=nasty), tmp_path / "aus", edition, {})
    for text in pages(tmp_path / "aus").values():
        assert "<script>alert" not in text
        Balanced().feed(text)
    assert "</script>" not in (tmp_path / "aus" / SITE / "daten" / "gebiete.js").read_text(encoding="utf-8")
    assert "\"'=1+1;\"\"" in (tmp_path / "aus" / SITE / "daten" / "anteil_x.csv").read_text(encoding="utf-8-sig")


def test_draft_approval_and_editor(make_mart: Callable[..., Path], edition: Edition, tmp_path: Path) -> None:
    words = {"stadt": "Satz zur Stadt.", "r1": "Satz zum Raum."}
    build(make_mart(), tmp_path / "entwurf", edition, words)
    for text in pages(tmp_path / "entwurf").values():
        assert 'class="entwurf"' in text and "nicht freigegeben" in text
    final = replace(edition, audience="oeffentlich", approval={"datum": "2025-03-01", "rollen": ["Sozialplanung", "Datenschutz"], "simuliert": False})
    build(make_mart(), tmp_path / "frei", final, words)
    found = pages(tmp_path / "frei")
    for text in found.values():
        assert "Entwurf" not in text and 'class="entwurf"' not in text
        assert "Freigegeben für die Öffentlichkeit am 2025-03-01 von Sozialplanung, Datenschutz." in text
    assert "Satz zur Stadt." in found["index.html"] and "Satz zum Raum." in found["gebiet-raum-r1.html"] and "Satz zum Raum." not in found["gebiet-raum-r2.html"]


def test_simulated_is_marked_on_every_page_and_picture(make_mart: Callable[..., Path], edition: Edition, tmp_path: Path) -> None:
    build(make_mart(), tmp_path / "aus", replace(edition, simulated=True), {})
    charts = 0
    for text in pages(tmp_path / "aus").values():
        assert "Simulierte Daten:" in text
        for svg in re.findall(r'<svg class="(?:karte-bild|lage|verlauf|pyramide)".*?</svg>', text, re.DOTALL):
            charts += 1
            assert "simulierte Daten</text>" in svg
    assert charts > 10


def test_same_input_same_bytes(make_mart: Callable[..., Path], edition: Edition, tmp_path: Path) -> None:
    mart = make_mart()
    first, second = ({p.relative_to(tmp_path / name): p.read_bytes() for p in build(mart, tmp_path / name, edition, {})} for name in ("a", "b"))
    assert first == second and len(first) > 10
