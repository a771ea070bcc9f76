"""Processes that look at deliveries beside the one that decides about them.

They are forked from a server that has imported what takes seconds to import and holds neither connection nor thread. Tasks and
answers are deliveries, sentences and numbers; rows and keys stay in the process that read them and in the sealed zone. A worker
ends with the process it works for, however that ends.
"""

from __future__ import annotations

import fcntl
import multiprocessing
import signal
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from typing import Any

from sources.examine import Examined, Examiner, Seconds
from sources.find import Delivery
from sources.model import City
from warehouse.paths import Home, private_files
from warehouse.processes import settle_in
from warehouse.settings import Settings

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["great_expectations", "duckdb_engine", "openpyxl", "pyogrio", "shapely", "sources.workers", "sources.worker_server"])
KILLED = "Der Prozess, der sie prüfte, wurde von außen beendet, vermutlich fehlt Arbeitsspeicher; bitte memory_limit oder threads in sozialraum.yml verringern."


def warm_up() -> None:
    """Let the server begin to import; returns at once. Whoever interrupts the run meanwhile is not to hear from it."""
    mine = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if mine else None
    try:
        forkserver.ensure_running()
    finally:
        if mine:
            signal.signal(signal.SIGINT, before)


@dataclass
class Ticket:
    """A batch handed out, and the answer once it is there."""

    task: tuple[str, list[Delivery], list[dict[str, Any]]]
    answer: tuple[list[Examined], Seconds] | None = None


class Workers:
    """Up to ``count`` processes, started as they are needed; ``memory`` is what each may use, in bytes."""

    def __init__(self, count: int, city: City, home: Home, settings: Settings, columns: dict[str, dict[str, str]], memory: int) -> None:
        self.count, self.memory = count, memory
        self._arguments = (city, home, settings, columns, memory)
        self._processes: dict[Connection, multiprocessing.process.BaseProcess] = {}
        self._queue: deque[Ticket] = deque()
        self._busy: dict[Connection, Ticket] = {}

    def submit(self, *task: Any) -> Ticket:
        ticket = Ticket(task)
        self._queue.append(ticket)
        self._hand_out()
        return ticket

    def result(self, ticket: Ticket) -> tuple[list[Examined], Seconds]:
        """Wait for the answer; of a worker that was killed it is a sentence for every delivery."""
        while ticket.answer is None:
            self._collect()
        return ticket.answer

    def finish(self) -> None:
        """Wait until nobody is at work and let all go, with the memory they hold."""
        while self._busy:
            self._collect()
        self.close()

    def close(self) -> None:
        """End them all; what they laid ready and nobody asked for is swept away by the next run."""
        for process in self._processes.values():
            process.kill()
        for connection, process in self._processes.items():
            process.join()
            connection.close()
        self._processes.clear()

    def _hand_out(self) -> None:
        while self._queue and (idle := self._idle()):
            ticket = self._queue.popleft()
            self._busy[idle] = ticket
            with suppress(OSError):
                # To one that was killed while idle; waiting for its answer will tell.
                idle.send(ticket.task)

    def _idle(self) -> Connection | None:
        """One that has nothing to do, a new one while there are fewer than may be."""
        idle = next((connection for connection in self._processes if connection not in self._busy), None)
        if idle is None and len(self._processes) < self.count:
            idle, there = CONTEXT.Pipe()
            process = CONTEXT.Process(target=_work, args=(there, *self._arguments), daemon=True)
            process.start()
            there.close()
            self._processes[idle] = process
        return idle

    def _collect(self) -> None:
        for connection in wait(list(self._busy)):
            assert isinstance(connection, Connection)
            ticket = self._busy.pop(connection)
            try:
                ticket.answer = connection.recv()
            except (EOFError, OSError):
                ticket.answer = [Examined(d, f"{d.name}: {KILLED}", passing=True) for d in ticket.task[1]], Seconds()
                self._processes.pop(connection).join()
        self._hand_out()


def _work(tasks: Connection, city: City, home: Home, settings: Settings, columns: dict[str, dict[str, str]], memory: int) -> None:
    """A worker's life."""
    # Progress bars that Great Expectations brings make a semaphore; of this kind nothing is left when a worker is killed.
    multiprocessing.set_start_method("fork", force=True)
    settle_in()
    with private_files(), _sign(home).open("a") as sign:
        fcntl.flock(sign, fcntl.LOCK_SH)
        examiner = Examiner(city, home, settings, columns, memory)
        while True:
            try:
                task = tasks.recv()
            except EOFError:
                return
            tasks.send(examiner.examine(*task))


def _sign(home: Home) -> Any:
    return home.sealed / ".pruefung"


def wait_for_orphans(home: Home) -> None:
    """Until the workers of a killed run are gone, too: they could still be writing."""
    with private_files(), _sign(home).open("a") as sign:
        fcntl.flock(sign, fcntl.LOCK_EX)
