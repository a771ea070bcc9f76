"""Runs the simulated town year by year and writes what was asked for; everything else happens in the modules beside it."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

from sources.demo import calibration, deliveries
from sources.demo.defects import Defects
from sources.demo.events import Year
from sources.demo.themen import AT_YEAR_END
from sources.demo.town import version_on
from sources.demo.truth import TruthWriter
from sources.demo.world import World
from warehouse.processes import settle_in

DEFAULT_SEED = 20161231
#: One list of addresses covers the whole period by its validity dates.
ADDRESS_DATE = date(2024, 12, 31)
SMALLEST_TOWN = 1_000


@dataclass(frozen=True)
class SimulationSummary:
    """What was simulated: paths relative to ``target``, residents per reference date, events per year."""

    target: Path
    modus: str
    seed: int
    files: tuple[Path, ...]
    residents: dict[date, int]
    events: dict[int, dict[str, int]]
    rows: int


def simulate(
    target: Path,
    *,
    modus: Literal["register", "tabellen"] = "register",
    seed: int = DEFAULT_SEED,
    residents: int | None = None,
    stichtage: list[date] | None = None,
    truth: Path | None = None,
    defects: bool = False,
    progress: Callable[[str], None] = lambda message: None,
) -> SimulationSummary:
    """Simulate the town and write its deliveries below ``target``; the same arguments give the same bytes.

    ``residents`` is the number at the end of 2016, by default the published one. ``stichtage`` are ends of years
    from 2015 on, by default 2015 to 2024; the years between them are simulated all the same. ``truth`` is a folder
    outside ``target`` for what no register knows. ``defects`` gives the register more of the usual ones (missing pointers
    and dates, birth dates with 00, misspelt names); people and truth stay the same. Files of the same name are replaced, others in ``target`` stay.
    ValueError for arguments that cannot be simulated, before anything is written.
    """
    dates = sorted(set(stichtage)) if stichtage else [date(year, 12, 31) for year in range(calibration.FIRST_YEAR, calibration.LAST_YEAR + 1)]
    if any((day.month, day.day) != (12, 31) or day.year < calibration.FIRST_YEAR for day in dates):
        raise ValueError(f"Simulierte Stichtage sind Jahresenden ab dem 31.12.{calibration.FIRST_YEAR}.")
    if modus not in ("register", "tabellen"):
        raise ValueError("Der Modus der Simulation ist register oder tabellen.")
    if residents is not None and residents < SMALLEST_TOWN:
        raise ValueError(f"Die simulierte Stadt braucht mindestens {SMALLEST_TOWN} Einwohner.")
    if truth is not None and truth.resolve().is_relative_to(target.resolve()):
        raise ValueError("Die Wahrheit der Simulation darf nicht bei den Lieferungen liegen; bitte einen anderen Ordner nennen.")
    last_year = max(dates[-1].year, ADDRESS_DATE.year)

    progress(f"Hilden (simuliert): Stadt und Bevölkerung zum 31.12.{calibration.FIRST_YEAR}")
    world = World(seed, residents or calibration.RESIDENTS_2016, last_year)
    world.modus = modus
    target.mkdir(parents=True, exist_ok=True)
    note = target / "SIMULIERT.txt"
    note.write_text(f"{deliveries.MARK}\nStartwert {seed}, Modus {modus}.\n", encoding="utf-8")
    files = [note, *deliveries.write_areas(target / "raumgliederung", world.areas)]
    files.append(deliveries.write_addresses(target / "adressen", world.areas, world.addresses, ADDRESS_DATE))
    register = deliveries.RegisterWriter(world, Defects(seed) if defects else None)
    kept = TruthWriter(truth) if truth is not None else None
    counted: dict[date, int] = {}
    offices = _Offices(target, register)
    while True:
        day = date(world.year, 12, 31)
        if kept:
            kept.count(world)
        if day in dates:
            offices.deliver(world)
            counted[day] = len(world.residents)
            if kept:
                kept.stock(world)
        if day >= dates[-1]:
            break
        world.year += 1
        Year(world).live()
        progress(f"Hilden (simuliert): {world.year} gelebt, {len(world.residents)} Einwohner")
    if kept:
        kept.close(world)
    written, rows = offices.done()
    files += written
    return SimulationSummary(
        target=target,
        modus=modus,
        seed=seed,
        files=tuple(path.relative_to(target) for path in files),
        residents=counted,
        events=world.event_counts(),
        rows=rows,
    )


class _Offices:
    """Writes the deliveries of every end of year in a process of its own, which sees the world as it was; life goes on meanwhile."""

    def __init__(self, target: Path, register: deliveries.RegisterWriter) -> None:
        self.target, self.register = target, register
        self.most = len(os.sched_getaffinity(0))
        self.at_work: deque[tuple[multiprocessing.process.BaseProcess, Connection]] = deque()
        self.files: list[Path] = []
        self.rows = 0

    def deliver(self, world: World) -> None:
        if len(self.at_work) >= self.most:
            self._wait()
        # A fork costs next to nothing, and nothing of the world has to be handed over; nobody changes it while writing.
        # Frozen, because collecting garbage in the child would copy all that both still share.
        gc.freeze()
        context = multiprocessing.get_context("fork")
        here, there = context.Pipe(duplex=False)
        process = context.Process(target=self._write, args=(world, there), daemon=True)
        process.start()
        there.close()
        self.at_work.append((process, here))

    def done(self) -> tuple[list[Path], int]:
        """All files, year after year, and the rows of the stocks."""
        while self.at_work:
            self._wait()
        gc.unfreeze()
        return self.files, self.rows

    def _wait(self) -> None:
        process, answer = self.at_work.popleft()
        try:
            files, rows = answer.recv()
        except EOFError:
            raise RuntimeError("writing the deliveries of a year came to no end") from None
        process.join()
        self.files += files
        self.rows += rows

    def _write(self, world: World, answer: Connection) -> None:
        settle_in()
        if world.modus == "register":
            path, rows = self.register.write(self.target / "melderegister_bestand", world)
        else:
            path, rows = deliveries.write_tables(self.target / "bevoelkerung_tabellen", world, version_on(date(world.year, 12, 31)))
        answer.send(([path, *(file for deliver in AT_YEAR_END for file in deliver(self.target, world))], rows))
