"""The attacker's own means against brute force: sums of any kind, also such whose fractions go further than whole numbers."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import product
from math import inf, isfinite

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from methods.disclosure.audit import FAR, Equations, Published, _Component, audit, audit_equations

MINIMUM = 3


def systems(seed: int, count: int):
    """Sums over four counts of up to three, some counted twice, all of them together among the sums; and every table that agrees with these."""
    rng = np.random.default_rng(seed)
    every = np.array(list(product(range(13), repeat=4)))
    for _ in range(count):
        rows = np.vstack([np.ones((1, 4), int), rng.integers(0, 3, (rng.integers(1, 3), 4))])
        rows = rows[rows.any(axis=1)]
        right = rows @ rng.integers(0, 4, 4)
        yield rows, right, every[(every @ rows.T == right).all(axis=1)]


def component(rows: np.ndarray, right: np.ndarray, widest: float = MINIMUM) -> _Component:
    return _Component(sparse.csc_array(rows.astype(float)), right.astype(float), np.arange(rows.shape[1]), widest)


def test_ranges_are_those_of_all_whole_tables() -> None:
    fractions = 0
    for rows, right, tables in systems(1, 100):
        low, high = tables.min(axis=0), tables.max(axis=0)
        found = component(rows, right)
        assert [found._range(place, inf) for place in range(4)] == list(zip(low, high, strict=True))
        for place, enough in product(range(4), (1, 2, 3)):
            one = component(rows, right)
            start, end = one._range(place, enough)
            assert low[place] <= start <= end <= high[place]
            assert end - start >= min(enough, high[place] - low[place])
            ends = [one._extreme(sign * np.eye(4)[place])[place] for sign in (1, -1)]
            fractions += bool(np.abs(np.array(ends) - [low[place], high[place]]).max() > 0.1)
            # What is kept are tables, and the widest of them are remembered.
            assert all((rows @ table == right).all() and table.min() >= 0 for table in one.points)
            if one.points:
                assert one.low.tolist() == np.min(one.points, axis=0).tolist() and one.high.tolist() == np.max(one.points, axis=0).tolist()
                assert [one.points[i][p] for p, i in enumerate(one.lowest)] == one.low.tolist() and [one.points[i][p] for p, i in enumerate(one.highest)] == one.high.tolist()
    assert fractions > 20, fractions


def test_at_least_so_many_can_be_asked_of_one_count() -> None:
    for rows, right, tables in systems(2, 40):
        for place, least in product(range(4), range(6)):
            possible = tables[tables[:, place] >= least]
            objective = np.arange(1.0, 5.0)
            found = component(rows, right)._extreme_whole(objective, place, least)
            assert (found is None) == (not len(possible))
            if found is not None:
                assert round(float(objective @ found), 6) == (possible @ objective).min() and found[place] >= least - 1e-6


@pytest.mark.parametrize("drawn", [True, False])
@pytest.mark.parametrize("may_be_large", [True, False])
def test_verdicts_are_those_of_all_whole_tables(drawn: bool, may_be_large: bool) -> None:
    seen = dict.fromkeys(["safe", "exact", "narrower", "left out"], 0)
    for number, (rows, right, tables) in enumerate(systems(3, 250)):
        low, high = tables.min(axis=0), tables.max(axis=0)
        wanted, left_out = [(0, 3.0), (1, 2.0), (2, 1.0)][number % 3 :], [3]
        found = component(rows, right)
        if drawn:
            found.draw(wanted, left_out, MINIMUM)
        for cell, width in wanted:
            verdict = found.judge_withheld(cell, width, MINIMUM, may_be_large)
            large = may_be_large and MINIMUM <= low[cell] < high[cell]
            expected = "safe" if high[cell] - low[cell] >= width or large else "exact" if low[cell] == high[cell] else "narrower"
            assert (verdict.art, verdict.status, verdict.breite) == ("withheld", expected, width)
            seen[expected] += 1
            if expected == "safe":
                assert low[cell] <= verdict.unten and verdict.oben <= high[cell] and (large or verdict.oben - verdict.unten >= width)
                least, most = found.witness("abcd", "abcd"[cell])
                if verdict.unten < verdict.oben and not large:
                    assert most["abcd"[cell]] - least["abcd"[cell]] >= width
                    assert all((rows @ list(table.values()) == right).all() for table in (least, most))
            else:
                assert (verdict.unten, verdict.oben) == (low[cell], high[cell])
        verdict = found.judge_left_out(3, MINIMUM)
        open_ = 0 < low[3] and high[3] < MINIMUM
        assert (verdict.art, verdict.status) == ("left out", ("exact" if low[3] == high[3] else "narrower") if open_ else "safe")
        assert not open_ or (verdict.unten, verdict.oben) == (low[3], high[3])
        seen["left out"] += open_
    assert min(seen.values()) > 10


def test_numbers_that_no_table_agrees_with_are_an_error() -> None:
    with pytest.raises(ValueError, match="no table agrees"):
        component(np.array([[1, 1], [1, 1]]), np.array([1, 2]))._range(0, inf)
    # Halves would: each pair has one, and there are three of them.
    with pytest.raises(ValueError, match="no table of whole numbers"):
        component(np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1]]), np.array([1, 1, 1]))._range(0, inf)


def test_what_nothing_bounds_is_very_large() -> None:
    low, high = component(np.array([[1, -1]]), np.array([2]), widest=7)._range(0, inf)
    assert low == 2 and high >= FAR * 7 and isfinite(high)
    found = component(np.array([[1, -1]]), np.array([0]), widest=7)
    found.draw([(0, 7.0), (1, 7.0)], [], MINIMUM)
    assert [found.judge_withheld(cell, 7.0, MINIMUM, False).status for cell in (0, 1)] == ["safe", "safe"]


TERM = re.compile(r"([+-]) (?:([\d/]+) \* )?(\w+) \((\d+)\)")


def test_derivations_are_sums_that_anyone_can_check() -> None:
    kinds = dict.fromkeys(["=", ">=", "<=", "whole"], 0)
    without = 0
    for rows, right, tables in systems(4, 80):
        sums, count = rows.shape
        names = [*"abcd", *(f"s{row}" for row in range(sums))]
        relations = sparse.csr_array(np.hstack([rows, -np.eye(sums)]))
        found = audit_equations(Equations(names, np.concatenate([np.full(count, np.nan), right.astype(float)]), range(count), relations), MINIMUM)
        low, high = tables.min(axis=0), tables.max(axis=0)
        assert found.cells["zelle_id"].tolist() and set(found.cells["zelle_id"]) == set("abcd")
        for row in found.cells.itertuples():
            cell = "abcd".index(row.zelle_id)
            large = MINIMUM <= low[cell] < high[cell]
            assert row.status == ("safe" if high[cell] - low[cell] >= MINIMUM or large else "exact" if low[cell] == high[cell] else "narrower")
            if row.status == "safe":
                assert row.herleitung == ""
                continue
            bounds = {">=": low[cell], "<=": high[cell], "=": low[cell]}
            parts = row.herleitung.split("; ")
            assert len(parts) == (1 if " = " in parts[0] and parts[0].startswith(f"{row.zelle_id} = ") else 2)
            for part in parts:
                name, sense, rest = part.split(" ", 2)
                assert name == row.zelle_id
                kinds[sense] += 1
                if rest == "0":
                    assert (sense, bounds[sense]) == (">=", 0)
                    continue
                if "jenseits" in part:
                    assert int(rest.split(" ")[0]) == bounds[sense]
                    without += 1
                    continue
                rest, _, whole = rest.partition(", in ganzen Zahlen ")
                terms, _, total = rest.rpartition(" = ")
                added = Fraction(0)
                for sign, factor, term, number in TERM.findall(terms if terms[0] in "+-" else f"+ {terms}"):
                    assert term in names[count:] and int(number) == right[names.index(term) - count]
                    added += (1 if sign == "+" else -1) * Fraction(factor or 1) * int(number)
                assert added == Fraction(total)
                end = {">=": -(-added // 1), "<=": added // 1, "=": added}[sense]
                assert end == bounds[sense] and bool(whole) == (added.denominator > 1)
                kinds["whole"] += bool(whole)
    # Every bound that fractions show has its sum; the others are those of whole numbers alone.
    assert min(kinds.values()) > 0 and without <= 50, (kinds, without)


def test_what_was_promised_and_stands_in_no_table_is_safe() -> None:
    table = Published(pd.DataFrame({"z": ["", "a", "b"], "wert": [9.0, None, None]}), {"z": [("", ("a", "b"))]}, {"z": ""})
    cells = audit([table], MINIMUM, required={"anzahl|z=a": 3, "anders": 5}).cells.set_index("zelle_id")
    assert cells.loc["anders", ["art", "status", "unten", "oben", "breite"]].tolist() == ["absent", "safe", 0, inf, 5]
    assert cells.loc["anzahl|z=a", "status"] == "safe" and len(cells) == 2
