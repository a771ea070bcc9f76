"""Polygons of the mart as SVG paths of one drawing area per set of boundaries. Draws; knows no values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from exports.report.mart import Area

WIDTH = 1000
#: Coordinates in degrees are drawn with the meridian scale of their middle latitude: true enough for one town.
GEOGRAPHIC = 4326
#: Simplified as a coverage, so that neighbours keep one common line; in drawing units.
TOLERANCE = 1.5
#: Metres of a degree of latitude.
DEGREE = 111_320


@dataclass
class Drawing:
    """Where a point of the town lies on the drawing: one scale for all levels."""

    left: float
    top: float
    scale: float
    stretch: float
    height: int
    epsg: int

    @classmethod
    def of(cls, areas: list[Area]) -> Drawing | None:
        """The drawing area around the given areas, None without polygons."""
        drawn = [a for a in areas if a.geometry]
        if not drawn:
            return None
        west, south, east, north = shapely.total_bounds(shapely.from_wkt([a.geometry for a in drawn]))
        epsg = drawn[0].epsg or 0
        stretch = math.cos(math.radians((south + north) / 2)) if epsg == GEOGRAPHIC else 1.0
        scale = (WIDTH - 20) / ((east - west) * stretch)
        return cls(west, north, scale, stretch, math.ceil((north - south) * scale) + 20, epsg)

    def place(self, xy: np.ndarray) -> np.ndarray:
        """Coordinates (n, 2) of the town's reference system in drawing units, y downwards."""
        return np.column_stack([(xy[:, 0] - self.left) * self.stretch * self.scale + 10, (self.top - xy[:, 1]) * self.scale + 10])

    def within(self, points: list[tuple[float, float]], metres: float) -> shapely.Geometry:
        """Everything at most so far, as the crow flies, from one of the points (drawing units)."""
        unit = self.scale / DEGREE if self.epsg == GEOGRAPHIC else self.scale
        return shapely.union_all(shapely.buffer(shapely.points(np.reshape(points, (-1, 2))), metres * unit))


@dataclass
class Layer:
    """All areas of one level as paths, in the order of the mart."""

    areas: list[Area]
    drawing: Drawing

    @cached_property
    def shapes(self) -> np.ndarray:
        raw = shapely.from_wkt([a.geometry for a in self.areas])
        placed = shapely.transform(raw, self.drawing.place)
        return shapely.coverage_simplify(placed, TOLERANCE)

    def frame(self, chosen: set[int]) -> tuple[float, float, float, float]:
        """Left, top, width and height around the chosen areas with a little air, in drawing units."""
        left, top, right, bottom = shapely.total_bounds(self.shapes[sorted(chosen)])
        air = 0.07 * max(right - left, bottom - top)
        return left - air, top - air, right - left + 2 * air, bottom - top + 2 * air

    @cached_property
    def paths(self) -> list[str]:
        return [path(shape) for shape in self.shapes]

    @cached_property
    def labels(self) -> list[tuple[int, int, int]]:
        """Per area a point inside and the room around it, in drawing units."""
        found = []
        for shape in self.shapes:
            line = shapely.maximum_inscribed_circle(max(shapely.get_parts(shape), key=lambda part: part.area), 3)
            (x, y), _ = line.coords
            found.append((round(x), round(y), round(line.length)))
        return found


def layer(areas: list[Area], drawing: Drawing | None) -> Layer | None:
    """None where a polygon is missing: a map with a hole would say that nothing is there."""
    return Layer(areas, drawing) if drawing and areas and all(a.geometry for a in areas) else None


def path(shape: shapely.Geometry) -> str:
    """Relative whole-number moves: a third of the size of absolute ones, and exact to a drawing unit. Draws surfaces only."""
    text = []
    for part in shapely.get_parts(shape):
        if not part.area:
            continue
        for ring in (part.exterior, *part.interiors):
            points = np.rint(shapely.get_coordinates(ring)).astype(int)
            keep = np.r_[True, (np.diff(points, axis=0) != 0).any(axis=1)]
            points = points[keep][:-1]
            if len(points) < 3:
                continue
            moves = np.diff(points, axis=0)
            text.append(f"M{points[0][0]} {points[0][1]}l" + " ".join(f"{x} {y}" for x, y in moves) + "z")
    return "".join(text).replace(" -", "-")
