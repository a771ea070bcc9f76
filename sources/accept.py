"""The door: takes deliveries in once, or says in one sentence why not.

A delivery is all files of one source with the same reference date. It is read, minimised, checked, compared with what came
before and written to the raw zone as a whole or not at all. Single wrong rows may wait in quarantine; a correction or a newer
delivery lets them in. What is found, read, checked and written lies in the modules beside this one; here it is put in order.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from sources import agree, compare, expectations, feedback, retention, workers
from sources.batch import Refusals, refusing
from sources.examine import Examined, Examiner, Seconds
from sources.expectations import CheckResult
from sources.find import ID_LENGTH, Delivery, Found, at_rest, fingerprint, group, path_pattern, scan, still_the_same, undeclared
from sources.findings import Finding, entries
from sources.model import SHIPPED_CITIES, City, Quelle, available_cities, load_city, raw_tables
from sources.read import Refused
from sources.state import write_state
from sources.store import Store, from_entry, listed
from sources.wording import shown, together
from sources.workers import Ticket, Workers
from warehouse.ledger import Ledger, utc_now
from warehouse.paths import Home, private_files
from warehouse.settings import Settings
from warehouse.version import file_hash

__all__ = ["AcceptReport", "Delivery", "Door", "Refusal", "accept_all", "accept_source", "path_pattern", "pending", "rules_version", "scan", "undeclared"]

#: Deliveries are read and checked together up to this many bytes: one suite run costs the same for one or for many.
BATCH_BYTES = 256 << 20
#: Memory that reading, checking and writing take per byte of a CSV file, measured 5 to 7, with a margin.
MEMORY_PER_BYTE = 16
#: New deliveries from which on starting other processes takes less time than it saves.
MANY = 40

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
    seconds: Seconds = field(default_factory=Seconds)
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


def accept_all(
    city: City, home: Home, ledger: Ledger, settings: Settings, inbox: Path, *,
    move: bool, now: datetime | None = None, progress: Progress = lambda _: None,
) -> AcceptReport:  # fmt: skip
    """Take in whatever is new in a folder, source after source in the order of the town's declarations."""
    with Door(city, home, ledger, settings, inbox, move=move, now=now, progress=progress) as door:
        report = AcceptReport(undeclared=door.found.undeclared, left=list(door.found.left))
        for quelle in city.quellen:
            report.add(door.accept(quelle))
    return report


def accept_source(
    quelle_id: str, city: City, home: Home, ledger: Ledger, settings: Settings, inbox: Path, *,
    move: bool, now: datetime | None = None, progress: Progress = lambda _: None,
) -> AcceptReport:  # fmt: skip
    """As ``accept_all`` for one source; what it depends on has to be in already. Undeclared files are not reported."""
    quelle = city.quelle(quelle_id)
    with Door(city, home, ledger, settings, inbox, move=move, now=now, progress=progress, quellen=[quelle]) as door:
        return door.accept(quelle)


def pending(city: City, ledger: Ledger, inbox: Path) -> list[Delivery]:
    """Deliveries that a run would look at. Reads no file: one that size and time do not identify counts as new."""
    return _pending(city, city.quellen, ledger, scan(city, inbox))


def needs_workers(settings: Settings, new: list[Delivery]) -> bool:
    """Whether so many deliveries are looked at in several processes; who asks early can have them started (``workers.warm_up``)."""
    return settings.threads > 1 and len(new) >= MANY


def refused_still(city: City, ledger: Ledger, inbox: Path) -> dict[str, str]:
    """Refused deliveries that still lie there as they came: id -> sentence. Reads no file."""
    found, active = scan(city, inbox), ledger.active()
    refused = {quelle.quelle: ledger.deliveries("abgelehnt", quelle.quelle) for quelle in city.quellen if quelle.quelle in found.files}
    lying = (entry for quelle in city.quellen if refused.get(quelle.quelle) for _, entry in _lying(city, quelle, ledger, found, refused[quelle.quelle]) if entry and _decided(city, quelle, entry, active))
    return {entry["lieferung_id"]: entry["meldung"] for entry in lying}


def _pending(city: City, quellen: Iterable[Quelle], ledger: Ledger, found: Found) -> list[Delivery]:
    active = ledger.active()
    waiting = []
    for quelle in quellen:
        seen, known = set(), ledger.deliveries(quelle_id=quelle.quelle)
        for delivery, entry in _lying(city, quelle, ledger, found, known):
            seen.add(delivery.lieferung_id)
            if entry is None or not _decided(city, quelle, entry, active):
                waiting.append(delivery)
        waiting += [from_entry(row) for row in _to_revisit(city, quelle, known, active) if row["lieferung_id"] not in seen]
    return waiting


def _lying(city: City, quelle: Quelle, ledger: Ledger, found: Found, entries: list[dict[str, Any]]) -> Iterator[tuple[Delivery, dict[str, Any] | None]]:
    """Deliveries of a source in a folder and which of the ledger's entries is theirs; one that size and time do not identify has no id and no entry."""
    known = {row["lieferung_id"]: row for row in entries}
    for delivery in group(city, quelle, found.files.get(quelle.quelle, []))[0]:
        digests = [ledger.known_file(str(f.path), f.size, f.mtime_ns) for f in delivery.files]
        if all(digests):
            delivery = fingerprint(delivery, map(str, digests))
        yield delivery, known.get(delivery.lieferung_id)


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


@dataclass
class _Turn:
    """A source at the door: what waits of it, and where that is being looked at ahead of its turn."""

    quelle: Quelle
    report: AcceptReport
    #: Deliveries that need no look: with the sentence that refuses them.
    hopeless: list[tuple[Delivery, str]]
    batches: list[list[Delivery]]
    ticket: Ticket | None = None

    @property
    def size(self) -> int:
        return sum(file.size for batch in self.batches for delivery in batch for file in delivery.files)


class Door:
    """One round at the door for some or all sources of a town, each in its turn; what they depend on has its turn before.

    Where much waits, the sources whose turn is still to come are looked at meanwhile in other processes. Decided and entered
    is here only, source after source, so that the ledger tells the same story every time.

    ``move`` removes accepted files from the folder (the inbox); without it the folder is left as it is.
    """

    def __init__(
        self, city: City, home: Home, ledger: Ledger, settings: Settings, inbox: Path, *,
        move: bool, now: datetime | None = None, progress: Progress = lambda _: None, quellen: Iterable[Quelle] | None = None,
    ) -> None:  # fmt: skip
        self.city, self.home, self.ledger, self.settings = city, home, ledger, settings
        self.inbox, self.move, self.now, self.progress = inbox, move, now or utc_now(), progress
        start = time.perf_counter()
        self.found = scan(city, inbox)
        #: Those whose turn is still to come.
        self.waiting = {quelle.quelle: quelle for quelle in (city.quellen if quellen is None else quellen)}
        self.turns: dict[str, _Turn] = {}
        #: Files (path, size, time, hash) read since the ledger was told.
        self._seen: list[tuple[str, int, int, str]] = []
        workers.wait_for_orphans(home)
        columns = known_tables(city)
        self.store = Store(home, ledger, settings)
        self.examiner = Examiner(city, home, settings, columns)
        self.workers: Workers | None = None
        if needs_workers(settings, _pending(city, self.waiting.values(), ledger, self.found)):
            self.workers = Workers(settings.threads, city, home, settings, columns, self.examiner.memory // settings.threads)
        self.search_seconds = time.perf_counter() - start

    def __enter__(self) -> Door:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.examiner.close()
        if self.workers:
            self.workers.close()

    # one source after the other

    def accept(self, quelle: Quelle) -> AcceptReport:
        """The turn of a source. After the last one what dbt reads about deliveries is written, too."""
        with private_files():
            if quelle.bezug:
                # Fetched since this door opened.
                self.found = scan(self.city, self.inbox)
            turn = self.turns.pop(quelle.quelle, None) or self._call(quelle)
            self._look_ahead(turn)
            report = turn.report
            for delivery, sentence in turn.hopeless:
                self._refuse(quelle, delivery, sentence, report, [], [])
            seen = {delivery.lieferung_id for batch in turn.batches for delivery in batch}
            for batch in turn.batches:
                self._decide(quelle, self._examined(turn, batch), report)
            self._revisit(quelle, seen, report)
            del self.waiting[quelle.quelle]
            if not self.waiting:
                write_state(self.examiner.db, self.city, self.home, self.ledger, self.examiner.columns, self.now)
        report.seconds["suchen"], self.search_seconds = self.search_seconds, 0.0
        return report

    def _call(self, quelle: Quelle) -> _Turn:
        """See what there is of a source: what killed runs left is put in order, and new files are told from known ones."""
        self.store.sweep(quelle)
        retention.enforce(quelle, self.home, self.ledger, self.now)
        deliveries, nameless = group(self.city, quelle, self.found.files.get(quelle.quelle, []))
        report = AcceptReport(refused=[Refusal(None, sentence) for sentence in nameless])
        with report.seconds.stage("fingerabdruck"):
            fresh, hopeless = self._fresh(quelle, deliveries, report)
            # Together: every transaction waits for the disk.
            with self.ledger.transaction():
                for seen in self._seen:
                    self.ledger.remember_file(*seen)
            self._seen.clear()
        return _Turn(quelle, report, hopeless, list(_batches(fresh, self._batch_bytes)) if fresh else [])

    def _look_ahead(self, turn: _Turn) -> None:
        """Hand out what can be looked at by others: the first batch of this source and of all that wait for no other, the largest first."""
        if self.workers is None:
            return
        ready = [q for q in self.waiting.values() if q.quelle not in self.turns and q != turn.quelle and not q.bezug and not self.waiting.keys() & set(q.nach)]
        begun = [turn, *(self.turns.setdefault(q.quelle, self._call(q)) for q in ready)]
        active = self.ledger.active()
        for one in sorted(begun, key=lambda t: t.size, reverse=True):
            if one.ticket is None and one.batches:
                one.ticket = self._hand_out(one.quelle, one.batches[0], active)

    def _hand_out(self, quelle: Quelle, batch: list[Delivery], active: list[dict[str, Any]]) -> Ticket | None:
        """None where the share of memory of one of several does not suffice."""
        size = sum(file.size for delivery in batch for file in delivery.files)
        return self.workers.submit(quelle.quelle, batch, active) if self.workers and size <= self._batch_bytes else None

    def _examined(self, turn: _Turn, batch: list[Delivery]) -> list[Examined]:
        ticket = turn.ticket or self._hand_out(turn.quelle, batch, self.ledger.active())
        turn.ticket = None
        if ticket is None:
            if self.workers:
                # The memory is for all together: alone with it or not at all.
                self.workers.finish()
            examined, seconds = self.examiner.examine(turn.quelle.quelle, batch, self.ledger.active())
        else:
            examined, seconds = self.workers.result(ticket)  # type: ignore[union-attr]
        for stage, amount in seconds.items():
            turn.report.seconds[stage] += amount
        self.progress(f"{turn.quelle.name}: {sum(one.delivery.zeilen_gelesen for one in examined)} Zeilen gelesen")
        return examined

    @cached_property
    def _batch_bytes(self) -> int:
        """How many bytes of files are taken together: few enough that their rows and one hash table over them fit into memory."""
        memory = self.workers.memory if self.workers else self.examiner.memory
        return min(BATCH_BYTES, memory // MEMORY_PER_BYTE)

    def _fresh(self, quelle: Quelle, deliveries: list[Delivery], report: AcceptReport) -> tuple[list[Delivery], list[tuple[Delivery, str]]]:
        """Those that have not been decided about, and of them those that need no look; the others are reported as they were."""
        known = {row["lieferung_id"]: row for row in self.ledger.deliveries(quelle_id=quelle.quelle)}
        active = self.ledger.active()
        fresh: list[Delivery] = []
        hopeless: list[tuple[Delivery, str]] = []
        for delivery in deliveries:
            try:
                delivery = fingerprint(delivery, self._digests(delivery))
            except (Refused, OSError):
                report.left += [file.path for file in delivery.files]
                continue
            entry = known.get(delivery.lieferung_id)
            if entry is None or not _decided(self.city, quelle, entry, active):
                if quelle.abschottung and not self.city.stadt.statistikstelle:
                    hopeless.append((delivery, _separation_missing(self.city, quelle)))
                elif delivery.stichtag > self.now.date() and not quelle.ankuendigung:
                    today = f"{self.now:%d.%m.%Y}{', der feste Tag der Modellstadt' if self.city.stadt.simuliert else ''}"
                    files = together({file.name for file in delivery.files})
                    hopeless.append((delivery, f"{delivery.name}: {files}: Der Stichtag liegt in der Zukunft (heute ist der {today}); bitte den Dateinamen prüfen."))
                elif missing := [name for name in quelle.nach if not _active(active, [name])]:
                    sentence = f"{delivery.name}: Zuerst wird {' und '.join(missing)} gebraucht; sobald das da ist, wird diese Lieferung von selbst wieder geprüft."
                    hopeless.append((delivery, sentence))
                else:
                    fresh.append(delivery)
            elif entry["status"] == "angenommen":
                delivery.zeilen = entry["zeilen"]
                report.unchanged.append(delivery)
                self._clear(delivery)
            else:
                report.refused.append(Refusal(delivery, entry["meldung"]))
        return fresh, hopeless

    def _revisit(self, quelle: Quelle, seen: set[str], report: AcceptReport) -> None:
        """Look again at accepted deliveries whose rules or corrections changed, from the archive."""
        for entry in _to_revisit(self.city, quelle, self.ledger.deliveries(quelle_id=quelle.quelle), self.ledger.active()):
            if entry["lieferung_id"] in seen:
                continue
            with ExitStack() as stack:
                delivery = stack.enter_context(self.store.originals(quelle, entry, from_entry(entry)))
                if delivery is not None:
                    self._decide(quelle, self._examined(_Turn(quelle, report, [], []), [delivery]), report)
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
        self._seen += [(str(file.path), file.size, file.mtime_ns, digest) for was_known, digest, file in zip(known, digests, delivery.files, strict=True) if not was_known]
        return digests

    # deciding

    def _decide(self, quelle: Quelle, examined: list[Examined], report: AcceptReport) -> None:
        """Take in or refuse each of several deliveries, oldest first."""
        for one in examined:
            delivery, trouble = one.delivery, Refusals()
            try:
                for file in delivery.files:
                    still_the_same(file)
            except (Refused, OSError):
                report.left += [file.path for file in delivery.files]
                self.store.sweep(quelle, delivery.lieferung_id)
                continue
            if not one.sentence:
                with refusing(trouble, {0: delivery}):
                    self._take_in(quelle, one, report)
            if sentence := one.sentence or trouble.get(0):
                self._refuse(quelle, delivery, sentence, report, one.checks, one.findings, passing=one.passing or bool(trouble.passing))

    def _take_in(self, quelle: Quelle, one: Examined, report: AcceptReport) -> None:
        """Everything lies ready before the ledger entry; only that makes it count, and the rest can be repeated."""
        delivery = one.delivery
        known = self.ledger.delivery(delivery.lieferung_id)
        received = known["eingang"] if known and known["status"] == "angenommen" else self.now.isoformat()
        with report.seconds.stage("vergleichen"):
            one.findings += self._contradictions(quelle, one.profile)
        with report.seconds.stage("archivieren"):
            keep = quelle.aufbewahrung
            if not quelle.personenbezug or keep.originale_tage or (delivery.zeilen_quarantaene and keep.quarantaene_tage):
                self.store.archive(delivery, received, encrypted=quelle.personenbezug)
            compare.save(self.home.profiles, quelle.quelle, one.profile)
            if known and known["status"] == "angenommen":
                # Counts made from the rows as they were must not be taken for those of the new ones.
                (self.home.dbt_target / "built_by").unlink(missing_ok=True)
            with self.ledger.transaction():
                self._record(quelle, delivery, "angenommen", None, one.checks, one.findings, received=received, stamp=one.stamp)
            self.store.settle(delivery.lieferung_id)
        with report.seconds.stage("rueckmelden"):
            feedback.write(self.home, quelle, delivery, "angenommen", "", one.findings, received)
        report.accepted.append(delivery)
        report.checks[delivery.lieferung_id] = one.checks
        report.findings[delivery.lieferung_id] = one.findings
        self._clear(delivery)
        waits = f", {delivery.zeilen_quarantaene} in Quarantäne" if delivery.zeilen_quarantaene else ""
        self.progress(f"{delivery.name}: angenommen ({delivery.zeilen} Zeilen{waits})")

    def _contradictions(self, quelle: Quelle, profile: dict[str, Any]) -> list[Finding]:
        """The figures of a delivery beside those of the other sources that are in for the same date."""
        others = []
        for row in self.ledger.active():
            if row["quelle_id"] != quelle.quelle and row["stichtag"] == profile["stichtag"]:
                other = compare.load(self.home.profiles, row["quelle_id"], row["lieferung_id"])
                others += [(row["quelle_id"], other)] if other else []
        return agree.sources(quelle, profile, others)

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
            self.store.sweep(quelle, delivery.lieferung_id)
            return
        # What was read is told; nothing of it is in.
        delivery.zeilen = delivery.zeilen_quarantaene = delivery.zeilen_entfallen = 0
        if not any(f.grad == "ablehnen" for f in findings):
            findings.append(_reason(delivery, sentence))
        with self.ledger.transaction():
            self._record(quelle, delivery, "abgelehnt", sentence, checks, findings, received=self.now.isoformat(), passing=passing)
        self.store.sweep(quelle, delivery.lieferung_id)
        with report.seconds.stage("rueckmelden"), suppress(OSError):
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
                # The folder of a source stays: suppliers' programs put the next file there.
                for folder in file.path.parents:
                    if self.inbox in (folder, folder.parent) or any(folder.iterdir()):
                        break
                    folder.rmdir()


def _reason(delivery: Delivery, sentence: str) -> Finding:
    """The sentence that refuses a delivery as a finding, so that no report of a refusal lists none."""
    text, _, advice = sentence.removeprefix(f"{delivery.name}: ").rstrip(".").rpartition("; ")
    files = [file for file in delivery.files if shown(file.name) in text] or (list(delivery.files) if len(delivery.files) == 1 else [])
    return Finding("ablehnen", "abgelehnt", text or advice, advice if text else "bitte berichtigen und neu liefern", datei=shown(files[0].name) if len(files) == 1 else "")


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
