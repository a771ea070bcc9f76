"""Real facility lists through the door, as published: Berlin's day care, places and schools, the schools of North Rhine-Westphalia."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from sources.accept import AcceptReport, accept_all
from sources.model import SHIPPED_CITIES, City, load_city
from warehouse.connect import connect
from warehouse.ledger import Ledger
from warehouse.paths import Home
from warehouse.settings import Settings

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not (DATA / "berlin" / "kita").is_dir(), reason="../shared/data fehlt: die echten Ortslisten liegen nicht im Repository")


def accept(town: str, wanted: set[str], folder: Path, root: Path) -> tuple[AcceptReport, str]:
    """Only the named sources of a town; returns the report and the raw table of places as SQL."""
    city = load_city(SHIPPED_CITIES / town)
    chosen = City(stadt=city.stadt, quellen=tuple(q for q in city.quellen if q.quelle in wanted), folder=city.folder)
    home = Home(root)
    home.prepare(town)
    report = accept_all(chosen, home, Ledger(home.ledger), Settings(), folder, move=False, now=datetime(2026, 1, 1, tzinfo=UTC))
    return report, f"read_parquet('{home.raw}/ort/delivery=*/*.parquet', union_by_name = true, hive_partitioning = true)"


def rows_of(query: str) -> list[tuple[Any, ...]]:
    with connect() as database:
        return database.execute(query).fetchall()


@pytest.fixture(scope="module")
def berlin(tmp_path_factory: pytest.TempPathFactory) -> tuple[AcceptReport, str]:
    return accept("berlin", {"lor_gebiete", "kita", "orte"}, DATA / "berlin", tmp_path_factory.mktemp("berlin"))


@pytest.fixture(scope="module")
def hilden(tmp_path_factory: pytest.TempPathFactory) -> tuple[AcceptReport, str]:
    return accept("hilden", {"schulen"}, DATA / "nrw", tmp_path_factory.mktemp("hilden"))


def test_berlin_needs_no_hand_edit(berlin: tuple[AcceptReport, str]) -> None:
    assert [refusal.sentence for refusal in berlin[0].refused] == []
    assert {(d.quelle_id, d.stichtag) for d in berlin[0].accepted} >= {("kita", date(2025, 10, 1)), ("kita", date(2025, 12, 1)), ("orte", date(2025, 12, 31))}


def test_day_care_of_october(berlin: tuple[AcceptReport, str]) -> None:
    """2,852 facilities with 197,762 places, every one in a Planungsraum of 2021: the door holds the key against the area list."""
    rows = rows_of(f"select count(*), sum(plaetze), count(distinct ort_nr), count(raumeinheit_id), max(length(raumeinheit_id)) from {berlin[1]} where delivery like 'kita-2025-10%'")
    assert rows == [(2852, 197762, 2852, 2852, 8)]


def test_points_of_berlin_keep_their_keys(berlin: tuple[AcceptReport, str]) -> None:
    counts = dict(rows_of(f"select kategorie, count(*) from {berlin[1]} where delivery like 'orte-%' group by 1"))
    assert counts == {"haltestelle": 6206 + 895 + 83 + 178, "arzt": 1448, "apotheke": 660, "supermarkt": 873, "bibliothek": 105, "begegnungsstaette": 416, "spielplatz": 1879, "schule": 925}
    short = rows_of(f"select count(*) from {berlin[1]} where length(raumeinheit_id) <> 8")
    assert short == [(0,)], "the files write planning-area-id as a number and lose the zero"


def test_schools_of_the_land(hilden: tuple[AcceptReport, str]) -> None:
    assert [refusal.sentence for refusal in hilden[0].refused] == []
    rows = rows_of(f"select liste, count(*), count(*) filter (ags = '05158016'), count(*) filter (ags not similar to '05[0-9]{{6}}') from {hilden[1]} group by 1 order by 1")
    assert rows == [("schulverzeichnis", 5507, 16, 0), ("schulverzeichnis_index", 5407, 15, 0), ("schulverzeichnis_koordinaten", 5407, 15, 0)]


def test_index_and_coordinates_of_hilden(hilden: tuple[AcceptReport, str]) -> None:
    """Both files of 2024/25 say the same, "5.0" in one and "5" in the other."""
    rows = rows_of(f"select ort_nr, count(distinct sozialindex), max(sozialindex), max(schueler) from {hilden[1]} where ags = '05158016' and liste <> 'schulverzeichnis' group by 1 having count(*) = 2 order by 1")
    assert len(rows) == 15
    assert rows[0] == ("106525", 1, 4.0, 290)
    assert all(different <= 1 for _, different, _, _ in rows)
    placed = rows_of(f"select count(x) from {hilden[1]} where ags = '05158016' and liste = 'schulverzeichnis'")
    assert placed == [(16,)]
