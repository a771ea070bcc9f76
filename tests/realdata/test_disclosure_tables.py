"""Real and invented tables of ../shared/data/schutz: protected at least as well as the numbers in design/methods.md."""

import pandas as pd
import pytest

from methods.disclosure.tables import mark
from tests.benchmarks.bench_disclosure import CASES, DATA, load, run
from tests.pipeline.conftest import LONG

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/schutz fehlt")

MOST_SECONDARIES = {"z1": 3, "berlin9": 617, "city_pop9": 1834, "city_sgb2_2": 3513}


@pytest.mark.parametrize(("name", "cells", "primaries"), [("berlin3", 25040, 151), ("berlin9", 25040, 445), ("small_pop9", 4134, 142)])
def test_the_system_has_the_cells_of_the_methods_table(name, cells, primaries):
    system, _ = load(CASES[name])
    assert len(system.cells) == cells
    assert mark(system, CASES[name].small + 1)["primary"].sum() == primaries


@pytest.mark.parametrize("name", ["z1", "z2", "d2", "berlin9"])
def test_nothing_is_open_and_no_more_is_withheld_than_by_the_prototype(name):
    cells, pattern, found, _, _ = run(CASES[name])
    assert found.open.empty and len(found.cells) >= cells["primary"].sum()
    assert pattern.secondaries <= MOST_SECONDARIES.get(name, len(cells))
    assert 0 <= pattern.gap <= 0.01


@LONG
@pytest.mark.parametrize("name", ["city_pop9", "city_sgb2_2"])
def test_large_towns_are_protected_near_to_the_cheapest(name):
    cells, pattern, found, _, _ = run(CASES[name])
    assert found.open.empty and len(found.cells) >= cells["primary"].sum()
    assert pattern.secondaries <= MOST_SECONDARIES[name] and 0 <= pattern.gap < 0.15


def test_the_exact_criterion_alone_leaves_narrow_intervals_in_berlin():
    _, pattern, found, _, _ = run(CASES["berlin9_exakt"])
    assert set(found.open["status"]) == {"narrower"}
    assert pattern.gap <= 0.01


def test_the_stored_pattern_has_the_same_primaries():
    expected = pd.read_csv(DATA / "ssb/expected/z1_maxN3_default.csv")
    cells, pattern, *_ = run(CASES["z1"])
    assert cells["primary"].sum() == expected["primary"].sum()
    assert pattern.secondaries <= (expected["suppressed"] & ~expected["primary"]).sum()
