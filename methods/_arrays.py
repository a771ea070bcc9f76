"""What every module does with its input: floats, broadcasting, and refusal of impossible counts.

Must not know any statistic. Messages name the rule and how many elements break it, never a value.
"""

import numpy as np


def array(given):
    """Input as a float array. None and NaN mean unknown and become NaN."""
    return np.asarray(given, dtype=float)


def floats(*inputs):
    """Inputs as float arrays of one common shape."""
    return np.broadcast_arrays(*map(array, inputs))


def refuse(broken, rule):
    """ValueError if any element of the boolean array `broken` is true. Unknown elements break no rule."""
    count = int(np.count_nonzero(broken))
    if count:
        raise ValueError(f"{rule} (verletzt in {count} von {np.size(broken)} Werten)")


def counts(x, n, *others, part=True):
    """Numerator, denominator and further arrays in one shape, checked.

    x and n must be finite and not negative; with `part` the numerator is part of the denominator and
    must not exceed it. NaN stays NaN.
    """
    x, n, *others = floats(x, n, *others)
    refuse((x < 0) | np.isinf(x), "Zähler müssen endlich und dürfen nicht negativ sein")
    refuse((n < 0) | np.isinf(n), "Nenner müssen endlich und dürfen nicht negativ sein")
    if part:
        refuse(x > n, "Zähler dürfen nicht größer sein als ihr Nenner")
    return x, n, *others


def effective(x, n, deff, part=True):
    """Counts divided by their design effect: as many independent draws as the clustered ones are worth."""
    x, n, deff = counts(x, n, deff, part=part)
    refuse(~np.isnan(deff) & ~((deff > 0) & np.isfinite(deff)), "Designeffekte müssen positiv und endlich sein")
    return x / deff, n / deff


def divide(a, b):
    """a / b, and NaN (unknown, never zero or infinity) where b is 0."""
    a, b = floats(a, b)
    return np.divide(a, b, out=np.full(a.shape, np.nan), where=b != 0)
