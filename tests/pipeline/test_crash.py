"""Fifty SIGKILLs in sequence all along whole runs in one home: readers see a whole state, the end is an undisturbed run's.

The runs are forked from a process that has everything imported, so that kills hit the work and not the start of Python.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.conftest import CORE, LONG, REPOSITORY, Town, keep

KILLS = int(os.environ.get("SOZIALRAUM_ABBRUECHE", "50"))
#: The steps of a run in which kills must have hit, by the first words it says of them.
STEPS = {"Modelle und Prüfungen", "Veröffentlichung: Marts je Zielgruppe", "Veröffentlichung: Dateien und Sozialreport", "Veröffentlichung: Angriff auf das Ergebnis und Umschalten"}
DRIVER = '''
import json, os, random, re, signal, sys, time
from collections import Counter
from pathlib import Path
import dagster, dagster_dbt, dbt.cli.main, great_expectations, duckdb, pyarrow, openpyxl
from orchestration.resources import workplace
from orchestration.run import execute
from orchestration.definitions import build_definitions
deliveries, kills, seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
rng = random.Random(50)
said = Path(os.environ["SOZIALRAUM_HOME"]).parent / "gesagt"

def child():
    said.write_text("Annahme")
    pid = os.fork()
    if pid:
        return pid
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1); os.dup2(devnull, 2)
    code = 1
    try:
        execute(workplace("hilden-simuliert", deliveries, said.write_text))
        code = 0
    finally:
        os._exit(code)

seen = set()

def whole():
    """What readers see is nothing until the first release, and from then on one whose mart, files and pages are those it was made with."""
    from warehouse.publish import contents
    current = Path(os.environ["SOZIALRAUM_HOME"]) / "published" / "current"
    if seen or current.exists():
        folder = current.resolve(strict=True)
        seen.add(folder.name)
        release = json.loads((folder / "release.json").read_text())
        assert {name: release[name] for name in ("mart", "dateien", "berichte")} == contents(folder), release["release_id"]

# All along the run, more of them early: what dies late costs most. The latest come last, for one that gets to its end
# leaves nothing to do for those after it.
moments = [seconds * ((number + rng.random()) / kills) ** 2 for number in range(kills)]
mixed = moments[:kills * 4 // 5]
rng.shuffle(mixed)
moments = mixed + moments[len(mixed):]
ended, steps = 0, Counter()
for moment in moments:
    pid = child()
    end = time.monotonic() + moment
    while (left := end - time.monotonic()) > 0:
        whole()
        time.sleep(min(left, 0.5))
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        steps[re.sub(r": \\d.*", "", said.read_text())] += 1
    else:
        ended += 1
    whole()
start = time.monotonic()
_, status = os.waitpid(child(), 0)
print(json.dumps({"getoetet": steps, "fertig": ended, "ende": status, "sekunden": time.monotonic() - start}))
'''


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from sources.demo import simulate

    folder = tmp_path_factory.mktemp("winzig") / "lieferungen"
    simulate(folder, modus="register", residents=1500, stichtage=[date(2019, 12, 31), date(2020, 12, 31)])
    return keep(folder, *CORE)


def drive(town: Town, deliveries: Path, kills: int, seconds: float) -> dict[str, Any]:
    town.root.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([sys.executable, "-c", DRIVER, str(deliveries), str(kills), str(seconds)], env=town.environment() | {"DAGSTER_DISABLE_TELEMETRY": "1"}, cwd=REPOSITORY, capture_output=True, text=True, timeout=3600)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


@LONG
def test_fifty_kills(tmp_path: Path, tiny: Path) -> None:
    quiet, shaken = Town(tmp_path / "ruhig" / "data"), Town(tmp_path / "gestoert" / "data")
    undisturbed = drive(quiet, tiny, 0, 0)
    assert undisturbed["ende"] == 0
    counted = drive(shaken, tiny, KILLS, undisturbed["sekunden"])
    print(f"{undisturbed['sekunden']:.0f} s ungestört; {counted}")
    killed = counted["getoetet"]
    assert counted["ende"] == 0 and sum(killed.values()) + counted["fertig"] == KILLS
    assert sum(killed.values()) >= KILLS * 0.8
    assert STEPS <= killed.keys() or KILLS < 50
    exports = [{str(p.relative_to(t.current)): p.read_bytes() for p in sorted((t.current / "exports").rglob("*")) if p.is_file()} for t in (quiet, shaken)]
    assert exports[0].keys() == exports[1].keys() and exports[0]
    assert [name for name in exports[0] if exports[0][name] != exports[1][name]] == []
    raw = [sorted(str(p.relative_to(t.root)) for p in (t.root / "sealed" / "raw").rglob("*")) for t in (quiet, shaken)]
    assert raw[0] == raw[1]
    verified = shaken.call("verify")
    assert verified.returncode == 0, verified.stdout


def test_full_disk_and_read_only_home_are_said(tmp_path: Path, tiny: Path) -> None:
    """A file may not grow past a few kilobytes: what a full disk does, without filling one."""
    town = Town(tmp_path / "voll" / "data")
    limited = "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)); from orchestration.cli import main; main(sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", limited, "run", "--deliveries", str(tiny)], env=town.environment(), cwd=tmp_path, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 1 and "Traceback" not in done.stderr + done.stdout
    assert not town.current.exists()
    if os.geteuid() != 0:
        shutil.rmtree(town.root)
        town.root.mkdir(mode=0o500)
        refused = town.call("run", "--deliveries", str(tiny))
        assert refused.returncode == 1 and "Schreibberechtigung" in refused.stderr
