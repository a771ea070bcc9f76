"""Movements, benefits and labour market in the sealed mart of the simulated town, against its truth and each other."""

from __future__ import annotations

import duckdb
import pytest

from tests.pipeline.conftest import Town

TOPICS = ("bewegung", "sgb2", "arbeitslosigkeit", "sgb12", "asylblg", "wohngeld", "sgb8")


@pytest.fixture(scope="module")
def mart(demo: Town) -> duckdb.DuckDBPyConnection:
    db = duckdb.connect()
    db.execute(f"attach '{demo.root / 'sealed' / 'warehouse.duckdb'}' as lager (read_only)")
    db.execute(f"create view ereignis as from '{demo.root / 'sealed' / 'wahrheit' / 'truth_bewegungen.parquet'}'")
    return db


def test_every_area_balances_on_the_boundaries_of_the_year_end(mart: duckdb.DuckDBPyConnection) -> None:
    """Residents now = residents a year ago + births - deaths + arrivals - departures + moves in - moves out, down to the block."""
    signs = {"geburten": 1, "zuzuege": 1, "umzuege_zu": 1, "sterbefaelle": -1, "fortzuege": -1, "umzuege_fort": -1}
    change = " + ".join(f"({sign}) * sum(wert) filter (kennzahl_id = '{name}')" for name, sign in signs.items())
    compared, wrong = mart.execute(
        f"""with jahr as (
                select gebietsstand, ebene, raumeinheit_id, year(stichtag) as jahr, sum(wert) filter (kennzahl_id = 'einwohner') as bestand, {change} as saldo
                from lager.marts.fct_kennzahl where month(stichtag) = 12 and not starts_with(raumeinheit_id, 'nz_') group by all)
            select count(*), count(*) filter (jetzt.bestand is distinct from vorher.bestand + jetzt.saldo)
            from jahr jetzt join jahr vorher on (jetzt.gebietsstand, jetzt.ebene, jetzt.raumeinheit_id, jetzt.jahr) = (vorher.gebietsstand, vorher.ebene, vorher.raumeinheit_id, vorher.jahr + 1)"""
    ).fetchone()
    assert wrong == 0
    # Town, Stadtbereiche and Sozialräume on both boundaries; blocks on those of their date, four years each.
    assert compared == 9 * (2 * (1 + 5) + 20 + 22) + (4 + 4) * 500


@pytest.mark.parametrize(("kennzahl", "event", "side"), [("geburten", "geburt", "nach"), ("sterbefaelle", "sterbefall", "von"), ("zuzuege", "zuzug", "nach"), ("fortzuege", "fortzug", "von"), ("umzuege_zu", "umzug", "nach"), ("umzuege_fort", "umzug", "von"), ("einbuergerungen", "einbuergerung", "von")])
def test_events_are_those_that_happened(mart: duckdb.DuckDBPyConnection, kennzahl: str, event: str, side: str) -> None:
    """Per block and year."""
    counted = f"select jahr, block_{side} as block, count(*) as n from ereignis where ereignis = '{event}' group by all"
    in_mart = f"select year(stichtag) as jahr, raumeinheit_id as block, wert as n from lager.marts.fct_kennzahl where kennzahl_id = '{kennzahl}' and ebene = 'block' and wert > 0"
    assert mart.execute(f"select count(*) from (({counted}) except ({in_mart}))").fetchone() == (0,)
    assert mart.execute(f"select count(*) from (({in_mart}) except ({counted}))").fetchone() == (0,)


def test_every_count_is_there_for_every_sozialraum_since_2020(mart: duckdb.DuckDBPyConnection) -> None:
    """A value, or the symbol under which the agency kept it secret; never a missing row."""
    rows = mart.execute(
        f"""select kennzahl_id, count(*), count(wert), list(distinct zeichen) filter (wert is null)
            from lager.marts.fct_kennzahl join lager.seeds.kennzahlen using (kennzahl_id)
            where thema in {TOPICS} and ebene = 'sozialraum' and gebietsstand_am_stichtag and year(stichtag) >= 2020 and month(stichtag) = 12 and not starts_with(raumeinheit_id, 'nz_')
            group by all"""
    ).fetchall()
    assert len(rows) == 93
    for name, count, known, symbols in rows:
        assert count == 5 * 22, name
        assert known == count or symbols == ["*"], name


def test_ninety_counts_of_fourteen_declarations_have_a_value_in_every_sozialraum_since_2020(mart: duckdb.DuckDBPyConnection) -> None:
    counts, sources = mart.execute(
        """with wert as (
               select kennzahl_id, raumeinheit_id, year(stichtag) as jahr, lieferung_id from lager.marts.fct_kennzahl
               where ebene = 'sozialraum' and gebietsstand_am_stichtag and year(stichtag) between 2020 and 2024 and not starts_with(raumeinheit_id, 'nz_') and wert is not null),
           voll as (select kennzahl_id from wert group by kennzahl_id having count(distinct (raumeinheit_id, jahr)) = 22 * 5)
           select count(distinct kennzahl_id), count(distinct quelle_id) from wert semi join voll using (kennzahl_id) join lager.marts.fct_quellenstand using (lieferung_id)"""
    ).fetchone()
    assert counts >= 90 and sources >= 14


def test_every_expected_row_exists_with_a_value_or_a_reason(mart: duckdb.DuckDBPyConnection) -> None:
    expected, missing = mart.execute(
        """select count(*), count(*) filter (wert.kennzahl_id is null) from lager.intermediate.int_kennzahl__erwartet soll
           left join lager.marts.fct_kennzahl wert using (gebietsstand, ebene, raumeinheit_id, stichtag, kennzahl_id)"""
    ).fetchone()
    assert expected > 50_000 and missing == 0
    for table in ("fct_kennzahl", "fct_indikatorwert"):
        assert mart.execute(f"select count(*) from lager.marts.{table} where wert is null and (zeichen is null or status_id in ('wert', 'nichts_vorhanden'))").fetchone() == (0,)


def test_every_level_below_the_town_has_a_place_for_what_cannot_be_placed(mart: duckdb.DuckDBPyConnection) -> None:
    rows = mart.execute("select gebietsstand, ebene, count(*) filter (nicht_zuordenbar) from lager.marts.dim_raumeinheit group by all order by all").fetchall()
    assert len(rows) == 2 * 4
    assert all(places == (level != "stadt") for _, level, places in rows)


def test_layers_hold_every_resident_of_every_year_once(mart: duckdb.DuckDBPyConnection) -> None:
    """School districts, polling districts and the grid: whoever has no address is spread, nobody is lost or doubled."""
    rows = mart.execute(
        """with stadt as (select stichtag, wert from lager.marts.fct_kennzahl where kennzahl_id = 'einwohner' and ebene = 'stadt' and gebietsstand_am_stichtag)
           select schicht, count(distinct stichtag), max(abs(summe - wert)), min(fehler), max(fehler) from (
               select schicht, stichtag, sum(wert) as summe, min(erwarteter_fehler) as fehler_min, max(erwarteter_fehler) as fehler from lager.intermediate.int_schicht__kennzahl where kennzahl_id = 'einwohner' group by all)
           join stadt using (stichtag) group by schicht order by schicht"""
    ).fetchall()
    assert [(layer, years) for layer, years, *_ in rows] == [("gitter_100m", 10), ("schulbezirk", 10), ("stimmbezirk", 10)]
    # Rounded to six places per unit; some two thousand cells.
    assert all(difference < 0.005 and 0 <= low <= high < 1 for _, _, difference, low, high in rows)


def test_school_districts_leave_the_house_rounded_by_single_cohort(demo: Town, mart: duckdb.DuckDBPyConnection) -> None:
    with demo.mart() as published:
        rows = published.execute("select schulbezirk_id, stichtag, alter_jahre, wert from fct_schulbezirk").fetchall()
    exact = {(key, day, age): value for key, day, age, value in mart.execute("select schulbezirk_id, stichtag, alter_jahre, wert from lager.marts.fct_schulbezirk").fetchall()}
    assert len(rows) == len(exact) == 8 * 10 * 10
    assert {age for _, _, age, _ in rows} == set(range(10))
    assert all(value % 5 == 0 and abs(value - exact[key, day, age]) <= 2.5 for key, day, age, value in rows)


def test_sgb2_is_plausible_and_lasts(mart: duckdb.DuckDBPyConnection) -> None:
    """About 9 % of the town, several times as much in the poorest Sozialraum as in the richest, ranks that stay."""
    values = "select stichtag, raumeinheit_id, wert from lager.marts.fct_indikatorwert where indikator_id = 'sgb2_quote' and ebene = '{}' and ist_jahreswert and gebietsstand_am_stichtag and wert is not null"
    town = [row[2] for row in mart.execute(values.format("stadt")).fetchall()]
    assert len(town) == 10
    assert all(8 < value < 10 for value in town)
    low, high = mart.execute(f"select quantile_cont(wert, 0.1), quantile_cont(wert, 0.9) from ({values.format('sozialraum')})").fetchone()
    assert high > 4 * low
    stays = mart.execute(f"with r as ({values.format('sozialraum')}) select corr(a.wert, b.wert) from r a join r b on a.raumeinheit_id = b.raumeinheit_id and year(b.stichtag) = year(a.stichtag) + 1").fetchone()[0]
    assert stays > 0.9


def test_secret_figures_keep_their_symbol_and_sums_come_from_the_agency(mart: duckdb.DuckDBPyConnection) -> None:
    symbols = dict(mart.execute("select zeichen, count(*) from lager.marts.fct_kennzahl where kennzahl_id = 'sgb2_nef_15_plus' and wert is null and lieferung_id is not null and ebene = 'sozialraum' group by all").fetchall())
    assert set(symbols) == {"*"} and symbols["*"] > 100
    assert mart.execute("select count(*) from lager.marts.fct_kennzahl where kennzahl_id = 'sgb2_nef_15_plus' and wert is null and lieferung_id is not null and ebene = 'stadt'").fetchone() == (0,)


def test_only_the_newest_quarter_is_provisional(mart: duckdb.DuckDBPyConnection) -> None:
    """The deliveries came on 3 February 2025: less than three months after the end of 2024."""
    dates = mart.execute("select distinct stichtag::varchar from lager.marts.fct_kennzahl where kennzahl_id = 'arbeitslose' and vorlaeufig").fetchall()
    assert dates == [("2024-12-31",)]


def test_two_denominators_are_two_indicators(mart: duckdb.DuckDBPyConnection) -> None:
    rows = mart.execute("select distinct indikator_id, stichtag_nenner::varchar from lager.marts.fct_indikatorwert where indikator_id in ('sgb2_quote', 'sgb2_quote_ba') and stichtag = date '2023-12-31' and ebene = 'stadt' and nenner is not null order by all").fetchall()
    assert rows == [("sgb2_quote", "2023-12-31"), ("sgb2_quote_ba", "2022-12-31")]


def test_what_cannot_be_placed_stays_in_the_sum(mart: duckdb.DuckDBPyConnection) -> None:
    """Cases with an address outside or misspelt: in "nicht zuordenbar", in the town's number, on the work list with candidates."""
    cases, placed, candidates = mart.execute("select count(*), count(block_id), count(adresskandidaten) from lager.staging.stg_sozialleistungen__fall where leistung = 'sgb12'").fetchone()
    assert 0.97 < placed / cases < 1
    assert candidates > 0
    total = mart.execute("select sum(wert) from lager.marts.fct_kennzahl where kennzahl_id in ('sgb12_hlu', 'sgb12_gsi') and ebene = 'stadt' and gebietsstand = 'hilden2020'").fetchone()
    assert total == (cases,)
