"""What every asset works with: the town, its data home, settings and ledger, and the lock that keeps runs apart."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestration.failures import PermanentFailure
from sources.accept import AcceptReport, Door
from sources.model import SHIPPED_CITIES, City, Quelle, available_cities, load_city
from warehouse import rules
from warehouse.ledger import Ledger, utc_now
from warehouse.paths import Home, base_home, home_of
from warehouse.publish import Draft, earlier, inputs_of, is_current
from warehouse.settings import Settings, check_secrets, load_settings
from warehouse.version import code_version, folder_fingerprint

DEFAULT_CITY = "hilden-simuliert"
#: Carried by the runs that make a numbered edition; its value is the edition's name.
EDITION_TAG = "sozialraum/ausgabe"
#: Dagster's names of the ordinary run and of the run that makes an edition.
NIGHTLY, MONTHLY = "nachtlauf", "monatsausgabe"
#: The simulated town's deliveries always arrive at this moment, so that two runs give the same bytes.
SIMULATED_RECEIPT = datetime(2025, 2, 3, 2, 0, tzinfo=UTC)


@dataclass
class Workplace:
    """One town at work in one data home; the fields after ``echo`` are what the steps of a run hand on."""

    city: City
    home: Home
    settings: Settings
    #: Folder whose deliveries are read in place; None means the inbox, which is emptied.
    deliveries: Path | None = None
    echo: Callable[[str], None] = field(default=lambda text: None)

    door: Door | None = None
    reports: dict[str, AcceptReport] = field(default_factory=dict)
    draft: Draft | None = None
    released: Path | None = None
    began: float = field(default_factory=time.perf_counter)
    seconds: dict[str, float] = field(default_factory=dict)
    #: Highest resident memory within a stage, in bytes.
    peaks: dict[str, int] = field(default_factory=dict)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.home.ledger)

    @property
    def inbox(self) -> Path:
        return self.deliveries or self.home.inbox

    @cached_property
    def receipt(self) -> datetime:
        """One moment for all of a run: what its files say of it can be rebuilt byte for byte."""
        return SIMULATED_RECEIPT if self.city.stadt.simuliert else utc_now()

    @property
    def fetching(self) -> bool:
        """Whether a run fetches from suppliers: some source says from where, the setting allows it, and the inbox is read."""
        return self.settings.bezug and self.deliveries is None and any(quelle.bezug for quelle in self.city.quellen)

    @property
    def durations(self) -> dict[str, float]:
        """Seconds per stage, and what since the start belongs to none: Dagster's bookkeeping, freezing, switching over, waiting for another run."""
        return self.seconds | {"Übriges": time.perf_counter() - self.began - sum(self.seconds.values())}

    def target(self, audience: str, folder: Path, before: str | None = None) -> tuple[Path, int, set[str], list[Path]]:
        """What an attack on the part of a release for an audience starts from (see attack.leaks); ``before``: as it was before this release."""
        levels = {level.id for level in self.city.stadt.ebenen if not level.intern}
        return folder, rules.minimum(audience, self.city.stadt.mindestzahl), levels, earlier(self.home, self.ledger, audience, before)

    def inputs(self) -> dict:
        """What the next release would be made from."""
        return inputs_of(self.city.stadt.stadt, self.ledger.deliveries("angenommen"), code_version(), folder_fingerprint(self.city.folder))

    def made(self, entry: dict) -> bool:
        """Whether this version of the program and of the declarations made a release (its entry in the ledger): only that can add to it, or make it again."""
        now = self.inputs()
        return all(entry["eingaben"][name] == now[name] for name in ("code", "deklarationen"))

    def entry(self, named: str | None = None) -> dict[str, Any]:
        """A release as the ledger knows it, by id, number or edition (the newest of that name); without a name the current one. PermanentFailure where there is none."""
        releases = self.ledger.releases()
        if not releases or not self.home.current.exists():
            raise PermanentFailure("Es ist noch nichts veröffentlicht; zuerst ./sozialraum run.")
        named = named or self.home.current.resolve().name
        fitting = [r for r in releases if named in (r["release_id"], r["ausgabe"], str(r["nummer"]), f"{r['nummer']:04d}")]
        if not fitting:
            raise PermanentFailure(f"Die Veröffentlichung {named} gibt es nicht; ./sozialraum status zeigt alle.")
        return fitting[-1]

    def kept(self, named: str | None = None) -> dict[str, Any]:
        """The same, PermanentFailure also where its files are no longer kept."""
        entry = self.entry(named)
        if not (self.home.published / entry["release_id"]).is_dir():
            raise PermanentFailure(f"Die Veröffentlichung {entry['release_id']} ist nicht mehr aufbewahrt; ./sozialraum status zeigt, welche es noch gibt.")
        return entry

    def up_to_date(self) -> bool:
        """True when the newest release was made from exactly what is there."""
        return self.home.current.exists() and is_current(self.ledger, self.inputs())

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time and peak memory of a stage, added up where a stage comes more than once."""
        start = time.perf_counter()
        _forget_peak()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
            self.peaks[name] = max(self.peaks.get(name, 0), _peak())

    def open_door(self, quellen: list[Quelle]) -> Door:
        """The door of this run, opened by whoever comes first; closed when the run ends."""
        if self.door is None:
            self.door = Door(
                self.city, self.home, self.ledger, self.settings, self.inbox,
                move=self.deliveries is None, now=self.receipt, progress=self.echo, quellen=quellen,
            )  # fmt: skip
        return self.door

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One run at a time per home; a second one says who is at work and waits."""
        with self.home.lock.open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                self.echo(f"Ein anderer Lauf ist in {self.home.root.name} an der Arbeit ({file.read().strip() or 'ohne Angabe'}); dieser wartet, bis er fertig ist.")
                fcntl.flock(file, fcntl.LOCK_EX)
            file.truncate(0)
            file.write(f"Prozess {os.getpid()} seit {datetime.now():%d.%m.%Y %H:%M:%S}")
            file.flush()
            yield


    @contextmanager
    def recorded(self, occasion: str) -> Iterator[None]:
        """Enter a run into the ledger, however it was started and however it ends; spilled data of a killed one go first."""
        for leftover in self.home.tmp.iterdir():
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        run = self.ledger.begin_run(occasion, utc_now())
        try:
            yield
        finally:
            if self.door is not None:
                self.door.close()
                self.door = None
            result = self.released.name if self.released else "nichts veröffentlicht"
            self.ledger.end_run(run, utc_now(), result, {stage: round(seconds, 3) for stage, seconds in self.seconds.items()})


def _forget_peak() -> None:
    """Let the kernel start counting the highest memory anew; where it cannot, peaks are those since start."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


def _peak() -> int:
    kilobytes = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(kilobytes[1]) * 1024 if kilobytes else 0


def workplace(town: str | None = None, deliveries: Path | None = None, echo: Callable[[str], None] | None = None, *, careful: bool = True) -> Workplace:
    """Find the town and its home: the named one, else the configured, else the home's owner, else the simulated town.

    SettingsError while secrets lie open; ``careful=False`` is for who reports exactly that.
    PermanentFailure names the towns there are when the wanted one is not among them.
    """
    base = base_home()
    settings = load_settings(base)
    town = town or settings.stadt or base.owner or DEFAULT_CITY
    home = home_of(town, base)
    if home != base:
        settings = load_settings(home)
    towns = available_cities(*filter(None, [settings.staedte, base.own_cities, SHIPPED_CITIES]))
    if town not in towns:
        raise PermanentFailure(f"Die Stadt {town} ist nicht deklariert; bekannt sind {', '.join(sorted(towns))}.")
    city = load_city(towns[town])
    # What is simulated needs no people to approve it: real deliveries must not come under that name by a forgotten line.
    if city.stadt.simuliert and town not in available_cities(SHIPPED_CITIES):
        raise PermanentFailure(f"{city.folder / 'city.yml'}: simuliert gibt es nur bei den mitgelieferten Modellstädten; bitte die Zeilen simuliert und simulation löschen.")
    folder = deliveries or settings.lieferungen
    if folder is not None and not folder.is_dir():
        raise PermanentFailure(f"Den Lieferordner {folder} gibt es nicht.")
    home.prepare(town)
    if careful:
        check_secrets(home, settings, city.logins)
    return Workplace(city, home, settings, folder.resolve() if folder else None, echo or (lambda text: None))
