"""Berlin's published numbers through door and models, against the same files read by hand."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from orchestration.dbt import invoke
from sources.accept import accept_all
from sources.model import SHIPPED_CITIES, load_city
from tests.pipeline.conftest import Town
from warehouse.connect import connect
from warehouse.ledger import Ledger
from warehouse.paths import Home
from warehouse.settings import Settings

LEVELS = {"stadt": "city", "bezirk": "districts", "prognoseraum": "forecast-areas", "bezirksregion": "district-regions", "planungsraum": "planning-areas"}
HALF_YEARS = {f"{year}-{half}": f"{year}-{end}" for year in range(2015, 2023) for half, end in (("01", "06-30"), ("02", "12-31"))}
COUNTS = {
    "t1": {"inhabitants": "einwohner", "inhabitants_foreigners": "nichtdeutsche", "inhabitants_with_migration_background": "mit_migrationshintergrund"},
    "t2": {
        "inhabitants_age_below_6": "alter_0_5",
        "inhabitants_age_6_15": "alter_6_14",
        "inhabitants_age_15_18": "alter_15_17",
        "inhabitants_age_18_27": "alter_18_26",
        "inhabitants_age_27_45": "alter_27_44",
        "inhabitants_age_45_55": "alter_45_54",
        "inhabitants_age_55_65": "alter_55_64",
        "inhabitants_age_above_65": "alter_65_plus",
        "inhabitants_female": "weiblich",
    },
}
#: Edition -> classified Planungsräume.
CLASSIFIED = {2015: 435, 2017: 436, 2021: 536}


@pytest.fixture(scope="module")
def berlin(real_data: Path) -> Path:
    return real_data / "berlin"


@pytest.fixture(scope="module")
def mart(berlin_town: Town) -> Iterator[duckdb.DuckDBPyConnection]:
    with berlin_town.sealed() as database:
        yield database


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype={"id": str, "RAUMID": str}, sep=";" if path.name.endswith("Matrix.csv") else ",")


def test_every_half_year_and_level_equals_the_published_files(berlin: Path, mart: duckdb.DuckDBPyConnection) -> None:
    published = []
    for half_year, date in HALF_YEARS.items():
        for level, name in LEVELS.items():
            for table, columns in COUNTS.items():
                file = read(berlin / "einwohner" / f"berlin-lor-population-{half_year}-csv" / f"berlin-lor-population-{half_year}-{table}-{name}.csv")
                long = file.melt("id", list(columns), "spalte", "wert").assign(stichtag=date, ebene=level)
                published.append(long.assign(kennzahl_id=long["spalte"].map(columns)))
    mart.register("veroeffentlicht", pd.concat(published))
    rows = mart.execute(
        """select count(*), count(f.wert), count(*) filter (where f.wert is distinct from v.wert)
           from veroeffentlicht v left join marts.fct_kennzahl f
             on f.raumeinheit_id = v.id and f.ebene = v.ebene and f.stichtag = v.stichtag::date and f.kennzahl_id = v.kennzahl_id and not f.uebergeleitet"""
    ).fetchone()
    # 12 counts for 447 areas until 2018, 448 until 2020, 542 from 2021, and the levels above (211 until 2020, 214 after).
    expected = 12 * (8 * (447 + 211) + 4 * (448 + 211) + 4 * (542 + 214))
    assert rows == (expected, expected, 0)
    # Nothing else has a counted number of residents: one area version per date, no "nicht zuordenbar".
    assert mart.execute("select count(*) from marts.fct_kennzahl where kennzahl_id = 'einwohner' and not uebergeleitet").fetchone() == (expected // 12,)


def test_earlier_years_stand_on_todays_areas_and_say_how_well(berlin: Path, mart: duckdb.DuckDBPyConnection) -> None:
    """31.12. of 2015 to 2020 on the areas of 2021; held against the residents of the MSS 2021, which made no weight."""
    file = read(berlin / "mss" / "berlin-lor-monitoring-social-urban-development-2021-00-2-1.csv")
    carried = dict(mart.execute("select raumeinheit_id, wert from marts.fct_kennzahl where uebergeleitet and kennzahl_id = 'einwohner' and ebene = 'planungsraum' and stichtag = '2020-12-31'").fetchall())
    wrong = sum(max(0, published - carried[area]) for area, published in zip(file["id"], file["inhabitants"], strict=True)) / file["inhabitants"].sum()
    assert len(carried) == 542 and wrong <= 0.0014  # target 0.5 %, by land alone 5.2 %
    rows = mart.execute(
        """select year(stichtag), sum(wert) filter (ebene = 'planungsraum'), sum(wert) filter (ebene = 'stadt'), max(erwarteter_fehler) filter (guete = 'weighted'), max(erwarteter_fehler) filter (guete = 'exact'), count(*)
           from marts.fct_kennzahl where uebergeleitet and kennzahl_id = 'einwohner' and ebene in ('stadt', 'planungsraum') group by 1 order by 1"""
    ).fetchall()
    assert [row[0] for row in rows] == list(range(2015, 2021)) and all(row[1:3] == pytest.approx((row[1], row[1]), rel=1e-9) and row[4:] == (0, 543) for row in rows)
    errors = [row[3] for row in rows]
    # The expected error of 2020 is about the true one, and every year back adds to it.
    assert errors == sorted(errors, reverse=True) and errors[-1] == pytest.approx(wrong, rel=0.2)
    totals = mart.execute("select count(*) from marts.fct_kennzahl c join marts.fct_kennzahl d using (stichtag, kennzahl_id) where c.uebergeleitet and c.ebene = 'stadt' and d.ebene = 'stadt' and not d.uebergeleitet and c.kennzahl_id <> 'flaeche_ha' and abs(c.wert - d.wert) > 1e-9 * d.wert").fetchone()
    assert totals == (0,)
    shares = mart.execute("select count(*), min(wert), max(wert), count(ki_unten) from marts.fct_indikatorwert where uebergeleitet and ki_methode = 'wilson' and wert is not null").fetchone()
    assert shares[0] > 40_000 and shares[1] >= 0 and shares[2] <= 100 and shares[3] == shares[0]
    # Estimated shares are shown, never tested.
    assert mart.execute("select count(*) from marts.fct_vergleich join marts.fct_indikatorwert using (raumeinheit_id, gebietsstand, ebene, stichtag, indikator_id) where guete <> 'exact' and p is not null").fetchone() == (0,)


def test_the_weights_are_the_same_without_the_mss(berlin: Path, mart: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """The half-years around the changes in a folder in which the MSS does not exist."""
    folder = tmp_path / "berlin"
    shutil.copytree(berlin / "geo", folder / "geo")
    for half_year in ("2018-02", "2019-01", "2020-02", "2021-01", "2021-02", "2022-01", "2022-02"):
        name = f"berlin-lor-population-{half_year}-csv"
        shutil.copytree(berlin / "einwohner" / name, folder / "einwohner" / name)
    home = Home(tmp_path / "ohne_mss")
    home.prepare("berlin")
    settings = Settings(schluesseldatei=tmp_path / "schluessel")
    report = accept_all(load_city(SHIPPED_CITIES / "berlin"), home, Ledger(home.ledger), settings, folder, move=False, now=datetime(2026, 1, 1, tzinfo=UTC))
    assert report.refused == [] and len(report.accepted) == 8
    results = invoke(home, settings, ["build", "--select", "+int_raum__ueberleitung", "--exclude-resource-type", "unit_test", "test"]).results
    assert {str(r.status) for r in results} == {"success"}
    query = "select * from intermediate.int_raum__ueberleitung order by all"
    with connect(home.warehouse_db, read_only=True) as alone:
        without = alone.execute(query).fetchall()
    assert len(without) > 1_000 and without == mart.execute(query).fetchall()


def test_uninhabited_areas_are_a_fact(mart: duckdb.DuckDBPyConnection) -> None:
    rows = mart.execute("select stichtag::varchar, count(*), any_value(zeichen), any_value(obs_status) from marts.fct_kennzahl where kennzahl_id = 'einwohner' and wert = 0 and not uebergeleitet group by all order by 1").fetchall()
    assert rows == [("2021-06-30", 2, "-", "A"), ("2021-12-31", 1, "-", "A"), ("2022-06-30", 2, "-", "A"), ("2022-12-31", 2, "-", "A")]


def test_matrix_agrees_with_the_tables_in_every_planungsraum(berlin: Path, mart: duckdb.DuckDBPyConnection) -> None:
    matrix = read(berlin / "einwohner" / "EWR202012E_Matrix.csv").set_index("RAUMID")

    def ages(lower: int, upper: int) -> pd.Series:
        """Columns E_Eaa_bb hold ages from aa to below bb."""
        bounds = {c: tuple(map(int, c[3:].split("_"))) for c in matrix if re.fullmatch(r"E_E\d+_\d+", c)}
        chosen = [c for c, (a, b) in bounds.items() if lower <= a and b <= upper]
        assert sum(bounds[c][1] - bounds[c][0] for c in chosen) == upper - lower
        return matrix[chosen].sum(axis=1)

    expected = {
        "einwohner": matrix["E_E"], "weiblich": matrix["E_EW"], "alter_0_5": ages(0, 6), "alter_6_14": ages(6, 15), "alter_15_17": ages(15, 18),
        "alter_18_26": ages(18, 27), "alter_27_44": ages(27, 45), "alter_45_54": ages(45, 55), "alter_55_64": ages(55, 65), "alter_65_plus": ages(65, 110),
        # Only the matrix can tell these.
        "alter_0_2": ages(0, 3), "alter_15_49": ages(15, 50), "alter_80_plus": ages(80, 110),
    }  # fmt: skip
    for kennzahl, values in expected.items():
        rows = mart.execute("select raumeinheit_id, wert from marts.fct_kennzahl where ebene = 'planungsraum' and stichtag = '2020-12-31' and not uebergeleitet and kennzahl_id = ?", [kennzahl]).fetchall()
        assert len(rows) == 448
        assert dict(rows) == values.to_dict(), kennzahl


def test_what_the_groups_do_not_carry_is_unknown_and_says_so(mart: duckdb.DuckDBPyConnection) -> None:
    rows = mart.execute(
        "select distinct wert, zeichen, status_id from marts.fct_indikatorwert where indikator_id in ('jugendquotient_20_65', 'altenquotient_20_65', 'durchschnittsalter', 'anteil_wohndauer_5_plus')"
    ).fetchall()
    assert rows == [(None, "x", "nicht_berechenbar")]
    # Only the matrix of 2020-12 splits at 15, 50 and 80.
    billeter = mart.execute("select distinct stichtag::varchar from marts.fct_indikatorwert where indikator_id = 'billeter_mass' and wert is not null").fetchall()
    assert billeter == [("2020-12-31",)]


def test_ratios_of_the_city(berlin: Path, mart: duckdb.DuckDBPyConnection) -> None:
    city = read(berlin / "einwohner" / "berlin-lor-population-2022-02-csv" / "berlin-lor-population-2022-02-t2-city.csv").iloc[0]
    young = city[["inhabitants_age_below_6", "inhabitants_age_6_15", "inhabitants_age_15_18"]].sum()
    working = city[["inhabitants_age_18_27", "inhabitants_age_27_45", "inhabitants_age_45_55", "inhabitants_age_55_65"]].sum()
    query = "select wert from marts.fct_indikatorwert where ebene = 'stadt' and stichtag = '2022-12-31' and ist_jahreswert and not uebergeleitet and indikator_id = ?"
    assert mart.execute(query, ["jugendquotient_18_65"]).fetchone()[0] == pytest.approx(100 * young / working, rel=1e-12)
    assert mart.execute(query, ["altenquotient_18_65"]).fetchone()[0] == pytest.approx(100 * city["inhabitants_age_above_65"] / working, rel=1e-12)
    assert mart.execute(query, ["anteil_nichtdeutsche"]).fetchone()[0] == pytest.approx(100 * city["inhabitants_foreigners"] / city["inhabitants"], rel=1e-12)


@pytest.mark.parametrize("edition", CLASSIFIED)
@pytest.mark.parametrize(("index", "column"), [("mss_status", "status_index_klasse"), ("mss_dynamik", "dynamik_index_klasse")])
def test_mss_classes_are_the_published_ones(berlin: Path, mart: duckdb.DuckDBPyConnection, edition: int, index: str, column: str) -> None:
    file = read(berlin / "mss" / f"berlin-lor-monitoring-social-urban-development-{edition}-00-1.csv")
    computed = mart.execute("select raumeinheit_id, klasse, stichtag from marts.fct_index where jahr = ? and index_id = ? and klasse is not null", [edition, index]).fetchall()
    assert {area: name for area, name, _ in computed} == dict(zip(file["id"], file[column].str.strip(), strict=True))
    assert len(computed) == CLASSIFIED[edition]
    assert {date.isoformat() for *_, date in computed} == {f"{edition - 1}-12-31"}


def test_delivered_rates_have_no_counts_and_no_false_zero(mart: duckdb.DuckDBPyConnection) -> None:
    rows = mart.execute(
        """select year(stichtag), count(wert), count(zaehler) + count(nenner), count(*) filter (where wert = 0)
           from marts.fct_indikatorwert where indikator_id = 'mss_s1' group by all order by 1"""
    ).fetchall()
    assert [row[:3] for row in rows] == [(2014, 435, 0), (2016, 436, 0), (2020, 536, 0)]
    assert mart.execute("select count(wert) from marts.fct_indikatorwert where indikator_id in ('mss_s2', 'mss_d2') and stichtag = '2020-12-31'").fetchone() == (0,)


def test_448_distinct_polygons_stand_for_the_planungsraeume_of_2020(mart: duckdb.DuckDBPyConnection) -> None:
    rows = mart.execute("select count(*), count(distinct geometrie) from marts.dim_raumeinheit where gebietsstand = 'lor2019' and ebene = 'planungsraum' and not nicht_zuordenbar").fetchone()
    assert rows == (448, 448)


def test_published_statistics_pass_the_gate_unchanged(mart: duckdb.DuckDBPyConnection) -> None:
    for table in ("fct_kennzahl", "fct_indikatorwert", "fct_index"):
        sealed = mart.execute(f"select count(*), count(wert) from marts.{table}").fetchone()
        assert mart.execute(f"select count(*), count(wert) from schutz.exp_freigabe__{table} where zielgruppe = 'oeffentlich'").fetchone() == sealed
