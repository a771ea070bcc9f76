"""Jobs: the ordinary run and the monthly edition are the same way, the edition only carries its name as a tag."""

from __future__ import annotations

import dagster as dg

from orchestration.resources import MONTHLY, NIGHTLY


def jobs() -> list[dg.UnresolvedAssetJobDefinition]:
    """Both run all assets."""
    return [
        dg.define_asset_job(NIGHTLY, dg.AssetSelection.all(),
                            description="Annehmen, was im Eingang liegt, aufbauen, schützen, als Entwurf für die Verwaltung veröffentlichen."),
        dg.define_asset_job(MONTHLY, dg.AssetSelection.all(),
                            description="Wie der Nachtlauf, aber als nummerierte Ausgabe, die aufbewahrt wird."),
    ]  # fmt: skip
