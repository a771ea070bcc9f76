"""Survey weights and estimates: three-row examples, and what must hold for any sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from methods.intervals import Z998, wilson
from methods.survey import at_risk_of_poverty, calibrate, gini, kish, proportion, proportion_of_sums, quantile, rake

nan = np.nan


def close(got, wanted, rel=1e-9, atol=1e-12):
    np.testing.assert_allclose(np.asarray(got), np.asarray(wanted), rtol=rel, atol=atol)


# --- raking -----------------------------------------------------------------------------------------------------------


def test_one_margin_by_hand():
    # two young share 10, one old has 30; base weights keep their proportion
    result = rake([1, 3, 5], [([0, 0, 1], [10, 30])], trim=None)
    close(result.weights, [2.5, 7.5, 30])
    assert result.outside == 0 and result.margin_error < 1e-6


def test_two_margins_by_hand():
    # a 2 x 2 table of ones with an odds ratio of 1 becomes the product of its margins
    age, sex = [0, 0, 1, 1], [0, 1, 0, 1]
    close(rake(np.ones(4), [(age, [30, 70]), (sex, [40, 60])], trim=None).weights, [12, 18, 28, 42], rel=1e-6)


def test_odds_ratios_survive_raking():
    age, sex = [0, 0, 1, 1], [0, 1, 0, 1]
    w = rake([1, 2, 3, 4], [(age, [30, 70]), (sex, [40, 60])], trim=None).weights
    close(w[0] * w[3] / (w[1] * w[2]), 4 / 6)


def sample(seed=1, persons=600):
    random = np.random.default_rng(seed)
    age, area = random.integers(0, 4, persons), random.integers(0, 5, persons)
    return random.lognormal(0, 0.7, persons), age, area


def test_trimmed_weights_keep_the_margins_and_the_bounds():
    base, age, area = sample()
    totals = [100, 150, 250, 100], [120, 60, 140, 130, 150]
    loose = rake(base, [(age, totals[0]), (area, totals[1])], trim=None).weights
    assert loose.max() > 3.5 * np.median(loose) and loose.min() < 0.25 * np.median(loose)
    weights, error, outside = rake(base, [(age, totals[0]), (area, totals[1])])
    assert error < 1e-6 and outside == 0
    close(np.bincount(age, weights), totals[0], rel=1e-6)
    close(np.bincount(area, weights), totals[1], rel=1e-6)
    assert weights.max() <= 3.003 * np.median(weights) and weights.min() >= 0.2997 * np.median(weights)


def test_bounds_that_contradict_the_margins_are_reported():
    # one of five persons stands for 96 of 100: 96 times the median of the others
    weights, error, outside = rake(np.ones(5), [([0, 0, 0, 0, 1], [4, 96])])
    close(weights, [1, 1, 1, 1, 96], rel=1e-6)
    assert error < 1e-6 and outside == 0.2


def test_other_bounds():
    base, age, area = sample()
    margins = [(age, [100, 150, 250, 100]), (area, [120, 60, 140, 130, 150])]
    weights = rake(base, margins, trim=(0.2, 4)).weights
    assert 3.1 < weights.max() / np.median(weights) <= 4.004
    assert 0.1998 <= weights.min() / np.median(weights) < 0.29


def test_a_category_without_population_has_no_weight():
    result = rake(np.ones(4), [([0, 0, 1, 2], [10, 20, 0])])
    close(result.weights, [5, 5, 20, 0])
    close(rake([1, 1, 1], [([0, 0, 1], [6, 3, 0])]).weights, [3, 3, 3])
    # it does not move the median of the others either
    result = rake(np.ones(6), [([0, 1, 2, 2, 2, 2], [10, 30, 0])])
    close(result.weights, [10, 30, 0, 0, 0, 0])
    assert result.outside == 0


def test_margins_may_be_shares_or_millions():
    base, age, area = sample()
    totals = np.array([100, 150, 250, 100]), np.array([120, 60, 140, 130, 150])
    wanted = rake(base, [(age, totals[0]), (area, totals[1])])
    for factor in (1 / 600, 1e6):
        result = rake(base, [(age, factor * totals[0]), (area, factor * totals[1])])
        close(result.weights, factor * wanted.weights)
    assert rake(np.ones(5), [([0, 0, 0, 0, 1], [0.04, 0.96])]).outside == 0.2
    with pytest.raises(ValueError, match="befragte Person"):
        rake([1, 1], [([0, 0], [0.5, 0.5])])
    # totals that differ by rounding are the same totals
    close(rake([1, 1], [([0, 1], [4e5, 6e5]), ([1, 0], [6e5, 4e5 + 0.3])]).weights, [4e5, 6e5], rel=1e-6)


def test_raking_does_not_depend_on_the_scale_of_the_base_weights_or_the_order_of_persons():
    base, age, area = sample()
    totals = [100, 150, 250, 100], [120, 60, 140, 130, 150]
    wanted = rake(base, [(age, totals[0]), (area, totals[1])]).weights
    close(rake(7 * base, [(age, totals[0]), (area, totals[1])]).weights, wanted)
    close(rake(base[::-1], [(age[::-1], totals[0]), (area[::-1], totals[1])]).weights, wanted[::-1])


@pytest.mark.parametrize("weights, margins, message", [
    ([1, 0], [([0, 1], [5, 5])], "Basisgewichte"),
    ([1, nan], [([0, 1], [5, 5])], "Basisgewichte"),
    ([1, 1], [([0, 1], [5, 5]), ([0, 1], [5, 6])], "dieselbe Summe"),
    ([1, 1], [([0, 2], [5, 5])], "Klasse"),
    ([1, 1], [([0, -1], [5, 5])], "Klasse"),
    ([1, 1], [([0, 0], [5, 5])], "befragte Person"),
    ([1, 1], [([0, 1], [5, 5]), ([0, 1], [4, 6])], "widersprechen"),
])  # fmt: skip
def test_what_cannot_be_raked_is_refused(weights, margins, message):
    with pytest.raises(ValueError, match=message):
        rake(weights, margins)


# --- design effect and proportions ------------------------------------------------------------------------------------


def test_kish_by_hand():
    # weights 1, 1, 2: mean 4/3, variance 2/9, cv² = 1/8
    close(kish([1, 1, 2]), 1.125)
    close(kish([1, 1, 0]), 1.5)
    assert kish([3, 3, 3]) == 1 and np.isnan(kish([]))
    for impossible in (-1, nan):
        with pytest.raises(ValueError, match="Gewichte"):
            kish([1, impossible])


def test_proportion_by_hand():
    # weights 1, 1, 2 with one 1 of weight 2: one half, n_eff = 3/1.125 = 8/3
    value, low, high, n, deff, n_eff = proportion([0, 0, 1, nan], [1, 1, 2, 99])
    close([value, deff, n_eff], [0.5, 1.125, 8 / 3])
    assert n == 3
    close([low, high], wilson(4 / 3, 8 / 3))


def test_proportion_with_clusters_and_level():
    result = proportion([0, 0, 1, 1], [1, 1, 1, 1], deff=2)
    close(result, [0.5, *wilson(1, 2), 4, 2, 2])
    close(proportion([0, 1], [1, 1], z=Z998)[1:3], wilson(1, 2, Z998))


def test_no_answers_no_proportion():
    result = proportion([nan, nan], [1, 2])
    assert result.n == 0 and np.isnan([result.value, result.low, result.high, result.n_eff]).all()
    with pytest.raises(ValueError, match="0 oder 1"):
        proportion([0, 2], [1, 1])


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0.01, 100)), min_size=1, max_size=50), st.floats(0.1, 50))
def test_proportion_lies_in_its_interval_and_ignores_the_scale_of_weights(persons, factor):
    answers, weights = np.array(persons).T
    result = proportion(answers, weights)
    assert 0 <= result.low <= result.value + 1e-12 and result.value - 1e-12 <= result.high <= 1
    assert result.deff >= 1 - 1e-12 and result.n_eff <= result.n + 1e-9
    close(proportion(answers[::-1], factor * weights[::-1]), result, rel=1e-7)


# --- quantiles, poverty, Gini -----------------------------------------------------------------------------------------


def test_quantile_by_hand():
    values, weights = [30, 10, 20, nan], [1, 2, 1, 9]
    assert quantile(values, weights, 0.4) == 10
    assert quantile(values, weights, 0.5) == 15  # exactly half the weight is reached: the mean of both neighbours
    assert quantile(values, weights, 0.51) == 20
    assert quantile(values, weights, 0.76) == 30
    assert quantile([7], [3]) == 7 and np.isnan(quantile([nan], [1])) and np.isnan(quantile([], []))
    assert np.isnan(quantile([5], [0])) and quantile([1, 2], [1, 1], 1 - 1e-16) == 2
    assert quantile([1, 5, 9], [1, 0, 1]) == 5  # the mean of 1 and 9: nobody stands behind the 5
    assert quantile([1, 6, 9], [1, 0, 1]) == 5


def test_quantile_meets_a_tie_in_spite_of_rounding():
    # ten times 0.1 adds up to a little less than 1
    assert quantile(np.arange(10), np.full(10, 0.1)) == 4.5
    assert quantile(np.arange(10), np.full(10, 0.1), 0.3) == 2.5


@pytest.mark.parametrize("q", [0, 1, -1])
def test_quantiles_lie_inside(q):
    with pytest.raises(ValueError, match="Quantile"):
        quantile([1], [1], q)


def test_poverty_by_hand():
    # median 20, threshold 12: 10 is below, 12 is not
    assert at_risk_of_poverty([10, 12, 20, 30, 40], [1, 1, 1, 1, 1]) == 0.2
    assert at_risk_of_poverty([10, 12, 20, 30, 40], [2, 1, 3, 1, 1]) == 0.25
    assert at_risk_of_poverty([10, 12, 20, 30, nan], [1, 1, 1, 1, 7], share=0.9) == 0.5
    assert np.isnan(at_risk_of_poverty([nan], [1]))


def test_gini_by_hand():
    # 1 and 3: ½·Σ|xᵢ − xⱼ|/(n²·mean) = ½·4/(4·2); weights count persons
    close(gini([1, 3], [1, 1]), 0.25)
    close(gini([1, 3, nan], [2, 1, 5]), gini([1, 1, 3], [1, 1, 1]))
    close(gini([0, 0, 0, 1], [1] * 4), 0.75)
    assert np.isnan(gini([0, 0], [1, 1]))
    with pytest.raises(ValueError, match="Einkommen"):
        gini([-1, 3], [1, 1])
    for function in (gini, quantile, at_risk_of_poverty):
        with pytest.raises(ValueError, match="Gewichte"):
            function([1, 3], [1, -1])


@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(1, 9)), min_size=1, max_size=30), st.integers(2, 9))
def test_poverty_and_gini_are_shares_and_ignore_order_currency_and_scale(persons, factor):
    income, weights = np.array(persons, dtype=float).T
    close(gini(factor * income[::-1], 3 * weights[::-1]), gini(income, weights), atol=1e-9)
    assert -1e-12 <= gini(income, weights) < 1
    assert 0 <= at_risk_of_poverty(income, weights) < 1
    assert at_risk_of_poverty(4 * income[::-1], 2 * weights[::-1]) == at_risk_of_poverty(income, weights)
    assert income.min() <= quantile(income, weights) <= income.max()


def test_shares_of_sums_are_the_shares_of_persons():
    answers, weights = np.array([1.0, 0, 1, 0, 1]), np.array([1.0, 2, 3, 1, 0.5])
    alone = proportion(answers, weights)
    together = proportion_of_sums([weights @ answers, 0], [weights.sum(), 0], [(weights**2).sum(), 0], [5, 0])
    for name in ("value", "low", "high", "deff", "n_eff"):
        assert getattr(together, name)[0] == pytest.approx(getattr(alone, name), rel=1e-12)
        assert np.isnan(getattr(together, name)[1])


def test_calibration_takes_the_finest_margin_with_enough_respondents():
    codes = np.array([0] * 5 + [1] * 5)
    fine = ("fein", np.array([0] * 9 + [1]), np.array([10.0, 10.0]))  # one respondent for half of the people
    coarse = ("grob", codes, np.array([15.0, 5.0]))
    weights, used = calibrate(10, [[fine, coarse], [fine]])
    # 15 of 20 people in the first class of five respondents: 3 each, and 1 each in the other.
    assert used == ["grob"] and weights == pytest.approx([3] * 5 + [1] * 5)
    assert calibrate(10, [[fine]])[0] == pytest.approx(np.ones(10))
