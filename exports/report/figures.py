"""Charts and maps as small hand-made SVG: sharp, accessible, a few hundred bytes each. Draws; decides nothing.

Drawn by hand because a page has dozens of them: one call into a chart library costs more than a whole page here.
Every function returns one ``<svg>`` with its text alternative; colours and line styles are classes of the style sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil, floor, isnan, log10

import numpy as np
import shapely

from exports.report.mart import HIGHER, LOWER, OTHERS, SIMILAR
from exports.report.shapes import Layer, path
from exports.report.wording import number

CLASSES = 5
SIMULATED = "simulierte Daten"
#: Sides of the pyramid; where only women are counted beside everybody the other side is not called men.
SEXES = {"m": "männlich", "w": "weiblich", OTHERS: "alle anderen", "": "Einwohner"}
#: Drawing units a label needs inside its area; below, the value stands in the table and the status line only.
LABEL_ROOM, LABELLED_AREAS = 36, 40
SPINE = 220, 22
SPARK = 84, 22


def _svg(width: float, height: float, kind: str, label: str | None, body: str) -> str:
    """Without ``label`` the picture repeats numbers that stand beside it and is hidden from screen readers."""
    role = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return f'<svg class="{kind}" viewBox="0 0 {width:g} {height:g}" {role} focusable="false">{body}</svg>'


def _mark(simulated: bool, x: float, y: float, anchor: str = "end") -> str:
    return f'<text class="sim" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{SIMULATED}</text>' if simulated else ""


def breaks(values: np.ndarray, digits: int) -> list[float]:
    """Upper limits of all classes but the last: rounded quantiles over all areas and years, so that a colour means the same everywhere.

    No class is empty by construction: every limit lies above the lowest value as it is shown. Empty where all values are shown alike.
    """
    known = np.round(values[~np.isnan(values)], digits)
    if not known.size:
        return []
    limits = np.quantile(known, np.arange(1, CLASSES) / CLASSES)
    above = known[known > known.min()]
    if above.size and limits.max() <= known.min():
        # Nearly all are alike (mostly none at all): those are the first class, the others share the rest.
        limits = np.quantile(above, np.arange(CLASSES - 1) / (CLASSES - 1))
    return sorted({limit for limit in np.round(limits, digits).tolist() if limit > known.min()})


def class_of(value: float, limits: Sequence[float]) -> int:
    """0 for the lowest class; a value on a limit belongs to the class above it."""
    return int(np.searchsorted(limits, value, side="right"))


def area_map(drawn: Layer, hidden: bool, classes: Sequence[str], texts: Sequence[str], labels: Sequence[str], links: Sequence[str | None], title: str, simulated: bool) -> str:
    """A map of one level whose areas can be walked with the arrow keys; the first is the tab stop.

    ``classes``: k0..k4 or ``ohne`` per area; ``texts``: what is read out; ``labels``: short text inside the area;
    ``links``: page of the area or None.
    """
    parts = []
    show = len(drawn.areas) <= LABELLED_AREAS
    for at, (area, path, (x, y, room)) in enumerate(zip(drawn.areas, drawn.paths, drawn.labels, strict=True)):
        text = f'<text x="{x}" y="{y + 9}">{escape(labels[at])}</text>' if show and room >= LABEL_ROOM else ""
        stop, say = 0 if at == 0 else -1, escape(texts[at])
        common = f'class="raum {classes[at]}" data-i="{at}" data-x="{x}" data-y="{y}" tabindex="{stop}" aria-label="{say}"'
        tag = f'a href="{links[at]}"' if links[at] else 'g role="img"'
        parts.append(f'<{tag} {common}><path d="{path}"/>{text}</{tag[0]}>')
    height = drawn.drawing.height
    return (
        f'<svg class="karte-bild" data-ebene="{drawn.areas[0].level}"{" hidden" if hidden else ""} viewBox="0 0 1000 {height}" role="group" aria-label="{escape(title)}">'
        f'{"".join(parts)}{_mark(simulated, 995, height - 6)}</svg>'
    )


def locator(drawn: Layer, chosen: set[int], label: str, simulated: bool) -> str:
    """Where in the town the chosen areas lie."""
    body = f'<path class="umriss" d="{"".join(p for at, p in enumerate(drawn.paths) if at not in chosen)}"/><path class="hier" d="{"".join(drawn.paths[at] for at in sorted(chosen))}"/>'
    return _svg(1000, drawn.drawing.height, "lage", label, body + _mark(simulated, 995, drawn.drawing.height - 6))


def point_map(drawn: Layer, chosen: set[int], points: Sequence[tuple[float, float, str, str]], label: str, simulated: bool) -> str:
    """Places on the chosen areas, drawn large; ``points``: x, y in drawing units, the sign shown and the name for the pointer."""
    left, top, width, height = drawn.frame(chosen)
    unit = max(width, height) / 1000
    body = f'<path class="umriss" d="{"".join(p for at, p in enumerate(drawn.paths) if at not in chosen)}"/><path class="flaeche" d="{"".join(drawn.paths[at] for at in sorted(chosen))}"/>'
    body += "".join(
        f'<g><title>{escape(name)}</title><circle class="ort" cx="{x:.1f}" cy="{y:.1f}" r="{19 * unit:.1f}"/><text class="ort-nr" font-size="{23 * unit:.1f}" x="{x:.1f}" y="{y + 8 * unit:.1f}">{escape(sign)}</text></g>'
        for x, y, sign, name in points
    )
    mark = f'<text class="sim" style="font-size:{26 * unit:.1f}px" x="{left + width - 8 * unit:.1f}" y="{top + height - 10 * unit:.1f}" text-anchor="end">{SIMULATED}</text>' if simulated else ""
    return f'<svg class="lage" viewBox="{left:.1f} {top:.1f} {width:.1f} {height:.1f}" role="img" aria-label="{escape(label)}" focusable="false">{body}{mark}</svg>'


def reach_map(drawn: Layer, place: int, reached: shapely.Geometry, label: str) -> str:
    """The surface of one area and, dark, what of it lies within reach of places."""
    left, top, width, height = drawn.frame({place})
    body = f'<path class="ferne" d="{drawn.paths[place]}"/><path class="naehe" d="{path(reached)}"/><path class="rand" d="{drawn.paths[place]}"/>'
    return f'<svg class="lage" viewBox="{left:.1f} {top:.1f} {width:.1f} {height:.1f}" role="img" aria-label="{escape(label)}" focusable="false">{body}</svg>'


def spine(value: float, low: float, high: float, town: float, quartiles: tuple[float, float, float, float] | None, verdict: str) -> str:
    """One row of the spine chart: town in the middle, the range of all areas as bars, this area as a point with its interval.

    ``quartiles``: lowest value, quartiles and highest value over all areas.
    """
    width, height = SPINE
    middle, half = width / 2, width / 2 - 8
    reach = max(abs(quartiles[0] - town), abs(quartiles[3] - town)) if quartiles and not isnan(town) else 0.0
    if isnan(value) or reach == 0 or quartiles is None:
        return _svg(width, height, "spine", None, f'<line class="mitte" x1="{middle}" x2="{middle}" y1="1" y2="{height - 1}"/>')

    def at(v: float) -> float:
        return middle + min(1.06, max(-1.06, (v - town) / reach)) * half

    lowest, q1, q3, highest = map(at, quartiles)
    y = height / 2
    body = f'<rect class="alle" x="{lowest:.1f}" y="5" width="{highest - lowest:.1f}" height="12"/><rect class="halb" x="{q1:.1f}" y="5" width="{q3 - q1:.1f}" height="12"/>'
    body += f'<line class="mitte" x1="{middle}" x2="{middle}" y1="1" y2="{height - 1}"/>'
    if not isnan(low):
        body += f'<line class="ki" x1="{at(low):.1f}" x2="{at(high):.1f}" y1="{y}" y2="{y}"/>'
    x = at(value)
    shapes = {
        HIGHER: f'<path class="weicht" d="M{x - 6:.1f} {y + 5}h12l-6-11z"/>',
        LOWER: f'<path class="weicht" d="M{x - 6:.1f} {y - 5}h12l-6 11z"/>',
        SIMILAR: f'<circle class="gleich" cx="{x:.1f}" cy="{y}" r="4.5"/>',
    }
    return _svg(width, height, "spine", None, body + shapes.get(verdict, f'<rect class="offen" x="{x - 4:.1f}" y="{y - 4}" width="8" height="8"/>'))


def _runs(values: np.ndarray) -> list[tuple[int, int]]:
    """Stretches of neighbouring known points: lines are never drawn across a gap."""
    found: list[tuple[int, int]] = []
    for at, value in enumerate(values.tolist()):
        if isnan(value):
            continue
        if found and found[-1][1] == at - 1:
            found[-1] = (found[-1][0], at)
        else:
            found.append((at, at))
    return found


def _line(kind: str, xs: np.ndarray, ys: np.ndarray, values: np.ndarray) -> str:
    text, x, y = [], xs.tolist(), ys.tolist()
    for start, end in _runs(values):
        if start == end:
            text.append(f'<circle class="{kind} punkt" cx="{x[start]:.1f}" cy="{y[start]:.1f}" r="2.4"/>')
        else:
            text.append(f'<polyline class="{kind}" points="{" ".join(f"{x[at]:.1f},{y[at]:.1f}" for at in range(start, end + 1))}"/>')
    return "".join(text)


def spark(values: np.ndarray, low: float, high: float) -> str:
    """The last years as a line on the scale that all areas share."""
    width, height = SPARK
    if np.isnan(values).all() or not high > low:
        return _svg(width, height, "spark", None, "")
    xs = np.linspace(4, width - 4, len(values)) if len(values) > 1 else np.array([width / 2])
    ys = height - 4 - (values - low) / (high - low) * (height - 8)
    end = np.flatnonzero(~np.isnan(values))[-1]
    return _svg(width, height, "spark", None, _line("linie", xs, ys, values) + f'<circle class="ende" cx="{xs[end]:.1f}" cy="{ys[end]:.1f}" r="2.6"/>')


def scale_of(values: np.ndarray, bounds: np.ndarray | None = None) -> tuple[float, float]:
    """Common limits for all panels of one indicator: the range with a little air; not from zero, and said so.

    ``bounds``: limits of the intervals; nine in ten fit, so that one tiny area does not flatten all others.
    """
    known = values[~np.isnan(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    if bounds is not None and (inner := bounds[~np.isnan(bounds)]).size:
        low, high = min(low, float(np.quantile(inner, 0.05))), max(high, float(np.quantile(inner, 0.95)))
    air = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return (max(0.0, low - air) if low >= 0 else low - air), high + air


def ticks(low: float, high: float) -> tuple[list[float], int]:
    """Round values within the limits, three to seven of them, and the decimals they need."""
    rough = (high - low) / 4
    size = 10.0 ** floor(log10(rough))
    step, decimals = next((factor * size, extra) for factor, extra in ((1, 0), (2, 0), (2.5, 1), (5, 0), (10, -1)) if factor * size >= rough * (1 - 1e-9))
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [step * at for at in range(first, last + 1)], max(0, decimals - floor(log10(rough)))


def panel(years: Sequence[int], own: np.ndarray, low: np.ndarray, high: np.ndarray, town: np.ndarray | None, others: np.ndarray | None, limits: tuple[float, float],
          label: str, simulated: bool) -> str:  # fmt: skip
    """A small line chart: own values with their interval, the town dashed, other areas thin."""
    marks, digits = ticks(*limits)
    width, height, right, top, bottom = 300, 170, 10, 12, 24
    # Room for the longest number on the axis: 3.600.000 needs more than 12,5.
    left = max(42, 10 + 6 * max((len(number(tick, digits)) for tick in marks), default=0))
    bottom_y, span = height - bottom, limits[1] - limits[0]
    xs = np.linspace(left, width - right, len(years)) if len(years) > 1 else np.array([(left + width - right) / 2])

    def at(v: np.ndarray | float) -> np.ndarray:
        return bottom_y - (np.asarray(v) - limits[0]) / span * (bottom_y - top)

    body = ""
    for tick in marks:
        y = float(at(tick))
        body += f'<line class="gitter" x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}"/><text class="achse" x="{left - 5}" y="{y + 3.5:.1f}" text-anchor="end">{number(tick, digits)}</text>'
    for at_year in sorted({0, len(years) // 2, len(years) - 1}):
        anchor = "start" if at_year == 0 and len(years) > 1 else "end" if at_year == len(years) - 1 and len(years) > 1 else "middle"
        body += f'<text class="achse" x="{xs[at_year]:.1f}" y="{height - 7}" text-anchor="{anchor}">{years[at_year]}</text>'
    for other in () if others is None else others:
        body += _line("andere", xs, at(other), other)
    for start, end in _runs(low + high + own):
        if end > start:
            upper = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs[start : end + 1], at(np.minimum(high, limits[1]))[start : end + 1], strict=True))
            lower = " ".join(f"{x:.1f},{y:.1f}" for x, y in list(zip(xs[start : end + 1], at(np.maximum(low, limits[0]))[start : end + 1], strict=True))[::-1])
            body += f'<polygon class="band" points="{upper} {lower}"/>'
    if town is not None:
        body += _line("stadt", xs, at(town), town)
    body += _line("eigen", xs, at(own), own)
    return _svg(width, height, "verlauf", label, body + _mark(simulated, width - right, 9))


def band_name(band: dict) -> str:
    """0 bis 2, 65 und älter"""
    return f"{band['von']} und älter" if band["bis"] is None else str(band["von"]) if band["von"] == band["bis"] else f"{band['von']} bis {band['bis']}"


def pyramid(bands: Sequence[dict], own: dict[tuple[int, str], float], town: dict[tuple[int, str], float] | None, label: str, simulated: bool) -> str:
    """Shares of all residents per age band and year of age as bars, the town as a step line; two-sided where sexes are counted.

    Bars are as high as their band is wide and as long as its share per single year of age: their area is the share.
    """
    sexes = sorted({sex for _, sex in own})
    two = len(sexes) == 2
    oldest = 100
    edges = [(b["von"], oldest if b["bis"] is None else min(b["bis"] + 1, oldest)) for b in bands]
    total, town_total = sum(own.values()), sum(town.values()) if town else 0

    def per_year(cells: dict[tuple[int, str], float], whole: float, sex: str) -> np.ndarray:
        return np.array([100 * cells[at, sex] / whole / (high - low) if whole else 0.0 for at, (low, high) in enumerate(edges)])

    width, height, left, right, top, bottom = 460, 330, 56, 14, 20, 34
    sides = {sex: (per_year(own, total, sex), per_year(town, town_total, sex) if town else None) for sex in sexes}
    longest = max(float(np.nanmax(part)) for pair in sides.values() for part in pair if part is not None) * 1.06 or 1.0
    middle = (left + width - right) / 2 if two else left
    room = (width - left - right) / (2 if two else 1)

    def y(age: float) -> float:
        return height - bottom - age / oldest * (height - top - bottom)

    body = ""
    for age in range(0, oldest + 1, 10):
        body += f'<line class="gitter" x1="{left}" x2="{width - right}" y1="{y(age):.1f}" y2="{y(age):.1f}"/><text class="achse" x="{left - 7}" y="{y(age) + 3.5:.1f}" text-anchor="end">{age}</text>'
    for sex in sexes:
        sign = -1 if two and sex == sexes[0] else 1
        mine, whole = sides[sex]
        for (low, high), share in zip(edges, mine, strict=True):
            length = share / longest * room
            body += f'<rect class="balken {"rechts" if two and sign > 0 else "links"}" x="{middle - length if sign < 0 else middle:.1f}" y="{y(high) + 0.6:.1f}" width="{length:.1f}" height="{y(low) - y(high) - 1.2:.1f}"/>'
        if whole is not None:
            points = [f"{middle + sign * share / longest * room:.1f},{y(edge):.1f}" for (low, high), share in zip(edges, whole, strict=True) for edge in (low, high)]
            body += f'<polyline class="stadt" points="{" ".join(points)}"/>'
    body += f'<line class="achslinie" x1="{middle}" x2="{middle}" y1="{y(oldest):.1f}" y2="{y(0):.1f}"/>'
    if two:
        body += f'<text class="achse" x="{middle - 8}" y="12" text-anchor="end">{SEXES[sexes[0]]}</text><text class="achse" x="{middle + 8}" y="12">{SEXES[sexes[1]]}</text>'
    marks, digits = ticks(0.0, longest)
    for sign in (-1, 1) if two else (1,):
        for tick in marks[1:]:
            body += f'<text class="achse" x="{middle + sign * tick / longest * room:.1f}" y="{height - bottom + 15}" text-anchor="middle">{number(tick, digits)}</text>'
    body += f'<text class="achse" x="{left}" y="{height - 5}">Alter in Jahren; Prozent aller Einwohner je Altersjahr</text>'
    return _svg(width, height, "pyramide", label, body + _mark(simulated, width - right, 12))


def interval(value: float, low: float, high: float, limits: tuple[float, float]) -> str:
    """A point with its interval on the common scale of a ranking."""
    width, height = 84, 16
    if np.isnan(value) or not limits[1] > limits[0]:
        return _svg(width, height, "rang", None, "")

    def at(v: float) -> float:
        return 5 + float(np.clip((v - limits[0]) / (limits[1] - limits[0]), 0, 1)) * (width - 10)

    line = f'<line class="ki" x1="{at(low):.1f}" x2="{at(high):.1f}" y1="8" y2="8"/>' if not np.isnan(low) else ""
    return _svg(width, height, "rang", None, f'{line}<circle class="ende" cx="{at(value):.1f}" cy="8" r="4"/>')
