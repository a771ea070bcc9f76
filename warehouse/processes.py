"""Work done side by side in processes of their own, which end with the one that started them, however that ends."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

#: A function and what it is called with.
Job = tuple[Any, ...]


def side_by_side(workers: int, jobs: Iterable[Job]) -> list[Any]:
    """What every job returns, in the order of the jobs; begun in that order, so long ones go first. With one worker or one job in this process."""
    jobs = list(jobs)
    workers = min(workers, len(jobs))
    if workers < 2:
        return [function(*arguments) for function, *arguments in jobs]
    # Spawned, not forked: this process has threads of DuckDB and Dagster.
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), end_with_parent) as pool:
        done = [pool.submit(*job) for job in jobs]
        try:
            return [job.result() for job in done]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def end_with_parent() -> None:
    """Called in a process that ``multiprocessing`` started, in whichever way: a killed run must leave nobody who goes on writing into
    what the next run builds."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
