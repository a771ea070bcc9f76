"""The door: takes deliveries in once, or says in one sentence why not.

A delivery is all files of one source with the same reference date. It is read, minimised, checked, compared with what came
before and written to the raw zone as a whole or not at all. Single wrong rows may wait in quarantine; a correction or a newer
delivery lets them in. What is found, read, checked and written lies in the modules beside this one; here it is put in order.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import duckdb

from sources import agree, compare, expectations, feedback, retention
from sources.batch import Refusals, complete, drop, read_batch, refusing
from sources.expectations import CheckResult
from sources.find import ID_LENGTH, Delivery, at_rest, file_hash, fingerprint, group, path_pattern, scan, still_the_same, undeclared
from sources.findings import Finding, entries
from sources.model import SHIPPED_CITIES, City, Quelle, available_cities, load_city, raw_tables
from sources.read import Refused
from sources.state import write_state
from sources.store import Store, active_folders, from_entry, listed
from sources.validate import Validation, Verdicts
from warehouse.connect import connect, literal
from warehouse.ledger import Ledger, utc_now
from warehouse.paths import Home, private_files
from warehouse.settings import Settings

__all__ = ["AcceptReport", "Delivery", "Refusal", "accept_all", "accept_source", "path_pattern", "pending", "rules_version", "scan", "undeclared"]

#: Deliveries are read and checked together up to this many bytes: one suite run costs the same for one or for many.
BATCH_BYTES = 256 << 20
#: Memory that reading, checking and writing take per byte of a CSV file, measured 5 to 7, with a margin.
MEMORY_PER_BYTE = 16
BYTES = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}

Progress = Callable[[str], None]


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
    findings: dict[str, list[Finding]] = field(default_factory=dict)

    def add(self, other: AcceptReport) -> None:
        self.accepted += other.accepted
        self.refused += other.refused
        self.unchanged += other.unchanged
        self.left += [path for path in other.left if path not in self.left]
        self.checks |= other.checks
        self.findings |= other.findings
        for stage, seconds in other.seconds.items():
            self.seconds[stage] += seconds

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start


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


def pending(city: City, ledger: Ledger, inbox: Path) -> list[Delivery]:
    """Deliveries that a run would look at. Reads no file: one that size and time do not identify counts as new."""
    active = ledger.active()
    found = scan(city, inbox)
    waiting = []
    for quelle in city.quellen:
        seen = set()
        known = {row["lieferung_id"]: row for row in ledger.deliveries(quelle_id=quelle.quelle)}
        for delivery in group(city, quelle, found.files.get(quelle.quelle, []))[0]:
            digests = [ledger.known_file(str(f.path), f.size, f.mtime_ns) for f in delivery.files]
            if not all(digests):
                waiting.append(delivery)
                continue
            delivery = fingerprint(delivery, map(str, digests))
            seen.add(delivery.lieferung_id)
            entry = known.get(delivery.lieferung_id)
            if entry is None or not _decided(city, quelle, entry, active):
                waiting.append(delivery)
        waiting += [from_entry(row) for row in _to_revisit(city, quelle, known.values(), active) if row["lieferung_id"] not in seen]
    return waiting


def rules_version(city: City, quelle: Quelle, active: Iterable[str] = ()) -> str:
    """Short hash over everything that decides about a delivery besides its bytes."""
    decisive = [
        expectations.VERSION,
        quelle.model_dump(mode="json"),
        city.stadt.statistikstelle,
        [g.model_dump(mode="json") for g in city.stadt.gebietsstaende],
        sorted(active),
    ]
    return _short_hash(decisive)


def _corrections_version(quelle: Quelle, stichtag: date) -> str:
    """Short hash over the corrections meant for a delivery."""
    meant = [[t.kennung, [k.model_dump(mode="json") for k in t.korrekturen if not k.stichtage or stichtag in k.stichtage]] for t in quelle.tabellen]
    return _short_hash(meant)


def _short_hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:ID_LENGTH]


def _decided(city: City, quelle: Quelle, entry: dict[str, Any], active: Iterable[dict[str, Any]]) -> bool:
    """Refused stays refused while rules and the sources before it are the same; accepted stays accepted, unless rows wait and the

    rules changed, or what is to be corrected in it did.
    """
    verdict = entry["pruefungen"]
    same_rules = verdict["regelwerk"] == rules_version(city, quelle, _active(active, quelle.nach))
    if entry["status"] != "angenommen":
        return same_rules
    if verdict.get("nicht_nachpruefbar") == rules_version(city, quelle, []):
        return True
    corrected = verdict.get("korrekturen", "") in ("", _corrections_version(quelle, date.fromisoformat(entry["stichtag"])))
    return corrected and (same_rules or not entry["zeilen_quarantaene"])


def _to_revisit(city: City, quelle: Quelle, known: Iterable[dict[str, Any]], active: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Active deliveries that other rules or corrections may let in further."""
    return [row for row in known if row["status"] == "angenommen" and row["aktiv"] and not _decided(city, quelle, row, active)]


def _active(known: Iterable[dict[str, Any]], sources: Iterable[str]) -> list[str]:
    wanted = set(sources)
    return sorted(row["lieferung_id"] for row in known if row["aktiv"] and row["quelle_id"] in wanted)


class _Door:
    """One round at the door: a look into the folder, one connection, one session of Great Expectations."""

    def __init__(self, city: City, home: Home, ledger: Ledger, settings: Settings, inbox: Path, move: bool, now: datetime, progress: Progress) -> None:
        self.city, self.home, self.ledger, self.settings = city, home, ledger, settings
        self.inbox, self.move, self.now, self.progress = inbox, move, now, progress
        start = time.perf_counter()
        self.found = scan(city, inbox)
        self.search_seconds = time.perf_counter() - start
        self._database: duckdb.DuckDBPyConnection | None = None
        self._session: expectations.Session | None = None
        #: Seconds that importing Great Expectations took, which are not seconds of checking.
        self.import_seconds = 0.0

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

    def session(self) -> expectations.Session:
        if self._session is None:
            start = time.perf_counter()
            self._session = expectations.Session(self.db)
            self.import_seconds = time.perf_counter() - start
        return self._session

    @cached_property
    def columns(self) -> dict[str, dict[str, str]]:
        return known_tables(self.city)

    @cached_property
    def store(self) -> Store:
        return Store(self.db, self.home, self.ledger, self.settings, self.columns)

    def write_state(self) -> None:
        with private_files():
            write_state(self.db, self.city, self.home, self.ledger, self.columns, self.now)

    # one source

    def accept(self, quelle: Quelle) -> AcceptReport:
        report = AcceptReport()
        with private_files():
            self.store.sweep(quelle)
            retention.enforce(quelle, self.home, self.ledger, self.now)
            deliveries, nameless = group(self.city, quelle, self.found.files.get(quelle.quelle, []))
            report.refused = [Refusal(None, sentence) for sentence in nameless]
            with report.stage("fingerabdruck"):
                fresh = self._fresh(quelle, deliveries, report)
            for batch in _batches(fresh, self._batch_bytes) if fresh else ():
                self._accept_batch(quelle, batch, report)
            self._revisit(quelle, {d.lieferung_id for d in fresh}, report)
        return report

    def _fresh(self, quelle: Quelle, deliveries: list[Delivery], report: AcceptReport) -> list[Delivery]:
        """Those that have not been decided about; the others are reported as they were."""
        known = {row["lieferung_id"]: row for row in self.ledger.deliveries(quelle_id=quelle.quelle)}
        active = self.ledger.active()
        fresh = []
        for delivery in deliveries:
            try:
                delivery = fingerprint(delivery, self._digests(delivery))
            except (Refused, OSError):
                report.left += [file.path for file in delivery.files]
                continue
            entry = known.get(delivery.lieferung_id)
            if entry is None or not _decided(self.city, quelle, entry, active):
                if quelle.abschottung and not self.city.stadt.statistikstelle:
                    self._refuse(quelle, delivery, _separation_missing(self.city, quelle), report, [], [])
                elif quelle.personenbezug and delivery.stichtag > self.now.date():
                    self._refuse(quelle, delivery, f"{delivery.name}: Der Stichtag liegt in der Zukunft; bitte den Dateinamen prüfen.", report, [], [])
                elif missing := [name for name in quelle.nach if not _active(active, [name])]:
                    sentence = f"{delivery.name}: Zuerst wird {' und '.join(missing)} gebraucht; sobald das da ist, wird diese Lieferung von selbst wieder geprüft."
                    self._refuse(quelle, delivery, sentence, report, [], [])
                else:
                    fresh.append(delivery)
            elif entry["status"] == "angenommen":
                delivery.zeilen = entry["zeilen"]
                report.unchanged.append(delivery)
                self._clear(delivery)
            else:
                report.refused.append(Refusal(delivery, entry["meldung"]))
        return fresh

    def _revisit(self, quelle: Quelle, seen: set[str], report: AcceptReport) -> None:
        """Look again at accepted deliveries whose rules or corrections changed, from the archive."""
        for entry in _to_revisit(self.city, quelle, self.ledger.deliveries(quelle_id=quelle.quelle), self.ledger.active()):
            if entry["lieferung_id"] in seen:
                continue
            with ExitStack() as stack:
                delivery = stack.enter_context(self.store.originals(quelle, entry, from_entry(entry)))
                if delivery is not None:
                    self._accept_batch(quelle, [delivery], report)
                    continue
            # Nothing is there to look at again; said once per state of the rules.
            verdict = entry["pruefungen"] | {"nicht_nachpruefbar": rules_version(self.city, quelle, [])}
            text = f"{entry['lieferung_id']}: die Regeln haben sich geändert, das Original ist aber nicht mehr da"
            finding = Finding("warnen", "nicht_nachpruefbar", text, "bitte die Lieferung noch einmal in den Eingang legen")
            verdict["befunde"] = [*verdict.get("befunde", []), finding.entry()]
            self.ledger.amend_delivery(entry["lieferung_id"], pruefungen=verdict)
            report.findings[entry["lieferung_id"]] = [finding]

    def _digests(self, delivery: Delivery) -> list[str]:
        """Hashes of the files; those that size and time identify are not read again."""
        known = [self.ledger.known_file(str(file.path), file.size, file.mtime_ns) for file in delivery.files]
        if self.move:
            for file in delivery.files:
                at_rest(file)
        digests = [digest or file_hash(file.path) for digest, file in zip(known, delivery.files, strict=True)]
        for file in delivery.files:
            still_the_same(file)
        with self.ledger.transaction():
            for was_known, digest, file in zip(known, digests, delivery.files, strict=True):
                if not was_known:
                    self.ledger.remember_file(str(file.path), file.size, file.mtime_ns, digest)
        return digests

    def _accept_batch(self, quelle: Quelle, batch: list[Delivery], report: AcceptReport) -> None:
        """Read and check several deliveries together, then decide about each by itself, oldest first."""
        refusals, verdicts = Refusals(), Verdicts()
        profiles: dict[int, dict[str, Any]] = {}
        with report.stage("lesen"):
            for number, delivery in enumerate(batch):
                with refusing(refusals, {number: delivery}):
                    complete(quelle, delivery)
            tables = read_batch(self.db, quelle, batch, refusals, self.home.tmp)
            self.progress(f"{quelle.name}: {sum(load.rows for rows in tables for load in rows.loaded)} Zeilen gelesen")
        imported = self.import_seconds
        with report.stage("pruefen"), refusing(refusals, dict(enumerate(batch))):
            self._load_areas()
            Validation(self.db, self.session, self.city, quelle, batch, tables, refusals, verdicts).run()
        report.seconds["pruefen"] -= self.import_seconds - imported
        report.seconds["laden von great_expectations"] += self.import_seconds - imported
        with report.stage("vergleichen"), refusing(refusals, dict(enumerate(batch))):
            profiles = compare.profile(self.db, quelle, batch, tables)
            earlier = self._earlier(quelle)
        for number, delivery in enumerate(batch):
            try:
                for file in delivery.files:
                    still_the_same(file)
            except (Refused, OSError):
                report.left += [file.path for file in delivery.files]
                continue
            found = verdicts.findings[number]
            if number not in refusals:
                with report.stage("vergleichen"), refusing(refusals, {number: delivery}):
                    found += self._compare(quelle, profiles[number], earlier)
                    refusal = next((f for f in found if f.grad == "ablehnen"), None)
                    if refusal:
                        refusals.add(number, delivery, refusal.sentence)
            if number not in refusals:
                with refusing(refusals, {number: delivery}):
                    self._store(quelle, delivery, number, tables, profiles[number], verdicts.checks[number], found, report)
                    earlier.append(profiles[number])
            if number in refusals:
                self._refuse(quelle, delivery, refusals[number], report, verdicts.checks[number], found, passing=number in refusals.passing)
        for rows in tables:
            drop(self.db, rows)

    def _earlier(self, quelle: Quelle) -> list[dict[str, Any]]:
        """Profiles of the active deliveries of a source."""
        ids = [row["lieferung_id"] for row in self.ledger.active() if row["quelle_id"] == quelle.quelle]
        return [p for p in (compare.load(self.home.profiles, quelle.quelle, name) for name in ids) if p]

    def _compare(self, quelle: Quelle, profile: dict[str, Any], earlier: list[dict[str, Any]]) -> list[Finding]:
        """A delivery beside earlier ones, its parts beside their totals, its figures beside those of other sources."""
        findings = compare.compare(quelle, profile, [p for p in earlier if p["lieferung_id"] != profile["lieferung_id"]])
        findings += agree.totals(self._parents(profile["gebietsstand"]), quelle, profile)
        findings += agree.tables(quelle, profile)
        others = []
        for row in self.ledger.active():
            if row["quelle_id"] != quelle.quelle and row["stichtag"] == profile["stichtag"]:
                other = compare.load(self.home.profiles, row["quelle_id"], row["lieferung_id"])
                others += [(row["quelle_id"], other)] if other else []
        return findings + agree.sources(quelle, profile, others)

    def _parents(self, gebietsstand: str) -> dict[tuple[str, str], str]:
        """(level, area) -> the area above it, by the lists of areas that were loaded last."""
        if gebietsstand not in self._above:
            sql = "select ebene, raumeinheit_id, uebergeordnet_id from gebiete where gebietsstand = ? and uebergeordnet_id is not null"
            self._above[gebietsstand] = {(level, area): parent for level, area, parent in self.db.execute(sql, [gebietsstand]).fetchall()}
        return self._above[gebietsstand]

    def _load_areas(self) -> None:
        """Temporary table ``gebiete``: all areas of the accepted deliveries (gebietsstand, ebene, raumeinheit_id, uebergeordnet_id)."""
        self._above: dict[str, dict[tuple[str, str], str]] = {}
        self.db.execute("create or replace temp table gebiete (gebietsstand varchar, ebene varchar, raumeinheit_id varchar, uebergeordnet_id varchar)")
        files = [literal(str(folder / "*.parquet")) for folder in active_folders(self.home, self.ledger.active(), "raumeinheit")]
        if files:
            parent = "uebergeordnet_id" if "uebergeordnet_id" in self.columns["raumeinheit"] else "null::varchar"
            self.db.execute(f"insert into gebiete select distinct gebietsstand, ebene, raumeinheit_id, {parent} from read_parquet([{', '.join(files)}])")

    def _address_folder(self, stichtag: date) -> Path | None:
        """The directory to place addresses by: the newest one up to the reference date, else the first after it."""
        known = self.ledger.active()
        folders = active_folders(self.home, known, "adresse")
        dates = {row["lieferung_id"]: row["stichtag"] for row in known}
        until = [f for f in folders if dates[f.name.removeprefix("delivery=")] <= stichtag.isoformat()]
        return until[-1] if until else next(iter(folders), None)

    # deciding

    def _store(
        self, quelle: Quelle, delivery: Delivery, number: int, tables: list[Any], profile: dict[str, Any], checks: list[CheckResult],
        findings: list[Finding], report: AcceptReport,
    ) -> None:  # fmt: skip
        """Everything lies ready before the ledger entry; only that makes it count, and the rest can be repeated."""
        stamp = uuid.uuid4().hex
        known = self.ledger.delivery(delivery.lieferung_id)
        received = known["eingang"] if known and known["status"] == "angenommen" else self.now.isoformat()
        with report.stage("schreiben"):
            addresses = self._address_folder(delivery.stichtag) if any(rows.tabelle.personal for rows in tables) else None
            self.store.write(delivery, number, tables, stamp, checks, addresses)
        with report.stage("archivieren"):
            keep = quelle.aufbewahrung
            if not quelle.personenbezug or keep.originale_tage or (delivery.zeilen_quarantaene and keep.quarantaene_tage):
                self.store.archive(delivery, received, encrypted=quelle.personenbezug)
            compare.save(self.home.profiles, quelle.quelle, profile)
            if known and known["status"] == "angenommen":
                # Counts made from the rows as they were must not be taken for those of the new ones.
                (self.home.dbt_target / "built_by").unlink(missing_ok=True)
            with self.ledger.transaction():
                self._record(quelle, delivery, "angenommen", None, checks, findings, received=received, stamp=stamp)
            self.store.settle(delivery.lieferung_id)
        with report.stage("rueckmelden"):
            feedback.write(self.home, quelle, delivery, "angenommen", "", findings, received)
        report.accepted.append(delivery)
        report.checks[delivery.lieferung_id] = checks
        report.findings[delivery.lieferung_id] = findings
        self._clear(delivery)
        waits = f", {delivery.zeilen_quarantaene} in Quarantäne" if delivery.zeilen_quarantaene else ""
        self.progress(f"{delivery.name}: angenommen ({delivery.zeilen} Zeilen{waits})")

    def _record(
        self, quelle: Quelle, delivery: Delivery, status: str, sentence: str | None, checks: list[CheckResult], findings: list[Finding], *,
        received: str, stamp: str = "", passing: bool = False,
    ) -> None:  # fmt: skip
        version = "" if passing else rules_version(self.city, quelle, _active(self.ledger.active(), quelle.nach))
        self.ledger.record_delivery(
            lieferung_id=delivery.lieferung_id,
            quelle_id=delivery.quelle_id,
            stichtag=delivery.stichtag.isoformat(),
            gebietsstand=delivery.gebietsstand,
            eingang=received,
            sha256=delivery.sha256,
            zeilen=delivery.zeilen,
            zeilen_quarantaene=delivery.zeilen_quarantaene,
            status=status,
            meldung=sentence,
            pruefungen={
                "regelwerk": version,
                "suite": expectations.VERSION,
                "korrekturen": _corrections_version(quelle, delivery.stichtag),
                "stempel": stamp,
                "ergebnisse": [{"name": c.name, "success": c.success, "zahlen": c.zahlen} for c in checks],
                "befunde": entries(findings),
            },
            dateien=listed(delivery),
            zeilen_gelesen=delivery.zeilen_gelesen,
            zeilen_entfallen=delivery.zeilen_entfallen,
        )

    def _refuse(
        self, quelle: Quelle, delivery: Delivery, sentence: str, report: AcceptReport, checks: list[CheckResult], findings: list[Finding], *,
        passing: bool = False,
    ) -> None:  # fmt: skip
        known = self.ledger.delivery(delivery.lieferung_id)
        if known and known["status"] == "angenommen":
            # It was good enough once: what is in stays in, and people are told what the new rules say.
            verdict = known["pruefungen"] | {"nicht_nachpruefbar": rules_version(self.city, quelle, [])}
            findings = [Finding("warnen", "neue_regeln", f"nach den geänderten Regeln würde sie abgelehnt ({sentence.rstrip('.')})", "bitte Korrektur oder Regel prüfen; es gilt weiter der angenommene Stand")]
            self.ledger.amend_delivery(delivery.lieferung_id, pruefungen=verdict | {"befunde": entries(findings)})
            report.findings[delivery.lieferung_id] = findings
            report.unchanged.append(delivery)
            self.store.sweep(quelle)
            return
        delivery.zeilen = delivery.zeilen_quarantaene = delivery.zeilen_gelesen = delivery.zeilen_entfallen = 0
        with self.ledger.transaction():
            self._record(quelle, delivery, "abgelehnt", sentence, checks, findings, received=self.now.isoformat(), passing=passing)
        self.store.sweep(quelle)
        with report.stage("rueckmelden"), suppress(OSError):
            feedback.write(self.home, quelle, delivery, "abgelehnt", sentence, findings, self.now.isoformat())
        report.refused.append(Refusal(delivery, sentence))
        report.checks[delivery.lieferung_id] = checks
        report.findings[delivery.lieferung_id] = findings
        self.progress(f"{delivery.name}: abgelehnt")

    def _clear(self, delivery: Delivery) -> None:
        """Take accepted files out of the inbox; folders of deliveries elsewhere are not ours to change."""
        if not self.move:
            return
        # Where that is not allowed they stay, and the next run finds them unchanged and tries again.
        with suppress(OSError):
            for file in delivery.files:
                if not file.path.is_relative_to(self.inbox):
                    continue
                file.path.unlink(missing_ok=True)
                parent = file.path.parent
                while parent != self.inbox and not any(parent.iterdir()):
                    parent.rmdir()
                    parent = parent.parent


def known_tables(city: City) -> dict[str, dict[str, str]]:
    """Every raw table -> its columns, as all known towns together declare them."""
    return raw_tables([city, *(other for other in _shipped_cities() if other.folder != city.folder)])


@cache
def _shipped_cities() -> list[City]:
    """The declarations that come with the code and, like it, do not change under a running process."""
    return [load_city(path) for path in available_cities(SHIPPED_CITIES).values()]


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


def _separation_missing(city: City, quelle: Quelle) -> str:
    return (
        f"{quelle.name}: Einzelangaben dürfen für die Kommunalstatistik nur in einer von der Verwaltung abgeschotteten Statistikstelle verarbeitet werden "
        f"(§ 16 Abs. 5 BStatG und Statistikrecht des Landes {city.stadt.land}), {city.stadt.name} hat keine; bitte zusammengefasste Tabellen liefern."
    )
