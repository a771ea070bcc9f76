"""The way out as assets: the audience's mart, its files, the flip. What leaves was decided by the gate models."""

import time
from collections.abc import Iterator

import dagster as dg

from orchestration.bericht import reports
from orchestration.dbt import Dbt
from orchestration.evidence import FOLDER as EVIDENCE
from orchestration.evidence import write_evidence
from orchestration.failures import UNCHANGED, PermanentFailure
from orchestration.files import write_release
from orchestration.resources import EDITION_TAG, NIGHTLY, Workplace
from warehouse import attack, frozen, publish
from warehouse.paths import private_files

GROUP = "veroeffentlichung"
MART = dg.AssetKey([GROUP, "mart"])
FILES = dg.AssetKey([GROUP, "dateien"])
RELEASE = dg.AssetKey([GROUP, "release"])


def _after(place: Workplace, stage: str) -> None:
    """PermanentFailure where the run left out the stage that a step carries on, as the web interface lets people do: nothing of it is kept between runs."""
    if stage not in place.seconds:
        raise PermanentFailure(
            f"Dieser Schritt führt fort, was die Schritte davor im selben Lauf begonnen haben, und braucht darum einen ganzen: bitte den Job {NIGHTLY} starten, oder ./sozialraum run; {UNCHANGED}."
        )


def release_assets(dbt: Dbt, gated: list[dg.AssetKey]) -> list[dg.AssetsDefinition]:
    """Three steps that a later one completes: nothing is visible before the last."""

    @dg.asset(key=MART, group_name=GROUP, deps=gated, kinds={"duckdb"}, required_resource_keys={"workplace"},
              description="Je Zielgruppe eine DuckDB-Datei mit den Marts, die sie sehen darf.")  # fmt: skip
    def mart(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        place: Workplace = context.resources.workplace
        _after(place, "Modelle")
        place.echo("Veröffentlichung: Marts je Zielgruppe")
        place.draft = publish.begin(place.home, place.ledger, place.inputs(), context.run.tags.get(EDITION_TAG))
        with place.stage("Veröffentlichen"):
            rows = publish.write_marts(place.draft.audience_folders(place.home), place.home, place.settings, dbt.manifest)
        return dg.MaterializeResult(metadata={"zeilen": rows, "release": place.draft.release_id, "sekunden": place.seconds["Veröffentlichen"]})

    @dg.asset(key=FILES, group_name=GROUP, deps=[MART], kinds={"parquet", "csv", "html", "pdf"}, required_resource_keys={"workplace"},
              description="Parquet, CSV für Maschinen und CSV für Excel, die Pakete der Verträge und der Sozialreport als Site und PDF: als Entwurf für die Verwaltung. Für Träger und Öffentlichkeit entstehen sie mit einer Ausgabe, sonst wenn jemand sie sehen will (bericht) oder freigibt.")  # fmt: skip
    def files(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        place: Workplace = context.resources.workplace
        _after(place, "Veröffentlichen")
        place.echo("Veröffentlichung: Dateien und Sozialreport")
        draft = place.draft
        folders = draft.audience_folders(place.home)
        if draft.edition is None:
            # Outside the administration nobody sees what a night makes; an edition is what people come together to discuss.
            folders = {publish.AUTOMATIC: folders[publish.AUTOMATIC]}
        with place.stage("Export, Bericht"):
            beside = reports(place, folders, draft.release_id, draft.edition, place.receipt)
            written = write_release(place, folders, draft.release_id, draft.inputs, place.receipt, beside)
        return dg.MaterializeResult(metadata={"dateien": len(written), "bytes": sum(p.stat().st_size for p in written), "sekunden": place.seconds["Export, Bericht"]})

    @dg.asset(key=RELEASE, group_name=GROUP, deps=[FILES], required_resource_keys={"workplace"},
              check_specs=[dg.AssetCheckSpec("angriff", asset=RELEASE, blocking=True, description="In den Marts aller Zielgruppen und den fertigen Dateien lässt sich keine geschützte Zahl finden oder errechnen.")],
              description="Die sichtbare Veröffentlichung: geprüft, umbenannt, current umgelegt.")  # fmt: skip
    def release(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        place: Workplace = context.resources.workplace
        _after(place, "Export, Bericht")
        began = time.perf_counter()
        place.echo("Veröffentlichung: Angriff auf das Ergebnis und Umschalten")
        targets = [place.target(audience, folder) for audience, folder in place.draft.audience_folders(place.home).items()]
        with place.stage("Angriff"):
            results = attack.leaks_of(targets, place.settings.threads)
        counts = {audience: len(found) for audience, found in zip(publish.AUDIENCES, results, strict=True)}
        for audience, found in zip(publish.AUDIENCES, results, strict=True):
            if found:
                # Only how many: what was found is what must not be shown.
                yield dg.AssetCheckResult(check_name="angriff", passed=False, metadata={"befunde": counts})
                raise publish.PublishRefused(f"Veröffentlichung für {audience} verweigert: {found[0]} (insgesamt {len(found)} Befunde).")
        write_evidence(place, dbt.manifest, place.draft.folder / EVIDENCE)
        persons = {source.quelle for source in place.city.quellen if source.personenbezug}
        deliveries = [row for row in place.ledger.deliveries("angenommen") if row["aktiv"] and row["quelle_id"] in persons]
        with private_files():
            frozen.freeze(place.home, place.ledger, place.draft.release_id, frozen.models(dbt.manifest), deliveries, place.receipt.isoformat(), place.settings)
        folder = publish.finish(
            place.draft, place.home, place.ledger, keep=place.settings.releases_behalten, now=place.receipt,
            facts={"stadt": place.city.stadt.name, "simuliert": place.city.stadt.simuliert},
        )  # fmt: skip
        place.released = folder
        yield dg.MaterializeResult(metadata={"release": folder.name, "sekunden": time.perf_counter() - began})
        yield dg.AssetCheckResult(check_name="angriff", passed=True, metadata={"befunde": counts})

    return [mart, files, release]
