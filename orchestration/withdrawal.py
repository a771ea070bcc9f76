"""Withdrawal of a released statement: out of the sealed zone, and out of everything that was published with it, with a record.

Who told something may take it back. What was handed out before cannot be fetched back; every file that is still here is issued
again without it. The record comes first, so that a killed withdrawal is finished by the next run.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.bericht import FOLDER as REPORTS
from orchestration.bericht import write_part
from orchestration.failures import PermanentFailure
from orchestration.files import write_packages
from orchestration.resources import Workplace
from sources.retention import ORIGINALS, forget_warehouse
from warehouse import frozen, publish
from warehouse.connect import connect, literal
from warehouse.ledger import utc_now
from warehouse.paths import private_files
from warehouse.publish import AUTOMATIC, BY_APPROVAL
from warehouse.version import file_hash

TABLE = "interview_segment"
FROZEN = "int_interviews__aussage"
WITHDRAWN, REISSUED = "widerrufen", "neu_herausgegeben"
#: How a statement is named in a raw table, and in tables that leave: columns that must be there -> condition.
RAW_ID = "dokument || ', Segment ' || segment"
NAMED = {frozenset({"aussage_id", "stichtag"}): "aussage_id = {id} and stichtag = date {day}", frozenset({"art", "nummer", "datum", "aussage"}): "art = 'aussage' and nummer = {id} and datum = date {day}"}
SHORTEST_REASON = 5


@dataclass(frozen=True)
class Statement:
    """A statement by its name and the reference date of the deliveries that carry it."""

    aussage_id: str
    stichtag: str

    def where(self, columns: set[str]) -> str | None:
        """SQL condition that finds it in a table with these columns; None where the table does not name statements."""
        for needed, condition in NAMED.items():
            if needed <= columns:
                return condition.format(id=literal(self.aussage_id), day=literal(self.stichtag))
        return None


@dataclass(frozen=True)
class Copy:
    """A place where a release lies for an audience."""

    folder: Path
    audience: str
    release_id: str


def withdraw(place: Workplace, aussage_id: str, day: date | None, reason: str) -> tuple[Statement, list[Copy]]:
    """Record the withdrawal and carry it out; returns what was issued again.

    PermanentFailure where there is no such statement, where it is ambiguous, withdrawn already, or the reason is missing.
    """
    if len(reason.strip()) < SHORTEST_REASON:
        raise PermanentFailure("Der Anlass fehlt; bitte mit --grund angeben (ohne Namen), etwa: Widerruf der Einwilligung.")
    with place.locked():
        dates = sorted({row["stichtag"] for row, _ in _raw(place, aussage_id)} | {str(d) for copy in copies(place) for d in _days(copy, aussage_id)} | _frozen_days(place, aussage_id))
        if day is not None:
            dates = [d for d in dates if d == day.isoformat()]
        if not dates:
            raise PermanentFailure(f"Eine Aussage {aussage_id} gibt es nicht; wie sie heißen, zeigt ./sozialraum sql \"select aussage_id, stichtag, thema from fct_aussage\".")
        if len(dates) > 1:
            raise PermanentFailure(f"{aussage_id} gibt es zu mehreren Stichtagen; bitte mit --stichtag nennen, welche gemeint ist: {', '.join(dates)}.")
        statement = Statement(aussage_id, dates[0])
        if statement in withdrawn(place):
            raise PermanentFailure(f"{aussage_id} vom {dates[0]} ist schon widerrufen.")
        touched = [copy for copy in copies(place) if _holds(copy, statement)]
        place.ledger.link(
            WITHDRAWN,
            {"aussage_id": statement.aussage_id, "stichtag": statement.stichtag, "grund": reason.strip(), "lieferungen": sorted(row["lieferung_id"] for row, _ in _raw(place, aussage_id) if row["stichtag"] == dates[0]),
             "ausgaben": [[copy.release_id, copy.audience] for copy in touched]},
            utc_now().isoformat(),
        )  # fmt: skip
        carry_out(place)
        return statement, touched


def withdrawn(place: Workplace) -> list[Statement]:
    """All withdrawn statements, as the chain says."""
    return [Statement(facts["aussage_id"], facts["stichtag"]) for row in place.ledger.chain() if row["ereignis"] == WITHDRAWN for facts in [json.loads(row["angaben"])]]


def carry_out(place: Workplace) -> None:
    """Bring everything in line with the withdrawals; what is in line already stays as it is."""
    publish.forget_drafts(place.home)
    for statement in withdrawn(place):
        with private_files():
            strip(place, statement)
        # Copies keep the rights with which they are handed out.
        for copy in copies(place):
            if _holds(copy, statement):
                _issue_again(place, copy, statement)


def strip(place: Workplace, statement: Statement) -> None:
    """Take the wording and its release out of raw rows, frozen rows, and originals of the deliveries that carry it."""
    home = place.home
    for entry, path in _raw(place, statement.aussage_id):
        if entry["stichtag"] != statement.stichtag:
            continue
        mine = f"{RAW_ID} = {literal(statement.aussage_id)}"
        with connect() as db:
            db.execute("set threads = 1")
            source = f"read_parquet({literal(path)})"
            if db.execute(f"select count(*) from {source} where {mine} and (aussage is not null or freigegeben <> 'nein')").fetchall()[0][0]:
                new = path.with_name(f".{path.name}")
                db.execute(f"copy (select * replace (case when {mine} then null else aussage end as aussage, case when {mine} then 'nein' else freigegeben end as freigegeben) from {source}) to {literal(new)} (format parquet, compression zstd)")
                os.replace(new, path)
                forget_warehouse(home)
        originals = home.sealed_archive / entry["quelle_id"] / entry["lieferung_id"]
        if originals.is_dir():
            place.ledger.link(
                frozen.DELETED,
                {"lieferung_id": entry["lieferung_id"], "art": ORIGINALS, "regel": "Widerruf einer Aussage", "sha256": entry["sha256"], "dateien": sum(1 for p in originals.rglob("*") if p.is_file())},
                utc_now().isoformat(),
            )
            shutil.rmtree(originals)
    for entry in place.ledger.deliveries("angenommen"):
        if entry["stichtag"] == statement.stichtag and (home.frozen / FROZEN).is_dir():
            for release_id, digest in frozen.rewrite(home, FROZEN, entry["lieferung_id"], f"aussage_id = {literal(statement.aussage_id)}"):
                place.ledger.link(frozen.EVENT, {"release_id": release_id, "sha256": digest, "anlass": "Widerruf einer Aussage"}, utc_now().isoformat())
                forget_warehouse(home)


def copies(place: Workplace) -> Iterator[Copy]:
    """Every folder in which a release lies for somebody, drafts waiting in the sealed zone included."""
    home = place.home
    places = [(home.published, AUTOMATIC), *((home.published / "freigegeben" / audience, audience) for audience in BY_APPROVAL)]
    for shelf, audience in places:
        yield from (Copy(folder, audience, folder.name) for folder in sorted(shelf.glob("*")) if not folder.is_symlink() and (folder / "release.json").is_file())
    for folder in sorted((home.sealed / "freigabe").glob("*/*")):
        if folder.name in BY_APPROVAL:
            yield Copy(folder, folder.name, folder.parent.name)


def left_over(place: Workplace) -> Iterator[str]:
    """Sentences on withdrawn statements that are still somewhere."""
    for statement in withdrawn(place):
        for entry, path in _raw(place, statement.aussage_id):
            if entry["stichtag"] == statement.stichtag:
                with connect() as db:
                    if db.execute(f"select count(*) from read_parquet({literal(path)}) where {RAW_ID} = {literal(statement.aussage_id)} and (aussage is not null or freigegeben <> 'nein')").fetchall()[0][0]:
                        yield f"{statement.aussage_id} vom {statement.stichtag} ist widerrufen, steht aber noch in der Lieferung {entry['lieferung_id']}."
        if statement.stichtag in _frozen_days(place, statement.aussage_id):
            yield f"{statement.aussage_id} vom {statement.stichtag} ist widerrufen, steht aber noch in den eingefrorenen Aussagen."
        for copy in copies(place):
            if _holds(copy, statement):
                yield f"{statement.aussage_id} vom {statement.stichtag} ist widerrufen, steht aber noch in der Veröffentlichung {copy.release_id} für {copy.audience}."


def _raw(place: Workplace, aussage_id: str) -> Iterator[tuple[dict[str, Any], Path]]:
    """Deliveries and raw files, quarantine included, with a statement of this name."""
    for entry in place.ledger.deliveries("angenommen"):
        for zone in (place.home.raw, place.home.quarantine):
            for path in sorted((zone / TABLE / f"delivery={entry['lieferung_id']}").glob("*.parquet")):
                with connect() as db:
                    if db.execute(f"select count(*) from read_parquet({literal(path)}) where {RAW_ID} = {literal(aussage_id)}").fetchall()[0][0]:
                        yield entry, path


def _frozen_days(place: Workplace, aussage_id: str) -> set[str]:
    files = sorted((place.home.frozen / FROZEN).glob("*.parquet"))
    with connect() as db:
        return {str(row[0]) for path in files for row in db.execute(f"select distinct stichtag from read_parquet({literal(path)}) where aussage_id = {literal(aussage_id)}").fetchall()}


def _days(copy: Copy, aussage_id: str) -> list[Any]:
    if not (copy.folder / "mart.duckdb").is_file():
        return []
    with connect(copy.folder / "mart.duckdb", read_only=True) as db:
        there = db.execute("select count(*) from duckdb_tables() where schema_name = 'main' and table_name = 'fct_aussage'").fetchall()[0][0]
        return [row[0] for row in db.execute("select distinct stichtag from fct_aussage where aussage_id = ?", [aussage_id]).fetchall()] if there else []


def _holds(copy: Copy, statement: Statement) -> bool:
    return statement.stichtag in {str(day) for day in _days(copy, statement.aussage_id)}


def _issue_again(place: Workplace, copy: Copy, statement: Statement) -> None:
    """Mart, packages, report and release.json of one copy without the statement; file by file, the mart last: until then it is repeated."""
    release = next(r for r in place.ledger.releases() if r["release_id"] == copy.release_id)
    created = datetime.fromisoformat(release["erstellt"])
    draft = place.home.tmp / "widerruf"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    changed = publish.without(copy.folder / "mart.duckdb", draft / "mart.duckdb", statement.where)
    for name in ("exports", REPORTS):
        if (copy.folder / name).is_dir():
            shutil.copytree(copy.folder / name, draft / name)
    withheld = []
    models = {name for schema, name in changed if schema == "export"}
    marts = {name for schema, name in changed if schema == "main"}
    try:
        if (draft / "exports").is_dir():
            write_packages(place, draft, copy.audience, copy.release_id, release["eingaben"], created, lambda contract: bool(marts & set(contract.marts)) or any(contract.model_of(t) in models for t in contract.tabellen))
    except duckdb.Error:
        # An old release, a contract that has changed since: what can no longer be written in its form is taken back as a whole.
        withheld = sorted(folder.name for folder in (draft / "exports").iterdir() if folder.is_dir() and _package_names(folder) & (marts | {m.partition("__")[2] for m in models}))
        for name in withheld:
            shutil.rmtree(draft / "exports" / name)
    path = copy.folder / "release.json"
    described = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if (draft / REPORTS).is_dir():
        write_part(place, {copy.audience: draft}, {}, release, described.get("freigabe"))
    sums = publish.checksums(draft / "exports")
    for name in ("exports", REPORTS):
        if (draft / name).is_dir():
            _take_over(draft / name, copy.folder / name)
    if described:
        withdrawn = sorted([*described.get("widerrufe", []), {"aussage_id": statement.aussage_id, "stichtag": statement.stichtag, "pakete_zurueckgezogen": withheld}], key=lambda entry: (entry["stichtag"], entry["aussage_id"]))
        publish.describe_again(copy.folder, {"mart": file_hash(draft / "mart.duckdb"), "dateien": sums, "berichte": publish.checksums(copy.folder / REPORTS), "widerrufe": withdrawn})
    place.ledger.link(
        REISSUED,
        {"release_id": copy.release_id, "zielgruppe": copy.audience, "anlass": f"Widerruf {statement.aussage_id} vom {statement.stichtag}", "dateien": hashlib.sha256(json.dumps(sums, sort_keys=True).encode()).hexdigest(), "zurueckgezogen": withheld},
        utc_now().isoformat(),
    )
    os.replace(draft / "mart.duckdb", copy.folder / "mart.duckdb")
    shutil.rmtree(draft)


def _package_names(folder: Path) -> set[str]:
    return {path.stem.removesuffix("_excel") for path in folder.iterdir()}


def _take_over(source: Path, target: Path) -> None:
    """Make ``target`` hold what ``source`` holds, each file in one step."""
    wanted = publish.checksums(source)
    for name, digest in publish.checksums(target).items():
        if name not in wanted:
            (target / name).unlink()
        elif digest == wanted[name]:
            del wanted[name]
    for name in wanted:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(source / name, target / name)
