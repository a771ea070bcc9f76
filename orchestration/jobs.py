"""Jobs: the ordinary run and the monthly edition are the same way, the edition only carries its name as a tag."""

from __future__ import annotations

import dagster as dg

from orchestration.resources import MONTHLY, NIGHTLY


def jobs() -> list[dg.UnresolvedAssetJobDefinition]:
    """Both run all assets in one process: a step in a process of its own costs seconds, and DuckDB has one writer."""
    return [
        dg.define_asset_job(NIGHTLY, dg.AssetSelection.all(), executor_def=dg.in_process_executor,
                            description="Annehmen, was im Eingang liegt, aufbauen, schützen, als Entwurf für die Verwaltung veröffentlichen."),
        dg.define_asset_job(MONTHLY, dg.AssetSelection.all(), executor_def=dg.in_process_executor,
                            description="Wie der Nachtlauf, aber als nummerierte Ausgabe, die aufbewahrt wird."),
    ]  # fmt: skip
