"""Rows and blocks: what goes in comes out, in any order, and a place without a row is unknown."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from methods.panel import Panel, by_family, windows


def test_block_and_back():
    panel = Panel([0, 0, 1], [0, 2, 1])
    block = panel.block([5, 6, 7])
    np.testing.assert_array_equal(block, [[5, np.nan, 6], [np.nan, 7, np.nan]])
    assert panel.rows(block).tolist() == [5, 6, 7]
    assert panel.rows(np.array([10, 20])).tolist() == [10, 10, 20]
    np.testing.assert_array_equal(panel.block([5, 6, 7], 1), [[5, 1, 6], [1, 7, 1]])


def test_a_whole_number_for_what_is_missing_does_not_round_what_is_there():
    np.testing.assert_array_equal(Panel([0, 1], [0, 1]).block([0.991, 2.5], 1), [[0.991, 1], [1, 2.5]])


def test_no_rows_make_an_empty_block():
    assert Panel([], []).block([]).shape == (0, 0)


@pytest.mark.parametrize("group, place", [([0, 0], [1, 1]), ([-1], [0]), ([0], [-1])])
def test_two_rows_cannot_share_a_place(group, place):
    with pytest.raises(ValueError, match="Plätz|Platz"):
        Panel(group, place)


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-5, 5)), max_size=20), st.randoms())
def test_families_do_not_see_each_other_and_order_does_not_matter(rows, random):
    def shares(values):
        return values / max(values.sum(), 1) if values.size else values

    rows = [(family, abs(value)) for family, value in rows]
    whole = by_family(shares, [f for f, _ in rows], np.array([v for _, v in rows]))
    for family in {f for f, _ in rows}:
        alone = shares(np.array([v for f, v in rows if f == family]))
        np.testing.assert_allclose(whole[[f == family for f, _ in rows]], alone)
    order = list(range(len(rows)))
    random.shuffle(order)
    shuffled = by_family(shares, [rows[i][0] for i in order], np.array([rows[i][1] for i in order]))
    np.testing.assert_allclose(shuffled, whole[order] if order else whole)


def test_windows_end_with_their_year():
    found = windows(np.array([[1.0, 2, 3]]), 2)
    np.testing.assert_array_equal(found, [[[np.nan, 1], [1, 2], [2, 3]]])
    assert windows(np.empty((0, 0)), 5).shape == (0, 0, 5)


def test_a_whole_number_for_missing_places_does_not_round_the_others():
    # A design effect of 0.98 became 0, one of 1.9 became 1.
    np.testing.assert_array_equal(Panel([0, 1], [0, 1]).block([0.98, 1.9], 1), [[0.98, 1], [1, 1.9]])
