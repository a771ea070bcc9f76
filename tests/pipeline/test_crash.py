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
STEPS = ("Modelle und Prüfungen", "Veröffentlichung: Marts je Zielgruppe", "Veröffentlichung: Dateien und Sozialreport", "Veröffentlichung: Angriff auf das Ergebnis und Umschalten")
DRIVER = '''
import json, os, random, re, signal, sys, time
from collections import Counter
from pathlib import Path
import dagster, dagster_dbt, dbt.cli.main, great_expectations, duckdb, pyarrow, openpyxl
from orchestration.resources import workplace
from orchestration.run import execute
from orchestration.definitions import build_definitions
deliveries, kills, course, late = Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]), json.loads(sys.argv[4])
rng = random.Random(50)
said = Path(os.environ["SOZIALRAUM_HOME"]).parent / "gesagt"

def say(text):
    said.with_suffix(".neu").write_text(text)
    said.with_suffix(".neu").replace(said)

def child():
    say("Annahme")
    pid = os.fork()
    if pid:
        return pid
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1); os.dup2(devnull, 2)
    code = 1
    try:
        execute(workplace("hilden-simuliert", deliveries, say))
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

def follow(pid, place=None, delay=0.0):
    """(status, what was said when) of a run, which is killed so long after it has come to that place of the course of a whole one."""
    start, heard, reached, looked = time.monotonic(), [], None, 0.0
    places = {text: number for number, (_, text) in enumerate(course)}
    while True:
        now = time.monotonic()
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status, heard + [[now - start, "Ende"]]
        text = said.read_text()
        if not heard or heard[-1][1] != text:
            heard.append([now - start, text])
        if place is not None and reached is None and places.get(text, -1) >= place:
            reached = now
        if reached is not None and now >= reached + delay:
            os.kill(pid, signal.SIGKILL)
            return os.waitpid(pid, 0)[1], heard
        if now > looked + 0.5:
            whole()
            looked = now
        time.sleep(0.02)

def lasts(number):
    return course[number + 1][0] - course[number][0]

# All along the run, more of them early, for what dies late costs most; the last fifth in the steps that publish.
moments = []
for number in range(kills * 4 // 5):
    moment = course[-1][0] * ((number + rng.random()) / (kills * 4 // 5)) ** 2
    place = max(n for n, (seconds, _) in enumerate(course[:-1]) if seconds <= moment)
    moments.append((place, moment - course[place][0]))
rng.shuffle(moments)
publishing = [n for n, (_, text) in enumerate(course) if text in late]
for number in range(kills - len(moments)):
    place = publishing[number % len(publishing)]
    moments.append((place, 0.9 * rng.random() * lasts(place)))
ended, steps = 0, Counter()
for place, delay in moments:
    status, heard = follow(child(), place, delay)
    if os.WIFSIGNALED(status):
        steps[re.sub(r": \\d.*", "", heard[-1][1])] += 1
    else:
        ended += 1
    whole()
status, heard = follow(child())
print(json.dumps({"getoetet": steps, "fertig": ended, "ende": status, "verlauf": heard}))
'''


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from sources.demo import simulate

    folder = tmp_path_factory.mktemp("winzig") / "lieferungen"
    simulate(folder, modus="register", residents=1500, stichtage=[date(2019, 12, 31), date(2020, 12, 31)])
    return keep(folder, *CORE)


def drive(town: Town, deliveries: Path, kills: int, course: list[list[Any]]) -> dict[str, Any]:
    """``course``: when an undisturbed run said what, [seconds, text]; empty for that run itself."""
    town.root.mkdir(parents=True, exist_ok=True)
    arguments = [str(deliveries), str(kills), json.dumps(course), json.dumps(STEPS[1:])]
    done = subprocess.run([sys.executable, "-c", DRIVER, *arguments], env=town.environment() | {"DAGSTER_DISABLE_TELEMETRY": "1"}, cwd=REPOSITORY, capture_output=True, text=True, timeout=7200)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


@LONG
def test_fifty_kills(tmp_path: Path, tiny: Path) -> None:
    quiet, shaken = Town(tmp_path / "ruhig" / "data"), Town(tmp_path / "gestoert" / "data")
    undisturbed = drive(quiet, tiny, 0, [])
    assert undisturbed["ende"] == 0
    counted = drive(shaken, tiny, KILLS, undisturbed["verlauf"])
    killed = counted["getoetet"]
    print(f"{undisturbed['verlauf'][-1][0]:.0f} s ungestört; getötet {killed}, vorher fertig {counted['fertig']}")
    assert counted["ende"] == 0 and sum(killed.values()) + counted["fertig"] == KILLS
    assert sum(killed.values()) >= KILLS * 0.8
    assert set(STEPS) <= killed.keys()
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
