"""Points and lines on areas: which area a point lies in, how many metres of a line lie in each, coordinates in another system.

Arrays in, arrays out; polygons are shapely geometries in one plane system. Nothing is read or written.
"""

from __future__ import annotations

import numpy as np
import shapely

NOWHERE = -1
#: Metres below which a piece of a line is an artefact of cutting.
SLIVER_M = 1e-6


def transform(x: np.ndarray, y: np.ndarray, source: int, target: int) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates from one EPSG system in another, always east (longitude) before north (latitude); nan stays nan."""
    if source == target:
        return x, y
    import pyproj

    east, north = pyproj.Transformer.from_crs(source, target, always_xy=True).transform(np.asarray(x, float), np.asarray(y, float))
    # pyproj says inf where it cannot: unknown, not far away.
    bad = ~(np.isfinite(east) & np.isfinite(north))
    return np.where(bad, np.nan, east), np.where(bad, np.nan, north)


def area_of(x: np.ndarray, y: np.ndarray, polygons: np.ndarray) -> np.ndarray:
    """Position of the polygon each point lies in, NOWHERE for none or unknown; on a border the first polygon wins."""
    found = np.full(len(x), len(polygons))
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    points = shapely.points(np.asarray(x)[known], np.asarray(y)[known])
    point, polygon = shapely.STRtree(polygons).query(points, predicate="intersects")
    np.minimum.at(found, known[point], polygon)
    return np.where(found == len(polygons), NOWHERE, found)


def lengths_in(lines: np.ndarray, polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How many metres of each line lie in each polygon: (line, polygon, metres), polygon NOWHERE for what lies in none.

    A piece along the border of two polygons belongs half to each; so the pieces of a line add up to its length.
    """
    line, polygon = shapely.STRtree(polygons).query(lines, predicate="intersects")
    inside = shapely.length(shapely.intersection(lines[line], polygons[polygon]))
    along = shapely.length(shapely.intersection(lines[line], shapely.boundary(polygons[polygon])))
    metres = inside - along / 2
    rest = shapely.length(lines) - np.bincount(line, metres, len(lines))
    outside = np.flatnonzero(rest > SLIVER_M)
    keep = metres > SLIVER_M
    return (
        np.concatenate([line[keep], outside]),
        np.concatenate([polygon[keep], np.full(len(outside), NOWHERE)]),
        np.concatenate([metres[keep], rest[outside]]),
    )
