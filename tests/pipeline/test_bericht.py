"""The Sozialreport of the demo town as it lies in the release: complete, closed, accessible, driven by keyboard, tagged."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

import pytest
from pypdf import PdfReader

from tests.pipeline.conftest import Town

PAGE_LIMIT = 2 * 1024 * 1024
CORE_PAGES = 12
PAGE_TYPES = ("index.html", "raeume.html", "indikatoren.html", "methode.html", "indikator-anteil_65_plus.html", "indikator-einwohner.html", "gebiet-stadtbereich-01.html", "gebiet-sozialraum-0301.html")
WIDTHS = (390, 1280)
#: A profile with all its indicators, printed on A4.
SHEETS = 16


class Links(HTMLParser):
    """Everything a page points to, and its own anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.ids: list[str] = []
        self.lang = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "html":
            self.lang = found.get("lang") or ""
        self.targets += [found[a] or "" for a in ("href", "src", "xlink:href", "action", "srcset", "poster", "data") if a in found and tag != "use"]
        self.ids += [found["id"] or ""] if "id" in found else []


@pytest.fixture(scope="module")
def reports(demo: Town) -> Path:
    return demo.current / "reports"


@pytest.fixture(scope="module")
def site(reports: Path) -> Path:
    return reports / "bericht"


def test_every_area_and_indicator_has_its_page(demo: Town, site: Path) -> None:
    with demo.mart() as mart:
        areas = mart.execute("select ebene, raumeinheit_id from dim_raumeinheit where gueltig_bis is null and not nicht_zuordenbar and ebene <> 'stadt'").fetchall()
        indicators = mart.execute("select indikator_id from fct_indikatorwert where ist_jahreswert group by 1 having count(wert) > 0").fetchall()
    wanted = {f"gebiet-{level}-{area}.html" for level, area in areas} | {f"indikator-{i}.html" for (i,) in indicators} | {"index.html", "raeume.html", "indikatoren.html", "methode.html"}
    assert len(areas) == 27
    assert {path.name for path in site.glob("*.html")} == wanted
    assert {path.stem for path in (site / "daten").glob("*.csv")} == {i for (i,) in indicators}


def test_the_report_knows_every_verdict_of_the_mart(demo: Town) -> None:
    """A word it does not know would read as "cannot be said"."""
    from exports.report.mart import GIVEN_TREND, HIGHER, LOWER, SIMILAR

    with demo.mart() as mart:
        trends = {word for (word,) in mart.execute("select distinct richtung from fct_trend").fetchall()}
        comparisons = {word for (word,) in mart.execute("select distinct richtung from fct_vergleich").fetchall()}
    assert trends - {"nicht_berechenbar", None} == set(GIVEN_TREND)
    assert comparisons - {"nicht_berechenbar", None} == {HIGHER, LOWER, SIMILAR}


def test_profiles_carry_places_survey_voices_and_measures(demo: Town, site: Path) -> None:
    """What the marts know of an area stands in its profile, and only of the newest survey."""
    for path in site.glob("gebiet-*.html"):
        text = path.read_text(encoding="utf-8")
        assert "Es fehlen" not in text, path.name
        assert "Einwohnerbefragung 2023" in text and "Einwohnerbefragung 2019" not in text, path.name
    with demo.mart() as mart:
        places = mart.execute("select raumeinheit_id, count(*) filter (laenge is not null) from dim_ort where aktuell and ebene = 'sozialraum' and raumeinheit_id = '0301' group by 1").fetchall()
        titles = mart.execute("select distinct titel from fct_massnahme where raumeinheit_id like '03%'").fetchall()
        said = mart.execute("select count(*) from fct_aussage where raumeinheit_id = '0303'").fetchone()
    assert (site / "gebiet-sozialraum-0301.html").read_text(encoding="utf-8").count('class="ort"') == places[0][1] > 3
    upper = (site / "gebiet-stadtbereich-03.html").read_text(encoding="utf-8")
    assert titles and all(title in upper for (title,) in titles) and "Stadtteilarbeitskreis" in upper
    counted = re.findall(r'<span class="klein">(\d+) Aussagen?: ', (site / "gebiet-sozialraum-0303.html").read_text(encoding="utf-8"))
    assert sum(map(int, counted)) == said[0] > 0


def test_profiles_draw_who_has_what_at_hand(demo: Town, site: Path) -> None:
    """A map per kind of place with a distance; the share of people beside it is the mart's, the reason where it is missing, too."""
    with demo.mart() as mart:
        shares = dict(mart.execute("select raumeinheit_id, round(wert, 1) from fct_indikatorwert join dim_raumeinheit using (raumeinheit_id, gebietsstand, ebene) where indikator_id = 'anteil_im_umkreis_spielplatz' and jahr = 2024 and ebene = 'sozialraum' and gebietsstand = 'hilden2020' and not nicht_zuordenbar").fetchall())
        kinds = mart.execute("select count(distinct kategorie) from dim_ort where aktuell and umkreis_m is not null").fetchone()[0]
    assert len(shares) == 22 and kinds == 5
    for area, share in shares.items():
        page = (site / f"gebiet-sozialraum-{area}.html").read_text(encoding="utf-8")
        assert page.count('class="umkreis"') == kinds
        assert f"{share:.1f}".replace(".", ",") + " % der Einwohner (2024)" in re.search(r"<b>Spielplatz in 300 m</b><br>([^<]*)", page)[1]
    assert "verteilte Werte" in (site / "indikator-wahlbeteiligung_bund.html").read_text(encoding="utf-8")


def test_index_stands_on_the_areas_of_today(site: Path) -> None:
    text = (site / "index.html").read_text(encoding="utf-8")
    part = text[text.index('id="index-titel"') : text.index('id="zeit"')]
    assert "Belastungsindex Hilden 2024, Sozialräume" in part and "hilden2015" not in part
    assert len(re.findall(r'<th scope="row"><a href="gebiet-', part)) == 27


def test_links_resolve_and_nothing_leads_out(site: Path) -> None:
    pages = {path.name: Links(path.read_text(encoding="utf-8")) for path in site.glob("*.html")}
    for name, page in pages.items():
        assert page.lang == "de", name
        assert len(page.ids) == len(set(page.ids)), name
        for target in page.targets:
            file, _, anchor = target.partition("#")
            assert not re.match(r"[a-z]+:|//|/", file), (name, target)
            assert (site / unquote(file)).is_file() or not file, (name, target)
            if anchor and (not file or file in pages):
                assert anchor in pages[file or name].ids, (name, target)


def test_no_address_anywhere(site: Path) -> None:
    for path in site.rglob("*"):
        if path.is_file():
            assert not re.search(rb"(https?|ftp|wss?)://|url\(|@import|fetch\(|XMLHttpRequest", path.read_bytes()), path.name


def test_pages_stay_small(site: Path) -> None:
    assert max(path.stat().st_size for path in site.rglob("*") if path.is_file()) <= PAGE_LIMIT


def test_draft_and_simulation_are_marked_on_every_page(site: Path) -> None:
    for path in site.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert 'class="entwurf"' in text and "nicht freigegeben" in text and "Simulierte Daten:" in text, path.name


def test_every_printed_sheet_is_marked(browser: object, site: Path) -> None:
    """A sheet that is passed on alone says what it is, whatever stands on it."""
    page = browser.new_page()  # type: ignore[attr-defined]
    for name in PAGE_TYPES:
        page.goto((site / name).as_uri())
        texts = [sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf(prefer_css_page_size=True))).pages]
        assert ["nicht freigegeben" in text and "Simulierte Daten:" in text for text in texts] == [True] * len(texts), name
        assert len(texts) <= SHEETS, name
    page.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing(browser: object, site: Path, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(viewport={"width": width, "height": 900})  # type: ignore[attr-defined]
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    for name in PAGE_TYPES:
        page.goto((site / name).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        found = Axe().run(page).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found] == [], name
    assert errors == []
    page.close()


def test_no_page_is_wider_than_its_screen(browser: object, site: Path) -> None:
    """With everything unfolded; a table may scroll in its own frame, the page may not."""
    for width in WIDTHS:
        page = browser.new_page(viewport={"width": width, "height": 900})  # type: ignore[attr-defined]
        wide = []
        for path in sorted(site.glob("*.html")):
            page.goto(path.as_uri(), wait_until="domcontentloaded")
            page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
            wide += [path.name] if page.evaluate("document.documentElement.scrollWidth") > width else []
        assert wide == [], f"breiter als {width} Pixel"
        page.close()


def test_map_and_menus_are_driven_by_keyboard(browser: object, site: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})  # type: ignore[attr-defined]
    page.goto((site / "index.html").as_uri())

    def tab_to(selector: str, most: int = 80) -> None:
        for _ in range(most):
            page.keyboard.press("Tab")
            if page.evaluate("(s) => document.activeElement.matches(s)", selector):
                return
        pytest.fail(f"{selector} ist mit der Tabulatortaste nicht zu erreichen")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "sprung"
    tab_to("nav a[href='raeume.html']")
    tab_to("select[name=indikator]")
    before = page.locator("[data-titel]").inner_text()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("(old) => document.querySelector('[data-titel]').innerText !== old", arg=before)
    assert page.locator("[data-titel]").inner_text().split(" 20")[0] == page.locator("select[name=indikator] option:checked").inner_text()
    tab_to("select[name=ebene]", 1)
    tab_to("select[name=jahr]", 1)
    page.keyboard.press("ArrowDown")
    assert " 2023, Sozialräume" in page.locator("[data-titel]").inner_text()
    tab_to(".raum", 1)
    seen = []
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "End", "Home"):
        page.keyboard.press(key)
        label = page.evaluate("document.activeElement.getAttribute('aria-label')")
        assert page.locator("[data-ansage]").inner_text() == label
        seen.append(label)
    assert len(set(seen)) >= 4
    assert page.locator(".karte-bild:not([hidden]) .raum[tabindex='0']").count() == 1
    target = page.evaluate("document.activeElement.getAttribute('href')")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{target}")
    assert page.locator("h1").inner_text() in seen[-1]
    page.close()


def test_script_draws_what_the_page_showed_before(browser: object, site: Path) -> None:
    """Two renderings of one choice, in Python for paper and for browsers without scripts, and in the browser."""
    for name in ("index.html", "indikator-anteil_65_plus.html", "indikator-einwohner.html"):
        page = browser.new_page(viewport={"width": 1280, "height": 900})  # type: ignore[attr-defined]
        page.goto((site / name).as_uri())
        state = """() => ({
          rows: [...document.querySelectorAll('[data-zeilen] tr')].map((r) => r.innerText.replace(/\\s+/g, ' ').trim()),
          areas: [...document.querySelectorAll('.karte-bild:not([hidden]) .raum')].map((r) => r.getAttribute('class') + '|' + r.getAttribute('aria-label') + '|' + r.textContent),
          legend: document.querySelector('[data-legende]').innerText, title: document.querySelector('[data-titel]').innerText,
          dots: [...document.querySelectorAll('[data-zeilen] circle')].map((c) => Number(c.getAttribute('cx'))) })"""
        before = page.evaluate(state)
        page.evaluate("document.querySelector('[data-zeilen]').replaceChildren()")
        page.evaluate("document.querySelector('select[name=jahr]').dispatchEvent(new Event('change', { bubbles: true }))")
        page.wait_for_function("() => document.querySelectorAll('[data-zeilen] tr').length > 0")
        after = page.evaluate(state)
        dots = before.pop("dots"), after.pop("dots")
        assert after == before
        assert dots[0] == pytest.approx(dots[1], abs=0.2)
        assert len(before["areas"]) == len(before["rows"]) == 22
        page.close()


def test_pdf_is_tagged_german_and_compact(reports: Path) -> None:
    pdf = PdfReader(reports / "sozialreport.pdf")
    root = pdf.trailer["/Root"]
    assert bool(root["/MarkInfo"]["/Marked"])
    assert root["/Lang"].startswith("de")
    assert bool(root["/ViewerPreferences"]["/DisplayDocTitle"])
    assert pdf.metadata and pdf.metadata.title == "Sozialreport Hilden (simuliert)"
    assert "<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data().decode("utf-8")
    kinds: dict[str, int] = {}
    without_text = 0

    def walk(node: object) -> None:
        nonlocal without_text
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict):
            if "/S" in node:
                kinds[node["/S"]] = kinds.get(node["/S"], 0) + 1
                without_text += node["/S"] == "/Figure" and not node.get("/Alt")
            if "/K" in node:
                walk(node["/K"])

    walk(root["/StructTreeRoot"])
    assert kinds["/H1"] == 7 and kinds["/Table"] > 5 and kinds["/TH"] > 20 and kinds["/Figure"] > 10
    assert without_text == 0
    texts = [page.extract_text() for page in pdf.pages]
    annex = next(at for at, text in enumerate(texts) if re.search(r"^Anhang$", text, re.MULTILINE))
    assert annex <= CORE_PAGES
    assert all("nicht freigegeben" in text and "simulierte Daten" in text for text in texts)


def test_approval_takes_the_mark_off_and_freezes(town: Town) -> None:
    """The draft waits sealed; only approval shows it, with the paragraphs people saw; later texts and builds do not touch it."""
    (town.root / "redaktion" / "aktuell").mkdir(parents=True)
    words = town.root / "redaktion" / "aktuell" / "stadt.md"
    words.write_text("Der besprochene Satz.", encoding="utf-8")
    (words.parent / "Innenstadt.md").write_text("Ein Satz ohne Seite.", encoding="utf-8")
    built = town.call("bericht")
    assert built.returncode == 0, built.stderr
    assert built.stdout.splitlines()[-1] == "redaktion/aktuell/Innenstadt.md: steht auf keiner Seite; eine Datei heißt nach ihrem Gebiet (stadt.md, 01.md, 0101.md)."
    assert "Der besprochene Satz." in (town.current / "reports" / "bericht" / "index.html").read_text(encoding="utf-8")
    words.unlink()
    assert not (town.root / "published" / "freigegeben").exists()
    done = town.call("freigabe", "--zielgruppe", "oeffentlich", "--simuliert")
    assert done.returncode == 0 and "Der Absatz stadt.md steht jetzt nicht so da" in done.stdout, done.stderr
    words.write_bytes("Ein späterer Satz.".encode("cp1252"))
    folder = town.root / "published" / "freigegeben" / "oeffentlich" / "current"
    page = (folder / "reports" / "bericht" / "index.html").read_text(encoding="utf-8")
    assert "Der besprochene Satz." in page and "Entwurf" not in page and "Freigegeben für die Öffentlichkeit" in page
    frozen = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert "bericht/index.html" in json.loads((folder / "release.json").read_text())["berichte"]
    later = town.call("bericht")
    assert later.returncode == 0 and "oeffentlich" not in later.stdout
    again = town.call("freigabe", "--zielgruppe", "oeffentlich", "--simuliert")
    assert again.returncode == 1 and "schon freigegeben" in again.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == frozen
    assert "Ein späterer Satz." in (town.current / "reports" / "bericht" / "index.html").read_text(encoding="utf-8")
    verified = town.call("verify")
    assert verified.returncode == 0, verified.stdout


def test_unknown_release_is_refused(town: Town) -> None:
    done = town.call("bericht", "--release", "0009-000000000000")
    assert done.returncode == 1 and "gibt es nicht" in done.stderr
