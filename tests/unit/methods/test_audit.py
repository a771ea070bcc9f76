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


def rows(*pairs, sums=(("T", ("a", "b", "c")),), **more) -> Published:
    """One dimension z; a count of None is withheld, a code without a row was left out."""
    return Published(pd.DataFrame(pairs, columns=["z", "wert"]), {"z": sums}, {"z": "T"}, **more)


def verdicts(*tables: Published, **more) -> list[tuple]:
    return list(audit(tables, MINIMUM, **more).cells[["zelle_id", "art", "status", "unten", "oben", "breite"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(("rest", "status"), [(0, "safe"), (1, "exact"), (2, "exact"), (3, "safe"), (4, "safe")])
def test_what_was_left_out_is_open_where_it_is_some_but_fewer_than_the_minimum(rest: int, status: str) -> None:
    assert verdicts(rows(("T", 10 + rest), ("a", 4), ("b", 6))) == [("anzahl|z=c", "left out", status, rest, rest, MINIMUM)]


@pytest.mark.parametrize("rest", range(5))
def test_two_that_were_left_out_hide_each_other(rest: int) -> None:
    assert [row[:3] for row in verdicts(rows(("T", 4 + rest), ("a", 4)))] == [("anzahl|z=b", "left out", "safe"), ("anzahl|z=c", "left out", "safe")]


@pytest.mark.parametrize(("least", "most", "status"), [(0, 2, "safe"), (1, 2, "narrower"), (2, 2, "exact"), (1, 3, "safe"), (3, 3, "safe")])
def test_a_left_out_count_is_open_where_its_neighbours_leave_some_in_it_and_fewer_than_the_minimum(least: int, most: int, status: str) -> None:
    # a + b = 9, of b at most 9 - least by the sum q, of a at most `most` by the sum p.
    table = rows(("T", 9), ("p", most), ("q", 9 - least), sums=[("T", ("a", "b")), ("p", ("a", "x")), ("q", ("b", "y"))])
    found = {name: tuple(row) for name, *row in verdicts(table)}["anzahl|z=a"]
    assert found[:2] == ("left out", status) and (status == "safe" or found[2:] == (least, most, MINIMUM))


@pytest.mark.parametrize(("count", "status"), [(0, "exact"), (1, "exact"), (2, "exact"), (3, "safe"), (4, "safe")])
def test_what_was_withheld_here_and_published_there_is_open_below_the_minimum(count: int, status: str) -> None:
    withheld, shown = rows(("a", None), sums=[]), rows(("a", count), sums=[])
    assert verdicts(withheld, shown) == [("anzahl|z=a", "published", status, count, count, MINIMUM)]
    # What was promised protection is open whatever its count.
    assert verdicts(withheld, shown, required={"anzahl|z=a": 7}) == [("anzahl|z=a", "published", "exact", count, count, 7)]
    assert audit([withheld, shown], MINIMUM).cells["herleitung"].tolist() == [f"anzahl|z=a = {count} (veröffentlicht)"]


@pytest.mark.parametrize(("total", "width", "status"), [(2, 3, "narrower"), (3, 3, "safe"), (4, 3, "safe"), (3, 4, "narrower"), (0, 3, "exact")])
def test_an_interval_as_wide_as_promised_is_safe(total: int, width: int, status: str) -> None:
    found = verdicts(rows(("T", total + 5), ("a", None), ("b", None), ("c", 5)), required={"anzahl|z=a": width, "anzahl|z=b": 1 + total})
    assert found[0][:3] == ("anzahl|z=a", "withheld", status) and found[0][5] == width and (status == "safe" or found[0][3:5] == (0, total))
    assert found[1][2] == ("narrower" if total else "exact")


def test_what_is_known_besides_counts_like_what_is_published_and_is_not_judged() -> None:
    assert verdicts(rows(("T", 20), ("a", None), ("b", None), ("c", 9)), known={"anzahl|z=b": 9}) == [("anzahl|z=a", "withheld", "exact", 2, 2, MINIMUM)]
    assert verdicts(rows(("T", 20), ("a", None), ("b", None), ("c", 9)), known={"anderes": 1})[0][:3] == ("anzahl|z=a", "withheld", "safe")


def test_findings_beyond_the_number_asked_for_are_not_written_out() -> None:
    many = rows(*((f"{side}{i}", shown) for i in range(210) for side, shown in (("a", None), ("b", 1))), sums=[(f"b{i}", (f"a{i}",)) for i in range(210)])
    assert (audit([many], MINIMUM).cells["herleitung"] != "").sum() == 200
    table = rows(("T", 9), ("P", 2), ("a", None), ("b", 7), ("c", 0), ("p", None), sums=[("T", ("a", "b", "c")), ("P", ("p",))])
    for number in (0, 1, 2):
        assert audit([table], MINIMUM, derivations=number).cells["herleitung"].tolist() == ["anzahl|z=a = anzahl (9) - anzahl|z=b (7) - anzahl|z=c (0) = 2", "anzahl|z=p = anzahl|z=P (2) = 2"][:number] + [""] * (2 - number)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ([rows(("a", -1))], "anzahl|z=a is not a count"),
        ([rows(("a", 1.5))], "anzahl|z=a is not a count"),
        ([rows(("a", 1)), rows(("a", 2))], "anzahl|z=a is published with two different counts"),
        ([rows(("T", 9), ("a", None), ("b", 6), ("c", 5))], "published numbers contradict each other: anzahl|z=a would be -2"),
        ([rows(("T", 9), ("U", 3), ("a", 1), ("b", 2), ("c", 6), sums=[("T", ("a", "b", "c")), ("U", ("a", "c")), ("T", ("U", "c"))])], "published numbers do not add up: ['anzahl|z=U', 'anzahl|z=a', 'anzahl|z=c']"),
        ([rows(("T", 9), ("a", 1), ("b", 6), ("c", 1))], "published numbers do not add up: ['anzahl', 'anzahl|z=a', 'anzahl|z=b', 'anzahl|z=c']"),
    ],
)
def test_numbers_that_contradict_each_other_are_named(tables: list[Published], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        audit(tables, MINIMUM)


def test_names_are_the_measure_and_what_is_not_all() -> None:
    table = Published(pd.DataFrame({"z": ["T", "a"], "s": ["w", "alle"], "wert": [None, 3.0]}), {"z": [], "s": []}, {"z": "T", "s": "alle"}, "personen", {"jahr": "1"})
    assert audit([table], MINIMUM).cells["zelle_id"].tolist() == ["personen|jahr=1|s=w"]
    assert audit([table], MINIMUM, required={"personen|jahr=1|z=a": 1}).cells["status"].tolist() == ["exact"]
