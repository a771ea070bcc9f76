"""The end of a command: it comes, with its code and without a trace, whatever is still at work and wherever the output goes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import REPOSITORY

AT_WORK = """
import sys, threading, time
sys.path.insert(0, {repository!r})
from orchestration.cli import _leave
from warehouse.processes import standing_by

def work(begun):
    with standing_by(2, "fractions") as each:
        begun.set()
        list(each(time.sleep, [1, 1, 1]))

if __name__ == "__main__":
    begun = threading.Event()
    threading.Thread(target=work, args=[begun]).start()
    begun.wait()
    print("written")
    _leave(3)
"""


def test_a_command_ends_though_processes_stand_by(tmp_path: Path) -> None:
    script = tmp_path / "lauf.py"
    script.write_text(AT_WORK.format(repository=str(REPOSITORY)))
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, "written\n", "")


@pytest.mark.parametrize(("where", "code"), [(">&-", {0}), ("> /dev/full", {1}), ("| true", {0, 1})])
def test_output_that_nobody_takes_is_no_traceback(where: str, code: set[int]) -> None:
    command = f'set -o pipefail; "{sys.executable}" -m orchestration.cli run --help {where}'
    done = subprocess.run(["bash", "-c", command], cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in code and "Traceback" not in done.stderr
