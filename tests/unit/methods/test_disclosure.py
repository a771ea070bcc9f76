"""Protector against auditor against brute force, and the traps of design/methods.md as planted leaks."""

import itertools

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from methods.disclosure.audit import Published, audit
from methods.disclosure.protect import Check, Unprotectable, protect
from methods.disclosure.tables import Hierarchy, Table, build, mark

TABLES_FOR_BRUTE_FORCE = 1000
MINIMUM = 3


def dimension(leaves, grouped):
    """Leaves under a total, with the first two as a group when asked."""
    if not grouped:
        return Hierarchy.from_parents(dict.fromkeys(leaves, "T"), total="T")
    parents = {leaf: "G" if leaf in leaves[:2] else "T" for leaf in leaves}
    return Hierarchy.from_parents(parents | {"G": "T"}, total="T")


def random_table(rng):
    dims = {"r": dimension("abcd"[: rng.integers(2, 5)], rng.random() < 0.3), "s": dimension("xyz"[: rng.integers(2, 4)], False)}
    if rng.random() < 0.2:
        dims = {"r": dimension("ab", False), "s": dimension("xy", False), "t": dimension("uv", False)}
    rows = list(itertools.product(*(h.leaves for h in dims.values())))
    counts = rng.choice([0, 1, 2, 3, 4, 6, 9], len(rows), p=[0.15, 0.15, 0.15, 0.15, 0.15, 0.15, 0.1])
    return Table(pd.DataFrame(rows, columns=list(dims)).assign(wert=counts), dims)


def publish(system, dims, suppressed, **more):
    """What leaves the house: one row per name, no count where the cell is withheld."""
    rows = []
    for name, column in system.column_of.items():
        at = dict(part.split("=") for part in name.split("|")[1:])
        row = {dim: at.get(dim, "T") for dim in dims}
        rows.append({**row, "wert": None if suppressed[column] else float(system.cells["wert"][column])})
    return Published(pd.DataFrame(rows), {d: list(h.sums) for d, h in dims.items()}, dict.fromkeys(dims, "T"), **more)


def every_possible_table(table, system, suppressed):
    """Least and largest count of each cell over all whole non-negative tables, by trying them all, leaf by leaf."""
    hierarchies = table.dims
    leaves = list(itertools.product(*(h.leaves for h in hierarchies.values())))
    position = {leaf: i for i, leaf in enumerate(leaves)}
    names = list(system.column_of.index)
    covers = []
    for name in names:
        at = dict(part.split("=") for part in name.split("|")[1:])
        parts = [sorted(h.leaves_of[at.get(dim, "T")]) for dim, h in hierarchies.items()]
        covers.append([position[leaf] for leaf in itertools.product(*parts)])
    value = system.cells["wert"].to_numpy()[system.column_of.to_numpy()]
    shown = ~suppressed[system.column_of.to_numpy()]
    limits = [(cover, value[i]) for i, cover in enumerate(covers) if shown[i]]
    at_leaf = [[k for k, (cover, _) in enumerate(limits) if leaf in cover] for leaf in range(len(leaves))]
    left = [total for _, total in limits]
    last = [max(cover) for cover, _ in limits]
    low, high = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    counts = [0] * len(leaves)

    def place(leaf):
        if leaf == len(leaves):
            sums = np.array([sum(counts[j] for j in cover) for cover in covers])
            np.minimum(low, sums, out=low)
            np.maximum(high, sums, out=high)
            return
        closing = {left[k] for k in at_leaf[leaf] if last[k] == leaf}
        most = min(left[k] for k in at_leaf[leaf])
        choices = range(most + 1) if not closing else [c for c in closing if len(closing) == 1 and c <= most]
        for count in choices:
            counts[leaf] = count
            for k in at_leaf[leaf]:
                left[k] -= count
            place(leaf + 1)
            for k in at_leaf[leaf]:
                left[k] += count

    place(0)
    return dict(zip(names, zip(low, high)))


def test_auditor_agrees_with_brute_force():
    rng = np.random.default_rng(3)
    seen = {"safe": 0, "exact": 0, "narrower": 0}
    for _ in range(TABLES_FOR_BRUTE_FORCE):
        table = random_table(rng)
        system = build([table])
        value = system.cells["wert"].to_numpy()
        suppressed = (value > 0) & (value < MINIMUM) | (rng.random(len(value)) < 0.15)
        suppressed[system.column_of["anzahl"]] = False
        names = [n for n, c in system.column_of.items() if suppressed[c]]
        truth = every_possible_table(table, system, suppressed)
        found = audit([publish(system, table.dims, suppressed)], MINIMUM, required=dict.fromkeys(names, MINIMUM), derivations=0)
        assert len(found.cells) == len(names)
        for cell in found.cells.itertuples():
            low, high = truth[cell.zelle_id]
            expected = "safe" if high - low >= MINIMUM else "exact" if low == high else "narrower"
            assert cell.status == expected, (table.frame, names, cell, low, high)
            if expected == "safe":
                assert low <= cell.unten and cell.oben <= high
            else:
                assert (cell.unten, cell.oben) == (low, high)
            seen[expected] += 1
        # The protector's own word on what its neighbours may show after all, found by its own code.
        cells = mark(system, MINIMUM)
        if not (suppressed & cells["frozen"]).any():
            settled = Check(cells, system.relations).settled(suppressed)
            assert settled.tolist() == [bool(s and not p and truth[n][0] == truth[n][1]) for n, s, p in zip(cells["zelle_id"], suppressed, cells["primary"], strict=True)]
            seen["settled"] = seen.get("settled", 0) + int(settled.sum())
    assert min(seen.values()) > 150


@pytest.mark.parametrize("criterion", ["interval", "exact"])
def test_what_the_protector_passes_the_auditor_passes(criterion):
    rng = np.random.default_rng(5)
    protected = refused = 0
    for _ in range(60):
        table = random_table(rng)
        system = build([table])
        cells = mark(system, MINIMUM)
        try:
            pattern = protect(cells, system.relations, criterion=criterion, gap=0)
        except Unprotectable as error:
            assert set(error.cells) <= set(cells["zelle_id"][cells["primary"]]) and error.cells
            refused += 1
            continue
        protected += 1
        assert pattern.bound <= pattern.cost + 1e-6
        assert not (pattern.suppressed & cells["frozen"]).any() and pattern.suppressed[cells["primary"]].all()
        if criterion == "interval":
            primary = cells["primary"].to_numpy()
            names = [n for n, c in system.column_of.items() if primary[c]]
            truth = every_possible_table(table, system, pattern.suppressed)
            assert all(truth[n][1] - truth[n][0] >= MINIMUM for n in names)
            found = audit([publish(system, table.dims, pattern.suppressed)], MINIMUM, required=dict.fromkeys(names, MINIMUM))
            assert found.open.empty
        else:
            # Computable means: fixed by the published values alone, as a linear function.
            inner = system.relations.toarray()[:, pattern.suppressed]
            null = np.eye(inner.shape[1]) - np.linalg.pinv(inner) @ inner
            assert (np.linalg.norm(null[cells["primary"][pattern.suppressed]], axis=1) > 1e-6).all()
    assert protected > 20


def test_no_cheaper_pattern_exists():
    # 3 x 3 with one small cell: exhaustive search over all patterns gives the least cost.
    rng = np.random.default_rng(11)
    for _ in range(4):
        counts = rng.integers(4, 12, 9)
        counts[rng.integers(9)] = 1
        dims = {"r": dimension("abc", False), "s": dimension("xyz", False)}
        rows = list(itertools.product("abc", "xyz"))
        system = build([Table(pd.DataFrame(rows, columns=["r", "s"]).assign(wert=counts), dims)])
        cells = mark(system, MINIMUM)
        pattern = protect(cells, system.relations, gap=0)
        choice = np.flatnonzero(~cells["primary"] & ~cells["frozen"])
        cost = cells["cost"].to_numpy()
        cheaper = [
            list(chosen)
            for size in range(1, 4)
            for chosen in itertools.combinations(choice, size)
            if cost[list(chosen)].sum() < pattern.cost - 1e-6
        ]
        for chosen in cheaper:
            tried = cells["primary"].to_numpy().copy()
            tried[chosen] = True
            assert not Check(cells, system.relations).holds(tried)
        assert pattern.gap < 1e-6 and Check(cells, system.relations).holds(pattern.suppressed)


def small():
    """Row a: 1 2 9 / row b: 8 7 6."""
    dims = {"r": dimension("ab", False), "s": dimension("xyz", False)}
    rows = list(itertools.product("ab", "xyz"))
    return build([Table(pd.DataFrame(rows, columns=["r", "s"]).assign(wert=[1, 2, 9, 8, 7, 6]), dims)]), dims


def test_the_same_input_gives_the_same_pattern():
    system, _ = small()
    patterns = [protect(mark(system, 3), system.relations).suppressed for _ in range(2)]
    assert (patterns[0] == patterns[1]).all()


def test_frozen_cells_stay_published_or_the_cells_concerned_are_named():
    system, _ = small()
    free = protect(mark(system, 3), system.relations)
    secondary = system.cells["zelle_id"][free.suppressed & ~mark(system, 3)["primary"].to_numpy()].tolist()
    again = protect(mark(system, 3, published_before=secondary[:1]), system.relations)
    assert not again.suppressed[system.column_of[secondary[0]]]
    with pytest.raises(Unprotectable) as error:
        protect(mark(system, 3, known=["anzahl|r=b|s=x", "anzahl|s=x"]), system.relations)
    assert "anzahl|r=a|s=x" in error.value.cells


def test_a_person_who_knows_the_own_record_learns_nothing_more():
    # Row a = 1 + 2 + 9: with only x and y withheld, the one person in x knows y.
    system, _ = small()
    plain = protect(mark(system, 3, required_width=1), system.relations, criterion="exact")
    careful = protect(mark(system, 3), system.relations, criterion="exact", singletons=True)
    withheld_in_a = [system.column_of[f"anzahl|r=a{s}"] for s in ("", "|s=x", "|s=y", "|s=z")]
    assert plain.suppressed[withheld_in_a].sum() == 2
    assert careful.suppressed[withheld_in_a].sum() >= 3


def test_zero_primaries_are_protected_too():
    dims = {"r": dimension("ab", False), "s": dimension("xy", False)}
    rows = list(itertools.product("ab", "xy"))
    table = Table(pd.DataFrame(rows, columns=["r", "s"]).assign(wert=[0, 5, 6, 7]), dims)
    system = build([table])
    pattern = protect(mark(system, 3, zeros="protected"), system.relations)
    low, high = every_possible_table(table, system, pattern.suppressed)["anzahl|r=a|s=x"]
    assert low == 0 and high >= 3


# --- planted leaks ---------------------------------------------------------------------------------------------------


def one(rows, sums, **more):
    """One dimension `d`; a count of None is withheld."""
    return Published(pd.DataFrame(rows, columns=["d", "wert"]), {"d": sums}, {"d": "T"}, **more)


def only(found):
    assert len(found.open) == 1
    return next(found.open.itertuples())


def test_total_minus_the_rest():
    cell = only(audit([one([("T", 12), ("a", None), ("b", 10)], [("T", ["a", "b"])])], 3))
    assert cell.status == "exact" and cell.herleitung == "anzahl|d=a = anzahl (12) - anzahl|d=b (10) = 2"


def test_what_can_be_worked_out_is_open_whatever_its_count_and_an_interval_above_the_minimum_is_not():
    sums = [("T", ["a", "b", "c"]), ("X", ["b", "c"])]
    found = audit([one([("T", 40), ("X", 12), ("a", None), ("b", None), ("c", None)], sums)], 3)
    assert found.open[["zelle_id", "unten"]].values.tolist() == [["anzahl|d=a", 28]]
    # Of five and four unknown persons in two cells each holds at least three, by the caps beside them.
    caps = [("T", ["a", "b"]), ("P", ["a", "p"]), ("Q", ["b", "q"])]
    assert audit([one([("T", 9), ("P", 5), ("Q", 5), ("a", None), ("b", None), ("p", None), ("q", None)], caps)], 3).cells.set_index("zelle_id").loc["anzahl|d=a", ["status", "unten", "oben"]].tolist() == ["safe", 4, 5]


def test_what_is_withheld_and_settled_all_the_same_is_told_apart():
    # a is primary, b protects it; e stands alone in its sum, f and g are tied to 2f = 8 by two sums.
    names, counts = ["T", "a", "b", "U", "e", "V", "f", "g", "W"], [6, 1, 5, 9, 9, 8, 4, 4, 0]
    sums = [{"T": -1, "a": 1, "b": 1}, {"U": -1, "e": 1}, {"V": -1, "f": 1, "g": 1}, {"W": -1, "f": 1, "g": -1}]
    relations = sp.csr_array(np.array([[row.get(name, 0) for name in names] for row in sums]))
    cells = pd.DataFrame({"zelle_id": names, "wert": counts, "primary": [name == "a" for name in names], "frozen": [name in "TUVW" for name in names], "cost": 1.0, "required_width": 3})
    assert (relations @ np.array(counts) == 0).all()
    check = Check(cells, relations)
    withheld = cells["zelle_id"].isin(list("abefg")).to_numpy()
    assert [name for name, settled in zip(names, check.settled(withheld), strict=True) if settled] == ["e", "f", "g"]
    assert check.holds(withheld & ~check.settled(withheld))


def test_nested_age_bands_that_leave_out_the_difference():
    sums = [("u18", ["u15", "15-17"]), ("T", ["u18", "ab18"])]
    cell = only(audit([one([("T", 50), ("u15", 19), ("u18", 21), ("ab18", 29)], sums)], 3))
    assert (cell.zelle_id, cell.art, cell.unten) == ("anzahl|d=15-17", "left out", 2)


def test_overlapping_areas():
    sums = [("X", ["a", "b"]), ("Y", ["b", "c"]), ("T", ["X", "c"]), ("T", ["a", "Y"])]
    found = audit([one([("T", 30), ("X", 12), ("Y", 28), ("a", None), ("b", None), ("c", None)], sums)], 3)
    assert found.open["herleitung"].str.startswith("anzahl|d=a = anzahl (30) - anzahl|d=Y (28) = 2").any()


def test_same_cell_withheld_in_one_export_and_shown_in_another():
    sums = [("T", ["a", "b", "c"])]
    first = one([("T", 20), ("a", None), ("b", None), ("c", 9)], sums)
    second = one([("T", 20), ("a", 2)], [])
    assert "anzahl|d=a" in audit([first, second], 3).open["zelle_id"].tolist()


def test_consecutive_years_and_stock_and_flow():
    sums = [("T", ["a", "b"])]
    years = [one([("T", 20), ("a", 11), ("b", 9)], sums, at={"jahr": "1"}), one([("T", 22), ("a", 13), ("b", 9)], sums, at={"jahr": "2"})]
    arrivals = Published(pd.DataFrame([("a", None)], columns=["d", "wert"]), {"d": []}, {"d": "T"}, "zugang", {"jahr": "1"})
    balance = {"anzahl|d=a|jahr=1": 1, "zugang|d=a|jahr=1": 1, "anzahl|d=a|jahr=2": -1}
    assert audit([*years, arrivals], 3).open.empty
    assert only(audit([*years, arrivals], 3, balances=[balance])).unten == 2


def test_what_the_public_knows_already():
    table = one([("T", 20), ("a", None), ("b", None), ("c", 9)], [("T", ["a", "b", "c"])])
    assert audit([table], 3).open.empty
    assert only(audit([table], 3, known={"anzahl|d=b": 9})).zelle_id == "anzahl|d=a"


def test_an_interval_narrower_than_promised_comes_with_both_bounds():
    cell = only(audit([one([("T", 4), ("a", None), ("b", None), ("c", 2)], [("T", ["a", "b", "c"])])], 3, required={"anzahl|d=a": 3}))
    assert (cell.status, cell.unten, cell.oben) == ("narrower", 0, 2)
    assert cell.herleitung == "anzahl|d=a >= 0; anzahl|d=a <= anzahl (4) - anzahl|d=c (2) = 2"


def test_a_correction_that_contradicts_the_first_release_is_an_error():
    with pytest.raises(ValueError, match="two different counts"):
        audit([one([("T", 12)], []), one([("T", 13)], [])], 3)
    with pytest.raises(ValueError, match="do not add up"):
        audit([one([("T", 12), ("a", 1), ("b", 10)], [("T", ["a", "b"])])], 3)


def test_two_tables_prove_a_safe_cell():
    system, dims = small()
    pattern = protect(mark(system, 3), system.relations)
    found = audit([publish(system, dims, pattern.suppressed)], 3)
    shown = {n: int(system.cells["wert"][c]) for n, c in system.column_of.items() if not pattern.suppressed[c]}
    low, high = found.witness("anzahl|r=a|s=x")
    assert high["anzahl|r=a|s=x"] - low["anzahl|r=a|s=x"] >= 3
    for table in (low, high):
        counts = np.array([{**shown, **table}[n] for n in system.cells["zelle_id"]])
        assert (counts >= 0).all() and not (system.relations @ counts).any()
