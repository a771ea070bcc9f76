"""From a small mart to pages: what is said, drawn and left out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from pypdf import PdfReader

from exports.report import PDF, SITE, Edition, build
from exports.report.figures import breaks, class_of, scale_of
from exports.report.mart import HIGHER, LOWER, OPEN, OTHERS, SIMILAR, read
from exports.report.view import View
from exports.report.wording import CERTAINTY
from methods.trend import FALLING, NO_TREND, NOT_COMPUTABLE, RISING
from tests.unit.exports.conftest import LEVELS

#: Degrees of x 50, y 150 and x 150, y 150 in EPSG:25832, where the squares of the small mart lie.
PLACES = """create table dim_ort as select *, lower(kategorie_name) as kategorie, case kategorie_name when 'Treffpunkt' then 50.0::double end as umkreis_m, 'g' as gebietsstand, date '2024-12-31' as stichtag from (values
    ('o1', 'r1', 'raum', 'Treff <Mitte>', 'Treffpunkt', 'Verein', 12, 4.5117, 0.00135, true), ('o2', 'r2', 'raum', 'Kita Nord', 'Kita', 'Stadt', 80, 4.5126, 0.00135, true),
    ('o3', 'r1', 'raum', 'Kita Weg', 'Kita', null, 20, 4.5117, 0.00135, false), ('o4', 'r1', 'raum', 'Kita Ungenau', 'Kita', null, 30, null, null, true), ('o5', 'nz_raum', 'raum', 'Kita Irgendwo', 'Kita', null, null, null, null, true)
) t(ort_id, raumeinheit_id, ebene, name, kategorie_name, traeger, plaetze, laenge, breite, aktuell)"""
SURVEY = """create table fct_umfrage as select 'g' as gebietsstand, umfrage, stichtag, ebene, raumeinheit_id, 'q1' as frage_id, 'Wohnen Sie gern hier?' as fragetext, code as antwort_code, antwort, false as mehrfach,
        n, wert, ki_unten, ki_oben, 34.8 as ruecklauf, status as status_id from (values
    ('Alt', date '2019-11-30', 'raum', 'r1', 'A1', 'gern', 90, 11.1, 5.0, 20.0, 'wert'),
    ('Neu', date '2023-11-30', 'raum', 'r1', 'A1', 'gern', 140, 71.5, 64.0, 78.0, 'wert'), ('Neu', date '2023-11-30', 'raum', 'r1', 'A2', 'teils', 140, 21.5, 14.0, 28.0, 'wert'),
    ('Neu', date '2023-11-30', 'raum', 'r1', 'A3', 'ungern', 140, null, null, null, 'geheim_schutz'),
    ('Neu', date '2023-11-30', 'stadt', 's', 'A1', 'gern', 600, 40.5, 35.0, 45.0, 'wert'), ('Neu', date '2023-11-30', 'stadt', 's', 'A2', 'teils', 600, 50.5, 45.0, 55.0, 'wert')
) t(umfrage, stichtag, ebene, raumeinheit_id, code, antwort, n, wert, ki_unten, ki_oben, status)"""
VOICES = """create table fct_aussage as select 'g' as gebietsstand, date '2022-06-30' as stichtag, * from (values
    ('a1', 'raum', 'r1', 'Verkehr', 'Eltern', 'Geprüfter Satz.', true, true), ('a2', 'raum', 'r1', 'Lärm', 'Eltern', 'Ungeprüfter Satz.', false, true), ('a3', 'raum', 'r1', 'Lärm', 'Eltern', 'Gesperrter Satz.', true, false)
) t(aussage_id, ebene, raumeinheit_id, thema, gruppe, aussage, geprueft, freigegeben)"""
ROUNDS = """create table fct_planungsthema as select 'g' as gebietsstand, stichtag, nr as thema_nr, 'Stadtteilarbeitskreis' as runde, date '2022-03-15' as datum, 'raum' as ebene, 'r1' as raumeinheit_id, 'Wohnen' as thema, stand
    from (values (date '2022-12-31', 'T1', 'offen'), (date '2023-12-31', 'T1', 'erledigt')) t(stichtag, nr, stand)"""
MEASURES = """create table fct_massnahme as select 'g' as gebietsstand, date '2023-12-31' as stichtag, 'raum' as ebene, 'Aufwachsen' as ziel, 'Familien' as zielgruppe_planung, 'läuft' as stand, date '2023-02-01' as beginn, date '2024-02-01' as ende,
        'Land' as foerderung, * from (values ('M1', 'r1', 'Treff aufbauen', 43000.0, null, null, '...'), ('M2', 'r2', 'Anderswo', 1.0, null, 1.0, null)
) t(massnahme_id, raumeinheit_id, titel, kosten_eur, kosten_eur_zeichen, drittmittel_eur, drittmittel_eur_zeichen)"""
NETWORKS = "create table fct_netzwerk as select 'g' as gebietsstand, date '2024-12-31' as stichtag, 'raum' as ebene, 'r1' as raumeinheit_id, 'Verein' as art, 'Turnverein' as name"
INDEX = """create table fct_index as select 'raum' as ebene, 'hilden_belastung' as index_id, * from (values
    ('r1', 'g', 2024, 1.7, 'niedrig', 0.91, 'niedrig'), ('r2', 'g', 2024, 0.4, 'mittel', 0.798, 'mittel oder besser'), ('r1', 'g', 2025, null, null, null, 'nicht berechenbar'), ('x9', 'alt', 2026, 9.0, 'niedrig', 1.0, 'niedrig')
) t(raumeinheit_id, gebietsstand, jahr, wert, klasse, klasse_wahrscheinlichkeit, aussage)"""
OLD = "insert into dim_raumeinheit values ('x9', 'alt', 'raum', 'Altes Gebiet', null, '2010-01-01', '2014-12-31', 1, null, null, false, 2)"


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


def test_a_trend_holds_among_all_that_are_tested_beside_it(make_mart: Callable[..., Path]) -> None:
    """0.34 points a year of 10 % in 10,000 is p = 0.0017: a trend among five series (adjusted 0.0022), none among 305 of which 300 lie flat (0.13)."""
    flat = (
        "insert into dim_indikator select d.* replace ('flach_' || n as indikator_id) from dim_indikator d, range(60) t(n)",
        "insert into fct_indikatorwert select w.* replace ('flach_' || n as indikator_id, nenner / 10 as zaehler, 10 as wert, 10 as rest_wert, 0 as diff) from fct_indikatorwert w, range(60) t(n)",
    )
    assert list(read(make_mart(growth=0.34), LEVELS).of("raum", "anteil_x").trend) == [NO_TREND, RISING, RISING, RISING]
    assert list(read(make_mart(growth=0.34, extra=flat), LEVELS).of("raum", "anteil_x").trend) == [NO_TREND] * 4


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
    trends = f"create table fct_trend as select {keys}, case raumeinheit_id when 'r1' then 'keine_nachweisbare_Veränderung' when 'r2' then 'fallend' else 'nicht_berechenbar' end as richtung from fct_indikatorwert"
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


def test_where_women_are_counted_beside_everybody_all_others_are_the_other_side(make_mart: Callable[..., Path], edition: Edition) -> None:
    """Of 2,000 from 0 to 17 are 900 women; of 2,000 from 65 on 1,200, of those of 80 and older (500) 400."""
    women = "insert into dim_kennzahl select replace(kennzahl_id, 'alter', 'weiblich'), alter_von, alter_bis, 'w', mass, name from dim_kennzahl"
    counts = """insert into fct_kennzahl select raumeinheit_id, gebietsstand, ebene, stichtag, replace(kennzahl_id, 'alter', 'weiblich'),
        case kennzahl_id when 'alter_65_plus' then 1200 when 'alter_80_plus' then 400 else 900 end, lieferung_id from fct_kennzahl"""
    mart = read(make_mart(extra=(women, counts)), LEVELS)
    assert mart.residents["raum", "r1"] == {(0, OTHERS): 1100, (1, OTHERS): 1100, (2, OTHERS): 700, (3, OTHERS): 100, (0, "w"): 900, (1, "w"): 900, (2, "w"): 800, (3, "w"): 400}
    age = View(mart, edition).age(mart.areas["raum"][0])
    assert age is not None and "alle anderen" in age["svg"] and "männlich" not in age["svg"] and age["others"]


def test_counts_that_no_delivery_gives_do_not_cost_the_age_structure(make_mart: Callable[..., Path]) -> None:
    """The catalogue knows women per age band, this town's deliveries do not: the pyramid has one side then."""
    women = "insert into dim_kennzahl select replace(kennzahl_id, 'alter', 'weiblich'), alter_von, alter_bis, 'w', mass, name from dim_kennzahl"
    mart = read(make_mart(extra=(women,)), LEVELS)
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
    for sentence in ("Es fehlen Angaben zu Maßnahmen", "Es fehlen Angaben zu Vereinen"):
        assert sentence in bare
    build(make_mart(extra=(PLACES, SURVEY, VOICES, ROUNDS, MEASURES, NETWORKS)), tmp_path / "mit", edition, {})
    full = pages(tmp_path / "mit")
    r1 = full["gebiet-raum-r1.html"]
    assert "Treff &lt;Mitte&gt;" in r1 and "Kita Nord" not in r1 and "Kita Ungenau" in r1 and "[Lage nicht bekannt]" in r1
    assert r1.count('class="ort"') == 1, "the one without coordinates is listed, not drawn"
    assert not any("Kita Weg" in text for text in full.values()), "no longer in the list"
    assert "1 Ort der Stadt ließ sich keinem Gebiet zuordnen" in r1
    assert "Wohnen Sie gern hier?" in r1 and "Rücklauf in der ganzen Stadt 34,8 Prozent" in r1 and "1 Anteil fehlt" in r1 and "11,1" not in r1
    first = r1[r1.index('<table class="befragung">') : r1.index("<summary>Alle Antworten")]
    assert "teils" in first and "14,0 bis 28,0" in first and ">140<" in first and ">50,5<" in first and "gern<" not in first
    assert "Geprüfter Satz." in r1 and "Lärm" not in r1
    assert not any(word in text for text in full.values() for word in ("Ungeprüfter Satz", "Gesperrter Satz"))
    assert "erledigt" in r1 and "offen<" not in r1, "a theme stands as last recorded"
    assert "43.000\u202f€" in r1 and '<td class="z">...</td>' in r1 and "Anderswo" not in r1
    assert "Turnverein" in r1
    assert "Es fehlen" not in r1 and "liegt in diesem Gebiet kein Ort" in full["gebiet-raum-r3.html"]
    assert "ergibt für dieses Gebiet nichts" in full["gebiet-raum-r3.html"] and "Keine Maßnahme ist in diesem Gebiet verzeichnet" in full["gebiet-raum-r3.html"]
    for text in full.values():
        Balanced().feed(text)


def test_places_lie_where_their_coordinates_say(make_mart: Callable[..., Path], edition: Edition) -> None:
    """The drawing of the small town is 980 units for 200 m: r1 is its upper left quarter."""
    view = View(read(make_mart(extra=(PLACES,)), LEVELS), edition)
    x, y = view.located["o1"]
    assert 10 <= x <= 500 and 10 <= y <= 500
    x, y = view.located["o2"]
    assert 500 <= x <= 990 and 10 <= y <= 500


def test_what_lies_near_is_measured_across_borders_and_missing_shares_say_why(make_mart: Callable[..., Path], edition: Edition) -> None:
    """50 m around the middle of a square of 100 m are pi/4 of it, and touch the next square only."""
    view = View(read(make_mart(extra=(PLACES,)), LEVELS), edition)
    r1, r2 = view.mart.areas["raum"][:2]
    (here,), (there,) = view.coverage(r1), view.coverage(r2)
    assert here["titel"] == "Treffpunkt in 50 m" and here["text"].startswith("78 % der Fläche") and there["text"].startswith("0 % der Fläche")
    assert "Einwohner" not in here["text"], "no indicator for this kind"
    wider = View(read(make_mart(extra=(PLACES, "update dim_ort set umkreis_m = 50 where kategorie_name = 'Kita'")), LEVELS), edition)
    assert wider.coverage(r1)[0]["text"].startswith("0 % der Fläche, ohne 2 Orte der Stadt mit unbekannter Lage")
    nowhere = View(read(make_mart(extra=(PLACES, "update dim_ort set laenge = null where kategorie_name = 'Treffpunkt'")), LEVELS), edition)
    assert [kind["text"] for kind in nowhere.coverage(r1)] == ["Lage nicht bekannt"]
    before = View(read(make_mart(extra=(PLACES, "alter table dim_ort drop column umkreis_m")), LEVELS), edition)
    assert before.coverage(r1) == [], "a release from before the distance stood in the mart"
    assert 'aria-label="Treffpunkt in 50 m: 78 % der Fläche' in here["svg"]


def test_spread_values_say_why_nothing_is_compared(make_mart: Callable[..., Path], edition: Edition, tmp_path: Path) -> None:
    build(make_mart(), tmp_path / "gezaehlt", edition, {})
    build(make_mart(extra=("update fct_indikatorwert set guete = 'weighted' where ebene = 'raum'",)), tmp_path / "verteilt", edition, {})
    name = "indikator-anteil_x.html"
    assert "verteilte Werte" not in pages(tmp_path / "gezaehlt")[name]
    assert "<b>Räume: zum Teil verteilte Werte.</b>" in pages(tmp_path / "verteilt")[name]


def test_index_says_what_holds_on_the_areas_of_today(make_mart: Callable[..., Path], edition: Edition, tmp_path: Path) -> None:
    """0.798 is less than the 80 of 100 that a class needs, and is not shown as 80."""
    build(make_mart(extra=(OLD, INDEX)), tmp_path / "aus", edition, {})
    page = pages(tmp_path / "aus")["index.html"]
    part = page[page.index('id="index-titel"') : page.index('id="zeit"')]
    assert "Belastungsindex Hilden 2024, Räume" in part and "Altes Gebiet" not in part and "2026" not in part
    assert re.findall(r"<td>(mittel oder besser|niedrig)</td><td>([^<]*)</td>", part) == [("niedrig", "niedrig, 91&nbsp;%"), ("mittel oder besser", "mittel, 79&nbsp;%")]
    assert "Für 2025 ist der Index auf dieser Ebene gesperrt" in part
    assert "sozialer Status mittel oder besser (Klasse „mittel“ mit 79 Prozent Wahrscheinlichkeit)" in pages(tmp_path / "aus")["gebiet-raum-r2.html"]


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
        assert "Freigegeben für die Öffentlichkeit am 01.03.2025 von Sozialplanung, Datenschutz." in text and "2025-03-01" not in text
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


def test_axes_have_room_for_intervals_but_not_for_the_widest(make_mart: Callable[..., Path]) -> None:
    values, narrow = np.array([10.0, 12.0]), np.array([9.0] * 20 + [13.0] * 20)
    assert scale_of(values) == pytest.approx((9.84, 12.16))
    assert scale_of(values, narrow) == pytest.approx((8.68, 13.32))
    assert scale_of(values, np.append(narrow, 90.0)) == pytest.approx((8.68, 13.32))


@pytest.mark.parametrize(
    ("values", "limits"),
    [
        # Quantiles of 1 to 11 at a fifth, two, three and four fifths.
        (np.arange(1.0, 12.0), [3.0, 5.0, 7.0, 9.0]),
        # Half of them none: nothing is below none, so the two lower quantiles, 0 and 0, are no limits.
        (np.array([0.0] * 6 + [2.0, 4.0, 6.0, 8.0, 10.0]), [2.0, 6.0]),
        # What is shown as 0,0 is none as well.
        (np.array([0.0, 0.01, 0.02, 0.03, 0.04, 5.0]), [5.0]),
        # Nine in ten none: they are the first class, the others the rest.
        (np.array([0.0] * 18 + [1.0, 2.0]), [1.0, 1.2, 1.5, 1.8]),
        (np.array([4.0, 4.0, np.nan]), []),
        (np.array([np.nan]), []),
    ],
)
def test_no_class_of_a_map_is_impossible(values: np.ndarray, limits: list[float]) -> None:
    found = breaks(values, 1)
    assert found == limits
    shown = np.round(values[~np.isnan(values)], 1)
    assert not shown.size or class_of(shown.min(), found) == 0


def test_one_value_everywhere_is_one_class_that_says_so(make_mart: Callable[..., Path], edition: Edition, tmp_path: Path) -> None:
    build(make_mart(first=10.0), tmp_path / "aus", edition, {})
    page = pages(tmp_path / "aus")["indikator-anteil_x.html"]
    legend = page[page.index("data-legende") : page.index("kein Wert (Grund in der Tabelle)")]
    assert legend.count("<li>") == 2 and "überall derselbe Wert" in legend and "unter" not in legend


def test_formula_keeps_sums_together_and_names_its_counts(make_mart: Callable[..., Path], edition: Edition, tmp_path: Path) -> None:
    """100 × x / a + b would be x per hundred a, and b more."""
    catalogue = "update dim_indikator set zaehler = 'alter_80_plus', nenner = 'alter_0_17 + alter_18_64'"
    build(make_mart(extra=(catalogue,)), tmp_path / "aus", edition, {})
    page = pages(tmp_path / "aus")["indikator-anteil_x.html"]
    assert "100 × Einwohner 80 bis älter / (Einwohner 0 bis 17 + Einwohner 18 bis 64)" in page
    assert "<code>100 × alter_80_plus / (alter_0_17 + alter_18_64)</code>" in page


def test_a_standardised_rate_shows_no_crude_formula(make_mart: Callable[..., Path], edition: Edition, tmp_path: Path) -> None:
    build(make_mart(extra=("update dim_indikator set ki_methode = 'dsr'",)), tmp_path / "aus", edition, {})
    page = pages(tmp_path / "aus")["indikator-anteil_x.html"]
    assert "Direkt altersstandardisiert" in page and "die Summe je 100 Einwohner" in page and "nach Dobson" in page
    assert "dsr" not in page and " / <code>" not in page and "Schlüssel der Kennzahlen" not in page


def test_deliveries_and_legal_basis_are_those_of_numerator_and_denominator(make_mart: Callable[..., Path], edition: Edition, tmp_path: Path) -> None:
    """Numerators came with l1, the denominator of 2024 with l2, and l3 has nothing to do with either."""
    other = """insert into fct_quellenstand select quelle, lieferung, date '2024-12-31', timestamp '2025-01-03', 7, 0, true, false, grund
        from (values ('register', 'l2', '§ 34 BMG'), ('fremd', 'l3', 'keine Sache')) t(quelle, lieferung, grund)"""
    counts = "update fct_kennzahl set lieferung_id = 'l2'"
    catalogue = "update dim_indikator set nenner = 'alter_0_17', rechtsgrundlage = 'Statistik der Stadt, Rechtsgrundlage je Lieferung in fct_quellenstand'"
    build(make_mart(extra=(other, counts, catalogue)), tmp_path / "aus", edition, {})
    page = pages(tmp_path / "aus")["indikator-anteil_x.html"]
    part = page[page.index('id="lieferungen"') :]
    assert "<code>l1</code>" in part and "<code>l2</code>" in part and "l3" not in part
    assert "<dd>Statistik der Stadt<br>keine<br>§ 34 BMG</dd>" in page and "fct_quellenstand" not in page


def test_certainty_is_said_once_and_alike(make_mart: Callable[..., Path], edition: Edition, tmp_path: Path) -> None:
    """The level of one test is not the certainty of a sentence, and the family is the whole edition, not a level of it."""
    build(make_mart(growth=1.0), tmp_path / "aus", edition, {})
    found = pages(tmp_path / "aus")
    assert "nachweisbar höher (" in found["index.html"] and "steigt nachweisbar von" in found["index.html"] and CERTAINTY in found["index.html"]
    method = found["methode.html"]
    assert method.count("über alle Indikatoren, Gebiete und Ebenen desselben Jahres und Gebietsstands (Benjamini und Hochberg)") == 2 and CERTAINTY in method
    assert "Raten mit Fallzahlen" in method and "nur für Anteile" not in method
    paper = " ".join("".join(page.extract_text() for page in PdfReader(tmp_path / "aus" / PDF).pages).split())
    assert "über alle Indikatoren, Gebiete und Ebenen desselben Jahres" in paper
    for text in (*found.values(), paper):
        assert "statistisch gesichert" not in text and "je Ebene und Jahr" not in text


def test_an_area_without_what_is_counted_is_told_in_plain_words(make_mart: Callable[..., Path], edition: Edition, tmp_path: Path) -> None:
    """No school in r3: that is no arithmetic to a reader."""
    status = "insert into dim_status values ('ohne_nenner', 'x', 'der Nenner ist null')"
    build(make_mart(hidden={("r3", 2024)}, extra=(status, "update fct_indikatorwert set status_id = 'ohne_nenner' where status_id = 'geheim_schutz'")), tmp_path / "aus", edition, {})
    page = pages(tmp_path / "aus")["gebiet-raum-r3.html"]
    assert "<dt>in diesem Gebiet gibt es nichts, worauf sich der Wert beziehen könnte</dt><dd>Anteil X (2024)</dd>" in page and "Nenner" not in page


def test_nothing_is_printed_as_a_number_and_explained_as_one(make_mart: Callable[..., Path], edition: Edition, tmp_path: Path) -> None:
    none = ("insert into dim_status values ('nichts_vorhanden', '-', 'genau null: nichts vorhanden')", "update fct_indikatorwert set status_id = 'nichts_vorhanden', wert = 0 where raumeinheit_id = 'r3' and jahr = 2024")
    build(make_mart(extra=none), tmp_path / "aus", edition, {})
    found = pages(tmp_path / "aus")
    assert ">0,0</td>" in found["gebiet-raum-r3.html"] and '<th scope="row">0,0</th><td>null, oder weniger als die halbe letzte Stelle</td>' in found["methode.html"]
    for text in found.values():
        assert "<b>0,0</b> null oder fast null" in text and "<b>-</b>" not in text and '<th scope="row">-</th>' not in text and '<td class="kurz">-</td>' not in text
