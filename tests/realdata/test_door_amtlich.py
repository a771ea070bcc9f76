"""Hamburg's profiles, the GENESIS export and the census table pass the door as published; the survey stand-in gives its known results."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from methods.survey import at_risk_of_poverty, gini
from sources.accept import AcceptReport, accept_all
from sources.formats import read_table
from sources.model import SHIPPED_CITIES, Format, load_city
from warehouse.ledger import Ledger
from warehouse.paths import REPOSITORY, Home
from warehouse.settings import Settings

DATA = REPOSITORY.parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data ist nicht da")


def accepted(tmp_path_factory: pytest.TempPathFactory, town: str, folder: str) -> tuple[Home, AcceptReport]:
    home = Home(tmp_path_factory.mktemp(town))
    home.prepare(town)
    report = accept_all(load_city(SHIPPED_CITIES / town), home, Ledger(home.ledger), Settings(threads=2), DATA / folder, move=False, now=datetime(2026, 1, 1, tzinfo=UTC))
    assert [refusal.sentence for refusal in report.refused] == []
    return home, report


def ask(home: Home, what: str, where: str = "true") -> list[tuple]:
    return duckdb.execute(f"select {what} from read_parquet('{home.raw}/referenzwert/delivery=*/*.parquet', hive_partitioning = true) where {where}").fetchall()


def test_hamburg(tmp_path_factory):
    home, report = accepted(tmp_path_factory, "hamburg", "hamburg")
    assert {d.quelle_id for d in report.accepted} == {"gebiete", "stadtteilprofile"}
    assert ask(home, "gebiet_art, count(distinct gebiet_schluessel) as n", "merkmal = 'Bevölkerung' group by all order by n") == [("stadt", 1), ("bezirk", 7), ("stadtteil", 99)]
    assert ask(home, "wert", "gebiet_art = 'stadt' and merkmal = 'Bevölkerung'") == [(1_788_994,)]
    assert ask(home, "sum(wert)", "gebiet_art = 'bezirk' and merkmal = 'Bevölkerung'") == [(1_788_994,)]
    # A secret cell has its sign and no number, a dash is nothing, "-  23" is a number below zero.
    assert ask(home, "count(*), count(wert)", "wert_zeichen = '.'") == [(84, 0)]
    assert ask(home, "count(*), sum(wert)", "wert_zeichen = '-'") == [(2, 0)]
    assert ask(home, "wert, wert_zeichen", "gebiet_schluessel = 'Hamburg-Altstadt' and merkmal = 'Wanderungssaldo'") == [(-23, None)]
    # Four Bezirke share their name with a Stadtteil.
    assert ask(home, "wert", "gebiet_schluessel = 'Bergedorf' and merkmal = 'Bevölkerung' and gebiet_art = 'bezirk'") == [(122_815,)]


def test_hilden(tmp_path_factory):
    home, report = accepted(tmp_path_factory, "hilden", "bund")
    assert {d.quelle_id for d in report.accepted} >= {"genesis", "zensus"}
    assert ask(home, "wert", "gebiet_schluessel = '05158' and statistik = 'fortschreibung' and merkmal = 'insgesamt'") == [(484_411,)]
    assert ask(home, "wert", "gebiet_schluessel = '051580016016' and merkmal = 'insgesamt'") == [(55_085,)]
    assert ask(home, "count(*)", "statistik = 'fortschreibung' and wert_zeichen = '-' and wert = 0") != [(0,)]
    # Nothing of the footer, and the leading zero is there everywhere.
    assert ask(home, "count(*)", "gebiet_schluessel not similar to 'DG|[01][0-9]+'") == [(0,)]


def test_survey_file_through_the_reader():
    cells = read_table(DATA / "umfrage-eusilc" / "eusilc.csv", Format(art="csv_zellen"))
    income, weight = ([float(row[cells.header.index(name)]) for row in cells.rows] for name in ("eqIncome", "rb050"))
    assert len(cells.rows) == len(cells.lines) > 10_000
    assert round(100 * at_risk_of_poverty(income, weight), 5) == 14.44422
    assert round(100 * gini(income, weight), 5) == 26.48962
