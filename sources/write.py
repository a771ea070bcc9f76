"""Writes the rows of a delivery: raw Parquet and quarantine, minimised before anything reaches the disk.

A whole delivery lies ready under a hidden name; where it goes from there is decided at the door.
"""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import duckdb

from sources import minimise
from sources.batch import Rows
from sources.expectations import CheckResult
from sources.find import Delivery
from sources.geocode import Directory
from sources.read import Refused, quoted
from sources.store import PARQUET, QUARANTINE, RAW, READY, STAMP
from warehouse.connect import literal
from warehouse.paths import PRIVATE, Home
from warehouse.settings import Settings, secret_key

#: Rows of persons that change places at once: sorting needs them all in memory, and nothing of theirs may be spilled.
SHUFFLED_AT_ONCE = 250_000


class Writer:
    """The sealed zone, written to from one connection."""

    def __init__(self, db: duckdb.DuckDBPyConnection, home: Home, settings: Settings, columns: dict[str, dict[str, str]]) -> None:
        self.db, self.home, self.settings, self.columns = db, home, settings, columns
        #: (folder of the list of addresses, reference date, town) -> directory; the same for many sources.
        self._directories: dict[tuple[Path | None, date, str | None], Directory] = {}

    def write(self, delivery: Delivery, number: int, tables: list[Rows], stamp: str, checks: list[CheckResult], addresses: Path | None) -> Path:
        """All rows of a delivery below a hidden folder; sets its numbers of rows. Refused where they do not add up."""
        parts = self.home.raw / f"{READY}{delivery.lieferung_id}"
        shutil.rmtree(parts, ignore_errors=True)
        delivery.zeilen = delivery.zeilen_quarantaene = delivery.zeilen_gelesen = delivery.zeilen_entfallen = 0
        for rows in tables:
            if not any(load.delivery == number for load in rows.loaded):
                continue
            waits = number in rows.quarantined
            good = self._write(rows, delivery, number, parts / RAW, addresses, f"and (_datei, zeile) not in (select (_datei, zeile) from {rows.waiting})" if waits else "", checks)
            bad = self._write(rows, delivery, number, parts / QUARANTINE, addresses, f"and (_datei, zeile) in (select (_datei, zeile) from {rows.waiting})", checks) if waits else 0
            read, dropped = rows.read(number), rows.dropped.get(number, 0)
            checks.append(
                CheckResult(f"{rows.tabelle.tabelle}.bilanz", read == good + bad + dropped, {"gelesen": read, "geladen": good, "quarantaene": bad, "entfallen": dropped})
            )
            if read != good + bad + dropped:
                raise Refused(f"{rows.file_names(number)}: {read} gelesene Zeilen sind nicht {good} geladene, {bad} in Quarantäne und {dropped} entfallene; bitte den Fehler melden.")
            delivery.zeilen += good
            delivery.zeilen_quarantaene += bad
            delivery.zeilen_gelesen += read
            delivery.zeilen_entfallen += dropped
        tables_of = {kind: sorted(folder.name for folder in (parts / kind).iterdir()) if (parts / kind).is_dir() else [] for kind in (RAW, QUARANTINE)}
        (parts / STAMP).write_text(json.dumps({"stempel": stamp} | tables_of), encoding="utf-8")
        return parts

    def _write(self, rows: Rows, delivery: Delivery, number: int, folder: Path, addresses: Path | None, which: str, checks: list[CheckResult]) -> int:
        """The Parquet of one table of one delivery; returns its rows."""
        tabelle = rows.tabelle
        (target := folder / tabelle.tabelle).mkdir(parents=True, exist_ok=True, mode=PRIVATE)
        places = [place for place, load in enumerate(rows.loaded) if load.delivery == number]
        # By file number, which DuckDB can skip row groups by; the rows of a delivery lie together.
        mine = f"(select * from {rows.view} where _datei between {places[0]} and {places[-1]} and _lieferung = {number} {which})"
        if tabelle.personal:
            minimise.set_key(self.db, minimise.key_of(secret_key(self.home, self.settings), delivery.stichtag))
            minimise.prepare_names(self.db, mine, tabelle)
            minimise.prepare_addresses(self.db, addresses, delivery.stichtag, tabelle)
            if minimise.written_columns(tabelle):
                place = addresses, delivery.stichtag, tabelle.ort
                if place not in self._directories:
                    self._directories[place] = minimise.directory(self.db, *place)
                minimise.place_written(self.db, mine, tabelle, self._directories[place])
        values, joins = minimise.minimised(tabelle, delivery.stichtag)
        values |= {name: f"r.{quoted(name)}" for name in [*tabelle.konstanten, *tabelle.abgeleitet]}
        selected = [f"{values.get(name, f'null::{kind}')} as {quoted(name)}" for name, kind in self.columns[tabelle.tabelle].items()]
        if folder.name == QUARANTINE:
            joins += f" join (select _datei, zeile, regeln from {rows.waiting}) w on w._datei = r._datei and w.zeile = r.zeile"
            selected += ["w.regeln as regeln"]
        # The register's order is nearly the same every year: a line would lead from one date to the next, and back to the file.
        shuffled = tabelle.personal and folder.name == RAW
        steps = max(1, -(-rows.read(number) // SHUFFLED_AT_ONCE)) if shuffled else 1
        files = [target / f"{rows.index}-{step}.parquet" for step in range(steps)]
        written = 0
        try:
            for step, file in enumerate(files):
                line = f"{written} + row_number() over (order by {minimise.shuffled('r')}) as zeile" if shuffled else "r.zeile"
                some = f" where hash(r.zeile, getvariable('aussen')) % {steps} = {step}" if steps > 1 else ""
                source = f"select {', '.join([*selected, line, 'r.datei'])} from {mine} r{joins}{some}"
                written += self.db.execute(f"copy ({source}) to {literal(str(file))} ({PARQUET})").fetchall()[0][0]
        finally:
            if tabelle.personal:
                minimise.forget_key(self.db)
        if tabelle.personal and "block_id" in values and folder.name == RAW:
            locked = "count_if(sperre <> '')" if "sperre" in values else "0"
            numbers = self.db.execute(f"select count_if(block_id is null), {locked} from read_parquet([{', '.join(literal(str(file)) for file in files)}])").fetchall()[0]
            checks.append(CheckResult(f"{tabelle.tabelle}.adresse", True, {"zeilen": written, "nicht_zuordenbar": numbers[0], "mit_sperre": numbers[1]}))
        return written
