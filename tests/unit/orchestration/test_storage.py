"""What a run writes into Dagster's event log can be read by Dagster's own storage, which knows nothing of ours."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import yaml
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log import SqliteEventLogStorage

from orchestration.resources import Workplace
from orchestration.run import dagster_environment
from orchestration.storage import EventLog
from sources.model import SHIPPED_CITIES, load_city
from warehouse.paths import Home
from warehouse.settings import Settings


@dg.asset(check_specs=[dg.AssetCheckSpec("pruefung", asset="zahl")])
def zahl():
    yield dg.MaterializeResult(metadata={"zeilen": 3})
    yield dg.AssetCheckResult(check_name="pruefung", passed=False)


def test_every_event_arrives(tmp_path: Path, monkeypatch) -> None:
    home = Home(tmp_path / "data")
    home.prepare("hilden-simuliert")
    for name, value in dagster_environment(Workplace(load_city(SHIPPED_CITIES / "hilden-simuliert"), home, Settings())).items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.event_log_storage, EventLog)
        done = dg.materialize([zahl], instance=instance)
        written = [entry.dagster_event_type for entry in instance.all_logs(done.run_id)]
    configured = yaml.safe_load((home.dagster / "dagster.yaml").read_text(encoding="utf-8"))["event_log_storage"]["config"]["base_dir"]
    plain = SqliteEventLogStorage(configured)
    read = [entry.dagster_event_type for entry in plain.get_logs_for_run(done.run_id)]
    assert read == written and dg.DagsterEventType.RUN_SUCCESS in read
    materialized = plain.get_latest_materialization_events([dg.AssetKey("zahl")])[dg.AssetKey("zahl")]
    assert materialized.asset_materialization.metadata["zeilen"].value == 3
    [check] = plain.get_asset_check_execution_history(dg.AssetCheckKey(dg.AssetKey("zahl"), "pruefung"), limit=5)
    assert check.event.dagster_event.asset_check_evaluation_data.passed is False


def test_one_setting_moves_it_to_postgres(tmp_path: Path) -> None:
    home = Home(tmp_path / "data")
    home.prepare("hilden-simuliert")
    dagster_environment(Workplace(load_city(SHIPPED_CITIES / "hilden-simuliert"), home, Settings(dagster_postgres="postgresql://dienst@datenbank/dagster")))
    ref = InstanceRef.from_dir(str(home.dagster))
    for kind, data in {"run": ref.run_storage_data, "event_log": ref.event_storage_data, "schedule": ref.schedule_storage_data}.items():
        assert data.module_name.startswith("dagster_postgres"), kind
        assert "postgresql://dienst@datenbank/dagster" in data.config_yaml
