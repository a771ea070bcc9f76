"""From linked count tables to one system of cells and relations: A @ v = 0, entries 0, +1, -1.

Cells that are the same number are one variable here: margins shared between tables, totals of a single child.
This module decides nothing about protection beyond marking primaries; it reads no files and changes no counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

VALUE_COST = 0.01
"""Cost of withholding a cell is 1 + VALUE_COST * count: a total of 300 is worth four cells.

design/methods.md names 0.03; at 0.01 the Berlin table needs 2 to 3 % fewer cells for 2 % more suppressed value."""


@dataclass(frozen=True)
class Hierarchy:
    """The codes of one dimension and which of them add up to which.

    `sums` lists (parent, children); a parent may appear several times (overlapping groupings of the same leaves).
    `total` is the code that means "not broken down"; cells at it belong to every table with that margin.
    """

    sums: tuple[tuple[str, tuple[str, ...]], ...]
    total: str

    @classmethod
    def from_parents(cls, *parents: Mapping[str, str], total: str) -> "Hierarchy":
        """One map child -> parent per grouping; maps with the same leaves may overlap."""
        sums = {}
        for grouping in parents:
            children: dict[str, list[str]] = {}
            for child, parent in grouping.items():
                children.setdefault(parent, []).append(child)
            sums |= dict.fromkeys((parent, tuple(sorted(kids))) for parent, kids in children.items())
        return cls(tuple(sums), total)

    @classmethod
    def from_levels(cls, frame: pd.DataFrame, *paths: Sequence[str], total: str) -> "Hierarchy":
        """One spanning table: each path names its columns from coarse to fine; `total` is put above every path."""
        maps = []
        for path in paths:
            parents: dict[str, str] = {}
            for upper, lower in zip([None, *path], path):
                pairs = frame[[lower]].assign(parent=total if upper is None else frame[upper]).drop_duplicates()
                for child, parent in pairs.itertuples(index=False):
                    if parents.setdefault(child, parent) != parent:
                        raise ValueError(f"{child} in {lower} belongs to both {parents[child]} and {parent}")
            maps.append(parents)
        return cls.from_parents(*maps, total=total)

    @cached_property
    def leaves_of(self) -> dict[str, frozenset[str]]:
        """Every code with the leaves it covers. ValueError when a code is its own part or two groupings disagree."""
        children: dict[str, list[tuple[str, ...]]] = {}
        for parent, kids in self.sums:
            children.setdefault(parent, []).append(kids)
        covered: dict[str, frozenset[str]] = {}

        def cover(code: str, above: tuple[str, ...] = ()) -> frozenset[str]:
            if code in above:
                raise ValueError(f"{code} is part of itself")
            if code not in covered:
                variants = []
                for kids in children.get(code, []):
                    parts = [cover(kid, (*above, code)) for kid in kids]
                    union = frozenset().union(*parts)
                    if len(union) != sum(map(len, parts)):
                        raise ValueError(f"parts of {code} overlap")
                    variants.append(union)
                if len(set(variants)) > 1:
                    raise ValueError(f"groupings of {code} cover different leaves")
                covered[code] = variants[0] if variants else frozenset([code])
            return covered[code]

        for parent, kids in self.sums:
            for code in (parent, *kids):
                cover(code)
        cover(self.total)
        return covered

    @cached_property
    def codes(self) -> dict[str, int]:
        """Position of every code, leaves first."""
        order = sorted(self.leaves_of, key=lambda code: (len(self.leaves_of[code]), code in self._parents, code))
        return {code: position for position, code in enumerate(order)}

    @cached_property
    def _parents(self) -> set[str]:
        return {parent for parent, _ in self.sums}

    @cached_property
    def leaves(self) -> list[str]:
        return [code for code in self.codes if code not in self._parents]

    def aggregation(self) -> sp.csr_array:
        """0/1 matrix (codes x leaves) that adds leaves up to every code."""
        column = {leaf: j for j, leaf in enumerate(self.leaves)}
        entries = [(i, column[leaf]) for code, i in self.codes.items() for leaf in self.leaves_of[code]]
        rows, columns = np.array(entries).T
        return sp.csr_array((np.ones(len(entries), np.int64), (rows, columns)), (len(self.codes), len(column)))


@dataclass(frozen=True)
class Table:
    """One table at its lowest level: a column per dimension, one integer count per row.

    Tables with the same `measure` share every cell that has the same coordinates; a dimension at its total counts as
    absent. `at` adds fixed coordinates (a reference date, a sex). Combinations without a row are an error, because
    unknown is not zero, unless the caller says `gaps_are_zero` (a register that lists only who exists).
    """

    frame: pd.DataFrame
    dims: Mapping[str, Hierarchy]
    value: str = "wert"
    measure: str = "anzahl"
    at: Mapping[str, str] = field(default_factory=dict)
    gaps_are_zero: bool = False


@dataclass(frozen=True)
class System:
    """`cells` (zelle_id, wert) in the order of the columns of `relations`; `column_of` maps every name to its column."""

    cells: pd.DataFrame
    relations: sp.csr_array
    column_of: pd.Series


def cell_id(measure: str, coordinates: Mapping[str, str]) -> str:
    """Name of a cell: measure and coordinates in alphabetical order, totals left out."""
    return "|".join([measure, *(f"{dim}={code}" for dim, code in sorted(coordinates.items()))])


def build(tables: Iterable[Table], balances: Iterable[Mapping[str, int]] = ()) -> System:
    """All tables as one system.

    `balances` are further sums that are 0, as {cell name: +1 or -1}, e.g. stock + births - deaths - next year's stock.
    ValueError when two tables disagree about a shared cell or a sum does not hold.
    """
    names: dict[str, int] = {}
    values: list[int] = []
    rows: list[np.ndarray] = []
    columns: list[np.ndarray] = []
    signs: list[np.ndarray] = []
    count = 0

    for table in tables:
        index = np.empty([len(h.codes) for h in table.dims.values()], np.int64)
        counts = _aggregate(table)
        codes_of = [list(hierarchy.codes) for hierarchy in table.dims.values()]
        for position in np.ndindex(index.shape):
            coordinates = dict(table.at)
            for (dim, hierarchy), codes, i in zip(table.dims.items(), codes_of, position):
                code = codes[i]
                if code != hierarchy.total:
                    coordinates[dim] = code
            name = cell_id(table.measure, coordinates)
            column = names.setdefault(name, len(values))
            if column == len(values):
                values.append(counts[position])
            elif values[column] != counts[position]:
                raise ValueError(f"two tables give different counts for {name}")
            index[position] = column
        for axis, hierarchy in enumerate(table.dims.values()):
            along = np.moveaxis(index, axis, 0).reshape(index.shape[axis], -1)
            for parent, children in hierarchy.sums:
                codes = [hierarchy.codes[parent], *(hierarchy.codes[child] for child in children)]
                width = along.shape[1]
                rows.append(np.tile(np.arange(count, count + width), len(codes)))
                columns.append(along[codes].ravel())
                signs.append(np.repeat([-1, *[1] * len(children)], width))
                count += width

    for balance in balances:
        unknown = [name for name in balance if name not in names]
        if unknown:
            raise ValueError(f"balance names cells that no table has: {', '.join(unknown)}")
        rows.append(np.full(len(balance), count))
        columns.append(np.array([names[name] for name in balance]))
        signs.append(np.array(list(balance.values())))
        count += 1

    return collapse(list(names), np.array(values, np.int64), count, rows, columns, signs)


def mark(
    system: System,
    minimum: int,
    *,
    zeros: str = "published",
    known: Iterable[str] = (),
    published_before: Iterable[str] = (),
    required_width: int | None = None,
) -> pd.DataFrame:
    """Cells with primary, frozen, cost and required_width, as `protect` wants them.

    Counts below `minimum` are primary; zeros only with zeros="protected", otherwise they are published. Frozen, that
    is never suppressed: zeros if published, totals of nothing larger, `known` to the public, `published_before`.
    """
    if zeros not in ("published", "protected"):
        raise ValueError(f"zeros is 'published' or 'protected', not {zeros!r}")
    cells = system.cells.copy()
    value = cells["wert"].to_numpy()
    fixed = np.zeros(len(cells), bool)
    fixed[[system.column_of[name] for name in {*known, *published_before}]] = True
    empty = (value == 0) & (zeros == "published")
    top = tops(system.relations) & (value >= minimum)
    cells["primary"] = (value < minimum) & ~empty & ~fixed
    cells["frozen"] = fixed | empty | top
    cells["cost"] = 1 + VALUE_COST * value
    cells["required_width"] = minimum if required_width is None else required_width
    return cells


def tops(relations: sp.csr_array) -> np.ndarray:
    """Mask of the cells that are a sum of others and part of nothing larger."""
    entries = relations.tocsc()
    is_part = np.asarray((entries > 0).sum(axis=0)).ravel() > 0
    is_sum = np.asarray((entries < 0).sum(axis=0)).ravel() > 0
    return is_sum & ~is_part


def _aggregate(table: Table) -> np.ndarray:
    """Counts of every combination of codes, as an array with one axis per dimension."""
    shape, positions = [], []
    for dim, hierarchy in table.dims.items():
        leaf = pd.Series(range(len(hierarchy.leaves)), index=hierarchy.leaves)
        position = table.frame[dim].map(leaf)
        if position.isna().any():
            raise ValueError(f"codes of {dim} outside its hierarchy: {sorted(table.frame[dim][position.isna()].unique())}")
        shape.append(len(leaf))
        positions.append(position.to_numpy(int))
    value = table.frame[table.value].to_numpy()
    if not (value == np.floor(value)).all() or (value < 0).any():
        raise ValueError(f"{table.value} is not a count in every row")
    flat = np.ravel_multi_index(positions, shape)
    if not table.gaps_are_zero and len(np.unique(flat)) < np.prod(shape):
        raise ValueError(f"{np.prod(shape) - len(np.unique(flat))} combinations of {list(table.dims)} have no row")
    counts = np.bincount(flat, weights=value, minlength=int(np.prod(shape))).reshape(shape)
    for axis, hierarchy in enumerate(table.dims.values()):
        along = np.moveaxis(counts, axis, 0)
        summed = hierarchy.aggregation() @ along.reshape(along.shape[0], -1)
        counts = np.moveaxis(summed.reshape(-1, *along.shape[1:]), 0, axis)
    return np.rint(counts).astype(np.int64)


def collapse(names, values, count, rows, columns, signs) -> System:
    """Make cells that are equal by a sum of one child one variable; drop empty and repeated relations."""
    shape = (count, len(names))
    entries = (np.concatenate(signs), (np.concatenate(rows), np.concatenate(columns))) if rows else ([], ([], []))
    full = sp.csr_array(entries, shape, dtype=np.int64)
    if (full @ values).any():
        raise ValueError(f"{np.count_nonzero(full @ values)} sums do not hold")
    pairs = full[(np.diff(full.indptr) == 2) & (np.asarray(full.sum(axis=1)).ravel() == 0)]
    left, right = pairs.indices[0::2], pairs.indices[1::2]
    links = sp.coo_array((np.ones(len(left)), (left, right)), (len(names), len(names)))
    _, group = connected_components(links, directed=False)
    # Groups keep the order in which their first cell was met.
    first = np.sort(np.unique(group, return_index=True)[1])
    column = np.empty(len(first), int)
    column[group[first]] = np.arange(len(first))
    column = column[group]
    merge = sp.csr_array((np.ones(len(names), np.int64), (np.arange(len(names)), column)))
    merged = sp.csr_array(full @ merge)
    merged.eliminate_zeros()
    merged.sort_indices()
    seen: dict[tuple[bytes, bytes], int] = {}
    for row in range(count):
        part = slice(merged.indptr[row], merged.indptr[row + 1])
        if part.stop > part.start:
            seen.setdefault((merged.indices[part].tobytes(), merged.data[part].tobytes()), row)
    cells = pd.DataFrame({"zelle_id": np.array(names, object)[first], "wert": values[first]})
    return System(cells, sp.csr_array(merged[list(seen.values())]), pd.Series(column, index=names))
