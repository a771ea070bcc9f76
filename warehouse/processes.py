"""Work side by side in processes of their own that never outlive this one. Knows nothing of what they do."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

#: prctl(2): the signal a process gets when the one that started it dies.
PR_SET_PDEATHSIG = 1


#: A function and what it is called with.
Job = tuple[Any, ...]


def side_by_side(workers: int, jobs: Iterable[Job]) -> list[Any]:
    """What every job returns, in the order of the jobs; begun in that order, so long ones go first. With one worker or one job in this process."""
    jobs = list(jobs)
    workers = min(workers, len(jobs))
    if workers < 2:
        return [function(*arguments) for function, *arguments in jobs]
    # Spawned, not forked: this process has threads of DuckDB and Dagster.
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _end_with, (os.getpid(),)) as pool:
        done = [pool.submit(*job) for job in jobs]
        try:
            return [job.result() for job in done]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _end_with(parent: int) -> None:
    """A killed run must leave nobody who goes on writing into what the next run builds."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
