"""Estimates for small areas: empirical Bayes, pooled years, Fay–Herriot, and benchmarking to the town.

Must not replace an observed value: what comes out is a separate value that has to be marked as estimated.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv, betaln, expit, logit, ndtr

from methods._arrays import array, counts, divide, effective, floats, refuse
from methods.intervals import Z95, Interval

POOLED_YEARS = 3  # rare events are pooled over three years
STRENGTH_LIMITS = (1e-2, 1e9)  # search of the maximum; beyond, all areas are the same or have nothing in common
LIKELIHOOD_TOLERANCE = 1e-6  # if "all areas equal" is no less likely than that, it is the answer
LOGIT_LIMIT = 30  # proportions and shifts are searched within expit(±30)
NEWTON_STEPS, SHIFT_TOLERANCE = 20, 1e-14  # the shift is small, so it converges within four or five


class Prior(NamedTuple):
    """Beta distribution of the areas' proportions: a = mean·strength, b = (1 − mean)·strength; inf: all areas equal."""

    mean: float
    strength: float


class FayHerriot(NamedTuple):
    """EBLUP and the weight of the area's own value, shape (areas,); between-area variance; coefficients."""

    value: np.ndarray
    gamma: np.ndarray
    variance: float
    beta: np.ndarray


def beta_prior(x, n, deff=1, ml=False):
    """Beta distribution behind the areas' counts (beta-binomial), by moments (Kleinman 1973) or maximum likelihood.

    x, n: shape (areas,); unknown and empty areas are left out, design effects enter as effective counts.
    Mean and strength are NaN if fewer than two areas remain or nobody or everybody is counted.
    """
    x, n = effective(x, n, deff)
    usable = ~np.isnan(x) & (n > 0)
    prior = Prior(*map(float, _moments(x, n)))
    return _likeliest(x[usable], n[usable], prior.mean) if ml and not np.isnan(prior.mean) else prior


def _moments(x, n):
    """Mean and strength by moments, shape of the effective counts without their last axis."""
    usable = ~np.isnan(x) & (n > 0)
    x, n, k = np.where(usable, x, 0), np.where(usable, n, 0), usable.sum(axis=-1)
    total = n.sum(axis=-1)
    mean = divide(x.sum(axis=-1), total)
    mean = np.where((k > 1) & (mean > 0) & (mean < 1), mean, np.nan)
    # E Σ nᵢ(rᵢ−p)² = p(1−p)(k − 1 + ρ(N − Σn²/N − k + 1)), and ρ = 1/(1 + a + b) is the intra-area correlation.
    room = total - divide((n**2).sum(axis=-1), total) - k + 1
    deviation = np.where(usable, n * (divide(x, n) - mean[..., None]) ** 2, 0).sum(axis=-1)
    excess = divide(deviation, mean * (1 - mean)) - k + 1
    strength = np.where(excess > 0, np.maximum(divide(room, excess) - 1, STRENGTH_LIMITS[0]), np.inf)
    return mean, np.where(np.isnan(mean), np.nan, strength)


def _likeliest(x, n, mean):
    from scipy.optimize import minimize

    def loss(parameters):
        strength = np.exp(parameters[1])
        a, b = expit(parameters[0]) * strength, expit(-parameters[0]) * strength
        return -(betaln(x + a, n - x + b) - betaln(a, b)).sum()

    bounds = [(-LOGIT_LIMIT, LOGIT_LIMIT), tuple(np.log(STRENGTH_LIMITS))]
    # The search starts at priors as strong as an area: far beyond, the likelihood is flat.
    found = minimize(loss, (logit(mean), np.log(n.mean())), bounds=bounds)
    if loss((logit(mean), bounds[1][1])) - found.fun < LIKELIHOOD_TOLERANCE:
        return Prior(mean, np.inf)
    return Prior(float(expit(found.x[0])), float(np.exp(found.x[1])))


def empirical_bayes(x, n, prior, deff=1):
    """(x + a) / (n + a + b): the area's proportion drawn towards the prior mean. An empty area gets the prior mean."""
    x, n = effective(x, n, deff)
    own = n / (n + prior.strength)
    return (np.where(n == 0, 0, own * divide(x, n)) + (1 - own) * prior.mean)[()]


def posterior_limits(x, n, prior, z=Z95, deff=1):
    """Limits of the shrunken proportion: quantiles of Beta(x + a, n − x + b) on effective counts.

    All areas equal (infinite strength) leaves no spread: both limits are the prior mean.
    """
    x, n = effective(x, n, deff)
    x, n = np.where(n == 0, 0, x), np.where(np.isnan(x), np.nan, n)
    mean, strength = floats(prior.mean, prior.strength)
    a, b = (np.where(np.isinf(strength), np.nan, part * strength) for part in (mean, 1 - mean))
    limits = (np.where(np.isinf(strength) & ~np.isnan(n), mean, betaincinv(x + a, n - x + b, tail))[()] for tail in ndtr([-z, z]))
    return Interval(*limits)


def pooled(counts, years=POOLED_YEARS):
    """Sums over each year of the last axis and the ones before it; NaN where a year is missing or unknown."""
    counts = array(counts)
    result = np.full(counts.shape, np.nan)
    if counts.shape[-1] >= years:
        result[..., years - 1 :] = np.lib.stride_tricks.sliding_window_view(counts, years, axis=-1).sum(axis=-1)
    return result


def fay_herriot(y, variance, design):
    """EBLUP γy + (1−γ)x'β with γ = σ²ᵤ/(σ²ᵤ + D) (Fay and Herriot 1979).

    y: direct estimates, shape (areas,); variance: their sampling variances D > 0; design: shape (areas, p) with its
    own column of ones. σ²ᵤ solves Σ (y − x'β)²/(σ²ᵤ + D) = k − p, or is 0 if even that is too large. Areas without a
    direct estimate get x'β, areas without a known x NaN. ValueError if a variance is not positive or no more areas
    than coefficients are known.
    """
    from scipy.optimize import brentq

    y, variance = floats(y, variance)
    design = array(design)
    refuse(variance <= 0, "Stichprobenvarianzen müssen positiv sein")
    known = ~(np.isnan(y) | np.isnan(variance) | np.isnan(design).any(axis=1))
    own, error, x = y[known], variance[known], design[known]
    refuse(np.array(own.size <= x.shape[1]), "Fay-Herriot braucht mehr bekannte Gebiete als Koeffizienten")

    def coefficients(between):
        weight = 1 / (between + error)
        return np.linalg.solve((x.T * weight) @ x, (x.T * weight) @ own)

    def surplus(between):
        return ((own - x @ coefficients(between)) ** 2 / (between + error)).sum() - own.size + x.shape[1]

    between = 0.0
    if surplus(0) > 0:
        # At the residual variance of unweighted regression the surplus is negative: every D adds to its denominator.
        residuals = own - x @ np.linalg.lstsq(x, own)[0]
        between = brentq(surplus, 0, (residuals**2).sum() / (own.size - x.shape[1]), xtol=np.finfo(float).tiny)
    beta = coefficients(between)
    gamma = np.where(known, between / (between + variance), 0)
    value = design @ beta + np.where(known, gamma * (y - design @ beta), 0)
    return FayHerriot(value, gamma, between, beta)


def benchmark(value, n, total, proportion=True):
    """Values adjusted so that Σ n·value = total, over the areas that are known. Shape (areas,).

    Proportions are shifted by one constant on the logit and so stay within (0, 1); anything else by one factor.
    ValueError if no such shift or factor exists (a total of 0 or of everybody, or all values 0 and a positive total).
    """
    value, n = floats(value, n)
    known = ~np.isnan(value) & ~np.isnan(n)
    own, size = value[known], n[known]
    if not proportion:
        refuse(np.array((size @ own == 0) & (total != 0)), "Aus lauter Nullen entsteht keine Summe")
        return value * (total / (size @ own) if size @ own else 1)
    reached, free = size[own == 1].sum(), size[(own > 0) & (own < 1)].sum()
    refuse(np.array(not (reached < total < reached + free)), "Die Summe ist mit keiner Verschiebung der Anteile zu erreichen")
    from scipy.optimize import brentq

    own = logit(own)

    def surplus(shift):
        return size @ expit(own + shift) - total

    result = np.full(value.shape, np.nan)
    result[known] = expit(own + brentq(surplus, -2 * LOGIT_LIMIT, 2 * LOGIT_LIMIT, xtol=1e-15, rtol=1e-15))
    return result


class Shrunken(NamedTuple):
    """Benchmarked shrunken proportions with the limits of their posterior, and the weight of the area's own value."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    own: np.ndarray


def shrunken(x, n, deff=1):
    """Empirical Bayes for many groups of areas, each benchmarked to its own total. Shape (groups, areas).

    The limits are shifted on the logit by the same constant as the value. NaN for a group in which nothing differs
    from nobody or everybody, or with fewer than two areas.
    """
    x, n, deff = counts(x, n, deff)
    known = ~np.isnan(x) & (n > 0)
    cases, people = np.where(known, x, np.nan), np.where(known, n, np.nan)
    effective_cases, effective_people = effective(cases, people, deff)
    prior = Prior(*(part[..., None] for part in _moments(effective_cases, effective_people)))
    value = empirical_bayes(effective_cases, effective_people, prior)
    limits = posterior_limits(effective_cases, effective_people, prior)
    shift = _shift(value, people, np.nansum(cases, axis=-1))[..., None]
    own = np.where(np.isnan(prior.mean), np.nan, effective_people / (effective_people + prior.strength))
    return Shrunken(*(expit(logit(given) + shift) for given in (value, *limits)), own)


def _shift(value, n, total):
    """Constants on the logit that make Σ n·value the totals, as `benchmark` finds one by search; here by Newton's method.

    value, n: shape (groups, areas), unknown together; total: shape (groups,).
    """
    own, shift = logit(value), np.zeros(total.shape)
    for _ in range(NEWTON_STEPS):
        moved = expit(own + shift[..., None])
        step = divide(np.nansum(n * moved, axis=-1) - total, np.nansum(n * moved * (1 - moved), axis=-1))
        shift = shift - step
        if not (np.abs(step) >= SHIFT_TOLERANCE).any():
            break
    return shift
