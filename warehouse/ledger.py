"""What happened to this data home: deliveries, runs, releases, approvals, in one SQLite file.

Every change is one transaction, so a killed run leaves either the old entry or the new one. No person-level value
is ever written here. The time of receipt is passed in: it is the only clock in the data.
"""

from __future__ import annotations

import json
import sqlite3
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
    dateien text not null
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
"""


def utc_now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


class Ledger:
    """The ledger of one data home. Rows come back as dictionaries, JSON columns already parsed."""

    JSON_COLUMNS = frozenset({"pruefungen", "dateien", "dauern", "eingaben", "zielgruppen"})

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Dagster asks from threads of its own; SQLite serialises, and every change is one transaction.
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")
        self._db.executescript(SCHEMA)

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
        """Enter a delivery as accepted or refused; a refused one that now passes is overwritten."""
        self._insert("insert or replace", "lieferung", row)

    def deliveries(self, status: str | None = None) -> list[dict[str, Any]]:
        """All deliveries by time of receipt; ``aktiv`` marks the newest accepted one per source and reference date."""
        rows = self._rows("select * from lieferung order by eingang, rowid")
        newest = {(r["quelle_id"], r["stichtag"]): r["lieferung_id"] for r in rows if r["status"] == "angenommen"}
        for row in rows:
            row["aktiv"] = newest.get((row["quelle_id"], row["stichtag"])) == row["lieferung_id"]
        return [r for r in rows if status in (None, r["status"])]

    def delivery(self, lieferung_id: str) -> dict[str, Any] | None:
        return next((r for r in self.deliveries() if r["lieferung_id"] == lieferung_id), None)

    # files seen, so that a run with nothing new reads nothing

    def known_file(self, path: str, size: int, mtime_ns: int) -> str | None:
        rows = self._rows("select sha256 from datei_stand where pfad = ? and groesse = ? and mtime_ns = ?", path, size, mtime_ns)
        return rows[0]["sha256"] if rows else None

    def remember_file(self, path: str, size: int, mtime_ns: int, sha256: str) -> None:
        self._insert("insert or replace", "datei_stand", {"pfad": path, "groesse": size, "mtime_ns": mtime_ns, "sha256": sha256})

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
        self._insert("insert or replace", "release", row)

    def releases(self) -> list[dict[str, Any]]:
        return self._rows("select * from release order by nummer")

    def record_approval(self, **row: Any) -> None:
        self._insert("insert", "freigabe", row)

    def approvals(self, release_id: str | None = None) -> list[dict[str, Any]]:
        rows = self._rows("select * from freigabe order by freigabe_id")
        return [r for r in rows if release_id in (None, r["release_id"])]
