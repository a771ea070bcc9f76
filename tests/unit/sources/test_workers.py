"""Looking at sources side by side changes nothing but the time: same chain, same verdicts, same rows; who is killed leaves nothing half."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.unit.sources.town import AREA_FILES, COUNTS, NOW, Door

from sources import accept
from sources.workers import Workers
from warehouse.ledger import Ledger
from warehouse.paths import REPOSITORY
from warehouse.settings import Settings

#: More than ``accept.MANY``, over two sources that do not need each other.
YEARS = range(1990, 2012)
KILLS = 3


def many(root: Path, threads: int) -> Door:
    town = Door(root)
    town.settings = Settings(threads=threads, memory_limit="1GB", schluesseldatei=root / "schluessel")
    for name in ("zahlen", "ziffern"):
        town.declare(name, COUNTS.replace("zahlen/zahlen_", f"{name}/zahlen_"), quelle=name, gebietsstand={"*": "alt"})
        # A wrong value in every year that ends in 5: refusals and acceptances alternate.
        rows = {year: f"Raum;Art;Anzahl;Anteil;Tag\n01;{'x' if year % 10 == 5 else 'a'};{year % 50};;\n02;b;0;;\n03;;7;0,1;\n" for year in YEARS}
        town.deliver({f"{name}/zahlen_{year}.csv": text for year, text in rows.items()})
    town.deliver(AREA_FILES)
    return town


def outcome(town: Door) -> dict[str, Any]:
    """What the door left behind, without the random stamps."""
    ledger = Ledger(town.home.ledger)
    chain = [(row["ereignis"], json.loads(row["angaben"])["lieferung_id"], row["hash"]) for row in ledger.chain()]
    verdicts = {row["lieferung_id"]: row["pruefungen"] | {"stempel": ""} for row in ledger.deliveries()}
    files = {str(p.relative_to(town.home.sealed)): p.read_bytes() for zone in (town.home.raw, town.home.quarantine, town.home.profiles) for p in sorted(zone.rglob("*")) if p.is_file()}
    return {"kette": chain, "urteile": verdicts, "dateien": files}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    town = many(tmp_path_factory.mktemp("allein"), threads=1)
    report = town.accept()
    assert len(report.accepted) == 41 and len(report.refused) == 4
    return outcome(town)


def test_side_by_side_leaves_what_one_process_leaves(tmp_path: Path, alone: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    handed_out = []
    submit = Workers.submit
    monkeypatch.setattr(Workers, "submit", lambda self, *task: handed_out.append(task[0]) or submit(self, *task))
    town = many(tmp_path, threads=2)
    town.accept()
    assert sorted(handed_out) == ["gebiete", "zahlen", "ziffern"]
    assert outcome(town) == alone


def test_killed_worker_costs_its_deliveries_a_sentence_and_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    town = many(tmp_path, threads=2)
    with accept.Door(town.city, town.home, town.ledger, town.settings, town.deliveries, move=False, now=NOW) as door:
        assert door.accept(town.city.quelle("gebiete")).accepted
        first = town.city.quelle("zahlen")
        door.turns[first.quelle] = door._call(first)
        door._look_ahead(door.turns[first.quelle])
        assert door.workers is not None
        victim = next(c for c, ticket in door.workers._busy.items() if ticket.task[0] == "zahlen")
        door.workers._processes[victim].kill()
        report = door.accept(first)
        assert len(report.refused) == len(YEARS) and all("von außen beendet" in r.sentence for r in report.refused)
        assert len(door.accept(town.city.quelle("ziffern")).accepted) == 20
    # The reason lies outside the deliveries: the next round looks again.
    assert len(town.accept().accepted) == 20


def test_large_delivery_is_looked_at_alone(tmp_path: Path, alone: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit into the share of one of several has all memory for itself, and the outcome is the same."""
    town = many(tmp_path, threads=2)
    monkeypatch.setattr(accept, "BATCH_BYTES", 0)
    monkeypatch.setattr(Workers, "submit", lambda self, *task: pytest.fail("handed out"))
    finished = []
    monkeypatch.setattr(Workers, "finish", lambda self: finished.append(True))
    town.accept()
    assert finished and outcome(town)["dateien"] == alone["dateien"]


def test_killed_runs_leave_nothing_half(tmp_path: Path, alone: dict[str, Any]) -> None:
    town, rng = many(tmp_path, threads=2), random.Random(7)
    code = (
        "import sys; from pathlib import Path; from tests.unit.sources.test_workers import Door; from warehouse.settings import Settings\n"
        "town = Door(Path(sys.argv[1])); town.settings = Settings(threads=2, memory_limit='1GB', schluesseldatei=Path(sys.argv[1]) / 'schluessel')\n"
        "print('los', flush=True); town.accept(move=False)"
    )
    command, environment = [sys.executable, "-c", code, str(tmp_path)], os.environ | {"PYTHONPATH": str(REPOSITORY)}
    for _ in range(KILLS):
        run = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
        assert run.stdout is not None
        run.stdout.readline()
        begun = len(Ledger(town.home.ledger).deliveries())
        # The server imports for seconds; from the first entry on the workers are at work.
        deadline = time.monotonic() + 60
        while len(Ledger(town.home.ledger).deliveries()) == begun and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 0.5))
        run.send_signal(signal.SIGKILL)
        run.wait()
        known = {row["lieferung_id"] for row in Ledger(town.home.ledger).deliveries("angenommen")}
        assert {p.name.removeprefix("delivery=") for p in town.home.raw.glob("testzahlen/delivery=test*")} <= known
    subprocess.run(command, env=environment, check=True, cwd=REPOSITORY, stdout=subprocess.DEVNULL)
    after = outcome(town)
    assert after["dateien"] == alone["dateien"] and after["urteile"] == alone["urteile"]
    assert sorted(entry[:2] for entry in after["kette"]) == sorted(entry[:2] for entry in alone["kette"])
