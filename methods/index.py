"""Composite indices over areas, and how far one may believe the classes they give.

Must not know names of indicators or files: values come as (..., areas, indicators) with high = worse; weights, groups
and anchors come from the catalogue. An area with an unknown value is not classified and does not enter mean or spread.

A town of five areas must not read the classes as Berlin does: for k areas |z| is at most sqrt(k − 1), and chance alone
makes one of five truly equal areas "niedrig" or worse in nine years of ten. So `decide` shows a class only if the
indicators differ at all (homogeneity, false discovery rate over indicators) and the class holds in a bootstrap.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import expit

from methods._arrays import array, counts, divide, effective, refuse
from methods.comparison import FDR_LEVEL, benjamini_hochberg, homogeneity

HOCH, MITTEL, NIEDRIG, SEHR_NIEDRIG = STATUS = ("hoch", "mittel", "niedrig", "sehr niedrig")
DYNAMICS = ("positiv", "stabil", "negativ")
DYNAMICS_SIGNS = ("+", "+/-", "-")  # as in MSS table 1, for instance "2+/-"
NOT_CLASSIFIED = "nicht klassifiziert"
# Upper ends of hoch, mittel, niedrig and of positiv, stabil (Monitoring Soziale Stadtentwicklung Berlin, 2013 on).
LOW_CUT, HIGH_CUT, VERY_HIGH_CUT = -1, 1, 1.5

NO_DIFFERENCE = "kein nachweisbarer Unterschied"
NOT_COMPUTABLE = "nicht berechenbar"
UNDECIDED = "nicht sicher einzuordnen"
NIEDRIG_OR_WORSE, MITTEL_OR_BETTER = "niedrig oder schlechter", "mittel oder besser"
SURE = 0.8  # probability in the bootstrap from which on a class is shown (chosen; error rates in the tests)
DRAWS = 1000

# English IMD: the exponential transformation puts the most deprived tenth of areas above 50 of 100 (Technical report).
EXPONENTIAL_SCALE = 23
EXPONENTIAL_TOP = 100

ROUNDING = 1e-12  # relative spread below which values are equal but for floating point


class Scale(NamedTuple):
    """What values are measured against: centre and spread per indicator, shape (..., 1, indicators), and of the index."""

    centre: np.ndarray
    spread: np.ndarray
    index_spread: np.ndarray


class Decision(NamedTuple):
    """Index per area, adjusted p per indicator, probability per area and class of STATUS, and what a report shows."""

    index: np.ndarray
    p: np.ndarray
    probabilities: np.ndarray
    shown: np.ndarray


# --- index and classes ------------------------------------------------------------------------------------------------


def composite(values, method="z", weights=None, groups=None, group_weights=None, anchor=None):
    """Index per area, high = worse. Shape (..., areas).

    values: shape (..., areas, indicators). weights: per indicator (default equal); groups: a label per indicator
    (default one group); group_weights: mapping label -> weight (default equal).
    method "z": weighted mean of z values (population SD) per group, weighted mean of groups, divided by its own SD:
    without weights and groups this is the status index of the Berlin MSS. "minmax": the same on values scaled to
    [0, 1], not divided. "exp": groups of z values, their ranks transformed as in the English IMD, in [0, 100].
    anchor: a Scale from `scale_of`, to measure against a base year or another town ("z" and "minmax").
    An indicator equal in all areas says nothing and adds 0; NaN if the whole index is equal in all areas.
    """
    refuse(np.array(method not in ("z", "minmax", "exp")), "Methode ist z, minmax oder exp")
    refuse(np.array(method == "exp" and anchor is not None), "Ränge lassen sich nicht verankern")
    values, known = _complete(values)
    scale = anchor or _fit(values, known, method)
    index = _combine(_scaled(values, scale), known, method, weights, groups, group_weights)
    if method == "z":
        spread = anchor.index_spread if anchor else _spread(index, known)[1]
        index = divide(index, np.where(spread > ROUNDING, spread, np.nan))
    return np.where(known[..., 0], index[..., 0], np.nan)


def scale_of(values, method="z", weights=None, groups=None, group_weights=None):
    """Scale of a base year or of another town, to anchor `composite` with the same method, weights and groups."""
    values, known = _complete(values)
    scale = _fit(values, known, method)
    index = _combine(_scaled(values, scale), known, method, weights, groups, group_weights)
    return scale._replace(index_spread=_spread(index, known)[1])


def status(index):
    """Status class per area: hoch < −1 ≤ mittel ≤ 1 < niedrig ≤ 1.5 < sehr niedrig; NOT_CLASSIFIED if unknown."""
    return _labels(_status_numbers(index), STATUS)


def dynamics(index):
    """Class of the dynamics index (from changes in points over two years): positiv < −1 ≤ stabil ≤ 1 < negativ."""
    return _labels(_dynamics_numbers(index), DYNAMICS)


def status_dynamics(status_index, dynamics_index):
    """One of the 12 groups as Berlin writes them, "1+" to "4-"; NOT_CLASSIFIED if either is unknown."""
    groups = tuple(f"{number + 1}{sign}" for number in range(len(STATUS)) for sign in DYNAMICS_SIGNS)
    first, second = _status_numbers(status_index), _dynamics_numbers(dynamics_index)
    return _labels(np.where((first < 0) | (second < 0), -1, first * len(DYNAMICS) + second), groups)


def _status_numbers(index):
    index = array(index)
    steps = (index >= LOW_CUT).astype(int) + (index > HIGH_CUT) + (index > VERY_HIGH_CUT)
    return np.where(np.isnan(index), -1, steps)


def _dynamics_numbers(index):
    return np.minimum(_status_numbers(index), len(DYNAMICS) - 1)


def _labels(numbers, names):
    return np.array((*names, NOT_CLASSIFIED))[numbers]


def _complete(values):
    """Values with 0 in unclassified areas, and which areas are classified: shape (..., areas, 1)."""
    values = array(values)
    known = ~np.isnan(values).any(axis=-1, keepdims=True)
    return np.where(known, values, 0), known


def _spread(values, known):
    """Mean and population SD over the classified areas; rounding noise counts as no spread."""
    number = known.sum(axis=-2, keepdims=True)
    mean = divide(np.where(known, values, 0).sum(axis=-2, keepdims=True), number)
    sd = np.sqrt(divide(np.where(known, (values - mean) ** 2, 0).sum(axis=-2, keepdims=True), number))
    return mean, np.where(sd > ROUNDING * np.abs(mean), sd, 0)


def _fit(values, known, method):
    if method != "minmax":
        return Scale(*_spread(values, known), None)
    low = np.where(known, values, np.inf).min(axis=-2, keepdims=True)
    high = np.where(known, values, -np.inf).max(axis=-2, keepdims=True)
    return Scale(low, high - low, None)


def _scaled(values, scale):
    return np.where(scale.spread > 0, divide(values - scale.centre, scale.spread), 0)


def _combine(scores, known, method, weights, groups, group_weights):
    """Weighted mean within and between groups, shape (..., areas, 1); for "exp" group scores become transformed ranks."""
    weights = np.ones(scores.shape[-1]) if weights is None else array(weights)
    labels, member = np.unique([0] * scores.shape[-1] if groups is None else groups, return_inverse=True)
    between = np.array([1 if group_weights is None else group_weights[label] for label in labels.tolist()], dtype=float)
    belongs = np.eye(labels.size)[member]
    refuse(weights < 0, "Gewichte dürfen nicht negativ sein")
    refuse(between < 0, "Gewichte von Gruppen dürfen nicht negativ sein")
    refuse(weights @ belongs == 0, "Jede Gruppe braucht ein positives Gewicht")
    within = divide((scores * weights) @ belongs, weights @ belongs)
    if method == "exp":
        within = exponential(_fractional_rank(within, known))
    return (within @ between / between.sum())[..., None]


def _fractional_rank(scores, known):
    """Rank over the number of classified areas: 1 for the worst, ties share the mean rank."""
    from scipy.stats import rankdata  # 0.6 s to import, needed for this method only

    return divide(rankdata(np.where(known, scores, np.inf), axis=-2), known.sum(axis=-2, keepdims=True)).clip(0, 1)


def exponential(rank):
    """English IMD's transformation of a rank R in [0, 1]: −23·ln(1 − R(1 − exp(−100/23))), in [0, 100]."""
    rank = array(rank)
    refuse((rank < 0) | (rank > 1), "Ränge liegen zwischen 0 und 1")
    return -EXPONENTIAL_SCALE * np.log1p(rank * np.expm1(-EXPONENTIAL_TOP / EXPONENTIAL_SCALE))


# --- how far to believe it --------------------------------------------------------------------------------------------


def shrink(r, n, deff=1):
    """Rates drawn towards the pooled rate on logits, as in the English and Scottish indices. Areas on the last axis.

    m = ln((r+½)/(n−r+½)), s² = (n+1)(n+2)/(n(r+1)(n−r+1)), t² = max(0, var(m) − mean(s²)), weight of the area's own
    value 1/s² / (1/s² + 1/t²). Effective counts. Unknown and empty areas stay NaN and do not count.
    """
    r, n = effective(r, n, deff)
    n = np.where(np.isnan(r) | (n == 0), np.nan, n)
    r = np.where(np.isnan(n), np.nan, r)
    m, error = logit(r, n), logit_variance(r, n)
    number = (~np.isnan(m)).sum(axis=-1, keepdims=True)
    centre = divide(np.nansum(m, axis=-1, keepdims=True), number)
    variance = divide(np.nansum((m - centre) ** 2, axis=-1, keepdims=True), number - 1)
    between = np.fmax(0, variance - divide(np.nansum(error, axis=-1, keepdims=True), number))
    pooled = logit(np.nansum(r, axis=-1, keepdims=True), np.nansum(n, axis=-1, keepdims=True))
    own = between / (between + error)  # (1/s²) / (1/s² + 1/t²), without dividing by t² = 0
    return expit(own * m + (1 - own) * pooled)


def logit(r, n):
    """Logit of r out of n that stays finite at 0 and n: ln((r + ½) / (n − r + ½))."""
    r, n = counts(r, n)
    return np.log((r + 0.5) / (n - r + 0.5))


def logit_variance(r, n):
    """Its sampling variance (n+1)(n+2) / (n(r+1)(n−r+1)) (English IMD, Technical report); NaN for n = 0."""
    r, n = counts(r, n)
    return divide((n + 1) * (n + 2), n * (r + 1) * (n - r + 1))


def class_probabilities(x, n, seed, deff=1, draws=DRAWS, direction=1, **how):
    """Probability of each status class per area, shape (areas, 4), by a parametric bootstrap.

    Every indicator is drawn anew from its shrunken rates with effective counts, and the index computed again with the
    arguments `how` of `composite` ("z", anchored or not). x, n: shape (areas, indicators); deff: one value, one per
    indicator or of that shape; direction: −1 for indicators of which much is good. NaN for unclassified areas.
    """
    _, trials = effective(x, n, deff)
    known = ~(np.isnan(x) | np.isnan(trials) | (trials == 0)).any(axis=-1)
    rates = shrink(np.swapaxes(x, 0, 1), np.swapaxes(n, 0, 1), np.swapaxes(np.broadcast_to(deff, np.shape(x)), 0, 1)).T
    trials = np.maximum(np.rint(trials[known]), 1)
    drawn = np.random.default_rng(seed).binomial(trials.astype(int), rates[known], size=(draws, *trials.shape))
    numbers = _status_numbers(composite(direction * drawn / trials, **how))
    probabilities = np.full((known.size, len(STATUS)), np.nan)
    probabilities[known] = (numbers[..., None] == np.arange(len(STATUS))).mean(axis=0)
    return probabilities


def decide(p, probabilities, level=FDR_LEVEL, sure=SURE):
    """What a report says per area: a class, a one-sided statement, UNDECIDED, NO_DIFFERENCE or NOT_COMPUTABLE.

    p: p-values of the homogeneity tests, one per indicator, or None for an anchored index, which compares with
    something outside. If none stands up to the false discovery rate over the indicators, no area is called different
    whatever its index. Otherwise the sharpest statement that reaches the probability `sure`: sehr niedrig, niedrig
    oder schlechter, hoch, mittel, mittel oder besser.
    """
    adjusted = benjamini_hochberg(0 if p is None else p)
    probabilities = array(probabilities)
    hoch, mittel, niedrig, sehr_niedrig = np.moveaxis(probabilities, -1, 0)
    sure = sure - ROUNDING  # 0.7 + 0.1 of the draws are 0.8
    unknown, equal = np.isnan(hoch) | np.isnan(adjusted).all(), np.full(hoch.shape, not np.any(adjusted <= level))
    return np.select(
        [unknown, equal, sehr_niedrig >= sure, niedrig + sehr_niedrig >= sure,
         hoch >= sure, mittel >= sure, hoch + mittel >= sure],
        [NOT_COMPUTABLE, NO_DIFFERENCE, SEHR_NIEDRIG, NIEDRIG_OR_WORSE, HOCH, MITTEL, MITTEL_OR_BETTER],
        UNDECIDED,
    )  # fmt: skip


def assess(x, n, seed, deff=1, draws=DRAWS, direction=1, level=FDR_LEVEL, sure=SURE, **how):
    """Index, homogeneity, class probabilities and decision in one. Arguments as in `class_probabilities`, `decide`."""
    x, n, deff = counts(x, n, deff)
    index = composite(direction * divide(x, n), **how)
    p = homogeneity(x.T, n.T, deff.T).p
    probabilities = class_probabilities(x, n, seed, deff, draws, direction, **how)
    gate = p if how.get("anchor") is None else None
    return Decision(index, benjamini_hochberg(p), probabilities, decide(gate, probabilities, level, sure))


def leave_one_out(values, weights=None, groups=None, **how):
    """Index without each indicator in turn, shape (indicators, areas); arguments as in `composite`, not anchored."""
    values = array(values)
    number = values.shape[-1]
    weights = np.ones(number) if weights is None else array(weights)
    groups = np.zeros(number, dtype=int) if groups is None else np.asarray(groups)
    left = [np.delete(np.arange(number), out) for out in range(number)]
    return np.array([composite(values[:, use], weights=weights[use], groups=groups[use], **how) for use in left])


def perturbed_weights(values, seed, spread=0.5, weights=None, draws=DRAWS, **how):
    """Probability of each status class per area, shape (areas, 4), when every weight varies by ± `spread` of itself.

    Weights are drawn uniformly and independently; what changes class under them rests on the choice of weights.
    """
    values = array(values)
    weights = np.ones(values.shape[-1]) if weights is None else array(weights)
    factors = np.random.default_rng(seed).uniform(1 - spread, 1 + spread, size=(draws, 1, values.shape[-1]))
    numbers = _status_numbers(composite(np.broadcast_to(values, (draws, *values.shape)), weights=weights * factors, **how))
    share = (numbers[..., None] == np.arange(len(STATUS))).mean(axis=0)
    return np.where((numbers[0] < 0)[:, None], np.nan, share)
