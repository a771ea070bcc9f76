"""Files that say what another one withholds: one planted leak per kind of file, and nothing found where nothing is."""

from __future__ import annotations

import json
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

LEAST = 3
#: In area a the share is withheld, in b it is 5.5; of the children of a two are too few to be seen, those of b are nine.
MART = """
create table dim_indikator as select 'quote' as indikator_id;
create table dim_kennzahl as select 'kinder' as kennzahl_id, true as geschuetzt, 'personen' as mass;
create table dim_raumeinheit as select 'v' as gebietsstand, 'raum' as ebene, unnest(['a', 'b']) as raumeinheit_id, 'POINT (0 0)' as geometrie, date '2020-01-01' as gueltig_von, false as nicht_zuordenbar;
create table fct_quellenstand as select 'l' as lieferung_id, false as veroeffentlicht;
create table fct_indikatorwert as select 'quote' as indikator_id, 'v' as gebietsstand, 'raum' as ebene, raumeinheit_id, date '2020-12-31' as stichtag, 2020 as jahr, true as ist_jahreswert, wert::double as wert, status_id
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
    value = f'<td class="z w">{a}</td>' if a else '<td class="z w"><abbr title="gesperrt">.</abbr></td>'
    row = f'<tr><th scope="row"><a href="indikator-quote.html">Quote</a> <span class="klein">%, 2020</span></th>\n{value}<td class="z"></td></tr>'
    (folder / "reports" / "bericht" / "gebiet-raum-a.html").write_text(f"<table>{row}</table>", encoding="utf-8")


def chart(folder: Path, a: str | None) -> None:
    entry = f"[{a}, 1.0, 9.0]" if a else "null"
    data = '{"definition":"d","ebenen":{"raum":{"werte":{"2020":[' + entry + ",[5.5,4.1,7.0]]}}}}"
    (folder / "reports" / "bericht" / "daten" / "quote.js").write_text(f'sozialraum.daten["quote"]={data};', encoding="utf-8")


def download(folder: Path, a: str | None) -> None:
    head = "Indikator;Einheit;Gebietsstand;Ebene;Schlüssel;Gebiet;Jahr;Wert;KI unten;KI oben;Anmerkung;simuliert"
    rows = [f'Quote;%;v;Raum;"a";A;2020;{a or "."};;;;ja', 'Quote;%;v;Raum;"b";B;2020;5,5;4,1;7,0;;ja']
    (folder / "reports" / "bericht" / "daten" / "quote.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8-sig")


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


@pytest.mark.parametrize("write", [parquet, csv, excel_csv, workbook, cube, layer, page, chart, download, derived])
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
