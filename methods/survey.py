"""Weights and estimates of sample surveys: raking, design effect, weighted shares, quantiles, poverty and inequality.

Must not read a questionnaire or print a respondent's value: persons come as arrays, and only aggregates go out.
"""

from typing import NamedTuple

import numpy as np

from methods._arrays import array, divide, floats, refuse
from methods.intervals import Z95, wilson

MARGIN_ERROR = 1e-6  # raking ends when no margin is further from its target, relatively
MOST_CYCLES = 10_000  # over all margins; beyond, the margins contradict each other
TRIM_LOW, TRIM_HIGH = 0.3, 3  # weights are kept within these multiples of their median
TRIM_TOLERANCE = 1e-3  # relatively, as each raking moves the weights a little beyond the bounds again
TRIM_ROUNDS = 50  # trimming moves the margins, raking the weights: as often as this, in turn

LEAST_PER_CLASS = 5  # respondents: a class with fewer makes weights that say more about them than about the population

POVERTY_SHARE = 0.6  # at-risk-of-poverty threshold: 60 % of the median equivalised income (Eurostat)


class Raked(NamedTuple):
    """Weights, shape (persons,); largest relative margin error; share of persons still outside the trimming bounds."""

    weights: np.ndarray
    margin_error: float
    outside: float


class Share(NamedTuple):
    """Weighted proportion with limits, and what must be published with it: n, design effect, effective n."""

    value: float
    low: float
    high: float
    n: int
    deff: float
    n_eff: float


def rake(weights, margins, trim=(TRIM_LOW, TRIM_HIGH)):
    """Weights adjusted to known totals by iterative proportional fitting, trimmed and raked again (Deming, Stephan 1940).

    weights: base weights > 0, shape (persons,); margins: pairs (codes, totals), codes an integer array of shape
    (persons,) into totals. The margins hold at the end; a weight may then be outside the bounds: see `outside`.
    trim=None leaves weights untrimmed. ValueError if totals of margins differ, if a category with a total has no
    respondent, or if raking does not converge.
    """
    weights = array(weights)
    refuse(~(weights > 0), "Basisgewichte müssen positiv sein")
    margins = [(np.asarray(codes), array(totals)) for codes, totals in margins]
    sums = np.array([totals.sum() for _, totals in margins])
    refuse(np.abs(sums - sums[0]) > MARGIN_ERROR * sums[0], "Alle Randverteilungen müssen dieselbe Summe haben")
    for codes, totals in margins:
        refuse((codes < 0) | (codes >= totals.size), "Jede Person gehört in jeder Randverteilung zu einer Klasse")
        present = np.bincount(codes, minlength=totals.size) > 0
        refuse((totals > 0) & ~present, "Klassen mit Bevölkerung brauchen mindestens eine befragte Person")
    weights, error = _fit(weights, margins)
    if trim is None:
        return Raked(weights, error, 0.0)
    for _ in range(TRIM_ROUNDS):
        low, high = np.median(weights[weights > 0]) * np.array(trim)
        if not _outside(weights, low, high).any():
            break
        weights, error = _fit(np.where(weights > 0, np.clip(weights, low, high), 0), margins)
    low, high = np.median(weights[weights > 0]) * np.array(trim)
    return Raked(weights, error, float(_outside(weights, low, high).mean()))


def _outside(weights, low, high):
    tolerance = 1 + TRIM_TOLERANCE
    return (weights > 0) & ((weights * tolerance < low) | (weights > high * tolerance))


def _fit(weights, margins):
    for _ in range(MOST_CYCLES):
        for codes, totals in margins:
            factors = divide(totals, np.bincount(codes, weights, totals.size))
            weights = weights * np.where(totals > 0, factors, 0)[codes]
        errors = [
            np.abs(np.bincount(codes, weights, totals.size) - totals)[totals > 0] / totals[totals > 0]
            for codes, totals in margins
        ]
        error = float(np.concatenate(errors).max())
        if error < MARGIN_ERROR:
            return weights, error
    raise ValueError("Die Gewichtung erreicht die Randverteilungen nicht: sie widersprechen einander in den Klassen")


def kish(weights):
    """Kish's design effect of unequal weights, 1 + cv² = n·Σw² / (Σw)²; n_eff is n divided by it."""
    weights = array(weights)
    refuse(~(weights >= 0), "Gewichte dürfen weder fehlen noch negativ sein")
    return divide(weights.size * (weights**2).sum(), weights.sum() ** 2)[()]


def proportion(answers, weights, z=Z95, deff=1):
    """Weighted proportion of 1 among answers 0 and 1, with Wilson's limits on n_eff = n / (Kish · deff).

    answers, weights: shape (persons,); NaN is no answer and does not count; deff: further effect, as of clusters.
    NaN throughout if nobody answered.
    """
    answers, weights = floats(answers, weights)
    given = ~np.isnan(answers)
    answers, weights = answers[given], weights[given]
    refuse((answers != 0) & (answers != 1), "Antworten sind 0 oder 1")
    design = kish(weights) * deff
    value = divide(weights @ answers, weights.sum())
    n_eff = answers.size / design
    low, high = wilson(np.minimum(value, 1) * n_eff, n_eff, z)
    return Share(float(value), float(low), float(high), answers.size, float(design), float(n_eff))


def proportion_of_sums(hits, weight, squares, n, z=Z95, deff=1):
    """The same from sums over persons, many at once: Σw of those who say 1, Σw, Σw² and the number of all who answered.

    All arrays of one shape; so are the fields of the result. NaN where nobody answered.
    """
    hits, weight, squares, n = floats(hits, weight, squares, n)
    design = divide(n * squares, weight**2) * deff
    value = divide(hits, weight)
    n_eff = divide(n, design)
    low, high = wilson(np.minimum(value, 1) * n_eff, n_eff, z)
    return Share(value, low, high, n, design, n_eff)


def calibrate(persons, margins, least=LEAST_PER_CLASS):
    """Weights of a simple sample raked to the finest margins it can bear: (weights, names of the margins used).

    persons: how many; margins: for each margin its alternatives from fine to coarse as (name, codes, totals), see `rake`.
    Of each the first counts in which every class with population has `least` respondents and nobody sits in one without;
    a margin without such an alternative is left out, and without any margin everybody weighs 1.
    """
    chosen = []
    for alternatives in margins:
        for name, codes, totals in alternatives:
            answered = np.bincount(codes, minlength=len(totals))
            if np.all(answered[totals > 0] >= least) and not answered[~(totals > 0)].any() and np.any(totals > 0):
                chosen.append((name, codes, totals))
                break
    if not chosen:
        return np.ones(persons), []
    return rake(np.ones(persons), [(codes, totals) for _, codes, totals in chosen]).weights, [name for name, _, _ in chosen]


def quantile(values, weights, q=0.5):
    """Weighted quantile: the smallest value up to which the share q of the weight lies, the mean of two at a tie.

    values, weights: shape (persons,); unknown values do not count. This is the definition of the R package laeken.
    """
    refuse(np.array(not 0 < q < 1), "Quantile liegen zwischen 0 und 1")
    values, weights = _sorted(values, weights)
    if not weights.size:
        return np.nan
    reached = np.cumsum(weights)
    wanted = q * reached[-1]
    rounding = np.finfo(float).eps * weights.size * reached[-1]
    first = np.searchsorted(reached, wanted - rounding)
    after = np.searchsorted(reached, wanted + rounding, side="right")
    return float((values[first] + values[min(after, values.size - 1)]) / 2)


def _sorted(values, weights):
    values, weights = floats(values, weights)
    refuse(~(weights >= 0), "Gewichte dürfen weder fehlen noch negativ sein")
    use = ~np.isnan(values) & (weights > 0)
    order = np.argsort(values[use])
    return values[use][order], weights[use][order]


def at_risk_of_poverty(income, weights, share=POVERTY_SHARE):
    """Weighted proportion of persons below 60 % of the weighted median of equivalised income. In [0, 1]."""
    income, weights = _sorted(income, weights)
    return float(divide(weights[income < share * quantile(income, weights)].sum(), weights.sum()))


def gini(income, weights):
    """Weighted Gini coefficient Σ xᵢ(Cᵢ² − Cᵢ₋₁²) / (C·Σwx) − 1 with cumulated weights C of sorted incomes. In [0, 1].

    ValueError for negative incomes, with which the coefficient loses its meaning.
    """
    income, weights = _sorted(income, weights)
    refuse(income < 0, "Der Gini-Koeffizient verlangt Einkommen ab 0")
    squares = np.diff(np.cumsum(weights) ** 2, prepend=0)
    return float(divide(income @ squares, weights.sum() * (income @ weights)) - 1)
