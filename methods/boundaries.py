"""Counts carried from one version of areas to another, with weights that know where people live.

Must not carry rates (numerator and denominator travel separately, with the same weights) and must not hide how
a value came about: every new area is flagged exact, weighted or estimated.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import block_array, csr_array
from scipy.sparse.csgraph import connected_components

from methods._arrays import divide, floats, refuse

FLAGS = ("exact", "weighted", "estimated")  # from best to worst
SLIVER = 0.01  # share of both areas below which an overlap is a digitising error (evidence: test with Berlin)
UNUSUAL_GROWTH = 0.05  # change within a year that moved boundaries explain better than births and removals
GROUP_PRIOR = 30  # persons the weights of all residents count for within a group (Berlin: 10 to 100 do equally well)
NOTICEABLE = 0.05  # five points between two weights (issue 4, point 6)
ROUNDS = 1000  # of raking: margins that agree settle in fewer, those that contradict each other never do
SETTLED = 1e-12  # largest change of a weight in one round that no longer matters


class Crosswalk(NamedTuple):
    """weights: sparse, shape (old, new), rows sum to 1; flags: one of FLAGS per new area, shape (new,).

    A stored zero is an overlap in which nobody lived: it keeps its area from counting as exact.
    """

    weights: csr_array
    flags: np.ndarray


def from_links(old, new, link_old, link_new, weight, basis="estimated"):
    """Crosswalk between the area keys `old` and `new` from a list of overlaps, weights normalised per old area.

    weight: any size of the overlap, shape (links,). With areas of land or shares of them the basis is "estimated",
    with residents or addresses counted in the overlap it is "weighted"; a new area made of whole old ones is
    "exact" either way. Overlaps named twice are added up. ValueError: key unknown or repeated, weight negative or
    unknown, area without counterpart.
    """
    if basis not in FLAGS[1:]:
        raise ValueError(f"Die Grundlage der Gewichte ist {' oder '.join(FLAGS[1:])}, nicht {basis!r}")
    row, column = _positions(old, link_old), _positions(new, link_new)
    weight = np.asarray(weight, dtype=float)
    refuse(~(np.isfinite(weight) & (weight >= 0)), "Gewichte müssen bekannt, endlich und nicht negativ sein")
    refuse(np.bincount(row, weight, len(old)) == 0, "Jedes alte Gebiet braucht einen Nachfolger mit Gewicht")
    refuse(np.bincount(column, weight, len(new)) == 0, "Jedes neue Gebiet braucht einen Vorgänger mit Gewicht")
    there = weight > 0
    return _crosswalk(row[there], column[there], weight[there], np.full(len(new), basis), len(old))


def without_slivers(crosswalk, size, tolerance=SLIVER):
    """Crosswalk without the overlaps that are less than `tolerance` of their old and of their new area.

    size: residents (or land) of the old areas, shape (old,). The largest overlap of every area stays, and so does
    every overlap of a new area whose size is unknown or zero: nothing is orphaned.
    """
    row, column, weight = _links(crosswalk)
    n_old, n_new = crosswalk.weights.shape
    people = weight * _vector(size, n_old)[row]
    part = divide(people, np.bincount(column, people, n_new)[column])
    keep = (weight >= tolerance) | ~(part < tolerance)
    keep |= (weight == _largest(row, weight, n_old)[row]) | (part == _largest(column, part, n_new)[column])
    return _crosswalk(row[keep], column[keep], weight[keep], crosswalk.flags, n_old)


def sliver_evidence(crosswalk, old, new, tolerances, growth=UNUSUAL_GROWTH):
    """Share of residents, per tolerance, in groups of connected areas whose old and new count do not fit together.

    old, new: residents before and after the change, shapes (old,) and (new,). Two counts fit if they differ, after
    the town's own change, by at most `growth`. Dropping true slivers splits areas into groups that go on fitting;
    the share rises where overlaps with residents begin to be dropped. Shape (tolerances,).
    """
    old, new = _vector(old, crosswalk.weights.shape[0]), _vector(new, crosswalk.weights.shape[1])
    shares = []
    for tolerance in tolerances:
        _, _, before, after = _components(without_slivers(crosswalk, old, tolerance), old, new)
        known = ~np.isnan(before + after)
        expected = before * divide(after[known].sum(), before[known].sum())
        shares.append(divide(after[known & (np.abs(after - expected) > growth * expected)].sum(), after[known].sum()))
    return np.array(shares, dtype=float)


def rake(crosswalk, old, new, prior_persons=0):
    """Weights improved so that `old` residents carried over meet the `new` residents of a later (or earlier) date.

    old, new: residents of the same group before and after the change, shapes (old,) and (new,). The two dates need
    not agree: within each group of connected areas the new counts are scaled to the old total, so growth of the
    group moves nobody. Iterative proportional fitting (Deming and Stephan 1940) of columns, then rows, keeps
    zeros and ends on the rows. Areas connected with an unknown or empty count keep their weights and flags, the
    others become "weighted".

    For a population group start from the raked crosswalk of all residents with prior_persons=GROUP_PRIOR: the
    target of an area is then e·(n + k) / (e + k), with e expected from that crosswalk, n counted, k persons.
    """
    n_old, n_new = crosswalk.weights.shape
    old, new = _vector(old, n_old), _vector(new, n_new)
    group_old, group_new, before, after = _components(crosswalk, old, new)
    usable = (before > 0) & (after > 0)
    learns = usable[group_new]
    row, column, prior = _links(crosswalk)
    old = np.where(usable[group_old], old, 0)

    def scaled(target):
        total = np.bincount(group_new, target, len(usable))
        return target * np.divide(before, total, out=np.zeros(len(usable)), where=usable)[group_new]

    target = scaled(np.where(learns, new, 0))
    if prior_persons > 0:
        expected = crosswalk.weights.T @ old
        target = scaled(expected * (target + prior_persons) / (expected + prior_persons))

    weight = prior
    for _ in range(ROUNDS):
        reached = np.bincount(column, weight * old[row], n_new)
        factor = np.divide(target, reached, out=np.ones(n_new), where=reached > 0)
        fitted = weight * factor[column]
        total = np.bincount(row, fitted, n_old)[row]
        fitted = np.divide(fitted, total, out=prior.copy(), where=total > 0)
        settled = np.abs(fitted - weight).max() <= SETTLED
        weight = fitted
        if settled:
            break
    return _crosswalk(row, column, weight, np.where(learns, FLAGS[1], crosswalk.flags), n_old)


def compose(first, second):
    """Crosswalk over two changes: areas of `first`'s old version to those of `second`'s new one, worst flag kept.

    A new area made of whole old ones is exact even if the areas in between were not.
    """
    if first.weights.shape[1] != second.weights.shape[0]:
        raise ValueError("Die erste Überleitung endet nicht mit den Gebieten, mit denen die zweite beginnt")
    rank = _ranks(second)
    between, column, _ = _links(second)
    np.maximum.at(rank, column, _ranks(first)[between])
    # The product of the patterns, because a product of weights may forget overlaps in which nobody lived.
    row, column = (_pattern(first) @ _pattern(second)).nonzero()
    weight = (first.weights @ second.weights)[row, column]
    return _crosswalk(row, column, weight, np.array(FLAGS)[rank], first.weights.shape[0])


def carry(crosswalk, counts):
    """Counts on the new areas, y_t = Σ_s w_st·y_s. Totals are preserved; the flags are those of the crosswalk.

    counts: whole numbers, shape (old,) or (old, kinds); result (new,) or (new, kinds). An unknown count leaves
    every new area unknown that overlaps the old one. Parts stay within their whole, and shares within [0, 1], if
    both are carried with the same crosswalk; groups carried each with its own have their sum as total.
    ValueError: negative, infinite or broken numbers, which are no counts.
    """
    counts = np.asarray(counts, dtype=float)
    if counts.shape[:1] != crosswalk.weights.shape[:1]:
        raise ValueError("Es braucht eine Anzahl je altem Gebiet")
    refuse((counts < 0) | np.isinf(counts), "Anzahlen müssen endlich und dürfen nicht negativ sein")
    refuse(~np.isnan(counts) & (counts != np.round(counts)), "Nur ganze Anzahlen werden übergeleitet, Anteile nie")
    return crosswalk.weights.T @ counts


def misallocated(published, carried):
    """Σ max(0, published − carried) / Σ published: the share of people who were carried into a wrong area.

    Shapes (areas,). Areas without a published count are left out; an unknown carried count makes the share unknown.
    """
    published, carried = floats(published, carried)
    refuse(published < 0, "Veröffentlichte Anzahlen dürfen nicht negativ sein")
    known = ~np.isnan(published)
    return float(divide(np.maximum(published - carried, 0)[known].sum(), published[known].sum()))


def resting_on_change(areal, raked, counts, points=NOTICEABLE):
    """Share of `counts` in old areas of which a raked weight differs from the areal one by more than `points`.

    The error to expect where no truth exists: these people would stand elsewhere, had nobody known where they live.
    Crosswalks between the same areas, counts of shape (old,); areas with an unknown count are left out.
    """
    counts = _vector(counts, areal.weights.shape[0])
    differs = abs(raked.weights - areal.weights).max(axis=1).toarray().ravel() > points
    return float(divide(np.nansum(counts[differs]), np.nansum(counts)))


def drift(crosswalks, years, counts):
    """Share of `counts` that changes its area per year between the dates the crosswalks were raked to.

    crosswalks, years: of the same change, raked to two or more dates, the first nearest to the change. Least
    squares through the first date. Times the years between the first date and the date of the counts, it is what
    moving house adds to the error where no truth exists. ValueError: fewer than two different dates.
    """
    gap = np.abs(np.asarray(years, dtype=float) - years[0])
    if not gap.any():
        raise ValueError("Die Alterung der Gewichte braucht mindestens zwei verschiedene Stichtage")
    first, *_ = carried = [carry(crosswalk, counts) for crosswalk in crosswalks]
    moved = np.array([misallocated(first, later) for later in carried])
    return float(gap @ moved / (gap @ gap))


def _crosswalk(row, column, weight, flags, n_old):
    """Overlaps as a crosswalk: added up, normalised, and exact where every old area has no other successor."""
    weights = csr_array((weight, (row, column)), shape=(n_old, len(flags)))
    weights.sum_duplicates()
    row, column, weight = _links(Crosswalk(weights, flags))
    weights = csr_array((weight / np.bincount(row, weight, n_old)[row], (row, column)), shape=weights.shape)
    is_split = np.bincount(row, minlength=n_old) > 1
    return Crosswalk(weights, np.where(np.bincount(column, is_split[row], len(flags)) > 0, flags, FLAGS[0]))


def _links(crosswalk):
    links = crosswalk.weights.tocoo()
    return links.row, links.col, links.data


def _pattern(crosswalk):
    weights = crosswalk.weights
    return csr_array((np.ones(weights.nnz), weights.indices, weights.indptr), shape=weights.shape)


def _ranks(crosswalk):
    return np.array([FLAGS.index(flag) for flag in crosswalk.flags])


def _components(crosswalk, old, new):
    """Groups of connected areas: number of the group of each old and each new area, old and new total per group."""
    pattern = _pattern(crosswalk)
    n, group = connected_components(block_array([[None, pattern], [pattern.T, None]]), directed=False)
    group_old, group_new = np.split(group, [len(old)])
    return group_old, group_new, np.bincount(group_old, old, n), np.bincount(group_new, new, n)


def _largest(position, value, n):
    largest = np.full(n, -np.inf)
    np.fmax.at(largest, position, value)
    return largest


def _vector(counts, n):
    counts = np.asarray(counts, dtype=float)
    if counts.shape != (n,):
        raise ValueError(f"Es braucht {n} Anzahlen, eine je Gebiet")
    refuse((counts < 0) | np.isinf(counts), "Anzahlen müssen endlich und dürfen nicht negativ sein")
    return counts


def _positions(keys, wanted):
    position = {key: i for i, key in enumerate(keys)}
    refuse(np.arange(len(keys)) >= len(position), "Jeder Gebietsschlüssel darf nur einmal vorkommen")
    found = np.array([position.get(key, -1) for key in wanted], dtype=int)
    refuse(found < 0, "Überlagerungen dürfen nur bekannte Gebietsschlüssel nennen")
    return found


class Step(NamedTuple):
    """One change of boundaries: area keys before and after, its overlaps with weights by land, and residents.

    before: residents of the old areas on their last date, shape (old,); after: residents of the new areas on their
    first dates, nearest first, shape (dates, new); years: those dates as decimal years.
    """

    old: list
    new: list
    link_old: list
    link_new: list
    weight: np.ndarray
    before: np.ndarray
    after: np.ndarray
    years: np.ndarray


class Carried(NamedTuple):
    """Crosswalk to the newest areas; the year its weights were raked to; share of residents misplaced per year away from it."""

    crosswalk: Crosswalk
    year: float
    drift: float


def to_newest(steps):
    """Crosswalks from every old version to the newest one, in the order of the steps (oldest first).

    Each change is cleaned of slivers and raked to the nearest later date; later dates only measure how fast the weights
    of the last change age. Unknown (NaN) without a second one.
    """
    cleaned = [without_slivers(from_links(s.old, s.new, s.link_old, s.link_new, s.weight), s.before) for s in steps]
    last = steps[-1]
    raked = [rake(cleaned[-1], last.before, after) for after in last.after]
    result = []
    for number in range(len(steps) - 1, -1, -1):
        if number < len(steps) - 1:
            cut = rake(cleaned[number], steps[number].before, steps[number].after[0])
            raked = [compose(cut, further) for further in raked]
        aging = drift(raked, last.years, np.round(steps[number].before)) if len(raked) > 1 else np.nan
        result.append(Carried(raked[0], float(last.years[0]), aging))
    return result[::-1]
