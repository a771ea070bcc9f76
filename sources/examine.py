"""Looks at the deliveries of one source: reads, checks and compares them and lays their rows ready. Decides about none.

Knows no ledger and may run in a process of its own: what it is given are deliveries and which others are in, what it gives
back are sentences and numbers without a value of a personal column. Rows and keys stay in its connection and the sealed zone.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from sources import agree, compare, expectations
from sources.batch import Refusals, complete, drop, read_batch, refusing
from sources.expectations import CheckResult
from sources.find import Delivery
from sources.findings import Finding
from sources.model import City, Quelle
from sources.store import active_folders
from sources.validate import Validation, Verdicts
from sources.write import Writer
from warehouse.connect import connect, literal
from warehouse.paths import Home
from warehouse.settings import Settings

BYTES = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


@dataclass
class Examined:
    """What looking at one delivery came to: the sentence that refuses it, or its rows lie ready under ``stamp``."""

    delivery: Delivery
    sentence: str = ""
    #: The reason lies outside the delivery.
    passing: bool = False
    stamp: str = ""
    profile: dict[str, Any] = field(default_factory=dict)
    checks: list[CheckResult] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


class Seconds(dict[str, float]):
    """Stage -> seconds."""

    def __missing__(self, stage: str) -> float:
        return 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self[name] += time.perf_counter() - start


class Examiner:
    """One connection and one session of Great Expectations, for as many batches as there are."""

    def __init__(self, city: City, home: Home, settings: Settings, columns: dict[str, dict[str, str]], memory: int | None = None) -> None:
        self.city, self.home, self.settings, self.columns = city, home, settings, columns
        self._memory = memory
        self.seconds = Seconds()

    @cached_property
    def db(self) -> duckdb.DuckDBPyConnection:
        database = connect(home=self.home, settings=self.settings)
        # Rows may be of persons, and DuckDB's wheel cannot encrypt what it spills: it must not spill at all.
        database.execute("set temp_directory = ''")
        database.execute("set preserve_insertion_order = true")
        if self._memory:
            database.execute(f"set memory_limit = '{self._memory} bytes'")
        return database

    @cached_property
    def memory(self) -> int:
        """Bytes that the connection may use."""
        amount, unit = self.db.execute("select current_setting('memory_limit')").fetchall()[0][0].split()
        return int(float(amount) * BYTES[unit])

    @cached_property
    def session(self) -> expectations.Session:
        with self.seconds.stage("laden von great_expectations"):
            return expectations.Session(self.db)

    @cached_property
    def writer(self) -> Writer:
        return Writer(self.db, self.home, self.settings, self.columns)

    def close(self) -> None:
        if "db" in self.__dict__:
            self.db.close()

    def examine(self, quelle_id: str, batch: list[Delivery], active: list[dict[str, Any]]) -> tuple[list[Examined], Seconds]:
        """Look at several deliveries of a source together, oldest first; ``active`` are the deliveries that are in.

        What goes wrong becomes the sentence of the delivery it went wrong with; nothing is raised.
        """
        self.seconds = Seconds()
        quelle, refusals, verdicts = self.city.quelle(quelle_id), Refusals(), Verdicts()
        examined = [Examined(delivery, checks=verdicts.checks[number], findings=verdicts.findings[number]) for number, delivery in enumerate(batch)]
        with refusing(refusals, dict(enumerate(batch))):
            self._examine(quelle, batch, active, refusals, verdicts, examined)
        for number, one in enumerate(examined):
            one.sentence, one.passing = refusals.get(number, ""), number in refusals.passing
        return examined, self.seconds

    def _examine(self, quelle: Quelle, batch: list[Delivery], active: list[dict[str, Any]], refusals: Refusals, verdicts: Verdicts, examined: list[Examined]) -> None:
        with self.seconds.stage("lesen"):
            for number, delivery in enumerate(batch):
                with refusing(refusals, {number: delivery}):
                    complete(quelle, delivery)
            tables = read_batch(self.db, quelle, batch, refusals, self.home.tmp)
            for number, delivery in enumerate(batch):
                delivery.zeilen_gelesen = sum(rows.read(number) for rows in tables)
        try:
            with self.seconds.stage("pruefen"):
                self._load_areas(active)
                Validation(self.db, lambda: self.session, self.city, quelle, batch, tables, refusals, verdicts).run()
            with self.seconds.stage("vergleichen"):
                profiles = compare.profile(self.db, quelle, batch, tables)
            mine = [row["lieferung_id"] for row in active if row["quelle_id"] == quelle.quelle]
            earlier = [p for p in (compare.load(self.home.profiles, quelle.quelle, name) for name in mine) if p]
            for number, one in enumerate(examined):
                with refusing(refusals, {number: one.delivery}):
                    if number in refusals:
                        continue
                    one.profile = profiles[number]
                    with self.seconds.stage("vergleichen"):
                        one.findings += self._compare(quelle, one.profile, earlier)
                    if refusal := next((f for f in one.findings if f.grad == "ablehnen"), None):
                        refusals.add(number, one.delivery, refusal.sentence)
                        continue
                    one.stamp = uuid.uuid4().hex
                    with self.seconds.stage("schreiben"):
                        addresses = self._address_folder(active, one.delivery.stichtag) if any(rows.tabelle.personal for rows in tables) else None
                        self.writer.write(one.delivery, number, tables, one.stamp, one.checks, addresses)
                    earlier.append(one.profile)
        finally:
            for rows in tables:
                drop(self.db, rows)

    def _compare(self, quelle: Quelle, profile: dict[str, Any], earlier: list[dict[str, Any]]) -> list[Finding]:
        """A delivery beside earlier ones, its parts beside their totals."""
        findings = compare.compare(quelle, profile, [p for p in earlier if p["lieferung_id"] != profile["lieferung_id"]])
        findings += agree.totals(self._parents(profile["gebietsstand"]), quelle, profile)
        return findings + agree.tables(quelle, profile)

    def _parents(self, gebietsstand: str) -> dict[tuple[str, str], str]:
        """(level, area) -> the area above it, by the lists of areas that were loaded last."""
        if gebietsstand not in self._above:
            sql = "select ebene, raumeinheit_id, uebergeordnet_id from gebiete where gebietsstand = ? and uebergeordnet_id is not null"
            self._above[gebietsstand] = {(level, area): parent for level, area, parent in self.db.execute(sql, [gebietsstand]).fetchall()}
        return self._above[gebietsstand]

    def _load_areas(self, active: list[dict[str, Any]]) -> None:
        """Temporary table ``gebiete``: all areas of the accepted deliveries (gebietsstand, ebene, raumeinheit_id, uebergeordnet_id)."""
        self._above: dict[str, dict[tuple[str, str], str]] = {}
        self.db.execute("create or replace temp table gebiete (gebietsstand varchar, ebene varchar, raumeinheit_id varchar, uebergeordnet_id varchar)")
        files = [literal(str(folder / "*.parquet")) for folder in active_folders(self.home, active, "raumeinheit")]
        if files:
            parent = "uebergeordnet_id" if "uebergeordnet_id" in self.columns["raumeinheit"] else "null::varchar"
            self.db.execute(f"insert into gebiete select distinct gebietsstand, ebene, raumeinheit_id, {parent} from read_parquet([{', '.join(files)}])")

    def _address_folder(self, active: list[dict[str, Any]], stichtag: date) -> Path | None:
        """The directory to place addresses by: the newest one up to the reference date, else the first after it."""
        folders = active_folders(self.home, active, "adresse")
        dates = {row["lieferung_id"]: row["stichtag"] for row in active}
        until = [f for f in folders if dates[f.name.removeprefix("delivery=")] <= stichtag.isoformat()]
        return until[-1] if until else next(iter(folders), None)
