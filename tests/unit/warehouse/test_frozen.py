"""Counts per delivery stay when the persons go: frozen with each release, bound to the chain, never with a person in them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from warehouse import frozen
from warehouse.connect import connect
from warehouse.ledger import Ledger
from warehouse.paths import Home

WHEN = "2025-01-01T00:00:00+00:00"
MARKED = {"zellen": ("intermediate", "true"), "aussage": ("intermediate", "freigegeben")}
DELIVERIES = [{"lieferung_id": name, "aktiv": True, "pruefungen": {"stempel": f"s-{name}"}} for name in ("a", "b")]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.prepare("test")
    with connect(home.warehouse_db) as db:
        db.execute("create schema intermediate")
        db.execute("create table intermediate.zellen as from (values ('a', 'b1', 3), ('a', 'b0', 5), ('b', 'b1', 2), ('fremd', 'b1', 9)) t (lieferung_id, block, anzahl)")
        db.execute("create table intermediate.aussage as from (values ('a', 'Text', true), ('a', null, false)) t (lieferung_id, aussage, freigegeben)")
    return home


@pytest.fixture
def ledger(home: Home) -> Ledger:
    return Ledger(home.ledger)


def published(ledger: Ledger, number: int) -> None:
    ledger.record_release(release_id=f"r{number}", nummer=number, erstellt=WHEN, ausgabe=None, eingaben={}, zielgruppen=[])


def handed_over(home: Home) -> list[tuple]:
    """What dbt would read: (model, delivery, rows of it)."""
    with connect() as db:
        files = db.execute(f"select modell, lieferung_id, datei from read_parquet('{home.raw}/_eingefroren.parquet') order by all").fetchall()
        return [(name, delivery, db.execute(f"select * exclude (lieferung_id) from read_parquet('{file}') order by all").fetchall()) for name, delivery, file in files]


def deleted(ledger: Ledger, delivery: str) -> None:
    ledger.link(frozen.DELETED, {"lieferung_id": delivery, "art": frozen.ROWS}, WHEN)


def test_counts_stand_for_what_is_gone_and_for_nothing_else(home: Home, ledger: Ledger) -> None:
    frozen.freeze(home, ledger, "r1", MARKED, DELIVERIES, WHEN)
    published(ledger, 1)
    frozen.hand_over(home, ledger)
    assert handed_over(home) == []
    deleted(ledger, "a")
    frozen.hand_over(home, ledger)
    assert handed_over(home) == [("aussage", "a", [("Text", True)]), ("zellen", "a", [("b0", 5), ("b1", 3)])]


def test_each_release_keeps_its_own_counts(home: Home, ledger: Ledger) -> None:
    """A survey's sums change when a register comes later: the older release is rebuilt from the older sums."""
    frozen.freeze(home, ledger, "r1", MARKED, DELIVERIES, WHEN)
    published(ledger, 1)
    with connect(home.warehouse_db) as db:
        db.execute("update intermediate.zellen set anzahl = 7 where lieferung_id = 'b'")
    frozen.freeze(home, ledger, "r2", MARKED, DELIVERIES, WHEN)
    published(ledger, 2)
    deleted(ledger, "b")
    frozen.hand_over(home, ledger)
    assert handed_over(home) == [("zellen", "b", [("b1", 7)])]
    frozen.hand_over(home, ledger, "r1")
    assert handed_over(home) == [("zellen", "b", [("b1", 2)])]
    # What did not change is stored once.
    assert len(list((home.frozen / "zellen").glob("a-*.parquet"))) == 1


def test_freezing_twice_gives_the_same_bytes(home: Home, ledger: Ledger) -> None:
    first = frozen.freeze(home, ledger, "r1", MARKED, DELIVERIES, WHEN).read_bytes()
    assert frozen.freeze(home, ledger, "r1", MARKED, DELIVERIES, WHEN).read_bytes() == first


def test_a_table_with_persons_cannot_be_frozen(home: Home, ledger: Ledger) -> None:
    with connect(home.warehouse_db) as db:
        db.execute("alter table intermediate.zellen add column person_key varchar")
    with pytest.raises(ValueError, match="person_key"):
        frozen.freeze(home, ledger, "r1", MARKED, DELIVERIES, WHEN)


def test_rows_may_go_only_when_the_newest_release_holds_their_counts(home: Home, ledger: Ledger) -> None:
    a, b = DELIVERIES
    assert not frozen.settled(home, ledger, a)
    frozen.freeze(home, ledger, "r1", MARKED, [a], WHEN)
    published(ledger, 1)
    assert frozen.settled(home, ledger, a)
    assert not frozen.settled(home, ledger, b)
    # Looked at again with a correction: counted anew, not yet frozen.
    assert not frozen.settled(home, ledger, a | {"pruefungen": {"stempel": "neu"}})
    # Replaced by a newer delivery: no release builds on it any more.
    assert frozen.settled(home, ledger, b | {"aktiv": False})


def test_tampering_is_found(home: Home, ledger: Ledger) -> None:
    path = frozen.freeze(home, ledger, "r1", MARKED, DELIVERIES, WHEN)
    assert frozen.tampered(home, ledger.chain()) == []
    table = next((home.frozen / "zellen").glob("a-*.parquet"))
    content = table.read_bytes()
    table.write_bytes(content[:-1])
    assert [f"zellen/{table.name}" in sentence for sentence in frozen.tampered(home, ledger.chain())] == [True]
    table.write_bytes(content)
    listed = json.loads(path.read_text())
    listed["lieferungen"]["a"]["tabellen"]["zellen"]["zeilen"] = 99
    path.write_text(json.dumps(listed))
    assert ["die Liste ihrer eingefrorenen Zählungen" in sentence for sentence in frozen.tampered(home, ledger.chain())] == [True]
