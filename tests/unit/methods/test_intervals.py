"""Intervals against published vectors, hand-worked examples, and what must hold for any numbers."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from methods import intervals
from methods.intervals import Z95, Z998, difference, dsr, mean, newcombe, poisson_interval, rate, rate_difference, wilson

REPOSITORY = Path(__file__).resolve().parents[3]

EXACT = 1e-9
nan = np.nan


def close(got, wanted, rel=EXACT, atol=0.0):
    np.testing.assert_allclose(np.asarray(got), np.asarray(wanted), rtol=rel, atol=atol)


@st.composite
def proportions(draw):
    n = draw(st.integers(1, 10**7))
    return draw(st.integers(0, n)), n


deffs = st.floats(1, 20)


# --- proportions ------------------------------------------------------------------------------------------------------


def test_quantiles_are_those_of_the_normal_distribution():
    close([Z95, Z998], stats.norm.isf([0.025, 0.001]), rel=1e-15)


def test_wilson_vectors():
    close(wilson([65, 1045], [100, 5000]), [[0.552544432969, 0.197955498800], [0.736357517569, 0.220491303732]], rel=2e-12)
    close(wilson(1, 100), [0.00176743, 0.05448620], rel=0, atol=5e-9)


def test_wilson_by_hand():
    # x = 1, n = 2, z = 1: (2 + 1 ∓ sqrt(1 + 4·½)) / (2·3) = (3 ∓ √3) / 6
    close(wilson(1, 2, z=1), [(3 - 3**0.5) / 6, (3 + 3**0.5) / 6])


def test_wilson_ends_are_exactly_zero_and_one():
    low, high = wilson([0, 7], [7, 7])
    assert low[0] == 0 and high[1] == 1
    assert 0 < high[0] < 1 and 0 < low[1] < 1


def test_wilson_with_design_effect_is_wilson_of_the_effective_counts():
    close(wilson(30, 120, deff=3), wilson(10, 40))
    close(wilson([30, 30], [120, 120], deff=[3, 1]), np.array([wilson(10, 40), wilson(30, 120)]).T)


def test_scalars_stay_scalars_and_shapes_broadcast():
    assert np.ndim(wilson(1, 2).low) == 0
    assert wilson([[1], [2]], [3, 4, 5]).low.shape == (2, 3)


@given(proportions(), deffs)
def test_wilson_contains_the_share_and_stays_in_0_1(counts, deff):
    x, n = counts
    low, high = wilson(x, n, deff=deff)
    assert 0 <= low <= x / n <= high <= 1


@given(proportions(), st.floats(1.01, 20))
def test_wilson_is_wider_with_a_design_effect_or_a_higher_level(counts, deff):
    narrow, clustered, sure = wilson(*counts), wilson(*counts, deff=deff), wilson(*counts, z=Z998)
    for wider in (clustered, sure):
        assert wider.high - wider.low > narrow.high - narrow.low


@given(proportions())
def test_wilson_mirrors_when_the_others_are_counted(counts):
    x, n = counts
    low, high = wilson(x, n)
    close(wilson(n - x, n), [1 - high, 1 - low], rel=0, atol=1e-12)


# --- unknown and impossible -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [wilson, rate])
def test_unknown_stays_unknown_and_an_empty_area_has_no_value(function):
    for part in function([nan, 1, nan, 0], [5, nan, nan, 0]):
        assert np.isnan(part).all()
    assert np.isnan(function(1, 2, deff=nan).low)
    assert np.isnan(function([None, 1], [2, 2]).low).tolist() == [True, False]


@pytest.mark.parametrize("x, n, deff", [(3, 2, 1), (-1, 2, 1), (0, -1, 1), (np.inf, np.inf, 1), (1, np.inf, 1),
                                        (1, 2, 0), (1, 2, -1), (1, 2, np.inf)])  # fmt: skip
def test_impossible_counts_are_refused(x, n, deff):
    with pytest.raises(ValueError, match="verletzt in 1 von 2 Werten"):
        wilson([1, x], [2, n], deff=[1, deff])


@pytest.mark.parametrize("x", [-1, np.inf])
def test_impossible_cases_are_refused(x):
    with pytest.raises(ValueError, match="Zähler"):
        poisson_interval(x)


def test_messages_carry_no_values():
    with pytest.raises(ValueError) as error:
        wilson([7654321], [12])
    assert "7654321" not in str(error.value) and "12" not in str(error.value)


# --- counts and rates -------------------------------------------------------------------------------------------------


def test_byar_vectors():
    close(poisson_interval([65, 1045]), [[50.163187710459, 982.593201807], [82.849138545940, 1110.331212986]], rel=1e-12)


def test_rate_vectors():
    close(rate([1, 20], [100, 100], multiplier=100),
          [[1, 20], [0.0253178, 12.2114288], [5.5716434, 30.8898804]], rel=0, atol=5e-8)  # fmt: skip


def test_exact_limits_are_half_the_chi_square_quantiles():
    x = np.arange(1, 10)
    close(poisson_interval(x), [stats.chi2.ppf(0.025, 2 * x) / 2, stats.chi2.ppf(0.975, 2 * x + 2) / 2])
    close(poisson_interval(0), [0, -np.log(0.025)])  # nobody counted: e^-U = 2.5 %
    close(poisson_interval(4, z=Z998)[0], stats.chi2.ppf(0.001, 8) / 2)


def test_ten_is_the_first_count_for_byar():
    # 10(1 − 1/90 − z/(3√10))³ and 11(1 − 1/99 + z/(3√11))³
    close(poisson_interval(10), [10 * (89 / 90 - Z95 / (3 * 10**0.5)) ** 3, 11 * (98 / 99 + Z95 / (3 * 11**0.5)) ** 3])
    exact = [stats.chi2.ppf(0.025, 20) / 2, stats.chi2.ppf(0.975, 22) / 2]
    assert not np.allclose(poisson_interval(10), exact, rtol=1e-6)


def test_poisson_with_design_effect_scales_the_effective_count():
    close(poisson_interval(130, deff=2), 2 * np.array(poisson_interval(65)))
    # 27 persons in groups of three are worth nine draws: the exact limits hold.
    close(poisson_interval(27, deff=3), 3 * np.array(poisson_interval(9)))


@given(st.integers(0, 10**8), deffs, st.sampled_from([1, Z95, Z998, 12]))
def test_poisson_limits_contain_the_count_and_are_not_negative(x, deff, z):
    low, high = poisson_interval(x, z, deff)
    assert 0 <= low <= x < high


@given(st.integers(0, 5000))
def test_poisson_limits_rise_with_the_count(x):
    now, then = poisson_interval([x, x + 1]).low, poisson_interval([x, x + 1]).high
    assert now[0] < now[1] and then[0] < then[1]


def test_a_rate_may_exceed_its_denominator():
    assert rate(30, 20).value == 1.5
    close(rate(30, 20, deff=2), [1.5, *(np.array(poisson_interval(30, deff=2)) / 20)])
    close(rate(30, 20, z=Z998)[1:], np.array(poisson_interval(30, Z998)) / 20)


# --- directly standardised rates --------------------------------------------------------------------------------------


def test_european_standard_population_has_19_bands_and_100_000_persons():
    assert intervals.ESP2013.shape == (19,) and intervals.ESP2013.sum() == 100_000
    assert intervals.ESP2013[[0, 4, 7, 11, 18]].tolist() == [5000, 6000, 7000, 6500, 1000]
    with pytest.raises(ValueError, match="read-only"):
        intervals.ESP2013[0] = 1


def test_dsr_by_hand():
    # Weights 1 : 3, rates 10/100 and 20/400: (0.1 + 3·0.05)/4 = 0.0625; var = (10/100² + 9·20/400²)/16 = 0.0001328125
    value, low, high, reason = dsr([10, 20], [100, 400], weights=[1, 3], multiplier=1000)
    byar = np.array(poisson_interval(30)) - 30
    close([value, low, high], [62.5, *(62.5 + 1000 * (0.0001328125 / 30) ** 0.5 * byar)])
    assert reason == intervals.SHOWN


def test_dsr_of_an_equal_rate_is_that_rate():
    # 10 of 1,000 in every band: the rate is 10 per 1,000 whatever the weights, its limits Byar's of 190 stretched.
    value, low, high, _ = dsr(np.full(19, 10), np.full(19, 1000))
    weights = intervals.ESP2013 / 100_000
    spread = (np.sum(weights**2) * 10 / 1000**2 / 190) ** 0.5
    close([value, low, high], [0.01, *(0.01 + spread * (np.array(poisson_interval(190)) - 190))])


def test_dsr_design_effect_and_level_enter_through_the_limits_of_the_cases():
    spread = (0.0001328125 / 30) ** 0.5
    clustered = dsr([10, 20], [100, 400], weights=[1, 3], deff=3, z=Z998)
    close(clustered[:3], [0.0625, *(0.0625 + spread * (np.array(poisson_interval(30, Z998, 3)) - 30))])


def test_many_dsr_at_once_even_with_more_cases_than_residents():
    # (30/20 + 3·20/400)/4 = 0.4125
    result = dsr([[10, 20], [30, 20]], [[100, 400], [20, 400]], weights=[1, 3])
    close(result.value, [0.0625, 0.4125])
    close([part[0] for part in result[:3]], dsr([10, 20], [100, 400], weights=[1, 3])[:3])


def test_dsr_says_why_it_is_not_shown():
    x = [[4, 5], [5, 5], [nan, 50], [5, 0], [0, 0]]
    n = [[50, 50], [50, 50], [50, 50], [50, 0], [50, 50]]
    result = dsr(x, n, weights=[1, 1])
    assert result.reason.tolist() == [
        intervals.TOO_FEW_CASES, intervals.SHOWN, intervals.NOT_COMPUTABLE, intervals.NOT_COMPUTABLE, intervals.TOO_FEW_CASES,
    ]  # fmt: skip
    for part in result[:3]:
        assert np.isnan(part).tolist() == [True, False, True, True, True]


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(500, 9000)), min_size=10, max_size=10), st.integers(2, 50))
def test_dsr_lies_within_its_limits_and_between_its_rates_and_ignores_the_scale_of_weights(bands, factor):
    x, n = np.array(bands).T
    value, low, high, _ = dsr(x, n, weights=intervals.ESP2013[:10])
    assert low < value < high
    assert (x / n).min() * (1 - EXACT) <= value <= (x / n).max() * (1 + EXACT)
    close(dsr(x[::-1], n[::-1], weights=factor * intervals.ESP2013[9::-1])[:3], [value, low, high])


# --- means ------------------------------------------------------------------------------------------------------------


def test_mean_by_hand():
    # 1, 2, 3: sum 6, squares 14; SD 1, standard error 1/√3, t(2 df) = 4.30265272974946
    half = 4.30265272974946 / 3**0.5
    close(mean(3, 6, 14), [2, 2 - half, 2 + half], rel=1e-12)


def test_mean_with_design_effect_has_fewer_effective_values():
    # 8 values, deff 2: four effective ones, t with 3 df; variance of 1, 1, 1, 1, 3, 3, 3, 3 is 8/7
    half = stats.t.ppf(0.975, 3) * (8 / 7 / 4) ** 0.5
    close(mean(8, 16, 40, deff=2), [2, 2 - half, 2 + half])


def test_mean_of_one_value_has_no_limits_and_of_none_no_value():
    value, low, high = mean([1, 0, nan], [5, 0, 2], [25, 0, 4])
    assert np.isnan(value).tolist() == [False, True, True] and np.isnan(low).all() and np.isnan(high).all()
    assert np.isnan(mean(3, 6, 14, deff=3).low)
    half = stats.t.ppf(0.975, 0.5) / 1.5**0.5
    close(mean(3, 6, 14, deff=2), [2, 2 - half, 2 + half])


def test_mean_refuses_impossible_squares_but_forgives_rounding():
    with pytest.raises(ValueError, match="Quadratsummen"):
        mean(2, 4, 7.9)
    with pytest.raises(ValueError, match="Nenner"):
        mean(-2, 4, 8)
    third = 1e5 / 3
    close(mean(3, 3 * third, 3 * third**2 * (1 - 1e-15)), [third] * 3, rel=1e-6)


# --- differences ------------------------------------------------------------------------------------------------------


def test_newcombe_vector():
    # Newcombe (1998), table II, method 10: 56/70 − 48/80 → 0.0524, 0.3339; 9/10 − 3/10 → 0.1705, 0.8090
    close(newcombe([56, 9], [70, 10], [48, 3], [80, 10]), [[0.2, 0.6], [0.0524, 0.1705], [0.3339, 0.8090]], rel=0, atol=5e-5)


def test_newcombe_formula():
    (l1, u1), (l2, u2) = wilson(30, 90, deff=2), wilson(10, 80, deff=3)
    p1, p2 = 30 / 90, 10 / 80
    close(newcombe(30, 90, 10, 80, deff1=2, deff2=3),
          [p1 - p2, p1 - p2 - ((p1 - l1) ** 2 + (u2 - p2) ** 2) ** 0.5,
           p1 - p2 + ((u1 - p1) ** 2 + (p2 - l2) ** 2) ** 0.5])  # fmt: skip
    assert newcombe(30, 90, 10, 80, z=Z998).low < newcombe(30, 90, 10, 80).low


def test_difference_by_hand():
    # 10 (7..14) − 4 (0..6): lower 6 − sqrt(3² + 2²), upper 6 + sqrt(4² + 4²)
    close(difference((10, 7, 14), (4, 0, 6)), [6, 6 - 13**0.5, 6 + 32**0.5])


def test_rate_difference_combines_the_limits_of_both():
    first, second = rate(30, 200, 1000, deff=2), rate(12, 150, 1000, deff=3)
    close(rate_difference(30, 200, 12, 150, 1000, deff1=2, deff2=3), difference(first, second))
    assert rate_difference(30, 200, 12, 150, z=Z998).low < rate_difference(30, 200, 12, 150).low


def test_rate_difference_keeps_its_level():
    # Two equal rates of 30 and 120 expected cases: 0 is missed in at most 5 % of cases (Byar is a little wide).
    random = np.random.default_rng(1)
    x1, x2 = random.poisson(30, 20_000), random.poisson(120, 20_000)
    _, low, high = rate_difference(x1, 1, x2, 4)
    assert 0.03 < np.mean((low > 0) | (high < 0)) <= 0.05


@given(proportions(), proportions())
def test_a_difference_is_the_mirror_of_the_opposite_one(first, second):
    for function in (newcombe, rate_difference):
        value, low, high = function(*first, *second)
        assert low <= value <= high
        close(function(*second, *first), [-value, -high, -low], rel=1e-12, atol=1e-300)


def test_a_difference_to_something_unknown_is_unknown():
    for part in (*newcombe(1, 2, nan, 2), *newcombe(1, 2, 0, 0), *rate_difference(nan, 2, 1, 2)):
        assert np.isnan(part)


def test_more_than_all_are_no_share_and_have_no_interval():
    """Children in day care counted after the residents they are divided by: the value stays, the run goes on, nothing is claimed."""
    spec = importlib.util.spec_from_file_location("intervall", REPOSITORY / "dbt_project/models/intermediate/indikator/int_indikator__intervall.py")
    model = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(model)
    x, n, rest_x, rest_n = (np.array(given, dtype=float) for given in ([11, 5, 5], [10, 10, 10], [5, 11, 5], [10, 10, 10]))
    low, high, diff_low, diff_high = model.limits("wilson", x, n, None, rest_x, rest_n, None, np.ones(3))
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, False, False]
    assert np.isnan(diff_low).tolist() == np.isnan(diff_high).tolist() == [True, True, False]
