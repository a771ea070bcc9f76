"""Has a proportion changed over the last five yearly points? The trend test of Fingertips, and one for stocks.

Must not fill gaps: a series with an unknown point is NOT_COMPUTABLE, which is something else than NO_TREND.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc, ndtri

from methods._arrays import array, divide, effective, floats, refuse

RISING, FALLING, NO_TREND, NOT_COMPUTABLE = "steigend", "fallend", "kein Trend nachweisbar", "nicht berechenbar"

POINTS = 5  # yearly points of the test (Fingertips)
LEVEL = 0.002  # its level: 99.8 %, that is χ² > 9.54953570608324
LEAST_FAVOURABLE = 0.42  # the persistence at which a stock's slope varies most (test): right or too careful for any other


class Trend(NamedTuple):
    """χ² (1 degree of freedom) and the verdict, each of the shape of the input without its last axis."""

    chi2: np.ndarray
    verdict: np.ndarray


class Course(NamedTuple):
    """Slope per year in units of the value, p-value, and whether the sign survives every leave-one-out; shape without years."""

    slope: np.ndarray
    p: np.ndarray
    stable: np.ndarray


def trend(x, n, level=LEVEL, deff=1, persistence=0):
    """Trend over the last five points of the last axis (years in order, without gaps).

    χ² = N(NΣtx − XΣtn)² / (X(N−X)(NΣt²n − (Σtn)²)), divided by deff and by what the persistence of a stock adds; a
    trend is marked only if χ² passes the level and the slope keeps its sign when any one point is left out.

    persistence: see `inflation`; 0 is the published test, right for flows and wrong for stocks.
    NOT_COMPUTABLE if there are fewer than five points, if one of them is unknown or empty, or if nobody or everybody
    is counted. ValueError on impossible counts.
    """
    x, n = effective(x, n, deff)
    if x.shape[-1] < POINTS:
        return Trend(np.full(x.shape[:-1], np.nan)[()], np.full(x.shape[:-1], NOT_COMPUTABLE)[()])
    x, n = x[..., -POINTS:], n[..., -POINTS:]
    n = np.where(n > 0, n, np.nan)
    slope, scale = _slope(x, n)
    chi2 = divide(n.sum(axis=-1) * slope**2, scale) / inflation(n, persistence)
    kept = 1 - np.eye(POINTS)
    signs = np.sign(_slope(x[..., None, :] * kept, n[..., None, :] * kept)[0])
    stable = np.abs(signs.sum(axis=-1)) == POINTS
    marked = (chi2 > ndtri(level / 2) ** 2) & stable
    verdict = np.select([np.isnan(chi2), marked & (slope > 0), marked], [NOT_COMPUTABLE, RISING, FALLING], NO_TREND)
    return Trend(chi2[()], verdict[()])


def _slope(x, n):
    """NΣtx − XΣtn, which has the sign of the slope, and the scale of its square."""
    t = np.arange(POINTS)
    total, cases = n.sum(axis=-1), x.sum(axis=-1)
    slope = total * (t * x).sum(axis=-1) - cases * (t * n).sum(axis=-1)
    return slope, cases * (total - cases) * (total * (t**2 * n).sum(axis=-1) - (t * n).sum(axis=-1) ** 2)


def course(x, n, deff=1, persistence=0):
    """What `trend` tests, without its verdict, for many series to be judged together. Arguments and χ² as there.

    The slope is that of the weighted regression of x/n on the year. NaN and unstable where nothing can be tested.
    """
    x, n = floats(x, n)
    chi2, verdict = trend(x, n, 1, deff, persistence)
    if x.shape[-1] < POINTS:
        return Course(chi2, chi2, np.zeros(x.shape[:-1], dtype=bool)[()])
    untested = np.asarray(verdict == NOT_COMPUTABLE)
    steepness = slope(np.where(untested[..., None], np.nan, x), n)
    # At a level of 1 whatever keeps its sign is marked.
    return Course(steepness, chdtrc(1, chi2)[()], np.isin(verdict, (RISING, FALLING))[()])


def slope(x, n):
    """Change of x/n per year over the last five points, by least squares weighted with n; shape without the last axis."""
    x, n = (given[..., -POINTS:] for given in floats(x, n))
    value = divide(x, n)
    return _weighted_slope(value, np.where(np.isnan(value), np.nan, n))[()]


def course_of_means(value, error, persistence=0):
    """The same for yearly values with standard errors (means): weighted least squares with weights 1/error².

    value, error: shape (..., years), error > 0. ValueError if an error is not positive.
    """
    value, error = floats(value, error)
    refuse(error <= 0, "Standardfehler müssen positiv sein")
    if value.shape[-1] < POINTS:
        nothing = np.full(value.shape[:-1], np.nan)
        return Course(nothing[()], nothing[()], np.zeros(nothing.shape, dtype=bool)[()])
    value, weight = value[..., -POINTS:], error[..., -POINTS:] ** -2.0
    steepness = _weighted_slope(value, weight)
    centre = divide((np.arange(POINTS) * weight).sum(axis=-1, keepdims=True), weight.sum(axis=-1, keepdims=True))
    chi2 = steepness**2 * (weight * (np.arange(POINTS) - centre) ** 2).sum(axis=-1) / inflation(weight, persistence)
    kept = 1 - np.eye(POINTS)
    signs = np.sign(_weighted_slope(value[..., None, :], weight[..., None, :] * kept))
    return Course(steepness[()], chdtrc(1, chi2)[()], (np.abs(signs.sum(axis=-1)) == POINTS)[()])


def _weighted_slope(value, weight):
    t = np.arange(POINTS)
    total = weight.sum(axis=-1)
    cross = total * (weight * t * value).sum(axis=-1) - (weight * t).sum(axis=-1) * (weight * value).sum(axis=-1)
    return divide(cross, total * (weight * t**2).sum(axis=-1) - (weight * t).sum(axis=-1) ** 2)


def judge(courses, adjusted, level=LEVEL, fdr=0.05):
    """RISING, FALLING, NO_TREND or NOT_COMPUTABLE per series: significant by itself at `level`, stable, and among
    many series within the false discovery rate. adjusted: Benjamini–Hochberg p-values of the same shape."""
    steepness, p, stable = (np.asarray(part) for part in courses)
    marked = stable & (p < level) & (np.asarray(adjusted) <= fdr)
    return np.select([np.isnan(p) | np.isnan(adjusted), marked & (steepness > 0), marked], [NOT_COMPUTABLE, RISING, FALLING], NO_TREND)[()]


def inflation(n, persistence):
    """Variance of the trend's slope in a stock, relative to five independent samples. Shape of n without last axis.

    A stock is largely last year's stock: counts k years apart are correlated. With t centred on its weighted mean the
    slope is Σ cₜxₜ, cₜ = t − t̄, so its variance is p(1−p) ΣΣ cₛcₜ √(nₛnₜ) ρ|s−t| instead of p(1−p) Σ cₜ²nₜ.
    Over 1 for a moderate persistence (at most about 1.2, at 0.5), under 1 for a high one: a stock that hardly moves
    shows no trend by chance either. What never changes cancels out.

    persistence: correlation of the counts one year apart, which then fades geometrically (ρᵏ); or the four
    correlations one, two, three and four years apart.
    """
    persistence = array(persistence)
    refuse(~((persistence >= 0) & (persistence < 1)), "Persistenz liegt zwischen 0 und unter 1")
    lags = persistence ** np.arange(1, POINTS) if persistence.ndim == 0 else persistence
    refuse(np.array(lags.shape != (POINTS - 1,)), "Persistenz ist eine Zahl oder eine je Abstand von 1 bis 4 Jahren")
    t = np.arange(POINTS)
    correlation = np.append(1, lags)[np.abs(t - t[:, None])]
    n = array(n)
    centre = divide((t * n).sum(axis=-1, keepdims=True), n.sum(axis=-1, keepdims=True))
    loading = (t - centre) * np.sqrt(n)
    return divide(np.einsum("...s,st,...t", loading, correlation, loading), (loading**2).sum(axis=-1))[()]


def stock_correlation(stay, p, retention=1):
    """Correlation of a stock with itself a year later, to be used as `persistence`.

    stay: share of the stock's persons who are in it a year later (same area); p: their proportion of the residents;
    retention: share of residents who still live in the area a year later. A person in both stocks adds to the
    covariance, a resident in both years takes away what chance would give: (stay − retention·p) / (1 − p).
    ValueError if fewer stay than chance would give.
    """
    stay, p, retention = floats(stay, p, retention)
    refuse((stay > retention) | (stay < retention * p), "Der Verbleib liegt zwischen Zufall und Wohndauer")
    return divide(stay - retention * p, 1 - p)[()]
