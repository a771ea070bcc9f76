"""Intervals around proportions, counts, rates, means, and differences of two of them.

Must not compare, judge or label: that is `comparison`. NaN in is NaN out; a denominator of 0 gives NaN.
Formulas as in English public health practice (Fingertips technical guidance, PHEindicatormethods).
Every `deff` is the design effect of counts that come in households or Bedarfsgemeinschaften.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import gammainccinv, gammaincinv, ndtr, stdtrit

from methods._arrays import counts, divide, effective, floats, refuse

Z95 = 1.959963984540054  # two-sided 95 % of the standard normal distribution
Z998 = 3.090232306167813  # two-sided 99.8 %

EXACT_BELOW = 10  # counts below take the exact Poisson limits, the others Byar's (Fingertips)
DSR_LEAST_CASES = 10  # a directly standardised rate on fewer cases is not shown (Fingertips)

# European Standard Population 2013 (Eurostat), 19 age bands: 0-4, 5-9, ..., 85-89, 90 and over.
ESP2013 = np.array([5000, 5500, 5500, 5500, 6000, 6000, 6500, 7000, 7000, 7000,
                    7000, 6500, 6000, 5500, 5000, 4000, 2500, 1500, 1000], dtype=float)  # fmt: skip
ESP2013.flags.writeable = False

SHOWN = ""
TOO_FEW_CASES = "weniger als 10 Faelle"
NOT_COMPUTABLE = "nicht berechenbar"


class Interval(NamedTuple):
    """Lower and upper limit, each of the broadcast shape of the input."""

    low: np.ndarray
    high: np.ndarray


class Estimate(NamedTuple):
    """A value with its limits, each of the broadcast shape of the input."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


class StandardisedRate(NamedTuple):
    """An estimate with the reason why it is not shown: SHOWN, TOO_FEW_CASES or NOT_COMPUTABLE."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    reason: np.ndarray


def wilson(x, n, z=Z95, deff=1):
    """Wilson score limits of the proportion x/n (Wilson 1927), within [0, 1] and around x/n.

    ValueError if x > n, if a count is negative or infinite, or if deff is not positive.
    """
    x, n = effective(x, n, deff)
    p = divide(x, n)
    z, p = floats(z, p)
    centre = 2 * x + z**2
    half = z * np.sqrt(z**2 + 4 * x * (1 - p))
    width = 2 * (n + z**2)
    # The clipping moves a limit by rounding errors only: at x = 0 and x = n it makes 0 and 1 exact.
    return Interval(np.clip((centre - half) / width, 0, p)[()], np.clip((centre + half) / width, p, 1)[()])


def poisson_interval(x, z=Z95, deff=1):
    """Limits of a count: Byar's approximation, below 10 (effective) the exact Poisson limits.

    Byar in Breslow and Day (1987); exact: Garwood (1936), here by gamma quantiles, which are half the χ²
    quantiles of methods.md. ValueError if x is negative or infinite.
    """
    x, _ = effective(x, np.nan, deff)
    x, z, deff = floats(x, z, deff)
    tail = ndtr(-z)
    with np.errstate(divide="ignore", invalid="ignore"):
        byar_low = x * np.maximum(1 - 1 / (9 * x) - z / (3 * np.sqrt(x)), 0) ** 3
        byar_high = (x + 1) * (1 - 1 / (9 * (x + 1)) + z / (3 * np.sqrt(x + 1))) ** 3
        exact_low = np.where(x == 0, 0, gammaincinv(x, tail))
    exact = x < EXACT_BELOW
    low = np.where(exact, exact_low, byar_low)
    high = np.where(exact, gammainccinv(x + 1, tail), byar_high)
    return Interval((low * deff)[()], (high * deff)[()])


def rate(x, n, multiplier=1, z=Z95, deff=1):
    """x / n times multiplier with Poisson limits: x need not be part of n (places per child, cases per person-year)."""
    x, n, multiplier = counts(x, n, multiplier, part=False)
    low, high = poisson_interval(x, z, deff)
    return Estimate(*(divide(count * multiplier, n)[()] for count in (x, low, high)))


def dsr(x, n, weights=ESP2013, multiplier=1, z=Z95, deff=1):
    """Directly standardised rate with Dobson's limits (Dobson et al. 1991).

    x, n: cases and residents, shape (..., age bands); weights: standard population, one per band; deff of shape (...).
    NaN with a reason if a band is unknown or has no residents, or if there are fewer than 10 cases in all.
    """
    x, n, weights = counts(x, n, weights, part=False)
    share = weights / weights.sum(axis=-1, keepdims=True)
    value = (share * divide(x, n)).sum(axis=-1)
    variance = (share**2 * divide(x, n**2)).sum(axis=-1)
    cases = x.sum(axis=-1)
    low, high = poisson_interval(cases, z, deff)
    value, variance, cases, low, high = floats(value, variance, cases, low, high)
    few = cases < DSR_LEAST_CASES
    unknown = np.isnan(value) | np.isnan(low)
    stretch = np.sqrt(divide(variance, cases))
    shown = np.where(few | unknown, np.nan, value)
    # The count's limits carry the design effect already; the stretch turns cases into the rate's own spread.
    limits = (shown + stretch * (limit - cases) for limit in (low, high))
    reason = np.select([unknown, few], [NOT_COMPUTABLE, TOO_FEW_CASES], SHOWN)
    return StandardisedRate(*((part * multiplier)[()] for part in (shown, *limits)), reason[()])


def mean(n, total, squares, z=Z95, deff=1):
    """Mean of n values from their sum and sum of squares, with Student's t limits at the level of z.

    NaN limits where fewer than two (effective) values say nothing about spread.
    ValueError where `squares` is smaller than total²/n allows.
    """
    n, total, squares, z, deff = floats(n, total, squares, z, deff)
    _, effective_n = effective(0, n, deff)
    value = divide(total, n)
    spread = squares - total * value
    rounding = np.sqrt(np.finfo(float).eps) * np.abs(squares)
    refuse(spread < -rounding, "Quadratsummen müssen mindestens Summe² / Anzahl sein")
    freedom = np.where(effective_n > 1, effective_n - 1, np.nan)
    error = np.sqrt(divide(divide(np.maximum(spread, 0), n - 1), effective_n))
    half = stdtrit(freedom, ndtr(z)) * error
    return Estimate(value[()], (value - half)[()], (value + half)[()])


def difference(first, second):
    """Difference of two independent estimates from their own limits.

    The limits are combined as squared distances (Newcombe 1998 for proportions, MOVER by Zou and Donner 2008
    for anything else), so the intervals may be asymmetric and of different kinds.
    """
    (a, a_low, a_high), (b, b_low, b_high) = floats(*first), floats(*second)
    value = a - b
    return Estimate(value[()], (value - np.hypot(a - a_low, b_high - b))[()], (value + np.hypot(a_high - a, b - b_low))[()])


def newcombe(x1, n1, x2, n2, z=Z95, deff1=1, deff2=1):
    """Difference of two proportions x1/n1 − x2/n2 with Newcombe's limits (method 10, from the Wilson limits)."""
    first, second = ((divide(x, n), *wilson(x, n, z, deff)) for x, n, deff in ((x1, n1, deff1), (x2, n2, deff2)))
    return difference(first, second)


def rate_difference(x1, n1, x2, n2, multiplier=1, z=Z95, deff1=1, deff2=1):
    """Difference of two ratios whose numerators are no part of their denominators, from their Poisson limits (MOVER)."""
    return difference(rate(x1, n1, multiplier, z, deff1), rate(x2, n2, multiplier, z, deff2))
