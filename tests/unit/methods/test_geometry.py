"""Points and lines on two neighbouring squares of 100 m: A from x = 0, B from x = 100."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from methods.geometry import NOWHERE, area_of, lengths_in, transform

SQUARES = np.array([shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)])


def test_every_point_in_one_area_or_none() -> None:
    """Inside, on the common border and corner (first area wins), outside, unknown."""
    x = np.array([50, 150, 100, 100, 300, np.nan])
    y = np.array([50, 50, 50, 100, 50, 50.0])
    assert area_of(x, y, SQUARES).tolist() == [0, 1, 0, 0, NOWHERE, NOWHERE]


def lengths(line: list[tuple[float, float]]) -> dict[int, float]:
    _, area, metres = lengths_in(np.array([shapely.linestrings(line)]), SQUARES)
    return {int(a): round(float(m), 6) for a, m in zip(area, metres, strict=True)}


def test_a_line_through_both_and_beyond() -> None:
    assert lengths([(50, 50), (250, 50)]) == {0: 50, 1: 100, NOWHERE: 50}


def test_a_border_belongs_half_to_each() -> None:
    assert lengths([(100, 0), (100, 100)]) == {0: 50, 1: 50}


def test_the_outer_border_belongs_half_to_the_neighbour_town() -> None:
    assert lengths([(0, 0), (0, 100)]) == {0: 50, NOWHERE: 50}


@given(st.lists(st.tuples(st.integers(-50, 250), st.integers(-50, 150)), min_size=2, max_size=5, unique=True))
def test_pieces_add_up(points: list[tuple[int, int]]) -> None:
    line = shapely.linestrings(points)
    _, _, metres = lengths_in(np.array([line]), SQUARES)
    assert metres.sum() == pytest.approx(line.length, rel=1e-9)


def test_transform_finds_the_school_where_the_land_puts_it() -> None:
    """School 106525: the directory of 2021 says 356438, 5668945 in UTM 32; the list of 2024/25 says 51.1538025 N, 6.9394919 E."""
    east, north = transform(np.array([6.9394919]), np.array([51.1538025]), 4326, 25832)
    assert np.hypot(east[0] - 356_438, north[0] - 5_668_945) < 1_000
    longitude, latitude = transform(east, north, 25832, 4326)
    assert longitude[0] == pytest.approx(6.9394919)
    assert latitude[0] == pytest.approx(51.1538025)


def test_unknown_stays_unknown() -> None:
    east, north = transform(np.array([np.nan]), np.array([51.0]), 4326, 25832)
    assert np.isnan(east[0])
    assert np.isnan(north[0])


def test_what_cannot_be_transformed_is_unknown() -> None:
    east, north = transform(np.array([np.inf, 6.9394919, 6.9]), np.array([51.0, 51.1538025, 95.0]), 4326, 25832)
    assert np.isnan([east[0], north[0], east[2], north[2]]).all() and np.isfinite([east[1], north[1]]).all()
