"""A whole release as one system of equations: every count that leaves, and every group that follows from such counts.

Which count is part of which comes from the definitions (age bands, attributes, declared parts), from the area tree of
every area version, from the fragments in which two versions overlap, and from the balance of stocks and flows.
Decides nothing about thresholds (the caller passes them per count), reads no files, changes no counts.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from methods.disclosure.protect import Check, Unprotectable, protect
from methods.disclosure.tables import VALUE_COST, collapse, tops

ATTRIBUTES = ("geschlecht", "staatsangehoerigkeit", "migrationshintergrund")
#: Persons without German citizenship count as persons with a migration background (definition in kennzahlen.csv).
IMPLIES = {("staatsangehoerigkeit", "nichtdeutsch"): ("migrationshintergrund", "mit")}
UNKNOWN, OPEN = -1.0, np.inf
"""Ends of the age line: before it lie the persons whose age nobody knows."""
FLOWS = {"geburten": 1, "sterbefaelle": -1, "zuzuege": 1, "fortzuege": -1, "umzuege_zu": 1, "umzuege_fort": -1}
STOCK = "einwohner"
KEEP_DISCOUNT = 0.1
"""A cell that was withheld before costs a tenth: patterns do not flicker."""
MANY, WIDE = 150, 150
"""With more primaries that hang together and more counts to choose from, a search takes too long: protected roughly."""
CUTS = 10
"""Per component and round; findings beyond that mostly end with the first ones."""
COME_BACK = 6
"""So many trials for whether counts of a rough pattern can be shown on their upper levels after all, all together first, then by halves."""
COMES_BACK = 2500
"""But only in a component of at most so many cells: in a larger one each look at the whole takes half a second."""
CAREFUL, WIDER = 12, 20
"""So often a rough pattern takes in the cheapest count of each sum around what is still open, and so often in all with the
whole sums after that or where the cheapest did not help, before it gives up whole counts."""
HIDDEN_COST = 1e-3
"""Of a cell that no table shows: next to nothing, but its support counts."""
SEARCH_GAP = 0.05
"""One search per component, to within this share of the cheapest: a release is protected in seconds, not minutes."""
REPAIR_GAP = 0.3
"""And within this share each repair of what an attack finds: measured, less than 1 % more withheld in a third of the time."""
Each = Callable[[Callable, Iterable], Iterable]
"""Calls a function with each of several arguments and gives the results in their order, as ``map`` does."""
AREA = ["gebietsstand", "ebene", "raumeinheit_id"]
KEY = ["stichtag", "kennzahl_id", *AREA]


@dataclass(frozen=True)
class Groups:
    """Which groups follow from counts: `hidden` {name: {kennzahl: sign}}, `sums` (whole, parts), `loose` as hidden.

    The cells of `hidden` are in the system wherever their counts are; those of `loose` (any two nested groups) only
    where they are small, because only there they need protection.
    """

    hidden: Mapping[str, Mapping[str, int]]
    sums: Sequence[tuple[str, tuple[str, ...]]]
    loose: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class _Box:
    """The persons a Kennzahl counts: an interval on the line of ages, attributes, and at least so long at the address."""

    name: str
    low: float
    high: float
    attributes: frozenset
    stay: float | None

    def holds(self, other: "_Box") -> bool:
        longer = self.stay is None or (other.stay is not None and self.stay <= other.stay)
        return self.low <= other.low and other.high <= self.high and self.attributes <= other.attributes and longer


def _box(row: Mapping) -> _Box:
    attributes = {(a, row[a]) for a in ATTRIBUTES if isinstance(row[a], str) and row[a]}
    attributes |= {IMPLIES[a] for a in attributes if a in IMPLIES}
    bare = pd.isna(row["alter_von"]) and pd.isna(row["alter_bis"])
    low = UNKNOWN if bare else 0.0 if pd.isna(row["alter_von"]) else float(row["alter_von"])
    high = OPEN if pd.isna(row["alter_bis"]) else float(row["alter_bis"]) + 1
    stay = None if pd.isna(row["wohndauer_ab"]) else float(row["wohndauer_ab"])
    return _Box(row["kennzahl_id"], low, high, frozenset(attributes), stay)


def groups(kennzahlen: pd.DataFrame, parts: pd.DataFrame) -> Groups:
    """What follows from the definitions.

    kennzahlen: counts of persons of the population by kennzahl_id, alter_von, alter_bis (years, inclusive), the
    attributes and wohndauer_ab. parts: zerlegung_id, kennzahl_id, teil_id, vollstaendig, for all other counts.
    """
    boxes = [_box(row) for row in kennzahlen.sort_values("kennzahl_id").to_dict("records")]
    hidden: dict[str, dict[str, int]] = {}
    sums: list[tuple[str, tuple[str, ...]]] = []
    loose: dict[str, dict[str, int]] = {}
    lines: dict[tuple, list[_Box]] = {}
    for box in boxes:
        lines.setdefault((box.attributes, (box.low, box.high) if box.stay is not None else None), []).append(box)
    chain_of: dict[str, tuple] = {}
    every = list(boxes)
    for key, line in lines.items():
        chains, steps = _along_line([(b.name, *((b.low, b.high) if key[1] is None else (b.stay, OPEN))) for b in line], hidden, sums, loose)
        chain_of |= {name: (key, chain) for name, chain in chains.items()}
        if key[1] is None:
            # What lies between two counts of a line is a group with others around it, like a count (women whose age nobody knows, say).
            every += [_Box(name, low, high, key[0], None) for name, low, high in steps if name in hidden]

    def made_of(name: str) -> Mapping[str, int]:
        return hidden.get(name, {name: 1})

    rests: dict[str, tuple[str, str]] = {}
    for inner in every:
        around = [outer for outer in every if outer != inner and outer.holds(inner) and not (inner.holds(outer) and outer.name > inner.name)]
        for outer in around:
            if outer.name not in hidden and inner.name not in hidden:
                loose[f"{outer.name} − {inner.name}"] = {outer.name: 1, inner.name: -1}
        # Structure, not only danger: the nearest group around, and the rest between the two.
        for outer in around:
            if chain_of[outer.name] != chain_of[inner.name] and not any(outer.holds(other) and other is not outer for other in around):
                rest = f"{_closed(outer.name)} − {_closed(inner.name)}"
                rests[rest] = outer.name, inner.name
                sums.append((outer.name, (inner.name, rest)))
    found = {rest: _difference(made_of(outer), made_of(inner)) for rest, (outer, inner) in rests.items()}
    # Two rests of which one holds the other, e.g. Germans and Germans under 18.
    by_name = {box.name: box for box in every}
    for wide, (a, b) in rests.items():
        for narrow, (c, d) in rests.items():
            if wide != narrow and by_name[a].attributes == by_name[c].attributes and by_name[b].attributes == by_name[d].attributes:
                if by_name[a].attributes != by_name[b].attributes and by_name[a].holds(by_name[c]) and by_name[b].holds(by_name[d]):
                    name = f"({wide}) − ({narrow})"
                    found[name] = _difference(found[wide], found[narrow])
                    sums.append((wide, (narrow, name)))
    hidden |= found
    for _, members in parts.sort_values(["zerlegung_id", "teil_id"]).groupby("zerlegung_id", sort=True):
        whole, pieces = members["kennzahl_id"].iloc[0], members["teil_id"].tolist()
        if not members["vollstaendig"].all():
            rest = f"{whole} − {' − '.join(pieces)}"
            hidden[rest] = {whole: 1, **dict.fromkeys(pieces, -1)}
            sums.append((whole, (*pieces, rest)))
        else:
            sums.append((whole, tuple(pieces)))
        for piece in pieces:
            loose[f"{whole} − {piece}"] = {whole: 1, piece: -1}
    return _union([Groups(hidden, sums, loose)])


def _union(several: Iterable[Groups]) -> Groups:
    """All groups once; what is structure in one of them is not loose in another."""
    hidden: dict[str, Mapping[str, int]] = {}
    sums: dict[tuple[str, tuple[str, ...]], None] = {}
    loose: dict[str, Mapping[str, int]] = {}
    for found in several:
        hidden |= found.hidden
        sums |= dict.fromkeys(found.sums)
        loose |= found.loose
    return Groups(hidden, list(sums), {n: e for n, e in loose.items() if n not in hidden})


def _along_line(intervals: list[tuple[str, float, float]], hidden: dict, sums: list, loose: dict) -> tuple[dict[str, int], list[tuple[str, float, float]]]:
    """Counts of intervals on one line: between any two bounds that a chain of counts connects lies a computable count.

    Adds to the three collections and returns the chain of every count and of every step from bound to bound, and the steps.
    """
    level: dict[float, tuple[int, dict[str, int]]] = {}
    ends: dict[float, list[tuple[float, str, int]]] = {}
    for name, low, high in intervals:
        ends.setdefault(low, []).append((high, name, 1))
        ends.setdefault(high, []).append((low, name, -1))
    for number, start in enumerate(sorted(ends)):
        if start in level:
            continue
        level[start] = (number, {})
        waiting = [start]
        while waiting:
            here = waiting.pop(0)
            for there, name, sign in sorted(ends[here]):
                if there not in level:
                    expression = dict(level[here][1])
                    expression[name] = expression.get(name, 0) + sign
                    level[there] = (number, {k: v for k, v in expression.items() if v})
                    waiting.append(there)
    known = {(low, high): name for name, low, high in reversed(intervals)}
    chain_of = {name: level[low][0] for name, low, _ in intervals}
    spans: list[tuple[str, float, float]] = []
    for chain in sorted({number for number, _ in level.values()}):
        bounds = sorted(bound for bound, (number, _) in level.items() if number == chain)

        def between(low: float, high: float) -> dict[str, int]:
            return _difference(level[high][1], level[low][1])

        steps = []
        for low, high in pairwise(bounds):
            name = known.get((low, high))
            if name is None:
                expression = between(low, high)
                name = formula(expression)
                hidden[name] = expression
            steps.append(name)
            spans.append((name, low, high))
            chain_of.setdefault(name, chain)
        for first in range(len(bounds)):
            for last in range(first + 2, len(bounds)):
                name = known.get((bounds[first], bounds[last]))
                if name is None:
                    expression = between(bounds[first], bounds[last])
                    loose.setdefault(formula(expression), expression)
                else:
                    sums.append((name, tuple(steps[first:last])))
        for name, low, high in intervals:
            if level[low][0] == chain and known[low, high] != name:
                sums.append((name, (known[low, high],)))
    return chain_of, spans


def _difference(whole: Mapping[str, int], part: Mapping[str, int]) -> dict[str, int]:
    expression = dict(whole)
    for name, sign in part.items():
        expression[name] = expression.get(name, 0) - sign
    return {name: sign for name, sign in expression.items() if sign}


def _closed(name: str) -> str:
    return f"({name})" if " " in name else name


def formula(expression: Mapping[str, int]) -> str:
    """The name of a group that follows from counts."""
    terms = sorted(expression.items(), key=lambda term: (-term[1], term[0]))
    return " ".join(f"{'+' if sign > 0 else '−'} {name}" for name, sign in terms).removeprefix("+ ")


@dataclass(frozen=True)
class Release:
    """`cells` as `protect` wants them, `relations` over them; `names`: KEY, bruchstueck, and the column of every cell."""

    cells: pd.DataFrame
    relations: sp.csr_array
    names: pd.DataFrame


def release(
    counts: pd.DataFrame, areas: pd.DataFrame, fragments: pd.DataFrame, kennzahlen: pd.DataFrame, parts: pd.DataFrame, rests: Mapping[str, Mapping[str, int]] = MappingProxyType({})
) -> Release:
    """The system of everything that leaves at once.

    counts: KEY, wert (whole, missing = unknown), minimum (persons), frei (already public), basis (kept as long as
    possible), gewicht (of its loss), null_geschuetzt (zero is protected, too), komplement (what is left of a group is
    one), hundert (nor may nothing be left of it); rows with ebene "" are fragments. areas: gebietsstand, ebene,
    raumeinheit_id, obere_ebene, uebergeordnet_id. fragments: raumeinheit_id of the fragment and the area
    (gebietsstand, ebene, teil_von) it lies in. kennzahlen, parts: as in `groups`, which looks at every date with the counts
    it has. rests: what is left of the whole of a share beside its part, as `loose` of Groups. A sum over areas in which a row is missing counts only where it holds.
    """
    places = pd.MultiIndex.from_frame(counts[AREA].drop_duplicates().sort_values(AREA))
    place = {key: i for i, key in enumerate(places)}
    trees: dict[tuple, list[int]] = {}
    for row in areas.itertuples(index=False):
        child, parent = (row.gebietsstand, row.ebene, row.raumeinheit_id), (row.gebietsstand, row.obere_ebene, row.uebergeordnet_id)
        if child in place and parent in place:
            trees.setdefault((place[parent], row.ebene), []).append(place[child])
    for row in fragments.itertuples(index=False):
        child, parent = ("", "", row.raumeinheit_id), (row.gebietsstand, row.ebene, row.teil_von)
        if child in place and parent in place:
            trees.setdefault((place[parent], ""), []).append(place[child])
    area_sums = [(parent, sorted(children)) for (parent, _), children in sorted(trees.items())]

    builder = _Builder(len(places))
    position = pd.Series(places.get_indexer(pd.MultiIndex.from_frame(counts[AREA])), index=counts.index)
    persons = kennzahlen["kennzahl_id"].unique()
    days, structure = [], {}
    for day, rows in counts.groupby("stichtag", sort=True):
        known = rows["kennzahl_id"][rows["wert"].notna()]
        # Single years, say, may be counted in some areas only: each set of counts that stands together somewhere has sums of its own.
        every = known.unique()
        together = frozenset(frozenset(names) for _, names in known[known.isin(persons)].groupby(position[known.index]))
        available = frozenset(every), together
        if available not in structure:
            chosen = parts[parts["kennzahl_id"].isin(every) & parts["teil_id"].isin(every)]
            known_groups = [groups(kennzahlen[kennzahlen["kennzahl_id"].isin(names)], chosen) for names in sorted(together, key=sorted) or [()]]
            structure[available] = _union([*known_groups, Groups({}, [], rests)])
        builder.add(day, rows, position[rows.index].to_numpy(), area_sums, structure[available])
        days.append(day)
    for before, after in pairwise(days):
        builder.balance(before, after)
    upper = np.zeros(len(places), bool)
    upper[[parent for (parent, level) in trees if level]] = True
    return builder.finish(places, upper)


class _Builder:
    """Cells by (date, group, place) as dense blocks of columns, and the sums between them."""

    def __init__(self, places: int) -> None:
        self.places, self.columns, self.equations = places, 0, 0
        self.values: list[np.ndarray] = []
        self.meta: list[tuple] = []
        self.rows: list[np.ndarray] = []
        self.cols: list[np.ndarray] = []
        self.signs: list[np.ndarray] = []
        self.attributes: list[np.ndarray] = []
        self.block: dict[tuple, np.ndarray] = {}
        self.value: dict[tuple, np.ndarray] = {}

    def _new(self, day, group: str, values: np.ndarray, minimum, frei, basis, gewicht, null, hidden: bool) -> None:
        present = ~np.isnan(values)
        number = np.full(self.places, -1)
        number[present] = np.arange(self.columns, self.columns + present.sum())
        self.columns += int(present.sum())
        self.block[day, group], self.value[day, group] = number, values
        self.values.append(values[present])
        self.meta.append((day, group, np.flatnonzero(present)))
        self.attributes.append(np.array([minimum, frei, basis, gewicht, null, np.full(self.places, hidden, float)], float)[:, present])

    def _sum(self, members: Iterable[tuple[np.ndarray, int]]) -> None:
        """One equation per position: members are (columns, sign), -1 where there is none."""
        members = list(members)
        width = len(members[0][0])
        for number, sign in members:
            there = number >= 0
            self.rows.append(np.arange(self.equations, self.equations + width)[there])
            self.cols.append(number[there])
            self.signs.append(np.full(int(there.sum()), sign))
        self.equations += width

    def add(self, day, rows: pd.DataFrame, position: np.ndarray, area_sums, known: Groups) -> None:
        table: dict[str, dict[str, np.ndarray]] = {}
        columns = ("wert", "minimum", "frei", "basis", "gewicht", "null_geschuetzt", "komplement", "hundert")
        order = rows["kennzahl_id"].to_numpy()
        data = rows[list(columns)].to_numpy(float)
        for group in sorted(set(order)):
            chosen = order == group
            grid = np.zeros((len(columns), self.places))
            grid[0] = np.nan
            grid[:, position[chosen]] = data[chosen].T
            if not np.isnan(grid[0]).all():
                table[group] = grid
                self._new(day, group, *grid[:6], hidden=False)

        def derived(expression):
            if any(name not in table for name in expression):
                return None
            values = sum(sign * table[name][0] for name, sign in expression.items())
            least = np.max([table[name][1] * table[name][6] for name in expression], axis=0)
            free = np.min([table[name][2] for name in expression], axis=0)
            return values, least, free, np.max([table[name][7] for name in expression], axis=0)

        zero = np.zeros(self.places)
        for name, expression in known.hidden.items():
            if (found := derived(expression)) is not None and not np.isnan(found[0]).all():
                values, least, free, whole = found
                self._new(day, name, np.where(values < 0, np.nan, values), least, free, zero, zero, whole * (" − " in name), hidden=True)
        for whole, parts in known.sums:
            if all((day, member) in self.block for member in (whole, *parts)):
                blocks = [self.block[day, member] for member in (whole, *parts)]
                # A sum that the delivered counts themselves break is none an attacker could use; nor is one in which any is missing (nan).
                there = self.value[day, whole] == sum(self.value[day, part] for part in parts)
                if there.any():
                    self._sum((block[there], -1 if i == 0 else 1) for i, block in enumerate(blocks))
        for name, expression in known.loose.items():
            if (found := derived(expression)) is not None:
                values, least, free, _ = found
                small = (values >= 1) & (values < least) & (free == 0)
                if small.any():
                    self._new(day, name, np.where(small, values, np.nan), least, free, zero, zero, zero, hidden=True)
                    self._sum([(self.block[day, name][small], 1), *((self.block[day, k][small], -sign) for k, sign in expression.items())])
        here = [group for there, group in self.block if there == day and group not in known.loose]
        if not here:
            return
        number = np.array([self.block[day, group] for group in here])
        value = np.array([self.value[day, group] for group in here])
        for parent, children in area_sums:
            present = number[:, children] >= 0
            use = present.any(axis=1) & (value[:, parent] == np.where(present, value[:, children], 0).sum(axis=1))
            if use.any():
                self._sum([(number[use, parent], -1), *((number[use, child], 1) for child in children)])

    def balance(self, before, after) -> None:
        """Stock after = stock before + births - deaths + arrivals - departures, where it holds."""
        flows = {name: sign for name, sign in FLOWS.items() if (after, name) in self.block}
        if len(flows) < 2 or (before, STOCK) not in self.block or (after, STOCK) not in self.block:
            return
        terms = [((after, STOCK), -1), ((before, STOCK), 1), *(((after, name), sign) for name, sign in flows.items())]
        blocks = [self.block[key] for key, _ in terms]
        rest = sum(sign * self.value[key] for key, sign in terms)
        there = rest == 0
        if there.any():
            self._sum((block[there], sign) for block, (_, sign) in zip(blocks, terms, strict=True))

    def finish(self, places: pd.MultiIndex, upper: np.ndarray) -> Release:
        block = np.repeat(np.arange(len(self.meta)), [len(p) for _, _, p in self.meta])
        where = np.concatenate([p for _, _, p in self.meta])

        def filled(entries: list, code: np.ndarray) -> np.ndarray:
            column = np.empty(len(entries), object)
            column[:] = entries
            return column[code]

        names = pd.DataFrame(
            {"stichtag": filled([day for day, _, _ in self.meta], block), "kennzahl_id": filled([group for _, group, _ in self.meta], block)}
            | {level: filled(places.get_level_values(level).tolist(), where) for level in AREA},
            dtype=object,
        )
        values = np.concatenate(self.values)
        if (values != np.floor(values)).any():
            raise ValueError("counts are whole numbers")
        minimum, free, basis, weight, null, hidden = np.concatenate(self.attributes, axis=1)
        system = collapse(list(range(len(values))), values.astype(np.int64), self.equations, self.rows, self.cols, self.signs)
        column = system.column_of.to_numpy()
        names["verborgen"] = (hidden > 0) | (names["ebene"] == "").to_numpy()
        names["spalte"] = column
        count = len(system.cells)

        def largest(of: np.ndarray) -> np.ndarray:
            out = np.zeros(count)
            np.maximum.at(out, column, of)
            return out

        value = system.cells["wert"].to_numpy()
        least, public = largest(minimum), largest(free) > 0
        shown = largest((~names["verborgen"]).astype(float).to_numpy()) > 0
        empty = (value == 0) & (largest(null) == 0)
        primary = (value < least) & ~empty & ~public
        first = np.unique(column, return_index=True)[1]
        of_block, of_place = [f"{str(day)[:10]} | {group}" for day, group, _ in self.meta], [" | ".join(("", *map(str, place))) for place in places]
        cells = pd.DataFrame(
            {
                "zelle_id": [of_block[number] + of_place[place] for number, place in zip(block[first].tolist(), where[first].tolist(), strict=True)],
                "wert": value,
                "primary": primary,
                "frozen": (public | (shown & (empty | tops(system.relations)))) & ~primary,
                "hidden": ~shown,
                "upper": largest((upper[where] & ~names["verborgen"].to_numpy()).astype(float)) > 0,
                "basis": (largest(basis) > 0) & ~primary & shown,
                "cost": np.where(shown, (1 + VALUE_COST * value) * np.maximum(largest(weight), 1.0), HIDDEN_COST),
                "required_width": np.maximum(least, 1),
            }
        )
        return Release(cells, system.relations, names)


@dataclass(frozen=True)
class Outcome:
    """`suppressed` per column; how many components needed a search, how many kept the pattern of the last release."""

    suppressed: np.ndarray
    solved: int
    kept: int


@dataclass(frozen=True)
class _Component:
    """What hangs together by what may move, with all that stands in its sums: a problem of its own, small enough to be sent elsewhere."""

    cells: pd.DataFrame
    relations: sp.csr_array
    before: np.ndarray
    kinds: np.ndarray
    members: np.ndarray
    singletons: bool


def _choose(part: _Component) -> tuple[np.ndarray, list[str] | None, bool]:
    """What of a component is withheld, the primaries that stay open whatever is (None: protected), and whether the last pattern was kept."""
    own = part.cells
    primary, frozen = own["primary"].to_numpy(), own["frozen"].to_numpy()
    old = (part.before | primary) & ~frozen
    try:
        check = Check(own, part.relations, singletons=part.singletons)
        kept = bool(old[~primary].any() and check.holds(old))
        if kept:
            chosen = old
        elif primary.sum() > MANY and (~frozen & ~primary & ~own["hidden"].to_numpy()).sum() > WIDE:
            chosen = _roughly(own, part.relations, part.kinds, check)
        else:
            # As cells of next to no cost the hidden ones must be held up by others in every sum: that makes the search short.
            settings = {"gap": SEARCH_GAP, "rounds": 1, "cuts": CUTS, "local_gap": REPAIR_GAP}
            chosen = protect(own.drop(columns="hidden"), part.relations, singletons=part.singletons, **settings).suppressed
        return chosen & ~check.settled(chosen), None, kept
    except Unprotectable as error:
        return np.zeros(len(own), bool), error.cells, False


def protect_release(
    system: Release, *, before: np.ndarray | None = None, fixed: np.ndarray | None = None, singletons: bool = False, each: Each = map
) -> Outcome:
    """Withhold so much of the release that no primary is open, component by component of what may move.

    before: columns withheld in the last release; where that is still enough, it stays as it is. fixed: columns once
    published, which stay so. Basic counts (`basis`) are given up only where nothing else helps. each: ``map``, or one whose
    calls run side by side: components know nothing of each other. Unprotectable names the cells that stay open even then.
    """
    cells, relations = system.cells.copy(), system.relations
    before = np.zeros(len(cells), bool) if before is None else before
    if fixed is not None:
        cells["frozen"] |= fixed & ~cells["hidden"]
        cells["primary"] &= ~fixed | cells["hidden"]
    cells.loc[before, "cost"] *= KEEP_DISCOUNT
    hard = cells["frozen"].to_numpy().copy()
    soft = cells["basis"].to_numpy() & ~hard & ~before
    suppressed = cells["primary"].to_numpy().copy()
    kept = solved = 0
    first_name = system.names.reset_index().groupby("spalte")["index"].first().to_numpy()
    kinds = system.names["kennzahl_id"].to_numpy()
    done = np.zeros(len(cells), bool)
    while True:
        frozen = hard | soft
        movable = sp.csr_array(relations.astype(float) @ sp.diags_array((~frozen).astype(float)))
        count, label = connected_components(abs(movable).T @ abs(movable), directed=False)
        wanted = np.unique(label[cells["primary"].to_numpy() & ~frozen])
        stuck: list[str] | None = None
        reopened = False
        by_label = np.argsort(label, kind="stable")
        starts = np.searchsorted(label[by_label], np.arange(count + 1))
        csc = movable.tocsc()

        def component(inside: np.ndarray) -> _Component:
            touching = np.unique(csc[:, inside].indices)
            rows = relations[touching]
            members = np.unique(np.concatenate([inside, rows.indices])) if len(touching) else inside
            part = sp.csr_array(rows.tocsc()[:, members])
            return _Component(cells.iloc[members].assign(frozen=frozen[members]), part, before[members], kinds[first_name[members]], members, singletons)

        components = [by_label[starts[number] : starts[number + 1]] for number in wanted]
        components = [inside for inside in components if not done[inside].all()]
        # Side by side the longest had better not come last.
        primaries = cells["primary"].to_numpy()
        components.sort(key=lambda inside: -len(inside) * primaries[inside].sum())
        members_of: list[np.ndarray] = []

        def parts() -> Iterator[_Component]:
            # One by one: the first is worked on while the others are put together.
            for inside in components:
                members_of.append((part := component(inside)).members)
                yield part

        for inside, (chosen, open_cells, was_kept), members in zip(components, each(_choose, parts()), members_of, strict=True):
            if open_cells is not None:
                around = np.zeros(len(cells), bool)
                around[members] = True
                if (soft & around).any():
                    soft &= ~around
                    reopened = True
                else:
                    stuck = [*(stuck or []), *open_cells]
                continue
            kept, solved = kept + was_kept, solved + (not was_kept)
            suppressed[members] = chosen
            done[inside] = True
        if stuck is not None:
            raise Unprotectable(stuck)
        if not reopened:
            return Outcome(suppressed & ~cells["frozen"].to_numpy(), solved, kept)
        # What was solved next to a reopened count is looked at again together with it.
        done[:] = False


def _cheapest(sums: sp.csr_array, candidates: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """Mask of the cheapest candidate of each sum that has one."""
    members = sums.tocoo()
    row, column = members.row[candidates[members.col]], members.col[candidates[members.col]]
    order = np.lexsort((column, cost[column], row))
    chosen = np.zeros(len(candidates), bool)
    chosen[column[order[np.unique(row[order], return_index=True)[1]]]] = True
    return chosen


def _roughly(cells: pd.DataFrame, relations: sp.csr_array, kinds: np.ndarray, check: Check) -> np.ndarray:
    """Without a search: what stands in a sum with a primary that is still open, on the finest level first.

    Where this is not enough, whole counts that meet a primary in a sum, and in the end all that may move.
    """
    primary, free, cost = cells["primary"].to_numpy(), ~cells["frozen"].to_numpy(), cells["cost"].to_numpy()
    upper, hidden = cells["upper"].to_numpy(), cells["hidden"].to_numpy()
    touching = abs(relations.astype(float))

    def meet(mask: np.ndarray) -> np.ndarray:
        return touching @ mask.astype(float) > 0

    def around(mask: np.ndarray) -> np.ndarray:
        return touching.T @ meet(mask).astype(float) > 0

    chosen = free & (primary | hidden)
    before = np.inf
    for turn in range(WIDER):
        if not (reach := check.doubtful(chosen)).any():
            break
        # In a large component a turn costs half a second: one that helped nothing is not taken again in small steps.
        stuck, before = len(cells) > COMES_BACK and reach.sum() >= before, reach.sum()
        # Over what is withheld already, until something stands beside it that is not.
        while not (near := around(reach) & free & ~chosen).any() and (wider := around(reach) & chosen & ~reach).any():
            reach = reach | wider
        if (near & ~upper).any():
            near = near & ~upper
        chosen = chosen | (_cheapest(touching[meet(reach)], near, cost) if turn < CAREFUL and not stuck else near)
    else:
        meets = np.unique(kinds[around(primary) & free & ~hidden])
        chosen = next((pattern for pattern in (chosen | (free & np.isin(kinds, meets)), free) if check.holds(pattern)), None)
        if chosen is None:
            raise Unprotectable(cells["zelle_id"].to_numpy(object)[check.open(free)].tolist())
    if len(cells) <= COMES_BACK:
        # What planners look at first comes back where it can: above the finest level, dearest count first.
        spare = chosen & ~primary & upper & ~hidden
        waiting = [pd.Series(cost[spare]).groupby(kinds[spare]).sum().sort_values(ascending=False, kind="stable").index.to_numpy()]
        for _ in range(COME_BACK):
            if not waiting:
                break
            together = waiting.pop(0)
            without = chosen & ~(spare & np.isin(kinds, together))
            if not check.doubtful(without).any():
                chosen = without
            elif len(together) > 1:
                waiting = [*np.array_split(together, 2), *waiting]
    return chosen
