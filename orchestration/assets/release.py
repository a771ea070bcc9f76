"""The way out as assets: the audience's mart, its files, the flip. What leaves was decided by the gate models."""

import dagster as dg

from orchestration.assets.bericht import report_asset
from orchestration.dbt import Dbt
from orchestration.evidence import FOLDER as EVIDENCE
from orchestration.evidence import write_evidence
from orchestration.files import write_release
from orchestration.resources import EDITION_TAG, Workplace
from warehouse import attack, frozen, publish, rules
from warehouse.paths import private_files

GROUP = "veroeffentlichung"
MART = dg.AssetKey([GROUP, "mart"])
FILES = dg.AssetKey([GROUP, "dateien"])
RELEASE = dg.AssetKey([GROUP, "release"])


def release_assets(dbt: Dbt, gated: list[dg.AssetKey]) -> list[dg.AssetsDefinition]:
    """Three steps that a later one completes: nothing is visible before the last."""

    @dg.asset(key=MART, group_name=GROUP, deps=gated, kinds={"duckdb"}, required_resource_keys={"workplace"},
              description="Je Zielgruppe eine DuckDB-Datei mit den Marts, die sie sehen darf.")  # fmt: skip
    def mart(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        place: Workplace = context.resources.workplace
        place.echo("Veröffentlichung: Marts je Zielgruppe")
        place.draft = publish.begin(place.home, place.ledger, place.inputs(), context.run.tags.get(EDITION_TAG))
        rows = {}
        with place.stage("Veröffentlichen"):
            for audience in publish.AUDIENCES:
                folder = place.draft.audience_folder(place.home, audience)
                folder.mkdir(parents=True, exist_ok=True)
                rows[audience] = publish.write_mart(folder / "mart.duckdb", audience, place.home, place.settings, dbt.manifest)
        return dg.MaterializeResult(metadata={"zeilen": rows, "release": place.draft.release_id})

    @dg.asset(key=FILES, group_name=GROUP, deps=[MART], kinds={"parquet", "csv"}, required_resource_keys={"workplace"},
              description="Parquet, CSV für Maschinen und CSV für Excel, je Zielgruppe.")  # fmt: skip
    def files(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        place: Workplace = context.resources.workplace
        place.echo("Veröffentlichung: Dateien")
        folders = {audience: place.draft.audience_folder(place.home, audience) for audience in publish.AUDIENCES}
        with place.stage("Export"):
            written = write_release(place, folders, place.draft.release_id, place.draft.inputs, place.receipt)
        return dg.MaterializeResult(metadata={"dateien": len(written), "bytes": sum(p.stat().st_size for p in written)})

    bericht = report_asset(FILES)

    @dg.asset(key=RELEASE, group_name=GROUP, deps=[bericht.key], required_resource_keys={"workplace"},
              check_specs=[dg.AssetCheckSpec("angriff", asset=RELEASE, description="In den fertigen Dateien lässt sich keine geschützte Zahl finden oder errechnen.")],
              description="Die sichtbare Veröffentlichung: geprüft, umbenannt, current umgelegt.")  # fmt: skip
    def release(context: dg.AssetExecutionContext):
        place: Workplace = context.resources.workplace
        place.echo("Veröffentlichung: Angriff auf das Ergebnis und Umschalten")
        levels = {level.id for level in place.city.stadt.ebenen if not level.intern}
        for audience in publish.AUDIENCES:
            with place.stage("Angriff"):
                found = attack.leaks(
                    place.draft.audience_folder(place.home, audience),
                    rules.minimum(audience, place.city.stadt.mindestzahl),
                    levels,
                    publish.earlier(place.home, place.ledger, audience),
                )
            if found:
                raise publish.PublishRefused(f"Veröffentlichung für {audience} verweigert: {found[0]} (insgesamt {len(found)} Befunde).")
        write_evidence(place, dbt.manifest, place.draft.folder / EVIDENCE)
        persons = {source.quelle for source in place.city.quellen if source.personenbezug}
        deliveries = [row for row in place.ledger.deliveries("angenommen") if row["aktiv"] and row["quelle_id"] in persons]
        with private_files():
            frozen.freeze(place.home, place.ledger, place.draft.release_id, frozen.models(dbt.manifest), deliveries, place.receipt.isoformat())
        folder = publish.finish(
            place.draft, place.home, place.ledger, keep=place.settings.releases_behalten, now=place.receipt,
            facts={"stadt": place.city.stadt.name, "simuliert": place.city.stadt.simuliert},
        )  # fmt: skip
        place.released = folder
        yield dg.MaterializeResult(metadata={"release": folder.name})
        yield dg.AssetCheckResult(check_name="angriff", passed=True, metadata={"zielgruppen": list(publish.AUDIENCES)})

    return [mart, files, bericht, release]
