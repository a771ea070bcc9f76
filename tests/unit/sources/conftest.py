"""Fixtures over the town of three rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sources.accept import AcceptReport
from tests.unit.sources.town import ADDRESSES, AREA_FILES, COUNTS, REGISTER_HEADER, Door


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


@pytest.fixture
def counts(door: Door) -> Callable[[str], str | None]:
    """Delivers areas and one counts file; gives the sentence with which it was refused, None when it was taken."""
    door.declare("zahlen", COUNTS)
    door.deliver(AREA_FILES)

    def walk(content: str | bytes) -> str | None:
        door.deliver({"zahlen/zahlen_2023.csv": content})
        report = door.accept()
        refused = [r.sentence for r in report.refused]
        assert len(refused) <= 1 and all(sentence.startswith("zahlen ") for sentence in refused)
        return refused[0] if refused else None

    return walk


@pytest.fixture
def register(door: Door) -> Callable[..., AcceptReport]:
    """Delivers areas, addresses and one register extract per reference date (YYYYMMDD -> rows)."""
    door.declare_register()
    door.deliver(AREA_FILES | {"adressen/adressen_20231231.csv": ADDRESSES})

    def walk(extracts: dict[str, str], *, move: bool = False) -> AcceptReport:
        door.deliver({f"melderegister_bestand/bestand_{day}.csv": REGISTER_HEADER + rows for day, rows in extracts.items()})
        return door.accept(move=move)

    return walk
