"""The composite indices of an edition: from rows of a catalogue and of areas to values, classes and what may be said.

Must not know which indicators there are. Rows come as columns, one row per index, area, year and indicator, as
`indices` says; everything statistical is in `index`.
"""

import numpy as np

from methods._arrays import divide
from methods.comparison import benjamini_hochberg, homogeneity
from methods.index import (
    DYNAMICS, NOT_CLASSIFIED, NOT_COMPUTABLE, STATUS, class_probabilities, composite, decide, dynamics, leave_one_out, perturbed_weights, scale_of, status,
)

SEED = 20251231  # of all draws; recorded here and nowhere changed
DRAWS = 500  # a probability of 0.8 is known to ±0.035
CLASSES = {"status": (status, STATUS), "dynamik": (dynamics, DYNAMICS)}
GROUP = ["index_id", "gebietsstand", "ebene", "jahr"]


class Grid:
    """One index on one level in one year: areas down, indicators across, both in order of their keys."""

    def __init__(self, rows, chosen):
        self.rows, self.chosen = rows, chosen
        self.areas, self.first, self._area = np.unique(rows["raumeinheit_id"][chosen], return_index=True, return_inverse=True)
        self.names, self._one, self._name = np.unique(rows["indikator_id"][chosen], return_index=True, return_inverse=True)
        self.present = self.column("vorhanden").astype(bool)

    def head(self, column):
        """What is equal in all rows."""
        return self.rows[column][self.chosen[0]]

    def column(self, name):
        """What belongs to an indicator."""
        return self.rows[name][self.chosen][self._one]

    def of_area(self, name):
        return self.rows[name][self.chosen][self.first]

    def wide(self, name):
        """Values, shape (areas, indicators that are there); NaN where a row is missing."""
        block = np.full((self.areas.size, self.names.size), np.nan)
        block[self._area, self._name] = self.rows[name][self.chosen]
        return block[:, self.present]


def indices(rows):
    """One row per index, area and year, as a dict of lists.

    rows: a dict of arrays of one length: index_id, gebietsstand, ebene, jahr, stichtag, raumeinheit_id, lieferung_id,
    indikator_id, gruppe, gewicht, vorzeichen, wert (high = worse), zaehler, nenner, designeffekt, vorhanden, verfahren (z,
    exp, minmax), klassen (status, dynamik, keine), ankerjahr (NaN: not anchored), mindestens (components needed),
    ordnet_gefaelle. Text and numbers without missing values but NaN.
    """
    keys = list(zip(*(rows[name].tolist() for name in GROUP), strict=True))
    members = {}
    for number, key in enumerate(keys):
        members.setdefault(key, []).append(number)
    grids = {key: Grid(rows, np.array(chosen)) for key, chosen in sorted(members.items())}
    result = {}
    for key, grid in grids.items():
        year = grid.head("ankerjahr")
        base = None if np.isnan(year) else grids.get((*key[:3], int(year)))
        for name, values in _one(grid, base).items():
            result.setdefault(name, []).extend(values)
    return result


def _one(grid, base):
    number = grid.areas.size
    values = grid.wide("wert")
    there = values.shape[1]
    enough = there >= grid.head("mindestens")
    how = {"method": str(grid.head("verfahren")), "weights": grid.column("gewicht")[grid.present], "groups": grid.column("gruppe")[grid.present].tolist()}
    index = composite(values, **how) if enough else np.full(number, np.nan)
    labels, classes = CLASSES.get(grid.head("klassen"), (None, ()))
    # Classes are cut on the scale of z values; ranks and min–max values have none.
    classified = labels is not None and how["method"] == "z"
    of = labels(index) if classified else np.full(number, NOT_CLASSIFIED)
    result = {name: [grid.head(name)] * number for name in ("index_id", "gebietsstand", "ebene", "jahr", "ordnet_gefaelle")}
    result |= {
        "stichtag": grid.of_area("stichtag").tolist(),
        "raumeinheit_id": grid.areas.tolist(),
        "lieferung_id": grid.of_area("lieferung_id").tolist(),
        "bestandteile": [there] * number,
        "fehlende_bestandteile": [", ".join(grid.names[~grid.present]) or None] * number,
        "wert": index,
        "klasse": _named(of),
    }
    found = _steadiness(values, index, labels, classes, how) if classified and enough else {}
    found |= _certainty(grid, index, of, how, base) if classified and enough and classes is STATUS else {}
    for name in ("klasse_ohne_einen", "klasse_gewichte", "klasse_wahrscheinlichkeit", "p_homogenitaet", "wert_verankert"):
        result[name] = found.get(name, np.full(number, np.nan))
    for name, missing in (("klasse_verankert", None), ("aussage", NOT_COMPUTABLE), ("aussage_verankert", NOT_COMPUTABLE)):
        result[name] = found.get(name, [missing] * number)
    return result


def _named(labels):
    return [None if label == NOT_CLASSIFIED else str(label) for label in labels]


def _steadiness(values, index, labels, classes, how):
    """Share of leave-one-outs and of weightings that leave an area in its class."""
    own = labels(index)
    found = {}
    if values.shape[1] > 1:
        without = labels(leave_one_out(values, **how))
        found["klasse_ohne_einen"] = np.where(np.isnan(index), np.nan, (without == own).mean(axis=0))
        if classes is STATUS:
            weights = perturbed_weights(values, SEED, draws=DRAWS, **how)
            found["klasse_gewichte"] = _of_class(weights, own)
    return found


def _of_class(probabilities, labels):
    """The probability of each area's own class, NaN if it has none."""
    chosen = np.array([STATUS.index(label) if label in STATUS else -1 for label in labels])
    return np.where(chosen < 0, np.nan, probabilities[np.arange(chosen.size), chosen])


def _certainty(grid, index, labels, how, base):
    """What needs counts: homogeneity, class probabilities, the anchored variant and what may be said."""
    x, n, deff = (grid.wide(column) for column in ("zaehler", "nenner", "designeffekt"))
    known = ~np.isnan(index)
    # Delivered rates have no counts, and what is no share of its denominator cannot be drawn as one.
    if not known.any() or np.isnan(x[known]).any() or (x > n).any():
        return {}
    direction = grid.column("vorzeichen")[grid.present].astype(float)
    p = homogeneity(x.T, n.T, deff.T).p
    probabilities = class_probabilities(x, n, SEED, deff, DRAWS, direction, **how)
    found = {
        "klasse_wahrscheinlichkeit": _of_class(probabilities, labels),
        "p_homogenitaet": np.where(known, np.fmin.reduce(benjamini_hochberg(p)), np.nan),
        "aussage": decide(p, probabilities).tolist(),
    }
    names = grid.names[grid.present]
    if base is not None and np.isin(names, base.names[base.present]).all():
        same = np.isin(base.names[base.present], names)
        # The bootstrap draws shares, so the scale is one of shares, too.
        anchor = scale_of(direction * divide(base.wide("zaehler"), base.wide("nenner"))[:, same], **how)
        found["wert_verankert"] = composite(direction * divide(x, n), anchor=anchor, **how)
        found["klasse_verankert"] = _named(status(found["wert_verankert"]))
        found["aussage_verankert"] = decide(None, class_probabilities(x, n, SEED, deff, DRAWS, direction, anchor=anchor, **how)).tolist()
    return found
