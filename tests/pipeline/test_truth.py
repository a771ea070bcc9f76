"""The mart of the simulated town against what the generator knows: balance of persons, and indicators counted anew."""

from __future__ import annotations

import duckdb
import numpy as np
import pyogrio
import pytest

from methods import intervals
from tests.pipeline.conftest import Town

#: Area versions and the years whose 31.12. they describe.
BOUNDARIES = {"hilden2015": range(2015, 2020), "hilden2020": range(2020, 2025)}


@pytest.fixture(scope="module")
def truth(demo: Town) -> duckdb.DuckDBPyConnection:
    """The generator's persons and events with the areas of their blocks, read from the delivered GeoPackages, and the sealed marts."""
    db = duckdb.connect()
    db.execute(f"attach '{demo.root / 'sealed' / 'warehouse.duckdb'}' as lager (read_only)")
    for table in ("personen", "bewegungen"):
        db.execute(f"create view {table} as from '{demo.root / 'sealed' / 'wahrheit' / f'truth_{table}.parquet'}'")
    db.execute("create table ort (gebietsstand varchar, block_id varchar, ebene varchar, raumeinheit_id varchar)")
    for package in sorted((demo.root / "archive" / "raumgliederung").rglob("*.gpkg")):
        version = "hilden2015" if "2015" in package.name else "hilden2020"
        parents = {}
        for level in ("block", "sozialraum", "stadtbereich"):
            _, rows = pyogrio.read_arrow(package, layer=level, columns=["schluessel", "gehoert_zu"], read_geometry=False)
            parents[level] = dict(zip(rows["schluessel"].to_pylist(), rows["gehoert_zu"].to_pylist(), strict=True))
        for block, area in parents["block"].items():
            district = parents["sozialraum"][area]
            rows = [("block", block), ("sozialraum", area), ("stadtbereich", district), ("stadt", parents["stadtbereich"][district])]
            db.executemany("insert into ort values (?, ?, ?, ?)", [[version, block, level, key] for level, key in rows])
    return db


def test_stock_and_flow_balance_for_every_area_and_year(truth: duckdb.DuckDBPyConnection) -> None:
    """stock(t+1) = stock(t) + births + arrivals + moves in − deaths − departures − moves out, on the boundaries of t+1.

    Blocks stand on the boundaries of their date only; they are the same blocks before and after the change.
    """
    different, compared = truth.execute(
        """with bestand as (
               select gebietsstand, ebene, raumeinheit_id, year(stichtag) as jahr, wert from lager.marts.fct_kennzahl where kennzahl_id = 'einwohner' and raumeinheit_id not like 'nz%'),
           fluss as (
               select jahr, gebietsstand, ebene, raumeinheit_id, sum(richtung) as saldo from (
                   select jahr, block_nach as block_id, 1 as richtung from bewegungen where ereignis <> 'einbuergerung' and block_nach is not null
                   union all select jahr, block_von, -1 from bewegungen where ereignis <> 'einbuergerung' and block_von is not null) join ort using (block_id)
               group by all)
           select count(*) filter (where neu.wert <> alt.wert + coalesce(saldo, 0)), count(*)
           from bestand neu join bestand alt on (alt.ebene, alt.raumeinheit_id, alt.jahr) = (neu.ebene, neu.raumeinheit_id, neu.jahr - 1)
               and (alt.gebietsstand = neu.gebietsstand or neu.ebene = 'block')
           left join fluss on (fluss.gebietsstand, fluss.ebene, fluss.raumeinheit_id, fluss.jahr) = (neu.gebietsstand, neu.ebene, neu.raumeinheit_id, neu.jahr)"""
    ).fetchone()
    assert different == 0
    blocks = truth.execute("select count(distinct block_id) from ort").fetchone()[0]
    assert compared == 9 * (2 * (1 + 5) + 20 + 22 + blocks)


@pytest.mark.parametrize(
    ("indicator", "counted"),
    [
        ("einwohner", "count(*)"),
        ("anteil_0_17", "100.0 * count(*) filter (alter < 18) / count(*)"),
        ("anteil_65_plus", "100.0 * count(*) filter (alter >= 65) / count(*)"),
        ("jugendquotient_20_65", "100.0 * count(*) filter (alter < 20) / count(*) filter (alter between 20 and 64)"),
        ("altenquotient_18_65", "100.0 * count(*) filter (alter >= 65) / count(*) filter (alter between 18 and 64)"),
        ("billeter_mass", "(count(*) filter (alter < 15) - count(*) filter (alter >= 50)) / count(*) filter (alter between 15 and 49)::double"),
        ("durchschnittsalter", "avg(alter)"),
        ("frauenanteil", "100.0 * count(*) filter (geschlecht = 'w') / count(*)"),
        ("anteil_nichtdeutsche", "100.0 * count(*) filter (staatsangehoerigkeit1 <> '000') / count(*)"),
        ("anteil_nichtdeutsche_0_17", "100.0 * count(*) filter (staatsangehoerigkeit1 <> '000' and alter < 18) / count(*) filter (alter < 18)"),
    ],
)
def test_indicators_equal_numbers_counted_from_the_truth(truth: duckdb.DuckDBPyConnection, indicator: str, counted: str) -> None:
    """Every area above the block, every year, on both boundaries; the truth never passed the door."""
    different, compared = truth.execute(
        f"""with gezaehlt as (
                select gebietsstand, ebene, raumeinheit_id, year(stichtag) as jahr, {counted} as wert from personen join ort using (block_id) where ebene <> 'block' group by all)
            select count(*) filter (where mart.wert is null or abs(mart.wert - gezaehlt.wert) > 1e-9 * greatest(1, abs(gezaehlt.wert))), count(*)
            from gezaehlt left join (from lager.marts.fct_indikatorwert where ist_jahreswert and indikator_id = ?) mart using (gebietsstand, ebene, raumeinheit_id, jahr)""",
        [indicator],
    ).fetchone()
    assert different == 0
    assert compared == 10 * (2 * 6 + 20 + 22)


def test_both_boundaries_are_valid_when_they_say_so(truth: duckdb.DuckDBPyConnection) -> None:
    rows = truth.execute("select gebietsstand, list(distinct year(stichtag) order by year(stichtag)) from lager.marts.fct_kennzahl where gebietsstand_am_stichtag group by all").fetchall()
    assert {version: list(years) for version, years in BOUNDARIES.items()} == dict(rows)


def test_standardised_mortality_is_that_of_the_age_bands(truth: duckdb.DuckDBPyConnection) -> None:
    """Town and Stadtbereiche of 2024: deaths of the register's events, residents of the truth, weights of the standard population."""
    rows = truth.execute(
        """with faelle as (
               select von_block_id as block_id, alter_jahre as jahre, 1 as x, 0 as n from lager.staging.stg_melderegister_bewegung__ereignis where ereignis = 'STE' and year(stichtag) = 2024
               union all select block_id, alter, 0, 1 from personen where year(stichtag) = 2024)
           select ebene, raumeinheit_id, least(jahre // 5, 18), sum(x), sum(n) from faelle join ort using (block_id)
           where gebietsstand = 'hilden2020' and ebene in ('stadt', 'stadtbereich') group by all"""
    ).fetchall()
    bands = {}
    for level, area, band, x, n in rows:
        bands.setdefault((level, area), np.zeros((2, 19)))[:, band] += x, n
    shown = truth.execute(
        """select ebene, raumeinheit_id, wert, ki_unten, ki_oben from lager.marts.fct_indikatorwert
           where indikator_id = 'sterbeziffer_standardisiert' and gebietsstand = 'hilden2020' and jahr = 2024 and not starts_with(raumeinheit_id, 'nz_')"""
    ).fetchall()
    assert len(shown) == len(bands) == 6
    for level, area, *found in shown:
        expected = intervals.dsr(*bands[level, area], multiplier=100_000)
        assert found == [np.rint(part) for part in expected[:3]], area
