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
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing.util import Finalize
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
        umask = _umask()
        return [job.result() for job in [pool.submit(_done, umask, *job) for job in jobs]]


@contextmanager
def standing_by(workers: int, module: str) -> Iterator[Callable[[Any, Iterable[Any]], Iterable[Any]]]:
    """A ``map`` over processes that import ``module`` while their work is still being prepared; the built-in one with one worker."""
    if workers < 2:
        yield map
        return
    with _processes(workers) as pool:
        for _ in range(workers):
            pool.submit(importlib.import_module, module)
        yield lambda function, *arguments: pool.map(partial(_done, _umask(), function), *arguments)


#: At most one pool that waits for more work, with its size: what its processes have imported serves the next who asks, a second for each.
_idle: list[tuple[int, ProcessPoolExecutor]] = []


def _dismiss() -> None:
    """Let those go who wait for more work."""
    while _idle:
        _idle.pop()[1].shutdown()


@contextmanager
def _processes(workers: int) -> Iterator[ProcessPoolExecutor]:
    size, pool = _idle.pop() if _idle else (0, None)
    if pool and (size < workers or not _alive(pool)):
        pool.shutdown()
        pool = None
    if pool is None:
        # Spawned, not forked: this process has threads of DuckDB and Dagster.
        size, pool = workers, ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), settle_in)
        # A process that multiprocessing itself started, as Dagster's service starts runs, waits at its end for its children before
        # anything tells these that no more work comes: neither would ever end. Of priority before the queues (10), which carry the word.
        Finalize(None, _dismiss, exitpriority=15)
    try:
        yield pool
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise
    if _idle:
        pool.shutdown()
    else:
        _idle.append((size, pool))


def _alive(pool: ProcessPoolExecutor) -> bool:
    """Whether nobody killed one of them while it waited."""
    try:
        pool.submit(int)
    except BrokenProcessPool:
        return False
    return True


def _done(umask: int, function: Callable, *arguments: Any) -> Any:
    """Who may read what a job writes is for the caller to say, whoever had the process before."""
    os.umask(umask)
    return function(*arguments)


def _umask() -> int:
    # There is no asking without setting; whoever creates a file meanwhile has it to himself.
    os.umask(umask := os.umask(0o077))
    return umask


def meanwhile(function: Callable, *arguments: Any) -> Future:
    """What a function returns or raises, worked out in a thread while this one waits for other processes. Nobody waits for it at the end."""
    outcome: Future = Future()

    def work() -> None:
        try:
            outcome.set_result(function(*arguments))
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return outcome


def settle_in() -> None:
    """What every process does first that ``multiprocessing`` started, in whichever way. It ends with the one that started it: a killed
    run must leave nobody who goes on writing into what the next run builds."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    gc.set_threshold(*UNHURRIED)
    # At the end of a spawned one nothing is taken apart: that takes long, and DuckDB's wheel would tell the terminal what it did not give back.
    atexit.register(os._exit, 0)
    # Whoever interrupts the run interrupts the parent, which says so once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
