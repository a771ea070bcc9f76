"""What happened to this data home: deliveries, runs, releases, approvals, in one SQLite file.

Every change is one transaction, so a killed run leaves either the old entry or the new one. No person-level value
is ever written here. The time of receipt is passed in: it is the only clock in the data.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SCHEMA = """
create table if not exists lieferung (
    lieferung_id text primary key, quelle_id text not null, stichtag text not null, gebietsstand text not null,
    eingang text not null, sha256 text not null, zeilen integer not null, zeilen_quarantaene integer not null,
    status text not null check (status in ('angenommen', 'abgelehnt')), meldung text, pruefungen text not null,
    dateien text not null,
    zeilen_gelesen integer, zeilen_entfallen integer
        check (status <> 'angenommen' or zeilen_gelesen = zeilen + zeilen_quarantaene + zeilen_entfallen)
);
create table if not exists datei_stand (
    pfad text primary key, groesse integer not null, mtime_ns integer not null, sha256 text not null
);
create table if not exists lauf (
    lauf_id integer primary key, beginn text not null, ende text, anlass text not null, ergebnis text, dauern text
);
create table if not exists release (
    release_id text primary key, nummer integer not null unique, erstellt text not null, ausgabe text,
    eingaben text not null, zielgruppen text not null
);
create table if not exists freigabe (
    freigabe_id integer primary key, release_id text not null, zielgruppe text not null, datum text not null,
    rollen text not null, besprechung text not null, simuliert integer not null, eingetragen text not null
);
create table if not exists kette (
    nummer integer primary key, zeit text not null, wer text not null, ereignis text not null, angaben text not null,
    vorher text not null, hash text not null
);
create trigger if not exists kette_bleibt before update on kette begin select raise(abort, 'Die Kette wird nur fortgeschrieben.'); end;
create trigger if not exists kette_waechst before delete on kette begin select raise(abort, 'Die Kette wird nur fortgeschrieben.'); end;
"""
#: Columns that came later: (table, column, declaration).
ADDED = (
    ("lieferung", "zeilen_gelesen", "integer"),
    ("lieferung", "zeilen_entfallen", "integer check (status <> 'angenommen' or zeilen_gelesen = zeilen + zeilen_quarantaene + zeilen_entfallen)"),
)
#: What the first link of the chain follows.
BEGINNING = "0" * 64


def utc_now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def actor() -> str:
    """Who or what acts: the account that runs this process."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def link_hash(row: dict[str, Any]) -> str:
    """Hash of an entry of the chain over all its fields and the hash of the one before."""
    fields = [row[name] for name in ("nummer", "zeit", "wer", "ereignis", "angaben", "vorher")]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=False).encode()).hexdigest()


def delivery_facts(row: dict[str, Any]) -> dict[str, Any]:
    """What the chain says about a delivery: which bytes of which source and date, by which version of which rules, with which numbers and verdict."""
    verdict = row["pruefungen"]
    names = ("lieferung_id", "quelle_id", "stichtag", "gebietsstand", "eingang", "sha256", "status", "meldung", "zeilen", "zeilen_quarantaene", "zeilen_gelesen", "zeilen_entfallen")
    return {name: row.get(name) for name in names} | {
        "regelwerk": verdict.get("regelwerk"),
        "suite": verdict.get("suite"),
        # Without the stamp, which only tells two layings of the same rows apart.
        "urteil": _digest({name: part for name, part in verdict.items() if name != "stempel"}),
        "dateien": {file["datei"]: file["sha256"] for file in row["dateien"]},
    }


def release_facts(row: dict[str, Any]) -> dict[str, Any]:
    return {"release_id": row["release_id"], "eingaben": _digest(row["eingaben"]), "lieferungen": row["eingaben"].get("lieferungen", {})}


def approval_facts(row: dict[str, Any]) -> dict[str, Any]:
    """What the chain says about an approval; the words of the discussion by fingerprint, for nothing can be taken out of a chain."""
    return {name: row[name] for name in ("release_id", "zielgruppe", "datum", "rollen", "simuliert")} | {"besprechung": _digest(row["besprechung"])}


def _digest(content: Any) -> str:
    """Of what is written or of what comes back: numbers as keys return as text."""
    return hashlib.sha256(json.dumps(json.loads(json.dumps(content)), sort_keys=True).encode()).hexdigest()


class Ledger:
    """The ledger of one data home. Rows come back as dictionaries, JSON columns already parsed."""

    JSON_COLUMNS = frozenset({"pruefungen", "dateien", "dauern", "eingaben", "zielgruppen"})

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Dagster asks from threads of its own; SQLite serialises, and every change is one transaction.
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        # Also at the end of a process that does not take its objects apart: closed, all of it lies in one file.
        weakref.finalize(self, self._db.close)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")
        self._db.executescript(SCHEMA)
        for table, column, declared in ADDED:
            if column not in {row["name"] for row in self._db.execute(f"pragma table_info({table})")}:
                self._db.execute(f"alter table {table} add column {column} {declared}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def _rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        return [
            {k: json.loads(row[k]) if k in self.JSON_COLUMNS and row[k] else row[k] for k in row.keys()}  # noqa: SIM118
            for row in self._db.execute(sql, values)
        ]

    def _insert(self, verb: str, table: str, row: dict[str, Any]) -> int:
        values = [json.dumps(v, ensure_ascii=False, sort_keys=True) if k in self.JSON_COLUMNS else v for k, v in row.items()]
        marks = ", ".join("?" * len(row))
        return self._db.execute(f"{verb} into {table} ({', '.join(row)}) values ({marks})", values).lastrowid or 0

    # deliveries

    def record_delivery(self, **row: Any) -> None:
        """Enter a delivery as accepted or refused and link it to the chain; a refused one that now passes is overwritten.

        An accepted one whose rows do not add up (read = loaded + quarantined + dropped) cannot be entered.
        """
        with self._whole():
            self._insert("insert or replace", "lieferung", row)
            self.link(row["status"], delivery_facts(row), row["eingang"])

    def amend_delivery(self, lieferung_id: str, **columns: Any) -> None:
        """Change columns of an entry (findings, what became of the originals), and say so in the chain."""
        values = [json.dumps(v, ensure_ascii=False, sort_keys=True) if k in self.JSON_COLUMNS else v for k, v in columns.items()]
        with self._whole():
            self._db.execute(f"update lieferung set {', '.join(f'{name} = ?' for name in columns)} where lieferung_id = ?", (*values, lieferung_id))
            row = next(iter(self._rows("select * from lieferung where lieferung_id = ?", lieferung_id)))
            self.link("nachgetragen", delivery_facts(row), utc_now().isoformat())

    # the chain: who or what did what, each entry bound to the one before

    def link(self, event: str, facts: dict[str, Any], when: str) -> str:
        """Append to the chain; returns the hash of the new entry."""
        with self._whole():
            last = self.head()
            row = {
                "nummer": last["nummer"] + 1, "zeit": when, "wer": actor(), "ereignis": event,
                "angaben": json.dumps(facts, ensure_ascii=False, sort_keys=True), "vorher": last["hash"],
            }  # fmt: skip
            row["hash"] = link_hash(row)
            self._insert("insert", "kette", row)
        return row["hash"]

    def head(self) -> dict[str, Any]:
        """Number and hash of the newest entry of the chain."""
        row = self._db.execute("select nummer, hash from kette order by nummer desc limit 1").fetchone()
        return dict(row) if row else {"nummer": 0, "hash": BEGINNING}

    def chain(self) -> list[dict[str, Any]]:
        """All entries, oldest first; ``angaben`` as the text that was hashed."""
        return [dict(row) for row in self._db.execute("select * from kette order by nummer")]

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """The transaction that is open, else one of its own."""
        if self._db.in_transaction:
            yield
        else:
            with self.transaction():
                yield

    def deliveries(self, status: str | None = None, quelle_id: str | None = None) -> list[dict[str, Any]]:
        """Deliveries, of one source or all, by time of receipt; ``aktiv`` marks the newest accepted one per source and reference date."""
        rows = self._rows("select * from lieferung where quelle_id = ifnull(?, quelle_id) order by eingang, rowid", quelle_id)
        newest = {(r["quelle_id"], r["stichtag"]): r["lieferung_id"] for r in rows if r["status"] == "angenommen"}
        for row in rows:
            row["aktiv"] = newest.get((row["quelle_id"], row["stichtag"])) == row["lieferung_id"]
        return [r for r in rows if status in (None, r["status"])]

    def active(self) -> list[dict[str, Any]]:
        """The active deliveries in the order of ``deliveries``, without their verdicts and files, whose parsing is what a long list costs."""
        rows = self._rows("select lieferung_id, quelle_id, stichtag, gebietsstand from lieferung where status = 'angenommen' order by eingang, rowid")
        newest = {(r["quelle_id"], r["stichtag"]): r["lieferung_id"] for r in rows}
        return [r | {"aktiv": True} for r in rows if newest[r["quelle_id"], r["stichtag"]] == r["lieferung_id"]]

    def delivery(self, lieferung_id: str) -> dict[str, Any] | None:
        """One delivery by its id, without ``aktiv``."""
        return next(iter(self._rows("select * from lieferung where lieferung_id = ?", lieferung_id)), None)

    # files seen, so that a run with nothing new reads nothing

    def known_file(self, path: str, size: int, mtime_ns: int) -> str | None:
        rows = self._rows("select sha256 from datei_stand where pfad = ? and groesse = ? and mtime_ns = ?", path, size, mtime_ns)
        return rows[0]["sha256"] if rows else None

    def remember_file(self, path: str, size: int, mtime_ns: int, sha256: str) -> None:
        self._insert("insert or replace", "datei_stand", {"pfad": path, "groesse": size, "mtime_ns": mtime_ns, "sha256": sha256})

    # going back

    def as_of(self, release_id: str, path: Path) -> Ledger:
        """A copy in ``path`` that knows what was known when a release was made: deliveries, releases and approvals before it."""
        copy = sqlite3.connect(path)
        self._db.backup(copy)
        copy.close()
        past = Ledger(path)
        chain = [(row["ereignis"], json.loads(row["angaben"])) for row in self.chain()]
        until = next(number for number, (event, facts) in enumerate(chain) if event == "veroeffentlicht" and facts["release_id"] == release_id)
        known = {facts["lieferung_id"] for event, facts in chain[:until] if event == "angenommen"}
        approved = {(facts["release_id"], facts["zielgruppe"]) for event, facts in chain[:until] if event == "freigegeben"}
        with past.transaction():
            for row in past.deliveries():
                if row["lieferung_id"] not in known:
                    past._db.execute("delete from lieferung where lieferung_id = ?", (row["lieferung_id"],))
            for row in past.approvals():
                if (row["release_id"], row["zielgruppe"]) not in approved:
                    past._db.execute("delete from freigabe where freigabe_id = ?", (row["freigabe_id"],))
            past._db.execute("delete from release where nummer >= (select nummer from release where release_id = ?)", (release_id,))
        return past

    # runs

    def begin_run(self, occasion: str, now: datetime) -> int:
        return self._insert("insert", "lauf", {"beginn": now.isoformat(), "anlass": occasion})

    def end_run(self, run: int, now: datetime, result: str, durations: dict[str, float]) -> None:
        self._db.execute(
            "update lauf set ende = ?, ergebnis = ?, dauern = ? where lauf_id = ?",
            (now.isoformat(), result, json.dumps(durations, sort_keys=True), run),
        )

    def runs(self, last: int = 10) -> list[dict[str, Any]]:
        return self._rows("select * from lauf order by lauf_id desc limit ?", last)

    # releases and approvals

    def record_release(self, **row: Any) -> None:
        with self._whole():
            self._insert("insert or replace", "release", row)
            self.link("veroeffentlicht", release_facts(row), row["erstellt"])

    def releases(self) -> list[dict[str, Any]]:
        return self._rows("select * from release order by nummer")

    def record_approval(self, **row: Any) -> None:
        with self._whole():
            self._insert("insert", "freigabe", row)
            self.link("freigegeben", approval_facts(row), row["eingetragen"])

    def approvals(self, release_id: str | None = None) -> list[dict[str, Any]]:
        rows = self._rows("select * from freigabe order by freigabe_id")
        return [r for r in rows if release_id in (None, r["release_id"])]
