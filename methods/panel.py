"""Many series and groups of areas at once: rows become padded blocks, blocks become rows again.

Must not know any statistic: what a block means is its caller's business. Places without a row are NaN, which every
other module reads as unknown.
"""

import numpy as np

from methods._arrays import array, refuse


class Panel:
    """Where each row stands in a block of shape (groups, places): the row's group number and its place in the group.

    ValueError if two rows claim one place or a number is negative.
    """

    def __init__(self, group, place):
        self.group, self.place = (np.asarray(given, dtype=int) for given in (group, place))
        refuse((self.group < 0) | (self.place < 0), "Gruppen und Plätze werden ab 0 gezählt")
        self.shape = (int(self.group.max(initial=-1)) + 1, int(self.place.max(initial=-1)) + 1)
        taken = np.bincount(self.group * self.shape[1] + self.place, minlength=1)
        refuse(taken > 1, "Auf jedem Platz steht höchstens eine Zeile")

    def block(self, values, missing=np.nan):
        """Values of the rows as a block; `missing` where there is no row."""
        block = np.full(self.shape, float(missing))
        block[self.group, self.place] = array(values)
        return block

    def rows(self, block):
        """The block's values in the order of the rows; a value per group, shape (groups,), goes to all its rows."""
        block = np.asarray(block)
        return block[self.group] if block.ndim == 1 else block[self.group, self.place]


def by_family(function, family, *values):
    """function(values of the family) for every family of rows, in the order of the rows. Shape (rows,)."""
    family = np.asarray(family)
    order = np.argsort(family, kind="stable")
    bounds = np.flatnonzero(np.diff(family[order])) + 1
    result = np.full(family.shape, np.nan)
    for rows in np.split(order, bounds) if family.size else ():
        result[rows] = function(*(np.asarray(given)[rows] for given in values))
    return result


def windows(block, years):
    """Each place with the ones before it, shape (groups, places, years); NaN before the first."""
    block = array(block)
    if not block.shape[-1]:
        return np.empty((*block.shape, years))
    padded = np.concatenate([np.full((*block.shape[:-1], years - 1), np.nan), block], axis=-1)
    return np.lib.stride_tricks.sliding_window_view(padded, years, axis=-1)
