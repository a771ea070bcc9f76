"""Side by side: the order of the jobs, and an end with the process that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.conftest import REPOSITORY
from warehouse.processes import side_by_side, standing_by


def test_results_come_in_the_order_of_the_jobs() -> None:
    jobs = [(pow, 3, 2), (max, 2, 5), (pow, 10, 1)]
    assert side_by_side(2, jobs) == side_by_side(1, jobs) == [9, 5, 10]


def test_those_who_stand_by_answer_in_order_from_processes_of_their_own() -> None:
    with standing_by(2, "fractions") as each:
        assert list(each(pow, [3, 10, 2], [2, 1, 5])) == [9, 10, 32]
        assert os.getpid() not in set(each(_who, range(4)))
    with standing_by(1, "fractions") as each:
        assert set(each(_who, range(4))) == {os.getpid()}
    with pytest.raises(ZeroDivisionError), standing_by(2, "fractions") as each:
        list(each(divmod, [1], [0]))


def test_they_stay_for_the_next_and_go_with_who_fails() -> None:
    first, second = (set(side_by_side(2, [(os.getpid,)] * 8)) for _ in range(2))
    assert len(first | second) <= 2 and os.getpid() not in first
    with pytest.raises(ZeroDivisionError):
        side_by_side(2, [(divmod, 1, 0), (os.getpid,)])
    assert not first & set(side_by_side(2, [(os.getpid,)] * 8))


def _who(_: int) -> int:
    return os.getpid()


def test_workers_die_with_a_killed_run(tmp_path: Path) -> None:
    """Each would write its number and then sleep on for an hour."""
    (tmp_path / "arbeit.py").write_text("import os, time, pathlib\ndef work(folder, number):\n    pathlib.Path(folder, str(number)).write_text(str(os.getpid()))\n    time.sleep(3600)\n")
    starter = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(REPOSITORY)!r}]\nfrom arbeit import work\nfrom warehouse.processes import side_by_side\nif __name__ == '__main__':\n    side_by_side(2, [(work, {str(tmp_path)!r}, 1), (work, {str(tmp_path)!r}, 2)])\n"
    (tmp_path / "lauf.py").write_text(starter)
    run = subprocess.Popen([sys.executable, str(tmp_path / "lauf.py")])
    marks = [tmp_path / "1", tmp_path / "2"]
    deadline = time.monotonic() + 300
    while not all(mark.exists() and mark.read_text() for mark in marks) and time.monotonic() < deadline:
        time.sleep(0.05)
    workers = [int(mark.read_text()) for mark in marks]
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    while any(alive(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in workers)


def alive(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be reaped."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
