"""Seeded draws that the whole simulation shares: one generator per seed, year and step, and sampling over arrays."""

from __future__ import annotations

import zlib
from datetime import date

import numpy as np

EPOCH = date(1970, 1, 1)


def days(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def generator(seed: int, year: int, step: str) -> np.random.Generator:
    """A generator of its own for every step, so that one more draw in one step changes no other."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, year, zlib.crc32(step.encode())])))


def pick(rng: np.random.Generator, weight: np.ndarray, size: int) -> np.ndarray:
    """``size`` positions with replacement, in proportion to ``weight``."""
    until = np.cumsum(weight)
    return np.minimum(np.searchsorted(until, rng.random(size) * until[-1], side="right"), len(weight) - 1)


def draw(rng: np.random.Generator, weight: np.ndarray, size: int) -> np.ndarray:
    """``size`` different positions, each step in proportion to ``weight`` (exponential clocks); weight 0 is never drawn.

    Returns fewer where fewer have a weight. Ascending, so that the result does not depend on how numpy partitions.
    """
    possible = np.flatnonzero(weight > 0)
    size = min(size, len(possible))
    if size <= 0:
        return possible[:0]
    ring = rng.exponential(size=len(possible)) / weight[possible]
    return np.sort(possible[np.argpartition(ring, size - 1)[:size]])


def shuffled(rng: np.random.Generator, weight: np.ndarray) -> np.ndarray:
    """All positions with a weight, heavier ones tending to the front."""
    possible = np.flatnonzero(weight > 0)
    return possible[np.argsort(rng.exponential(size=len(possible)) / weight[possible], kind="stable")]


def spread(weight: np.ndarray, total: int) -> np.ndarray:
    """``total`` split into whole numbers in proportion to ``weight`` (largest remainders)."""
    exact = weight / weight.sum() * total
    whole = np.floor(exact).astype(int)
    whole[np.argsort(whole - exact, kind="stable")[: total - whole.sum()]] += 1
    return whole


def prefix_filling(sizes: np.ndarray, total: int) -> int:
    """How many from the front fit into ``total``."""
    return int(np.searchsorted(np.cumsum(sizes), total, side="right"))
