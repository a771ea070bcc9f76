"""Comparison with the rest of the town, with each other, and among many: by hand, by property, by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from methods import comparison
from methods.comparison import (
    BETTER, HIGHER, LOWER, NOT_COMPUTABLE, SIMILAR, WORSE,
    against_rest, benjamini_hochberg, detectable_difference, funnel, homogeneity, judged, rank, rank_limits, rest_of_town,
    two_means, two_proportions, two_rates, verdict,
)  # fmt: skip
from methods.intervals import Z998, newcombe, rate_difference

nan = np.nan


def close(got, wanted, rel=1e-9, atol=0.0):
    np.testing.assert_allclose(np.asarray(got), np.asarray(wanted), rtol=rel, atol=atol)


# --- area against the rest of its town --------------------------------------------------------------------------------


def test_the_rest_is_the_town_without_the_area():
    assert np.array(rest_of_town([3, nan], [10, 10], 20, 100)).tolist()[0][0] == 17
    assert rest_of_town(3, 10, 20, 100) == (17, 90)
    assert np.isnan(rest_of_town(nan, 10, 20, 100)[0])
    for larger in ((30, 10, 20, 100), (3, 101, 20, 100)):
        with pytest.raises(ValueError, match="größer"):
            rest_of_town(*larger)


def test_against_rest_is_newcombe_or_mover_with_the_rest():
    close(against_rest(30, 100, 90, 500, deff=2), newcombe(30, 100, 60, 400, deff1=2, deff2=2))
    close(against_rest(30, 100, 90, 500, z=Z998), newcombe(30, 100, 60, 400, z=Z998))
    close(against_rest(130, 100, 390, 500, deff=2, part=False), rate_difference(130, 100, 260, 400, deff1=2, deff2=2))
    close(against_rest(130, 100, 390, 500, z=Z998, part=False), rate_difference(130, 100, 260, 400, z=Z998))


def test_verdict_and_unknown_is_never_similar():
    low, high = [0.1, 0.3, 0.1, nan, 0.1, 0.2, 0.1], [0.2, 0.4, 0.3, 0.3, nan, 0.25, 0.2]
    assert verdict(low, high, 0.25).tolist() == [LOWER, HIGHER, SIMILAR, NOT_COMPUTABLE, NOT_COMPUTABLE, SIMILAR, LOWER]
    assert verdict(0.25, 0.3, 0.25) == SIMILAR  # touching the benchmark is not beyond it
    assert verdict(0.1, 0.2, nan) == NOT_COMPUTABLE
    assert [verdict(-2, -1), verdict(-1, 1), verdict(1, 2)] == [LOWER, SIMILAR, HIGHER]


def test_the_whole_town_has_no_rest_to_compare_with():
    assert verdict(*against_rest(90, 500, 90, 500)[1:]) == NOT_COMPUTABLE


@pytest.mark.parametrize("polarity, wanted", [(1, [BETTER, WORSE, SIMILAR, NOT_COMPUTABLE]),
                                              (-1, [WORSE, BETTER, SIMILAR, NOT_COMPUTABLE]),
                                              (0, [HIGHER, LOWER, SIMILAR, NOT_COMPUTABLE])])  # fmt: skip
def test_polarity_is_declared(polarity, wanted):
    assert judged([HIGHER, LOWER, SIMILAR, NOT_COMPUTABLE], polarity).tolist() == wanted


def test_polarity_per_row_and_nothing_else_than_declared():
    assert judged(HIGHER, [1, -1, 0]).tolist() == [BETTER, WORSE, HIGHER]
    with pytest.raises(ValueError, match="Polarität"):
        judged(HIGHER, 2)


def test_funnel_vector():
    close(funnel(100, 0.2), [0.12160, 0.27840], rel=0, atol=5e-6)


def test_funnel_is_clipped_and_widens_with_the_design_effect():
    # z = 1: half-width sqrt(0.1·0.9/4) = 0.15 around 0.1; with deff 4 on 16 the same
    close(funnel(4, 0.1, z=1), [0, 0.25])
    close(funnel(16, 0.1, z=1, deff=4), [0, 0.25])
    close(funnel(4, 0.9, z=1), [0.75, 1])
    close(funnel(4, [0, 1]), [[0, 1], [0, 1]])
    close(funnel(4, [0.5, None]), [[0.5 - 0.25 * 1.959963984540054, nan], [0.5 + 0.25 * 1.959963984540054, nan]])
    assert np.isnan(funnel([0, nan], 0.2)).all()
    for impossible in (-0.1, 1.1):
        with pytest.raises(ValueError, match="zwischen 0 und 1"):
            funnel(10, impossible)


# --- tests of two groups ----------------------------------------------------------------------------------------------


def test_two_proportions_by_hand():
    # 10/20 against 30/40, pooled 2/3: G = 2Σ seen·ln(seen/expected) over the four cells
    seen, expected = np.array([10, 10, 30, 10]), np.array([40, 20, 80, 40]) / 3
    g = 2 * np.sum(seen * np.log(seen / expected))
    close(two_proportions(10, 20, 30, 40), [-(g**0.5), stats.chi2.sf(g, 1)])
    close(two_proportions(30, 40, 10, 20), [g**0.5, stats.chi2.sf(g, 1)])
    close(two_proportions(20, 40, 90, 120, deff1=2, deff2=3), [-(g**0.5), stats.chi2.sf(g, 1)])


def test_small_likelihood_ratios_by_hand():
    # 10/100 against 11/100: expected 10.5 and 89.5
    g = 2 * (10 * np.log(10 / 10.5) + 11 * np.log(11 / 10.5) + 90 * np.log(90 / 89.5) + 89 * np.log(89 / 89.5))
    assert g < 0.1
    close(two_proportions(10, 100, 11, 100), [-(g**0.5), stats.chi2.sf(g, 1)])


def test_two_rates_by_hand():
    # 10 in 20 against 30 in 20, expected 20 each
    g = 2 * (10 * np.log(0.5) + 30 * np.log(1.5))
    close(two_rates(10, 20, 30, 20), [-(g**0.5), stats.chi2.sf(g, 1)])
    close(two_rates(90, 60, 20, 40, deff1=3, deff2=2), [g**0.5, stats.chi2.sf(g, 1)])
    assert np.isfinite(two_rates(30, 20, 40, 20).statistic)  # a ratio may exceed 1


@pytest.mark.parametrize("test", [two_proportions, two_rates])
def test_equal_groups_have_p_1_and_empty_or_unknown_ones_none(test):
    result = test([0, 5, 0, nan, 3], [10, 10, 0, 10, 10], [0, 10, 3, 3, 0], [20, 20, 20, 20, 0])
    np.testing.assert_allclose(result.statistic, [0, 0, nan, nan, nan], atol=1e-7)
    np.testing.assert_allclose(result.p, [1, 1, nan, nan, nan], atol=1e-7)


def test_everybody_and_nobody_can_be_compared():
    close(two_proportions(3, 3, 0, 5).statistic, (2 * (3 * np.log(8 / 3) + 5 * np.log(8 / 5))) ** 0.5)


def test_small_counts_do_not_exaggerate_in_the_far_tail():
    # 4 expected, 14 seen: exact P(X ≥ 14) = 8.1e-5 (P(X > 14) = 2.7e-5); the pooled z would say 2.9e-7.
    one_sided = two_proportions(14, 10_000, 4000, 10**7).p / 2
    assert stats.poisson.sf(14, 4) < one_sided < stats.poisson.sf(13, 4)


@given(st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)).flatmap(
    lambda n: st.tuples(st.integers(0, n[0]), st.just(n[0]), st.integers(0, n[1]), st.just(n[1]))))  # fmt: skip
def test_p_is_a_probability_and_the_order_of_groups_only_turns_the_sign(counts):
    x1, n1, x2, n2 = counts
    for test in (two_proportions, two_rates):
        here, there = test(x1, n1, x2, n2), test(x2, n2, x1, n1)
        assert 0 <= here.p <= 1
        close(there.statistic, -here.statistic, atol=1e-6)


# --- false discovery rate ---------------------------------------------------------------------------------------------


def test_benjamini_hochberg_by_hand():
    # sorted .005 .01 .03 .04 times 4/rank: .02 .02 .04 .04
    close(benjamini_hochberg([0.01, 0.04, 0.03, 0.005]), [0.02, 0.04, 0.04, 0.02])
    close(benjamini_hochberg([[0.01, nan], [0.04, 0.9]]), [[0.03, nan], [0.06, 0.9]])
    close(benjamini_hochberg([0.9, 0.8]), [0.9, 0.9])
    close(benjamini_hochberg(0.3), 0.3)
    assert benjamini_hochberg([]).shape == (0,) and np.isnan(benjamini_hochberg([nan])).all()
    for impossible in (-0.1, 1.1):
        with pytest.raises(ValueError, match="p-Werte"):
            benjamini_hochberg([0.5, impossible])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_benjamini_hochberg_equals_scipy_in_any_order(p, random):
    wanted = dict(zip(p, stats.false_discovery_control(p), strict=True))
    random.shuffle(p)
    close(benjamini_hochberg(p), [wanted[one] for one in p], atol=1e-300)


# --- homogeneity ------------------------------------------------------------------------------------------------------


def test_homogeneity_by_hand():
    # 10, 20, 30 of 100, p = 0.2: (100 + 0 + 100)/16 = 12.5, df 2: p-value e^-6.25
    close(homogeneity([10, 20, 30], [100, 100, 100]), [12.5, np.exp(-6.25)])
    close(homogeneity([20, 40, 60], [200, 200, 200], deff=2), [12.5, np.exp(-6.25)])


def test_homogeneity_leaves_unknown_and_empty_areas_out():
    result = homogeneity([[10, 20, 30, nan, 0], [10, nan, nan, nan, nan], [0, 0, 0, 0, 0], [nan] * 5],
                         [[100, 100, 100, 100, 0], [100] * 5, [100] * 5, [100] * 5])  # fmt: skip
    np.testing.assert_allclose(result.statistic, [12.5, nan, nan, nan])
    np.testing.assert_allclose(result.p, [np.exp(-6.25), nan, nan, nan])
    assert np.isnan(homogeneity([5, 7], [5, 7]).p)
    close(homogeneity([0, 1], [1, 1]).statistic, 2)


def test_homogeneity_of_two_areas_is_the_pooled_z_test():
    z = (0.3 - 0.2) / (0.25 * 0.75 * (1 / 100 + 1 / 100)) ** 0.5
    close(homogeneity([30, 20], [100, 100]), [z**2, 2 * stats.norm.sf(z)])


@given(st.lists(st.tuples(st.integers(1, 99), st.just(100)), min_size=2, max_size=30), st.randoms(use_true_random=False))
def test_homogeneity_does_not_depend_on_the_order_of_areas(areas, random):
    x, n = np.array(areas).T
    random.shuffle(areas)
    close(homogeneity(*np.array(areas).T).p, homogeneity(x, n).p, rel=1e-7)


def test_error_rate_with_whole_households(town):
    """methods.md: persons counted as independent raise false alarms in about half of the years instead of 5 %."""
    n = town.residents(np.full(5, 11_200))
    x = town.counts(np.full(5, 11_200), 0.09, repetitions=8000)
    assert (homogeneity(x, n).p < 0.05).mean() > 0.4
    assert 0.04 < (homogeneity(x, n, town.deff).p < 0.05).mean() < 0.06


# --- what a text calls different --------------------------------------------------------------------------------------

AREAS = np.array([11_200] * 5 + [2_800] * 17)
RATES = np.geomspace(0.01, 0.45, 80)


def edition(town):
    """One edition of 80 indicators x 22 areas without differences: adjusted p of every area against the rest."""
    x = town.counts(np.broadcast_to(AREAS, (80, 22)), RATES[:, None], repetitions=1)[0]
    n = np.broadcast_to(town.residents(AREAS), (80, 22))
    totals = x.sum(axis=1, keepdims=True), n.sum(axis=1, keepdims=True)
    return benjamini_hochberg(two_proportions(x, n, *rest_of_town(x, n, *totals), town.deff, town.deff).p)


def test_a_town_without_differences_makes_no_headlines(town):
    headlines = np.array([(edition(town) <= comparison.FDR_LEVEL).sum() for _ in range(500)])
    print(f"comparison: {headlines.mean():.3f} false headlines per edition, {(headlines > 0).mean():.1%} of editions have one (500 editions)")
    assert headlines.mean() <= 1
    assert (headlines > 0).mean() < 0.08  # nominally 5 % of editions have one at all


@pytest.mark.parametrize("area, p", [(0, 0.07), (0, 0.3), (10, 0.07), (10, 0.3)])
def test_differences_of_the_stated_size_are_found_with_power_80(town, area, p):
    """One area of 11,200 or 2,800 differs in one of 1,760 comparisons; the level left for it is 0.05/1,760.

    The false discovery rate is never stricter than that, so an edition finds at least as much.
    """
    rest, level = AREAS.sum() - AREAS[area], comparison.FDR_LEVEL / 1760
    # The proportion that moves brings its own variance: the size is stated at the proportion it moves to.
    size = detectable_difference(p + detectable_difference(p, AREAS[area], rest, level, deff=town.deff),
                                 AREAS[area], rest, level, deff=town.deff)  # fmt: skip
    rates = np.full(22, p)
    rates[area] += size
    x, n = town.counts(AREAS, rates, repetitions=5000), town.residents(AREAS)
    rest_x, rest_n = rest_of_town(x[:, area], n[area], x.sum(axis=1), n.sum())
    found = two_proportions(x[:, area], n[area], rest_x, rest_n, town.deff, town.deff).p <= level
    print(f"{AREAS[area]} residents, {p:.0%} + {100 * size:.1f} points: power {found.mean():.1%} (5,000 towns)")
    assert 0.8 <= found.mean() < 0.95  # and no larger than needed
    if p == 0.07:
        assert round(100 * size, 1) == {0: 2.4, 10: 5.0}[area]  # points


def test_detectable_difference_by_hand():
    # (1.959964 + 0.841621)·sqrt(0.25·(1/50 + 1/200)) = 2.801585·0.0790569
    close(detectable_difference(0.5, 50, 200), 0.2214847, rel=1e-6)
    close(detectable_difference(0.5, 100, 400, deff=2), detectable_difference(0.5, 50, 200))
    assert detectable_difference(0.5, 50, 200, power=0.9) > detectable_difference(0.5, 50, 200)
    assert detectable_difference(0.5, 50, 200, level=0.01) > detectable_difference(0.5, 50, 200)
    close(detectable_difference([0, 0.5, 1], 50, 200), [0, detectable_difference(0.5, 50, 200), 0])
    assert np.isnan(detectable_difference(0.5, 0, 200)) and np.isnan(detectable_difference(0.5, 1, 0))
    for impossible in (-0.1, 1.1):
        with pytest.raises(ValueError, match="Anteile"):
            detectable_difference(impossible, 50, 200)


# --- ranks ------------------------------------------------------------------------------------------------------------


def test_rank_of_clearly_different_areas():
    result = rank([100, 900, 500], [1000, 1000, 1000], seed=1)
    assert np.array(result).tolist() == [[3, 1, 2]] * 3


def test_rank_shares_ties_and_leaves_unknown_areas_out():
    result = rank([10, nan, 20, 10, 0, 4], [100, 100, 100, 100, 0, 100], seed=1)
    np.testing.assert_array_equal(result.value, [2, nan, 1, 2, nan, 4])
    assert np.isnan(result.low[[1, 4]]).all() and np.isnan(result.high[[1, 4]]).all()
    assert np.nanmax(result.high) == 4


def test_rank_limits_are_seeded_and_widen_with_the_design_effect_and_the_level():
    x, n = [90, 100, 115, 130], [1000] * 4
    first, again, clustered, sure = rank(x, n, 5), rank(x, n, 5), rank(x, n, 5, deff=4), rank(x, n, 5, z=Z998)
    np.testing.assert_array_equal(first, again)
    many = np.arange(100, 300), np.full(200, 1000)
    np.testing.assert_array_equal(rank(*many, seed=5), rank(*many, seed=5))
    assert not np.array_equal(rank(*many, seed=5), rank(*many, seed=6))
    width = (first.high - first.low).sum()
    assert (clustered.high - clustered.low).sum() > width and (sure.high - sure.low).sum() > width
    assert (first.low <= first.value).all() and (first.value <= first.high).all()
    assert np.isnan(rank([nan], [1], 1).value).all()


def test_rank_limits_are_quantiles_of_ranks_in_draws_from_the_jeffreys_posterior():
    x, n = np.array([0, 1, 2, 3, 5]), np.array([1, 5, 9, 9, 5])
    draws = np.random.default_rng(9).beta(x + 0.5, n - x + 0.5, size=(2000, 5))
    ranks = np.sort(stats.rankdata(-draws, axis=1), axis=0)
    result = rank(x, n, seed=9)
    np.testing.assert_array_equal(result.value, [5, 4, 3, 2, 1])
    np.testing.assert_array_equal([result.low, result.high], ranks[[49, 1949]])  # the 50th and the 1,950th of 2,000


def test_equal_areas_may_have_any_rank():
    # Of 20 equal areas each takes every place with the same probability: 95 % of draws lie between 1 and 20 or nearly so.
    result = rank([50] * 20, [500] * 20, seed=3)
    assert (result.value == 1).all() and (result.low <= 2).all() and (result.high >= 19).all()


def test_rank_limits_agree_with_the_draws():
    random = np.random.default_rng(3)
    n = random.integers(500, 4000, 22)
    x = random.binomial(n, random.uniform(0.05, 0.3, 22))
    drawn, computed = rank(x, n, seed=1, draws=20_000), rank_limits(x[None], n[None])
    assert (computed.value[0] == drawn.value).all()
    for one, other in ((computed.low[0], drawn.low), (computed.high[0], drawn.high)):
        assert np.abs(one - other).max() <= 1
        assert (one == other).mean() > 0.6


def test_rank_limits_of_many_groups_and_of_unknown_areas():
    x, n = np.array([[100, 900, 500], [np.nan, 900, 100], [0, 0, 0]]), np.array([[1000, 1000, 1000], [1000, 1000, 1000], [0, 0, 0]])
    found = rank_limits(x, n)
    np.testing.assert_array_equal(found.value, [[3, 1, 2], [np.nan, 1, 2], [np.nan] * 3])
    np.testing.assert_array_equal(found.low, found.value)
    np.testing.assert_array_equal(found.high, found.value)
    assert (rank_limits(x[:1] / 10, n[:1] / 10, deff=40).high >= rank_limits(x[:1] / 10, n[:1] / 10).high).all()
    equal = rank_limits(np.full((1, 5), 100), np.full((1, 5), 1000))
    assert equal.low.tolist() == [[1] * 5] and equal.high.tolist() == [[5] * 5]


def test_two_means_is_welch():
    random = np.random.default_rng(5)
    a, b = random.normal(40, 20, 50), random.normal(45, 10, 80)
    expected = stats.ttest_ind(a, b, equal_var=False)
    sums = (a.size, a.sum(), (a**2).sum(), b.size, b.sum(), (b**2).sum())
    found = two_means(*sums)
    close(found.statistic, expected.statistic)
    close(found.p, expected.pvalue)
    assert two_means(*sums, 2, 2).p > found.p
    assert np.isnan(two_means(1, 5, 25, 80, b.sum(), (b**2).sum()).p)
    assert np.isnan(two_means(np.nan, 5, 25, 80, b.sum(), (b**2).sum()).p)
