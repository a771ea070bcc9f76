"""dbt in this process: parse once, build once. Sets the profile's environment; knows no model by name."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from orchestration.failures import PermanentFailure, spoken
from orchestration.resources import Workplace
from sources.retention import forget_warehouse
from warehouse.connect import connect
from warehouse.paths import REPOSITORY, Home, private_files
from warehouse.processes import meanwhile
from warehouse.settings import Settings
from warehouse.version import code_version

PROJECT = REPOSITORY / "dbt_project"
#: The parsed project knows no data home: one serves all, beside the code where that may be written to.
SHARED = PROJECT / "target"
MANIFEST = "manifest.json"
PARSED = "partial_parse.msgpack"
#: How a staging model names the raw table it reads.
RAW_CALL = re.compile(r"\broh\(\s*['\"]([a-z0-9_]+)['\"]")
#: dbt's own loggers look through the environment for secrets at each of their 7,000 lines, also at those they then drop.
SILENT = ("--log-level", "none", "--log-level-file", "none")
FAILED = frozenset({"error", "fail", "runtime error"})


@dataclass(frozen=True)
class NodeResult:
    """One model, seed or test of a build."""

    unique_id: str
    status: str
    seconds: float
    failures: int | None
    #: What a failed model says to people, where it does.
    sentence: str | None
    #: Rows of the table it is; a view has none until somebody asks it.
    rows: int | None


def parsed_project(home: Home, settings: Settings) -> Path:
    """Folder with the project as dbt parsed it at this state of the code; parsed where nobody did before."""
    if found := _parsed(home):
        return found
    with tempfile.TemporaryDirectory() as folder:
        _run(home, settings, ["parse"], None, [], Path(folder))
        try:
            return _keep(Path(folder), SHARED / code_version())
        except OSError:
            return _keep(Path(folder), home.dbt_target / code_version())


def _parsed(home: Home) -> Path | None:
    folders = (shelf / code_version() for shelf in (SHARED, home.dbt_target))
    return next((folder for folder in folders if os.access(folder / MANIFEST, os.R_OK)), None)


def _keep(parsed: Path, folder: Path) -> Path:
    """Put a parsed project on its shelf in one step, in place of those of other states of the code."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    for other in folder.parent.iterdir():
        if len(other.name) == len(folder.name) and other != folder:
            shutil.rmtree(other, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        for name in (PARSED, MANIFEST):
            shutil.copyfile(parsed / name, draft / name)
        draft.chmod(0o755)
        os.rename(draft, folder)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        if not os.access(folder / MANIFEST, os.R_OK):
            raise
    return folder


def load(home: Home, settings: Settings) -> Any:
    """dbt's own code, and the project as it parsed it: an object for one command, which writes into it what it compiled for this home."""
    import dbt.cli.main
    from dbt.contracts.graph.manifest import Manifest

    manifest = Manifest.from_msgpack((parsed_project(home, settings) / PARSED).read_bytes())
    manifest.build_flat_graph()
    return manifest


def invoke(home: Home, settings: Settings, arguments: list[str], *, callbacks: list[Callable[[Any], None]] | None = None, target: Path | None = None, loaded: Any = None) -> Any:
    """One dbt command on a data home, in this process, with the project parsed once per state of the code; ``loaded`` for it, where somebody did.

    Raises PermanentFailure where dbt itself does not come to an end; failed nodes are in the result.
    """
    manifest = loaded or load(home, settings)
    # What dbt would write down about itself, megabytes of JSON, is in the parsed project and in the result.
    return _run(home, settings, [*arguments, "--no-write-json"], manifest, callbacks or [], target or home.dbt_target)


def _run(home: Home, settings: Settings, arguments: list[str], manifest: Any, callbacks: list[Callable[[Any], None]], target: Path) -> Any:
    """dbt with the environment of a data home; leaves neither environment nor database handle behind."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner
    from dbt.graph.queue import GraphQueue

    GraphQueue._get_scores = _longest_way_first

    environment = {
        "SOZIALRAUM_WAREHOUSE_DB": str(home.warehouse_db),
        "SOZIALRAUM_RAW": str(home.raw),
        "SOZIALRAUM_TMP": str(home.tmp),
        "SOZIALRAUM_THREADS": str(settings.threads),
        "SOZIALRAUM_MEMORY": settings.memory_limit,
        "DO_NOT_TRACK": "1",
    }
    places = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(target), "--log-path", str(home.logs)]
    before = {name: os.environ.get(name) for name in environment}
    os.environ |= environment
    try:
        with private_files():
            outcome = dbtRunner(manifest=manifest, callbacks=[partial(_note, home.logs / "dbt.log"), *callbacks]).invoke([*SILENT, *arguments, *places])
    finally:
        # The profile keeps one connection open for the whole command; left open, it would lock the warehouse until this process ends.
        DuckDBConnectionManager.close_all_connections()
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
    error = outcome.exception
    while error is not None:
        if not isinstance(error, Exception):
            # Somebody interrupted it, whatever else went wrong on the way out.
            raise error
        error = error.__cause__ or error.__context__
    if outcome.exception:
        raise PermanentFailure(f"dbt kam nicht bis zum Ende ({type(outcome.exception).__name__}); Näheres steht in {home.logs.name}/dbt.log.") from outcome.exception
    return outcome.result


def _longest_way_first(queue: Any, graph: Any) -> dict[str, int]:
    """What the most steps still hang on comes first, instead of what lies least deep: dbt would build all that is wide
    before the one long chain (households, counts, protection), and then wait for that chain with nothing beside it."""
    left: dict[str, int] = {}
    for node in (node for depth in reversed(list(queue._grouped_topological_sort(graph))) for node in depth):
        left[node] = 1 + max((left[follower] for follower in graph.successors(node)), default=0)
    return {node: -steps for node, steps in left.items()}


def _note(log: Path, event: Any) -> None:
    """Keep what dbt warns of and fails at, with its reason."""
    if event.info.level in ("warn", "error"):
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now():%d.%m.%Y %H:%M:%S} {event.info.msg}\n")


class Dbt:
    """dbt for one data home."""

    def __init__(self, workplace: Workplace) -> None:
        self.workplace = workplace
        self._loaded: Future | None = None

    def load_ahead(self) -> None:
        """Load what the next build needs while the door waits for those who look at deliveries; not where it would have to be parsed."""
        if _parsed(self.workplace.home):
            self._loaded = meanwhile(load, self.workplace.home, self.workplace.settings)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The parsed project as dbt describes it."""
        folder = parsed_project(self.workplace.home, self.workplace.settings)
        return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))

    def build(self, progress: Callable[[str], None]) -> list[NodeResult]:
        """Build all models with all data tests (unit tests run in tests/sql). Never raises for a failed test: the results say so."""
        names = self.manifest["nodes"]
        total = sum(1 for node in names.values() if node["resource_type"] in ("model", "seed", "test"))
        done = 0

        def count(event: Any) -> None:
            nonlocal done
            if event.info.name == "NodeFinished":
                done += 1
                if done % 25 == 0 or done == total:
                    progress(f"Modelle und Prüfungen: {done} von {total}")

        # Counts per delivery are kept between runs; what other code counted is counted anew, and none of its tables stays.
        stamp = self.workplace.home.dbt_target / "built_by"
        if not (stamp.is_file() and stamp.read_text() == code_version()):
            forget_warehouse(self.workplace.home)
        stamp.unlink(missing_ok=True)
        ahead, self._loaded = self._loaded, None
        loaded = ahead.result() if ahead else None
        results = invoke(self.workplace.home, self.workplace.settings, ["build", "--exclude-resource-type", "unit_test"], callbacks=[count], loaded=loaded)
        if not any(str(r.status) in FAILED for r in results):
            stamp.write_text(code_version())
        rows = _rows(self.workplace.home, [(r.node.schema, r.node.alias) for r in results if str(r.status) == "success" and r.node.config.materialized == "incremental"])
        return [NodeResult(r.node.unique_id, str(r.status), r.execution_time, r.failures, spoken(str(r.message)), rows.get((r.node.schema, r.node.alias))) for r in results]


def _rows(home: Home, changed: Iterable[tuple[str, str]] = ()) -> dict[tuple[str, str], int]:
    """(schema, table) -> rows of the warehouse, as DuckDB keeps them; those ``changed`` in place are counted, for it also keeps what was deleted from them."""
    with connect(home.warehouse_db, read_only=True) as warehouse:
        rows = {(schema, table): rows for schema, table, rows in warehouse.execute("select schema_name, table_name, estimated_size from duckdb_tables()").fetchall()}
        return rows | {name: warehouse.execute(f'select count(*) from "{name[0]}"."{name[1]}"').fetchall()[0][0] for name in changed if name in rows}


@contextmanager
def parsing_ahead(workplace: Workplace) -> Iterator[None]:
    """Let a process of its own parse the project meanwhile, where that is to be done; should it fail, the run parses and says why."""
    if _parsed(workplace.home):
        yield
        return
    process = subprocess.Popen([sys.executable, "-m", "orchestration.dbt", str(workplace.home.root)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
        process.wait()
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    # For the data home that is named; without one, when the environment is installed, for the shelf that all share.
    with tempfile.TemporaryDirectory() as nowhere:
        home = Home(Path(sys.argv[1] if sys.argv[1:] else nowhere))
        home.prepare("niemand")
        parsed_project(home, Settings())
