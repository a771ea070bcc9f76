"""What an earlier release showed counts as known as long as it was counted by the same rules."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from warehouse import attack

COLUMNS = "kennzahl_id, gebietsstand, ebene, raumeinheit_id, stichtag, lieferung_id, wert, status_id"
DAY = "date '2020-12-31'"


def mart(path: Path, rows: list[tuple[str, str, float | None]]) -> Path:
    """A mart with counts (kind, area, value) of one delivery."""
    with duckdb.connect(str(path)) as db:
        values = ", ".join(f"('{kind}', 'v1', 'sozialraum', '{area}', {DAY}, 'lieferung', {'null' if value is None else value}, '{'geheim_schutz' if value is None else 'wert'}')" for kind, area, value in rows)
        db.execute(f"create table fct_kennzahl as select * from (values {values}) t ({COLUMNS})")
    return path


@pytest.fixture
def known(tmp_path: Path):
    def ask(now: list[tuple[str, str, float | None]], before: list[tuple[str, str, float | None]]) -> set[tuple]:
        with duckdb.connect(str(mart(tmp_path / "jetzt.duckdb", now))) as db:
            db.execute(f"create temp table gezaehlt as select {COLUMNS} from fct_kennzahl")
            db.execute(f"attach '{mart(tmp_path / 'alt.duckdb', before)}' as frueher (read_only)")
            return {(doubtful, kind, area, value) for doubtful, _, kind, _, _, area, value in db.execute(attack.KNOWN).fetchall()}

    return ask


def test_what_was_shown_and_is_hidden_now_is_known(known) -> None:
    assert known([("a", "1", None), ("a", "2", 7)], [("a", "1", 4), ("a", "2", 7)]) == {(False, "a", "1", 4)}


def test_a_kind_counted_by_other_rules_is_not_and_makes_the_others_less_sure(known) -> None:
    now = [("a", "1", None), ("a", "2", 7), ("b", "1", None), ("b", "2", 5)]
    before = [("a", "1", 4), ("a", "2", 9), ("b", "1", 3), ("b", "2", 5)]
    assert known(now, before) == {(True, "b", "1", 3)}
