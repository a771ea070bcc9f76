"""What a delivery looks like, and whether that fits what came before: repeats, gaps, shifts, jumps, other units and names.

Works on profiles, small summaries of deliveries kept in the sealed zone, so that no old delivery is read again. Every rule is
general: limits come from the declaration (``vergleich``) and from the earlier deliveries, none knows a source. It changes
nothing and decides nothing but the grade of what it found.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sized
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from sources.batch import Rows
from sources.find import Delivery, path_pattern
from sources.findings import Finding, Grad
from sources.model import PERSONAL, Quelle, Spalte, Tabelle, symbol
from sources.read import kept, quoted
from sources.wording import shown, together

FORM = 1
#: Distinct values up to which a text column counts as a list of codes.
CODES = 60
#: Groups (areas, streets) up to which a table is followed group by group.
GROUPS = 6000
NAMES = 6000
QUANTILES = [i / 10 for i in range(11)]
DAYS_PER_YEAR = 365.25
#: A count this large practically never stays the same from one date to the next by chance.
TELLING = 40
#: Share of telling values that repeats by chance between two dates; a table that repeats more is of the kind that does.
CHANCE = 0.12
#: The same for areas followed in three columns and more, of which every cell has to repeat; per year, twice as many in half a year.
CHANCE_OF_ALL = 0.02
#: Telling values of a row from which on it repeats that many times less often than one with fewer.
MUCH_TOLD = 4
#: A smaller count tells something too where a year lies between; together they have to be as improbable as this (log) to repeat.
SMALL_TELLING, SMALL_TOGETHER = 10, -4.0
#: Counts of at least ``SMALL_TELLING`` that a table has to hold before its not changing anywhere within a year is no accident.
WHOLE_TABLE = 25
#: Repeated areas from which on chance is ruled out.
REPEATED = 4
#: Changes below this many standard deviations (of a count: its root) are no jumps.
CASES = 6
#: The same for the sum of a column; persons who come and go in households are in it.
JUMP = 7.5
#: Other column's previous values fit this many times better than the own ones.
BETTER = 2.5
#: Relative distance below which a column counts as unchanged, whatever fits better.
CLOSE = 0.02
#: Probability below which a difference is taken for no accident.
UNLIKELY = 1e-6
#: Groups that must be comparable before a column counts as standing under another's header.
COMPARABLE = 8
#: Persons come and go in households: their counts vary up to this many times as much as persons one by one.
HOUSEHOLDS = 4.0
#: Standard deviations that a difference as improbable as ``UNLIKELY`` spans.
SURE = 4.75
#: Standard deviation of the length of a text as a share of its mean, taken high.
LENGTHS = 0.5
NAMED = 5
#: Raw columns of a place, in a table that names their coordinate system (``epsg``).
COORDINATES = ("x", "y")
#: So far from where nearly all places lay before, and farther than they lay apart, is another town: metres, and degrees.
ELSEWHERE, ELSEWHERE_DEGREES = 50_000, 0.5
DEGREES = 4326
#: Files whose last line has an end where nothing is cut off.
TEXTS = frozenset({".csv", ".txt"})
UNITS = [10.0**k for k in range(-6, 7) if k]
#: A file loses this many years' worth of change at least once: dates that lie close together still differ.
SHORTEST = 1.0


# profiles


def profile(db: duckdb.DuckDBPyConnection, quelle: Quelle, batch: list[Delivery], tables: list[Rows]) -> dict[int, dict[str, Any]]:
    """Profile of every delivery of a batch, by its place: numbers per column and per group; no value of a personal column."""
    profiles = {
        number: {"form": FORM, "lieferung_id": d.lieferung_id, "stichtag": d.stichtag.isoformat(), "gebietsstand": d.gebietsstand,
                 "dateien": {f.name: [f.sha256, f.size] for f in d.files}, "zeilenende": _ended(d), "tabellen": {}}
        for number, d in enumerate(batch)
    }  # fmt: skip
    for rows in tables:
        if not rows.loaded:
            continue
        for number, described in _columns(db, rows).items():
            profiles[number]["tabellen"][rows.tabelle.kennung] = described
        for number, groups in _groups(db, rows).items():
            profiles[number]["tabellen"][rows.tabelle.kennung] |= groups
    return profiles


def _ended(delivery: Delivery) -> dict[str, bool]:
    """Text file of a delivery -> whether its last line has an end; files that are gone meanwhile are left out."""
    found = {}
    for delivered in delivery.files:
        if Path(delivered.name).suffix.lower() not in TEXTS:
            continue
        try:
            with delivered.path.open("rb") as file:
                file.seek(max(0, file.seek(0, 2) - 2))
                last = file.read()
        except OSError:
            continue
        # In UTF-16 the end of a line is two bytes, of which one is zero.
        found[delivered.name] = last.replace(b"\0", b"")[-1:] in (b"\r", b"\n")
    return found


def _numeric(spalte: Spalte) -> bool:
    return spalte.typ in ("ganzzahl", "dezimal", "zahlzeichen")


def _amount(tabelle: Tabelle, spalte: Spalte) -> bool:
    """Whether values of a column can be added up; coordinates cannot, wherever they are declared as numbers."""
    return _numeric(spalte) and spalte.klasse == "zahl" and not ("epsg" in tabelle.konstanten and spalte.ziel in COORDINATES)


def _coded(spalte: Spalte) -> bool:
    # What may only be written under a condition is not listed in a profile either.
    return spalte.typ == "text" and spalte.nur_wenn is None and (spalte.klasse not in PERSONAL or spalte.klasse == "sperre")


def _columns(db: duckdb.DuckDBPyConnection, rows: Rows) -> dict[int, dict[str, Any]]:
    columns = [s for s in kept(rows.tabelle) if s.typ != "wkt"]
    parts = ["count(*)"]
    for s in columns:
        c = quoted(s.ziel)
        parts.append(f"count({c})")
        if _numeric(s) or s.typ == "datum":
            value = f"year({c})" if s.typ == "datum" else c
            parts.append(f"sum({value})::double")
            parts.append(f"quantile_cont({value}, {QUANTILES})::double[]" if s.typ != "datum" else f"quantile_disc({value}, {QUANTILES})::double[]")
        else:
            parts.append(f"avg(length({c}))" )
            parts.append(f"approx_count_distinct({c})")
        # What the supplier withholds is no empty cell.
        parts.append(f"count_if({c} is null and {quoted(symbol(s.ziel))} != '')" if s.typ == "zahlzeichen" else "0")
    result: dict[int, dict[str, Any]] = {}
    few: dict[str, bool] = {}
    for number, total, *values in db.execute(f"select _lieferung, {', '.join(parts)} from {rows.view} group by _lieferung").fetchall():
        described: dict[str, Any] = {}
        for place, s in enumerate(columns):
            count, first, second, withheld = values[4 * place : 4 * place + 4]
            if _numeric(s) or s.typ == "datum":
                described[s.ziel] = {"art": "zahl", "leer": 1 - count / total, "summe": first, "quantile": second}
                if withheld:
                    described[s.ziel]["zeichen"] = withheld / total
            else:
                described[s.ziel] = {"art": "text", "leer": 1 - count / total, "laenge": first, "verschieden": second}
                few[s.ziel] = few.get(s.ziel, True) and second <= CODES
        result[number] = {"zeilen": total, "spalten": described}
    coded = [s.ziel for s in columns if _coded(s) and few.get(s.ziel)]
    if coded:
        listed = ", ".join(f"histogram({quoted(name)})" for name in coded)
        for number, *maps in db.execute(f"select _lieferung, {listed} from {rows.view} group by _lieferung").fetchall():
            for name, counted in zip(coded, maps, strict=True):
                if len(counted or {}) <= CODES:
                    result[number]["spalten"][name]["kodes"] = {str(k): v for k, v in sorted((counted or {}).items())}
    return result


def group_columns(tabelle: Tabelle) -> list[str]:
    """What a table is followed by: its areas with their level and version, in person tables the street."""
    # Of events with two addresses neither is the one to follow: few happen in a street.
    by_class = {s.klasse: s.ziel for s in tabelle.spalten if not s.seite}
    area = next((s.ziel for s in tabelle.spalten if s.gebiet), None)
    if area is None and tabelle.personal:
        area = by_class.get("strasse")
    if area is None:
        named = [s for s in kept(tabelle) if s.ziel in tabelle.schluessel and s.klasse in ("schluessel", "merkmal") and s.typ == "text"]
        area = min(named, key=lambda s: s.klasse != "schluessel").ziel if named else None
    if area is None:
        return []
    given = {*tabelle.konstanten, *tabelle.abgeleitet}
    return [*(name for name in ("gebietsstand", "ebene") if name in given and name in tabelle.schluessel), area]


def _groups(db: duckdb.DuckDBPyConnection, rows: Rows) -> dict[int, dict[str, Any]]:
    tabelle = rows.tabelle
    by = group_columns(tabelle)
    numbers = [s.ziel for s in kept(tabelle) if _amount(tabelle, s)]
    if not by:
        return {}
    key = " || '/' || ".join(f"coalesce({quoted(name)}::varchar, '')" for name in by)
    groups = db.execute(f"select max(n) from (select _lieferung, count(distinct {key}) as n from {rows.view} group by _lieferung)").fetchall()[0][0]
    if groups is None or groups > GROUPS:
        return {}
    sums = "".join(f", sum({quoted(name)})::double" for name in numbers)
    rest = [name for name in tabelle.schluessel if name not in by]
    cell = ", ".join(f"coalesce({quoted(name)}::varchar, '')" for name in [*rest, *numbers])
    # Independent of the order of rows, and the same in every version of DuckDB.
    signature = f"bit_xor(md5_number_lower(concat_ws('|', {cell})))::varchar" if numbers and not tabelle.personal else "''"
    result: dict[int, dict[str, Any]] = {}
    for number, name, count, mark, *values in db.execute(f"select _lieferung, {key}, count(*), {signature}{sums} from {rows.view} group by all order by 1, 2").fetchall():
        entry = result.setdefault(number, {"gruppe": by, "zahlen": numbers, "gruppen": {}})
        entry["gruppen"][name] = [count, mark, *values]
    label = next((s.ziel for s in kept(tabelle) if s.ziel == "name" and not tabelle.personal), None)
    if label and "gruppe" in next(iter(result.values()), {}):
        for number, name, text in db.execute(f"select _lieferung, {key}, min({quoted(label)}) from {rows.view} group by all order by 1, 2").fetchall():
            if len(result[number]["gruppen"]) <= NAMES:
                result[number].setdefault("namen", {})[name] = text
    return result


def save(folder: Path, quelle_id: str, described: dict[str, Any]) -> None:
    """Keep a profile in the sealed zone; it appears whole or not at all."""
    target = folder / quelle_id / f"{described['lieferung_id']}.json"
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    parts = target.with_name(f".{target.name}.tmp")
    parts.write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")
    parts.replace(target)


def load(folder: Path, quelle_id: str, lieferung_id: str) -> dict[str, Any] | None:
    """The profile of an earlier delivery, None where there is none of this form."""
    path = folder / quelle_id / f"{lieferung_id}.json"
    try:
        status = path.stat()
        described = _read(path, status.st_mtime_ns, status.st_size, status.st_ino)
    except (OSError, ValueError):
        return None
    return described if described.get("form") == FORM else None


@lru_cache(maxsize=512)
def _read(path: Path, *version: int) -> dict[str, Any]:
    """A profile as it lies there; each is asked for once per delivery of the same date. Nobody changes what is returned."""
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def delivered(quelle: Quelle, tabelle: Tabelle, described: dict[str, Any]) -> str:
    """The files of a delivery that a table was read from, in one name."""
    pattern = path_pattern(quelle, tabelle)
    return together({name for name in described["dateien"] if pattern.fullmatch(name)}) or tabelle.dateien


# comparison


class Comparison:
    """One delivery beside the earlier one it is nearest to in time."""

    def __init__(self, quelle: Quelle, new: dict[str, Any], old: dict[str, Any], personal: bool) -> None:
        self.quelle, self.new, self.old, self.personal = quelle, new, old, personal
        days = abs((date.fromisoformat(new["stichtag"]) - date.fromisoformat(old["stichtag"])).days)
        self.years = max(SHORTEST, days / DAYS_PER_YEAR)
        #: What moves slowly repeats the more often, the closer the dates.
        self.closeness = max(1.0, DAYS_PER_YEAR / max(1, days))
        self.before = f"{date.fromisoformat(old['stichtag']):%d.%m.%Y}"
        self.backwards = new["stichtag"] < old["stichtag"]
        self.findings: list[Finding] = []

    def run(self) -> list[Finding]:
        for tabelle in self.quelle.tabellen:
            new, old = (p["tabellen"].get(tabelle.kennung) for p in (self.new, self.old))
            if new and old:
                self._table(tabelle, new, old)
        return self.findings

    def _add(self, tabelle: Tabelle, grad: Grad, befund: str, text: str, rat: str, spalte: str = "", anzahl: int = 1) -> None:
        allowed = next(
            (z for z in tabelle.vergleich.zulassen if z.befund == befund and z.stichtag.isoformat() == self.new["stichtag"] and z.spalte in (None, spalte)), None
        )
        if allowed and grad == "ablehnen":
            grad, rat = "warnen", f"zugelassen: {allowed.grund.rstrip('.')}"
        column = next((s.name for s in tabelle.spalten if s.ziel == spalte), spalte)
        file = delivered(self.quelle, tabelle, self.new)
        if grad == "ablehnen":
            rat = (
                f"{rat}; ist es richtig, in {self.quelle.quelle}.yml bei {tabelle.tabelle} ergänzen: "
                f"vergleich: {{zulassen: [{{stichtag: {self.new['stichtag']}, befund: {befund}, grund: …}}]}}"
            )
        finding = Finding(grad, befund, f"{file}: {text}", rat, datei=file, spalte=column, anzahl=anzahl)
        # Two tables of one sheet may have the same column.
        if finding not in self.findings:
            self.findings.append(finding)

    def _name(self, tabelle: Tabelle, ziel: str) -> str:
        return next((f"„{s.name}“" for s in tabelle.spalten if s.ziel == ziel), f"„{ziel}“")

    def _table(self, tabelle: Tabelle, new: dict[str, Any], old: dict[str, Any]) -> None:
        self._rows(tabelle, new, old)
        self._codes(tabelle, new, old)
        pairs = self._common(new, old)
        swapped = self._swapped(tabelle, new, old, pairs)
        self._sums(tabelle, new, old, swapped, pairs)
        self._empty(tabelle, new, old)
        if pairs is not None:
            self._missing_groups(tabelle, new, old)
            self._repeated(tabelle, new, old, pairs)
            self._displaced(tabelle, new, old, pairs, swapped)
        self._names(tabelle, new, old)

    def _common(self, new: dict[str, Any], old: dict[str, Any]) -> tuple[list[str], np.ndarray, np.ndarray] | None:
        """Groups in both, and their sums (groups x number columns); None where the tables are not followed by the same groups."""
        if "gruppen" not in new or "gruppen" not in old or new["gruppe"] != old["gruppe"]:
            return None
        both = sorted(new["gruppen"].keys() & old["gruppen"].keys())
        if len(both) < max(1, 0.5 * min(len(new["gruppen"]), len(old["gruppen"]))):
            return None
        columns = [c for c in new["zahlen"] if c in old["zahlen"]]

        def matrix(side: dict[str, Any]) -> np.ndarray:
            places = [2 + side["zahlen"].index(c) for c in columns]
            rows = [[side["gruppen"][g][p] for p in places] for g in both]
            return np.array(rows, dtype=float).reshape(len(both), len(columns))

        return both, matrix(new), matrix(old)

    # single comparisons

    def _rows(self, tabelle: Tabelle, new: dict[str, Any], old: dict[str, Any]) -> None:
        limits, change = tabelle.vergleich, new["zeilen"] / max(1, old["zeilen"]) - 1
        down, up = limits.rueckgang * self.years, limits.anstieg * self.years
        said = f"{new['zeilen']} Zeilen nach {old['zeilen']} am {self.before} ({f'{100 * change:+.1f}'.replace('.', ',')} %)"
        if self._cut(tabelle):
            grad: Grad = "ablehnen" if change < 0 and not self.backwards else "warnen"
            self._add(tabelle, grad, "abgeschnitten", f"{said}, und die letzte Zeile hat anders als damals kein Ende", "bitte prüfen, ob die Datei vollständig ist")
        if abs(new["zeilen"] - old["zeilen"]) < 3:
            return
        if change < -down or change > up:
            self._add(tabelle, "ablehnen", "zeilensprung", said, "bitte prüfen, ob die Datei vollständig ist")
        elif change < -down / 2 or change > up / 2:
            self._add(tabelle, "warnen", "zeilensprung", said, "bitte prüfen")

    def _cut(self, tabelle: Tabelle) -> bool:
        """Whether a file of the table ends without an end of line, which none of the earlier delivery did."""
        pattern = path_pattern(self.quelle, tabelle)
        new, old = ([ended for name, ended in side.get("zeilenende", {}).items() if pattern.fullmatch(name)] for side in (self.new, self.old))
        return bool(old) and all(old) and not all(new)

    def _codes(self, tabelle: Tabelle, new: dict[str, Any], old: dict[str, Any]) -> None:
        for spalte in tabelle.spalten if tabelle.vergleich.kodes != "aus" else ():
            now, before = (side["spalten"].get(spalte.ziel, {}).get("kodes") for side in (new, old))
            if spalte.werte is not None or before is None or spalte.gebiet:
                continue
            # Keys of areas are others in another area version.
            if spalte.klasse == "schluessel" and self.new["gebietsstand"] != self.old["gebietsstand"]:
                continue
            if now is None or not before:
                rows = new["spalten"].get(spalte.ziel, {}).get("verschieden") or 0
                if before and len(before) <= CODES // 3 and _beyond_chance(rows - len(before), new["zeilen"], _unseen(before)):
                    self._add(tabelle, "ablehnen", "kodes", f"Spalte {self._name(tabelle, spalte.ziel)} hatte am {self.before} {len(before)} verschiedene Werte und hat jetzt über {CODES}", "bitte prüfen, ob die Spalten vertauscht sind", spalte.ziel)
                continue
            # "A , b" and "A, b" are one code.
            meant = {_plain(k) for k in before}
            grown = sorted(k for k in now if _plain(k) not in meant)
            if not grown or spalte.ziel == "name" or len(before) > CODES // 2 or spalte.ziel in tabelle.schluessel:
                continue
            share = sum(now[k] for k in grown) / max(1, sum(now.values()))
            listed = ", ".join(f"„{shown(k)}“" for k in grown[:NAMED]) if not self.personal else f"{len(grown)} neue"
            # With few rows before, new values are no wonder: how many may come is told by those that came only once.
            strange = _beyond_chance(sum(now[k] for k in grown), sum(now.values()), _unseen(before))
            grad: Grad = "ablehnen" if strange and share > 0.05 and len(before) > 1 and len(grown) >= len(before) else "warnen"
            self._add(tabelle, grad, "kodes", f"Spalte {self._name(tabelle, spalte.ziel)}: Werte, die es am {self.before} nicht gab: {listed} ({_de(round(100 * share, 1))} % der Zeilen)", "bitte die Bedeutung klären und die Werteliste in der Deklaration ergänzen", spalte.ziel, len(grown))

    def _sums(self, tabelle: Tabelle, new: dict[str, Any], old: dict[str, Any], swapped: set[str], pairs: tuple[list[str], np.ndarray, np.ndarray] | None) -> None:
        followed = [c for c in new["zahlen"] if c in old["zahlen"]] if pairs is not None else []
        for spalte in kept(tabelle):
            if not _numeric(spalte) or spalte.klasse not in ("zahl", "merkmal") or spalte.ziel in swapped or spalte.ziel in tabelle.schluessel:
                continue
            now, before = new["spalten"].get(spalte.ziel), old["spalten"].get(spalte.ziel)
            if not now or not before or not now["quantile"] or not before["quantile"] or not before["summe"] or now["summe"] is None:
                continue
            if pairs is not None and spalte.typ == "zahlzeichen" and spalte.ziel in followed:
                # Other cells are suppressed at every date: only those that stand in both can be added up.
                a, b = (side[:, followed.index(spalte.ziel)] for side in pairs[1:])
                known = ~np.isnan(a) & ~np.isnan(b)
                now, before = now | {"summe": float(a[known].sum())}, before | {"summe": float(b[known].sum())}
                if not before["summe"]:
                    continue
            # Few cases jump by chance.
            chance = spalte.typ != "dezimal" and abs(now["summe"] - before["summe"]) < JUMP * math.sqrt(max(1, abs(before["summe"]) + abs(now["summe"])))
            ratio = now["summe"] / before["summe"]
            middle = _ratio(now["quantile"][5], before["quantile"][5])
            unit = next((u for u in UNITS if abs(math.log(abs(ratio) / u)) < 0.25 and (middle is None or abs(math.log(abs(middle) / u)) < 0.4)), None) if ratio > 0 else None
            name = self._name(tabelle, spalte.ziel)
            if unit and abs(before["summe"]) >= 1 and not chance:
                self._add(tabelle, "ablehnen", "einheit", f"Spalte {name}: die Werte sind das {_de(unit)}-Fache von denen am {self.before}, also in einer anderen Einheit oder mit anderem Dezimalzeichen", "bitte in der vereinbarten Einheit liefern oder faktor in der Deklaration setzen", spalte.ziel)
                continue
            if spalte.klasse == "zahl" and not _amount(tabelle, spalte):
                # Without the outermost: a place at zero is one that nobody has located.
                _, lowest, *_, highest, _ = before["quantile"]
                here, apart = now["quantile"][5], max(highest - lowest, ELSEWHERE_DEGREES if tabelle.konstanten["epsg"] == DEGREES else ELSEWHERE)
                if not lowest - apart <= here <= highest + apart:
                    self._add(tabelle, "ablehnen", "lage", f"Spalte {name}: die Orte liegen um {_de(here)}, am {self.before} lagen sie zwischen {_de(lowest)} und {_de(highest)}", "bitte in den vereinbarten Koordinaten liefern", spalte.ziel)
                continue
            limit = tabelle.vergleich.summe * self.years
            change = ratio - 1
            reverse = before["summe"] / now["summe"] - 1 if now["summe"] else math.inf
            said = f"Spalte {name}: Summe {_de(now['summe'])} nach {_de(before['summe'])} am {self.before}"
            # Differences (negative values) have no level that could stay.
            if chance or before["quantile"][0] < 0:
                continue
            if change > limit or reverse > limit:
                self._add(tabelle, "ablehnen", "summensprung", said, "bitte prüfen", spalte.ziel)
            elif change > limit / 2 or reverse > limit / 2:
                self._add(tabelle, "warnen", "summensprung", said, "bitte prüfen", spalte.ziel)

    def _empty(self, tabelle: Tabelle, new: dict[str, Any], old: dict[str, Any]) -> None:
        for spalte in kept(tabelle):
            now, before = new["spalten"].get(spalte.ziel), old["spalten"].get(spalte.ziel)
            # An end of validity is empty as long as nothing ended.
            if not now or not before or spalte.darf_fehlen and now["leer"] == 1 or spalte.typ == "datum" and not spalte.pflicht:
                continue
            grown = now["leer"] - before["leer"]
            # What is suppressed changes with every date; other cells do not empty by chance.
            beyond = _emptied(now, before, new["zeilen"], old["zeilen"]) > (CASES if spalte.typ == "zahlzeichen" else SURE)
            if new["zeilen"] >= 20 and grown > 0.3 and beyond:
                self._add(tabelle, "ablehnen", "leer", f"Spalte {self._name(tabelle, spalte.ziel)} ist zu {_de(round(100 * now['leer']))} % leer, am {self.before} zu {_de(round(100 * before['leer']))} %", "bitte vollständig liefern", spalte.ziel)
                continue
            # Somewhat more cells with a table symbol are what suppression does; somewhat more without anything are not.
            bare, bare_before = (side["leer"] - side.get("zeichen", 0) for side in (now, before))
            if new["zeilen"] >= 20 and bare - bare_before > 0.1:
                self._add(tabelle, "warnen", "leer", f"Spalte {self._name(tabelle, spalte.ziel)} ist zu {_de(round(100 * bare))} % leer, am {self.before} zu {_de(round(100 * bare_before))} %", "bitte prüfen", spalte.ziel)

    def _missing_groups(self, tabelle: Tabelle, new: dict[str, Any], old: dict[str, Any]) -> None:
        if tabelle.vergleich.kodes == "aus":
            return
        if self.new["gebietsstand"] != self.old["gebietsstand"]:
            return
        gone = sorted(old["gruppen"].keys() - new["gruppen"].keys())
        come = sorted(new["gruppen"].keys() - old["gruppen"].keys())
        area = new["gruppe"][-1]
        spalte = next((s for s in tabelle.spalten if s.ziel == area), None)
        secret = spalte is not None and spalte.klasse in PERSONAL
        for befund, groups, one, several in (("gebiete_fehlen", gone, "Wert fehlt", "Werte fehlen"), ("gebiete_neu", come, "Wert ist neu", "Werte sind neu")):
            if not groups:
                continue
            listed = "" if secret else ": " + ", ".join(shown(g.rpartition("/")[2]) for g in groups[:NAMED]) + (" …" if len(groups) > NAMED else "")
            share = len(groups) / max(1, len(old["gruppen"]))
            side = old if befund == "gebiete_fehlen" else new
            rows = sum(side["gruppen"][g][0] for g in groups) / max(1, side["zeilen"])
            grave = befund == "gebiete_fehlen" and min(share, rows) > 0.1 * self.years
            self._add(tabelle, "ablehnen" if grave else "warnen", befund, f"{self._name(tabelle, area)}: {_counted(groups, one, several)} gegenüber dem {self.before}{listed}", "bitte prüfen", area, len(groups))

    def _names(self, tabelle: Tabelle, new: dict[str, Any], old: dict[str, Any]) -> None:
        if tabelle.vergleich.vertauschung == "aus":
            return
        now, before = new.get("namen"), old.get("namen")
        if not now or not before or new.get("gruppe") != old.get("gruppe"):
            return
        # Another area version may well use a key again for another area.
        changed = sorted(k for k in now.keys() & before.keys() if now[k] != before[k])
        if changed and self.new["gebietsstand"] == self.old["gebietsstand"]:
            listed = ", ".join(f"{shown(k.rpartition('/')[2])} („{shown(str(before[k]))}“ → „{shown(str(now[k]))}“)" for k in changed[:NAMED])
            many = len(changed) > max(3, 0.3 * len(now))
            self._add(tabelle, "ablehnen" if many else "warnen", "umbenannt", f"{len(changed)} Namen lauten anders als am {self.before}: {listed}", "bitte prüfen, ob Schlüssel und Namen zusammengehören", anzahl=len(changed))

    def _repeated(self, tabelle: Tabelle, new: dict[str, Any], old: dict[str, Any], pairs: tuple[list[str], np.ndarray, np.ndarray]) -> None:
        groups, now, before = pairs
        wanted = tabelle.vergleich.wiederholung
        if wanted == "aus" or not groups or not now.size:
            return
        telling = (np.abs(before) >= TELLING) & ~np.isnan(now)
        # Decimals carry as much as long counts: 12,37 does not come twice by chance.
        kinds = {s.ziel: s.typ for s in tabelle.spalten}
        columns = [c for c in new["zahlen"] if c in old["zahlen"]]
        broken = ~np.isnan(now) & (before != 0) & (before != np.round(before))
        symbols = [place for place, column in enumerate(columns) if kinds.get(column) == "zahlzeichen"]
        for place, column in enumerate(columns):
            if kinds.get(column) == "dezimal":
                telling[:, place] = broken[:, place]
        telling[:, symbols] |= broken[:, symbols]
        same = telling & (now == before)
        told = telling.sum(axis=1)
        rated = told >= min(2, len(columns))
        if symbols and self.closeness < 1.1:
            rated |= _improbable(now[:, symbols], before[:, symbols])
        alike = rated & (same.sum(axis=1) == told) & np.array([new["gruppen"][g][1] == old["gruppen"][g][1] for g in groups])
        chance = CHANCE if len(columns) < 3 else CHANCE_OF_ALL
        # The more a row tells, the less it repeats by chance.
        for least, share in ((0, chance), (MUCH_TOLD, chance / MUCH_TOLD)):
            much = rated & (told >= least)
            if _beyond_chance(int((much & alike).sum()), int(much.sum()), min(0.9, share * self.closeness)):
                self._repeat(tabelle, [g for g, a in zip(groups, alike, strict=True) if a], int(rated.sum()), None, wanted)
                return
        everywhere = all(new["gruppen"][g][1] == old["gruppen"][g][1] != "" for g in groups) and new["gruppen"].keys() == old["gruppen"].keys()
        if everywhere and int((before >= SMALL_TELLING).sum()) >= WHOLE_TABLE * self.closeness:
            self._repeat(tabelle, groups, len(groups), None, wanted)
            return
        # Stocks of official tables (dwellings) hardly move: a column of whole numbers alone proves nothing there, a whole row does.
        telling[:, symbols] &= broken[:, symbols]
        same &= telling
        for place, column in enumerate(columns):
            count, of = int(same[:, place].sum()), int(telling[:, place].sum())
            if _beyond_chance(count, of, CHANCE):
                self._repeat(tabelle, [g for g, s in zip(groups, same[:, place], strict=True) if s], of, column, wanted)

    def _repeat(self, tabelle: Tabelle, groups: list[str], of: int, column: str | None, wanted: str | None) -> None:
        listed = ", ".join(shown(g.rpartition("/")[2]) for g in groups[:NAMED]) + (" …" if len(groups) > NAMED else "")
        where = f"Spalte {self._name(tabelle, column)}: " if column else ""
        self._add(
            tabelle, "warnen" if wanted == "warnen" else "ablehnen", "wiederholung",
            f"{where}{len(groups)} von {of} Raumeinheiten haben genau die Werte vom {self.before} ({listed})",
            "bitte die Werte dieses Stichtags liefern", column or "", len(groups),
        )  # fmt: skip

    def _swapped(self, tabelle: Tabelle, new: dict[str, Any], old: dict[str, Any], pairs: tuple[list[str], np.ndarray, np.ndarray] | None) -> set[str]:
        """Columns whose values fit another column's previous values much better than their own."""
        if tabelle.vergleich.vertauschung == "aus":
            return set()
        grad: Grad = tabelle.vergleich.vertauschung
        names = [n for n in new["spalten"] if n in old["spalten"] and new["spalten"][n]["art"] == old["spalten"][n]["art"]]
        vectors = [c for c in new.get("zahlen", []) if c in old.get("zahlen", [])] if pairs is not None else []

        def distance(a: str, b: str) -> float:
            """Of column ``a`` now to column ``b`` before."""
            if pairs is not None and a in vectors and b in vectors and len(pairs[0]) >= 8:
                return _vector_distance(pairs[1][:, vectors.index(a)], pairs[2][:, vectors.index(b)])
            return _shape_distance(new["spalten"][a], old["spalten"][b])

        noise: list[float] = []
        counted = {s.ziel for s in tabelle.spalten if s.typ in ("ganzzahl", "zahlzeichen")}

        def certain(*columns: str) -> bool:
            """Whether these columns differ from themselves by more than chance and the usual change explain."""
            if pairs is not None and set(columns) <= set(vectors) and len(pairs[0]) >= COMPARABLE:
                if not set(columns) <= counted:
                    return True
                places = [vectors.index(a) for a in columns]
                noise[:] = noise or [_noise(pairs[1], pairs[2])]
                return _excess(pairs[1][:, places], pairs[2][:, places], noise[0]) > CASES
            return any(_no_accident(new["spalten"][a], old["spalten"][a], new["zeilen"], old["zeilen"]) for a in columns)

        def comparable(a: str, b: str) -> bool:
            """Suppressed cells leave enough of both columns to tell one from the other."""
            if pairs is None or a not in vectors or b not in vectors or len(pairs[0]) < COMPARABLE:
                return True
            here, there = pairs[1][:, vectors.index(a)], pairs[2][:, vectors.index(b)]
            both = ~np.isnan(here) & ~np.isnan(there)
            return int((both & (here + there != 0)).sum()) >= COMPARABLE and both.sum() >= 0.8 * max((~np.isnan(here)).sum(), (~np.isnan(there)).sum())

        found: set[str] = set()
        own = {n: distance(n, n) for n in names}
        for place, a in enumerate(names):
            for b in names[place + 1 :]:
                if new["spalten"][a]["art"] != new["spalten"][b]["art"] or own[a] <= CLOSE or own[b] <= CLOSE or {a, b} & found:
                    continue
                there, back = distance(a, b), distance(b, a)
                if there * BETTER < own[a] and back * BETTER < own[b] and max(there, back) < 0.25 and certain(a, b):
                    found |= {a, b}
                    self._add(tabelle, grad, "vertauscht", f"die Spalten {self._name(tabelle, a)} und {self._name(tabelle, b)} sind gegenüber dem {self.before} vertauscht", "bitte die Zuordnung der Spalten prüfen", a)
        for a in names:
            # Not swapped but shifted: values of another column under this header.
            if a in found or own[a] < 0.3:
                continue
            other = min((n for n in names if n != a and new["spalten"][n]["art"] == new["spalten"][a]["art"]), key=lambda n: distance(a, n), default=None)
            if other and distance(a, other) * 2 * BETTER < own[a] and distance(a, other) < 0.08 and comparable(a, other) and certain(a):
                found.add(a)
                self._add(tabelle, grad, "verschoben", f"in der Spalte {self._name(tabelle, a)} stehen Werte, die zu {self._name(tabelle, other)} am {self.before} passen", "bitte Kopfzeile und Spalten vergleichen", a)
        return found

    def _displaced(self, tabelle: Tabelle, new: dict[str, Any], old: dict[str, Any], pairs: tuple[list[str], np.ndarray, np.ndarray], swapped: set[str]) -> None:
        """Values that stand beside other areas than before, and single areas in another unit."""
        groups, now, before = pairs
        columns = [c for c in new["zahlen"] if c in old["zahlen"]]
        if len(groups) < 5 or tabelle.vergleich.vertauschung == "aus":
            return
        grad: Grad = tabelle.vergleich.vertauschung
        slipped: list[tuple[str, list[str]]] = []
        evidence: list[tuple[np.ndarray, np.ndarray]] = []
        counted = {s.ziel for s in tabelle.spalten if s.typ in ("ganzzahl", "zahlzeichen")}
        single: dict[str, list[str]] = {}
        for place, column in enumerate(columns):
            if column in swapped:
                continue
            a, b = now[:, place], before[:, place]
            known = ~np.isnan(a) & ~np.isnan(b)
            a, b, here = a[known], b[known], [g for g, k in zip(groups, known, strict=True) if k]
            if len(a) < 5 or b.min() < 0 or a.min() < 0:
                continue
            apart, ordered = _vector_distance(a, b), _vector_distance(np.sort(a), np.sort(b))
            if apart > 0.15 and ordered * 3 * max(1.0, min(self.years, 3)) < apart:
                slipped.append((column, [here[i] for i in np.argsort(-np.abs(a - b))[:NAMED]]))
                evidence.append((a, b) if column in counted else (np.array([np.inf]), np.array([0.0])))
                continue
            typical = float(np.median(np.abs(a - b) / np.maximum(np.abs(b), 1)))
            large = np.maximum(np.abs(a), np.abs(b)) >= TELLING
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = np.where((a > 0) & (b > 0), np.maximum(a / b, b / a), np.where(a == b, 1.0, np.inf))
            limit = 1 + max(1.0, 12 * typical) * self.years
            jumped = [i for i in range(len(a)) if large[i] and ratio[i] > limit and abs(a[i] - b[i]) > CASES * math.sqrt(max(abs(b[i]), 1))]
            if not jumped:
                continue
            unit = [i for i in jumped if b[i] > 0 and any(abs(math.log(max(a[i], 1e-9) / (b[i] * u))) < 0.2 for u in (10, 100, 1000, 0.1, 0.01, 0.001))]
            crossed = len(jumped) >= 2 and _vector_distance(np.sort(a[jumped]), np.sort(b[jumped])) < 0.1
            listed = ", ".join(f"{shown(here[i].rpartition('/')[2])} ({_de(b[i])} → {_de(a[i])})" for i in sorted(jumped, key=lambda i: -ratio[i])[:NAMED])
            if tabelle.personal:
                listed = _counted(jumped, "Wert", "Werte")
            what = "in einer anderen Einheit" if len(unit) >= 2 and len(unit) * 2 > len(jumped) else "untereinander vertauscht" if crossed else "gesprungen"
            # Another area version moves people between areas, too.
            grave = (what != "gesprungen" or len(jumped) > max(3, 0.1 * len(a))) and self.new["gebietsstand"] == self.old["gebietsstand"]
            if not grave:
                for i in jumped:
                    single.setdefault(shown(here[i].rpartition("/")[2]), []).append(f"{self._name(tabelle, column)} {_de(b[i])} → {_de(a[i])}")
                continue
            self._add(tabelle, grad, "gebietssprung", f"Spalte {self._name(tabelle, column)}: {_counted(jumped, 'Raumeinheit ist', 'Raumeinheiten sind')} gegenüber dem {self.before} {what}: {listed}", "bitte prüfen", column, len(jumped))
        # Small counts change places by chance: all columns together have to say it.
        if slipped and (any(np.isinf(a).any() for a, _ in evidence) or _excess(*map(np.concatenate, zip(*evidence, strict=True)), HOUSEHOLDS) > CASES):
            column, worst = slipped[0]
            self._add(tabelle, grad, "verrutscht", f"Spalte {self._name(tabelle, column)}: die Werte vom {self.before} stehen bei anderen Raumeinheiten, etwa {', '.join(shown(g.rpartition('/')[2]) for g in worst)}", "bitte die Zuordnung von Schlüsseln und Werten prüfen", column)
        if single:
            listed = "; ".join(f"{area}: {', '.join(values[:2])}" for area, values in list(single.items())[:NAMED]) if not tabelle.personal else ""
            self._add(tabelle, "warnen", "gebietssprung", f"in {_counted(single, 'Raumeinheit', 'Raumeinheiten')} haben sich Werte gegenüber dem {self.before} sprunghaft geändert ({listed})", "bitte prüfen", anzahl=len(single))


def compare(quelle: Quelle, new: dict[str, Any], earlier: list[dict[str, Any]]) -> list[Finding]:
    """Findings about a delivery beside earlier ones of its source: the same bytes as any, all else beside the nearest in time."""
    findings = same_bytes(quelle, new, earlier)
    others = [p for p in earlier if p["stichtag"] != new["stichtag"]]
    if not others:
        return findings
    day = date.fromisoformat(new["stichtag"])
    # The date before if there is one, else the one after: old deliveries may come in late.
    nearest = min(others, key=lambda p: (p["stichtag"] > new["stichtag"], abs((date.fromisoformat(p["stichtag"]) - day).days)))
    return findings + Comparison(quelle, new, nearest, quelle.personenbezug).run()


def same_bytes(quelle: Quelle, new: dict[str, Any], earlier: Iterable[dict[str, Any]]) -> list[Finding]:
    """Files that came before, byte for byte, under another reference date."""
    findings = []
    for other in earlier:
        if other["stichtag"] == new["stichtag"]:
            continue
        known = {digest: name for name, (digest, size) in other["dateien"].items() if size}
        twice = [name for name, (digest, _) in new["dateien"].items() if digest in known]
        if not twice:
            continue
        tables = [t for t in quelle.tabellen if new["tabellen"].get(t.kennung)]
        wanted = {t.vergleich.wiederholung for t in tables} - {None}
        if wanted == {"aus"}:
            continue
        figures = any(t.personal or any(s.klasse == "zahl" and s.typ in ("ganzzahl", "zahlzeichen") for s in t.spalten) for t in tables)
        allowed = next((z for t in tables for z in t.vergleich.zulassen if z.befund == "gleiche_bytes" and z.stichtag.isoformat() == new["stichtag"]), None)
        grave = figures and "warnen" not in wanted and allowed is None
        before = f"{date.fromisoformat(other['stichtag']):%d.%m.%Y}"
        advice = f"zugelassen: {allowed.grund.rstrip('.')}" if allowed else "bitte die Datei dieses Stichtags liefern"
        names = ", ".join(shown(n) for n in twice[:NAMED])
        findings.append(Finding("ablehnen" if grave else "warnen", "gleiche_bytes", f"{names}: dieselbe Datei kam schon für den {before}", advice, datei=shown(twice[0]), anzahl=len(twice)))
    return findings[:1]


# small measures


def _beyond_chance(count: int, of: int, chance: float) -> bool:
    """Whether so many repeats among so many values are no accident (binomial tail below ``UNLIKELY``)."""
    if count < REPEATED or of == 0 or chance >= 1:
        return False
    log_tail = math.lgamma(of + 1) - math.lgamma(count + 1) - math.lgamma(of - count + 1) + count * math.log(chance) + (of - count) * math.log1p(-chance)
    return log_tail < math.log(UNLIKELY) and count > of * chance


def _improbable(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Areas whose counts, small ones included, would practically never all be the same again (two Poisson draws of one level)."""
    known = ~np.isnan(now) & (before >= SMALL_TELLING)
    return np.where(known, -np.log(2 * np.sqrt(np.pi * np.where(known, before, 1.0))), 0.0).sum(axis=1) <= SMALL_TOGETHER


def _unseen(codes: dict[str, int]) -> float:
    """Share of rows with codes not seen before that is to be expected, taken high (Good-Turing: by the codes seen once)."""
    once = sum(1 for count in codes.values() if count == 1)
    return min(1.0, (once + 2 * math.sqrt(once) + 1) / max(1, sum(codes.values())))


def _excess(a: np.ndarray, b: np.ndarray, noise: float) -> float:
    """By how many standard deviations two lists of counts differ more than chance times ``noise`` lets them (chi-square)."""
    known = ~np.isnan(a) & ~np.isnan(b) & (a + b > 0)
    free = int(known.sum())
    if not free:
        return 0.0
    return float(((a[known] - b[known]) ** 2 / (a[known] + b[known])).sum() / noise - free) / math.sqrt(2 * free)


def _noise(now: np.ndarray, before: np.ndarray) -> float:
    """How much more than chance the counts of a table change, each column beside the one that fits it best; at least ``HOUSEHOLDS``."""
    best = []
    for place in range(now.shape[1]):
        fits = []
        for other in range(before.shape[1]):
            a, b = now[:, place], before[:, other]
            known = ~np.isnan(a) & ~np.isnan(b) & (a + b > 0)
            if known.sum() >= COMPARABLE:
                fits.append(float(((a[known] - b[known]) ** 2 / (a[known] + b[known])).mean()))
        if fits:
            best.append(min(fits))
    return max(HOUSEHOLDS, float(np.median(best))) if best else HOUSEHOLDS


def _emptied(new: dict[str, Any], old: dict[str, Any], rows_new: int, rows_old: int) -> float:
    """By how many standard deviations the share of empty cells grew."""
    pooled = (new["leer"] * rows_new + old["leer"] * rows_old) / max(1, rows_new + rows_old)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / max(1, rows_new) + 1 / max(1, rows_old)))
    return (new["leer"] - old["leer"]) / spread if spread else 0.0


def _no_accident(new: dict[str, Any], old: dict[str, Any], rows_new: int, rows_old: int) -> bool:
    """Whether two columns are filled differently beyond chance, given how many rows there are."""
    if abs(_emptied(new, old, rows_new, rows_old)) > CASES:
        return True
    n, m = rows_new * (1 - new["leer"]), rows_old * (1 - old["leer"])
    if min(n, m) < 1:
        return False
    if new["art"] == "zahl":
        if not new["quantile"] or not old["quantile"]:
            return False
        # Kolmogorov-Smirnov on the deciles; where values tie, the smaller distance.
        places, known = np.array(QUANTILES), np.array(old["quantile"], float)
        here = np.array(new["quantile"], float)
        below, above = np.searchsorted(known, here, "left") - 1, np.searchsorted(known, here, "right")
        apart = np.maximum(places - above / (len(places) - 1), below / (len(places) - 1) - places).max()
        return bool(apart > math.sqrt(-math.log(UNLIKELY / 2) / 2 * (n + m) / (n * m)))
    if "kodes" in new and "kodes" in old:
        every = sorted(new["kodes"].keys() | old["kodes"].keys())
        a, b = (np.array([side["kodes"].get(k, 0) for k in every], float) for side in (new, old))
        scale = math.sqrt(b.sum() / max(1.0, a.sum()))
        free = max(1, len(every) - 1)
        return bool((((a * scale - b / scale) ** 2 / (a + b)).sum() - free) / math.sqrt(2 * free) > CASES)
    long_new, long_old = new["laenge"] or 0, old["laenge"] or 0
    return abs(long_new - long_old) > CASES * LENGTHS * max(long_new, long_old) * math.sqrt(1 / n + 1 / m)


def _vector_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Sum of absolute differences over half the sum of both; 0 equal, 2 nothing in common."""
    known = ~np.isnan(a) & ~np.isnan(b)
    total = (np.abs(a[known]).sum() + np.abs(b[known]).sum()) / 2
    return float(np.abs(a[known] - b[known]).sum() / total) if total else 0.0


def _shape_distance(new: dict[str, Any], old: dict[str, Any]) -> float:
    """How differently two columns are filled: quantiles of numbers, shares of codes, length and variety of texts."""
    empty = abs(new["leer"] - old["leer"])
    if new["art"] == "zahl":
        if not new["quantile"] or not old["quantile"]:
            return empty
        return empty + _vector_distance(np.array(new["quantile"], float), np.array(old["quantile"], float))
    if "kodes" in new and "kodes" in old:
        a, b = new["kodes"], old["kodes"]
        total_a, total_b = max(1, sum(a.values())), max(1, sum(b.values()))
        return empty + sum(abs(a.get(k, 0) / total_a - b.get(k, 0) / total_b) for k in a.keys() | b.keys()) / 2
    if ("kodes" in new) != ("kodes" in old):
        return empty + 1
    long_a, long_b = new["laenge"] or 0, old["laenge"] or 0
    variety = abs(math.log((new["verschieden"] + 1) / (old["verschieden"] + 1)))
    return empty + abs(long_a - long_b) / max(1.0, long_a, long_b) + min(1.0, variety / 3)


def _plain(code: str) -> str:
    return " ".join(re.findall(r"\w+", code.casefold()))


def _ratio(a: float | None, b: float | None) -> float | None:
    return a / b if a and b and a * b > 0 else None


def _counted(things: Sized, one: str, several: str) -> str:
    return f"{_de(len(things))} {one if len(things) == 1 else several}"


def _de(number: float) -> str:
    text = f"{number:,.0f}" if abs(number) >= 100 or number == int(number) else f"{number:.4g}"
    return text.translate(str.maketrans(",.", ".,"))


