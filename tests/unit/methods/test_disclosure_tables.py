"""How tables become one system: shared margins, collapsed levels, overlapping groupings, balances, primaries."""

import numpy as np
import pandas as pd
import pytest

from methods.disclosure.tables import Hierarchy, Table, build, collapse, mark, tops

SEX = Hierarchy.from_parents({"m": "T", "w": "T"}, total="T")
AREA = Hierarchy.from_parents({"a": "T", "b": "T"}, total="T")
AGE = Hierarchy.from_parents({"jung": "T", "alt": "T"}, total="T")


def frame(columns, *rows):
    return pd.DataFrame(rows, columns=[*columns, "wert"])


def test_margins_and_total_are_added_up():
    # 2 x 2 inner cells + 2 + 2 margins + 1 total; 2 sums per row, column and margin: 3 + 3
    system = build([Table(frame(["raum", "sex"], ("a", "m", 4), ("a", "w", 5), ("b", "m", 6), ("b", "w", 7)), {"raum": AREA, "sex": SEX})])
    values = dict(system.cells.itertuples(index=False))
    assert values["anzahl"] == 22 and values["anzahl|raum=a"] == 9 and values["anzahl|sex=w"] == 12
    assert system.relations.shape == (6, 9)
    assert not (system.relations @ system.cells["wert"].to_numpy()).any()


def test_tables_of_one_measure_share_their_margin():
    first = Table(frame(["raum", "sex"], ("a", "m", 1), ("a", "w", 2), ("b", "m", 3), ("b", "w", 4)), {"raum": AREA, "sex": SEX})
    second = Table(frame(["raum", "alter"], ("a", "jung", 0), ("a", "alt", 3), ("b", "jung", 5), ("b", "alt", 2)), {"raum": AREA, "alter": AGE})
    system = build([first, second])
    # shared: total, a, b = 3 of 9 + 9
    assert len(system.cells) == 15


def test_tables_that_disagree_about_a_margin_are_refused():
    first = Table(frame(["raum"], ("a", 1), ("b", 2)), {"raum": AREA})
    second = Table(frame(["sex"], ("m", 1), ("w", 3)), {"sex": SEX})
    with pytest.raises(ValueError, match="different counts for anzahl"):
        build([first, second])


def test_other_dates_are_other_cells_until_a_balance_ties_them():
    years = [Table(frame(["raum"], ("a", n), ("b", 2)), {"raum": AREA}, at={"jahr": year}) for year, n in (("1", 5), ("2", 8))]
    born = Table(frame(["raum"], ("a", 3), ("b", 0)), {"raum": AREA}, measure="zugang", at={"jahr": "1"})
    balance = {"anzahl|jahr=1|raum=a": 1, "zugang|jahr=1|raum=a": 1, "anzahl|jahr=2|raum=a": -1}
    loose, tied = build([*years, born]), build([*years, born], [balance])
    assert tied.relations.shape[0] == loose.relations.shape[0] + 1
    with pytest.raises(ValueError, match="sums do not hold"):
        build([*years, born], [{**balance, "anzahl|jahr=1|raum=b": 1}])


def test_a_level_with_a_single_child_is_one_cell():
    place = Hierarchy.from_parents({"a1": "A", "b1": "B", "b2": "B", "A": "T", "B": "T"}, total="T")
    system = build([Table(frame(["raum"], ("a1", 4), ("b1", 1), ("b2", 2)), {"raum": place})])
    assert system.column_of["anzahl|raum=A"] == system.column_of["anzahl|raum=a1"]
    assert len(system.cells) == 5


def test_overlapping_groupings_meet_in_leaves_and_total():
    spanning = pd.DataFrame({"raum": list("abc"), "bezirk": list("XXY"), "schule": list("UVV")})
    both = Hierarchy.from_levels(spanning, ["bezirk", "raum"], ["schule", "raum"], total="T")
    system = build([Table(frame(["raum"], ("a", 1), ("b", 2), ("c", 3)), {"raum": both})])
    # a, b, c, X, V, T; Y is c and U is a
    assert len(system.cells) == 6 and system.relations.shape[0] == 4


def test_nested_age_bands_are_sums_of_their_own():
    age = Hierarchy((("u18", ("u6", "6-17")), ("u21", ("u18", "18-20")), ("T", ("u21", "ab21"))), total="T")
    system = build([Table(frame(["alter"], ("u6", 1), ("6-17", 2), ("18-20", 1), ("ab21", 9)), {"alter": age})])
    assert dict(system.cells.itertuples(index=False))["anzahl|alter=u21"] == 4


@pytest.mark.parametrize(
    ("sums", "message"),
    [
        ((("A", ("a", "b")), ("B", ("b", "c")), ("T", ("A", "B"))), "overlap"),
        ((("T", ("a", "b")), ("T", ("a",))), "different leaves"),
        ((("A", ("B",)), ("B", ("A",))), "part of itself"),
    ],
)
def test_hierarchies_that_do_not_add_up_are_refused(sums, message):
    with pytest.raises(ValueError, match=message):
        Hierarchy(sums, total="T").leaves_of


def test_a_missing_combination_is_not_zero():
    table = dict(frame=frame(["raum", "sex"], ("a", "m", 1), ("a", "w", 2), ("b", "m", 3)), dims={"raum": AREA, "sex": SEX})
    with pytest.raises(ValueError, match="1 combinations"):
        build([Table(**table)])
    assert build([Table(**table, gaps_are_zero=True)]).cells["wert"].sum() == 24


def test_primaries_and_frozen_cells():
    system = build([Table(frame(["raum"], ("a", 2), ("b", 0)), {"raum": AREA}), Table(frame(["sex"], ("m", 9), ("w", 1)), {"sex": SEX}, measure="x")])
    cells = mark(system, 3, known=["x|sex=m"]).set_index("zelle_id")
    assert cells.index[cells["primary"]].tolist() == ["anzahl|raum=a", "anzahl", "x|sex=w"]
    assert cells.index[cells["frozen"]].tolist() == ["anzahl|raum=b", "x|sex=m", "x"]
    assert mark(system, 3, zeros="protected").set_index("zelle_id")["primary"]["anzahl|raum=b"]
    assert cells["required_width"].eq(3).all() and np.isclose(cells["cost"]["x|sex=m"], 1.09)
    assert tops(system.relations).sum() == 2


def test_a_total_at_the_minimum_is_no_secret_and_stays():
    system = build([Table(frame(["raum"], ("a", 1), ("b", 2)), {"raum": AREA})])
    cells = mark(system, 3).set_index("zelle_id")
    assert cells["primary"].to_dict() == {"anzahl|raum=a": True, "anzahl|raum=b": True, "anzahl": False}
    assert cells["frozen"].to_dict() == {"anzahl|raum=a": False, "anzahl|raum=b": False, "anzahl": True}
    with pytest.raises(ValueError, match="zeros is 'published' or 'protected', not 'hidden'"):
        mark(system, 3, zeros="hidden")


def test_only_cells_that_are_the_same_number_become_one():
    # a = b is one number; c + d = 0 are two, of nobody each; a second a = b says nothing more.
    rows = [np.array([0, 0]), np.array([1, 1]), np.array([2, 2])]
    system = collapse(["a", "b", "c", "d"], np.array([5, 5, 0, 0]), 3, rows, [np.array([0, 1]), np.array([2, 3]), np.array([0, 1])], [np.array([1, -1]), np.array([1, 1]), np.array([1, -1])])
    assert system.column_of.to_dict() == {"a": 0, "b": 0, "c": 1, "d": 2}
    assert system.cells["zelle_id"].tolist() == ["a", "c", "d"] and system.relations.toarray().tolist() == [[0, 1, 1]]
    with pytest.raises(ValueError, match="1 sums do not hold"):
        collapse(["a", "b"], np.array([5, 4]), 1, rows[:1], [np.array([0, 1])], [np.array([1, -1])])


def test_levels_become_sums_from_coarse_to_fine():
    spanning = pd.DataFrame({"raum": list("abcc"), "bezirk": list("XXYY"), "land": list("LLLL")})
    assert Hierarchy.from_levels(spanning, ["land", "bezirk", "raum"], total="T").sums == (("T", ("L",)), ("L", ("X", "Y")), ("X", ("a", "b")), ("Y", ("c",)))
    with pytest.raises(ValueError, match="^a in raum belongs to both X and Y$"):
        Hierarchy.from_levels(pd.DataFrame({"raum": list("aab"), "bezirk": list("XYY")}), ["bezirk", "raum"], total="T")


def test_codes_stand_leaves_first_and_every_code_knows_its_leaves():
    both = Hierarchy((("T", ("X", "c")), ("X", ("b", "a")), ("T", ("a", "Y")), ("Y", ("b", "c"))), total="T")
    assert both.leaves_of == {"T": set("abc"), "X": set("ab"), "Y": set("bc"), "a": {"a"}, "b": {"b"}, "c": {"c"}}
    assert list(both.codes) == ["a", "b", "c", "X", "Y", "T"] and list(both.codes.values()) == [*range(6)] and both.leaves == ["a", "b", "c"]
    assert both.aggregation().toarray().tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 1, 1]]
    assert Hierarchy((), total="T").leaves_of == {"T": {"T"}}
    # A parent of one child stands behind it.
    assert list(Hierarchy((("A", ("z",)), ("T", ("A", "b"))), total="T").codes) == ["b", "z", "A", "T"]


def test_every_cell_is_the_sum_of_its_leaves_and_every_sum_is_a_relation():
    area = Hierarchy((("T", ("X", "c")), ("X", ("a", "b")), ("T", ("a", "Y")), ("Y", ("b", "c"))), total="T")
    rows = [(r, s, n) for (r, s), n in zip([(r, s) for r in "abc" for s in "mw"], [1, 2, 3, 4, 0, 6], strict=True)]
    # Persons may come in several rows; columns may stand in any order.
    system = build([Table(frame(["raum", "sex"], *rows, ("a", "w", 5))[["wert", "sex", "raum"]], {"raum": area, "sex": SEX}, at={"jahr": "1"})])
    value = system.cells.set_index("zelle_id")["wert"]
    leaf = {("a", "m"): 1, ("a", "w"): 7, ("b", "m"): 3, ("b", "w"): 4, ("c", "m"): 0, ("c", "w"): 6}
    for r, s in ((r, s) for r in area.codes for s in SEX.codes):
        name = "anzahl|jahr=1" + f"|raum={r}" * (r != "T") + f"|sex={s}" * (s != "T")
        assert value[name] == sum(n for (q, t), n in leaf.items() if q in area.leaves_of[r] and t in SEX.leaves_of[s])
    assert system.column_of.tolist() == [*range(18)] and not (system.relations @ value.to_numpy()).any()
    # Four groupings of areas per sex and over both, and both sexes per area.
    assert system.relations.shape == (4 * 3 + 6, 18) and np.unique(system.relations.data).tolist() == [-1, 1]
    assert system.relations.sum(axis=1).tolist() == [1] * 18


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", 1), ("b", 2), ("z", 3), ("y", 1), ("z", 1)], r"^codes of raum outside its hierarchy: \['y', 'z'\]$"),
        ([("a", 1.5), ("b", 2)], "^wert is not a count in every row$"),
        ([("a", -1), ("b", 2)], "^wert is not a count in every row$"),
        ([], r"^2 combinations of \['raum'\] have no row$"),
    ],
)
def test_rows_that_are_no_counts_of_the_hierarchy_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        build([Table(pd.DataFrame(rows, columns=["raum", "wert"]), {"raum": AREA})])


def test_a_balance_of_unknown_cells_is_refused():
    with pytest.raises(ValueError, match="^balance names cells that no table has: x, y$"):
        build([Table(frame(["raum"], ("a", 1), ("b", 2)), {"raum": AREA})], [{"x": 1, "anzahl": 1, "y": -1}])
    # Counts that nothing adds up stand alone.
    assert build([Table(frame(["raum"], ("T", 5)), {"raum": Hierarchy((), total="T")})]).relations.shape == (0, 1)


@pytest.mark.parametrize(("count", "primary", "protected"), [(0, False, True), (1, True, True), (2, True, True), (3, False, False), (4, False, False)])
def test_primary_is_what_is_below_the_minimum(count, primary, protected):
    system = build([Table(frame(["raum"], ("a", count), ("b", 9)), {"raum": AREA}, measure="x")])
    for zeros, expected in (("published", primary), ("protected", protected)):
        cells = mark(system, 3, zeros=zeros, required_width=7).set_index("zelle_id")
        assert cells.loc["x|raum=a", "primary"] == expected and cells.loc["x|raum=a", "frozen"] == (count == 0 and not expected)
        assert cells["cost"].tolist() == [1 + 0.01 * n for n in (count, 9, count + 9)] and cells["required_width"].tolist() == [7, 7, 7]
    for told in ({"known": ["x|raum=a"]}, {"published_before": ["x|raum=a"]}):
        cells = mark(system, 3, zeros="protected", **told)
        assert not cells["primary"].any() and cells["frozen"].tolist() == [True, False, True]
