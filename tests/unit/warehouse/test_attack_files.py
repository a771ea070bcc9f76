"""Files that say what another one withholds: one planted leak per kind of file, and nothing found where nothing is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio.raw
import pytest
import shapely

from warehouse.attack_files import told
from warehouse.attack_text import Names, said

LEAST = 3
#: In area a the share is withheld, in b it is 5.5; of the children of a two are too few to be seen, those of b are nine.
MART = """
create table dim_indikator as select * from (values ('quote', 'Anteil der Kinder'), ('quote_arm', 'Anteil der Kinder in Armut')) t(indikator_id, name);
create table dim_kennzahl as select *, true as geschuetzt, 'personen' as mass, null::varchar as staatsangehoerigkeit, null::varchar as migrationshintergrund, null::integer as wohndauer_ab
from (values ('kinder', 0, 17, null), ('kinder_w', 0, 17, 'w')) t(kennzahl_id, alter_von, alter_bis, geschlecht);
create table dim_raumeinheit as select 'v' as gebietsstand, *, 'POINT (0 0)' as geometrie, date '2020-01-01' as gueltig_von, false as nicht_zuordenbar
from (values ('raum', 'a', 'Aue', 2), ('raum', 'b', 'Berg', 2), ('stadt', 's', 'Stadt', 1)) t(ebene, raumeinheit_id, name, ebene_rang);
create table fct_quellenstand as select 'l' as lieferung_id, false as veroeffentlicht;
create table fct_indikatorwert as select 'quote' as indikator_id, 'v' as gebietsstand, 'raum' as ebene, raumeinheit_id, date '2020-12-31' as stichtag, 2020 as jahr, true as ist_jahreswert, wert::double as wert, null::double as rest_wert, status_id
from (values ('a', null, 'geheim_schutz'), ('b', 5.5, 'zahl')) t(raumeinheit_id, wert, status_id);
create table fct_kennzahl as select 'kinder' as kennzahl_id, 'v' as gebietsstand, 'raum' as ebene, raumeinheit_id, date '2020-12-31' as stichtag, wert::double as wert, status_id, 'l' as lieferung_id
from (values ('a', null, 'geheim_schutz'), ('b', 9, 'zahl')) t(raumeinheit_id, wert, status_id);
"""
COLUMNS = ("indikator_id", "gebietsstand", "ebene", "raumeinheit_id", "stichtag", "jahr", "nenner", "wert", "ki_unten")


def cells(a: str | None, low: str | None = None) -> list[tuple]:
    """Two rows of a table; the denominator of a withheld share may be seen."""
    return [("quote", "v", "raum", "a", "2020-12-31", "2020", "100", a, low), ("quote", "v", "raum", "b", "2020-12-31", "2020", "100", "5.5", "4.1")]


def parquet(folder: Path, a: str | None) -> None:
    columns = dict(zip(COLUMNS, zip(*cells(None, a), strict=True), strict=True))
    numbers = {name: [None if x is None else float(x) for x in columns.pop(name)] for name in ("nenner", "wert", "ki_unten")}
    pq.write_table(pa.table(columns | numbers), folder / "exports" / "x" / "t.parquet")


def csv(folder: Path, a: str | None) -> None:
    lines = [",".join(COLUMNS), *(",".join(x or "" for x in row) for row in cells(a))]
    (folder / "exports" / "x" / "t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def excel_csv(folder: Path, a: str | None) -> None:
    rows = [[x.replace(".", ",") if x and x[0].isdigit() and "-" not in x else "31.12.2020" if x == "2020-12-31" else x or "." for x in row] for row in cells(a)]
    (folder / "exports" / "x" / "t_excel.csv").write_text("\n".join(";".join(row) for row in [list(COLUMNS), *rows]) + "\n", encoding="utf-8-sig")


def workbook(folder: Path, a: str | None) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Hinweise"])
    sheet = book.create_sheet("Daten")
    sheet.append(list(COLUMNS))
    for row in cells(a):
        sheet.append([*row[:4], date(2020, 12, 31), 2020, 100, None if row[7] is None else float(row[7]), None])
    book.save(folder / "exports" / "x" / "t.xlsx")


def cube(folder: Path, a: str | None) -> None:
    dimension = {"raum": {"category": {"index": ["v/raum/a", "v/raum/b"]}}, "jahr": {"category": {"index": ["2020"]}}, "indikator": {"category": {"index": ["quote"]}}}
    data = {"version": "2.0", "class": "dataset", "id": ["raum", "jahr", "indikator"], "size": [2, 1, 1], "dimension": dimension, "value": {"1": 5.5} | ({"0": float(a)} if a else {})}
    (folder / "exports" / "x" / "t.json").write_text(json.dumps(data), encoding="utf-8")


def layer(folder: Path, a: str | None) -> None:
    fields = [np.array(["a", "b"], object), np.array([float(a) if a else np.nan, 5.5])]
    points = np.array(shapely.to_wkb([shapely.Point(0, 0), shapely.Point(1, 1)]), object)
    pyogrio.raw.write(folder / "exports" / "x" / "t.gpkg", points, fields, ["raumeinheit_id", "quote"], layer="raum_v", geometry_type="Point", crs="EPSG:25832")


def page(folder: Path, a: str | None) -> None:
    profile(folder, "a", a or '<abbr title="gesperrt">.</abbr>', "")


def profile(folder: Path, area: str, value: str, rest: str) -> None:
    row = f'<tr><th scope="row"><a href="indikator-quote.html">Quote</a> <span class="klein">%, 2020</span></th>\n<td class="z w">{value}</td><td class="z"></td><td class="z">{rest}</td></tr>'
    (folder / "reports" / "bericht" / f"gebiet-raum-{area}.html").write_text(f"<table>{row}</table>", encoding="utf-8")


def chart(folder: Path, a: str | None) -> None:
    entry = f"[{a}, 1.0, 9.0]" if a else "null"
    data = '{"definition":"d","ebenen":{"raum":{"werte":{"2020":[' + entry + ",[5.5,4.1,7.0]]}}}}"
    (folder / "reports" / "bericht" / "daten" / "quote.js").write_text(f'sozialraum.daten["quote"]={data};', encoding="utf-8")


def download(folder: Path, a: str | None) -> None:
    head = "Indikator;Einheit;Gebietsstand;Ebene;Schlüssel;Gebiet;Jahr;Wert;KI unten;KI oben;Anmerkung;simuliert"
    rows = [f'Quote;%;v;Raum;"a";A;2020;{a or "."};;;;ja', 'Quote;%;v;Raum;"b";B;2020;5,5;4,1;7,0;;ja']
    (folder / "reports" / "bericht" / "daten" / "quote.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8-sig")


def comma(a: str | None) -> str:
    return a.replace(".", ",") if a else "."


def site(folder: Path, name: str, body: str) -> None:
    (folder / "reports" / "bericht" / name).write_text(f"<main>{body}</main>", encoding="utf-8")


def spoken_label(folder: Path, a: str | None) -> None:
    label = f"Aue, Anteil der Kinder: fällt (2019: 6,1 %, 2020: {comma(a)} %). Alle Jahre in der Tabelle."
    other = "Aue, Anteil der Kinder in Armut: fällt (2019: 1,5 %, 2020: 2,5 %)."
    site(folder, "gebiet-raum-a.html", f'<svg role="img" aria-label="{label}"></svg><svg role="img" aria-label="{other}"></svg>')


def alternative_text(folder: Path, a: str | None) -> None:
    number = f"({comma(a)} % gegenüber 5,5 % im Rest der Stadt)" if a else "(gesperrt)"
    site(folder, "index.html", f'<img alt="Aue · Anteil der Kinder 2020: niedriger {number}."><img alt="Berg · Anteil der Kinder 2020: höher (5,5 % gegenüber 4 %).">')


def sentence(folder: Path, a: str | None) -> None:
    site(folder, "index.html", f'<ul><li><a href="gebiet-raum-a.html">Aue</a> · <b>Anteil der Kinder</b>: steigt (2016: 3,1 %, 2020: {comma(a)} %)</li></ul>')


def map_label(folder: Path, a: str | None) -> None:
    said = f": {comma(a)}, 95-Prozent-Bereich 1,0 bis 9,0, niedriger" if a else ": gesperrt"
    links = f'<a href="gebiet-raum-a.html" class="raum" aria-label="Aue{said}"></a><a href="gebiet-raum-b.html" class="raum" aria-label="Berg: 5,5, höher"></a>'
    site(folder, "indikator-quote.html", f'<section data-jahr="2020"><svg>{links}</svg></section>')


def ranking(folder: Path, a: str | None) -> None:
    rows = "".join(f'<tr><td>1</td><th scope="row"><a href="gebiet-raum-{key}.html">{key}</a></th><td class="z">{number}</td></tr>' for key, number in (("a", comma(a)), ("b", "5,5")))
    site(folder, "indikator-quote.html", f'<section data-jahr="2020"><table class="rangfolge"><tbody>{rows}</tbody></table></section>')


def years_of_an_area(folder: Path, a: str | None) -> None:
    row = f'<tr><th scope="row">2020</th><td class="z">{comma(a)}</td><td class="z"></td><td class="z">5,0</td></tr>'
    head = "<tr><th>Jahr</th><th>Wert</th><th>95-%-Bereich</th><th>Stadt</th></tr>"
    site(folder, "gebiet-raum-a.html", f"<table>\n<caption>Anteil der Kinder, %</caption>\n<thead>{head}</thead>\n<tbody>{row}</tbody></table>")


def range_of_years(folder: Path, a: str | None) -> None:
    row = f'<tr><th scope="row">2020</th><td class="z">.</td><td class="z">{f"{comma(a)} bis 9,0" if a else ""}</td><td class="z">5,0</td></tr>'
    head = "<tr><th>Jahr</th><th>Wert</th><th>95-%-Bereich</th><th>Stadt</th></tr>"
    site(folder, "indikator-quote.html", f"<table><caption>Aue, %</caption><thead>{head}</thead><tbody>{row}</tbody></table>")


def years_of_an_indicator(folder: Path, a: str | None) -> None:
    row = f'<tr><th scope="row">2020</th><td class="z">5,0</td><td class="z">{comma(a)}</td><td class="z">5,5</td></tr>'
    site(folder, "indikator-quote.html", f"<table><caption>Anteil der Kinder (Prozent).</caption><thead><tr><th>Jahr</th><th>Stadt (simuliert)</th><th>Aue</th><th>Berg</th></tr></thead><tbody>{row}</tbody></table>")


def fact(folder: Path, a: str | None) -> None:
    site(folder, "gebiet-raum-a.html", f'<dl><div><dt><a href="indikator-quote.html">Anteil der Kinder</a></dt><dd>{comma(a)} <small>%</small> <span>2020</span></dd></div></dl>')


def printed(folder: Path, a: str | None) -> None:
    """A page of the PDF about an area, with a table, as the report's own writer sets it."""
    import typst

    row = f"Anteil der Kinder (%) {comma(a)} {'1,0 bis 9,0' if a else ''}"
    text = f"= Aue Raum a\nAue 2020 im Vergleich mit dem Rest der Stadt\n\nIndikator Wert\n\n{row}\n\nAnteil der Kinder in Armut (%) 7,5 5,0 bis 9,0"
    (folder / "reports" / "t.pdf").write_bytes(typst.compile(text.encode()))


def printed_elsewhere(folder: Path, a: str | None) -> None:
    """A PDF of another program: an old font without a table of characters."""
    words = f"BT /F1 12 Tf 20 100 Td (Aue \\267 Anteil der Kinder: steigt \\(2016: 3,1 %, 2020: {comma(a)} %\\)) Tj ET".encode("latin-1")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(words), words), b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]  # fmt: skip
    written, starts = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        starts.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    written += b"xref\n0 6\n0000000000 65535 f \n" + table + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(written)
    (folder / "reports" / "t.pdf").write_bytes(written)


#: What says a number in words, in a row of years or in print.
SPOKEN = [spoken_label, alternative_text, sentence, map_label, ranking, years_of_an_area, range_of_years, years_of_an_indicator, fact, printed, printed_elsewhere]


def derived(folder: Path, a: str | None) -> None:
    """A rank beside a withheld value, in another table of the mart."""
    with duckdb.connect(str(folder / "mart.duckdb")) as db:
        db.execute(f"create table fct_vergleich as select indikator_id, gebietsstand, ebene, raumeinheit_id, stichtag, jahr, case when raumeinheit_id = 'b' then 1.0 else {'null' if a is None else 2.0} end as rang from fct_indikatorwert")


@pytest.fixture
def look(tmp_path: Path) -> Callable[[], list[str]]:
    for name in ("exports/x", "reports/bericht/daten"):
        (tmp_path / name).mkdir(parents=True)
    with duckdb.connect(str(tmp_path / "mart.duckdb")) as db:
        db.execute(MART)

    return lambda: told(tmp_path, LEAST)


@pytest.mark.parametrize("write", [parquet, csv, excel_csv, workbook, cube, layer, page, chart, download, derived, *SPOKEN])
@pytest.mark.parametrize("leak", [None, "4.25"])
def test_what_one_file_withholds_no_other_may_show(look: Callable[[], list[str]], tmp_path: Path, write: Callable[[Path, str | None], None], leak: str | None) -> None:
    write(tmp_path, leak)
    found = look()
    assert len(found) == (leak is not None), found
    assert all(text.startswith("Zwei Auskünfte: quote, raum a (v)") for text in found)


def test_a_small_count_in_a_file_is_found_though_the_mart_hides_it(look: Callable[[], list[str]], tmp_path: Path) -> None:
    # Two children in a: shown although withheld, and small in itself.
    rows = ["kennzahl_id,gebietsstand,ebene,raumeinheit_id,stichtag,wert", "kinder,v,raum,a,2020-12-31,2", "kinder,v,raum,b,2020-12-31,9"]
    (tmp_path / "exports" / "x" / "kinder.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    found = look()
    assert [text.split(":")[0] for text in found] == ["Zwei Auskünfte", "kleine Zahl in exports/x/kinder.csv"]


@pytest.mark.parametrize("rest", ["männlich", "alle anderen"])
@pytest.mark.parametrize(("others", "women", "finds"), [("5", "4", "Zwei Auskünfte: kinder,"), (".", "2", "kleine Zahl in reports/bericht/gebiet-raum-b.html (Altersaufbau, weiblich)"), ("1", ".", "kleine Zahl in reports/bericht/gebiet-raum-b.html (Altersaufbau, {rest})"), (".", ".", None)])
def test_an_age_pyramid_tells_the_group_and_its_rest(look: Callable[[], list[str]], tmp_path: Path, others: str, women: str, finds: str | None, rest: str) -> None:
    """In a the number of all children is withheld and both halves of it would tell it; in b a half is small."""
    area = "a" if women == "4" else "b"
    body = f'<tr><th scope="row">0 bis 17</th><td class="z">{others}</td><td class="z">{women}</td></tr>'
    site(tmp_path, f"gebiet-raum-{area}.html", f"<p>Altersaufbau am 31.12.2020</p><table><caption>Altersaufbau</caption><thead><tr><th>Alter</th><th>{rest}</th><th>weiblich</th></tr></thead><tbody>{body}</tbody></table>")
    found = look()
    assert len(found) == (finds is not None) and all(text.startswith((finds or "").format(rest=rest)) for text in found), found


@pytest.mark.parametrize(("today", "finds"), [("'v', 'raum', 'b'", 0), ("'v', 'raum', 'c'", 1)])
def test_an_age_pyramid_is_drawn_on_the_boundaries_of_today_where_they_have_the_count(look: Callable[[], list[str]], tmp_path: Path, today: str, finds: int) -> None:
    """On the boundaries before, the girls of b are withheld: what a page shows of them is that count only where today's have none."""
    with duckdb.connect(str(tmp_path / "mart.duckdb")) as db:
        db.execute(f"insert into fct_kennzahl values ('kinder_w', {today}, '2020-12-31', 7, 'zahl', 'l'), ('kinder_w', 'frueher', 'raum', 'b', '2020-12-31', null, 'geheim_schutz', 'l')")
    site(tmp_path, "gebiet-raum-b.html", '<p>Altersaufbau am 31.12.2020</p><table><caption>Altersaufbau</caption><thead><tr><th>Alter</th><th>weiblich</th></tr></thead><tbody><tr><th scope="row">0 bis 17</th><td class="z">7</td></tr></tbody></table>')
    assert [text.split(" ist gesperrt")[0] for text in look()] == ["Zwei Auskünfte: kinder_w, raum b (frueher) 31.12.2020"] * finds


@pytest.mark.parametrize(("rest", "value", "beside", "finds"), [("35.9", "x", "35,9", 0), ("null", "x", "35,9", 1), ("35.9", "35,9", "", 1)])
def test_the_rest_of_the_town_beside_an_area_without_a_value_is_no_leak(look: Callable[[], list[str]], tmp_path: Path, rest: str, value: str, beside: str, finds: int) -> None:
    """On today's boundaries nobody lives in c, so that its profile shows the rest of the town alone; on those before, c is withheld."""
    row = "'quote', '{}', 'raum', 'c', '2020-12-31', 2020, true, null, {}, '{}'"
    with duckdb.connect(str(tmp_path / "mart.duckdb")) as db:
        db.execute(f"insert into fct_indikatorwert values ({row.format('v', rest, 'ohne_nenner')}), ({row.format('frueher', 'null', 'geheim_schutz')})")
    profile(tmp_path, "c", value, beside)
    assert len(look()) == finds


def test_a_sign_is_no_number_whatever_stands_before_it() -> None:
    """On a profile's row of facts, behind a fact of 2020, a withheld one: its number is not 2020."""
    known = Names({"Anteil X": "anteil_x"}, {}, ("stadt", "s"), {}, re.compile("Anteil X"), re.compile("(?!)"))
    assert list(said("42,1 Jahre Alter, 2020 . Anteil X, 2020", known, ("stadt", "s"))) == []
    assert list(said("42,1 Jahre Alter, 2020 14,2 % Anteil X, 2020", known, ("stadt", "s"))) == [("anteil_x", ("stadt", "s"), 2020, "14,2")]


def test_a_number_without_a_year_may_be_the_published_one_of_another_year() -> None:
    known = Names({"Anteil X": "anteil_x"}, {}, ("stadt", "s"), {}, re.compile("Anteil X"), re.compile("(?!)"), {("anteil_x", "stadt", "s"): [18.7755]})
    assert list(said("Anteil X: höher (18,8 % gegenüber 4,4 % im Rest der Stadt)", known, ("stadt", "s"), 2022)) == []
    assert list(said("Anteil X: höher (18,9 % gegenüber 4,4 % im Rest der Stadt)", known, ("stadt", "s"), 2022)) == [("anteil_x", ("stadt", "s"), 2022, "18,9")]
    assert list(said("Anteil X 2022: höher (18,8 % gegenüber 4,4 % im Rest der Stadt)", known, ("stadt", "s"))) == [("anteil_x", ("stadt", "s"), 2022, "18,8")]
