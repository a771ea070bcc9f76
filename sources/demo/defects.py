"""The usual defects of a register: pointers that were never entered, days and months of birth as 00, missing dates, misspelt names.

Belongs to what the register knows, not to how people live: the truth is the same with and without. A defect stays with
its person over all reference dates.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sources.demo.draws import generator

# Shares of persons; rounded orders of magnitude that statistics offices tell of, not estimates. Beyond what every simulated register lacks.
POINTER_LOST = 0.10  # each of spouse, first parent, second parent
MONTH_OF_BIRTH_UNKNOWN, DAY_OF_BIRTH_UNKNOWN = 0.02, 0.01
MOVE_DATE_MISSING = 0.02
SURNAME_MISSPELT = 0.03
#: What typists do to a name: a letter left out, doubled, exchanged with its neighbour, or written as it sounds.
SOUNDS = (("ie", "i"), ("ei", "ai"), ("th", "t"), ("dt", "t"), ("tz", "z"), ("ck", "k"), ("ss", "s"), ("ll", "l"), ("mm", "m"), ("ü", "u"), ("ö", "oe"), ("ä", "e"), ("y", "i"))


class Defects:
    """Which person has which defect: drawn in the order of persons, so that later arrivals change nobody's."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def _dice(self, step: str, who: np.ndarray) -> np.ndarray:
        return generator(self.seed, 0, f"defects {step}").random(int(who.max(initial=-1)) + 1)[who]

    def lost(self, who: np.ndarray) -> np.ndarray:
        """Missing pointers as bits: 1 spouse, 2 first parent, 4 second parent."""
        bits = [np.where(self._dice(f"pointer {bit}", who) < POINTER_LOST, bit, 0) for bit in (1, 2, 4)]
        return np.bitwise_or.reduce(np.array(bits, dtype=np.uint8))

    def fuzzy(self, who: np.ndarray) -> np.ndarray:
        """1: day of birth unknown, 2: day and month unknown."""
        dice = self._dice("birth", who)
        return np.select([dice < MONTH_OF_BIRTH_UNKNOWN, dice < MONTH_OF_BIRTH_UNKNOWN + DAY_OF_BIRTH_UNKNOWN], [2, 1], 0).astype(np.int8)

    def date_missing(self, who: np.ndarray) -> np.ndarray:
        return self._dice("move", who) < MOVE_DATE_MISSING

    def surnames(self, who: np.ndarray, written: pa.Array) -> pa.Array:
        """``written`` with some names misspelt."""
        wrong = np.flatnonzero(self._dice("surname", who) < SURNAME_MISSPELT)
        how = self._dice("spelling", who)
        spelt = written.to_numpy(zero_copy_only=False)
        spelt[wrong] = [misspelt(spelt[i], how[i]) for i in wrong]
        return pa.array(spelt, pa.string())


def misspelt(name: str, dice: float) -> str:
    """``name`` with one slip, chosen by ``dice`` in [0, 1); the first letter is always right."""
    sounding = [(old, new) for old, new in SOUNDS if old in name[1:]]
    if sounding and dice < 0.4:
        old, new = sounding[int(dice / 0.4 * len(sounding))]
        return name[0] + name[1:].replace(old, new, 1)
    kind, place = divmod((dice * 997) % 3, 1)
    at = 1 + int(place * max(len(name) - 2, 1))
    letters = list(name)
    if kind == 0:
        del letters[at]
    elif kind == 1:
        letters.insert(at, letters[at])
    else:
        letters[at : at + 2] = letters[at : at + 2][::-1]
    return "".join(letters)
