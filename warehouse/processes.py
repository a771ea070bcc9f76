"""Work done side by side in processes of their own, which end with the one that started them, however that ends."""

from __future__ import annotations

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
        done = [pool.submit(*job) for job in jobs]
        try:
            return [job.result() for job in done]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


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


def _processes(workers: int) -> ProcessPoolExecutor:
    # Spawned, not forked: this process has threads of DuckDB and Dagster.
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), settle_in)


def settle_in() -> None:
    """Called first in a process that ``multiprocessing`` started, in whichever way: a killed run must leave nobody who goes on writing into
    what the next run builds."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    gc.set_threshold(*UNHURRIED)
    # Whoever interrupts the run interrupts the parent, which says so once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
