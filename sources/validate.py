"""Holds what was read against its declaration: rules of rows, numbers of rows and areas; puts single wrong rows into quarantine.

Decides per delivery and table: nothing wrong, few enough rows wrong to let them wait, or refused. Reads and writes no file
except to say on which line of it something stands.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import duckdb

from sources import expectations
from sources.batch import Refusals, Rows
from sources.expectations import CheckError, CheckResult, Rule
from sources.find import Delivery
from sources.findings import Finding
from sources.model import PERSONAL, City, Quelle, Spalte
from sources.read import kept, look_up, quoted
from sources.wording import shown
from warehouse.connect import literal

#: Wrong cells that a report lists per rule; the sentence names the first three.
LISTED = 200


class Verdicts:
    """What checking a batch found: numbers per rule and findings, by place of the delivery in the batch."""

    def __init__(self) -> None:
        self.checks: dict[int, list[CheckResult]] = defaultdict(list)
        self.findings: dict[int, list[Finding]] = defaultdict(list)


class Validation:
    """Rules of one source over one batch."""

    def __init__(
        self, db: duckdb.DuckDBPyConnection, session: Callable[[], expectations.Session], city: City, quelle: Quelle, batch: list[Delivery],
        tables: list[Rows], refusals: Refusals, verdicts: Verdicts,
    ) -> None:  # fmt: skip
        self.db, self.session, self.city, self.quelle = db, session, city, quelle
        self.batch, self.tables, self.refusals, self.verdicts = batch, tables, refusals, verdicts

    def run(self) -> None:
        """Hold every table against its rules. A delivery is refused by the first rule it breaks beyond what may wait."""
        open_ones = [number for number in range(len(self.batch)) if number not in self.refusals]
        if not open_ones:
            return
        self._check_counts()
        for rows in self.tables:
            rules = expectations.rules_of(self.quelle, rows.tabelle)
            expectations.create_check_view(self.db, rows.check_view, rows.view, rows.tabelle, rules)
            counts = expectations.count_violations(self.db, rows.check_view, rules)
            self._agree(rows.check_view, rules, counts, sum(numbers[""] for numbers in counts.values()))
            for number in open_ones:
                numbers = counts.get(number)
                if numbers is None:
                    continue
                self.verdicts.checks[number] += [
                    CheckResult(rule.name, numbers[rule.name] == 0, {"zeilen": numbers[""], "verstoesse": numbers[rule.name]}) for rule in rules
                ]
                broken = [rule for rule in rules if numbers[rule.name]]
                unread = {rule.column.ziel: numbers[rule.name] for rule in broken if rule.column and rule.name.endswith(".typ")}
                # A cell that could not be read is not missing as well.
                broken = [rule for rule in broken if not (rule.name.endswith(".pflicht") and rule.column and unread.get(rule.column.ziel) == numbers[rule.name])]
                if broken:
                    self._judge(rows, broken, numbers, number)

    def _judge(self, rows: Rows, broken: list[Rule], numbers: dict[str, int], number: int) -> None:
        """Quarantine where few rows are wrong, refusal otherwise; either way every cell is named for the supplier."""
        delivery, tabelle = self.batch[number], rows.tabelle
        missing_list = next(filter(None, (self._missing_list(rule, rows, delivery) for rule in broken)), None)
        if missing_list:
            self.refusals.add(number, delivery, missing_list)
            return
        wrong = self._wrong_rows(rows, broken, number)
        allowed = int(numbers[""] * tabelle.quarantaene)
        grad = "quarantaene" if wrong <= allowed else "ablehnen"
        if grad == "ablehnen":
            self.refusals.add(number, delivery, self._sentence(rows, broken, numbers, number))
        else:
            rows.quarantined.add(number)
        for rule in broken:
            self.verdicts.findings[number] += self._located(rows, rule, number, grad, numbers[rule.name])

    def _wrong_rows(self, rows: Rows, broken: list[Rule], number: int) -> int:
        """Enter the rows that break a rule into the quarantine of the batch; how many rows of the view that are."""
        named = ", ".join(f"if({rule.violation.replace('{view}', rows.check_view)}, {literal(rule.name)}, null)" for rule in broken)
        self.db.execute(f"create temp table if not exists {rows.waiting} (_lieferung smallint, _datei smallint, zeile bigint, regeln varchar)")
        self.db.execute(
            f"insert into {rows.waiting} select {number}, _datei, zeile, string_agg(distinct regel, ', ' order by regel)"
            f" from (select _datei, zeile, unnest([{named}]) as regel from {rows.check_view} where _lieferung = {number})"
            f" where regel is not null group by _datei, zeile"
        )
        return self.db.execute(
            f"select count(*) from {rows.view} where _lieferung = {number} and (_datei, zeile) in (select (_datei, zeile) from {rows.waiting} where _lieferung = {number})"
        ).fetchall()[0][0]

    # what Great Expectations says

    def _agree(self, view: str, rules: list[Rule], counts: dict[int, dict[str, int]], size: int) -> None:
        """Great Expectations passes judgement on all deliveries of the batch; it has to agree with the rows that SQL found."""
        try:
            verdict = self.session().validate(view, rules, size)
        except CheckError as error:
            failed = str(error)
        else:
            failed = next((r.name for r in rules if verdict[r.name] != (sum(c[r.name] for c in counts.values()) == 0)), None)
        if failed:
            for number, delivery in enumerate(self.batch):
                sentence = f"Die Prüfung {failed} ließ sich nicht ausführen, über die Daten sagt das nichts; bitte die Regel in {self.quelle.quelle}.yml prüfen."
                self.refusals.add(number, delivery, sentence, passing=True)

    # numbers of rows and areas

    def _check_counts(self) -> None:
        """Numbers of rows and of areas, as one table of counts with their limits."""
        counts: list[tuple[int, str, int, int, int | None, str]] = []
        for rows in self.tables:
            counts += self._row_counts(rows)
            counts += self._missing_areas(rows)
        self.db.execute("create or replace temp table zaehlung (_lieferung smallint, name varchar, zeilen bigint, minimum bigint, maximum bigint, satz varchar)")
        if counts:
            # One statement: DuckDB plans every row of executemany anew.
            marks = ", ".join(["(?, ?, ?, ?, ?, ?)"] * len(counts))
            self.db.execute(f"insert into zaehlung values {marks}", [value for row in counts for value in row])
        broken: dict[int, dict[str, int]] = {0: {rule.name: 0 for rule in expectations.COUNT_RULES}}
        for rule in expectations.COUNT_RULES:
            broken[0][rule.name] = self.db.execute(f"select count(*) from zaehlung where {rule.violation}").fetchall()[0][0]
        self._agree("zaehlung", expectations.COUNT_RULES, broken, len(counts))
        for number, name, found, least, most, sentence in counts:
            good = found >= least and (most is None or found <= most)
            limits = {"minimum": least} | ({} if most is None else {"maximum": most})
            self.verdicts.checks[number].append(CheckResult(name, good, {"zeilen": found} | limits))
            if not good:
                text, _, advice = sentence.rstrip(".").rpartition("; ")
                self.verdicts.findings[number].append(Finding("ablehnen", "zeilenzahl", text, advice, anzahl=abs(found - least)))
                self.refusals.add(number, self.batch[number], sentence)

    def _row_counts(self, rows: Rows) -> list[tuple[int, str, int, int, int | None, str]]:
        tabelle = rows.tabelle
        groups = [name for name in ("ebene", "gebietsstand") if name in tabelle.konstanten]
        grouped = dict(
            ((row[0], *row[1:-1]), row[-1])
            for row in self.db.execute(f"select _lieferung, {', '.join([*groups, 'count(*)'])} from {rows.view} group by all").fetchall()
        )
        versions = {version.id for version in self.city.stadt.gebietsstaende}
        result = []
        for number in sorted({load.delivery for load in rows.loaded}):
            mine = {key[1:]: n for key, n in grouped.items() if key[0] == number}
            total = sum(mine.values())
            where = rows.file_names(number)
            result.append(
                (number, f"{tabelle.tabelle}.zeilen", total, tabelle.zeilen_minimum, tabelle.zeilen_maximum,
                 f"{where}: {total} Zeilen liegen außerhalb der vereinbarten Zahl (ab {tabelle.zeilen_minimum}"
                 f"{f', höchstens {tabelle.zeilen_maximum}' if tabelle.zeilen_maximum else ''}); bitte vollständig neu liefern.")
            )  # fmt: skip
            covered = {str(values[name]) for load in rows.loaded if load.delivery == number for values in load.constants for name in groups}
            if "gebietsstand" not in groups:
                covered.add(self.batch[number].gebietsstand)
            for key, exact in tabelle.zeilen_genau.items():
                if key not in covered:
                    continue
                found = total if key in versions and "gebietsstand" not in groups else sum(n for values, n in mine.items() if key in values)
                result.append(
                    (number, f"{tabelle.tabelle}.zeilen.{key}", found, exact, exact,
                     f"{where}: {found} statt {exact} Zeilen für {key}; bitte vollständig neu liefern.")
                )  # fmt: skip
        return result

    def _missing_areas(self, rows: Rows) -> list[tuple[int, str, int, int, int | None, str]]:
        """Areas of the list that a column with ``vollstaendig`` does not have."""
        result = []
        for spalte in kept(rows.tabelle):
            if not spalte.vollstaendig or spalte.gebiet is None:
                continue
            level = quoted(spalte.gebiet[1:-1]) if spalte.gebiet.startswith("{") else literal(spalte.gebiet)
            present = f"select distinct _lieferung, _gebietsstand as gebietsstand, {level} as ebene, {quoted(spalte.ziel)} as raumeinheit_id from {rows.view}"
            lists = f"select distinct _lieferung, _gebietsstand as gebietsstand, {level} as ebene from {rows.view}"
            missing = self.db.execute(
                f"select l._lieferung, l.ebene, l.gebietsstand, count(g.raumeinheit_id) filter (p.raumeinheit_id is null),"
                f" (list(g.raumeinheit_id order by g.raumeinheit_id) filter (p.raumeinheit_id is null))[:3]"
                f" from ({lists}) l join gebiete g using (gebietsstand, ebene) left join ({present}) p"
                f" on p._lieferung = l._lieferung and p.gebietsstand = g.gebietsstand and p.ebene = g.ebene and p.raumeinheit_id = g.raumeinheit_id"
                f" group by all order by all"
            ).fetchall()
            for number, ebene, version, count, keys in missing:
                listed = ", ".join(keys or [])
                result.append(
                    (number, f"{rows.tabelle.tabelle}.{spalte.ziel}.vollstaendig.{ebene}", count, 0, 0,
                     f"{rows.file_names(number)}: es fehlen {count} Raumeinheiten der Ebene {ebene} ({version}), etwa {listed}; bitte vollständig neu liefern.")
                )  # fmt: skip
        return result

    # sentences

    def _sentence(self, rows: Rows, broken: list[Rule], numbers: dict[str, int], number: int) -> str:
        rule = broken[0]
        found = expectations.locate(self.db, rows.check_view, rule, number)
        load = rows.loaded[found[0][0]]
        here = [row for row in found if row[0] == found[0][0]]
        places = look_up(load.file, rows.tabelle.format, [line for _, line, _ in here])
        lines = list(dict.fromkeys(places[line][0] for _, line, _ in here))
        more = numbers[rule.name] - len(here)
        word = _row_word(rows)
        where = f"{word}{('n' if word == 'Zeile' else 'e') if len(lines) > 1 else ''} {', '.join(map(str, lines))}{f' und {more} weitere' if more else ''}"
        column = f", Spalte „{rule.column.name}“" if rule.column else ""
        value = here[0][2]
        shown_value = f" („{shown(value)}“)" if value is not None and self._may_show(rule.column) and rule.column and rule.column.typ != "wkt" else ""
        also = {1: "", 2: "; 1 weitere Regel ist verletzt (siehe Rückmeldung)"}.get(len(broken), f"; {len(broken) - 1} weitere Regeln sind verletzt (siehe Rückmeldung)")
        return f"{shown(load.file.name)}, {where}{column}{shown_value}: {rule.message}; {rule.advice}{also}."

    def _may_show(self, column: Spalte | None) -> bool:
        return not self.quelle.personenbezug and (column is None or column.klasse not in PERSONAL)

    def _located(self, rows: Rows, rule: Rule, number: int, grad: Any, count: int) -> list[Finding]:
        """One finding per wrong cell, with the line of the file and a suggestion; the rest as one more finding."""
        found = expectations.locate(self.db, rows.check_view, rule, number, LISTED)
        readable = rule.column is not None and self._may_show(rule.column) and rule.column.typ != "wkt"
        places = {
            place: look_up(rows.loaded[place].file, rows.tabelle.format, [line for p, line, _ in found if p == place], rule.column if readable else None)
            for place in {row[0] for row in found}
        }
        findings = []
        for place, line, value in found:
            file = rows.loaded[place].file
            where, delivered = places[place][line]
            text = delivered if delivered is not None else value
            cell = f" („{shown(text)}“)" if text and self._may_show(rule.column) and not (rule.column and rule.column.typ == "wkt") else ""
            column = f", Spalte „{rule.column.name}“" if rule.column else ""
            findings.append(
                Finding(
                    grad, rule.name.rpartition(".")[2], f"{shown(file.name)}, {_row_word(rows)} {where}{column}{cell}: {rule.message}", rule.advice,
                    datei=shown(file.name), spalte=rule.column.name if rule.column else "", zeile=where,
                    vorschlag=self._suggestion(rule, text if self._may_show(rule.column) else None, number, rows.tabelle.format.dezimal),
                )
            )  # fmt: skip
        if count > len(found):
            findings.append(Finding(grad, rule.name.rpartition(".")[2], f"{rows.file_names(number)}: {count - len(found)} weitere Zeilen: {rule.message}", rule.advice, anzahl=count - len(found)))
        return findings

    def _suggestion(self, rule: Rule, text: str | None, number: int, decimal: str) -> str:
        """What the cell probably should say; without the value (persons) only what is allowed."""
        column = rule.column
        if column is None:
            return "Zeilen mit gleichem Schlüssel zusammenführen oder eine streichen" if rule.unique else ""
        if column.werte is not None and rule.name.endswith(".werte"):
            close = get_close_matches(text.strip().lower(), [w.lower() for w in column.werte], 1, 0.6) if text else []
            return next((f"„{w}“" for w in column.werte if close and w.lower() == close[0]), f"eines von {', '.join(column.werte)}")
        if text is None:
            return ""
        text = text.strip()
        if rule.name.endswith(".gebiet"):
            return self._area_suggestion(column, text, number)
        if column.typ in ("ganzzahl", "dezimal"):
            return _number_suggestion(text, whole=column.typ == "ganzzahl", mark=decimal)
        return ""

    def _area_suggestion(self, column: Spalte, text: str, number: int) -> str:
        """The one key of the column's level that is meant; none where the level is not known or several fit."""
        version, level = self.batch[number].gebietsstand, column.gebiet or ""
        if level.startswith("{"):
            return ""
        every = [row[0] for row in self.db.execute("select distinct raumeinheit_id from gebiete where gebietsstand = ? and ebene = ?", [version, level]).fetchall()]
        padded = [key for key in every if key.lstrip("0") == text.lstrip("0")]
        if padded:
            return f"„{padded[0]}“ (führende Nullen)" if len(padded) == 1 else ""
        close = get_close_matches(text, every, 2, 0.75)
        return f"„{close[0]}“?" if len(close) == 1 else ""

    def _missing_list(self, rule: Rule, rows: Rows, delivery: Delivery) -> str | None:
        """An unknown area because the whole list is not there yet is another problem than a wrong key."""
        if rule.column is None or not rule.name.endswith(".gebiet") or rule.column.gebiet is None:
            return None
        level = quoted(rule.column.gebiet[1:-1]) if rule.column.gebiet.startswith("{") else literal(rule.column.gebiet)
        without = self.db.execute(
            f"select min(ebene) from (select distinct {level} as ebene from {rows.view}) anti join (select ebene from gebiete where gebietsstand = ?) using (ebene)",
            [delivery.gebietsstand],
        ).fetchall()[0][0]  # fmt: skip
        if without is None:
            return None
        return (
            f"Für die Ebene {without} im Gebietsstand {delivery.gebietsstand} liegt noch keine Gebietsliste vor; "
            "bitte zuerst die Raumgliederung liefern."
        )


def _number_suggestion(text: str, *, whole: bool, mark: str) -> str:
    """The number a cell means, as the file should have it; none where it could mean two ("5.500" and "12,5" in a column of whole numbers)."""
    plain = "".join(text.split())
    found = re.fullmatch(r"([+-]?\d+)(?:([.,])(\d+))?", plain)
    if not found or (found[2] and len(found[3]) == 3):
        return ""
    if not found[2] or not found[3].strip("0"):
        return found[1]
    return "" if whole else f"{found[1]}{mark}{found[3]}"


def _row_word(rows: Rows) -> str:
    return "Objekt" if rows.tabelle.format.art == "geo" else "Zeile"
