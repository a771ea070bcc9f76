"""The door: finds deliveries, takes them in once, or says in one sentence why not.

A delivery is all files of one source with the same reference date. It is read, minimised, checked and written to the raw
zone as a whole or not at all; the ledger entry comes last, and whatever a killed run left without one is swept away by
the next. Originals of persons are never stored: fingerprint and row counts are all that remains of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from sources import expectations, minimise
from sources.corrections import apply_corrections
from sources.expectations import CheckError, CheckResult, Rule
from sources.model import SHIPPED_CITIES, City, DeclarationError, Quelle, Tabelle, available_cities, load_city, raw_columns, raw_tables
from sources.read import Refused, SourceFile, create_table, kept, lines_before, physical_line, quoted, read_files
from warehouse.connect import connect, literal
from warehouse.ledger import Ledger, utc_now
from warehouse.paths import PRIVATE, Home
from warehouse.settings import Settings, SettingsError, secret_key

#: Deliveries are read and checked together up to this many bytes: one suite run costs the same for one or for many.
BATCH_BYTES = 256 << 20
#: Memory that reading, checking and writing take per byte of a CSV file, measured 5 to 7, with a margin.
MEMORY_PER_BYTE = 16
BYTES = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
#: Names under which programs write a file that is not complete yet.
UNFINISHED = re.compile(r"(\.(part|tmp|filepart|partial|crdownload|swp)|~)$", re.IGNORECASE)
DATE_PLACEHOLDERS = {"jahr": r"\d{4}", "monat": r"\d{2}", "tag": r"\d{2}"}
ID_LENGTH = 12
EMPTY = "_leer"
PARQUET = "format parquet, compression zstd, compression_level 1"

Progress = Callable[[str], None]


@dataclass
class Delivery:
    """All files of one source for one reference date."""

    quelle_id: str
    stichtag: date
    gebietsstand: str
    files: tuple[SourceFile, ...]
    lieferung_id: str = ""
    sha256: str = ""
    zeilen: int = 0
    zeilen_quarantaene: int = 0

    @property
    def name(self) -> str:
        return f"{self.quelle_id} {self.stichtag:%d.%m.%Y}"


@dataclass(frozen=True)
class Refusal:
    """What was not taken in; ``delivery`` is None where not even a reference date could be read from the path."""

    delivery: Delivery | None
    sentence: str


@dataclass
class AcceptReport:
    accepted: list[Delivery] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    unchanged: list[Delivery] = field(default_factory=list)
    undeclared: list[Path] = field(default_factory=list)
    #: Files still being written, and links that lead out of the folder.
    left: list[Path] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    checks: dict[str, list[CheckResult]] = field(default_factory=dict)

    def add(self, other: AcceptReport) -> None:
        self.accepted += other.accepted
        self.refused += other.refused
        self.unchanged += other.unchanged
        self.left += [path for path in other.left if path not in self.left]
        self.checks |= other.checks
        for stage, seconds in other.seconds.items():
            self.seconds[stage] += seconds

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start


# finding deliveries


@dataclass(frozen=True)
class Found:
    """A look into a folder: per source the files it declares, and the rest."""

    files: dict[str, list[SourceFile]]
    undeclared: list[Path]
    left: list[Path]


def path_pattern(quelle: Quelle, tabelle: Tabelle) -> re.Pattern[str]:
    """Regular expression of ``dateien`` over a relative path; what stands before it in the path does not matter."""
    parts, named = [], set()
    for piece in re.split(r"(\*|\{\w+\})", tabelle.dateien):
        if piece == "*":
            parts.append("[^/]*")
        elif piece.startswith("{"):
            name = piece[1:-1]
            values = quelle.platzhalter.get(name)
            allowed = "|".join(map(re.escape, values)) if values else DATE_PLACEHOLDERS[name]
            parts.append(f"(?P={name})" if name in named else f"(?P<{name}>{allowed})")
            named.add(name)
        else:
            parts.append(re.escape(piece))
    return re.compile(f"(?:.*/)?(?P<_name>{''.join(parts)})")


def scan(city: City, folder: Path) -> Found:
    """Match every file of a folder with the declarations of a town; reads names and sizes, no contents."""
    patterns = [(quelle, index, path_pattern(quelle, tabelle)) for quelle in city.quellen for index, tabelle in enumerate(quelle.tabellen)]
    files: dict[str, list[SourceFile]] = defaultdict(list)
    undeclared, left = [], []
    for path in _walk(folder):
        relative = path.relative_to(folder).as_posix()
        try:
            status = path.stat()
            inside = path.resolve().is_relative_to(folder.resolve())
        except OSError:
            left.append(path)
            continue
        if not stat.S_ISREG(status.st_mode):
            undeclared.append(path)
            continue
        if UNFINISHED.search(path.name) or not inside:
            left.append(path)
            continue
        matches: dict[str, list[tuple[int, tuple[tuple[str, str], ...]]]] = defaultdict(list)
        name = ""
        for quelle, index, pattern in patterns:
            if match := pattern.fullmatch(relative):
                values = match.groupdict()
                name = values.pop("_name")
                matches[quelle.quelle].append((index, tuple(sorted(values.items()))))
        for quelle_id, tables in matches.items():
            files[quelle_id].append(SourceFile(path, name, status.st_size, status.st_mtime_ns, tuple(tables)))
        if not matches:
            undeclared.append(path)
    return Found(dict(files), undeclared, left)


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(parent, name)


def group(city: City, quelle: Quelle, files: Iterable[SourceFile]) -> tuple[list[Delivery], list[Refusal]]:
    """Put the files of one source together by reference date, oldest first."""
    by_date: dict[date, list[SourceFile]] = defaultdict(list)
    years: dict[date, str] = {}
    refused = []
    for file in files:
        placeholders = dict(file.tables[0][1])
        try:
            stichtag = _stichtag(quelle, placeholders)
        except ValueError:
            refused.append(Refusal(None, f"{file.name}: Der Dateiname nennt kein gültiges Datum; bitte die Datei umbenennen."))
            continue
        by_date[stichtag].append(file)
        years[stichtag] = placeholders.get("jahr", "*")
    deliveries = []
    for stichtag, members in sorted(by_date.items()):
        try:
            version = quelle.gebietsstand.get(years[stichtag]) or quelle.gebietsstand.get("*") or city.gebietsstand_am(stichtag)
        except DeclarationError as error:
            refused.append(Refusal(None, f"{members[0].name}: {error}"))
            continue
        deliveries.append(Delivery(quelle.quelle, stichtag, version, tuple(sorted(members, key=lambda f: f.name))))
    return deliveries, refused


def _stichtag(quelle: Quelle, placeholders: dict[str, str]) -> date:
    values = {name: quelle.platzhalter.get(name, {}).get(value, value) for name, value in placeholders.items()}
    day = date.fromisoformat(quelle.stichtag.datum.format(**values))
    return day.replace(year=day.year + quelle.stichtag.jahr_versatz)


def fingerprint(delivery: Delivery, digests: Iterable[str]) -> Delivery:
    """The delivery with file hashes, its own hash over the sorted (name, hash) list, and its id."""
    files = tuple(replace(file, sha256=digest) for file, digest in zip(delivery.files, digests, strict=True))
    listed = json.dumps([[file.name, file.sha256] for file in files], ensure_ascii=False)
    total = hashlib.sha256(listed.encode()).hexdigest()
    return replace(delivery, files=files, sha256=total, lieferung_id=f"{delivery.quelle_id}-{delivery.stichtag:%Y-%m-%d}-{total[:ID_LENGTH]}")


def file_hash(path: Path) -> str:
    with path.open("rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()


def rules_version(city: City, quelle: Quelle, active: Iterable[str] = ()) -> str:
    """Short hash over everything that decides about a delivery besides its bytes."""
    decisive = [
        expectations.VERSION,
        quelle.model_dump(mode="json"),
        city.stadt.statistikstelle,
        [g.model_dump(mode="json") for g in city.stadt.gebietsstaende],
        sorted(active),
    ]
    return hashlib.sha256(json.dumps(decisive, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:ID_LENGTH]


# the door


def accept_all(
    city: City, home: Home, ledger: Ledger, settings: Settings, inbox: Path, *,
    move: bool, now: datetime | None = None, progress: Progress = lambda _: None,
) -> AcceptReport:  # fmt: skip
    """Take in whatever is new in a folder, source after source in the order of the town's declarations.

    ``move`` removes accepted files from the folder (the inbox); without it the folder is left as it is.
    """
    with _Door(city, home, ledger, settings, inbox, move, now or utc_now(), progress) as door:
        report = AcceptReport(undeclared=door.found.undeclared, left=list(door.found.left))
        for quelle in city.quellen:
            report.add(door.accept(quelle))
        door.write_state()
        report.seconds["suchen"] += door.search_seconds
    return report


def accept_source(
    quelle_id: str, city: City, home: Home, ledger: Ledger, settings: Settings, inbox: Path, *,
    move: bool, now: datetime | None = None, progress: Progress = lambda _: None,
) -> AcceptReport:  # fmt: skip
    """As ``accept_all`` for one source; what it depends on has to be in already. Undeclared files are not reported."""
    with _Door(city, home, ledger, settings, inbox, move, now or utc_now(), progress) as door:
        report = door.accept(city.quelle(quelle_id))
        door.write_state()
        report.seconds["suchen"] += door.search_seconds
    return report


def undeclared(city: City, inbox: Path) -> list[Path]:
    """Files of a folder that no source of the town declares."""
    return scan(city, inbox).undeclared


def pending(city: City, ledger: Ledger, inbox: Path) -> list[Delivery]:
    """Deliveries that a run would look at. Reads no file: one that size and time do not identify counts as new."""
    entries = {row["lieferung_id"]: row for row in ledger.deliveries()}
    found = scan(city, inbox)
    waiting = []
    for quelle in city.quellen:
        for delivery in group(city, quelle, found.files.get(quelle.quelle, []))[0]:
            digests = [ledger.known_file(str(f.path), f.size, f.mtime_ns) for f in delivery.files]
            if not all(digests):
                waiting.append(delivery)
                continue
            known = entries.get(fingerprint(delivery, map(str, digests)).lieferung_id)
            if known is None or not _decided(city, quelle, known, entries.values()):
                waiting.append(delivery)
    return waiting


def _decided(city: City, quelle: Quelle, entry: dict[str, Any], entries: Iterable[dict[str, Any]]) -> bool:
    """Accepted stays accepted; refused stays refused while rules and the sources before it are the same."""
    if entry["status"] == "angenommen":
        return True
    return entry["pruefungen"]["regelwerk"] == rules_version(city, quelle, _active(entries, quelle.nach))


def _active(entries: Iterable[dict[str, Any]], sources: Iterable[str]) -> list[str]:
    wanted = set(sources)
    return sorted(row["lieferung_id"] for row in entries if row["aktiv"] and row["quelle_id"] in wanted)


class _Refusals(dict[int, str]):
    """Place of a delivery in its batch -> the sentence that refuses it; the first one counts."""

    def __init__(self) -> None:
        super().__init__()
        #: Reasons outside the delivery (disk, rights, memory): it is looked at again in the next run.
        self.passing: set[int] = set()

    def add(self, number: int, delivery: Delivery, sentence: str, *, passing: bool = False) -> None:
        if number not in self:
            self[number] = f"{delivery.name}: {sentence}"
            if passing:
                self.passing.add(number)


@dataclass
class _Loaded:
    """One file read for one table: its rows are rowid ``start`` .. ``start + rows - 1``."""

    file: SourceFile
    delivery: int
    #: Values of the constant columns, one entry per copy of its rows.
    constants: list[dict[str, str | int | float]]
    start: int = 0
    rows: int = 0


@dataclass
class _Rows:
    """What one table declaration of a batch became in DuckDB."""

    index: int
    tabelle: Tabelle
    loaded: list[_Loaded] = field(default_factory=list)

    @property
    def raw(self) -> str:
        return f"gelesen_{self.index}"

    @property
    def view(self) -> str:
        return f"zeilen_{self.index}"

    @property
    def check_view(self) -> str:
        return f"pruefung_{self.index}"


class _Door:
    """One round at the door: a look into the folder, one connection, one session of Great Expectations."""

    def __init__(self, city: City, home: Home, ledger: Ledger, settings: Settings, inbox: Path, move: bool, now: datetime, progress: Progress) -> None:
        self.city, self.home, self.ledger, self.settings = city, home, ledger, settings
        self.inbox, self.move, self.now, self.progress = inbox, move, now, progress
        start = time.perf_counter()
        self.found = scan(city, inbox)
        self.search_seconds = time.perf_counter() - start
        self._database: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> _Door:
        return self

    def __exit__(self, *_: object) -> None:
        if self._database is not None:
            self._database.close()

    @property
    def db(self) -> duckdb.DuckDBPyConnection:
        if self._database is None:
            self._database = connect(home=self.home, settings=self.settings)
            # Rows may be of persons, and DuckDB's wheel cannot encrypt what it spills: it must not spill at all.
            self._database.execute("set temp_directory = ''")
            self._database.execute("set preserve_insertion_order = true")
        return self._database

    @cached_property
    def _batch_bytes(self) -> int:
        """How many bytes of files are taken together: few enough that their rows and one hash table over them fit into memory."""
        amount, unit = self.db.execute("select current_setting('memory_limit')").fetchall()[0][0].split()
        return min(BATCH_BYTES, int(float(amount) * BYTES[unit]) // MEMORY_PER_BYTE)

    @cached_property
    def session(self) -> expectations.Session:
        return expectations.Session(self.db)

    @cached_property
    def columns(self) -> dict[str, dict[str, str]]:
        """Every raw table -> its columns, as all known towns together declare them."""
        known = {path: load_city(path) for path in available_cities(SHIPPED_CITIES).values()}
        return raw_tables([self.city, *(city for path, city in known.items() if path != self.city.folder)])

    # one source

    def accept(self, quelle: Quelle) -> AcceptReport:
        report = AcceptReport()
        self._sweep(quelle)
        deliveries, report.refused = group(self.city, quelle, self.found.files.get(quelle.quelle, []))
        with report.stage("fingerabdruck"):
            fresh = self._fresh(quelle, deliveries, report)
        for batch in _batches(fresh, self._batch_bytes) if fresh else ():
            self._accept_batch(quelle, batch, report)
        return report

    def _fresh(self, quelle: Quelle, deliveries: list[Delivery], report: AcceptReport) -> list[Delivery]:
        """Those that have not been decided about; the others are reported as they were."""
        entries = {row["lieferung_id"]: row for row in self.ledger.deliveries()}
        fresh = []
        for delivery in deliveries:
            try:
                delivery = fingerprint(delivery, self._digests(delivery))
            except (Refused, OSError):
                report.left += [file.path for file in delivery.files]
                continue
            entry = entries.get(delivery.lieferung_id)
            if entry is None or not _decided(self.city, quelle, entry, entries.values()):
                if quelle.abschottung and not self.city.stadt.statistikstelle:
                    self._refuse(quelle, delivery, _separation_missing(self.city, quelle), report, [])
                elif quelle.personenbezug and delivery.stichtag > self.now.date():
                    self._refuse(quelle, delivery, f"{delivery.name}: Der Stichtag liegt in der Zukunft; bitte den Dateinamen prüfen.", report, [])
                elif missing := [name for name in quelle.nach if not _active(entries.values(), [name])]:
                    self._refuse(quelle, delivery, f"{delivery.name}: Zuerst wird {' und '.join(missing)} gebraucht; sobald das da ist, wird diese Lieferung von selbst wieder geprüft.", report, [])
                else:
                    fresh.append(delivery)
            elif entry["status"] == "angenommen":
                delivery.zeilen = entry["zeilen"]
                report.unchanged.append(delivery)
                self._clear(delivery)
            else:
                report.refused.append(Refusal(delivery, entry["meldung"]))
        return fresh

    def _digests(self, delivery: Delivery) -> list[str]:
        """Hashes of the files; those that size and time identify are not read again."""
        known = [self.ledger.known_file(str(file.path), file.size, file.mtime_ns) for file in delivery.files]
        digests = [digest or file_hash(file.path) for digest, file in zip(known, delivery.files, strict=True)]
        for file in delivery.files:
            _still_the_same(file)
        with self.ledger.transaction():
            for was_known, digest, file in zip(known, digests, delivery.files, strict=True):
                if not was_known:
                    self.ledger.remember_file(str(file.path), file.size, file.mtime_ns, digest)
        return digests

    def _accept_batch(self, quelle: Quelle, batch: list[Delivery], report: AcceptReport) -> None:
        """Read and check several deliveries together, then decide about each by itself."""
        refusals = _Refusals()
        checks: dict[int, list[CheckResult]] = defaultdict(list)
        with report.stage("lesen"):
            for number, delivery in enumerate(batch):
                with _refusing(refusals, {number: delivery}):
                    _complete(quelle, delivery)
            tables = self._read(quelle, batch, refusals)
        with report.stage("pruefen"):
            with _refusing(refusals, dict(enumerate(batch))):
                self._check(quelle, batch, tables, refusals, checks)
        for number, delivery in enumerate(batch):
            try:
                for file in delivery.files:
                    _still_the_same(file)
            except (Refused, OSError):
                report.left += [file.path for file in delivery.files]
                continue
            if number not in refusals:
                with _refusing(refusals, {number: delivery}):
                    self._store(quelle, delivery, number, tables, checks[number], report)
            if number in refusals:
                self._refuse(quelle, delivery, refusals[number], report, checks[number], passing=number in refusals.passing)
        for rows in tables:
            self._drop(rows)

    # reading

    def _read(self, quelle: Quelle, batch: list[Delivery], refusals: _Refusals) -> list[_Rows]:
        tables = []
        for index, tabelle in enumerate(quelle.tabellen):
            rows = _Rows(index, tabelle)
            for number, delivery in enumerate(batch):
                if number not in refusals:
                    rows.loaded += [
                        _Loaded(file, number, _constants(quelle, tabelle, delivery, dict(placeholders)))
                        for file in delivery.files
                        for place, placeholders in file.tables
                        if place == index
                    ]
            if not rows.loaded:
                continue
            with _refusing(refusals, {load.delivery: batch[load.delivery] for load in rows.loaded}):
                create_table(self.db, rows.raw, tabelle)
                extents, broken = read_files(self.db, rows.raw, quelle, tabelle, [load.file for load in rows.loaded], self.home.tmp)
                for place, sentence in broken.items():
                    load = rows.loaded[place]
                    refusals.add(load.delivery, batch[load.delivery], sentence)
                for place, (start, count) in extents.items():
                    rows.loaded[place].start, rows.loaded[place].rows = start, count
                self.progress(f"{quelle.name}: {sum(load.rows for load in rows.loaded)} Zeilen für {tabelle.tabelle} gelesen")
                self._lay_out(quelle, batch, rows, refusals)
                tables.append(rows)
        return tables

    def _lay_out(self, quelle: Quelle, batch: list[Delivery], rows: _Rows, refusals: _Refusals) -> None:
        """View of the rows with constants, derived columns, file and line; corrected where corrections are declared."""
        tabelle, files = rows.tabelle, f"dateien_{rows.index}"
        types = {name: kind for name, kind in raw_columns(tabelle).items() if name in tabelle.konstanten}
        declared = "".join(f", {quoted(name)} {kind}" for name, kind in types.items())
        self.db.execute(
            f"create or replace temp table {files} (nummer smallint, _lieferung smallint, _gebietsstand varchar, _stichtag date,"
            f" datei varchar, versatz bigint{declared})"
        )
        entries = []
        for number, load in enumerate(rows.loaded):
            delivery = batch[load.delivery]
            offset = lines_before(tabelle) + 1 - load.start
            for values in load.constants:
                constant = [values[name] for name in types]
                entries.append([number, load.delivery, delivery.gebietsstand, delivery.stichtag, load.file.name, offset, *constant])
        self.db.executemany(f"insert into {files} values ({', '.join('?' * len(entries[0]))})", entries)
        constants = "".join(f", d.{quoted(name)}" for name in types)
        joined = (
            f"select r.*, r.rowid + d.versatz as zeile, d._lieferung, d._gebietsstand, d._stichtag, d.datei{constants}"
            f" from {rows.raw} r join {files} d on d.nummer = r._datei"
        )
        base = f"basis_{rows.index}"
        if tabelle.eindeutig:
            same = ", ".join(["_lieferung", *(quoted(s.ziel) for s in kept(tabelle)), *map(quoted, types)])
            joined = f"select * from ({joined}) qualify row_number() over (partition by {same} order by _datei, zeile) = 1"
        if tabelle.korrekturen or tabelle.eindeutig:
            self.db.execute(f"create or replace temp table {base} as {joined} order by _datei, zeile")
            for number in sorted({load.delivery for load in rows.loaded} - set(refusals)):
                with _refusing(refusals, {number: batch[number]}):
                    apply_corrections(self.db, base, quelle, tabelle, number)
        else:
            self.db.execute(f"create or replace temp view {base} as {joined}")
        derived = "".join(f", ({sql})::varchar as {quoted(name)}" for name, sql in tabelle.abgeleitet.items())
        self.db.execute(f"create or replace temp view {rows.view} as select *{derived} from {base}")

    def _drop(self, rows: _Rows) -> None:
        for view in (rows.check_view, rows.view):
            self.db.execute(f"drop view if exists {view}")
        kind = "table" if rows.tabelle.korrekturen or rows.tabelle.eindeutig else "view"
        self.db.execute(f"drop {kind} if exists basis_{rows.index}")
        for table in (rows.raw, f"dateien_{rows.index}"):
            self.db.execute(f"drop table if exists {table}")

    # checking

    def _check(self, quelle: Quelle, batch: list[Delivery], tables: list[_Rows], refusals: _Refusals, checks: dict[int, list[CheckResult]]) -> None:
        """Hold every table against its rules. A delivery is refused by the first rule it breaks."""
        open_ones = [number for number in range(len(batch)) if number not in refusals]
        if not open_ones:
            return
        self._load_areas()
        self._check_counts(quelle, batch, tables, refusals, checks)
        for rows in tables:
            rules = expectations.rules_of(quelle, rows.tabelle)
            expectations.create_check_view(self.db, rows.check_view, rows.view, rows.tabelle, rules)
            counts = expectations.count_violations(self.db, rows.check_view, rules)
            self._agree(rows.check_view, rules, counts, quelle, batch, refusals)
            for number in open_ones:
                numbers = counts.get(number)
                if numbers is None:
                    continue
                checks[number] += [
                    CheckResult(rule.name, numbers[rule.name] == 0, {"zeilen": numbers[""], "verstoesse": numbers[rule.name]}) for rule in rules
                ]
                broken = [rule for rule in rules if numbers[rule.name]]
                if broken and number not in refusals:
                    refusals.add(number, batch[number], self._sentence(quelle, rows, broken, numbers, number, batch[number]))

    def _agree(self, view: str, rules: list[Rule], counts: dict[int, dict[str, int]], quelle: Quelle, batch: list[Delivery], refusals: _Refusals) -> None:
        """Great Expectations passes judgement on all deliveries of the batch; it has to agree with the rows that SQL found."""
        try:
            verdict = self.session.validate(view, rules)
        except CheckError as error:
            failed = str(error)
        else:
            failed = next((r.name for r in rules if verdict[r.name] != (sum(c[r.name] for c in counts.values()) == 0)), None)
        if failed:
            for number, delivery in enumerate(batch):
                sentence = f"Die Prüfung {failed} ließ sich nicht ausführen, über die Daten sagt das nichts; bitte die Regel in {quelle.quelle}.yml prüfen."
                refusals.add(number, delivery, sentence, passing=True)

    def _check_counts(self, quelle: Quelle, batch: list[Delivery], tables: list[_Rows], refusals: _Refusals, checks: dict[int, list[CheckResult]]) -> None:
        """Numbers of rows and of areas, as one table of counts with their limits."""
        counts: list[tuple[int, str, int, int, int | None, str]] = []
        for rows in tables:
            counts += self._row_counts(rows, batch)
            counts += self._missing_areas(rows)
        self.db.execute("create or replace temp table zaehlung (_lieferung smallint, name varchar, zeilen bigint, minimum bigint, maximum bigint, satz varchar)")
        self.db.executemany("insert into zaehlung values (?, ?, ?, ?, ?, ?)", counts)
        broken: dict[int, dict[str, int]] = {0: {rule.name: 0 for rule in expectations.COUNT_RULES}}
        for rule in expectations.COUNT_RULES:
            broken[0][rule.name] = self.db.execute(f"select count(*) from zaehlung where {rule.violation}").fetchall()[0][0]
        self._agree("zaehlung", expectations.COUNT_RULES, broken, quelle, batch, refusals)
        for number, name, found, least, most, sentence in counts:
            good = found >= least and (most is None or found <= most)
            limits = {"minimum": least} | ({} if most is None else {"maximum": most})
            checks[number].append(CheckResult(name, good, {"zeilen": found} | limits))
            if not good:
                refusals.add(number, batch[number], sentence)

    def _row_counts(self, rows: _Rows, batch: list[Delivery]) -> list[tuple[int, str, int, int, int | None, str]]:
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
            where = _file_names(rows, number)
            result.append(
                (number, f"{tabelle.tabelle}.zeilen", total, tabelle.zeilen_minimum, tabelle.zeilen_maximum,
                 f"{where}: {total} Zeilen liegen außerhalb der vereinbarten Zahl (ab {tabelle.zeilen_minimum}"
                 f"{f', höchstens {tabelle.zeilen_maximum}' if tabelle.zeilen_maximum else ''}); bitte vollständig neu liefern.")
            )  # fmt: skip
            covered = {str(values[name]) for load in rows.loaded if load.delivery == number for values in load.constants for name in groups}
            if "gebietsstand" not in groups:
                covered.add(batch[number].gebietsstand)
            for key, exact in tabelle.zeilen_genau.items():
                if key not in covered:
                    continue
                found = total if key in versions and "gebietsstand" not in groups else sum(n for values, n in mine.items() if key in values)
                result.append(
                    (number, f"{tabelle.tabelle}.zeilen.{key}", found, exact, exact,
                     f"{where}: {found} statt {exact} Zeilen für {key}; bitte vollständig neu liefern.")
                )  # fmt: skip
        return result

    def _missing_areas(self, rows: _Rows) -> list[tuple[int, str, int, int, int | None, str]]:
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
                     f"{_file_names(rows, number)}: es fehlen {count} Raumeinheiten der Ebene {ebene} ({version}), etwa {listed}; bitte vollständig neu liefern.")
                )  # fmt: skip
        return result

    def _sentence(self, quelle: Quelle, rows: _Rows, broken: list[Rule], numbers: dict[str, int], number: int, delivery: Delivery) -> str:
        rule = broken[0]
        missing_list = self._missing_list(rule, rows, delivery)
        if missing_list:
            return missing_list
        found = expectations.locate(self.db, rows.check_view, rule, number)
        load = rows.loaded[found[0][0]]
        here = [row for row in found if row[0] == found[0][0]]
        lines = list(dict.fromkeys(physical_line(load.file, rows.tabelle.format, line) for _, line, _ in here))
        more = numbers[rule.name] - len(here)
        word = "Objekt" if rows.tabelle.format.art == "geo" else "Zeile"
        where = f"{word}{('n' if word == 'Zeile' else 'e') if len(lines) > 1 else ''} {', '.join(map(str, lines))}{f' und {more} weitere' if more else ''}"
        column = f", Spalte „{rule.column.name}“" if rule.column else ""
        value = here[0][2]
        shown = f" („{value}“)" if value is not None and not quelle.personenbezug and rule.column and rule.column.typ != "wkt" else ""
        also = {1: "", 2: "; 1 weitere Regel ist verletzt"}.get(len(broken), f"; {len(broken) - 1} weitere Regeln sind verletzt")
        return f"{load.file.name}, {where}{column}{shown}: {rule.message}; {rule.advice}{also}."

    def _missing_list(self, rule: Rule, rows: _Rows, delivery: Delivery) -> str | None:
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

    def _load_areas(self) -> None:
        """Temporary table ``gebiete``: all areas of the accepted deliveries (gebietsstand, ebene, raumeinheit_id)."""
        self.db.execute("create or replace temp table gebiete (gebietsstand varchar, ebene varchar, raumeinheit_id varchar)")
        files = [literal(str(folder / "*.parquet")) for folder in self._active_folders("raumeinheit")]
        if files:
            self.db.execute(f"insert into gebiete select distinct gebietsstand, ebene, raumeinheit_id from read_parquet([{', '.join(files)}])")

    def _active_folders(self, table: str) -> list[Path]:
        """Raw folders of a table that belong to active deliveries, oldest reference date first."""
        rows = sorted((r for r in self.ledger.deliveries("angenommen") if r["aktiv"]), key=lambda r: r["stichtag"])
        folders = [self.home.raw / table / f"delivery={row['lieferung_id']}" for row in rows]
        return [folder for folder in folders if folder.is_dir()]

    def _address_folder(self, stichtag: date) -> Path | None:
        """The directory to place addresses by: the newest one up to the reference date, else the first after it."""
        folders = self._active_folders("adresse")
        dates = {row["lieferung_id"]: row["stichtag"] for row in self.ledger.deliveries("angenommen")}
        until = [f for f in folders if dates[f.name.removeprefix("delivery=")] <= stichtag.isoformat()]
        return until[-1] if until else next(iter(folders), None)

    # writing

    def _store(self, quelle: Quelle, delivery: Delivery, number: int, tables: list[_Rows], checks: list[CheckResult], report: AcceptReport) -> None:
        """Raw Parquet, archive, ledger, in this order; only the ledger entry makes them count."""
        parts = self.home.raw / f".tmp-{delivery.lieferung_id}"
        shutil.rmtree(parts, ignore_errors=True)
        with report.stage("schreiben"):
            for rows in tables:
                if any(load.delivery == number for load in rows.loaded):
                    target = parts / rows.tabelle.tabelle / f"{rows.index}.parquet"
                    target.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
                    delivery.zeilen += self._write(rows, delivery, number, target, checks)
        with report.stage("archivieren"):
            if not quelle.personenbezug:
                self._archive(delivery)
            for folder in sorted(parts.iterdir()):
                final = self.home.raw / folder.name / f"delivery={delivery.lieferung_id}"
                shutil.rmtree(final, ignore_errors=True)
                final.parent.mkdir(parents=True, exist_ok=True)
                folder.rename(final)
            parts.rmdir()
            with self.ledger.transaction():
                self._record(quelle, delivery, "angenommen", None, checks)
        report.accepted.append(delivery)
        report.checks[delivery.lieferung_id] = checks
        self._clear(delivery)
        self.progress(f"{delivery.name}: angenommen ({delivery.zeilen} Zeilen)")

    def _write(self, rows: _Rows, delivery: Delivery, number: int, target: Path, checks: list[CheckResult]) -> int:
        """One Parquet file of one table of one delivery; returns its rows."""
        tabelle = rows.tabelle
        places = [place for place, load in enumerate(rows.loaded) if load.delivery == number]
        # By file number, which DuckDB can skip row groups by; the rows of a delivery lie together.
        mine = f"(select * from {rows.view} where _datei between {places[0]} and {places[-1]} and _lieferung = {number})"
        if tabelle.personal:
            minimise.set_key(self.db, minimise.key_of(secret_key(self.home, self.settings), delivery.stichtag))
            minimise.prepare_names(self.db, mine, tabelle)
            minimise.prepare_addresses(self.db, self._address_folder(delivery.stichtag), delivery.stichtag)
        values, joins = minimise.minimised(tabelle, delivery.stichtag)
        values |= {name: f"r.{quoted(name)}" for name in [*tabelle.konstanten, *tabelle.abgeleitet]}
        selected = [f"{values.get(name, f'null::{kind}')} as {quoted(name)}" for name, kind in self.columns[tabelle.tabelle].items()]
        source = f"select {', '.join([*selected, 'r.zeile', 'r.datei'])} from {mine} r{joins}"
        try:
            written = self.db.execute(f"copy ({source}) to {literal(str(target))} ({PARQUET})").fetchall()[0][0]
        finally:
            if tabelle.personal:
                minimise.forget_key(self.db)
        if tabelle.personal and "block_id" in values:
            locked = "count_if(sperre <> '')" if "sperre" in values else "0"
            numbers = self.db.execute(f"select count_if(block_id is null), {locked} from read_parquet({literal(str(target))})").fetchall()[0]
            checks.append(CheckResult(f"{tabelle.tabelle}.adresse", True, {"zeilen": written, "nicht_zuordenbar": numbers[0], "mit_sperre": numbers[1]}))
        return written

    def _archive(self, delivery: Delivery) -> None:
        """The bytes as received and a description; copied, so that nobody who still holds the file can change them."""
        folder = self.home.archive / delivery.quelle_id
        parts = folder / f".tmp-{delivery.lieferung_id}"
        shutil.rmtree(parts, ignore_errors=True)
        for file in delivery.files:
            target = parts / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.path, target)
        described = {
            "lieferung_id": delivery.lieferung_id,
            "stichtag": delivery.stichtag.isoformat(),
            "gebietsstand": delivery.gebietsstand,
            "eingang": self.now.isoformat(),
            "sha256": delivery.sha256,
            "zeilen": delivery.zeilen,
            "dateien": _listed(delivery),
        }
        (parts / "delivery.json").write_text(json.dumps(described, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        final = folder / delivery.lieferung_id
        shutil.rmtree(final, ignore_errors=True)
        parts.rename(final)

    def _record(self, quelle: Quelle, delivery: Delivery, status: str, sentence: str | None, checks: list[CheckResult], *, passing: bool = False) -> None:
        version = "" if passing else rules_version(self.city, quelle, _active(self.ledger.deliveries(), quelle.nach))
        self.ledger.record_delivery(
            lieferung_id=delivery.lieferung_id,
            quelle_id=delivery.quelle_id,
            stichtag=delivery.stichtag.isoformat(),
            gebietsstand=delivery.gebietsstand,
            eingang=self.now.isoformat(),
            sha256=delivery.sha256,
            zeilen=delivery.zeilen,
            zeilen_quarantaene=delivery.zeilen_quarantaene,
            status=status,
            meldung=sentence,
            pruefungen={
                "regelwerk": version,
                "ergebnisse": [{"name": c.name, "success": c.success, "zahlen": c.zahlen} for c in checks],
            },
            dateien=_listed(delivery),
        )

    def _refuse(
        self, quelle: Quelle, delivery: Delivery, sentence: str, report: AcceptReport, checks: list[CheckResult], *, passing: bool = False
    ) -> None:
        delivery.zeilen = 0
        with self.ledger.transaction():
            self._record(quelle, delivery, "abgelehnt", sentence, checks, passing=passing)
        self._sweep(quelle)
        report.refused.append(Refusal(delivery, sentence))
        report.checks[delivery.lieferung_id] = checks
        self.progress(f"{delivery.name}: abgelehnt")

    def _clear(self, delivery: Delivery) -> None:
        """Take accepted files out of the inbox; folders of deliveries elsewhere are not ours to change."""
        if not self.move:
            return
        # Where that is not allowed they stay, and the next run finds them unchanged and tries again.
        with suppress(OSError):
            for file in delivery.files:
                file.path.unlink(missing_ok=True)
                parent = file.path.parent
                while parent != self.inbox and not any(parent.iterdir()):
                    parent.rmdir()
                    parent = parent.parent

    def _sweep(self, quelle: Quelle) -> None:
        """Remove what a killed run left of this source: parts, and whole deliveries without a ledger entry."""
        accepted = {row["lieferung_id"] for row in self.ledger.deliveries("angenommen")}
        mine = re.compile(rf"{re.escape(quelle.quelle)}-\d{{4}}-\d{{2}}-\d{{2}}-[0-9a-f]{{{ID_LENGTH}}}")
        raw = [(folder, folder.name.removeprefix("delivery=")) for folder in self.home.raw.glob("*/delivery=*")]
        archived = [(folder, folder.name) for folder in self.home.archive.glob(f"{quelle.quelle}/*")]
        for folder, delivery_id in raw + archived:
            if mine.fullmatch(delivery_id) and delivery_id not in accepted:
                shutil.rmtree(folder)
        for folder in [*self.home.raw.glob(f".tmp-{quelle.quelle}-*"), *self.home.archive.glob(f"{quelle.quelle}/.tmp-*")]:
            shutil.rmtree(folder)

    # what dbt reads besides the deliveries

    def write_state(self) -> None:
        """Empty Parquet of every raw table, and the small tables about deliveries, area versions and the town."""
        stadt = self.city.stadt
        self.home.raw.mkdir(parents=True, exist_ok=True)
        for table, columns in self.columns.items():
            nothing = ", ".join(f"null::{kind} as {quoted(name)}" for name, kind in (columns | {"zeile": "BIGINT", "datei": "VARCHAR"}).items())
            self._write_parquet(self.home.raw / table / f"delivery={EMPTY}" / "leer.parquet", f"select {nothing} limit 0")
        quellen = {q.quelle: q for q in self.city.quellen}
        deliveries = [row for row in self.ledger.deliveries("angenommen") if row["quelle_id"] in quellen]
        self._write_rows(
            "_quellenstand",
            "quelle_id varchar, lieferung_id varchar, stichtag date, gebietsstand varchar, eingang timestamp, sha256 varchar, zeilen bigint,"
            " zeilen_quarantaene bigint, status varchar, aktiv boolean, simuliert boolean, veroeffentlicht boolean, rechtsgrundlage varchar,"
            " jahresstichtag varchar, vorlaeufig boolean, mindestzahl integer, dateien varchar[]",
            [
                [
                    row["quelle_id"], row["lieferung_id"], row["stichtag"], row["gebietsstand"], datetime.fromisoformat(row["eingang"]).replace(tzinfo=None),
                    row["sha256"], row["zeilen"], row["zeilen_quarantaene"], "angenommen" if row["aktiv"] else "ersetzt", row["aktiv"], stadt.simuliert,
                    quellen[row["quelle_id"]].veroeffentlicht, quellen[row["quelle_id"]].rechtsgrundlage, quellen[row["quelle_id"]].jahresstichtag,
                    quellen[row["quelle_id"]].vorlaeufig, quellen[row["quelle_id"]].mindestzahl or stadt.mindestzahl,
                    [file["datei"] for file in row["dateien"]],
                ]
                for row in sorted(deliveries, key=lambda row: row["lieferung_id"])
            ],
        )  # fmt: skip
        self._write_rows(
            "_quelle",
            "quelle_id varchar, name varchar, themen varchar[], rhythmus varchar, jahresstichtag varchar, seit date, verzug_tage integer",
            [[q.quelle, q.name, list(q.themen), q.rhythmus, q.jahresstichtag, q.seit, q.verzug_tage] for q in self.city.quellen],
        )
        today = self.now.date()
        self._write_rows(
            "_lieferplan",
            "quelle_id varchar, name varchar, rhythmus varchar, jahresstichtag varchar, seit date, verzug_tage integer, heute date",
            [
                [q.quelle, q.name, q.rhythmus, q.jahresstichtag, q.seit, q.verzug_tage, today]
                for q in self.city.quellen
                if stadt.statistikstelle or not q.abschottung
            ],
        )
        self._write_rows(
            "_gebietsstand",
            "gebietsstand varchar, gueltig_von date, gueltig_bis date, aktuell boolean",
            [[g.id, g.gueltig_von, g.gueltig_bis, g.gueltig_von <= today <= (g.gueltig_bis or today)] for g in stadt.gebietsstaende],
        )
        public = [e.id for e in stadt.ebenen if not e.intern]
        self._write_rows(
            "_stadt",
            "stadt varchar, name varchar, ags varchar, simuliert boolean, statistikstelle boolean, mindestzahl integer, ebenen varchar[], veroeffentlichungsebenen varchar[]",
            [[stadt.stadt, stadt.name, stadt.ags, stadt.simuliert, stadt.statistikstelle, stadt.mindestzahl, [e.id for e in stadt.ebenen], public]],
        )

    def _write_rows(self, name: str, columns: str, rows: list[list[Any]]) -> None:
        self.db.execute(f"create or replace temp table stand ({columns})")
        if rows:
            self.db.executemany(f"insert into stand values ({', '.join('?' * len(rows[0]))})", rows)
        self._write_parquet(self.home.raw / f"{name}.parquet", "select * from stand")

    def _write_parquet(self, target: Path, query: str) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        parts = target.with_name(f".{target.name}.tmp")
        self.db.execute(f"copy ({query}) to {literal(str(parts))} ({PARQUET})")
        parts.replace(target)


# small helpers of the door


def _batches(deliveries: list[Delivery], limit: int) -> Iterator[list[Delivery]]:
    batch: list[Delivery] = []
    size = 0
    for delivery in deliveries:
        own = sum(file.size for file in delivery.files)
        if batch and size + own > limit:
            yield batch
            batch, size = [], 0
        batch.append(delivery)
        size += own
    if batch:
        yield batch


@contextmanager
def _refusing(refusals: _Refusals, deliveries: dict[int, Delivery]) -> Iterator[None]:
    """Whatever goes wrong with deliveries becomes their sentence; the others go on."""
    passing = True
    try:
        yield
    except Refused as refused:
        sentence, passing = str(refused), False
    except SettingsError as error:
        sentence = str(error)
    except duckdb.OutOfMemoryException:
        sentence = "Der Arbeitsspeicher reicht für diese Lieferung nicht; bitte memory_limit in sozialraum.yml erhöhen."
    except OSError as error:
        sentence = f"{os.strerror(error.errno or 0)} beim Lesen oder Schreiben; bitte Rechte und freien Platz prüfen."
    except Exception as error:  # noqa: BLE001 - the message may quote a row: only its kind and place are told
        place = traceback.extract_tb(error.__traceback__)[-1]
        kind = f"{type(error).__name__}, {Path(place.filename).name}:{place.lineno}"
        sentence = f"unerwarteter Fehler ({kind}) beim Verarbeiten; bitte die Lieferung und die Deklaration prüfen."
    else:
        return
    for number, delivery in deliveries.items():
        refusals.add(number, delivery, sentence, passing=passing)


def _still_the_same(file: SourceFile) -> None:
    status = file.path.stat()
    if (status.st_size, status.st_mtime_ns) != (file.size, file.mtime_ns):
        raise Refused(f"{file.name} wird noch geschrieben.")


def _separation_missing(city: City, quelle: Quelle) -> str:
    return (
        f"{quelle.name}: Einzelangaben dürfen für die Kommunalstatistik nur in einer von der Verwaltung abgeschotteten Statistikstelle verarbeitet werden "
        f"(§ 16 Abs. 5 BStatG und Statistikrecht des Landes {city.stadt.land}), {city.stadt.name} hat keine; bitte zusammengefasste Tabellen liefern."
    )


def _complete(quelle: Quelle, delivery: Delivery) -> None:
    """Every declared file is there exactly once; Refused names the first that is missing or doubled."""
    seen: dict[tuple[int, tuple[tuple[str, str], ...]], SourceFile] = {}
    for file in delivery.files:
        for match in file.tables:
            if match in seen:
                raise Refused(f"„{file.name}“ liegt mehrfach vor; bitte nur eine Fassung liefern.")
            seen[match] = file
    for index, tabelle in enumerate(quelle.tabellen):
        matches = [dict(values) for place, values in seen if place == index]
        if not matches and not tabelle.optional:
            raise Refused(f"Es fehlt die Datei „{tabelle.dateien}“; bitte die Lieferung vollständig abgeben.")
        for name, values in quelle.platzhalter.items():
            if not matches or f"{{{name}}}" in quelle.stichtag.datum or f"{{{name}}}" not in tabelle.dateien:
                continue
            for value in sorted(set(values) - {match[name] for match in matches}):
                missing = tabelle.dateien.format(**(matches[0] | {name: value})) if "*" not in tabelle.dateien else f"{tabelle.dateien} ({name} {value})"
                raise Refused(f"Es fehlt die Datei „{missing}“; bitte die Lieferung vollständig abgeben.")


def _constants(quelle: Quelle, tabelle: Tabelle, delivery: Delivery, placeholders: dict[str, str]) -> list[dict[str, str | int | float]]:
    """Values of the constant columns for one file, one entry per copy of its rows."""
    meanings = {name: quelle.platzhalter.get(name, {}).get(value, value) for name, value in placeholders.items()}
    meanings["gebietsstand"] = delivery.gebietsstand
    copies: list[dict[str, str | int | float]] = [{}]
    for name, value in tabelle.konstanten.items():
        values = value if isinstance(value, tuple) else (value,)
        copies = [copy | {name: v.format(**meanings) if isinstance(v, str) else v} for copy in copies for v in values]
    return copies


def _file_names(rows: _Rows, number: int) -> str:
    names = sorted({load.file.name for load in rows.loaded if load.delivery == number})
    return names[0] if len(names) == 1 else rows.tabelle.dateien


def _listed(delivery: Delivery) -> list[dict[str, Any]]:
    return [{"datei": file.name, "groesse": file.size, "sha256": file.sha256} for file in delivery.files]
