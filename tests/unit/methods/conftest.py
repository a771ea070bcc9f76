"""Simulated towns for the error rates: whole households, never independent persons."""

import numpy as np
import pytest
from hypothesis import settings

# The same examples in every run, and no failure because a busy machine is slow.
settings.register_profile("methods", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("methods")

SIZES = np.arange(1, 6)
SHARES = np.array([0.50, 0.22, 0.13, 0.10, 0.05])  # groups of recipients: two persons on average, Σs²/Σs = 2.73


class Town:
    """Counts of persons when households of one to five are drawn, with the design effect that belongs to them."""

    deff = (SHARES @ SIZES**2) / (SHARES @ SIZES)

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def households(self, residents):
        """Number of households by size, shape (..., 5), for about as many residents."""
        return np.rint(np.asarray(residents)[..., None] * SHARES / (SHARES @ SIZES)).astype(int)

    def residents(self, about):
        return self.households(about) @ SIZES

    def counts(self, residents, rates, repetitions):
        """Persons in drawn households, shape (repetitions, *residents)."""
        households = self.households(residents)
        rates = np.broadcast_to(rates, households.shape[:-1])[..., None]
        return self.random.binomial(households, rates, size=(repetitions, *households.shape)) @ SIZES


@pytest.fixture
def town():
    return Town(seed=20251231)
