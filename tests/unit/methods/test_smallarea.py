"""Estimates for small areas: by hand, by property, and against what was put in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from methods.smallarea import Prior, benchmark, beta_prior, empirical_bayes, fay_herriot, pooled, posterior_limits, shrunken

nan = np.nan


def close(got, wanted, rel=1e-9, atol=1e-12):
    np.testing.assert_allclose(np.asarray(got), np.asarray(wanted), rtol=rel, atol=atol)


# --- empirical Bayes --------------------------------------------------------------------------------------------------


def test_prior_by_moments_by_hand():
    # 10, 20, 30 of 100: p = 0.2, Σn(r−p)² = 2, over 0.16 = 12.5; k − 1 = 2, N − Σn²/N = 200: ρ = 10.5/198
    mean, strength = beta_prior([10, 20, 30], [100] * 3)
    close([mean, strength], [0.2, 198 / 10.5 - 1])
    close(beta_prior([20, 40, 60], [200] * 3, deff=2), [mean, strength])
    close(beta_prior([10, nan, 20, 0, 30], [100, 5, 100, 0, 100]), [mean, strength])


def test_prior_by_moments_with_unequal_areas():
    # 0 of 10, 10 of 20: p = 1/3, Σn(r−p)² = 10/9 + 20/36 = 5/3, over 2/9 = 7.5; k − 1 = 1, N − Σn²/N = 30 − 500/30
    close(beta_prior([0, 10], [10, 20]), [1 / 3, max((40 / 3 - 1) / 6.5 - 1, 0.01)])


def test_prior_by_moments_just_beyond_chance():
    # 34, 40, 46 of 200: Σn(r−p)² = 0.36, over 0.16 = 2.25: ρ = 0.25/398
    close(beta_prior([34, 40, 46], [200] * 3), [0.2, 398 / 0.25 - 1])
    # 94, 100, 106 of 500: 0.9, and chance makes 2 of three areas
    assert beta_prior([94, 100, 106], [500] * 3).strength == np.inf
    assert np.isfinite(beta_prior([0, 1, 1, 0], [1, 1, 1, 1]).mean)


@pytest.mark.parametrize("ml", [False, True])
def test_equal_areas_have_an_infinitely_strong_prior(ml):
    prior = beta_prior([10, 10, 10], [100] * 3, ml=ml)
    assert prior.strength == np.inf
    close(prior.mean, 0.1)


@pytest.mark.parametrize("ml", [False, True])
@pytest.mark.parametrize("x, n", [([0, 0], [5, 5]), ([5, 5], [5, 5]), ([3], [5]), ([3, nan], [5, 5]), ([nan], [5])])
def test_no_prior_without_variation_to_learn_from(x, n, ml):
    assert np.isnan(beta_prior(x, n, ml=ml)).all()


def test_areas_with_nothing_in_common_have_the_weakest_prior():
    assert beta_prior([0, 100, 0, 100], [100] * 4).strength == 0.01


@pytest.mark.parametrize("ml", [False, True])
def test_the_prior_that_was_put_in_comes_out(ml):
    random = np.random.default_rng(3)
    n = random.integers(50, 2000, 2000)
    x = random.binomial(n, random.beta(6, 54, 2000))
    mean, strength = beta_prior(x, n, ml=ml)
    close(mean, 0.1, rel=0.03)
    close(strength, 60, rel=0.1)


def test_maximum_likelihood_is_a_maximum():
    x, n = np.array([3, 12, 9, 30, 2]), np.array([60, 80, 100, 120, 90])
    mean, strength = beta_prior(x, n, ml=True)

    def likelihood(mean, strength):
        return stats.betabinom.logpmf(x, n, mean * strength, (1 - mean) * strength).sum()

    best = likelihood(mean, strength)
    for factor in (0.99, 1.01):
        assert likelihood(mean * factor, strength) < best and likelihood(mean, strength * factor) < best
    close(beta_prior(2 * x, 2 * n, deff=2, ml=True), [mean, strength], rel=1e-4)


def test_empirical_bayes_by_hand():
    # prior 0.2 with strength 10 is 2 of 10: (3 + 2)/(10 + 10)
    prior = Prior(0.2, 10)
    close(empirical_bayes([3, 0, nan, 0], [10, 30, 10, 0], prior), [0.25, 2 / 40, nan, 0.2])
    close(empirical_bayes(6, 20, prior, deff=2), 0.25)
    assert empirical_bayes(3, 10, Prior(0.2, np.inf)) == 0.2
    assert np.ndim(empirical_bayes(3, 10, prior)) == 0


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(50, 3000)), min_size=3, max_size=20))
def test_empirical_bayes_lies_between_the_area_and_the_prior(areas):
    x, n = np.array(areas).T
    prior = beta_prior(x, n)
    if not np.isnan(prior.mean):
        value = empirical_bayes(x, n, prior)
        low, high = np.minimum(x / n, prior.mean), np.maximum(x / n, prior.mean)
        assert (low - 1e-12 <= value).all() and (value <= high + 1e-12).all()


def test_empirical_bayes_is_nearer_to_the_truth():
    random = np.random.default_rng(4)
    n = random.integers(20, 200, 500)
    truth = random.beta(6, 54, 500)
    x = random.binomial(n, truth)
    error = [np.mean((guess - truth) ** 2) for guess in (x / n, empirical_bayes(x, n, beta_prior(x, n)))]
    assert error[1] < 0.7 * error[0]


# --- pooled years -----------------------------------------------------------------------------------------------------


def test_pooled_years():
    np.testing.assert_array_equal(pooled([1, 2, 3, 4]), [nan, nan, 6, 9])
    np.testing.assert_array_equal(pooled([[1, nan, 3, 4, 5], [1, 1, 1, 1, 1]]), [[nan, nan, nan, nan, 12], [nan, nan, 3, 3, 3]])
    np.testing.assert_array_equal(pooled([1, 2, 3, 4], years=2), [nan, 3, 5, 7])
    np.testing.assert_array_equal(pooled([1, 2]), [nan, nan])
    np.testing.assert_array_equal(pooled([1, 2, 3]), [nan, nan, 6])


# --- Fay–Herriot ------------------------------------------------------------------------------------------------------


def test_fay_herriot_by_hand():
    # Mean only, D = 1: Σ(y − 3)² = 20 over (σ² + 1) is k − 1 = 4: σ² = 4, γ = 0.8
    y = [0, 2, 3, 4, nan, 6]
    result = fay_herriot(y, 1, np.ones((6, 1)))
    close([result.variance, *result.beta], [4, 3])
    close(result.gamma, [0.8, 0.8, 0.8, 0.8, 0, 0.8])
    close(result.value, [0.6, 2.2, 3, 3.8, 3, 5.4])


def test_fay_herriot_with_unequal_variances_solves_its_equation():
    y, d = np.array([1.0, 4, 2, 8, 5, 7]), np.array([0.5, 1, 2, 0.5, 1, 2])
    x = np.column_stack([np.ones(6), [1, 2, 3, 4, 5, 6]])
    variance, beta = fay_herriot(y, d, x).variance, fay_herriot(y, d, x).beta
    weight = 1 / (variance + d)
    close(((y - x @ beta) ** 2 * weight).sum(), 6 - 2)
    close(x.T @ (weight * (y - x @ beta)), [0, 0], atol=1e-8)
    close(fay_herriot(y, d, x).gamma, variance * weight)


def test_fay_herriot_without_more_variance_than_sampling_is_the_regression():
    result = fay_herriot([1, 2, 3, 4.1], 1, np.column_stack([np.ones(4), [1, 2, 3, 4]]))
    assert result.variance == 0 and (result.gamma == 0).all()
    close(result.value, [0.985 + 0, 2.005, 3.025, 4.045], rel=0.01)
    # a perfect fit leaves no residual at all
    close(fay_herriot([1, 2, 3], 1, np.column_stack([np.ones(3), [1, 2, 3]])).value, [1, 2, 3])


def test_fay_herriot_with_little_more_variance_than_sampling():
    # Σ(y − 0)² = 4.5 over (σ² + 1) is 4: σ² = 1/8, γ = 1/9; without its variance an area counts for nothing
    result = fay_herriot([-1.5, 0, 0, 9, 0, 1.5], [1, 1, 1, nan, 1, 1], np.ones((6, 1)))
    close(result.variance, 0.125)
    close(result.gamma, np.array([1, 1, 1, 0, 1, 1]) / 9)
    close(result.value, [-1 / 6, 0, 0, 0, 0, 1 / 6])


def test_fay_herriot_without_a_known_covariate_has_no_value():
    result = fay_herriot([0, 2, 3, 4, 6, 5], [1, 1, 1, 1, 1, nan], [[1], [1], [1], [1], [1], [nan]])
    close(result.value, [0.6, 2.2, 3, 3.8, 5.4, nan])


def test_fay_herriot_refuses_what_it_cannot_estimate():
    with pytest.raises(ValueError, match="positiv"):
        fay_herriot([1, 2, 3], [1, 0, 1], np.ones((3, 1)))
    with pytest.raises(ValueError, match="mehr bekannte Gebiete"):
        fay_herriot([1, nan, nan], 1, np.ones((3, 1)))


def test_fay_herriot_recovers_what_was_put_in():
    random = np.random.default_rng(5)
    x = np.column_stack([np.ones(3000), random.normal(size=3000)])
    d = random.uniform(0.5, 2, 3000)
    truth = x @ [1, 2] + random.normal(0, 1.5, 3000)
    y = truth + random.normal(0, np.sqrt(d))
    result = fay_herriot(y, d, x)
    close(result.variance, 2.25, rel=0.08)
    close(result.beta, [1, 2], rel=0.08)
    assert np.mean((result.value - truth) ** 2) < 0.8 * np.mean((y - truth) ** 2)


# --- benchmarking -----------------------------------------------------------------------------------------------------


def test_benchmark_by_hand():
    # logits 0 and 0 shifted to 0.8; factors: 2·1 + 3·4 = 14 → 28
    close(benchmark([0.5, 0.5], [100, 50], 120), [0.8, 0.8])
    close(benchmark([1, nan, 4], [2, 5, 3], 28, proportion=False), [2, nan, 8])
    close(benchmark([0, 0], [2, 3], 0, proportion=False), [0, 0])
    # 0 and 1 have no logit to move
    close(benchmark([0, 1, 0.5], [10, 10, 10], 18), [0, 1, 0.8])


@given(st.lists(st.tuples(st.floats(0.001, 0.999), st.integers(1, 10**5)), min_size=1, max_size=30), st.floats(0.01, 0.99))
def test_benchmarked_values_add_up_and_keep_their_order(areas, share):
    value, n = np.array(areas).T
    total = share * n.sum()
    result = benchmark(value, n, total)
    close(n @ result, total)
    assert ((0 < result) & (result < 1)).all()
    assert (np.diff(result[np.argsort(value, kind="stable")]) >= 0).all()
    close(n @ benchmark(value, n, total, proportion=False), total)


@pytest.mark.parametrize("value, total", [([0.5, 0.5], 0), ([0.5, 0.5], 20), ([0.5, 0.5], -1), ([0.5, 0.5], 21), ([1, 0.5], 10), ([1, 0.5], 20),
                                          ([0, 0.5], 10), ([0, 1], 10)])  # fmt: skip
def test_unreachable_totals_are_refused(value, total):
    with pytest.raises(ValueError, match="Summe"):
        benchmark(value, [10, 10], total)


def test_nothing_comes_of_nothing():
    with pytest.raises(ValueError, match="Nullen"):
        benchmark([0, 0], [10, 10], 1, proportion=False)


# --- many groups ------------------------------------------------------------------------------------------------------


def test_posterior_limits_are_beta_quantiles():
    prior = Prior(0.2, 50)
    low, high = posterior_limits([5, 10], [40, 20], prior)
    close(low, stats.beta.ppf(0.025, [15, 20], [75, 50]), rel=1e-8)
    close(high, stats.beta.ppf(0.975, [15, 20], [75, 50]), rel=1e-8)
    close(posterior_limits(10, 80, prior, deff=2), posterior_limits(5, 40, prior), rel=1e-12)
    assert np.isnan(posterior_limits(nan, 40, prior)).all()
    # All areas equal: nothing of the area's own is left.
    close(posterior_limits(5, 40, Prior(0.2, np.inf)), [0.2, 0.2])


def test_shrunken_groups_are_the_pieces_put_together():
    x, n = np.array([[5, 40, 30, 12], [1, 2, 3, nan]]), np.array([[100, 200, 120, 90], [10, 20, 30, 5]])
    found = shrunken(x, n, 1.5)
    for group, use in ((0, [0, 1, 2, 3]), (1, [0, 1, 2])):
        cases, people = x[group, use], n[group, use]
        prior = beta_prior(cases, people, 1.5)
        close(found.value[group, use], benchmark(empirical_bayes(cases, people, prior, 1.5), people, cases.sum()), rel=1e-10)
        close(found.value[group, use] @ people, cases.sum(), rel=1e-12)
        assert (found.low[group, use] <= found.value[group, use]).all() and (found.value[group, use] <= found.high[group, use]).all()
    assert np.isnan(found.value[1, 3]) and np.isnan(found.own[1, 3])
    prior = beta_prior(x[0], n[0], 1.5)
    close(found.own[0], (n[0] / 1.5) / (n[0] / 1.5 + prior.strength))


def test_groups_in_which_nothing_can_be_learnt_stay_unknown():
    found = shrunken([[0, 0], [3, nan], [2, 3]], [[10, 10], [10, 10], [10, 10]])
    assert np.isnan(found.value[:2]).all() and not np.isnan(found.value[2]).any()
