"""Every library that the project asks for has its reason in the README, and no reason outlives its library."""

from __future__ import annotations

import re
import tomllib

from warehouse.paths import REPOSITORY

TABLE = re.compile(r"^\| Bibliothek \| wofür \|\n\|[-|]+\|\n((?:\|.*\|\n)+)", re.MULTILINE)


def test_every_dependency_has_a_reason_in_the_readme() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [re.match(r"[\w.-]+", line)[0] for line in project["dependencies"]]  # type: ignore[index]
    table = TABLE.search((REPOSITORY / "README.md").read_text(encoding="utf-8"))
    assert table
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table[1].splitlines()]
    assert all(len(row) == 2 and all(row) for row in rows)
    explained = [name for names, _ in rows for name in names.split(", ")]
    assert len(asked) > 30
    assert sorted(explained) == sorted(asked)
