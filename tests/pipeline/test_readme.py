"""The README's queries run on the demo town and give rows; its figures about what is lost are checked in test_modes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pipeline.conftest import REPOSITORY, Town

QUERIES = re.findall(r"```sql\n(.*?)```", (REPOSITORY / "README.md").read_text(encoding="utf-8"), re.DOTALL)
STATEMENTS = [statement.strip() for block in QUERIES for statement in block.split(";") if statement.strip()]


def test_there_are_five() -> None:
    assert len(STATEMENTS) == 5


@pytest.mark.parametrize("statement", STATEMENTS, ids=range(len(STATEMENTS)))
def test_query_answers(demo: Town, statement: str) -> None:
    with demo.mart() as mart:
        assert mart.execute(statement).fetchall()


def test_no_machine_path_or_registry_in_the_tree() -> None:
    """Nothing that only holds on one machine gets into the repository."""
    foreign = re.compile(rb"(^|[\"' (=])/(work|root|home)/|https?://[^ \"']*(pypi|pythonhosted|registry\.npmjs)")
    parts = ("sources", "dbt_project", "methods", "exports", "warehouse", "orchestration")
    files = [p for part in parts for p in (REPOSITORY / part).rglob("*") if p.suffix in {".py", ".sql", ".yml", ".csv", ".md"}]
    files += [p for p in REPOSITORY.iterdir() if p.is_file() and not Path(p).name.startswith(".")]
    assert len(files) > 100
    assert [p.name for p in files if foreign.search(p.read_bytes())] == []
