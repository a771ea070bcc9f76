"""Rules of a declaration, each at once a Great Expectations expectation and the SQL condition of the rows that break it.

The only importer of great_expectations, and only when a delivery is new. It judges what was read; it reads no file,
changes nothing, and results are numbers: no value of a row ever leaves it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import duckdb

from sources.model import Quelle, Spalte, Tabelle
from sources.read import castable, kept, quoted
from warehouse.connect import literal

#: Raise it when the rules below change: refused deliveries are then looked at again.
VERSION = "2"
#: Rows up to which a table is judged as a pandas frame, which takes half the time for small ones; larger ones stay in DuckDB.
SMALL = 20_000
#: Columns of the check view: whether all flagged rules hold for a row, and null where something required is missing in it.
ALL_FLAGS, ALL_GIVEN = "regeln__eingehalten", "pflicht__vorhanden"
#: Oldest verified human being: 122 years.
OLDEST_AGE = 122


@dataclass(frozen=True)
class Rule:
    """One rule: ``expectation`` with ``arguments`` is how Great Expectations holds it, ``violation`` how SQL finds the rows.

    ``flag`` is a boolean column of the check view, true where the rule holds (patterns, casts, area lists and rules
    across columns, which Great Expectations cannot say on DuckDB itself).
    """

    name: str
    expectation: str
    arguments: dict[str, Any]
    violation: str
    message: str
    column: Spalte | None = None
    flag: tuple[str, str] | None = None
    unique: tuple[str, ...] = ()
    advice: str = "bitte in der Quelle berichtigen und neu liefern"


@dataclass(frozen=True)
class CheckResult:
    name: str
    success: bool
    zahlen: dict[str, int] = field(default_factory=dict)


class CheckError(Exception):
    """A check could not run; says nothing about the data."""


def rules_of(quelle: Quelle, tabelle: Tabelle) -> list[Rule]:
    """All rules that a row of this table has to meet, in the order in which they are reported."""
    rules: list[Rule] = []
    for spalte in kept(tabelle):
        rules += _column_rules(quelle, tabelle, spalte)
    for regel in tabelle.regeln:
        rules.append(_flagged(f"{tabelle.tabelle}.{regel.name}", f"regel__{regel.name}", f"({regel.bedingung})", regel.meldung))
    rules.append(_unique(tabelle))
    return rules


def _flagged(name: str, flag: str, holds: str, message: str, column: Spalte | None = None, advice: str | None = None) -> Rule:
    """A rule as a boolean column; unknown counts as met."""
    return Rule(
        name, "ExpectColumnValuesToBeInSet", {"column": flag, "value_set": [True]}, f"not {quoted(flag)}", message, column,
        (flag, f"coalesce({holds}, true)"), advice=advice or Rule.advice,
    )  # fmt: skip


def _column_rules(quelle: Quelle, tabelle: Tabelle, spalte: Spalte) -> list[Rule]:
    prefix, column = f"{tabelle.tabelle}.{spalte.ziel}", quoted(spalte.ziel)
    rules = []
    if castable(spalte):
        # Cells of a workbook are numbers, or they are not.
        number = "Zahl" if tabelle.format.art == "xlsx" else f"Zahl mit Dezimalzeichen „{tabelle.format.dezimal}“"
        kind = {
            "ganzzahl": "keine ganze Zahl",
            "dezimal": f"keine {number}",
            "zahlzeichen": f"weder eine {number} noch ein Zeichen der amtlichen Statistik",
        }.get(spalte.typ, f"kein Datum der Form {_date_form(tabelle.format.datum)}")
        flag = f"{spalte.ziel}__lesbar"
        rules.append(Rule(f"{prefix}.typ", "ExpectColumnValuesToBeInSet", {"column": flag, "value_set": [True]}, f"not {quoted(flag)}", kind, spalte))
    if spalte.typ in ("dezimal", "zahlzeichen"):
        # 1e999 is read as a number, but is none.
        rules.append(_flagged(f"{prefix}.endlich", f"{spalte.ziel}__endlich", f"isfinite({column})", "keine endliche Zahl", spalte))
    if spalte.pflicht:
        rules.append(Rule(f"{prefix}.pflicht", "ExpectColumnValuesToNotBeNull", {"column": spalte.ziel}, f"{column} is null", "die Pflichtangabe fehlt", spalte))
    if spalte.werte is not None:
        values = ", ".join(map(literal, spalte.werte))
        rules.append(
            Rule(
                f"{prefix}.werte", "ExpectColumnValuesToBeInSet", {"column": spalte.ziel, "value_set": list(spalte.werte)},
                f"{column} not in ({values})", f"steht nicht in der Werteliste ({', '.join(spalte.werte)})", spalte,
                advice=f"bitte berichtigen oder die Werteliste in {quelle.quelle}.yml ergänzen",
            )
        )  # fmt: skip
    if spalte.minimum is not None or spalte.maximum is not None:
        bounds = {"min_value": spalte.minimum, "max_value": spalte.maximum}
        outside = " or ".join(f"{column} {sign} {bound!r}" for sign, bound in (("<", spalte.minimum), (">", spalte.maximum)) if bound is not None)
        limits = " und ".join(f"{word} {bound:g}" for word, bound in (("mindestens", spalte.minimum), ("höchstens", spalte.maximum)) if bound is not None)
        rules.append(Rule(f"{prefix}.bereich", "ExpectColumnValuesToBeBetween", {"column": spalte.ziel} | bounds, outside, f"verlangt ist {limits}", spalte))
    if spalte.muster is not None:
        holds = f"regexp_full_match({column}, {literal(spalte.muster)})"
        rules.append(_flagged(f"{prefix}.muster", f"{spalte.ziel}__muster", holds, f"entspricht nicht dem Muster {spalte.muster}", spalte))
    if spalte.gebiet is not None:
        level = quoted(spalte.gebiet[1:-1]) if spalte.gebiet.startswith("{") else literal(spalte.gebiet)
        holds = f"({column} is null or (_gebietsstand, {level}, {column}) in (select (gebietsstand, ebene, raumeinheit_id) from gebiete))"
        rules.append(
            _flagged(
                f"{prefix}.gebiet", f"{spalte.ziel}__gebiet", holds, "kein Schlüssel der Gebietsliste", spalte,
                "bitte Schlüssel und Gebietsstand der Lieferung prüfen",
            )
        )  # fmt: skip
    if spalte.klasse == "geburtsdatum":
        holds = f"{column} <= strftime(_stichtag, '%Y-%m-%d') and year(_stichtag) - left({column}, 4)::int <= {OLDEST_AGE} or {column} = '0000-00-00'"
        rules.append(_flagged(f"{prefix}.plausibel", f"{spalte.ziel}__plausibel", holds, "liegt nach dem Stichtag oder zu weit zurück", spalte))
    return rules


def _unique(tabelle: Tabelle) -> Rule:
    """The declared key is unique within the delivery; empty parts of a key count as equal."""
    certain = {s.ziel for s in tabelle.spalten if s.pflicht} | set(tabelle.konstanten)
    parts = ["_lieferung", *(name if name in certain else f"{name}__schluessel" for name in tabelle.schluessel)]
    listed = ", ".join(map(quoted, parts))
    # Great Expectations calls one column unique by another name than several.
    return Rule(
        f"{tabelle.tabelle}.schluessel", "ExpectCompoundColumnsToBeUnique", {"column_list": parts},
        f"({listed}) in (select ({listed}) from {{view}} group by {listed} having count(*) > 1)",
        f"der Schlüssel ({', '.join(tabelle.schluessel)}) kommt mehrfach vor", unique=tuple(parts),
    )  # fmt: skip


def _date_form(fmt: str) -> str:
    return fmt.replace("%d", "TT").replace("%m", "MM").replace("%Y", "JJJJ")


def create_check_view(db: duckdb.DuckDBPyConnection, view: str, rows: str, tabelle: Tabelle, rules: Iterable[Rule]) -> None:
    """View over the rows that were read with one boolean column per flagged rule."""
    extra = [f"{sql} as {quoted(name)}" for rule in rules if rule.flag for name, sql in [rule.flag]]
    keys = {name for rule in rules for name in rule.unique if name.endswith("__schluessel")}
    extra += [f"coalesce({quoted(name.removesuffix('__schluessel'))}::varchar, '') as {quoted(name)}" for name in sorted(keys)]
    flags, given = ([quoted(rule.arguments["column"]) for rule in rules if of(rule)] for of in (_is_flag, _is_required))
    complete = " and ".join(f"{name} is not null" for name in given) or "true"
    db.execute(
        f"create or replace temp view {view} as select *, {' and '.join(flags) or 'true'} as {ALL_FLAGS}, if({complete}, true, null) as {ALL_GIVEN}"
        f" from (select {', '.join(['*', *extra])} from {rows})"
    )


def _is_flag(rule: Rule) -> bool:
    """Whether the rule is a boolean column of the check view."""
    return rule.arguments.get("value_set") == [True]


def _is_required(rule: Rule) -> bool:
    return rule.expectation == "ExpectColumnValuesToNotBeNull"


#: An expectation costs Great Expectations more than its rows do: rules of these kinds are judged as one, and each by itself only where that fails.
JOINT = (
    (_is_flag, Rule(ALL_FLAGS, "ExpectColumnValuesToBeInSet", {"column": ALL_FLAGS, "value_set": [True]}, f"not {ALL_FLAGS}", "")),
    (_is_required, Rule(ALL_GIVEN, "ExpectColumnValuesToNotBeNull", {"column": ALL_GIVEN}, f"{ALL_GIVEN} is null", "")),
)


def _together(rules: list[Rule]) -> tuple[list[Rule], dict[str, list[Rule]]]:
    """The suite with one expectation for several rules of a kind, and which rules it speaks for: {its name: rules}."""
    joined = {joint.name: [rule for rule in rules if of(rule)] for of, joint in JOINT}
    joined = {name: members for name, members in joined.items() if len(members) > 1}
    alone = [rule for rule in rules if not any(rule in members for members in joined.values())]
    return [*alone, *(joint for _, joint in JOINT if joint.name in joined)], joined


def count_violations(db: duckdb.DuckDBPyConnection, view: str, rules: list[Rule]) -> dict[int, dict[str, int]]:
    """Rows that break each rule, per delivery: {delivery: {rule name: rows, "": all rows}}."""
    simple = [rule for rule in rules if not rule.unique]
    counts = ", ".join(["count(*)", *(f"coalesce(count_if({rule.violation}), 0)" for rule in simple)])
    found = {
        row[0]: dict(zip(["", *(rule.name for rule in simple)], row[1:], strict=True))
        for row in db.execute(f"select _lieferung, {counts} from {view} group by _lieferung").fetchall()
    }
    for rule in rules:
        if not rule.unique:
            continue
        key = ", ".join(map(quoted, rule.unique))
        doubled = f"select _lieferung, count(*) as n from {view} group by {key} having count(*) > 1"
        sums = dict(db.execute(f"select _lieferung, sum(n)::bigint from ({doubled}) group by _lieferung").fetchall())
        for delivery, numbers in found.items():
            numbers[rule.name] = sums.get(delivery, 0)
    return found


def locate(db: duckdb.DuckDBPyConnection, view: str, rule: Rule, delivery: int, limit: int = 3) -> list[tuple[int, int, Any]]:
    """First rows that break a rule: (file number, line, value of its column or None)."""
    value = quoted(rule.column.ziel) if rule.column else "null"
    where = rule.violation.replace("{view}", view)
    return db.execute(
        f"select _datei, zeile, {value}::varchar from {view} where _lieferung = {delivery} and ({where}) order by _datei, zeile limit {limit}"
    ).fetchall()


COUNT_RULES = [
    Rule("zeilenzahl.minimum", "ExpectColumnPairValuesAToBeGreaterThanB", {"column_A": "zeilen", "column_B": "minimum", "or_equal": True},
         "zeilen < minimum", "zu wenige Zeilen"),
    Rule("zeilenzahl.maximum", "ExpectColumnPairValuesAToBeGreaterThanB",
         {"column_A": "maximum", "column_B": "zeilen", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
         "zeilen > maximum", "zu viele Zeilen"),
]  # fmt: skip


# Great Expectations itself

class Session:
    """Great Expectations on one DuckDB connection; suites run against views of that connection."""

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        # Imported here and not above: it takes seconds, and most runs have nothing to check.
        os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
        import duckdb_engine
        import great_expectations as gx
        from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults, ProgressBarsConfig
        from sqlalchemy import event
        from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy
        from sqlalchemy.pool import StaticPool

        logging.getLogger("great_expectations").setLevel(logging.ERROR)
        # In memory only: no folder for reports, which would be left behind.
        stores = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
        context = gx.get_context(mode="ephemeral", project_config=DataContextConfig(store_backend_defaults=stores, analytics_enabled=False))
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        self._gx, self._db = gx, db
        # Made once: every further asset has the context written down anew, which takes longer than most suites.
        self._frame = context.data_sources.add_pandas("kleine").add_dataframe_asset("rahmen").add_batch_definition_whole_dataframe("alles")
        self._source = context.data_sources.add_sql(
            name="tuer",
            connection_string="duckdb:///:memory:",
            kwargs={"creator": lambda: duckdb_engine.ConnectionWrapper(db), "poolclass": StaticPool},
        )

        def buffer_rows(conn: Any, cursor: Any, statement: Any, parameters: Any, context: Any, executemany: Any) -> None:
            # duckdb-engine loses rows that are fetched after the connection went back to the pool.
            if cursor.description:
                context.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(cursor, cursor.description, cursor.fetchall())

        for engine in (self._source.get_engine(), self._source.get_execution_engine().engine):
            event.listen(engine, "after_cursor_execute", buffer_rows)
        self._views: dict[str, Any] = {}

    def validate(self, view: str, rules: list[Rule], rows: int) -> dict[str, bool]:
        """Run the suite of these rules on a view of so many rows: {rule name: holds}. CheckError where an expectation could not run.

        Rules judged together that do not all hold are judged again, each by itself.
        """
        short, joined = _together(rules)
        batch = self._batch(view, [*rules, *short], rows)
        verdict = self._run(batch, short)
        for name, members in joined.items():
            verdict |= dict.fromkeys((rule.name for rule in members), True) if verdict.pop(name) else self._run(batch, members)
        return verdict

    def _batch(self, view: str, rules: list[Rule], rows: int) -> Any:
        if rows > SMALL:
            if view not in self._views:
                self._views[view] = self._source.add_table_asset(name=view, table_name=view).add_batch_definition_whole_table("alles")
            return self._views[view].get_batch()
        needed = dict.fromkeys(name for rule in rules for name in _columns_of(rule))
        # A rule about a column that is not there is told apart by Great Expectations, not by the SQL that fetches it.
        present = {column[0] for column in self._db.execute(f"select * from {view} limit 0").description}
        frame = self._db.execute(f"select {', '.join(quoted(name) for name in needed if name in present)} from {view}").df()
        return self._frame.get_batch({"dataframe": frame})

    def _run(self, batch: Any, rules: list[Rule]) -> dict[str, bool]:
        suite = self._gx.ExpectationSuite(
            name="suite",
            expectations=[getattr(self._gx.expectations, rule.expectation)(**rule.arguments, meta={"regel": rule.name}) for rule in rules],
        )
        # BOOLEAN_ONLY: Great Expectations then fetches counts, never values.
        outcome = batch.validate(suite, result_format="BOOLEAN_ONLY")
        verdict = {}
        for result in outcome.results:
            name = result.expectation_config.meta["regel"]
            if not result.success and _could_not_run(result.exception_info):
                raise CheckError(name)
            verdict[name] = bool(result.success)
        return verdict


def _columns_of(rule: Rule) -> list[str]:
    """Columns of the check view that an expectation reads."""
    named = [rule.arguments[key] for key in ("column", "column_A", "column_B") if key in rule.arguments]
    return [*named, *rule.arguments.get("column_list", ())]


def _could_not_run(info: dict[str, Any]) -> bool:
    """``success=False`` also means that the check itself failed: then some entry says ``raised_exception``."""
    entries = [info] if "raised_exception" in info else list(info.values())
    return any(entry.get("raised_exception") for entry in entries)
