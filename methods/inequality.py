"""Segregation of a group over areas, gradients between areas, and what living together does to counts.

Must not say which areas are poor: the order for a gradient is given. Areas are on the last axis.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from methods._arrays import array, counts, divide, effective, floats, refuse
from methods.intervals import Z95, Estimate


class Dissimilarity(NamedTuple):
    """Index as counted, its expectation if only chance distributed the group, and the difference; shape without areas."""

    raw: np.ndarray
    expected: np.ndarray
    corrected: np.ndarray


def household_deff(sizes, households=1):
    """Design effect Σs²/Σs of persons who come in households of size s. Shape (groups,): sizes and how many of each.

    NaN if a size is unknown or nobody is there.
    """
    sizes, households = floats(sizes, households)
    refuse((sizes < 0) | (households < 0), "Haushaltsgrößen und Anzahlen dürfen nicht negativ sein")
    return divide((households * sizes**2).sum(), (households * sizes).sum())[()]


def dissimilarity(group, total, deff=1):
    """D = ½ Σ |aᵢ/A − bᵢ/B| of the group against the others, and what of it chance alone would make.

    group, total: shape (..., areas); deff: that of the group, shape (...). Chance is a random allocation of the
    group's A persons to the places of all areas: aᵢ is hypergeometric, its mean absolute deviation exact (telescoping
    sum, as de Moivre's for the binomial). Persons who come in households scatter √deff times as much. The corrected index may fall below 0: then the group
    is spread more evenly than by chance. NaN if an area is unknown or either group is empty.
    """
    a, t = counts(group, total)
    deff = array(deff)
    refuse(~np.isnan(deff) & ~(deff > 0), "Designeffekte müssen positiv sein")
    group_sum, all_sum = a.sum(axis=-1, keepdims=True), t.sum(axis=-1, keepdims=True)
    others = all_sum - group_sum
    # aᵢ/A − bᵢ/B is (aᵢ − E aᵢ)·T/(AB): the bias is a sum of mean absolute deviations.
    scale = divide(all_sum, group_sum * others)
    raw = (np.abs(a - t * divide(group_sum, all_sum)) * scale).sum(axis=-1) / 2
    expected = (_hypergeometric_deviation(t, group_sum, all_sum) * scale).sum(axis=-1) / 2 * np.sqrt(deff)
    return Dissimilarity(raw[()], expected[()], (raw - expected)[()])


def _hypergeometric_deviation(drawn, marked, everybody):
    """E|X − EX| for X marked among `drawn` of `everybody`: 2ν(T − A − t + ν)/T · P(X = ν), ν = ⌊EX⌋ + 1."""
    above = np.floor(drawn * divide(marked, everybody)) + 1
    possible = above <= np.minimum(drawn, marked)
    v = np.where(possible, above, 0)
    rest = everybody - marked - drawn + v
    log_p = _log_choose(marked, v) + _log_choose(everybody - marked, drawn - v) - _log_choose(everybody, drawn)
    deviation = 2 * v * divide(rest, everybody) * np.exp(log_p)
    return np.where(possible | np.isnan(drawn + everybody), deviation, 0)


def _log_choose(n, k):
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def isolation(group, total):
    """Σ (aᵢ/A)(aᵢ/tᵢ): share of the group in the area of its average member. In [0, 1]; NaN if the group is empty."""
    a, t = counts(group, total)
    own = np.where(t == 0, 0, divide(a, t))
    return (divide(a, a.sum(axis=-1, keepdims=True)) * own).sum(axis=-1)[()]


def slope_index(x, n, order, z=Z95, deff=1):
    """Slope index of inequality: difference in the proportion x/n between the ends of the town's population.

    x, n: shape (..., areas); order: what the areas are ordered by, low to high, ties share their place. Each area stands
    at the midpoint of its share of the cumulative population; least squares weighted with n. The limits come from the
    sampling variance of each proportion, effective counts. Unknown and empty areas are left out; NaN if fewer than
    two places remain.
    """
    x, n, order = counts(x, n, order)
    effective_x, effective_n = effective(x, n, deff)
    use = ~np.isnan(x) & (n > 0) & ~np.isnan(order) & ~np.isnan(effective_n)
    x, n, effective_x, effective_n = (np.where(use, given, 0) for given in (x, n, effective_x, effective_n))
    midpoint, places = _midpoints(n, np.where(use, order, np.inf), use)
    weight = n * (midpoint - divide((n * midpoint).sum(axis=-1), n.sum(axis=-1))[..., None])
    scale = np.where(places > 1, (weight * midpoint).sum(axis=-1), 0)
    slope = divide((weight * np.where(use, divide(x, n), 0)).sum(axis=-1), scale)
    # A half more on either side keeps an area with nobody or everybody counted from seeming certain.
    p = (effective_x + 0.5) / (effective_n + 1)
    error = divide(np.sqrt((weight**2 * np.where(use, divide(p * (1 - p), effective_n), 0)).sum(axis=-1)), scale)
    return Estimate(slope[()], (slope - z * error)[()], (slope + z * error)[()])


def _midpoints(n, order, use):
    """Where each area stands in the cumulative population, in [0, 1], and the number of places."""
    rows = np.argsort(order, axis=-1, kind="stable")
    size, sorted_order = np.take_along_axis(n, rows, axis=-1), np.take_along_axis(order, rows, axis=-1)
    upto = np.cumsum(size, axis=-1)
    position = np.arange(n.shape[-1])
    new = np.ones(n.shape, dtype=bool)
    new[..., 1:] = sorted_order[..., 1:] != sorted_order[..., :-1]
    first = np.maximum.accumulate(np.where(new, position, 0), axis=-1)
    ends = np.concatenate([new[..., 1:], np.ones((*n.shape[:-1], 1), dtype=bool)], axis=-1)
    last = np.minimum.accumulate(np.where(ends, position, n.shape[-1])[..., ::-1], axis=-1)[..., ::-1]
    middle = (np.take_along_axis(upto - size, first, axis=-1) + np.take_along_axis(upto, last, axis=-1)) / 2
    midpoint = np.empty(n.shape)
    np.put_along_axis(midpoint, rows, divide(middle, n.sum(axis=-1)[..., None]), axis=-1)
    return np.where(use, midpoint, 0), (new & np.take_along_axis(use, rows, axis=-1)).sum(axis=-1)
