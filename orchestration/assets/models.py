"""dbt models, seeds and tests as Dagster assets and checks, built in one go in this process.

Keys, dependencies, descriptions and checks come from dagster-dbt; only the running is ours, because a dbt
subprocess costs more than the models of a town.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets
from dagster_dbt.asset_utils import get_asset_check_key_for_test

from orchestration import evidence, withdrawal
from orchestration.assets.sources import delivery_key
from orchestration.dbt import FAILED, RAW_CALL, Dbt
from orchestration.failures import PermanentFailure
from orchestration.resources import EDITION_TAG, Workplace
from sources.model import City
from warehouse import facts, frozen
from warehouse.paths import private_files

#: The raw table that areas come into.
AREAS = "raumeinheit"


class Translator(DagsterDbtTranslator):
    """Asset keys are ``<layer>/<model>``; a staging model depends on the sources that fill its raw table."""

    def __init__(self, city: City) -> None:
        super().__init__()
        self._sources = {}
        for quelle in city.quellen:
            for tabelle in quelle.tabellen:
                self._sources.setdefault(tabelle.tabelle, set()).add(quelle.quelle)

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        return dg.AssetKey([self.get_group_name(dbt_resource_props), dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return "seeds" if dbt_resource_props["resource_type"] == "seed" else dbt_resource_props["fqn"][1]

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        raw = RAW_CALL.findall(manifest["nodes"].get(unique_id, {}).get("raw_code") or "")
        deliveries = {source for table in raw for source in self._sources.get(table, ())}
        return spec.merge_attributes(deps=[delivery_key(source) for source in sorted(deliveries)])


def _areas_known(place: Workplace) -> None:
    """PermanentFailure where no source of areas has come in yet: without them there is nothing to count."""
    sources = [quelle.quelle for quelle in place.city.quellen if any(tabelle.tabelle == AREAS for tabelle in quelle.tabellen)]
    if not {row["quelle_id"] for row in place.ledger.active()} & set(sources):
        folders = " oder ".join(str(place.inbox / source) for source in sources)
        raise PermanentFailure(f"Noch ist keine Raumgliederung angenommen, und ohne Gebiete lässt sich nichts zählen: bitte sie zuerst liefern, nach {folders}. Veröffentlicht wurde nichts.")


def _concerns_somebody(record: logging.LogRecord) -> bool:
    return "without gating on it" not in record.getMessage()


def model_assets(dbt: Dbt) -> dg.AssetsDefinition:
    """All of dbt as one asset definition with a check per test."""
    manifest = dbt.manifest
    translator = Translator(dbt.workplace.city)

    @dbt_assets(manifest=manifest, dagster_dbt_translator=translator, name="dbt", exclude="resource_type:unit_test", required_resource_keys={"workplace"})
    def models(context: dg.AssetExecutionContext) -> Iterator[Any]:
        place = context.resources.workplace
        if EDITION_TAG not in context.run.tags and place.up_to_date():
            # Nothing came in but refusals: without outputs of this step Dagster skips all that follow. Before it does, it would
            # warn that what follows goes on though a blocking check gave no result.
            logging.getLogger("dagster._core.execution.plan.active").addFilter(_concerns_somebody)
            place.echo("Nichts Neues angenommen, der veröffentlichte Stand bleibt.")
            return
        _areas_known(place)
        evidence.check(place.city, manifest)
        facts.hand_over(place.home, place.ledger)
        with private_files():
            for statement in withdrawal.withdrawn(place):
                withdrawal.strip(place, statement)
        frozen.hand_over(place.home, place.ledger)
        with place.stage("Modelle"):
            results = dbt.build(place.echo)
        broken = []
        for result in results:
            node = manifest["nodes"].get(result.unique_id)
            if node is None:
                continue
            if result.status in FAILED:
                broken.append(f"{node['name']} ({result.failures if result.failures is not None else 'Fehler'})")
            if node["resource_type"] == "test":
                key = get_asset_check_key_for_test(manifest, translator, result.unique_id, None)
                if key is not None and key in context.selected_asset_check_keys:
                    yield dg.AssetCheckResult(
                        asset_key=key.asset_key,
                        check_name=key.name,
                        passed=result.status == "pass",
                        metadata={"status": result.status, "zeilen": result.failures or 0, "sekunden": result.seconds},
                    )
            # All is built whatever was chosen in the web interface; Dagster hears only of what it asked for.
            elif result.status == "success" and (key := translator.get_asset_key(node)) in context.selected_asset_keys:
                rows = {} if result.rows is None else {"dagster/row_count": result.rows}
                yield dg.MaterializeResult(asset_key=key, metadata={"sekunden": result.seconds, **rows})
        if said := [result.sentence for result in results if result.status in FAILED and result.sentence]:
            raise PermanentFailure(f"{said[0]} Der veröffentlichte Stand ist unverändert.")
        if broken:
            raise PermanentFailure(
                f"Der Aufbau der Indikatoren ist an {len(broken)} Stelle(n) gescheitert: {', '.join(sorted(broken)[:5])}."
                " Der veröffentlichte Stand ist unverändert; Näheres steht in logs/dbt.log."
            )

    return models
