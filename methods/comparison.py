"""Is an area different: from the rest of the town, from a benchmark, from the other areas, among many comparisons?

Must not know which indicator it is looking at: polarity comes as a number from the catalogue. What could not be
compared is a verdict of its own and never "similar".
"""

from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc, ndtr, ndtri, rel_entr, stdtr

from methods._arrays import array, divide, effective, floats, refuse
from methods.intervals import Z95, Estimate, Interval, newcombe, rate_difference

LOWER, SIMILAR, HIGHER = "niedriger", "aehnlich", "hoeher"
WORSE, BETTER = "schlechter", "besser"
NOT_COMPUTABLE = "nicht berechenbar"

FDR_LEVEL = 0.05  # share of false ones tolerated among what a text calls different
ROUNDING = 1e-9  # variance of ranks below which they are certain
POWER = 0.8  # chance of finding a difference of the stated size (issue 4, point 3)


class Test(NamedTuple):
    """A test statistic and its two-sided p-value. NaN where the test could not be made."""

    __test__ = False  # not a test class for pytest

    statistic: np.ndarray
    p: np.ndarray


def rest_of_town(x, n, town_x, town_n):
    """Counts of the town without the area. ValueError if an area is larger than its town."""
    x, n, town_x, town_n = floats(x, n, town_x, town_n)
    refuse((x > town_x) | (n > town_n), "Ein Gebiet kann nicht größer sein als die Stadt")
    return (town_x - x)[()], (town_n - n)[()]


def against_rest(x, n, town_x, town_n, z=Z95, deff=1, part=True):
    """Area minus rest of the town: Newcombe's limits for shares, MOVER's for ratios (part=False).

    An area is a part of its town, so it is compared with the rest and not with the total that contains it.
    """
    rest_x, rest_n = rest_of_town(x, n, town_x, town_n)
    if part:
        return newcombe(x, n, rest_x, rest_n, z, deff, deff)
    return rate_difference(x, n, rest_x, rest_n, 1, z, deff, deff)


def verdict(low, high, benchmark=0):
    """LOWER, SIMILAR or HIGHER than the benchmark for an interval; NOT_COMPUTABLE if any of the three is unknown."""
    low, high, benchmark = floats(low, high, benchmark)
    unknown = np.isnan(low) | np.isnan(high) | np.isnan(benchmark)
    return np.select([unknown, high < benchmark, low > benchmark], [NOT_COMPUTABLE, LOWER, HIGHER], SIMILAR)[()]


def judged(verdicts, polarity):
    """LOWER and HIGHER as BETTER or WORSE; polarity 1: much is good, −1: much is bad, 0: declared to have none."""
    verdicts, polarity = np.broadcast_arrays(verdicts, polarity)
    refuse(~np.isin(polarity, (-1, 0, 1)), "Polarität ist 1, 0 oder -1")
    side = np.select([verdicts == HIGHER, verdicts == LOWER], [1, -1], 0) * polarity
    return np.select([side > 0, side < 0], [BETTER, WORSE], verdicts)[()]


def funnel(n, p0, z=Z95, deff=1):
    """Limits within which proportions of areas with n members vary by chance around p0, clipped to [0, 1]."""
    (_, n), p0 = effective(0, n, deff), array(p0)
    refuse((p0 < 0) | (p0 > 1), "Der Mittelwert des Trichters liegt zwischen 0 und 1")
    half = z * np.sqrt(divide(p0 * (1 - p0), n))
    return Interval(np.maximum(p0 - half, 0)[()], np.minimum(p0 + half, 1)[()])


def two_proportions(x1, n1, x2, n2, deff1=1, deff2=1):
    """Are two independent proportions equal? Signed root of the likelihood ratio on effective counts.

    Among thousands of comparisons the far tail decides, and there the usual z of pooled proportions is far off for
    small counts; the likelihood ratio is not (tests/unit/methods/test_comparison.py). NaN if a group is empty.
    """
    x1, n1 = effective(x1, n1, deff1)
    x2, n2 = effective(x2, n2, deff2)
    pooled = divide(x1 + x2, n1 + n2)
    divergence = (
        rel_entr(x1, n1 * pooled) + rel_entr(n1 - x1, n1 * (1 - pooled))
        + rel_entr(x2, n2 * pooled) + rel_entr(n2 - x2, n2 * (1 - pooled))
    )  # fmt: skip
    return _signed_root(divergence, divide(x1, n1) - divide(x2, n2))


def two_rates(x1, n1, x2, n2, deff1=1, deff2=1):
    """Are two independent Poisson rates x/n equal? Signed root of the likelihood ratio, as for proportions."""
    x1, n1 = effective(x1, n1, deff1, part=False)
    x2, n2 = effective(x2, n2, deff2, part=False)
    pooled = divide(x1 + x2, n1 + n2)
    return _signed_root(rel_entr(x1, n1 * pooled) + rel_entr(x2, n2 * pooled), divide(x1, n1) - divide(x2, n2))


def two_means(n1, total1, squares1, n2, total2, squares2, deff1=1, deff2=1):
    """Are the means of two independent groups equal? Welch's t on effective counts, from sums and sums of squares.

    NaN where a group has fewer than two (effective) values or neither varies.
    """
    spread1, free1 = _squared_error(n1, total1, squares1, deff1)
    spread2, free2 = _squared_error(n2, total2, squares2, deff2)
    both = spread1 + spread2
    statistic = divide(divide(total1, n1) - divide(total2, n2), np.sqrt(both))
    freedom = divide(both**2, divide(spread1**2, free1) + divide(spread2**2, free2))
    return Test(statistic[()], (2 * stdtr(freedom, -np.abs(statistic)))[()])


def _squared_error(n, total, squares, deff):
    """Sampling variance of a mean and its degrees of freedom (Satterthwaite's part)."""
    n, total, squares, deff = floats(n, total, squares, deff)
    _, effective_n = effective(0, n, deff)
    freedom = np.where(effective_n > 1, effective_n - 1, np.nan)
    return divide(divide(np.maximum(squares - total * divide(total, n), 0), n - 1), effective_n), freedom


def _signed_root(divergence, difference):
    # A likelihood ratio is never negative; what falls below 0 is rounding.
    statistic = np.sign(difference) * np.sqrt(2 * np.maximum(divergence, 0))
    return Test(statistic[()], (2 * ndtr(-np.abs(statistic)))[()])


def benjamini_hochberg(p):
    """Adjusted p-values over all known elements of p, whatever its shape (Benjamini and Hochberg 1995).

    What stays below a level is called different with at most that share of false ones. NaN stays NaN and does not count.
    """
    p = array(p)
    refuse((p < 0) | (p > 1), "p-Werte liegen zwischen 0 und 1")
    known = p[~np.isnan(p)]
    order = np.argsort(known)
    steps = known[order] * known.size / np.arange(1, known.size + 1)
    adjusted = np.full(p.shape, np.nan)
    fitted = np.empty(known.size)
    fitted[order] = np.minimum.accumulate(steps[::-1])[::-1]
    adjusted[~np.isnan(p)] = fitted
    return adjusted[()]


def homogeneity(x, n, deff=1):
    """Do the areas on the last axis share one proportion? χ² on effective counts with k − 1 degrees of freedom.

    Unknown and empty areas are left out. NaN if fewer than two areas remain or if nobody or everybody is counted.
    """
    x, n = effective(x, n, deff)
    usable = ~np.isnan(x) & (n > 0)
    x, n = np.where(usable, x, 0), np.where(usable, n, 0)
    p = divide(x.sum(axis=-1, keepdims=True), n.sum(axis=-1, keepdims=True))
    terms = np.where(usable, divide((x - n * p) ** 2, n * p * (1 - p)), 0)
    freedom = usable.sum(axis=-1) - 1
    statistic = np.where(freedom > 0, terms.sum(axis=-1), np.nan)
    return Test(statistic[()], chdtrc(np.maximum(freedom, 1), statistic)[()])


def detectable_difference(p, n, rest_n, level=FDR_LEVEL, power=POWER, deff=1):
    """Smallest difference of two proportions around p that a two-sided test finds with the given power.

    The level that stays for one of many comparisons is smaller than the one of all: pass that.
    """
    p = array(p)
    refuse((p < 0) | (p > 1), "Anteile liegen zwischen 0 und 1")
    (_, n), (_, rest_n) = effective(0, n, deff), effective(0, rest_n, deff)
    error = np.sqrt(p * (1 - p) * (divide(1, n) + divide(1, rest_n)))
    return ((ndtri(power) - ndtri(level / 2)) * error)[()]


def rank(x, n, seed, deff=1, z=Z95, draws=2000):
    """Rank of each area on the last axis, 1 for the highest proportion, with limits from a seeded simulation.

    Draws come from the Jeffreys posterior Beta(x + 1/2, n − x + 1/2) of effective counts, areas independent of each
    other. Equal proportions share the better rank. Unknown and empty areas have no rank and do not count.
    x, n: shape (areas,).
    """
    x, n = effective(x, n, deff)
    usable = ~np.isnan(x) & (n > 0)
    result = Estimate(*np.full((3, x.size), np.nan))
    x, n = x[usable], n[usable]
    if x.size:
        generator = np.random.default_rng(seed)
        simulated = generator.beta(x + 0.5, n - x + 0.5, size=(draws, x.size))
        tails = ndtr([-z, z])
        ranks = 1 + np.argsort(np.argsort(-simulated, axis=-1), axis=-1)
        result.value[usable] = 1 + (x / n > (x / n)[:, None]).sum(axis=-1)
        result.low[usable], result.high[usable] = np.quantile(ranks, tails, axis=0, method="inverted_cdf")
    return result


RANK_NODES = 9  # of Gauss–Hermite quadrature over an area's own distribution
RANK_GRID = 400  # logits at which the number of areas above is counted
GRID_MARGIN = 4  # standard errors beyond the outermost areas, further than the outermost node
RANK_BLOCK = 1_000_000  # cells of a block of groups computed at once: bounds the memory
NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(RANK_NODES)


def rank_limits(x, n, deff=1, z=Z95):
    """As `rank`, for many groups of areas and without draws: shape (groups, areas), the same limits to about one rank.

    Logits are normal (logit_variance of the index), so an area's rank given its own logit is 1 plus a sum of
    independent events; their number is normal by its mean and variance, averaged over the area's own distribution.
    """
    x, n = effective(x, n, deff)
    usable = ~np.isnan(x) & (n > 0)
    result = Estimate(*np.full((3, *x.shape), np.nan))
    number = usable.sum(axis=-1)
    # Groups of equally many areas are computed together.
    for areas in np.unique(number[number > 0]):
        same = np.flatnonzero(number == areas)
        for groups in np.array_split(same, -(-same.size * RANK_GRID * areas // RANK_BLOCK)):
            where = groups[:, None], np.nonzero(usable[groups])[1].reshape(groups.size, areas)
            for target, found in zip(result, _ranks(x[where], n[where], ndtr([-z, z])), strict=True):
                target[where] = found
    return result


def _ranks(x, n, tails):
    """Rank of each of k areas and its quantiles; shapes (groups, k), nothing unknown."""
    p = np.sort(x / n, axis=-1)
    better = np.stack([k_sorted.size - np.searchsorted(k_sorted, own, side="right") for k_sorted, own in zip(p, x / n, strict=True)])
    centre = np.log((x + 0.5) / (n - x + 0.5))
    error = np.sqrt((n + 1) * (n + 2) / (n * (x + 1) * (n - x + 1)))
    return 1 + better, *_rank_quantiles(centre, error, tails)


def _rank_quantiles(centre, error, tails):
    """Quantiles of the rank of each of k areas with normal logits; centre, error: shape (groups, k)."""
    own = centre[..., None] + error[..., None] * NODES
    margin = GRID_MARGIN * error.max(axis=-1)
    start, stop = own.min(axis=(-2, -1)) - margin, own.max(axis=(-2, -1)) + margin
    grid = np.linspace(start, stop, RANK_GRID, axis=-1)
    above = ndtr((centre[:, None, :] - grid[..., None]) / error[:, None, :])
    place = (own - start[:, None, None]) / (stop - start)[:, None, None] * (RANK_GRID - 1)
    left = np.minimum(place.astype(int), RANK_GRID - 2)

    def at_own(counted):
        """Linear between the two points of the grid around each node."""
        low, high = (np.take_along_axis(counted, (left + step).reshape(len(left), -1), axis=-1).reshape(left.shape) for step in (0, 1))
        return low + (high - low) * (place - left)

    # The area itself is not above itself.
    self_above = ndtr(-NODES)
    mean = 1 + at_own(above.sum(axis=-1)) - self_above
    spread = at_own((above * (1 - above)).sum(axis=-1)) - self_above * (1 - self_above)
    spread = np.sqrt(np.maximum(spread, ROUNDING))
    quantiles = []
    for tail in tails:
        # Of the mixture over nodes, by bisection over ranks with a continuity correction.
        low, high = np.ones(centre.shape), np.full(centre.shape, float(centre.shape[-1]))
        while (low < high).any():
            middle = np.floor((low + high) / 2)
            reached = ndtr((middle[..., None] + 0.5 - mean) / spread) @ NODE_WEIGHTS / NODE_WEIGHTS.sum() >= tail
            low, high = np.where(reached, low, np.minimum(middle + 1, high)), np.where(reached, middle, high)
        quantiles.append(high)
    return quantiles
