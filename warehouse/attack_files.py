"""The part of the attack that reads every exported file: does any of them say what another one withholds?

A cell counts as withheld when the audience's mart says so. Tables (Parquet, CSV, XLSX, JSON-stat, GeoPackage), the data
behind the charts, the rows of the report's pages and what stands in sentences (attack_text) are read as an outsider would.
Shares no code with what writes them.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyogrio.raw
from duckdb import DuckDBPyConnection
from python_calamine import CalamineWorkbook

from warehouse import attack_text
from warehouse.connect import connect, literal

#: Columns that may stand beside a withheld value: when, over how many, and numbers that other people published.
HARMLESS = {"jahr", "jahr_von", "nenner", "gebiete", "bezug_wert", "umkreis_m", "laenge", "breite", "ebene_rang", "faktor"}
CELL = ("gebietsstand", "ebene", "raumeinheit_id")
#: Names of the report's CSV files for the same columns.
REPORT = {"Gebietsstand": "gebietsstand", "Ebene": "ebene", "Schlüssel": "raumeinheit_id", "Jahr": "jahr", "Wert": "wert", "KI unten": "ki_unten", "KI oben": "ki_oben"}
NUMBER = re.compile(r"^\s*-?\d[\d.,]*(e[+-]?\d+)?\s*$")
NUMERIC = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT|INTEGER|DOUBLE|FLOAT|DECIMAL")
#: A value that is published elsewhere, to the digits that a file may round to.
SAME = 1e-6

WITHHELD = """
create or replace temp table verschwiegen as
select indikator_id as was, gebietsstand, ebene, raumeinheit_id, stichtag, case when ist_jahreswert then jahr end as jahr
from fct_indikatorwert where status_id = 'geheim_schutz'
union all
select kennzahl_id, gebietsstand, ebene, raumeinheit_id, stichtag, extract(year from stichtag) from fct_kennzahl where status_id = 'geheim_schutz'
"""
SHOWN = "create or replace temp table gezeigt (datei varchar, was varchar, gebietsstand varchar, ebene varchar, raumeinheit_id varchar, stichtag date, jahr integer, zahl varchar, anzahl double)"


def told(folder: Path, least: int) -> list[str]:
    """One German sentence per cell that a file of the folder shows although its mart withholds it, or that is small."""
    with connect(folder / "mart.duckdb", read_only=True) as db:
        return _told(db, folder, least)


def _told(db: DuckDBPyConnection, folder: Path, least: int) -> list[str]:
    db.execute(WITHHELD)
    db.execute(SHOWN)
    found: list[str] = []
    for schema, table in db.execute(
        "select schema_name, table_name from duckdb_columns() where not internal and database_name = current_database() group by all having list_has_all(list(column_name), ['raumeinheit_id', 'gebietsstand', 'ebene', 'stichtag']) and list_has_any(list(column_name), ['indikator_id', 'kennzahl_id']) order by all"
    ).fetchall():
        _table(db, f'"{schema}"."{table}"', f"mart.duckdb, {table}", least)
    for file in sorted(p for p in folder.rglob("*") if p.suffix == ".parquet"):
        _table(db, f"read_parquet({literal(file)})", str(file.relative_to(folder)), least)
    for file in sorted((folder / "exports").rglob("*.csv")):
        excel = file.stem.endswith("_excel")
        _table(db, f"read_csv({literal(file)}, all_varchar = true, header = true, delim = {';' if excel else ','!r}, quote = '\"', escape = '\"')", str(file.relative_to(folder)), least)
    _report_tables(db, folder)
    rows: list[tuple] = []
    areas: dict[str, list[str]] = {}
    for level, area in db.execute(f"select ebene, raumeinheit_id from dim_raumeinheit where gebietsstand = ({VERSION}) and not nicht_zuordenbar order by raumeinheit_id").fetchall():
        areas.setdefault(level, []).append(area)
    known = attack_text.names(db, VERSION)
    for file in sorted(folder.rglob("*")):
        name = str(file.relative_to(folder))
        if file.suffix == ".html":
            rows += attack_text.of_page(file, name, known, TODAY)
        elif file.suffix == ".pdf":
            rows += attack_text.of_pdf(file, name, known, TODAY)
        if file.suffix == ".xlsx":
            _workbook(db, file, name, least)
        elif file.suffix == ".json" and file.parent.parent.name == "exports":
            rows += _jsonstat(file, name)
        elif file.suffix == ".html" and file.name.startswith("gebiet-"):
            rows += _page(file, name)
        elif file.suffix == ".js" and file.parent.name == "daten":
            rows += _chart(file, name, areas)
        elif file.suffix == ".gpkg":
            found += sorted(_layers(db, file, name))
    _insert(db, rows)
    # A page shows a year before today's boundaries by those of its time, where today's have no number; the rest of the town is today's
    # where today's have one, though nobody lives in the area.
    for mark, number in ((TODAY, "wert"), (REST, "coalesce(wert, rest_wert)")):
        db.execute(
            f"""update gezeigt set gebietsstand = v.gebietsstand from verschwiegen v
                where gezeigt.gebietsstand = '{mark}' and v.gebietsstand <> ({VERSION}) and (v.was, v.ebene, v.raumeinheit_id, v.jahr) = (gezeigt.was, gezeigt.ebene, gezeigt.raumeinheit_id, gezeigt.jahr)
                and (v.was, v.ebene, v.raumeinheit_id, v.jahr) not in (
                    select (indikator_id, ebene, raumeinheit_id, jahr) from fct_indikatorwert where gebietsstand = ({VERSION}) and ({number} is not null or status_id = 'geheim_schutz')
                    union all
                    select (kennzahl_id, ebene, raumeinheit_id, year(stichtag)) from fct_kennzahl where gebietsstand = ({VERSION}) and (wert is not null or status_id = 'geheim_schutz'))"""
        )
    db.execute(f"update gezeigt set gebietsstand = ({VERSION}) where gebietsstand in ('{TODAY}', '{REST}')")
    found += [
        f"Zwei Auskünfte: {what}, {level} {area} ({version}) {when} ist gesperrt, aber {file} zeigt {number}"
        for file, what, level, area, version, when, number in db.execute(
            """select datei, was, ebene, raumeinheit_id, gebietsstand, min(coalesce(strftime(v.stichtag, '%d.%m.%Y'), v.jahr::varchar)), min(zahl)
               from gezeigt g join verschwiegen v using (was, gebietsstand, ebene, raumeinheit_id)
               where zahl is not null and (g.stichtag = v.stichtag or (g.stichtag is null and g.jahr = v.jahr)) group by all order by all"""
        ).fetchall()
    ]
    found += [
        f"kleine Zahl in {file}: {what}, {level} {area} ({version}) {when}"
        for file, what, level, area, version, when in db.execute(
            """select distinct datei, was, g.ebene, g.raumeinheit_id, g.gebietsstand, coalesce(strftime(g.stichtag, '%d.%m.%Y'), g.jahr::varchar) from gezeigt g
               join dim_kennzahl k on k.kennzahl_id = was and k.geschuetzt and k.mass in ('personen', 'anzahl')
               left join fct_kennzahl f on (f.kennzahl_id, f.gebietsstand, f.ebene, f.raumeinheit_id, f.stichtag) = (g.was, g.gebietsstand, g.ebene, g.raumeinheit_id, g.stichtag)
               left join fct_quellenstand q on q.lieferung_id = f.lieferung_id
               where anzahl between 1 and $least - 1 and not coalesce(q.veroeffentlicht, false) order by all""",
            {"least": least},
        ).fetchall()
    ]
    return found


def _insert(db: DuckDBPyConnection, rows: Iterable[tuple]) -> None:
    """rows: file, what, version, level, area, date, year, number, count."""
    columns = list(zip(*rows, strict=True))
    if not columns:
        return
    names = ("datei", "was", "gebietsstand", "ebene", "raumeinheit_id", "stichtag", "jahr", "zahl", "anzahl")
    kinds = [pa.string()] * 6 + [pa.int32(), pa.string(), pa.float64()]
    table = pa.table({name: pa.array(column, type=kind) for name, column, kind in zip(names, columns, kinds, strict=True)})
    db.register("zeilen", table)
    db.execute("insert into gezeigt select datei, was, gebietsstand, lower(ebene), raumeinheit_id, stichtag::date, jahr, zahl, anzahl from zeilen where zahl is not null")
    db.unregister("zeilen")


def _table(db: DuckDBPyConnection, rows: str, name: str, least: int) -> None:
    """All numbers of a table with areas and indicators or counts, but those that may be seen anyway."""
    columns = {column: kind for column, kind, *_ in db.execute(f"describe select * from {rows}").fetchall()}
    what = next((c for c in ("indikator_id", "kennzahl_id") if c in columns), None)
    if what is None or not set(CELL) <= columns.keys() or not {"stichtag", "jahr"} & columns.keys():
        return
    text = all(kind == "VARCHAR" for kind in columns.values())
    measures = [c for c, kind in columns.items() if c not in HARMLESS and c not in (what, *CELL) and (NUMERIC.match(kind) or (text and c in _MEASURES))]
    if not measures:
        return
    # A number: text columns hold signs for what is missing as well.
    shown = "coalesce(" + ", ".join(f"""case when regexp_matches("{c}", '^\\s*-?[0-9]') then '{c} = ' || "{c}" end""" if text else f"""'{c} = ' || "{c}"::varchar""" for c in measures) + ")"
    count = ("try_cast(replace(wert, ',', '.') as double)" if text else "wert::double") if what == "kennzahl_id" and "wert" in columns else "null::double"
    day = ("coalesce(try_cast(stichtag as date), try_strptime(stichtag, '%d.%m.%Y')::date)" if text else "stichtag::date") if "stichtag" in columns else "null::date"
    year = "try_cast(jahr as integer)" if "jahr" in columns else "null::integer"
    db.execute(
        f"""insert into gezeigt
            with gelesen as (select "{what}" as was, gebietsstand, lower(ebene) as ebene, raumeinheit_id, {count} as anzahl, * exclude ("{what}", gebietsstand, ebene, raumeinheit_id) from {rows})
            select {literal(name)}, was, gebietsstand, ebene, raumeinheit_id, {day}, {year}, {shown}, anzahl from gelesen
            where (anzahl between 1 and {least} - 1 or (was, gebietsstand, ebene, raumeinheit_id) in (select (was, gebietsstand, ebene, raumeinheit_id) from verschwiegen)) and {shown} is not null"""
    )


#: Numbers in files that are all text.
_MEASURES = {"zaehler", "wert", "ki_unten", "ki_oben", "rest_wert", "diff", "diff_ki_unten", "diff_ki_oben", "vergleichswert", "differenz"}
READ = _MEASURES | {*CELL, "indikator_id", "kennzahl_id", "stichtag", "jahr"}


def _report_tables(db: DuckDBPyConnection, folder: Path) -> None:
    """The downloads behind the indicator pages: one file per indicator, named after it."""
    if not any(folder.glob("reports/bericht/daten/*.csv")):
        return
    shown = "coalesce(" + ", ".join(f"""case when regexp_matches("{c}", '^\\s*-?[0-9]') then '{c} = ' || "{c}" end""" for c in ("Wert", "KI unten", "KI oben")) + ")"
    db.execute(
        f"""insert into gezeigt select 'reports/bericht/daten/' || parse_filename(filename), parse_filename(filename, true), "Gebietsstand", lower("Ebene"), "Schlüssel", null, try_cast("Jahr" as integer), {shown}, null
            from read_csv({literal(folder / "reports/bericht/daten/*.csv")}, all_varchar = true, header = true, delim = ';', quote = '"', escape = '"', filename = true) where {shown} is not null"""
    )


def _workbook(db: DuckDBPyConnection, file: Path, name: str, least: int) -> None:
    book = CalamineWorkbook.from_path(file)
    for sheet in book.sheet_names:
        lines = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        head = next((i for i, line in enumerate(lines) if "raumeinheit_id" in line), None)
        if head is None or not lines[head + 1 :]:
            continue
        columns = {title: [cell if type(cell := line[at]) is str and cell else _text(cell) for line in lines[head + 1 :]] for at, title in enumerate(lines[head]) if title in READ}
        db.register("blatt", pa.table({title: pa.array(values, type=pa.string()) for title, values in columns.items()}))
        _table(db, "blatt", name, least)
        db.unregister("blatt")


def _text(value: object) -> str | None:
    """A cell as a CSV file would have it; whole numbers and dates in whatever form the workbook keeps them."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return None if value == "" else str(value)


def _jsonstat(file: Path, name: str) -> Iterator[tuple]:
    """A cube of areas (version/level/key), years and indicators."""
    data = json.loads(file.read_text(encoding="utf-8"))
    if data.get("class") != "dataset" or not {"indikator", "raum", "jahr"} <= set(data["id"]):
        return
    keys = [sorted(index, key=index.get) if isinstance(index := data["dimension"][d]["category"]["index"], dict) else index for d in data["id"]]
    values = data["value"] if isinstance(data["value"], dict) else dict(enumerate(data["value"]))
    sizes = [len(k) for k in keys]
    for at, value in values.items():
        if value is None:
            continue
        place, codes = int(at), []
        for size, codes_of in zip(reversed(sizes), reversed(keys), strict=True):
            place, rest = divmod(place, size)
            codes.append(codes_of[rest])
        found = dict(zip(data["id"], reversed(codes), strict=True))
        yield name, found["indikator"], *found["raum"].split("/", 2), None, int(found["jahr"]), str(value), None


def _page(file: Path, name: str) -> Iterator[tuple]:
    """Rows of an area's profile: indicator, year, and whether there is a number, of the area or only of the rest of the town. The
    page says its boundaries nowhere: today's."""
    _, level, area = file.stem.split("-", 2)
    for indicator, year, cells in re.findall(r'<tr><th scope="row"><a href="indikator-([^"]+)\.html">.*?(\d{4})</span></th>(.*?)</tr>', file.read_text(encoding="utf-8"), re.S):
        texts = [html.unescape(re.sub(r"<[^>]+>", "", c)).strip() for c in re.findall(r"<td class=\"z[^\"]*\">(.*?)</td>", cells, re.S)[:3]]
        at = next((at for at, text in enumerate(texts) if re.match(r"-?\d", text)), None)
        if at is not None:
            yield name, indicator, REST if at == 2 else TODAY, level, area, None, int(year), texts[at], None


TODAY, REST = "heute", "heute, Rest der Stadt"


def _chart(file: Path, name: str, areas: dict[str, list[str]]) -> Iterator[tuple]:
    """Data of the maps: per level and year one entry per area, in the order of the keys."""
    data = json.loads(file.read_text(encoding="utf-8").split("=", 1)[1].rstrip().rstrip(";"))
    for level, content in data.get("ebenen", {}).items() if "definition" in data else ():
        for year, entries in content.get("werte", {}).items():
            for area, entry in zip(areas.get(level, []), entries, strict=False):
                number = next((x for x in (entry[:3] if isinstance(entry, list) else [entry]) if isinstance(x, int | float)), None)
                if number is not None:
                    yield name, file.stem, TODAY, level, area, None, int(year), str(number), None


#: The boundaries of the report: the newest with values whose areas are all drawn.
VERSION = """select gebietsstand from dim_raumeinheit where not nicht_zuordenbar and gebietsstand in (select gebietsstand from fct_indikatorwert where wert is not null)
    group by gebietsstand order by count(*) = count(geometrie) desc, min(gueltig_von) desc limit 1"""


def _layers(db: DuckDBPyConnection, file: Path, name: str) -> Iterator[str]:
    """Layers of a GeoPackage, <level>_<version>, a column per indicator and no year: every number must be published for its area."""
    published: dict[tuple, list[float]] = {}
    for *key, value in db.execute("select indikator_id, gebietsstand, ebene, raumeinheit_id, wert from fct_indikatorwert where wert is not null").fetchall():
        published.setdefault(tuple(key), []).append(value)
    indicators = {i for (i,) in db.execute("select indikator_id from dim_indikator").fetchall()}
    for layer, _ in pyogrio.list_layers(file):
        level, _, version = layer.partition("_")
        info, _, _, data = pyogrio.raw.read(file, layer=layer, read_geometry=False)
        columns = dict(zip(info["fields"], data, strict=True))
        if "raumeinheit_id" not in columns:
            continue
        for indicator in indicators & columns.keys():
            for area, value in zip(columns["raumeinheit_id"], columns[indicator].astype(float), strict=True):
                if value == value and not any(abs(value - p) <= SAME * max(1, abs(p)) for p in published.get((indicator, version, level, area), [])):
                    yield f"Zwei Auskünfte: {indicator}, {level} {area} ({version}) ist gesperrt, aber {name} zeigt {value}"
