"""Work done side by side in processes of their own, which end with the one that started them, however that ends."""

from __future__ import annotations

import atexit
import gc
import importlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

#: A function and what it is called with.
Job = tuple[Any, ...]
#: New objects between two looks for garbage, and how many of these before a look at older ones: most of a million objects live
#: until the end, and at its usual pace Python would search them for garbage for seconds.
UNHURRIED = 200_000, 20, 20


def side_by_side(workers: int, jobs: Iterable[Job]) -> list[Any]:
    """What every job returns, in the order of the jobs; begun in that order, so long ones go first. With one worker or one job in this process."""
    jobs = list(jobs)
    workers = min(workers, len(jobs))
    if workers < 2:
        return [function(*arguments) for function, *arguments in jobs]
    with _processes(workers) as pool:
        return [job.result() for job in [pool.submit(*job) for job in jobs]]


@contextmanager
def standing_by(workers: int, module: str) -> Iterator[Callable[[Any, Iterable[Any]], Iterable[Any]]]:
    """A ``map`` over processes that import ``module`` while their work is still being prepared; the built-in one with one worker."""
    if workers < 2:
        yield map
        return
    with _processes(workers) as pool:
        for _ in range(workers):
            pool.submit(importlib.import_module, module)
        yield pool.map


#: By their number, those that wait for more work: what they have imported serves the next who asks, a second for each of them.
_idle: dict[int, ProcessPoolExecutor] = {}


@contextmanager
def _processes(workers: int) -> Iterator[ProcessPoolExecutor]:
    # Spawned, not forked: this process has threads of DuckDB and Dagster.
    pool = _idle.pop(workers, None) or ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), settle_in)
    try:
        yield pool
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise
    if _idle.setdefault(workers, pool) is not pool:
        pool.shutdown()


def settle_in() -> None:
    """Called first in a process that ``multiprocessing`` started, in whichever way: a killed run must leave nobody who goes on writing into
    what the next run builds."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    gc.set_threshold(*UNHURRIED)
    # At its end nothing is taken apart: that takes long, and DuckDB's wheel would tell the terminal what it did not give back.
    atexit.register(os._exit, 0)
    # Whoever interrupts the run interrupts the parent, which says so once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
