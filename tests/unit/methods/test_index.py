"""The composite index: by hand, by property, and the error rates of what a report shows for five areas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from methods import index as module
from methods.comparison import homogeneity
from methods.index import (
    HOCH, MITTEL, MITTEL_OR_BETTER, NIEDRIG, NIEDRIG_OR_WORSE, NO_DIFFERENCE, NOT_CLASSIFIED, NOT_COMPUTABLE,
    SEHR_NIEDRIG, UNDECIDED,
    assess, class_probabilities, composite, decide, dynamics, exponential, leave_one_out, logit, logit_variance,
    perturbed_weights, scale_of, shrink, status, status_dynamics,
)  # fmt: skip

nan = np.nan


def close(got, wanted, rel=1e-9, atol=1e-12):
    np.testing.assert_allclose(np.asarray(got), np.asarray(wanted), rtol=rel, atol=atol)


# --- the Berlin index -------------------------------------------------------------------------------------------------


def test_index_by_hand():
    # z of 1, 2, 3 with population SD √(2/3): ∓√1.5, 0. z of 10, 10, 40, SD √200: −1/√2, −1/√2, √2.
    # Sums S, mean 0; divided by their population SD.
    s = np.array([-(1.5**0.5) - 0.5**0.5, -(0.5**0.5), 1.5**0.5 + 2**0.5])
    close(composite([[1, 10], [2, 10], [3, 40]]), s / ((s**2).mean()) ** 0.5)


def test_an_area_with_an_unknown_value_counts_nowhere():
    full = composite([[1, 10], [2, 10], [3, 40]])
    close(composite([[1, 10], [9, nan], [2, 10], [3, 40]]), [full[0], nan, full[1], full[2]])
    assert np.isnan(composite([[nan, 1], [1, nan]])).all()


def test_an_indicator_equal_everywhere_adds_nothing_and_equal_areas_have_no_index():
    third = 1 / 3  # whose mean over many areas is not exactly itself
    close(composite([[1, third], [2, third], [3, third]]), composite([[1], [2], [3]]))
    assert np.isnan(composite([[third, 5]] * 3)).all()
    assert np.isnan(composite([[1, 2], [2, 1]])).all()  # what cancels out is equal, too


def test_several_indices_at_once():
    values = np.arange(24).reshape(2, 4, 3) ** 1.5 % 7
    values[0, 1, 2] = nan
    for method in ("z", "minmax", "exp"):
        close(composite(values, method), [composite(values[0], method), composite(values[1], method)])


def test_classes_at_their_limits():
    index = [-1.01, -1, 1, 1.01, 1.5, 1.51, nan]
    assert status(index).tolist() == [HOCH, MITTEL, MITTEL, NIEDRIG, NIEDRIG, SEHR_NIEDRIG, NOT_CLASSIFIED]
    assert dynamics(index).tolist() == ["positiv", "stabil", "stabil", "negativ", "negativ", "negativ", NOT_CLASSIFIED]
    assert status(0.0) == MITTEL


def test_twelve_groups():
    grid = np.array([-2, 0, 1.2, 2])[:, None], np.array([-2, 0, 2])
    assert status_dynamics(*grid).ravel().tolist() == [
        "1+", "1+/-", "1-", "2+", "2+/-", "2-", "3+", "3+/-", "3-", "4+", "4+/-", "4-",
    ]  # fmt: skip
    assert status_dynamics([nan, 0], [0, nan]).tolist() == [NOT_CLASSIFIED] * 2


tables = arrays(float, st.tuples(st.integers(2, 8), st.integers(1, 5)), elements=st.integers(-1000, 1000).map(float))


@given(tables)
def test_index_has_mean_0_and_sd_1_and_no_area_beyond_the_root_of_k_minus_1(values):
    index = composite(values)
    if not np.isnan(index).any():
        close([index.mean(), index.std()], [0, 1], atol=1e-6)
        assert np.abs(index).max() <= (len(values) - 1) ** 0.5 + 1e-6


@given(tables, st.integers(1, 50), st.integers(-20, 20), st.randoms(use_true_random=False))
def test_index_does_not_depend_on_units_or_on_the_order_of_areas_and_indicators(values, factor, shift, random):
    index = composite(values)
    areas, columns = list(range(values.shape[0])), list(range(values.shape[1]))
    random.shuffle(areas), random.shuffle(columns)
    close(composite((values * factor + shift)[areas][:, columns]), index[areas], rel=1e-5, atol=1e-5)


# --- weights, groups, other scales, anchors ---------------------------------------------------------------------------

VALUES = np.array([[1, 10, 5], [2, 10, 1], [3, 40, 2], [5, 20, 9]], dtype=float)
Z = (VALUES - VALUES.mean(axis=0)) / VALUES.std(axis=0)


def test_weights_and_groups():
    score = Z @ [2, 1, 0]
    close(composite(VALUES, weights=[2, 1, 0]), score / score.std())
    # two groups: mean of the first two, the third alone, weighted 1 : 3
    score = Z[:, :2].mean(axis=1) + 3 * Z[:, 2]
    grouped = {"groups": ["a", "a", "b"], "group_weights": {"a": 1, "b": 3}}
    close(composite(VALUES, **grouped), score / score.std())
    close(composite(VALUES, **grouped | {"group_weights": {"a": 0.25, "b": 0.75}}), score / score.std())
    close(composite(VALUES, groups=["a", "a", "b"], group_weights={"a": 0, "b": 1}), Z[:, 2])
    # equal groups by default, weights inside a group count there only
    score = Z[:, :2] @ [0.75, 0.25] + Z[:, 2]
    close(composite(VALUES, weights=[6, 2, 100], groups=["a", "a", "b"]), score / score.std())


@pytest.mark.parametrize("how, message", [({"weights": [1, -1, 1]}, "Gewichte dürfen"),
                                          ({"groups": ["a", "b", "b"], "weights": [0, 1, 1]}, "positives Gewicht"),
                                          ({"groups": ["a", "b", "b"], "group_weights": {"a": -1, "b": 3}}, "Gruppen"),
                                          ({"method": "rank"}, "Methode"),
                                          ({"method": "exp", "anchor": scale_of(VALUES)}, "verankern")])  # fmt: skip
def test_what_no_index_can_be_made_of(how, message):
    with pytest.raises(ValueError, match=message):
        composite(VALUES, **how)


def test_minmax_by_hand():
    # 0, ¼, ½, 1; 0, 0, 1, ⅓; ½, 0, ⅛, 1
    wanted = np.array([0.5, 0.25, 1.625, 2 + 1 / 3]) / 3
    close(composite(VALUES, "minmax"), wanted)
    close(composite([*VALUES, [99, nan, 1]], "minmax"), [*wanted, nan])
    close(composite([[1, 7], [3, 7]], "minmax"), [0, 0.5])  # equal everywhere adds nothing


def test_exponential_vectors():
    close(exponential([0.9, 1]), [50.426654274, 100], rel=2e-11)
    close(exponential(0), 0)
    for impossible in (-0.1, 1.1):
        with pytest.raises(ValueError, match="Ränge"):
            exponential(impossible)


def test_exponential_index_by_hand():
    # one group per indicator, ranks of 4: 1 2 3 4; 1.5 1.5 4 3; 3 1 2 4
    ranks = np.array([[1, 1.5, 3], [2, 1.5, 1], [3, 4, 2], [4, 3, 4]]) / 4
    groups = [0, 1, 2]
    close(composite(VALUES, "exp", groups=groups), exponential(ranks).mean(axis=1))
    close(composite([*VALUES, [99, nan, 1]], "exp", groups=groups), [*exponential(ranks).mean(axis=1), nan])
    assert composite(VALUES, "exp").max() == pytest.approx(100)


def test_anchored_on_itself_is_not_anchored_and_a_shift_moves_all():
    base, how = VALUES, {"weights": [2, 1, 1], "groups": ["a", "a", "b"], "group_weights": {"a": 1, "b": 4}}
    for method in ("z", "minmax"):
        anchor = scale_of(base, method, **how)
        close(composite(base, method, anchor=anchor, **how), composite(base, method, **how))
    # by hand: anchor mean 2 and SD 1 of one indicator; index = z / SD(z) = v − 2
    close(composite([[2], [3], [7]], anchor=scale_of([[1], [3]])), [0, 1, 5])
    close(composite([[2], [3], [7]], "minmax", anchor=scale_of([[1], [3]], "minmax")), [0.5, 1, 3])
    # two indicators that run alike: the sum's SD is twice the single one's
    close(composite([[2, 2], [3, 3]], anchor=scale_of([[1, 1], [3, 3]])), [0, 1])


def test_an_anchor_shows_change_that_a_relative_index_hides():
    worse = VALUES + 10
    close(composite(worse), composite(VALUES))
    assert (composite(worse, anchor=scale_of(VALUES)) > composite(VALUES)).all()


# --- shrinkage --------------------------------------------------------------------------------------------------------


def test_logit_and_its_variance():
    close(logit([0, 3, 10], [10, 10, 10]), [np.log(0.5 / 10.5), np.log(3.5 / 7.5), np.log(10.5 / 0.5)])
    close(logit_variance([3, 0], [10, 10]), [11 * 12 / (10 * 4 * 8), 11 * 12 / (10 * 1 * 11)])
    assert np.isnan(logit_variance(0, 0))


def test_shrink_by_hand():
    r, n = np.array([100, 200, 300]), np.array([1000, 1000, 1000])
    m, s2 = logit(r, n), logit_variance(r, n)
    t2 = m.var(ddof=1) - s2.mean()
    w = (1 / s2) / (1 / s2 + 1 / t2)
    shrunken = w * m + (1 - w) * np.log(600.5 / 2400.5)
    close(shrink(r, n), 1 / (1 + np.exp(-shrunken)))
    close(shrink([200, 400, 600], [2000] * 3, deff=2), shrink(r, n))
    close(shrink([100, nan, 200, 0, 300], [1000, 5, 1000, 0, 1000]), [*shrink(r, n)[:1], nan, shrink(r, n)[1], nan, shrink(r, n)[2]])


def test_a_count_without_its_denominator_shrinks_nothing():
    close(shrink([100, 200, 300, 900], [1000, 1000, 1000, nan]), [*shrink([100, 200, 300], [1000] * 3), nan])


def test_shrink_takes_every_row_for_itself():
    r, n = np.array([[100, 200, 300], [10, 60, 20]]), np.array([[1000, 1000, 1000], [500, 600, 700]])
    close(shrink(r, n), [shrink(r[0], n[0]), shrink(r[1], n[1])])


def test_equal_areas_shrink_to_the_pooled_rate():
    close(shrink([99, 100, 101], [1000] * 3), np.full(3, 300.5 / 3001))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(50, 5000)), min_size=2, max_size=12), st.integers(1, 9))
def test_shrunken_rates_lie_between_the_area_and_the_town(areas, deff):
    r, n = np.array(areas, dtype=float).T
    own = 1 / (1 + np.exp(-logit(r / deff, n / deff)))
    pooled = (r.sum() / deff + 0.5) / (n.sum() / deff + 1)
    rates = shrink(r, n, deff)
    assert (np.minimum(own, pooled) - 1e-12 <= rates).all() and (rates <= np.maximum(own, pooled) + 1e-12).all()


# --- probabilities and decision ---------------------------------------------------------------------------------------


def test_class_probabilities_add_up_are_seeded_and_leave_unknown_areas_out():
    x, n = np.array([[100, 50], [200, 90], [nan, 80], [300, 0], [350, 99]]), np.full((5, 2), 1000.0)
    n[3, 1] = 0
    first, again, other = (class_probabilities(x, n, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other, equal_nan=True)
    assert first.shape == (5, 4) and np.isnan(first[[2, 3]]).all()
    close(first[[0, 1, 4]].sum(axis=1), 1)


def test_class_probabilities_of_clear_differences_are_certain():
    # z of five evenly spaced rates: ∓√2, ∓1/√2, 0
    x = np.array([[1], [2], [3], [4], [5]]) * 100_000.0
    n = np.full((5, 1), 1_000_000.0)
    wanted = np.eye(4)[[0, 1, 1, 1, 2]]
    np.testing.assert_array_equal(class_probabilities(x, n, seed=1), wanted)
    np.testing.assert_array_equal(class_probabilities(x, n, seed=1, direction=-1), wanted[::-1])
    # against an anchor of mean 0.1 and SD 0.1 the index is 0, 1, 2, 3, 4, the second area on the border
    anchored = class_probabilities(x, n, seed=1, anchor=scale_of([[0.0], [0.2]]))
    np.testing.assert_array_equal(anchored[[0, 2, 3, 4]], np.eye(4)[[1, 3, 3, 3]])
    assert 0.3 < anchored[1, 2] < 0.7


def test_class_probabilities_use_effective_counts_and_shrunken_rates():
    x, n = np.array([[100], [130], [150], [170], [200]]), np.full((5, 1), 1000)
    sure, clustered = class_probabilities(x, n, seed=1), class_probabilities(x, n, seed=1, deff=4)
    assert sure[4, 2:].sum() > clustered[4, 2:].sum() + 0.1
    close(clustered, class_probabilities(x, n, seed=1, deff=np.full((5, 1), 4)))
    # deff 4 is a quarter of the counts, to the draw
    close(clustered, class_probabilities(x / 4, n / 4, seed=1))
    # areas equal but for chance are equal in the bootstrap: no area is surely anything
    equal = class_probabilities([[99], [100], [100], [100], [101]], n, seed=1, draws=4000)
    assert np.ptp(equal, axis=0).max() < 0.04 and equal.max() < 0.8


def test_decision_shows_the_sharpest_statement_that_is_sure():
    probabilities = [[0.9, 0.1, 0, 0], [0.1, 0.8, 0.1, 0], [0.4, 0.5, 0.1, 0], [0, 0.2, 0.7, 0.1], [0, 0.1, 0.1, 0.8],
                     [0.1, 0.3, 0.3, 0.3], [nan] * 4, [0.8, 0.2, 0, 0], [0.4, 0.4, 0.2, 0]]  # fmt: skip
    shown = [HOCH, MITTEL, MITTEL_OR_BETTER, NIEDRIG_OR_WORSE, SEHR_NIEDRIG, UNDECIDED, NOT_COMPUTABLE, HOCH, MITTEL_OR_BETTER]
    assert decide([0.01, 0.9], probabilities).tolist() == shown
    assert decide(None, probabilities).tolist() == shown  # anchored: no gate
    assert decide([0.01, nan], probabilities).tolist() == shown


def test_decision_without_proven_differences():
    probabilities = [[0, 0, 0, 1.0], [nan] * 4]
    # 0.03 of two indicators is 0.06 after adjustment
    assert decide([0.03, 0.5], probabilities).tolist() == [NO_DIFFERENCE, NOT_COMPUTABLE]
    assert decide([0.025, 0.5], probabilities).tolist() == [SEHR_NIEDRIG, NOT_COMPUTABLE]
    assert decide([0.03, 0.5], probabilities, level=0.1).tolist() == [SEHR_NIEDRIG, NOT_COMPUTABLE]
    assert decide([0.01], [[0, 0.1, 0.5, 0.4]], sure=0.95).tolist() == [UNDECIDED]
    assert decide([nan, nan], probabilities).tolist() == [NOT_COMPUTABLE] * 2


def test_assess_puts_the_parts_together():
    x = np.array([[100, 30], [150, 31], [160, 29], [170, 30], [260, 32]])
    n, deff = np.full((5, 2), 1000), [2, 1]
    result = assess(x, n, seed=7, deff=deff, draws=200)
    close(result.index, composite(x / n))
    p = [stats.chi2.sf(sum((x[:, 0] - 168) ** 2 / (168 * 0.832)) / 2, 4), stats.chi2.sf(sum((x[:, 1] - 30.4) ** 2 / (30.4 * 0.9696)), 4)]
    close(result.p, stats.false_discovery_control(p))
    close(result.probabilities, class_probabilities(x, n, 7, deff, 200))
    assert result.shown.tolist() == decide(p, result.probabilities).tolist()
    turned = assess(x, n, seed=7, deff=deff, draws=200, direction=-1, weights=[2, 1])
    close(turned.index, -composite(x / n, weights=[2, 1]))
    close(turned.probabilities, class_probabilities(x, n, 7, deff, 200, direction=-1, weights=[2, 1]))
    plain = assess(x, n, seed=7)
    close(plain.probabilities, class_probabilities(x, n, 7, deff=1, draws=1000, direction=1))
    close(plain.p[0], stats.false_discovery_control(homogeneity(x.T, n.T).p)[0])


def test_an_anchored_index_may_find_all_areas_low_without_differences_between_them():
    x, n = np.full((5, 2), 300), np.full((5, 2), 1000)
    anchor = scale_of([[0.1, 0.1], [0.2, 0.15]])
    assert assess(x, n, seed=1, anchor=anchor).shown.tolist() == [SEHR_NIEDRIG] * 5
    x[0] += 1
    assert assess(x, n, seed=1).shown.tolist() == [NO_DIFFERENCE] * 5
    assert assess(x, n, seed=1, level=1, sure=0).shown.tolist() == [SEHR_NIEDRIG] * 5  # the arguments arrive


# --- error rates of what a report shows -------------------------------------------------------------------------------

# Residents 0 to 65, all residents, children under 15: what S1, S3 and S4 of the MSS are counted over, of 11,200.
BASES = np.array([7_400, 9_000, 1_500])
# S1, S3, S4 in percent of the Bezirke at the 10th, 30th, 50th, 70th and 90th percentile of the status index
# (nearest rank of 12): Pankow, Treptow-Köpenick, Lichtenberg, Reinickendorf, Mitte. MSS 2021, table 2-3.
BEZIRKE = np.array([[3.48544, 6.45215, 11.96328], [4.30778, 7.93294, 19.39106], [5.27787, 11.28667, 27.50552],
                    [5.75838, 13.65309, 33.50754], [6.68137, 15.98602, 38.85206]]) / 100  # fmt: skip
LOW = (NIEDRIG_OR_WORSE, SEHR_NIEDRIG)
REPETITIONS = 1000


def shown(town, rates, bases, deff):
    """What the report shows in 1,000 repetitions, shape (1000, 5), and the index without any decision."""
    bases = np.broadcast_to(bases, (5, 3))
    x, n = town.counts(bases, rates, REPETITIONS), town.residents(bases)
    return np.array([assess(one, n, seed, deff, draws=300).shown for seed, one in enumerate(x)]), composite(x / n)


@pytest.mark.parametrize("bases", [11_200, BASES])
def test_five_equal_areas_are_hardly_ever_called_low(town, bases):
    """Without the decision nine years of ten have an area "niedrig" or worse; with it at most one of twenty."""
    result, index = shown(town, BEZIRKE[2], bases, town.deff)
    print(f"equal areas, bases {bases}: low without decision {(index > 1).any(axis=1).mean():.1%}, shown {np.isin(result, LOW).any(axis=1).mean():.1%} (1,000 towns)")
    assert (index > 1).any(axis=1).mean() > 0.85
    assert np.isin(result, LOW).any(axis=1).mean() <= 0.05
    assert (result == NO_DIFFERENCE).all(axis=1).mean() >= 0.92


def test_indicators_that_count_the_same_households_do_not_break_the_rate(town):
    """S3 and S4 share their persons: the worst case is three indicators that are one."""
    n = np.repeat(town.residents(np.full(5, 11_200))[:, None], 3, axis=1)
    x = np.repeat(town.counts(np.full(5, 11_200), 0.12, REPETITIONS)[..., None], 3, axis=2)
    result = np.array([assess(one, n, seed, town.deff, draws=300).shown for seed, one in enumerate(x)])
    print(f"equal areas, three indicators that are one: low shown {np.isin(result, LOW).any(axis=1).mean():.1%} (1,000 towns)")
    assert np.isin(result, LOW).any(axis=1).mean() <= 0.05


@pytest.mark.parametrize("bases", [11_200, BASES])
def test_the_worst_of_five_bezirke_is_found_and_the_best_never_called_low(town, bases):
    result, _ = shown(town, BEZIRKE, bases, town.deff)
    print(f"MSS 2021, bases {bases}: worst found {np.isin(result[:, 4], LOW).mean():.1%}, best called low {np.isin(result[:, 0], LOW).sum()} times, called high {(result[:, 0] == HOCH).mean():.1%} (1,000 towns)")
    assert np.isin(result[:, 4], LOW).mean() >= 0.8
    assert not np.isin(result[:, 0], LOW).any()
    assert (result[:, 0] == HOCH).mean() >= 0.8


def test_without_the_design_effect_the_rate_would_not_hold(town):
    x, n = town.counts(np.full((5, 3), 11_200), BEZIRKE[2], REPETITIONS), town.residents(np.full((5, 3), 11_200))
    result = np.array([assess(one, n, seed, deff=1, draws=300).shown for seed, one in enumerate(x[:300])])
    assert (result == NO_DIFFERENCE).all(axis=1).mean() < 0.4


# --- robustness -------------------------------------------------------------------------------------------------------


def test_leave_one_out():
    result = leave_one_out(VALUES)
    assert result.shape == (3, 4)
    close(result[1], composite(VALUES[:, [0, 2]]))
    close(leave_one_out(VALUES, weights=[1, 2, 3])[0], composite(VALUES[:, 1:], weights=[2, 3]))
    four, groups = np.column_stack([VALUES, VALUES[:, 0] ** 2]), ["a", "a", "a", "b"]
    close(leave_one_out(four, groups=groups, method="minmax")[2],
          composite(four[:, [0, 1, 3]], "minmax", groups=["a", "a", "b"]))  # fmt: skip


def test_perturbed_weights():
    first = perturbed_weights(VALUES, seed=1)
    np.testing.assert_array_equal(first, perturbed_weights(VALUES, seed=1))
    assert not np.array_equal(first, perturbed_weights(VALUES, seed=2))
    assert first.shape == (4, 4) and np.isnan(perturbed_weights([[1, nan], [1, 2], [2, 3], [4, 4]], seed=1)[0]).all()
    close(first.sum(axis=1), 1)
    # without perturbation, and with one indicator, every area keeps its class
    certain = perturbed_weights(VALUES, seed=1, spread=0, weights=[2, 1, 0])
    names = np.array(module.STATUS)[certain.argmax(axis=1)]
    assert names.tolist() == status(composite(VALUES, weights=[2, 1, 0])).tolist() and (certain.max(axis=1) == 1).all()
    close(perturbed_weights(VALUES[:, :1], seed=1).max(axis=1), 1)


def test_perturbed_weights_are_classes_under_drawn_factors():
    factors = np.random.default_rng(3).uniform(0.2, 1.8, size=(40, 1, 3))[:, 0]
    how = {"groups": ["a", "b", "b"], "group_weights": {"a": 3, "b": 1}}
    drawn = np.array([status(composite(VALUES, weights=[1, 2, 3] * factor, **how)) for factor in factors])
    wanted = np.stack([(drawn == name).mean(axis=0) for name in module.STATUS], axis=1)
    assert 0 < wanted[(wanted > 0) & (wanted < 1)].size  # the draws matter
    close(perturbed_weights(VALUES, seed=3, spread=0.8, weights=[1, 2, 3], draws=40, **how), wanted)
