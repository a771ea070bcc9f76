"""Counts on other areas: examples small enough to do on paper, and what must hold for any areas."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods import boundaries
from methods.boundaries import Step, carry, compose, from_links, rake, to_newest, without_slivers

OLD, NEW = ["A", "B", "C"], ["x", "y", "z"]


def three(basis="estimated"):
    """A lies in x (30 ha) and y (10 ha); B (20 ha) went to y and C (5 ha) to z as they were: A -> 3/4, 1/4."""
    return from_links(OLD, NEW, ["A", "A", "B", "C"], ["x", "y", "y", "z"], [30, 10, 20, 5], basis)


def split(*weights):
    """One old area divided into as many new ones as there are weights."""
    return from_links(["A"], NEW[: len(weights)], ["A"] * len(weights), NEW[: len(weights)], weights)


def dense(crosswalk):
    return crosswalk.weights.toarray()


class TestLinks:
    def test_weights_add_up_per_old_area(self):
        assert dense(three()).tolist() == [[0.75, 0.25, 0], [0, 1, 0], [0, 0, 1]]

    @pytest.mark.parametrize("basis", ["estimated", "weighted"])
    def test_only_whole_areas_are_exact(self, basis):
        # y has all of B, but also a piece of A.
        assert three(basis).flags.tolist() == [basis, basis, "exact"]

    def test_union_of_whole_areas_is_exact(self):
        assert from_links(["A", "B"], ["x"], ["A", "B"], ["x", "x"], [3, 9]).flags.tolist() == ["exact"]

    def test_pieces_of_one_overlap_are_added_and_empty_ones_forgotten(self):
        crosswalk = from_links(["A"], ["x", "y"], ["A", "A", "A"], ["x", "y", "x"], [2, 1, 1])
        assert dense(crosswalk).tolist() == [[0.75, 0.25]]
        whole = from_links(["A", "B"], ["x", "y"], ["A", "A", "B"], ["x", "y", "y"], [4, 0, 1])
        assert whole.flags.tolist() == ["exact", "exact"] and whole.weights.nnz == 2

    @pytest.mark.parametrize(
        ("links", "rule"),
        [
            ((["A"], ["x"], ["Q"], ["x"], [1]), "nur bekannte Gebietsschlüssel"),
            ((["A"], ["x"], ["A"], ["q"], [1]), "nur bekannte Gebietsschlüssel"),
            ((["A", "A"], ["x"], ["A"], ["x"], [1]), "nur einmal vorkommen"),
            ((["A"], ["x", "x"], ["A"], ["x"], [1]), "nur einmal vorkommen"),
            ((["A"], ["x"], ["A"], ["x"], [-1]), "nicht negativ"),
            ((["A"], ["x"], ["A"], ["x"], [np.nan]), "bekannt"),
            ((["A"], ["x"], ["A"], ["x"], [np.inf]), "endlich"),
            ((["A", "B"], ["x"], ["A"], ["x"], [1]), "Jedes alte Gebiet"),
            ((["A"], ["x", "y"], ["A"], ["x"], [1]), "Jedes neue Gebiet"),
            ((["A"], ["x", "y"], ["A", "A"], ["x", "y"], [1, 0]), "Jedes neue Gebiet"),
            ((["A"], ["x"], ["A"], ["x"], [1], "exact"), "ist weighted oder estimated, nicht 'exact'"),
        ],
    )
    def test_refuses(self, links, rule):
        with pytest.raises(ValueError, match=rule):
            from_links(*links)


class TestCarry:
    def test_three_rows(self):
        # x = 3/4·100, y = 1/4·100 + 40, z = 7
        assert carry(three(), [100, 40, 7]).tolist() == [75, 65, 7]

    def test_several_kinds_at_once(self):
        assert carry(three(), [[100, 4], [40, 8], [7, 0]]).tolist() == [[75, 3], [65, 9], [7, 0]]

    def test_unknown_stays_unknown_where_it_may_have_gone(self):
        np.testing.assert_array_equal(carry(three(), [np.nan, 40, 7]), [np.nan, np.nan, 7])
        np.testing.assert_array_equal(carry(three(), [100, None, 7]), [75, np.nan, 7])

    @pytest.mark.parametrize(
        ("counts", "rule"),
        [
            ([0.3, 1, 1], "Anteile nie"),
            ([-1, 1, 1], "nicht negativ"),
            ([np.inf, 1, 1], "endlich"),
            ([1, 1], "je altem Gebiet"),
            (5, "je altem Gebiet"),
        ],
    )
    def test_refuses_what_is_no_count(self, counts, rule):
        with pytest.raises(ValueError, match=rule):
            carry(three(), counts)


class TestRake:
    def test_growth_moves_nobody(self):
        # A, B, x, y belong together: 140 before, 88 + 66 = 154 after. Without the growth x 80, y 60: A gives x 80 of
        # its 100, and y gets 20 + B's 40. C grew from 7 to 9 on its own.
        raked = rake(three(), [100, 40, 7], [88, 66, 9])
        np.testing.assert_allclose(dense(raked), [[0.8, 0.2, 0], [0, 1, 0], [0, 0, 1]], atol=1e-12)
        assert raked.flags.tolist() == ["weighted", "weighted", "exact"]
        np.testing.assert_allclose(carry(raked, [10, 5, 3]), [8, 7, 3], atol=1e-9)

    def test_contradicting_counts_end_on_the_old_ones(self):
        # y can get no more than B's 50 although 60 are counted there, so it gets all of them.
        crosswalk = from_links(["A", "B"], ["x", "y"], ["A", "B", "B"], ["x", "x", "y"], [1, 1, 1])
        raked = rake(crosswalk, [100, 50], [90, 60])
        np.testing.assert_allclose(carry(raked, [100, 50]), [100, 50], atol=1e-6)
        assert raked.flags.tolist() == ["weighted", "weighted"]

    def test_an_area_found_empty_is_not_exact_and_neither_is_its_neighbour(self):
        # Nobody in y today says little about another year: the overlap is remembered with weight 0.
        raked = rake(split(1, 1), [100], [70, 0])
        assert dense(raked).tolist() == [[1, 0]] and raked.weights.nnz == 2
        assert raked.flags.tolist() == ["weighted", "weighted"]
        assert compose(from_links(["a"], ["A"], ["a"], ["A"], [1]), raked).flags.tolist() == ["weighted", "weighted"]

    def test_an_uninhabited_old_area_follows_its_neighbours_factors(self):
        # B is empty: x gets 80 of A's 100 (factor 8/5 on 50) and y 20 (2/5), so B's halves become 4/5 and 1/5.
        crosswalk = from_links(["A", "B"], ["x", "y"], ["A", "A", "B", "B"], ["x", "y"] * 2, [1] * 4)
        np.testing.assert_allclose(dense(rake(crosswalk, [100, 0], [8, 2])), [[0.8, 0.2], [0.8, 0.2]], atol=1e-12)

    def test_old_area_whose_successors_are_all_found_empty_keeps_its_weights(self):
        crosswalk = from_links(["A", "B"], NEW, ["A", "A", "B", "B"], ["x", "y", "y", "z"], [1, 3, 1, 1])
        raked = rake(crosswalk, [40, 10], [0, 0, 5])
        np.testing.assert_allclose(dense(raked), [[0.25, 0.75, 0], [0, 0, 1]], atol=1e-12)

    @pytest.mark.parametrize(
        ("old", "new"), [([None], [5, 5]), ([100], [None, 5]), ([0], [5, 5]), ([100], [0, 0])]
    )
    def test_unknown_or_empty_counts_teach_nothing(self, old, new):
        raked = rake(split(1, 3), old, new)
        assert dense(raked).tolist() == [[0.25, 0.75]]
        assert raked.flags.tolist() == ["estimated", "estimated"]

    def test_what_is_unknown_elsewhere_does_not_stop_the_rest(self):
        crosswalk = from_links(["A", "B"], ["w", "x", "y", "z"], ["A", "A", "B", "B"], ["w", "x", "y", "z"], [1] * 4)
        raked = rake(crosswalk, [None, 100], [1, 2, 30, 10])
        np.testing.assert_allclose(dense(raked), [[0.5, 0.5, 0, 0], [0, 0, 0.75, 0.25]], atol=1e-12)
        assert raked.flags.tolist() == ["estimated", "estimated", "weighted", "weighted"]

    def test_small_groups_lean_on_all_residents(self):
        # All residents: 4/5, 1/5. Group of 20, expected 16 and 4, counted 24 and 16, without its growth 12 and 8.
        # 4 persons of prior: 16·(12 + 4)/(16 + 4) = 12.8 and 4·(8 + 4)/(4 + 4) = 6, of 18.8. Without prior: 12 and 8.
        both = rake(split(1, 9), [100], [80, 20])
        np.testing.assert_allclose(dense(both), [[0.8, 0.2]], atol=1e-12)
        np.testing.assert_allclose(dense(rake(both, [20], [24, 16], 4)), [[12.8 / 18.8, 6 / 18.8]], atol=1e-12)
        np.testing.assert_allclose(dense(rake(both, [20], [24, 16])), [[0.6, 0.4]], atol=1e-12)

    def test_one_person_is_enough(self):
        assert dense(rake(split(1, 1), [1], [0, 1])).tolist() == [[0, 1]]

    @pytest.mark.parametrize(
        ("old", "new", "rule"),
        [([1, 2], [1, 1], "1 Anzahlen"), ([1], [1], "2 Anzahlen"), ([-1], [1, 1], "negativ"), ([1], [1, np.inf], "endlich")],
    )
    def test_refuses(self, old, new, rule):
        with pytest.raises(ValueError, match=rule):
            rake(split(1, 1), old, new)


class TestSlivers:
    @staticmethod
    def border(weight=0.005):
        """A is x but for a strip that fell to y; B is y."""
        return from_links(["A", "B"], ["x", "y"], ["A", "A", "B"], ["x", "y", "y"], [1 - weight, weight, 1])

    def test_a_sliver_of_both_goes(self):
        # 5 of A's 1,000 (0.5 %) and of y's 1,005 (0.498 %).
        clean = without_slivers(self.border(), [1000, 1000])
        assert dense(clean).tolist() == [[1, 0], [0, 1]] and clean.weights.nnz == 2
        assert clean.flags.tolist() == ["exact", "exact"]

    def test_a_sliver_of_the_old_that_matters_to_the_new_stays(self):
        # 5 of y's 105 are 4.8 %.
        kept = without_slivers(self.border(), [1000, 100])
        assert kept.weights.nnz == 3 and kept.flags.tolist() == ["estimated", "estimated"]

    def test_a_small_part_of_the_new_that_matters_to_the_old_stays(self):
        # 6 % of A's 10 people are 0.6 of y's 1,000.6.
        assert without_slivers(self.border(0.06), [10, 1000]).weights.nnz == 3

    @pytest.mark.parametrize(("tolerance", "links"), [(0.25, 3), (0.2501, 2)])
    def test_the_tolerance_itself_is_no_sliver(self, tolerance, links):
        # 25 of A's 100, of y's 1,025.
        assert without_slivers(self.border(0.25), [100, 1000], tolerance).weights.nnz == links

    @pytest.mark.parametrize(("tolerance", "links"), [(0.25, 3), (0.2501, 2)])
    def test_neither_is_it_one_of_the_new_area(self, tolerance, links):
        # An eighth of A's 200 is a quarter of y's 100.
        assert without_slivers(self.border(0.125), [200, 75], tolerance).weights.nnz == links

    def test_the_largest_overlap_of_every_area_stays(self):
        # y is only 0.5 % of A's land, but it has nothing else.
        only = from_links(["A"], ["x", "y"], ["A", "A"], ["x", "y"], [0.995, 0.005])
        assert without_slivers(only, [1000]).weights.nnz == 2
        # A fell into three parts of z; each is small for A and for z, the largest remains.
        parts = from_links(["A", "B"], NEW, ["A"] * 3 + ["B"] * 3, NEW * 2, [2, 3, 4, 1, 1, 1])
        kept = dense(without_slivers(parts, [1, 1000], tolerance=0.9))
        assert kept[0].tolist() == [0, 0, 1] and np.count_nonzero(kept[1]) == 3

    @pytest.mark.parametrize("size", [[None, 1000], [0, 0]])
    def test_nothing_is_dropped_from_an_area_of_unknown_or_no_size(self, size):
        assert without_slivers(self.border(), size).weights.nnz == 3

    def test_evidence_rises_where_people_would_be_lost(self):
        # A 1,000 and B 100. 60 of A's 1,000 (6 %) fell to y: x 940, y 160. Kept, 1,100 meet 1,100. Dropped, A's 1,000
        # meet 940 (−6 %) and B's 100 meet 160: all residents are in areas that do not fit.
        shares = boundaries.sliver_evidence(self.border(0.06), [1000, 100], [940, 160], [0.01, 0.5])
        assert shares.tolist() == [0, 1]

    def test_evidence_forgives_growth_of_the_town_and_what_is_unknown(self):
        # The same, doubled, and an area C of which nothing is known afterwards.
        links = (["A", "B", "C"], NEW, ["A", "A", "B", "C"], ["x", "y", "y", "z"], [0.94, 0.06, 1, 1])
        shares = boundaries.sliver_evidence(from_links(*links), [1000, 100, 9], [1880, 320, None], [0.01, 0.5])
        assert shares.tolist() == [0, 1]
        # A tolerated change of 6 % leaves y alone: 320 of 2,200.
        shares = boundaries.sliver_evidence(from_links(*links), [1000, 100, 9], [1880, 320, None], [0.5], growth=0.061)
        assert shares == pytest.approx([320 / 2200])

    def test_evidence_of_areas_only_divided(self):
        assert boundaries.sliver_evidence(split(1, 1), [10], [7, 5], [0.01]).tolist() == [0]

    def test_growth_up_to_the_limit_fits(self):
        # Without the strip A's 1,600 meet 1,500, a sixteenth less; B's 100 meet 200 of 1,700.
        shares = boundaries.sliver_evidence(self.border(0.06), [1600, 100], [1500, 200], [0.5], growth=1 / 16)
        assert shares == pytest.approx([200 / 1700])


class TestCompose:
    def test_weights_multiply(self):
        # A -> m 0.4, n 0.6; n -> x 0.5, y 0.5: A -> x 0.4 + 0.3, y 0.3.
        first = from_links(["A"], ["m", "n"], ["A", "A"], ["m", "n"], [4, 6], "weighted")
        second = from_links(["m", "n"], ["x", "y"], ["m", "n", "n"], ["x", "x", "y"], [1, 1, 1])
        both = compose(first, second)
        np.testing.assert_allclose(dense(both), [[0.7, 0.3]], atol=1e-15)
        assert both.flags.tolist() == ["estimated", "estimated"]

    def test_the_worst_flag_wins_from_either_side(self):
        weighted = from_links(["A", "B"], NEW, ["A", "A", "B"], NEW, [1, 1, 1], "weighted")
        same = from_links(NEW, NEW, NEW, NEW, [1, 1, 1])
        assert compose(weighted, same).flags.tolist() == ["weighted", "weighted", "exact"]
        estimated = from_links(OLD, NEW, ["A", "A", "B", "C"], ["x", "y", "y", "z"], [1] * 4)
        assert compose(estimated, from_links(NEW, ["u", "v"], NEW, ["u", "v", "v"], [1] * 3)).flags.tolist() == ["estimated"] * 2

    def test_what_comes_together_again_is_exact(self):
        apart = split(0.37, 0.63)
        together = from_links(["x", "y"], ["A"], ["x", "y"], ["A", "A"], [1, 1])
        both = compose(apart, together)
        assert both.flags.tolist() == ["exact"] and dense(both).tolist() == [[1]]

    def test_refuses_versions_that_do_not_meet(self):
        with pytest.raises(ValueError, match="endet nicht"):
            compose(split(1, 1), split(1, 1))


class TestError:
    def test_misallocated(self):
        # Missing: 0 + 3 + 0 of 60 published; the area never published does not count.
        assert boundaries.misallocated([10, 20, 30, None], [12, 17, 31, 5]) == pytest.approx(3 / 60)

    def test_misallocated_is_unknown_where_something_is(self):
        assert np.isnan(boundaries.misallocated([10, 20], [10, None]))
        assert np.isnan(boundaries.misallocated([0, 0], [0, 0]))
        with pytest.raises(ValueError, match="nicht negativ"):
            boundaries.misallocated([-1, 2], [1, 2])

    def test_resting_on_change(self):
        # A: 0.75 -> 0.69, six points. B and C are whole.
        areal = three()
        other = from_links(OLD, NEW, ["A", "A", "B", "C"], ["x", "y", "y", "z"], [69, 31, 1, 1])
        assert boundaries.resting_on_change(areal, other, [30, 50, 20]) == pytest.approx(0.3)
        assert boundaries.resting_on_change(areal, other, [30, 50, 20], points=0.07) == 0
        assert boundaries.resting_on_change(areal, other, [30, None, 20]) == pytest.approx(0.6)
        assert boundaries.resting_on_change(areal, areal, [30, 50, 20]) == 0
        # 1/2 -> 3/4 is a quarter and not more than that.
        assert boundaries.resting_on_change(split(1, 1), split(3, 1), [8], points=0.25) == 0

    def test_drift(self):
        # 100 people; after 1 year 3 of them are elsewhere, after 2 years 4: (1·0.03 + 2·0.04) / (1 + 4).
        years = [split(50, 50), split(53, 47), split(46, 54)]
        assert boundaries.drift(years, [2021.5, 2022.5, 2023.5], [100]) == pytest.approx(0.11 / 5)
        assert boundaries.drift(years, [2020, 2019, 2018], [100]) == pytest.approx(0.11 / 5)
        with pytest.raises(ValueError, match="zwei verschiedene Stichtage"):
            boundaries.drift(years[:1], [2021.5], [100])


@st.composite
def towns(draw):
    """Any crosswalk of up to six areas a side, with residents before and after."""
    n_old, n_new = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    weight = np.array(draw(st.lists(st.integers(0, 50), min_size=n_old * n_new, max_size=n_old * n_new)), dtype=float)
    weight = weight.reshape(n_old, n_new)
    for i in range(max(n_old, n_new)):  # everybody has a counterpart
        weight[i % n_old, i % n_new] += 1
    people = st.integers(0, 20_000)
    old = draw(st.lists(people, min_size=n_old, max_size=n_old))
    new = draw(st.lists(people, min_size=n_new, max_size=n_new))
    return weight, np.array(old), np.array(new)


def crosswalk_of(weight):
    row, column = np.nonzero(weight)
    n_old, n_new = weight.shape
    return from_links(range(n_old), range(n_new), row, column, weight[row, column])


def worked(weight, old, new):
    """The whole way: slivers dropped, raked for all, raked for a group that is a third of them."""
    everyone = rake(without_slivers(crosswalk_of(weight), old, 0.05), old, new)
    return everyone, rake(everyone, old // 3, new // 3, boundaries.GROUP_PRIOR)


@settings(max_examples=60, deadline=None)
@given(towns())
def test_totals_are_preserved_and_weights_add_up(town):
    weight, old, new = town
    for crosswalk in (crosswalk_of(weight), *worked(*town)):
        assert carry(crosswalk, old).sum() == pytest.approx(old.sum(), rel=1e-9)
        assert crosswalk.weights.data.min() >= 0
        np.testing.assert_allclose(dense(crosswalk).sum(axis=1), 1, rtol=1e-12)
        assert set(crosswalk.flags) <= set(boundaries.FLAGS)


@settings(max_examples=60, deadline=None)
@given(towns())
def test_a_part_stays_within_its_whole(town):
    _, old, _ = town
    everyone, _ = worked(*town)
    assert (carry(everyone, old // 2) <= carry(everyone, old) + 1e-9).all()


@settings(max_examples=60, deadline=None)
@given(towns(), st.randoms(use_true_random=False))
def test_order_of_areas_and_links_does_not_matter(town, random):
    weight, old, new = town
    order_old, order_new = (random.sample(range(n), n) for n in weight.shape)
    for plain, shuffled in zip(worked(*town), worked(weight[order_old][:, order_new], old[order_old], new[order_new]), strict=True):
        np.testing.assert_allclose(dense(shuffled), dense(plain)[order_old][:, order_new], atol=1e-9)
        assert (shuffled.flags == plain.flags[order_new]).all()
    row, column = np.nonzero(weight)
    backwards = from_links(range(len(old)), range(len(new)), row[::-1], column[::-1], weight[row, column][::-1])
    assert (dense(backwards) == dense(crosswalk_of(weight))).all()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9_999), st.integers(0, 9_999)), min_size=1, max_size=8))
def test_areas_that_did_not_change_stay_exact_to_the_person(counts):
    old, new = np.array(counts).T
    for crosswalk in worked(np.diag(np.arange(1, len(old) + 1)), old, new):
        assert (crosswalk.flags == "exact").all()
        assert (carry(crosswalk, old) == old).all()


# --- several changes in a row -----------------------------------------------------------------------------------------


def test_two_changes_to_the_newest_areas():
    """P is cut into A and B, then A into x and y; residents know where people live, land does not."""
    first = Step(["P"], ["A", "B"], ["P", "P"], ["A", "B"], np.array([1.0, 1.0]), np.array([100.0]), np.array([[80.0, 20.0]]), np.array([2019.0]))
    later = np.array([[20.0, 60.0, 20.0], [30.0, 50.0, 20.0]])
    second = Step(["A", "B"], ["x", "y", "z"], ["A", "A", "B"], ["x", "y", "z"], np.array([1.0, 1.0, 1.0]), np.array([80.0, 20.0]), later, np.array([2021.0, 2022.0]))
    oldest, newer = to_newest([first, second])
    close_to = np.testing.assert_allclose
    close_to(newer.crosswalk.weights.toarray(), [[0.25, 0.75, 0], [0, 0, 1]], atol=1e-9)
    close_to(oldest.crosswalk.weights.toarray(), [[0.2, 0.6, 0.2]], atol=1e-9)
    assert newer.crosswalk.flags.tolist() == ["weighted", "weighted", "exact"] and oldest.crosswalk.flags.tolist() == ["weighted"] * 3
    assert oldest.year == newer.year == 2021
    # A year later 10 of A's 80 stand elsewhere: an eighth of A, a tenth of everybody.
    close_to([newer.drift, oldest.drift], [0.1, 0.1], atol=1e-9)


def test_aging_needs_a_second_date():
    change = Step(["A"], ["x", "y"], ["A", "A"], ["x", "y"], np.array([1.0, 1.0]), np.array([80.0]), np.array([[20.0, 60.0]]), np.array([2021.0]))
    (only,) = to_newest([change])
    assert np.isnan(only.drift)
