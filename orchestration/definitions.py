"""Assembly only: which assets, jobs, schedules and sensors there are for a town. Computes nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from orchestration.assets.models import model_assets
from orchestration.assets.release import release_assets
from orchestration.assets.sources import source_assets
from orchestration.dbt import Dbt
from orchestration.jobs import jobs
from orchestration.resources import EDITION_TAG, Workplace, workplace
from orchestration.schedules import schedules
from orchestration.sensors import sensors


def build_definitions(place: Workplace | None = None) -> dg.Definitions:
    """A fresh set of definitions for one workplace; without one, for what the environment names.

    Tests hand in a workplace of their own instead of patching anything.
    """
    place = place or workplace(os.environ.get("SOZIALRAUM_STADT"), _folder("SOZIALRAUM_LIEFERUNGEN"))
    dbt = Dbt(place)
    models = model_assets(dbt)
    outgoing = [key for key in models.keys if key.path[0] in ("marts", "gate")]

    @dg.resource(description="Stadt, Datenverzeichnis, Sperre und Eintrag eines Laufs.")
    def shared_workplace(context: dg.InitResourceContext) -> Iterator[Workplace]:
        with place.locked(), place.recorded(context.run.tags.get(EDITION_TAG) or context.run.job_name):
            dbt.load_ahead()
            yield place

    return dg.Definitions(
        assets=[*source_assets(place.city), models, *release_assets(dbt, outgoing)],
        resources={"workplace": shared_workplace},
        jobs=jobs(),
        schedules=schedules(place),
        sensors=sensors(place),
        # Also for what is chosen in the web interface: a step in a process of its own costs seconds, knows nothing of what those
        # before it hand on, and DuckDB has one writer.
        executor=dg.in_process_executor,
    )


def _folder(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value) if value else None


@dg.definitions
def defs() -> dg.Definitions:
    """Entry point of Dagster's own tools (web interface, daemon)."""
    return build_definitions()
