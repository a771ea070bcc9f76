"""Segregation and gradients: by hand, and against their expectation under chance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from methods.inequality import dissimilarity, household_deff, isolation, slope_index
from methods.intervals import Z998

nan = np.nan


def close(got, wanted, rel=1e-9, atol=1e-12):
    np.testing.assert_allclose(np.asarray(got), np.asarray(wanted), rtol=rel, atol=atol)


# --- design effect ----------------------------------------------------------------------------------------------------


def test_household_deff_by_hand():
    close(household_deff([1, 2, 3]), 14 / 6)
    close(household_deff([1, 2, 3], [10, 5, 0]), (10 + 20) / 20)
    close(household_deff([0, 1, 3]), 2.5)
    assert household_deff([1, 1, 1]) == 1 and np.isnan(household_deff([])) and np.isnan(household_deff([1, nan]))
    for sizes, households in (([-1, 2], 1), ([1, 2], [1, -1])):
        with pytest.raises(ValueError, match="Haushaltsgrößen"):
            household_deff(sizes, households)


def test_household_deff_is_the_variance_of_a_count_in_whole_households(town):
    residents = town.residents(5000)
    x = town.counts(np.array(5000), 0.1, repetitions=20_000)
    households = town.households(5000)
    close(household_deff(np.arange(1, 6), households), x.var() / (residents * 0.1 * 0.9), rel=0.03)


# --- dissimilarity ----------------------------------------------------------------------------------------------------


def test_dissimilarity_by_hand():
    # group 8 and 2, others 2 and 8: ½(|0.8 − 0.2| + |0.2 − 0.8|)
    close(dissimilarity([8, 2], [10, 10]).raw, 0.6)
    # group 6, 4, 0 of 20, 20, 10, others 14, 16, 10: ½(0.6 − 0.35 + 0 + 0.25)
    close(dissimilarity([6, 4, 0], [20, 20, 10]).raw, 0.25)
    close(dissimilarity([[8, 2], [5, 0]], [[10, 10], [5, 5]]).raw, [0.6, 1])


def test_expected_dissimilarity_by_enumeration():
    total, group = np.array([3, 4, 5]), 5
    expected = probability = 0
    for a in range(4):
        for b in range(5):
            c = group - a - b
            if 0 <= c <= 5:
                p = stats.multivariate_hypergeom.pmf([a, b, c], total, group)
                probability += p
                expected += p * np.abs(np.array([a, b, c]) / group - (total - [a, b, c]) / 7).sum() / 2
    close(probability, 1)
    result = dissimilarity([1, 2, 2], total)
    close(result.expected, expected)
    close(result.corrected, result.raw - expected)


def test_expectation_with_empty_and_full_areas():
    # everybody in one area, or an area without people, leaves nothing to chance
    close(dissimilarity([3, 0], [10, 0]), [0, 0, 0])
    result = dissimilarity([3, 1, 0], [10, 10, 0])
    close(result, dissimilarity([3, 1], [10, 10]))
    # one person of two: D is always 1
    close(dissimilarity([1, 0], [1, 1]), [1, 1, 0])


def test_random_households_make_no_corrected_dissimilarity(town):
    n = np.full(30, 700)
    x, total = town.counts(n, 0.09, repetitions=3000), town.residents(n)
    raw, expected, corrected = dissimilarity(x, np.broadcast_to(total, x.shape), town.deff)
    assert raw.mean() > 0.07
    assert abs(corrected.mean()) < 0.005
    assert dissimilarity(x, np.broadcast_to(total, x.shape)).corrected.mean() > 0.02  # persons are not independent
    close(expected[0] / dissimilarity(x[0], total).expected, town.deff**0.5)


def test_unknown_areas_and_missing_groups_have_no_dissimilarity():
    for group, total in (([1, nan], [5, 5]), ([1, 2], [5, nan]), ([0, 0], [5, 5]), ([5, 5], [5, 5])):
        assert np.isnan(dissimilarity(group, total)).all()
    with pytest.raises(ValueError, match="Nenner"):
        dissimilarity([6, 1], [5, 5])
    for impossible in (0, -1):
        with pytest.raises(ValueError, match="Designeffekte"):
            dissimilarity([1, 2], [5, 5], impossible)


areas = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 60)), min_size=2, max_size=12)


@given(areas)
def test_indices_are_shares_and_ignore_the_order_of_areas(parts):
    group, others = np.array(parts).T
    if group.sum():
        total = group + others
        result = dissimilarity(group, total)
        assert 0 <= result.raw <= 1 + 1e-12 and 0 <= result.expected <= 1 + 1e-9
        close(result.raw, np.abs(group / group.sum() - others / others.sum()).sum() / 2)
        close(dissimilarity(group[::-1], total[::-1]), result)
        close(dissimilarity(others, total), result, rel=1e-7)  # both groups are equally apart
        assert group.sum() / total.sum() - 1e-12 <= isolation(group, total) <= 1


def test_isolation_by_hand():
    # 0.8·0.8 + 0.2·0.2; an area without people adds nothing
    close(isolation([8, 2, 0], [10, 10, 0]), 0.68)
    close(isolation([[8, 2], [5, 0]], [[10, 10], [5, 5]]), [0.68, 1])
    assert np.isnan(isolation([0, 0], [5, 5])) and np.isnan(isolation([nan, 1], [5, 5]))


# --- slope index of inequality ----------------------------------------------------------------------------------------


def test_slope_by_hand():
    # equal areas at 1/6, 1/2, 5/6 with 10, 20, 30 %: slope 0.1/(1/3). Weights n(m − ½) = ∓100/3, Sxx = 200/9;
    # the error is sqrt(Σ weight²·p(1−p)/n)/Sxx with p = (x + ½)/(n + 1) of the outer two
    value, low, high = slope_index([10, 20, 30], [100, 100, 100], [1, 2, 3])
    p = np.array([10.5, 30.5]) / 101
    error = (np.sum((100 / 3) ** 2 * p * (1 - p) / 100)) ** 0.5 / (200 / 9)
    close([value, low, high], [0.3, 0.3 - 1.959963984540054 * error, 0.3 + 1.959963984540054 * error])


def test_slope_with_unequal_areas():
    # 100, 100 and 200 residents at 1/8, 3/8 and 3/4 with 10, 20 and 35 %: a straight line of slope 0.4
    close(slope_index([10, 20, 70], [100, 100, 200], [1, 2, 3]).value, 0.4)
    # two areas of one and two persons
    close(slope_index([0, 1], [1, 2], [1, 2]).value, 0.5 / 0.5)


def test_slope_follows_the_given_order_and_ties_share_a_place():
    close(slope_index([10, 20, 30], [100] * 3, [3, 2, 1]).value, -0.3)
    close(slope_index([30, 10, 20], [100] * 3, [30, 10, 20]).value, 0.3)
    # the tied two stand together at 1/3, the third at 5/6: 15 % to 30 %
    close(slope_index([10, 20, 30], [100] * 3, [1, 1, 2]).value, 0.15 / 0.5)
    close(slope_index([20, 10, 30], [100] * 3, [1, 1, 2]), slope_index([10, 20, 30], [100] * 3, [1, 1, 2]))


def test_slope_leaves_unknown_areas_out_and_needs_two_places():
    close(slope_index([10, nan, 0, 20, 5, 30], [100, 50, 0, 100, 9, 100], [1, 2, 9, 2, nan, 3]),
          slope_index([10, 20, 30], [100] * 3, [1, 2, 3]))  # fmt: skip
    assert np.isnan(slope_index([10, 20], [100, 100], [1, 1])).all()
    assert np.isnan(slope_index([nan], [100], [1])).all()


def test_slope_limits_widen_with_design_effect_and_level():
    value, low, high = slope_index([10, 20, 30], [100] * 3, [1, 2, 3])
    close(slope_index([20, 40, 60], [200] * 3, [1, 2, 3], deff=2), [value, low, high])
    assert slope_index([10, 20, 30], [100] * 3, [1, 2, 3], z=Z998).low < low


def test_slope_keeps_its_level_without_a_gradient(town):
    n = np.full(10, 3000)
    x, total = town.counts(n, 0.1, repetitions=2000), town.residents(n)
    found = [slope_index(one, total, np.arange(10), deff=town.deff) for one in x]
    missed = np.mean([low > 0 or high < 0 for _, low, high in found])
    assert 0.035 < missed < 0.065
