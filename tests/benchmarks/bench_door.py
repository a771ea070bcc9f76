"""``python -m tests.benchmarks.bench_door 3800000``: one register delivery of so many persons through the door, validation beside the rest.

Prints what reading, minimising and writing took and what checking and comparing took, same run, same threads; loading
great_expectations is printed by itself. Works in a temporary folder that is removed; SOZIALRAUM_THREADS sets the threads.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

from sources.accept import accept_source
from sources.demo import simulate
from sources.model import SHIPPED_CITIES, load_city
from warehouse.ledger import Ledger
from warehouse.paths import Home
from warehouse.settings import Settings

TOWN = "hilden-simuliert"
#: First year of the simulation: no life has to be lived to get there.
DAY = date(2015, 12, 31)
BEFORE, MEASURED = ("raumgliederung", "adressen"), "melderegister_bestand"
KILOBYTES = 1e6  # per gigabyte


def main(residents: int) -> None:
    with tempfile.TemporaryDirectory(prefix="sozialraum-tuer-") as folder:
        root = Path(folder)
        simulate(root / "lieferungen", residents=residents, stichtage=[DAY])
        key = root / "schluessel"
        key.write_text("00" * 32, encoding="ascii")
        key.chmod(0o600)
        home = Home(root / "daten")
        home.prepare(TOWN)
        city, ledger = load_city(SHIPPED_CITIES / TOWN), Ledger(home.ledger)
        settings = Settings(threads=int(os.environ.get("SOZIALRAUM_THREADS", os.cpu_count() or 1)), memory_limit="4GB", schluesseldatei=key)
        for source in (*BEFORE, MEASURED):
            report = accept_source(source, city, home, ledger, settings, root / "lieferungen", move=False, now=datetime(2026, 1, 1, tzinfo=UTC))
            assert not report.refused, report.refused[0].sentence
        seconds = report.seconds
        checked, moved = seconds["pruefen"] + seconds["vergleichen"], seconds["lesen"] + seconds["schreiben"]
        print(f"{report.accepted[0].zeilen} Zeilen, {settings.threads} Threads, höchstens {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KILOBYTES:.1f} GB")
        print(f"lesen, minimieren, schreiben {moved:.1f} s; prüfen und vergleichen {checked:.1f} s (Verhältnis {checked / moved:.2f})")
        print({name: round(value, 1) for name, value in sorted(seconds.items())})


if __name__ == "__main__":
    main(int(sys.argv[1]))
