"""Side by side: the order of the jobs, and an end with the process that started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.conftest import REPOSITORY
from warehouse import processes
from warehouse.paths import private_files
from warehouse.processes import meanwhile, side_by_side, standing_by


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


def test_they_stay_for_the_next_who_asks_and_go_with_who_fails() -> None:
    side_by_side(2, [(pow, 2, 2), (pow, 2, 3)])
    [(_, stayed)] = processes._idle
    with standing_by(2, "fractions") as each:
        assert list(each(pow, [3], [2])) == [9] and not processes._idle
    assert processes._idle == [(2, stayed)]
    # One pool at most: more workers than it has are new ones, and fewer are served by what is there.
    side_by_side(3, [(pow, 2, 2)] * 3)
    [(_, larger)] = processes._idle
    side_by_side(2, [(pow, 2, 2)] * 2)
    assert larger is not stayed and processes._idle == [(3, larger)]
    with pytest.raises(ZeroDivisionError):
        side_by_side(2, [(divmod, 1, 0), (pow, 2, 2)])
    assert processes._idle == []


def test_meanwhile_something_else_is_worked_out() -> None:
    assert meanwhile(pow, 3, 2).result() == 9
    with pytest.raises(ZeroDivisionError):
        meanwhile(divmod, 1, 0).result()


def test_one_that_died_waiting_is_replaced() -> None:
    side_by_side(2, [(pow, 2, 2)] * 8)
    for worker in list(processes._idle[0][1]._processes):
        os.kill(worker, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while not processes._idle[0][1]._broken and time.monotonic() < deadline:
        time.sleep(0.01)
    assert side_by_side(2, [(pow, 2, 2), (pow, 2, 3)]) == [4, 8]


def test_who_may_read_a_file_says_who_asks_for_it(tmp_path: Path) -> None:
    """The same processes write what is sealed and what everybody reads."""
    with private_files():
        side_by_side(2, [(Path.touch, tmp_path / "versiegelt"), (Path.touch, tmp_path / "auch")])
        with standing_by(2, "fractions") as each:
            list(each(Path.touch, [tmp_path / "dazu"]))
    side_by_side(2, [(Path.touch, tmp_path / "offen"), (Path.touch, tmp_path / "ebenso")])
    readable = {path.name for path in tmp_path.iterdir() if path.stat().st_mode & 0o044}
    assert readable == {"offen", "ebenso"}


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


def test_a_process_that_was_started_itself_ends_though_some_wait_for_it() -> None:
    """So Dagster's service starts a run, and the run its workers."""
    started = multiprocessing.get_context("spawn").Process(target=side_by_side, args=(2, [(pow, 2, 2), (pow, 2, 3)]))
    started.start()
    started.join(120)
    code = started.exitcode
    started.kill()
    assert code == 0


def alive(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be reaped."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
