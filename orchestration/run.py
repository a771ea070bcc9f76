"""One run from the command line: simulate where nothing was delivered, skip where nothing is new, else run the job.

Schedules and the sensor ask here whether there is anything to do; the doing is Dagster's.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import shutil
from concurrent.futures import wait
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from orchestration.dbt import parsing_ahead
from orchestration.failures import UNCHANGED, PermanentFailure, explain
from orchestration.resources import EDITION_TAG, MONTHLY, NIGHTLY, Workplace
from sources import retention
from sources.accept import Delivery, needs_workers, pending
from sources.workers import warm_up
from warehouse.paths import SUPPLIERS
from warehouse.processes import UNHURRIED, meanwhile, settle_in

SIMULATION = ".simulation"


def waiting(place: Workplace) -> list[Delivery]:
    """Deliveries at the door that nobody decided about yet; reads no file."""
    return pending(place.city, place.ledger, place.inbox)


def nothing_new(place: Workplace) -> bool:
    """True when no file waits and the newest release was made from what is there."""
    return not waiting(place) and place.up_to_date()


def execute(place: Workplace, edition: str | None = None) -> bool:
    """Run everything for a town; False when there was nothing to do. ``place`` then knows reports, times and release.

    PermanentFailure carries the sentence of what stopped it; the published state is then what it was.
    """
    gc.set_threshold(*UNHURRIED)
    if _to_simulate(place):
        # A first run has long single-threaded parts that do not need each other.
        if place.settings.threads > 1:
            warm_up()
        with place.locked(), place.stage("Simulation"), parsing_ahead(place):
            # Whoever waited for another first run finds the deliveries there.
            if _to_simulate(place):
                _simulate(place)
    new = waiting(place)
    if not place.fetching and not new and place.up_to_date() and edition in (None, place.ledger.releases()[-1]["ausgabe"]):
        _forget_in_time(place)
        return False
    if needs_workers(place.settings, new):
        warm_up()
    _run_job(place, edition)
    return True


def _forget_in_time(place: Workplace) -> None:
    """Retention does not wait for the next delivery."""
    with place.locked():
        for quelle in place.city.quellen:
            retention.enforce(quelle, place.home, place.ledger, place.receipt)


def _to_simulate(place: Workplace) -> bool:
    """Only a simulated town without any delivery, in a home whose inbox is empty, gets simulated ones."""
    if place.city.stadt.simulation is None or place.deliveries is not None:
        return False
    return not place.ledger.deliveries() and not any(path.is_file() for path in place.inbox.rglob("*"))


def _simulate(place: Workplace) -> None:
    """Write the simulated town's deliveries into the inbox; the town lives in a process of its own, and this one can import meanwhile."""
    place.echo("Simulation: Lieferungen für die Modellstadt entstehen")
    draft, truth = place.home.root / SIMULATION, place.home.sealed / "wahrheit"
    shutil.rmtree(draft, ignore_errors=True)
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    town = context.Process(target=_live, args=(there, draft, place.city.stadt.simulation, truth))
    town.start()
    there.close()
    # Not before: a process forked in the middle of an import would wait for the thread that it does not have.
    dagster = meanwhile(_dagster_ahead, dagster_environment(place))
    try:
        while (said := here.recv()) is not None:
            if isinstance(said, BaseException):
                raise said
            place.echo(said)
    except EOFError:
        raise PermanentFailure("Die Simulation wurde von außen beendet, vermutlich fehlt Arbeitsspeicher; bitte den Lauf wiederholen.") from None
    finally:
        town.kill()
        town.join()
    wait([dagster])
    for path in [truth, *truth.rglob("*")]:
        path.chmod(0o700 if path.is_dir() else 0o600)
    # The mark belongs to the home as a whole: everything made from these deliveries is simulated.
    for note in draft.glob("*.txt"):
        os.replace(note, place.home.root / note.name)
    # Complete or not at all: a killed simulation leaves the inbox empty and starts again.
    shutil.rmtree(place.inbox)
    draft.chmod(SUPPLIERS)
    os.rename(draft, place.inbox)


def _dagster_ahead(environment: dict[str, str]) -> None:
    """Import what a run needs of Dagster, and let it create its databases; should that fail, the run tries again and says why."""
    os.environ |= environment
    import_module("orchestration.definitions")
    import dagster as dg

    with dg.DagsterInstance.get():
        pass


def _live(tell: Connection, draft: Path, modus: Any, truth: Path) -> None:
    """The simulation: tells its progress, then nothing more to say (None), or what it failed at."""
    settle_in()
    from sources.demo import simulate

    try:
        simulate(draft, modus=modus, truth=truth, progress=tell.send)
        tell.send(None)
    except Exception as error:
        tell.send(error)


def dagster_environment(place: Workplace) -> dict[str, str]:
    """What Dagster's processes need to find this workplace again; writes its instance file."""
    import yaml

    base = place.home.dagster / "storage"
    storage: dict[str, Any] = {
        "run_storage": {"module": "dagster._core.storage.runs", "class": "SqliteRunStorage", "config": {"base_dir": str(base / "history")}},
        "event_log_storage": {"module": "orchestration.storage", "class": "EventLog", "config": {"base_dir": str(base / "history" / "runs")}},
        "schedule_storage": {"module": "dagster._core.storage.schedules", "class": "SqliteScheduleStorage", "config": {"base_dir": str(base / "schedules")}},
    }
    if place.settings.dagster_postgres:
        storage = {"storage": {"postgres": {"postgres_url": place.settings.dagster_postgres}}}
    # A run prints for the terminal only; captured, its lines would go through files and two processes that follow them.
    captured = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
    instance = {"telemetry": {"enabled": False}, "nux": {"enabled": False}, "python_logs": {"python_log_level": "CRITICAL"}, "compute_logs": captured, **storage}
    (place.home.dagster / "dagster.yaml").write_text(yaml.safe_dump(instance), encoding="utf-8")
    environment = {
        "DAGSTER_HOME": str(place.home.dagster),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "SOZIALRAUM_HOME": str(place.home.root),
        "SOZIALRAUM_STADT": place.city.stadt.stadt,
    }
    if place.deliveries:
        environment["SOZIALRAUM_LIEFERUNGEN"] = str(place.deliveries)
    return environment


def _run_job(place: Workplace, edition: str | None) -> None:
    os.environ |= dagster_environment(place)
    with place.stage("Anlauf"):
        import dagster as dg

        from orchestration.definitions import build_definitions

        # The terminal is for the planner; Dagster keeps every event in its own log, which the web interface shows.
        # Not by a level: Dagster sets that of its loggers back to the lowest whenever it asks for one.
        dagster_log = logging.getLogger("dagster")
        dagster_log.propagate = False
        dagster_log.addHandler(logging.NullHandler())
        job = build_definitions(place).resolve_job_def(MONTHLY if edition else NIGHTLY)
    with dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(instance=instance, tags={EDITION_TAG: edition} if edition else None, raise_on_error=False)
        failed = next((event for event in result.all_events if event.is_step_failure), None)
    if failed:
        raise _failure(failed)


def _failure(event: Any) -> PermanentFailure | KeyboardInterrupt:
    """The sentence of a failed step; what was not foreseen says where its trace can be read. Whoever interrupted it knows why."""
    error = event.step_failure_data.error
    while error is not None:
        if error.cls_name == "DagsterExecutionInterruptedError":
            return KeyboardInterrupt()
        # Dagster's text is "<class path>: <text>".
        if found := explain(error.cls_name, error.message.partition(": ")[2].strip()):
            return PermanentFailure(found)
        error = error.cause or error.context
    return PermanentFailure(f"Der Schritt {event.step_key} ist gescheitert, {UNCHANGED}. Einzelheiten zeigt ./sozialraum ui unter Runs.")
