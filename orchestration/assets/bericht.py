"""The Sozialreport as a step after the files: one per audience, from that audience's mart of the release."""

import dagster as dg

from orchestration.bericht import write_reports
from orchestration.resources import Workplace
from warehouse import publish

REPORT = dg.AssetKey(["veroeffentlichung", "bericht"])


def report_asset(files: dg.AssetKey) -> dg.AssetsDefinition:
    """Before the flip: a release is seen with its report or not at all."""

    @dg.asset(key=REPORT, group_name="veroeffentlichung", deps=[files], kinds={"html", "pdf"}, required_resource_keys={"workplace"},
              description="Sozialreport als Site und PDF: für die Verwaltung als Entwurf, für Träger und Öffentlichkeit wartet er auf die Freigabe.")  # fmt: skip
    def bericht(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        place: Workplace = context.resources.workplace
        folders = {audience: place.draft.audience_folder(place.home, audience) for audience in publish.AUDIENCES}
        with place.stage("Bericht"):
            written = write_reports(place, folders, place.draft.release_id, place.draft.edition, place.receipt)
        return dg.MaterializeResult(metadata={"dateien": len(written), "bytes": sum(p.stat().st_size for p in written)})

    return bericht
