"""How many changes of ``methods/`` the tests notice: a random sample of cosmic-ray's mutants, the same one for the same size.

python -m tests.benchmarks.mutation SIZE [MODULE ...]     needs `pip install cosmic-ray`; SIZE of all, tried in a copy of the repository
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from warehouse.paths import REPOSITORY

SEED, TIMEOUT = 2029, 240
#: Of masks these compute the same.
SAME = ("BitAnd_Mul", "BitAnd_FloorDiv", "BitOr_Add")
#: Tests bear the name of their module; those of disclosure are tried together, as far as they import the module, the quickest first.
PROTECTION = ("withheld", "pattern", "release", "protect", "disclosure")
TESTS = {
    "_arrays": ("intervals",),
    "audit": ("audit", "withheld", "release", "disclosure"),
    "pattern": ("pattern", "release", "withheld"),
    "protect": PROTECTION,
    "release": ("pattern", "release", "withheld", "protect"),
    "tables": ("disclosure_tables", *PROTECTION),
}


def main(size: int, chosen: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "kopie"
        shutil.copytree(REPOSITORY, copy, ignore=shutil.ignore_patterns(".git", ".venv", "data", "target", "logs"))
        sessions = {path.stem: _session(copy, path) for path in sorted(copy.glob("methods/**/*.py")) if path.name != "__init__.py"}
        share = size / sum(len(jobs) for _, jobs in sessions.values())
        for module, (session, jobs) in sessions.items():
            if chosen and module not in chosen:
                continue
            left_out = set(jobs) - set(random.Random(f"{SEED} {module}").sample(jobs, round(share * len(jobs))))
            _forget(session, left_out)
            subprocess.run(["cosmic-ray", "exec", session.with_suffix(".toml"), session], cwd=copy, check=True)
            with sqlite3.connect(session) as db:
                print(module, dict(db.execute("select test_outcome, count(*) from work_results group by 1").fetchall()), flush=True)


def _session(copy: Path, path: Path) -> tuple[Path, list[str]]:
    """The session of one module and its mutants, those that change nothing left out."""
    session = copy.parent / f"{path.stem}.sqlite"
    tests = " ".join(f"tests/unit/methods/test_{name}.py" for name in TESTS.get(path.stem, (path.stem,)))
    command = f"{sys.executable} -m pytest -xq -p no:cacheprovider {tests}"
    session.with_suffix(".toml").write_text(
        f'[cosmic-ray]\nmodule-path = "{path.relative_to(copy)}"\ntimeout = {TIMEOUT}\ntest-command = "{command}"\n[cosmic-ray.distributor]\nname = "local"\n', encoding="utf-8"
    )
    subprocess.run(["cosmic-ray", "init", session.with_suffix(".toml"), session], cwd=copy, check=True)
    with sqlite3.connect(session) as db:
        rows = db.execute("select job_id, operator_name from mutation_specs order by operator_name, occurrence").fetchall()
    _forget(session, {job for job, operator in rows if operator.endswith(SAME)})
    return session, [job for job, operator in rows if not operator.endswith(SAME)]


def _forget(session: Path, jobs: set[str]) -> None:
    with sqlite3.connect(session) as db:
        for table in ("mutation_specs", "work_items"):
            db.executemany(f"delete from {table} where job_id = ?", [(job,) for job in sorted(jobs)])


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
