"""``./sozialraum bench``: seconds and peak memory per stage on a simulated town, beside the bare script of ``bare.py``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

LAST_YEAR = 2024
MEGABYTE = 1e6


def main(residents: int, dates: int) -> None:
    """Simulate, run, run bare, compare the counts, print. Works in a temporary home that is removed."""
    with tempfile.TemporaryDirectory(prefix="sozialraum-bench-") as folder:
        os.environ |= {"SOZIALRAUM_HOME": f"{folder}/home", "XDG_CONFIG_HOME": f"{folder}/config"}
        from rich.table import Table

        from orchestration.report import Progress, german, out
        from orchestration.resources import workplace
        from orchestration.run import execute
        from sources.demo import simulate

        deliveries = Path(folder) / "lieferungen"
        with Progress() as progress:
            progress.say("Simulation")
            simulate(deliveries, modus="register", residents=residents, stichtage=[date(LAST_YEAR - i, 12, 31) for i in reversed(range(dates))])
            place = workplace("hilden-simuliert", deliveries, progress.say)
            execute(place)
            durations = place.durations
            progress.say("Blankes Skript")
            counts = f"{folder}/zaehlung.parquet"
            bare = json.loads(
                subprocess.run(
                    [sys.executable, "-m", "tests.benchmarks.bare", str(deliveries), str(place.settings.threads), place.settings.memory_limit, counts],
                    check=True, capture_output=True, text=True,
                ).stdout
            )  # fmt: skip
        compared = _compare(place, counts)
        table = Table("Abschnitt", "Sekunden", "Speicher MB", title=f"{german(residents)} Einwohner, {dates} Stichtage, {place.settings.threads} Threads")
        for name, seconds in durations.items():
            table.add_row(name, german(seconds, 1), german(place.peaks[name] / MEGABYTE) if name in place.peaks else "")
        total = sum(durations.values())
        table.add_row("ganzer Lauf", german(total, 1), german(max(place.peaks.values()) / MEGABYTE))
        table.add_row("blankes Skript", german(bare["sekunden"], 1), german(bare["speicher"] / MEGABYTE))
        out.print(table)
        door: dict[str, float] = {}
        for report in place.reports.values():
            for name, seconds in report.seconds.items():
                door[name] = door.get(name, 0.0) + seconds
        checked, moved = door["pruefen"] + door["vergleichen"], door["lesen"] + door["schreiben"]
        out.print(
            f"Tür: prüfen und vergleichen {german(checked, 1)} s, lesen, minimieren und schreiben {german(moved, 1)} s (Verhältnis {german(checked / moved, 2)}); "
            f"Laden von great_expectations gesondert {german(door['laden von great_expectations'], 1)} s."
        )
        out.print(f"Verhältnis {german(total / bare['sekunden'], 2)} (ganzer Lauf zu blankem Skript); {german(compared)} Zählungen stimmen überein.")


def _compare(place, counts: str) -> int:
    """Number of cells; AssertionError unless the warehouse counted every one as the bare script did."""
    from warehouse.connect import connect

    with connect(place.home.warehouse_db, read_only=True) as db:
        cells = f"""
            with bare as (select * replace (coalesce(block_id, 'nz_block') as block_id) from '{counts}'), mart as (
                select stichtag, raumeinheit_id as block_id, geschlecht, staatsangehoerigkeit = 'deutsch' as deutsch, alter_von as alter, sum(anzahl) as anzahl
                from intermediate.int_bevoelkerung__register_zellen group by all)
            select count(*) filter (where bare.anzahl is distinct from mart.anzahl), count(*)
            from bare full join mart using (stichtag, block_id, geschlecht, deutsch, alter)"""
        different, total = db.execute(cells).fetchone()  # type: ignore[misc]
    assert different == 0, f"{different} von {total} Zählungen weichen vom blanken Skript ab"
    return total
