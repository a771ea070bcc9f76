"""The rooms of the house: who may import whom, and who alone may open what."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
ROOMS = ("orchestration", "sources", "exports", "warehouse", "methods")
MAY_IMPORT = {
    "orchestration": {"sources", "exports", "warehouse", "methods"},
    "sources": {"warehouse", "methods"},
    "exports": {"warehouse", "methods"},
    "warehouse": {"methods"},
    "methods": set(),
}


def imported(path: Path) -> set[str]:
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            modules.add(node.module)
    return modules


def files(room: str) -> list[Path]:
    return sorted((REPOSITORY / room).rglob("*.py"))


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_one_way(room: str) -> None:
    assert files(room)
    wrong = {
        f"{path.relative_to(REPOSITORY)} -> {module}"
        for path in files(room)
        for module in imported(path)
        if module.partition(".")[0] in set(ROOMS) - MAY_IMPORT[room] - {room}
    }
    assert wrong == set()


@pytest.mark.parametrize(("library", "owner"), [("duckdb", "warehouse/connect.py"), ("great_expectations", "sources/expectations.py"), ("sqlite3", "warehouse/ledger.py")])
def test_one_place_opens_it(library: str, owner: str) -> None:
    """duckdb may be imported elsewhere for its types and errors, but connected to in one place only."""
    for room in ROOMS:
        for path in files(room):
            name = str(path.relative_to(REPOSITORY))
            text = path.read_text(encoding="utf-8")
            if name == owner:
                assert library in text
            elif library == "duckdb":
                assert "duckdb.connect(" not in text, name
            else:
                assert library not in {m.partition(".")[0] for m in imported(path)}, name
