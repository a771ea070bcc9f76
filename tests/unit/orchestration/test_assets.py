"""What Dagster shows of assets and checks, without a whole run: what holds what up, what an attack found, and steps started alone."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import duckdb
import pytest

from orchestration.assets import models
from orchestration.assets.release import FILES, MART, RELEASE, release_assets
from orchestration.dbt import Dbt, NodeResult, _rows
from orchestration.definitions import build_definitions
from orchestration.failures import UNCHANGED, PermanentFailure
from orchestration.resources import NIGHTLY, Workplace
from orchestration.run import _failure
from sources.model import SHIPPED_CITIES, load_city
from warehouse import attack, publish
from warehouse.paths import Home
from warehouse.settings import Settings


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    place = Workplace(load_city(SHIPPED_CITIES / "hilden-simuliert"), Home(tmp_path), Settings())
    place.home.prepare("hilden-simuliert")
    return place


def started(place: Workplace, *keys: dg.AssetKey) -> dg.ExecuteInProcessResult:
    """Some of the steps that publish, as the web interface starts them."""
    assets = release_assets(SimpleNamespace(manifest={}), [])
    definitions = dg.Definitions(assets=assets, resources={"workplace": dg.ResourceDefinition.hardcoded_resource(place)}, jobs=[dg.define_asset_job("auswahl", list(keys))])
    with dg.DagsterInstance.ephemeral() as instance:
        return definitions.resolve_job_def("auswahl").execute_in_process(instance=instance, raise_on_error=False)


def failure(result: dg.ExecuteInProcessResult) -> PermanentFailure | KeyboardInterrupt:
    return _failure(next(event for event in result.all_events if event.is_step_failure))


@pytest.mark.parametrize("keys", [[MART], [FILES], [RELEASE], [MART, FILES, RELEASE]], ids=lambda keys: keys[-1].path[-1])
def test_a_step_started_alone_says_what_it_needs(place: Workplace, keys: list[dg.AssetKey]) -> None:
    said = str(failure(started(place, *keys)))
    assert NIGHTLY in said and "./sozialraum run" in said and UNCHANGED in said
    assert list(place.home.published.iterdir()) == []


def test_what_the_attack_found_is_a_failed_check_and_stops_the_run(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    place.draft = publish.begin(place.home, place.ledger, {}, None)
    place.seconds["Export, Bericht"] = 0.0
    found = [[], ["kleine Zahl: weiblich sozialraum 0101 = 1", "Rate: frauenanteil"], ["kleine Zahl: weiblich sozialraum 0101 = 1"]]
    monkeypatch.setattr(attack, "leaks_of", lambda targets, workers: found)
    result = started(place, RELEASE)
    [evaluation] = result.get_asset_check_evaluations()
    assert not evaluation.passed and evaluation.blocking and evaluation.severity == dg.AssetCheckSeverity.ERROR
    assert {name: entry.value for name, entry in evaluation.metadata.items()} == {"befunde": {"verwaltung": 0, "traeger": 2, "oeffentlich": 1}}
    assert str(failure(result)) == "Veröffentlichung für traeger verweigert: kleine Zahl: weiblich sozialraum 0101 = 1 (insgesamt 2 Befunde)."
    assert not result.asset_materializations_for_node("veroeffentlichung__release") and not place.home.current.exists()


def test_every_run_stays_in_one_process_however_it_was_started(place: Workplace) -> None:
    jobs = build_definitions(place).get_repository_def().get_all_jobs()
    assert {job.name: job.executor_def.name for job in jobs} == dict.fromkeys(["__ASSET_JOB", "monatsausgabe", "nachtlauf"], "in_process")


def test_every_check_but_that_of_deliveries_blocks(place: Workplace) -> None:
    graph = build_definitions(place).resolve_asset_graph()
    blocking = {key.name for key in graph.asset_check_keys if graph.get(key).blocking}
    assert {key.name for key in graph.asset_check_keys} - blocking == {"annahme"}
    tests = {node["name"] for node in Dbt(place).manifest["nodes"].values() if node["resource_type"] == "test"}
    # The macros belong to no model.
    assert blocking == tests - {"makros"} | {"angriff"}


def test_nothing_new_is_no_warning(place: Workplace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(Workplace, "up_to_date", lambda self: True)
    definitions = build_definitions(place)
    behind = {key for key in definitions.resolve_asset_graph().get_all_asset_keys() if key.path[0] in ("marts", "gate")}
    job = definitions.resolve_implicit_global_asset_job_def().get_subset(asset_selection={*behind, MART})
    with dg.DagsterInstance.ephemeral() as instance, caplog.at_level(logging.WARNING):
        result = job.execute_in_process(instance=instance)
    assert [event.step_key for event in result.all_events if event.is_step_skipped] == ["veroeffentlichung__mart"]
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_models_carry_seconds_and_rows_and_a_failed_check_stops_the_run(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = Dbt(place).manifest
    ids = {node["name"]: name for name, node in manifest["nodes"].items()}
    table, view, seed, check = (ids[name] for name in ("dim_indikator", "stg_adressen__adresse", "status", "schutz_kleine_zahlen"))
    built = [NodeResult(node, "success", 0.5, None, None, rows) for node, rows in ((table, 39), (view, None), (seed, 17))] + [NodeResult(check, "fail", 0.2, 4, None, None)]
    monkeypatch.setattr(Dbt, "build", lambda self, progress: built)
    monkeypatch.setattr(models, "_areas_known", lambda place: None)
    definitions = build_definitions(place)
    job = definitions.resolve_implicit_global_asset_job_def()
    # Without the seeds, as somebody may choose in the web interface.
    chosen = {key for key in definitions.resolve_asset_graph().get_all_asset_keys() if key.path[0] not in ("lieferungen", "bezug", "seeds")}
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.get_subset(asset_selection=chosen).execute_in_process(instance=instance, raise_on_error=False)
    shown = {event.asset_key.path[-1]: {name: entry.value for name, entry in event.materialization.metadata.items()} for event in result.get_asset_materialization_events()}
    assert shown.keys() == {"dim_indikator", "stg_adressen__adresse"}
    assert shown["dim_indikator"].items() >= {"sekunden": 0.5, "dagster/row_count": 39}.items() and "dagster/row_count" not in shown["stg_adressen__adresse"]
    [evaluation] = result.get_asset_check_evaluations()
    assert not evaluation.passed and evaluation.blocking
    assert str(failure(result)).startswith("Der Aufbau der Indikatoren ist an 1 Stelle(n) gescheitert: schutz_kleine_zahlen (4).")
    assert list(place.home.published.iterdir()) == []


def test_rows_of_tables_and_none_of_views(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare("modellstadt")
    with duckdb.connect(str(home.warehouse_db)) as warehouse:
        warehouse.execute("create schema marts; create table marts.a as from range(3); create table marts.leer as from range(0); create view marts.sicht as from marts.a")
        warehouse.execute("create table marts.je_lieferung as from range(1000); checkpoint; delete from marts.je_lieferung where range < 900")
    tables = {("marts", "a"): 3, ("marts", "leer"): 0, ("marts", "je_lieferung"): 100}
    assert _rows(home, [("marts", "je_lieferung"), ("main", "nur_im_speicher")]) == tables
