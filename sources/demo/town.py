"""The ground of the simulated town: outline, blocks, Sozialräume in two area versions, streets, addresses, dwellings.

Areas are the same for every seed and size, addresses follow the seed. Nobody lives here yet, and nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely

from sources.demo.names import street_names
from sources.demo.draws import days, generator, pick, spread

AREA_SEED = 5158016  # AGS of Hilden; the areas do not depend on the seed of the population
CENTRE = np.array([350_000.0, 5_670_000.0])  # EPSG:25832
TOWN_AREA_M2 = 26e6  # about the area of Hilden
OUTLINE_POINTS = 180
BLOCKS = 500
LLOYD_ROUNDS = 4  # enough to make Voronoi cells compact and to leave them unequal
GRID_M = 0.01  # coordinates are whole centimetres, so that neighbours share their vertices exactly
ADDRESSES = 9_000
ADDRESSES_MINIMUM, ADDRESSES_MAXIMUM = 1_500, 120_000
SETBACK_M, SETBACK_SHARE = 18.0, 0.4  # a house stands this far behind the street, at most this share of the way to the middle
SHORTEST_STREET_M = 5.0
STRAIGHT_ON_DEGREES = 85.0  # borders of blocks meet three at a time, mostly at 120 degrees
CHAIN_GOES_ON = 0.97
SUFFIX_SHARE = 0.07
NUMBER_GAP_SHARE = 0.1
EMPTY_BLOCKS = 0.04  # industry, forest, sports grounds
LARGEST_MOVED_PIECE = 0.0125  # of all dwellings: some 700 residents
NEW_ADDRESSES, GONE_ADDRESSES = 0.025, 0.006
DWELLINGS_PER_HOUSEHOLD = 1.07
VERSIONS = {"hilden2015": (date(2015, 1, 1), date(2019, 12, 31)), "hilden2020": (date(2020, 1, 1), None)}

STADTBEREICHE = {"01": "Nord", "02": "Süd", "03": "Mitte", "04": "Ost", "05": "West"}
#: Share of the town's dwellings per Stadtbereich, chosen so that the published households with children find room.
DWELLING_SHARE = {"01": 0.337, "02": 0.273, "03": 0.240, "04": 0.099, "05": 0.051}

#: key: (name, east and north of the centre in m, weight within the Stadtbereich, latent deprivation in standard deviations)
SOZIALRAEUME = {
    "0101": ("Nordmarkt", -850, 1150, 1.1, 0.9),
    "0102": ("Am Stadtwald", 50, 1250, 1.0, -0.5),
    "0103": ("Sandbusch", 950, 1200, 1.3, 1.6),
    "0104": ("Heidegarten", -950, 2050, 0.9, -1.1),
    "0105": ("Elbseeviertel", 100, 2150, 0.9, -0.2),
    "0106": ("Kalstert", 1200, 1950, 0.8, -0.8),
    "0201": ("Südring", -700, -1150, 1.0, 0.7),
    "0202": ("Weststraße", 150, -1150, 1.3, 1.3),
    "0203": ("Karnap", 1000, -1250, 1.0, -0.4),
    "0204": ("Am Lindenplatz", -500, -2050, 0.9, -1.2),
    "0205": ("Hoxbach", 700, -2100, 0.8, -0.3),
    "0301": ("Altstadt", -450, 350, 1.1, 0.2),
    "0302": ("Marktviertel", 350, 500, 1.0, 0.5),
    "0303": ("Bahnhof", -400, -400, 1.0, 1.1),
    "0304": ("Hagelkreuz", 450, -350, 1.1, -0.1),
    "0401": ("Itterhang", 1450, 150, 1.1, 0.4),
    "0402": ("Trills", 2250, 450, 0.9, -1.3),
    "0403": ("Jaberg", 2100, -550, 0.8, -0.9),
    "0501": ("Giesenheide", -1500, 150, 1.1, 0.6),
    "0502": ("Meide", -2250, -150, 0.9, -0.6),
}
#: From 2020: two are split, the border between 0301 and 0302 moves, and blocks go from Mitte (0304) to Ost (0401).
SPLITS = {"0103": ("0107", "Sandbusch-Ost"), "0202": ("0206", "Weststraße-Süd")}
BORDERS = (("0301", "0302"), ("0304", "0401"))


@dataclass(frozen=True)
class Areas:
    """Blocks with their polygons and what they belong to; index arrays over blocks."""

    blocks: np.ndarray  # shapely polygons
    block_ids: np.ndarray
    sozialraum: dict[str, np.ndarray]  # area version -> key of the Sozialraum per block
    names: dict[str, dict[str, str]]  # area version -> key -> name
    share: np.ndarray  # expected share of the town's dwellings
    deprivation: np.ndarray
    edges: np.ndarray  # (n, 2, 2) start and end of every inner border, which is a street
    edge_blocks: np.ndarray  # (n, 2) block to the left and to the right

    def codes(self, version: str) -> tuple[list[str], np.ndarray]:
        """Keys of the Sozialräume of a version in order, and per block the position of its own."""
        keys, position = np.unique(self.sozialraum[version], return_inverse=True)
        return keys.tolist(), position

    @property
    def stadtbereich(self) -> np.ndarray:
        """Per block the position (0..4) of its Stadtbereich before 2020, on which the published numbers stand."""
        return np.array([int(key[:2]) - 1 for key in self.sozialraum["hilden2015"]])


def build_areas() -> Areas:
    rng = generator(AREA_SEED, 0, "areas")
    outline = _outline()
    faces, edges, edge_blocks = _partition(_voronoi(rng, outline), outline)
    middle = shapely.get_coordinates(shapely.centroid(faces))
    keys = np.array(list(SOZIALRAEUME))
    centres = CENTRE + np.array([value[1:3] for value in SOZIALRAEUME.values()])
    nearest = ((middle[:, None, :] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
    order = np.lexsort((middle[:, 0], -middle[:, 1], nearest))
    rank = np.empty(len(order), dtype=int)
    rank[order] = np.arange(len(order))
    faces, middle, before = faces[order], middle[order], keys[nearest[order]]
    edge_blocks = np.where(edge_blocks >= 0, rank[edge_blocks], -1)
    share = _dwelling_share(rng, faces, before)
    after = _redraw(before, middle, share, edge_blocks)
    names = {key: value[0] for key, value in SOZIALRAEUME.items()}
    deprivation = np.array([SOZIALRAEUME[key][4] for key in before]) + rng.normal(0, 0.35, len(before))
    return Areas(
        blocks=faces,
        block_ids=np.array([f"{number:04d}" for number in range(1, len(faces) + 1)]),
        sozialraum={"hilden2015": before, "hilden2020": after},
        names={"hilden2015": names, "hilden2020": names | {key: name for key, name in SPLITS.values()}},
        share=share,
        deprivation=deprivation,
        edges=edges,
        edge_blocks=edge_blocks,
    )


def _outline() -> shapely.Polygon:
    """A slightly lobed circle of the town's area."""
    angle = np.linspace(0, 2 * np.pi, OUTLINE_POINTS, endpoint=False)
    radius = 1 + 0.09 * np.cos(2 * angle + 1.9) + 0.05 * np.cos(3 * angle + 0.4) + 0.025 * np.cos(7 * angle)
    ring = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    ring *= np.sqrt(TOWN_AREA_M2 / shapely.area(shapely.polygons(ring)))
    return shapely.polygons(np.round(CENTRE + ring, 2))


def _voronoi(rng: np.random.Generator, outline: shapely.Polygon) -> np.ndarray:
    """Compact cells, smaller towards the middle of the town."""
    west, south, east, north = outline.bounds
    sites = np.empty((0, 2))
    while len(sites) < BLOCKS:
        trial = np.column_stack([rng.uniform(west, east, BLOCKS), rng.uniform(south, north, BLOCKS)])
        distance = np.hypot(*(trial - CENTRE).T)
        dense = rng.random(BLOCKS) < 0.3 + 0.7 * np.exp(-((distance / 1500) ** 2))
        sites = np.concatenate([sites, trial[dense & shapely.contains_xy(outline, trial)]])[:BLOCKS]
    for _ in range(LLOYD_ROUNDS):
        cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(sites), extend_to=outline))
        sites = shapely.get_coordinates(shapely.centroid(shapely.intersection(cells, outline)))
    return shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(sites), extend_to=outline))


def _partition(cells: np.ndarray, outline: shapely.Polygon) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Node all borders once and rebuild the faces from them: neighbours share vertices, so nothing overlaps or gapes."""
    lines = shapely.intersection(shapely.union_all(shapely.boundary(cells), grid_size=GRID_M), outline, grid_size=GRID_M)
    noded = shapely.union_all([lines, outline.exterior], grid_size=GRID_M)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    borders = shapely.get_parts(shapely.line_merge(noded))
    edges = np.stack([shapely.get_coordinates(shapely.get_point(borders, at)) for at in (0, -1)], axis=1)
    along = edges[:, 1] - edges[:, 0]
    length = np.hypot(*along.T)
    left = np.column_stack([-along[:, 1], along[:, 0]]) / np.maximum(length, GRID_M)[:, None]
    middle, tree = edges.mean(axis=1), shapely.STRtree(faces)
    sides = np.full((len(edges), 2), -1)
    for side, direction in enumerate((1, -1)):
        edge, face = tree.query(shapely.points(middle + direction * left), predicate="within")
        sides[edge, side] = face
    inner = (sides >= 0).all(axis=1) & (length >= SHORTEST_STREET_M)
    return faces, edges[inner], sides[inner]


def _dwelling_share(rng: np.random.Generator, faces: np.ndarray, sozialraum: np.ndarray) -> np.ndarray:
    weight = rng.lognormal(0, 0.45, len(faces)) * np.sqrt(shapely.area(faces))
    weight[rng.random(len(faces)) < EMPTY_BLOCKS] = 0
    share = np.empty(len(faces))
    inside = {bereich: sum(value[3] for key, value in SOZIALRAEUME.items() if key[:2] == bereich) for bereich in STADTBEREICHE}
    for key, (_, _, _, part, _) in SOZIALRAEUME.items():
        here = sozialraum == key
        share[here] = weight[here] / weight[here].sum() * DWELLING_SHARE[key[:2]] * part / inside[key[:2]]
    return share


def _redraw(before: np.ndarray, middle: np.ndarray, share: np.ndarray, edge_blocks: np.ndarray) -> np.ndarray:
    """The Sozialräume from 2020 on."""
    after = before.copy()
    for old, (new, _) in SPLITS.items():
        here = np.flatnonzero(before == old)
        east = here[np.argsort(middle[here, 0] + 0.5 * middle[here, 1], kind="stable")]
        after[east[np.cumsum(share[east]) > share[here].sum() / 2]] = new
    for giver, taker in BORDERS:
        centre = middle[before == taker].mean(axis=0)
        while True:
            sides = after[edge_blocks]
            touching = edge_blocks[((sides == giver) & (sides[:, ::-1] == taker)) ]
            moved = share[(before == giver) & (after == taker)].sum()
            near = np.unique(touching)
            near = near[np.argsort(np.hypot(*(middle[near] - centre).T), kind="stable")]
            if not len(near) or moved + share[near[0]] > LARGEST_MOVED_PIECE:
                break
            after[near[0]] = taker
    return after


@dataclass(frozen=True)
class Addresses:
    """Parallel arrays over addresses, in the order of their keys."""

    street: np.ndarray  # position in street_names
    number: np.ndarray
    suffix: np.ndarray  # 0 = none, 1 = a, ...
    block: np.ndarray
    xy: np.ndarray
    valid_from: np.ndarray  # days since 1970-01-01
    valid_to: np.ndarray  # days since 1970-01-01, OPEN where it still stands
    dwellings: np.ndarray
    quality: np.ndarray  # latent, high = well-off neighbourhood
    street_names: list[str]


OPEN = int(np.iinfo(np.int32).max)
REGISTER_START = days(date(1975, 1, 1))  # municipal reform in NRW; older houses carry this date


def build_addresses(areas: Areas, seed: int, households: int, scale: float, last_year: int) -> Addresses:
    """Houses along the streets; ``households`` is what they have to hold at the start, with a few dwellings empty."""
    rng = generator(seed, 0, "addresses")
    wanted = int(np.clip(round(ADDRESSES * scale), ADDRESSES_MINIMUM, ADDRESSES_MAXIMUM))
    dwellings = max(round(households * DWELLINGS_PER_HOUSEHOLD), wanted)
    density = areas.share / np.maximum(shapely.area(areas.blocks), 1)
    crowding = np.argsort(np.argsort(density, kind="stable"), kind="stable") / len(density)
    per_house = np.exp(0.1 + 2.0 * crowding**1.5)  # from single-family houses to large blocks of flats
    houses = spread(areas.share / per_house, wanted)
    streets, chain, offset, forward = _streets(generator(AREA_SEED, 0, "streets"), areas.edges)

    block = np.repeat(np.arange(len(houses)), houses)
    edge, along, side = _positions(rng, areas, houses)
    start, end = areas.edges[edge, 0], areas.edges[edge, 1]
    length = np.hypot(*(end - start).T)
    at = start + (end - start) * (along / length)[:, None]
    inward = shapely.get_coordinates(shapely.centroid(areas.blocks))[block] - at
    distance = np.hypot(*inward.T)
    xy = np.round(at + inward * (np.minimum(SETBACK_M, SETBACK_SHARE * distance) / distance)[:, None], 2)

    position = offset[edge] + np.where(forward[edge], along, length - along)
    even = np.where(forward[edge], side, 1 - side)
    order = np.lexsort((position, even, chain[edge]))
    street = chain[edge][order]
    number, suffix = _numbers(rng, street, even[order])
    by_key = np.lexsort((suffix, number, street))
    street, number, suffix, order = street[by_key], number[by_key], suffix[by_key], order[by_key]
    block, xy = block[order], xy[order]

    extra = dwellings - wanted
    size = rng.lognormal(0, 0.8, wanted)
    size *= (areas.share / np.maximum(np.bincount(block, size, len(houses)), 1e-9))[block]
    crowd = 1 + np.bincount(pick(rng, size, extra), minlength=wanted)
    quality = -areas.deprivation[block] + rng.normal(0, 0.3, wanted)

    valid_from = np.full(wanted, REGISTER_START)
    valid_to = np.full(wanted, OPEN)
    dice = rng.random(wanted)
    older = dice < 0.25
    valid_from[older] = rng.integers(REGISTER_START, days(date(2014, 12, 31)), older.sum())
    new = (dice > 1 - NEW_ADDRESSES) & (crowd < 40)
    valid_from[new] = rng.integers(days(date(2015, 3, 1)), days(date(last_year, 7, 1)), new.sum())
    gone = (dice > 0.5) & (dice < 0.5 + GONE_ADDRESSES) & (crowd <= 6)
    valid_to[gone] = [days(date(year, 12, 30)) for year in rng.integers(2016, last_year + 1, gone.sum())]
    return Addresses(
        street=street,
        number=number,
        suffix=suffix,
        block=block,
        xy=xy,
        valid_from=valid_from,
        valid_to=valid_to,
        dwellings=crowd,
        quality=quality,
        street_names=street_names(generator(AREA_SEED, 0, "street names"), streets),
    )


def _streets(rng: np.random.Generator, edges: np.ndarray) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    """Chain the borders of blocks into streets that run straight on at crossings.

    Returns the number of streets and per edge its street, where along it the edge begins (m) and whether it runs with it.
    """
    ends = edges.reshape(-1, 2)
    _, node = np.unique(np.round(ends / GRID_M).astype(np.int64), axis=0, return_inverse=True)
    node = node.ravel().reshape(-1, 2)
    leaving = edges[:, 1] - edges[:, 0]
    heading = np.degrees(np.arctan2(leaving[:, 1], leaving[:, 0]))
    at_node: dict[int, list[tuple[int, int, float]]] = {}
    for edge, (a, b) in enumerate(node.tolist()):
        at_node.setdefault(a, []).append((edge, 0, heading[edge]))
        at_node.setdefault(b, []).append((edge, 1, heading[edge] + 180))
    follows: dict[tuple[int, int], tuple[int, int]] = {}  # (edge, end) -> (edge, end) on the other side of a crossing
    goes_on = rng.random(node.max() + 1) < CHAIN_GOES_ON
    for crossing, meeting in sorted(at_node.items()):
        bends = sorted(
            (abs((one[2] - other[2]) % 360 - 180), one[:2], other[:2])
            for position, one in enumerate(meeting)
            for other in meeting[position + 1 :]
        )
        if goes_on[crossing] and bends and bends[0][0] < STRAIGHT_ON_DEGREES:
            _, one, other = bends[0]
            follows[one], follows[other] = other, one
    length = np.hypot(*leaving.T)
    chain = np.full(len(edges), -1)
    offset, forward = np.zeros(len(edges)), np.ones(len(edges), dtype=bool)
    streets = 0
    for loose in (True, False):  # first streets with an open end, then rings
        for edge, end in ((e, s) for e in range(len(edges)) for s in (0, 1)):
            if chain[edge] >= 0 or (loose and (edge, end) in follows):
                continue
            here, enters, run = edge, end, 0.0
            while chain[here] < 0:
                chain[here], offset[here], forward[here] = streets, run, enters == 0
                run += length[here]
                here, enters = follows.get((here, 1 - enters), (here, enters))
            streets += 1
    return streets, chain, offset, forward


def _positions(rng: np.random.Generator, areas: Areas, houses: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Houses evenly along the streets around their block: edge, metres from its start, side (0 left, 1 right)."""
    block = areas.edge_blocks.T.ravel()
    edge = np.tile(np.arange(len(areas.edges)), 2)
    side = np.repeat([0, 1], len(areas.edges))
    order = np.lexsort((edge, block))
    block, edge, side = block[order], edge[order], side[order]
    length = np.hypot(*(areas.edges[edge, 1] - areas.edges[edge, 0]).T)
    until = np.cumsum(length)
    perimeter = np.bincount(block, length, len(houses))
    begins = np.cumsum(perimeter) - perimeter
    of = np.repeat(np.arange(len(houses)), houses)
    rank = np.arange(len(of)) - np.repeat(np.cumsum(houses) - houses, houses)
    where = begins[of] + perimeter[of] * (rank + rng.uniform(0.25, 0.75, len(of))) / houses[of]
    hit = np.minimum(np.searchsorted(until, where, side="right"), len(until) - 1)
    return edge[hit], np.clip(where - (until[hit] - length[hit]), 0, length[hit]), side[hit]


def _numbers(rng: np.random.Generator, street: np.ndarray, even: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """House numbers up the street, odd on the left, even on the right, some gaps and some suffixes."""
    first = np.ones(len(street), dtype=bool)
    first[1:] = (street[1:] != street[:-1]) | (even[1:] != even[:-1])
    extra = (rng.random(len(street)) < SUFFIX_SHARE) & ~first
    step = np.where(extra, 0, 2 + 2 * (rng.random(len(street)) < NUMBER_GAP_SHARE))
    step[first] = 0
    total = np.cumsum(step)
    start = np.flatnonzero(first)
    group = np.cumsum(first) - 1
    number = total - total[start][group] + 1 + even
    plain = np.maximum.accumulate(np.where(extra, 0, np.arange(len(street))))
    return number, np.arange(len(street)) - plain

def version_on(day: date) -> str:
    """Area version valid on a day."""
    return next(version for version, (begins, ends) in VERSIONS.items() if begins <= day and (ends is None or day <= ends))
