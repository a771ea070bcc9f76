"""Each kind of rule: Great Expectations and SQL come to the same verdict, and a check that cannot run says so."""

from __future__ import annotations

import duckdb
import pytest
import yaml

from sources import expectations
from sources.expectations import CheckError, Rule, Session
from sources.model import Quelle
from sources.read import create_table
from tests.unit.sources.town import COUNTS

QUELLE = Quelle.model_validate(yaml.safe_load(COUNTS))
TABLE = QUELLE.tabellen[0]
#: raumeinheit_id, art, anzahl, anteil, tag, kode, and whether anzahl, anteil, tag could be read
GOOD = ("'01'", "'a'", "5", "0.1", "null", "'AB'", "true", "true", "true")


def prepared(*rows: tuple[str, ...]) -> tuple[duckdb.DuckDBPyConnection, list[Rule]]:
    db = duckdb.connect()
    create_table(db, "gelesen", TABLE)
    for row in rows:
        db.execute(f"insert into gelesen values ({', '.join(row)}, 0)")
    db.execute("create temp table gebiete as select 'neu' as gebietsstand, 'sozialraum' as ebene, '01' as raumeinheit_id")
    db.execute("create temp view zeilen as select *, rowid + 2 as zeile, 0 as _lieferung, 'neu' as _gebietsstand, date '2023-12-31' as _stichtag from gelesen")
    rules = expectations.rules_of(QUELLE, TABLE)
    expectations.create_check_view(db, "pruefung", "zeilen", TABLE, rules)
    return db, rules


def changed(place: int, value: str) -> tuple[str, ...]:
    return (*GOOD[:place], value, *GOOD[place + 1 :])


@pytest.mark.parametrize(
    ("rows", "broken"),
    [
        ([GOOD], set()),
        ([changed(0, "'02'")], {"raumeinheit_id.gebiet"}),
        ([changed(0, "null")], {"raumeinheit_id.pflicht"}),
        ([changed(1, "'z'")], {"art.werte"}),
        ([changed(1, "null")], set()),
        ([changed(2, "-1")], {"anzahl.bereich", "anteil_nur_mit_anzahl"}),
        ([changed(2, "null")], {"anzahl.pflicht"}),
        ([changed(5, "'ABC'")], {"kode.muster"}),
        ([changed(5, "null")], set()),
        ([changed(7, "false")], {"anteil.typ"}),
        ([changed(8, "false")], {"tag.typ"}),
        ([changed(2, "0")], {"anteil_nur_mit_anzahl"}),
        ([GOOD, GOOD], {"schluessel"}),
    ],
)
@pytest.mark.parametrize("size", [1, expectations.SMALL + 1], ids=["pandas", "duckdb"])
def test_both_find_the_same(rows: list[tuple[str, ...]], broken: set[str], size: int) -> None:
    db, rules = prepared(*rows)
    counts = expectations.count_violations(db, "pruefung", rules)[0]
    verdict = Session(db).validate("pruefung", rules, size)
    expected = {f"testzahlen.{name}" for name in broken}
    assert {name for name, rows in counts.items() if rows and name} == expected
    assert {name for name, holds in verdict.items() if not holds} == expected
    for rule in rules:
        assert len(expectations.locate(db, "pruefung", rule, 0)) == min(3, counts[rule.name])


@pytest.mark.parametrize("size", [1, expectations.SMALL + 1], ids=["pandas", "duckdb"])
def test_check_that_cannot_run_is_not_bad_data(size: int) -> None:
    db, rules = prepared(GOOD)
    session = Session(db)
    broken = Rule("testzahlen.kaputt", "ExpectColumnValuesToBeBetween", {"column": "gibt_es_nicht", "min_value": 0}, "false", "")
    with pytest.raises(CheckError, match=r"testzahlen\.kaputt"):
        session.validate("pruefung", [*rules, broken], size)
    assert all(session.validate("pruefung", rules, size).values())


@pytest.mark.parametrize("size", [1, expectations.SMALL + 1], ids=["pandas", "duckdb"])
def test_counts_against_limits(size: int) -> None:
    db = duckdb.connect()
    db.execute("create temp table zaehlung (zeilen bigint, minimum bigint, maximum bigint)")
    session = Session(db)
    for row, broken in (((3, 1, None), set()), ((3, 3, 3), set()), ((2, 3, 3), {"zeilenzahl.minimum"}), ((4, 3, 3), {"zeilenzahl.maximum"})):
        db.execute("delete from zaehlung")
        db.execute("insert into zaehlung values (?, ?, ?)", row)
        assert {n for n, holds in session.validate("zaehlung", expectations.COUNT_RULES, size).items() if not holds} == broken


def test_library_is_imported_late() -> None:
    import subprocess
    import sys

    code = "import sys, sources.accept; sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
