"""Berlin's published files pass the door as they are, with the one known error of the polygons mended."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from shapely import from_wkt

from sources.accept import AcceptReport, accept_all, pending
from sources.model import SHIPPED_CITIES, load_city
from warehouse.ledger import Ledger
from warehouse.paths import REPOSITORY, Home
from warehouse.settings import Settings

BERLIN = REPOSITORY.parent / "shared" / "data" / "berlin"
pytestmark = pytest.mark.skipif(not BERLIN.is_dir(), reason="../shared/data/berlin ist nicht da")
CITY = load_city(SHIPPED_CITIES / "berlin")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("berlin"))
    home.prepare("berlin")
    return home


@pytest.fixture(scope="module")
def report(home: Home) -> AcceptReport:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return accept_all(CITY, home, Ledger(home.ledger), Settings(), BERLIN, move=False, now=now)


def rows(home: Home, table: str) -> str:
    return f"read_parquet('{home.raw / table / 'delivery=*' / '*.parquet'}', hive_partitioning = true)"


def test_everything_declared_comes_in(report: AcceptReport, home: Home) -> None:
    assert [r.sentence for r in report.refused] == []
    half_years = [d.stichtag for d in report.accepted if d.quelle_id == "einwohner"]
    assert half_years == [date(year, *end) for year in range(2015, 2023) for end in ((6, 30), (12, 31))]
    assert [(d.stichtag.year, d.gebietsstand) for d in report.accepted if d.quelle_id == "mss"] == [(2014, "lor2006"), (2016, "lor2006"), (2020, "lor2021")]
    assert all(check.success for checks in report.checks.values() for check in checks)
    # t4, the other MSS tables and the workbook are not declared and are named.
    assert {"LOR-Schluesselsystematik_2006.xls", "berlin-lor-matches.json"} <= {p.name for p in report.undeclared}
    assert not any("-t1-" in p.name or "-t2-" in p.name or "-t3-" in p.name for p in report.undeclared)


def test_second_look_finds_nothing_new(report: AcceptReport, home: Home) -> None:
    assert pending(CITY, Ledger(home.ledger), BERLIN) == []


def test_areas_per_version(report: AcceptReport, home: Home) -> None:
    found = duckdb.execute(f"select gebietsstand, ebene, count(*), count(distinct raumeinheit_id) from {rows(home, 'raumeinheit')} group by all").fetchall()
    expected = {
        "lor2006": {"stadt": 1, "bezirk": 12, "prognoseraum": 60, "bezirksregion": 138, "planungsraum": 447},
        "lor2019": {"stadt": 1, "bezirk": 12, "prognoseraum": 60, "bezirksregion": 138, "planungsraum": 448},
        "lor2021": {"stadt": 1, "bezirk": 12, "prognoseraum": 58, "bezirksregion": 143, "planungsraum": 542},
    }
    assert {(v, e): (n, n) for v, levels in expected.items() for e, n in levels.items()} == {(v, e): (n, d) for v, e, n, d in found}


def test_448_distinct_polygons(report: AcceptReport, home: Home) -> None:
    polygons = duckdb.execute(
        f"select raumeinheit_id, geometrie from {rows(home, 'raumeinheit')} where gebietsstand = 'lor2019' and ebene = 'planungsraum'"
    ).fetchall()
    assert len(polygons) == len({key for key, _ in polygons}) == len({shape for _, shape in polygons}) == 448
    shapes = dict(polygons)
    # Schloßstraße exists twice; the one in Charlottenburg carries the key of the one in Steglitz in the file.
    west, south = from_wkt(shapes["04030417"]).centroid, from_wkt(shapes["06010102"]).centroid
    assert (round(west.y, 2), round(south.y, 2)) == (52.51, 52.46)
    keys = {row[0] for row in duckdb.execute(f"select raumeinheit_id from {rows(home, 'einwohner_matrix')}").fetchall()}
    assert keys == set(shapes)


def test_one_area_before_2019(report: AcceptReport, home: Home) -> None:
    before, after = (
        dict(
            duckdb.execute(
                f"select raumeinheit_id, flaeche_ha from {rows(home, 'raumeinheit')} where gebietsstand = '{version}' and raumeinheit_id in ('09041301', '09041403')"
            ).fetchall()
        )
        for version in ("lor2006", "lor2019")
    )
    assert before == {"09041301": pytest.approx(after["09041301"] + after["09041403"])}


@pytest.mark.parametrize("column", ["einwohner", "auslaender", "mit_mh"])
def test_levels_add_up(report: AcceptReport, home: Home, column: str) -> None:
    totals = duckdb.execute(f"select delivery, ebene, sum({column}) from {rows(home, 'einwohner_t1')} group by all").fetchall()
    per_delivery: dict[str, set[int]] = {}
    for delivery, _, total in totals:
        per_delivery.setdefault(delivery, set()).add(total)
    assert len(totals) == 16 * 5 and all(len(values) == 1 for values in per_delivery.values())


def test_archive_is_byte_equal(report: AcceptReport, home: Home) -> None:
    for delivery in report.accepted:
        for file in delivery.files:
            assert (home.archive / delivery.quelle_id / delivery.lieferung_id / file.name).read_bytes() == Path(file.path).read_bytes()
