"""dbt in this process: parse once, build once. Sets the profile's environment; knows no model by name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.failures import PermanentFailure
from orchestration.resources import Workplace
from warehouse.paths import REPOSITORY, Home, private_files
from warehouse.settings import Settings
from warehouse.version import code_version

PROJECT = REPOSITORY / "dbt_project"
FAILED = frozenset({"error", "fail", "runtime error"})


@dataclass(frozen=True)
class NodeResult:
    """One model, seed or test of a build."""

    unique_id: str
    status: str
    seconds: float
    failures: int | None


def invoke(home: Home, settings: Settings, arguments: list[str], *, manifest: Any = None, callbacks: list[Callable[[Any], None]] | None = None, target: Path | None = None) -> Any:
    """One dbt command on a data home, in this process; leaves neither environment nor database handle behind.

    Raises PermanentFailure where dbt itself does not come to an end; failed nodes are in the result.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    environment = {
        "SOZIALRAUM_WAREHOUSE_DB": str(home.warehouse_db),
        "SOZIALRAUM_RAW": str(home.raw),
        "SOZIALRAUM_TMP": str(home.tmp),
        "SOZIALRAUM_THREADS": str(settings.threads),
        "SOZIALRAUM_MEMORY": settings.memory_limit,
        "DO_NOT_TRACK": "1",
    }
    places = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(target or home.dbt_target), "--log-path", str(home.logs)]
    before = {name: os.environ.get(name) for name in environment}
    os.environ |= environment
    try:
        with private_files():
            outcome = dbtRunner(manifest=manifest, callbacks=callbacks or []).invoke(["--quiet", "--no-use-colors", *arguments, *places])
    finally:
        # The profile keeps one connection open for the whole command; left open, it would lock the warehouse until this process ends.
        DuckDBConnectionManager.close_all_connections()
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
    if outcome.exception:
        raise PermanentFailure(f"dbt kam nicht bis zum Ende ({type(outcome.exception).__name__}); Näheres steht in {home.logs.name}/dbt.log.") from outcome.exception
    return outcome.result


class Dbt:
    """dbt for one data home; what ``manifest`` had to parse itself serves ``build`` too."""

    def __init__(self, workplace: Workplace) -> None:
        self.workplace = workplace
        self._parsed: Any = None

    def _invoke(self, arguments: list[str], callbacks: list[Callable[[Any], None]] | None = None) -> Any:
        return invoke(self.workplace.home, self.workplace.settings, arguments, manifest=self._parsed, callbacks=callbacks)

    def manifest(self) -> dict[str, Any]:
        """The parsed project as dbt writes it; parsed again only when code changed since."""
        home = self.workplace.home
        path, stamp = home.dbt_target / "manifest.json", home.dbt_target / "code_version"
        if not (path.is_file() and stamp.is_file() and stamp.read_text() == code_version()):
            stamp.unlink(missing_ok=True)
            self._parsed = self._invoke(["parse"])
            stamp.write_text(code_version())
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except json.JSONDecodeError:
            # dbt writes it again with every build: a full disk or a kill may have cut it off.
            self._parsed = self._invoke(["parse", "--no-partial-parse"])
            return json.loads(path.read_text(encoding="utf-8"))

    def build(self, progress: Callable[[str], None]) -> list[NodeResult]:
        """Build all models with all data tests (unit tests run in tests/sql). Never raises for a failed test: the results say so."""
        names = self.manifest()["nodes"]
        total = sum(1 for node in names.values() if node["resource_type"] in ("model", "seed", "test"))
        done = 0

        def count(event: Any) -> None:
            nonlocal done
            if event.info.name == "NodeFinished":
                done += 1
                if done % 25 == 0 or done == total:
                    progress(f"Modelle und Prüfungen: {done} von {total}")

        # Counts per delivery are kept between runs; what other code counted is counted anew.
        stamp = self.workplace.home.dbt_target / "built_by"
        anew = [] if stamp.is_file() and stamp.read_text() == code_version() else ["--full-refresh"]
        stamp.unlink(missing_ok=True)
        results = self._invoke(["build", "--exclude-resource-type", "unit_test", *anew], [count])
        if not any(str(r.status) in FAILED for r in results):
            stamp.write_text(code_version())
        return [NodeResult(r.node.unique_id, str(r.status), r.execution_time, r.failures) for r in results]


@contextmanager
def parsing_ahead(workplace: Workplace) -> Iterator[None]:
    """Let a process of its own parse the project meanwhile; should it fail, the run parses and says why."""
    town = workplace.city.stadt.stadt
    environment = os.environ | {"SOZIALRAUM_HOME": str(workplace.home.root)}
    process = subprocess.Popen([sys.executable, "-m", "orchestration.dbt", town], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
        process.wait()
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    from orchestration.resources import workplace

    Dbt(workplace(sys.argv[1])).manifest()
