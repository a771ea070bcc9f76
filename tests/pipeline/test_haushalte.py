"""Households, their types and the migration background from the register against the simulated truth of a small town."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.benchmarks.bench_haushalte import TARGETS, Measured, measure

RESIDENTS = 6_000
DAYS = [date(2016, 12, 31), date(2018, 12, 31)]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Measured]:
    return {defects: measure(tmp_path_factory.mktemp("haushalte"), RESIDENTS, DAYS, defects=defects) for defects in TARGETS}


@pytest.mark.parametrize("defects", TARGETS)
def test_households_meet_their_targets(measured: dict[bool, Measured], defects: bool) -> None:
    *_, together = measured[defects].qualities
    links, types, migration = TARGETS[defects]
    assert together.persons == sum(quality.persons for quality in measured[defects].qualities[:-1]) > len(DAYS) * RESIDENTS - 200
    assert together.f1 >= links
    assert together.types >= types
    assert together.migration >= migration


def test_defects_cost_something(measured: dict[bool, Measured]) -> None:
    """A register that lacks pointers and names cannot do better; were it so, the defects would not have arrived."""
    clean, defective = (measured[defects].qualities[-1] for defects in (False, True))
    assert clean.recall > defective.recall
    assert clean.migration > defective.migration
