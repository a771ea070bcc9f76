"""Which further cells to withhold so that no primary can be worked out from what is published.

A master MIP chooses the cells, an attacker looks for primaries it leaves open, each finding becomes a cut.
This module never looks at what is exported: whether the result holds there is for `audit` to say.
Method: Fischetti & Salazar-Gonzalez (2001), "Solving the cell suppression problem on tabular data with linear
constraints"; the variant is sketched in design/methods.md, Disclosure control.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import highspy
import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import lsmr

THREADS = 1
"""Never changed within a process: HiGHS returns empty solutions after a change (design/methods.md, Traps)."""
SEED = 20230501
TOLERANCE = 1e-6
"""HiGHS' feasibility tolerance is 1e-7; counts are whole numbers."""
COMPUTABLE = 1e-7
"""A primary whose random null vector is smaller than this is a linear function of what is published."""
NULL_VECTORS = 2
FAINT = 1e-4
"""How far a published cell may move in the separation LP, relative to a withheld one: makes cuts sparse."""
DENOMINATOR = 60
"""Duals of 0/+1/-1 systems are small fractions; rounding to this denominator makes cuts exactly valid."""
POOL_GAP = 0.1
"""Where an objective over many cells has a fractional optimum, a whole-number table this near to it will do."""
PROMISING = 1.0
"""Cells whose reduced cost in the LP relaxation is above this many cells are not considered in the search."""
WORTH_PRUNING = 0.05
"""Cells that cost less are shown nowhere anyway (see release): nothing is gained by publishing them again."""
PLAIN = {"mip_heuristic_run_feasibility_jump": False, "mip_heuristic_run_root_reduced_cost": False}
"""Heuristics that took a tenth of the time, and without which patterns were no dearer on the whole."""
LOCAL_GAP = 0.02
FREE_ROUNDS = 10
"""Repair rounds that may publish cells again; the rounds after only withhold more, so that repair ends."""


class Unprotectable(ValueError):
    """Primaries that stay open even if everything that may be withheld is withheld; `cells` are their zelle_id."""

    def __init__(self, cells: list[str]):
        super().__init__(f"{len(cells)} primary cells cannot be protected, e.g. {', '.join(cells[:3])}")
        self.cells = cells


@dataclass(frozen=True)
class Pattern:
    """`suppressed` follows the order of the cells; `bound` is a proven lower bound of `cost` (secondaries only)."""

    suppressed: np.ndarray
    secondaries: int
    suppressed_value: int
    cost: float
    bound: float

    @property
    def gap(self) -> float:
        """Proven distance to the cheapest pattern, relative to its cost."""
        return (self.cost - self.bound) / self.cost if self.cost else 0.0


def protect(
    cells: pd.DataFrame,
    relations: sp.csr_array,
    *,
    criterion: str = "interval",
    singletons: bool = False,
    gap: float = 0.01,
    rounds: int = 3,
    nodes: int = 1,
    cuts: int | None = None,
    local_gap: float = LOCAL_GAP,
) -> Pattern:
    """The cheapest pattern found that keeps every primary open.

    cells: zelle_id, wert (whole, >= 0), primary, frozen (never withheld), cost (> 0), required_width (per cell, in
    persons). relations: 0/+1/-1, one column per cell, relations @ wert == 0. Optional `hidden`: cells that no table shows
    (fragments of two area versions, differences of nested groups): withheld at no cost, protected only where primary.
    criterion "exact": no primary is a linear function of published cells. "interval" (stronger): two tables of whole
    non-negative numbers agree with everything published and differ in the primary by required_width or more.
    singletons: nor may the one person behind a count of 1 compute another primary exactly.
    cuts, local_gap: at most so many cuts per component and round, and how near to the cheapest each repair comes: for a
    quick pattern rather than the cheapest.
    Stops at the relative gap or after `rounds` full searches of at most `nodes` nodes each, never by time: same input,
    same pattern. Raises Unprotectable with the cells concerned, RuntimeError if the solver does not answer.
    """
    problem = _Problem(cells, relations, criterion, singletons, cuts, local_gap)
    best, best_cost, bound, done, known = None, np.inf, 0.0, 0, 0
    while best is None or (done < rounds and best_cost - bound > gap * best_cost and len(problem.cuts) > known):
        done, known = done + 1, len(problem.cuts)
        relaxed, reduced_cost = problem.relax()
        if best is None:
            region, search_gap = reduced_cost <= PROMISING, local_gap
        else:
            # Whatever is left out here cannot be part of a cheaper pattern, so the search proves a bound for all.
            region, search_gap = best | (reduced_cost <= best_cost - relaxed), gap / 2
        pattern, proven = problem.solve(region & problem.free, best, search_gap, nodes)
        bound = max(bound, relaxed, min(proven, best_cost) if best is not None else 0)
        pattern = problem.prune(problem.repair(pattern, nodes))
        if problem.cost_of(pattern) < best_cost:
            best, best_cost = pattern, problem.cost_of(pattern)
    if rounds > 1:
        bound = max(bound, problem.relax()[0])
    if bound > best_cost + TOLERANCE * max(1, best_cost):
        raise RuntimeError(f"bound {bound} above the cost {best_cost} of a valid pattern: a cut was wrong")
    secondary = best & problem.free
    return Pattern(
        suppressed=best,
        secondaries=int(secondary.sum()),
        suppressed_value=int(problem.value[secondary].sum()),
        cost=best_cost,
        bound=min(bound, best_cost),
    )


class Check:
    """Which primaries given patterns leave open; what was found out about one pattern serves for the next."""

    def __init__(self, cells: pd.DataFrame, relations: sp.csr_array, *, criterion: str = "interval", singletons: bool = False):
        """As in `protect`; ValueError and Unprotectable as there."""
        self._problem = _Problem(cells, relations, criterion, singletons)

    def open(self, suppressed: np.ndarray) -> np.ndarray:
        """Mask of the primaries that are not protected if these cells are withheld."""
        return self._left(suppressed, None)

    def doubtful(self, suppressed: np.ndarray) -> np.ndarray:
        """As `open`, quickly: primaries that few tables do not show to be protected count as well."""
        return self._left(suppressed, 0)

    def holds(self, suppressed: np.ndarray) -> bool:
        """No primary is open; says so sooner than `open`."""
        return not self._left(suppressed, 1).any()

    def settled(self, suppressed: np.ndarray) -> np.ndarray:
        """Mask of what is withheld beside the primaries and can be worked out all the same: withholding it protects nobody."""
        return self._problem.settled(suppressed | self._problem.always)

    def _left(self, suppressed: np.ndarray, most: int | None) -> np.ndarray:
        left = self._problem.primary & ~suppressed
        for finding in self._problem.attack(suppressed | self._problem.always, most):
            left[finding.open_cells] = True
        return left


@dataclass(frozen=True)
class _Finding:
    """Open primaries of one component. `why`: "width", "whole" (whole numbers only), "exact", or the known cell."""

    component: np.ndarray
    open_cells: list[int]
    why: str | int


class _Problem:
    def __init__(self, cells, relations, criterion, singletons, most_cuts=None, local_gap=LOCAL_GAP):
        if criterion not in ("exact", "interval"):
            raise ValueError(f"criterion is 'exact' or 'interval', not {criterion!r}")
        self.names = cells["zelle_id"].to_numpy(object)
        self.value = cells["wert"].to_numpy(float)
        self.primary = cells["primary"].to_numpy(bool)
        frozen = cells["frozen"].to_numpy(bool)
        self.cost = cells["cost"].to_numpy(float)
        self.width = cells["required_width"].to_numpy(float)
        hidden = cells["hidden"].to_numpy(bool) if "hidden" in cells else np.zeros(len(cells), bool)
        self.always = self.primary | (hidden & ~frozen)
        self.free = ~frozen & ~self.always
        if (frozen & self.primary).any():
            raise Unprotectable(self.names[frozen & self.primary].tolist())
        if (relations @ self.value).any():
            raise ValueError("the relations do not hold for these counts")
        if (self.width[self.primary] <= 0).any() or (self.cost[self.free] <= 0).any():
            raise ValueError("required_width and cost are positive")
        self.interval = criterion == "interval"
        self.most_cuts, self.local_gap = most_cuts, local_gap
        self.single = self.primary & (self.value == 1) if singletons else np.zeros(len(cells), bool)
        # Cells that are never withheld are constants: they leave the system, and the sums made of them alone with them.
        movable = relations.astype(float) @ sp.diags_array((~frozen).astype(float))
        self.rows = sp.csr_array(movable)
        self.rows.eliminate_zeros()
        self.rows = self.rows[np.diff(self.rows.indptr) > 0]
        self.columns = self.rows.tocsc()
        self._verdicts: dict[bytes, tuple[list[_Finding], int | None]] = {}
        self._moves: list[tuple[np.ndarray, np.ndarray]] = []
        self._known_cuts: set[tuple[bytes, bytes]] = set()
        self.cuts: list[tuple[np.ndarray, np.ndarray, float]] = []

    # --- master -------------------------------------------------------------------------------------------------

    @cached_property
    def _conditions(self) -> tuple[sp.csr_array, np.ndarray]:
        """What every single sum imposes on the choice per free cell: matrix @ choice >= least."""
        rows = list(self._conditions_of_sums())
        starts = np.cumsum([0, *(len(columns) for _, columns, _, _ in rows)])
        matrix = sp.csr_array(
            (
                np.concatenate([weights for _, _, weights, _ in rows] or [[]]),
                np.concatenate([columns for _, columns, _, _ in rows] or [[]]).astype(int),
                starts,
            ),
            (len(rows), len(self.value)),
        )
        plain, of_sum = self._conditions_without_primaries()
        order = np.argsort(np.concatenate([[number for number, *_ in rows], of_sum]), kind="stable")
        least = np.concatenate([[least for *_, least in rows], np.zeros(plain.shape[0])])
        return sp.csr_array(sp.vstack([matrix, plain], format="csr")[order]), least[order]

    @cached_property
    def _asked(self) -> np.ndarray:
        """Mask of the conditions that stand in the relaxation so far."""
        return self._conditions[1] > TOLERANCE

    @cached_property
    def _relaxed(self) -> highspy.Highs:
        """The LP relaxation with those conditions that ask for something even where nothing is withheld, and all cuts."""
        matrix, least = self._conditions
        free = self.free.astype(float)
        return _model(self.cost * free, np.zeros(len(free)), free, matrix[self._asked], least[self._asked], np.full(self._asked.sum(), highspy.kHighsInf))

    def _conditions_without_primaries(self) -> tuple[sp.csr_array, np.ndarray]:
        """In a sum of nothing but free cells: whoever is withheld needs another one. A row per cell of each such sum, and the sum."""
        size = np.diff(self.rows.indptr)
        chosen = np.flatnonzero(self._without(self.always))
        width = size[chosen]
        of_sum = np.repeat(chosen, width)
        within = np.arange(width.sum()) - np.repeat(np.cumsum(width) - width, width)
        length = size[of_sum]
        starts = np.concatenate([[0], np.cumsum(length)])
        position = np.arange(starts[-1]) - np.repeat(starts[:-1], length)
        columns = self.rows.indices[np.repeat(self.rows.indptr[of_sum], length) + position]
        weights = np.where(position == np.repeat(within, length), -1.0, 1.0)
        return sp.csr_array((weights, columns, starts), (len(of_sum), len(self.value))), of_sum

    def _without(self, cells: np.ndarray) -> np.ndarray:
        """Mask of the sums in which none of these cells stands."""
        return abs(self.rows) @ cells.astype(float) == 0

    def _conditions_of_sums(self) -> Iterator[tuple[int, np.ndarray, np.ndarray, float]]:
        """(sum, columns, weights, least): primaries and what is withheld anyway need others that can make up for them."""
        for number in np.flatnonzero(~self._without(self.always)).tolist():
            start, stop = self.rows.indptr[number], self.rows.indptr[number + 1]
            members, signs = self.rows.indices[start:stop], self.rows.data[start:stop]
            primary, always = self.primary[members], self.always[members]
            free = members[~always]
            for position in np.flatnonzero(primary):
                least, weights = self._needed(members, signs, position)
                least -= weights[always].sum()
                if least > TOLERANCE:
                    if weights[~always].sum() < least - TOLERANCE:
                        raise Unprotectable([self.names[members[position]]])
                    yield number, free, np.minimum(weights[~always], least), least
            if always.sum() != 2:
                continue
            singles = self.single[members]
            if primary.sum() == 2 and singles.any():
                if not len(free):
                    raise Unprotectable(self.names[members[primary]].tolist())
                yield number, free, np.ones(len(free)), 1.0

    def _needed(self, members, signs, position) -> tuple[float, np.ndarray]:
        """What one primary asks of one sum: if it can only rise as far as its siblings can fall, they must hold that."""
        others = np.ones(len(members))
        others[position] = 0
        if not self.interval:
            return 1.0, others
        cell = members[position]
        opposite = signs != signs[position]
        least = self.width[cell] - self.value[cell]
        if least <= 0:
            return 1.0, others
        return least, others * np.where(opposite, least, np.minimum(self.value[members], least))

    def relax(self) -> tuple[float, np.ndarray]:
        """Lower bound of the cost by the LP relaxation, and the reduced cost of every cell."""
        model, (matrix, least) = self._relaxed, self._conditions
        while True:
            if _run(model, {highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible}) == highspy.HighsModelStatus.kInfeasible:
                self._raise_unprotectable()
            solution = model.getSolution()
            # Of the conditions, tens of thousands, a few hundred around the primaries matter: each is asked for once it is broken.
            broken = (matrix @ np.array(solution.col_value) < least - TOLERANCE) & ~self._asked
            if not broken.any():
                return model.getInfo().objective_function_value, np.array(solution.col_dual)
            self._asked |= broken
            rows = matrix[broken]
            _ok(model.addRows(rows.shape[0], least[broken], np.full(rows.shape[0], highspy.kHighsInf), rows.nnz, rows.indptr[:-1], rows.indices, rows.data))

    def solve(self, region, pattern, gap, nodes, keep=None) -> tuple[np.ndarray, float]:
        """Cheap pattern under all cuts so far, and a bound of its cost.

        Cells outside `region` stay as in `pattern`, those in `keep` stay withheld.
        """
        fixed = np.zeros(len(self.free)) if pattern is None else (pattern & self.free).astype(float)
        own = np.flatnonzero(region & self.free)
        outside = fixed.copy()
        outside[own] = 0
        matrix, least = self._conditions
        if self.cuts:
            starts = np.cumsum([0, *(len(columns) for columns, _, _ in self.cuts)])
            cuts = sp.csr_array((np.concatenate([w for _, w, _ in self.cuts]), np.concatenate([c for c, _, _ in self.cuts]), starts), (len(self.cuts), len(self.free)))
            matrix, least = sp.vstack([matrix, cuts], format="csr"), np.concatenate([least, [n for _, _, n in self.cuts]])
        least = least - matrix @ outside
        matrix = sp.csr_array(matrix.tocsc()[:, own])
        # Conditions that hold whatever is chosen here say nothing; those that cannot hold are left, for the solver to say so.
        matters = matrix.minimum(0).sum(axis=1) < least - TOLERANCE
        matrix, least = matrix[matters], least[matters]
        if not len(own):
            # Nothing is left to choose, and HiGHS knows no answer to an empty question.
            if len(least):
                return self.solve(self.free, pattern, gap, nodes) if self.free.any() else self._raise_unprotectable()
            return (outside > 0.5) | self.always, float(self.cost @ outside)
        lower = np.zeros(len(own)) if keep is None else keep[own].astype(float)
        model = _model(self.cost[own], lower, np.ones(len(own)), matrix, least, np.full(len(least), highspy.kHighsInf))
        _ok(model.changeColsIntegrality(len(own), np.arange(len(own), dtype=np.int32), np.full(len(own), highspy.HighsVarType.kInteger)))
        for option, setting in {"mip_rel_gap": gap, "mip_max_nodes": nodes, **PLAIN}.items():
            _ok(model.setOptionValue(option, setting))
        if pattern is not None:
            start = highspy.HighsSolution()
            start.col_value = fixed[own]
            _ok(model.setSolution(start))
        accepted = highspy.HighsModelStatus
        status = _run(model, {accepted.kOptimal, accepted.kSolutionLimit, accepted.kInfeasible})
        if status == accepted.kInfeasible:
            if len(own) == self.free.sum():
                self._raise_unprotectable()
            return self.solve(self._wider(own), pattern, gap, nodes)
        if model.getInfo().primal_solution_status != int(highspy.SolutionStatus.kSolutionStatusFeasible):
            raise RuntimeError(f"no pattern within {nodes} nodes")
        chosen = outside > 0.5
        chosen[own] = np.array(model.getSolution().col_value) > 0.5
        return chosen | self.always, model.getInfo().mip_dual_bound + self.cost @ outside

    def _wider(self, cells: np.ndarray) -> np.ndarray:
        """Mask of these free cells and those that share a sum with one of them; of all if there are no more."""
        reached = np.unique(self.rows[np.unique(self.columns[:, cells].indices)].indices)
        wider = np.zeros(len(self.free), bool)
        wider[reached] = True
        wider &= self.free
        return wider if wider.sum() > len(cells) else self.free

    def _raise_unprotectable(self) -> None:
        everything = self.always | self.free
        found = {cell for finding in self.attack(everything) for cell in finding.open_cells}
        raise Unprotectable(self.names[sorted(found)].tolist())

    def cost_of(self, pattern: np.ndarray) -> float:
        return float(self.cost[pattern & self.free].sum())

    def repair(self, pattern: np.ndarray, nodes: int) -> np.ndarray:
        """Attack, cut, choose again around what was found, until nothing is open."""
        turn = 0
        while findings := self.attack(pattern, self.most_cuts):
            region = np.zeros(len(pattern), bool)
            for finding in findings:
                region[self.cut(finding, pattern)] = True
            keep = pattern if turn >= FREE_ROUNDS else None
            pattern, _ = self.solve(region & self.free, pattern, self.local_gap, nodes, keep)
            turn += 1
        return pattern

    def prune(self, pattern: np.ndarray) -> np.ndarray:
        """Publish withheld cells again, dearest first, where no cut and no attack objects."""
        cuts_with: dict[int, list[int]] = {}
        for number, (columns, _, _) in enumerate(self.cuts):
            for column in columns.tolist():
                cuts_with.setdefault(column, []).append(number)
        pattern = pattern.copy()
        in_sum = abs(self.rows) @ pattern
        secondary = np.flatnonzero(pattern & self.free & (self.cost >= WORTH_PRUNING))
        for cell in secondary[np.argsort(-self.cost[secondary], kind="stable")].tolist():
            sums = self.columns.indices[self.columns.indptr[cell] : self.columns.indptr[cell + 1]]
            if (in_sum[sums] == 2).any():
                continue
            pattern[cell] = False
            if all(self._keeps(number, pattern) for number in cuts_with.get(cell, [])) and not self.attack(pattern, 1):
                in_sum[sums] -= 1
            else:
                pattern[cell] = True
        return pattern

    def _keeps(self, number: int, pattern: np.ndarray) -> bool:
        columns, weights, least = self.cuts[number]
        return weights @ pattern[columns] >= least - TOLERANCE

    def _add_cut(self, columns: np.ndarray, weights: np.ndarray, least: float) -> None:
        key = (columns.tobytes(), weights.tobytes())
        if key in self._known_cuts:
            return
        self._known_cuts.add(key)
        self.cuts.append((columns, weights, least))
        _ok(self._relaxed.addRow(least, highspy.kHighsInf, len(columns), columns.astype(np.int32), weights))

    # --- attacker -----------------------------------------------------------------------------------------------

    def attack(self, pattern: np.ndarray, most: int | None = None) -> list[_Finding]:
        """What the pattern leaves open, component by component, but not more than `most` narrow cells in each.

        With 0 no cell is tried on its own: what tables for many cells do not show to be protected counts as open.
        A component once seen is not attacked again.
        """
        findings, moved = [], None
        for component in self._components(pattern):
            if not self.primary[component].any():
                continue
            key = component.astype(np.int32).tobytes()
            findings_before, looked_for = self._verdicts.get(key, (None, None))
            if findings_before is None or (findings_before and looked_for != most):
                moved = self._reach(pattern) if moved is None else moved
                self._verdicts[key] = list(self._attack_component(component, moved, most)), most
            findings += self._verdicts[key][0]
        return findings

    def settled(self, pattern: np.ndarray) -> np.ndarray:
        """Mask of the free cells in the pattern that are the same in every table that agrees with what it leaves published."""
        settled = np.zeros(len(pattern), bool)
        moved = self._reach(pattern)
        for component in self._components(pattern):
            asked = self.free[component]
            if asked.any():
                settled[component[self._settled(component, asked, moved)]] = True
        return settled

    def _settled(self, component: np.ndarray, asked: np.ndarray, moved: np.ndarray) -> np.ndarray:
        part = self._part(component)
        still = np.zeros(len(component), bool)
        while True:
            tables = _Tables(part, self.value[component], np.ones(len(component)), asked, moved[:, component], np.random.default_rng(SEED))
            narrow, fractional = tables.judge(None)
            still[[*narrow, *fractional]] = True
            if not narrow:
                return still
            # Of the others it is known so far that they move by fractions only.
            asked &= ~still

    def _components(self, pattern: np.ndarray) -> list[np.ndarray]:
        """Withheld cells that hang together through sums."""
        withheld = np.flatnonzero(pattern)
        system = sp.csr_array(self.columns[:, withheld])
        touching = abs(system)
        count, label = connected_components(touching.T @ touching, directed=False)
        order = np.argsort(label, kind="stable")
        return np.split(withheld[order], np.cumsum(np.bincount(label, minlength=count))[:-1])

    def _part(self, component: np.ndarray) -> sp.csr_array:
        """The sums in which these cells stand."""
        part = sp.csr_array(self.columns[:, component])
        return part[np.diff(part.indptr) > 0]

    def _reach(self, pattern: np.ndarray) -> np.ndarray:
        """How far down and up each cell went in those whole tables met before that touch no cell published now."""
        rows = np.repeat(np.arange(len(self._moves)), [len(cells) for cells, _ in self._moves])
        cells = np.concatenate([np.zeros(0, int), *(cells for cells, _ in self._moves)])
        change = np.concatenate([np.zeros(0), *(change for _, change in self._moves)])
        allowed = np.bincount(rows, ~pattern[cells], len(self._moves)) == 0
        reach = np.zeros((2, len(pattern)))
        use = allowed[rows]
        np.minimum.at(reach[0], cells[use], change[use])
        np.maximum.at(reach[1], cells[use], change[use])
        return reach

    def _attack_component(self, component: np.ndarray, moved: np.ndarray, most: int | None) -> Iterator[_Finding]:
        part = self._part(component)
        primary = self.primary[component]
        rng = np.random.default_rng(SEED)
        if not self.interval or self.single[component].any():
            null = _null_vectors(part, rng)
            size = np.linalg.norm(null, axis=1)
            open_cells = np.flatnonzero(primary & (size < COMPUTABLE))
            if len(open_cells):
                yield _Finding(component, component[open_cells].tolist(), "exact")
            for single in np.flatnonzero(self.single[component] & (size >= COMPUTABLE)):
                direction = null[single] / size[single]
                away = np.linalg.norm(null - np.outer(null @ direction, direction), axis=1)
                known = np.flatnonzero(primary & (away < COMPUTABLE) & (size >= COMPUTABLE))
                known = known[known != single]
                if len(known):
                    yield _Finding(component, component[known].tolist(), int(component[single]))
        if self.interval:
            narrow, fractional = self._narrow(part, component, moved, most, rng)
            if narrow:
                yield _Finding(component, narrow, "width")
            if fractional:
                yield _Finding(component, fractional, "whole")

    def _narrow(self, part, component, moved, most, rng) -> tuple[list[int], list[int]]:
        """Primaries whose interval is narrower than required, and those narrower only for whole numbers."""
        tables = _Tables(part, self.value[component], self.width[component], self.primary[component], moved[:, component], rng)
        narrow, fractional = tables.judge(most)
        self._moves += [(component[cells], change) for cells, change in tables.moves]
        return component[narrow].tolist(), component[fractional].tolist()

    # --- cuts ---------------------------------------------------------------------------------------------------

    def cut(self, finding: _Finding, pattern: np.ndarray) -> np.ndarray:
        """Turn a finding into cuts that the pattern violates and every valid pattern keeps; returns the region around."""
        near = np.unique(self.rows[np.unique(self.columns[:, finding.component].indices)].indices)
        if finding.why == "whole":
            self._widen(finding, near, pattern)
            return near
        rows = self.rows[np.unique(self.columns[:, near].indices)]
        region = np.unique(rows.indices)
        rows = sp.csr_array(rows.tocsc()[:, region])
        withheld = pattern[region]
        if finding.why == "width":
            fall = np.minimum(self.value[region], self.width[finding.open_cells].max())
            rise = np.full(len(region), self.width[finding.open_cells].max())
            low = np.where(withheld, -self.value[region], -fall * FAINT)
            high = np.where(withheld, highspy.kHighsInf, rise * FAINT)
        else:
            low = np.where(withheld, -highspy.kHighsInf, -FAINT)
            high = -low
            if finding.why != "exact":
                known = np.searchsorted(region, finding.why)
                low[known] = high[known] = 0
        zero = np.zeros(rows.shape[0])
        model = _model(np.zeros(len(region)), low, high, rows, zero, zero)
        hopeless, region_of_cuts, explained = [], [near], set()
        # Few cuts are spread over all that is open.
        step = 1 if self.most_cuts is None else max(1, -(-len(finding.open_cells) // self.most_cuts))
        for cell in finding.open_cells[::step]:
            if cell in explained:
                continue
            position = int(np.searchsorted(region, cell))
            coefficients, needed, used = self._coefficients(model, rows, region, position, finding)
            # One cut per chain of sums and round: its other open cells would mostly yield the same cut again.
            explained.update(region[np.unique(rows[used].indices)].tolist())
            least = needed - coefficients[self.always[region]].sum()
            use = self.free[region] & (coefficients > 0)
            if (coefficients * withheld).sum() >= needed - TOLERANCE:
                self._widen(finding, near, pattern)
            elif coefficients[use].sum() < least - TOLERANCE:
                hopeless.append(self.names[cell])
            else:
                self._add_cut(region[use], np.minimum(coefficients[use], least), least)
                region_of_cuts.append(self.rows[np.unique(self.columns[:, region[use]].indices)].indices)
        if hopeless:
            raise Unprotectable(hopeless)
        return np.unique(np.concatenate(region_of_cuts))

    def _coefficients(self, model, rows, region, position, finding) -> tuple[np.ndarray, float, np.ndarray]:
        """Cut sum(coefficients * z) >= needed from the duals of the attacker's LPs.

        For any multipliers m the primary's rise is sum((e - rows' m) * change); a cell contributes at most its value
        when it falls, and is taken as sufficient alone when it rises.
        """
        total, used = np.zeros(len(region)), np.zeros(rows.shape[0], bool)
        directions = (-1.0, 1.0) if finding.why == "width" else (-1.0,)
        needed = self.width[region[position]] if finding.why == "width" else 1.0
        for direction in directions:
            _ok(model.changeColCost(position, direction))
            _run(model, {highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kUnbounded})
            unbounded = model.getModelStatus() == highspy.HighsModelStatus.kUnbounded
            dual = np.array(model.getSolution().row_dual) if not unbounded else np.zeros(rows.shape[0])
            _ok(model.changeColCost(position, 0.0))
            fine = np.rint(dual * DENOMINATOR) / DENOMINATOR
            dual = fine if np.abs(fine - dual).max(initial=0) < TOLERANCE else dual
            used |= dual != 0
            reduced = -(rows.T @ dual)
            reduced[position] += direction
            reduced[np.abs(reduced) < COMPUTABLE] = 0
            if finding.why == "width":
                total += np.where(reduced < 0, needed, reduced * self.value[region])
            else:
                total += reduced != 0
                total[position] = 0
                if finding.why != "exact":
                    total[np.searchsorted(region, finding.why)] = 0
        return np.minimum(total, needed), needed, used

    def _widen(self, finding: _Finding, near: np.ndarray, pattern: np.ndarray) -> None:
        """The component as it stands is not enough: one more cell beside it has to go."""
        beside = near[self.free[near] & ~pattern[near]]
        if not len(beside):
            raise Unprotectable(self.names[finding.open_cells].tolist())
        self._add_cut(beside, np.ones(len(beside)), 1.0)


class _Tables:
    """Tables of one component that agree with everything published, and how far each cell goes in them.

    `wide` is the reach [least, most] in fractions, `proven` in whole numbers: what two tables of whole numbers show is
    proof. `moves`: those whole tables, each as the cells in which it differs from the true one, and by how much.
    """

    def __init__(self, part, value, width, primary, moved, rng):
        self.value, self.width, self.primary, self.rng = value, width, np.flatnonzero(primary), rng
        self.count = len(value)
        self.wide, self.proven = value + moved, value + moved
        self.moves: list[tuple[np.ndarray, np.ndarray]] = []
        # Nothing is unbounded: twice all that is withheld plus the width is more than any criterion asks for.
        self.far = np.full(self.count, 2 * value.sum() + width.max() + 1)
        # Every count in two parts, of which the first may be capped: an objective on it alone stops to pull at the cap.
        self.parts = np.arange(2 * self.count, dtype=np.int32)
        right = part @ value
        self.model = _model(np.zeros(2 * self.count), np.zeros(2 * self.count), np.tile(self.far, 2), sp.hstack([part, part]), right, right)
        self.free = np.zeros(self.count)

    def judge(self, most: int | None) -> tuple[list[int], list[int]]:
        """Narrow primaries, at most `most` of them, and where there are none those narrow for whole numbers; by 0 see `attack`."""
        self.draw(self.wide)
        if most == 0:
            # What fractions do not show, whole numbers hardly will: they are asked only where fractions settled more.
            if len(self.uncertain(self.proven)) > len(self.uncertain(self.wide)):
                self.draw(self.proven, whole=True)
            return self.uncertain(self.proven).tolist(), []
        waiting = self.uncertain(self.wide)
        if len(waiting) and self.constant(waiting):
            return waiting.tolist(), []
        narrow: list[int] = []
        for cell in _spread(self.uncertain(self.wide), most):
            if self.narrow(cell):
                narrow.append(cell)
            if len(narrow) == most:
                break
        if narrow:
            return sorted(narrow), []
        self.draw(self.proven, whole=True)
        return [], [cell for cell in self.uncertain(self.proven).tolist() if self.narrow_in_whole_numbers(cell)]

    def is_narrow(self, reach: np.ndarray, cells: np.ndarray | int) -> np.ndarray:
        return reach[1, cells] - reach[0, cells] < self.width[cells] - TOLERANCE

    def uncertain(self, reach: np.ndarray) -> np.ndarray:
        return self.primary[self.is_narrow(reach, self.primary)]

    def draw(self, reach: np.ndarray, whole: bool = False) -> None:
        """All that is uncertain goes together towards the width it needs, as long as that shows more."""
        before = len(self.primary) + 1
        while len(waiting := self.uncertain(reach)) < before:
            before = len(waiting)
            for rise in (True, False):
                if not len(waiting := self.uncertain(reach)):
                    return
                cap, cost = np.zeros(self.count), np.zeros(2 * self.count)
                cap[waiting] = (reach[0] + self.width if rise else np.maximum(reach[1] - self.width, 0))[waiting]
                weight = 1 + self.rng.random(len(waiting))
                cost[waiting if rise else self.count + waiting] = -weight if rise else weight
                self._solve(cost, cap, whole, POOL_GAP)

    def constant(self, cells: np.ndarray) -> bool:
        """If even a random sum of them is the same in every table, then so is each."""
        together = np.zeros(self.count)
        together[cells] = 1 + self.rng.random(len(cells))
        ends = [self._solve(sign * np.tile(together, 2), self.free) for sign in (-1, 1)]
        return bool(together @ (ends[0] - ends[1]) < TOLERANCE)

    def narrow(self, cell: int) -> bool:
        for objective in self._ends(cell):
            if self.is_narrow(self.wide, cell):
                self._solve(objective, self.free)
        return bool(self.is_narrow(self.wide, cell))

    def narrow_in_whole_numbers(self, cell: int) -> bool:
        for objective, enough in zip(self._ends(cell), (-self.proven[0, cell], self.proven[1, cell]), strict=True):
            if self.is_narrow(self.proven, cell):
                self._solve(objective, self.free, whole=True, enough=enough - self.width[cell] + TOLERANCE)
        return bool(self.is_narrow(self.proven, cell))

    def _ends(self, cell: int) -> tuple[np.ndarray, np.ndarray]:
        down = (self.parts % self.count == cell).astype(float)
        return -down, down

    def _solve(self, cost: np.ndarray, cap: np.ndarray, whole: bool = False, gap: float = 0.0, enough: float = -highspy.kHighsInf) -> np.ndarray:
        """One more table; in whole numbers it stops at the gap, or once the objective is at most `enough`."""
        _ok(self.model.changeColsCost(len(cost), self.parts, cost))
        _ok(self.model.changeColsBounds(len(cost), self.parts, np.zeros(len(cost)), np.concatenate([cap, self.far])))
        if whole:
            _ok(self.model.changeColsIntegrality(len(cost), self.parts, np.full(len(cost), highspy.HighsVarType.kInteger)))
        _ok(self.model.setOptionValue("mip_rel_gap", gap))
        _ok(self.model.setOptionValue("objective_target", enough))
        _run(self.model, {highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kObjectiveTarget})
        table = np.array(self.model.getSolution().col_value).reshape(2, self.count).sum(axis=0)
        is_whole = np.abs(table - np.rint(table)).max() < TOLERANCE
        for reach in (self.wide, self.proven) if is_whole else (self.wide,):
            np.minimum(reach[0], table, out=reach[0])
            np.maximum(reach[1], table, out=reach[1])
        if is_whole:
            change = np.rint(table - self.value)
            self.moves.append((np.flatnonzero(change), change[change != 0]))
        return table


def _spread(cells: np.ndarray, most: int | None) -> list[int]:
    """All of them, those first that stand at `most` equal distances."""
    step = max(1, -(-len(cells) // (most or len(cells) or 1)))
    return [cell for start in range(step) for cell in cells[start::step].tolist()]


def _null_vectors(part: sp.csr_array, rng: np.random.Generator) -> np.ndarray:
    """Random vectors of the null space of `part`, one per column: r - A'(AA')+ A r."""
    vectors = []
    for _ in range(NULL_VECTORS):
        start = rng.standard_normal(part.shape[1])
        fit = lsmr(part, part @ start, atol=1e-14, btol=1e-14, conlim=0, maxiter=50 * sum(part.shape))[0]
        vectors.append(start - fit)
    return np.array(vectors).T


def _model(cost, lower, upper, matrix, row_lower, row_upper) -> highspy.Highs:
    matrix = sp.csc_array(matrix)
    program = highspy.HighsLp()
    program.num_row_, program.num_col_ = matrix.shape
    program.col_cost_, program.col_lower_, program.col_upper_ = cost, lower, upper
    program.row_lower_, program.row_upper_ = row_lower, row_upper
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    program.a_matrix_.start_, program.a_matrix_.index_ = matrix.indptr, matrix.indices
    program.a_matrix_.value_ = matrix.data.astype(float)
    model = highspy.Highs()
    for option, setting in {"output_flag": False, "threads": THREADS, "random_seed": SEED}.items():
        _ok(model.setOptionValue(option, setting))
    _ok(model.passModel(program))
    return model


def _run(model: highspy.Highs, accepted: set) -> highspy.HighsModelStatus:
    _ok(model.run())
    status = model.getModelStatus()
    if status not in accepted:
        raise RuntimeError(f"HiGHS stopped with {model.modelStatusToString(status)}")
    return status


def _ok(status: highspy.HighsStatus) -> None:
    if status == highspy.HighsStatus.kError:
        raise RuntimeError("HiGHS refused a call")
