"""What an attacker with all published tables can work out about the cells that are not in them.

Builds its own equations from published rows and proves its verdicts: a safe cell by two tables that agree with
everything published, an open one by a sum of published cells. It shares no code with `protect` and `tables`, and must
not: it is there to find their errors.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

import highspy
import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse.csgraph import connected_components

WHOLE = 1e-6
"""HiGHS' tolerance is 1e-7; nearer than this to a whole number is that number."""
FEW = 2
"""So few doubtful cells are tried at once one by one."""
WORKERS = 4
SEED = 7
LARGEST_DENOMINATOR = 1000
ALMOST_ONE = 1 - 1e-4
"""A count is whole: a bound of 9.9 shows 9."""
FAR = 10
"""Cells that nothing bounds are cut off at this many times all published counts around them and the widest promise."""
DERIVATIONS = 200
"""So many findings are written out as sums; the first ones explain the others."""
SOLVED, INFEASIBLE = 0, 2
"""Codes of scipy.optimize."""


@dataclass(frozen=True)
class Published:
    """One table as it left: a column per dimension and `wert`, missing where withheld.

    sums: for each dimension the (parent, children) an outsider knows to add up. totals: for each dimension the code
    that means "all"; a cell at it is the same cell in every table of this `measure`. `at`: fixed coordinates.
    """

    rows: pd.DataFrame
    sums: Mapping[str, Sequence[tuple[str, Sequence[str]]]]
    totals: Mapping[str, str]
    measure: str = "anzahl"
    at: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Audit:
    """`cells`: zelle_id, art, status (safe, exact, narrower), unten, oben, breite, herleitung; one row per cell judged.
    `open`: those that are not safe; a release has a hundred thousand cells, and mostly none of these. Both are made when asked for.

    For safe cells [unten, oben] is what two whole-number tables show, the true interval may be wider; for all others it
    is the attacker's interval itself. `witness` gives the two tables of a safe cell.
    """

    _verdicts: Sequence["_Verdict"]
    _names: Sequence[str]
    _components: Mapping[int, "_Component"]

    @property
    def cells(self) -> pd.DataFrame:
        return self._table(self._verdicts)

    @property
    def open(self) -> pd.DataFrame:
        return self._table([verdict for verdict in self._verdicts if verdict.status != "safe"])

    def _table(self, verdicts: Sequence["_Verdict"]) -> pd.DataFrame:
        table = pd.DataFrame(verdicts, columns=list(_Verdict._fields))
        table["zelle_id"] = [verdict.zelle_id or self._names[verdict.cell] for verdict in verdicts]
        return table[["zelle_id", *_Verdict._fields[1:6], "herleitung"]]

    def witness(self, zelle_id: str) -> tuple[dict[str, int], dict[str, int]]:
        """Two tables of the unknown cells that hang together with this one: with its least and its largest count."""
        return self._components[self._names.index(zelle_id)].witness(self._names, zelle_id)


def audit(
    published: Iterable[Published],
    minimum: int,
    *,
    required: Mapping[str, float] | None = None,
    balances: Iterable[Mapping[str, int]] = (),
    known: Mapping[str, int] | None = None,
    derivations: int = DERIVATIONS,
) -> Audit:
    """Attack everything published at once, knowing that counts are whole and not negative.

    required: {zelle_id: width} of the cells that were promised protection. Without it every withheld cell counts, with
    `minimum` as width, unless all that is known of it is that it is `minimum` or more; worked out exactly it is open whatever
    its count, for why it was withheld no table says. A cell of the known sums that was left out of
    all tables is judged too: it is open when it must lie between 1 and minimum - 1.
    balances: further sums that are 0, {zelle_id: +1 or -1}. known: what the attacker knows besides, {zelle_id: count}.
    derivations: so many findings are written out as sums, `herleitung` of the others is empty.
    ValueError when the published numbers contradict each other.
    """
    book = _Book()
    for table in published:
        book.add(table)
    for balance in balances:
        book.equations.append([(book.number(name), sign) for name, sign in balance.items()])
    for name, count in (known or {}).items():
        book.publish(book.number(name), count)
        book.withheld.discard(book.number(name))
    return _judge(book, minimum, required, derivations)


@dataclass(frozen=True)
class Equations:
    """Cells with their names, what is published of them (nan: nothing), which are withheld, and the sums between them (each 0)."""

    names: Sequence[str]
    count: np.ndarray
    withheld: Iterable[int]
    relations: sparse.csr_array

    def values(self) -> np.ndarray:
        return self.count

    def system(self) -> sparse.csr_array:
        return self.relations


def audit_equations(equations: Equations, minimum: int, derivations: int = DERIVATIONS) -> Audit:
    """As `audit`, for an attacker who has written down his equations already; every withheld cell was promised protection."""
    return _judge(equations, minimum, None, derivations)


class _Book:
    """Cells by name, what is known of them, and the sums between them."""

    def __init__(self):
        self.names: list[str] = []
        self.numbers: dict[str, int] = {}
        self.value: dict[int, int] = {}
        self.withheld: set[int] = set()
        self.equations: list[list[tuple[int, int]]] = []

    def values(self) -> np.ndarray:
        """Count per cell, nan where it is not published."""
        value = np.full(len(self.names), np.nan)
        value[list(self.value)] = list(self.value.values())
        return value

    def system(self) -> sparse.csr_array:
        entries = [(row, cell, sign) for row, equation in enumerate(self.equations) for cell, sign in equation]
        rows, cells, signs = np.array(entries, int).reshape(-1, 3).T
        return sparse.csr_array((signs.astype(float), (rows, cells)), (len(self.equations), len(self.names)))

    def number(self, name: str) -> int:
        if name not in self.numbers:
            self.numbers[name] = len(self.names)
            self.names.append(name)
        return self.numbers[name]

    def publish(self, cell: int, count: float) -> None:
        if count < 0 or count != int(count):
            raise ValueError(f"{self.names[cell]} is not a count")
        if self.value.setdefault(cell, int(count)) != count:
            raise ValueError(f"{self.names[cell]} is published with two different counts")

    def add(self, table: Published) -> None:
        dims = list(table.sums)
        found = {}
        for *codes, count in table.rows[[*dims, "wert"]].itertuples(index=False, name=None):
            cell = self.number(self._name(table, dims, codes))
            found[tuple(codes)] = cell
            if pd.isna(count):
                self.withheld.add(cell)
            else:
                self.publish(cell, count)
        for axis, dim in enumerate(dims):
            rest = dict.fromkeys((*codes[:axis], *codes[axis + 1 :]) for codes in found)
            for parent, children in table.sums[dim]:
                for others in rest:
                    members = [(*others[:axis], code, *others[axis:]) for code in (parent, *children)]
                    if not any(member in found for member in members):
                        continue
                    cells = [found[m] if m in found else self.number(self._name(table, dims, m)) for m in members]
                    self.equations.append([(cells[0], -1), *((cell, 1) for cell in cells[1:])])

    @staticmethod
    def _name(table: Published, dims, codes) -> str:
        at = {**table.at, **{dim: code for dim, code in zip(dims, codes) if code != table.totals[dim]}}
        return "|".join([table.measure] + [f"{dim}={at[dim]}" for dim in sorted(at)])


def _judge(book: "_Book | Equations", minimum: int, required: Mapping[str, float] | None, derivations: int) -> Audit:
    system, names = book.system(), book.names
    is_known = ~np.isnan(book.values())
    value = np.where(is_known, book.values(), 0.0)
    withheld = np.zeros(len(names), bool)
    withheld[sorted(book.withheld)] = True
    verdicts: list[_Verdict] = []
    if required is None:
        width = {int(cell): float(minimum) for cell in np.flatnonzero(withheld)}
    else:
        width = {book.numbers[name]: float(needed) for name, needed in required.items() if name in book.numbers}
        verdicts = [_Verdict(None, "absent", "safe", 0, np.inf, needed, name) for name, needed in required.items() if name not in book.numbers]
    components: dict[int, _Component] = {}
    for cell in sorted(cell for cell in width if is_known[cell]):
        count, name = int(value[cell]), names[cell]
        status = "safe" if required is None and count >= minimum else "exact"
        verdicts.append(_Verdict(cell, "published", status, count, count, width[cell], herleitung=f"{name} = {count} (veröffentlicht)"))

    explained = _Explanation(names, system, value.copy(), is_known.copy())
    for cell in _peel(system, value, is_known):
        count = value[cell]
        if count < 0:
            raise ValueError(f"published numbers contradict each other: {names[cell]} would be {count:.0f}")
        if cell in width:
            verdicts.append(_Verdict(cell, "withheld", "exact", count, count, width[cell]))
        elif not withheld[cell]:
            status = "exact" if 0 < count < minimum else "safe"
            verdicts.append(_Verdict(cell, "left out", status, count, count, minimum))

    unknown_per_row = abs(system) @ (~is_known).astype(float)
    contradiction = (unknown_per_row == 0) & (np.abs(system @ value) > WHOLE)
    if contradiction.any():
        row = int(np.flatnonzero(contradiction)[0])
        raise ValueError(f"published numbers do not add up: {[names[c] for c in system.indices[system.indptr[row] : system.indptr[row + 1]]]}")

    unknown = np.flatnonzero(~is_known)
    inner = sparse.csc_array(system.tocsc()[:, unknown])
    right = -(system @ np.where(is_known, value, 0.0))
    count, label = connected_components(abs(inner).T @ abs(inner), directed=False)
    order = np.argsort(label, kind="stable")
    jobs = []
    for part in np.split(order, np.cumsum(np.bincount(label, minlength=count))[:-1]):
        cells = unknown[part].tolist()
        wanted = [cell for cell in cells if cell in width]
        left_out = [cell for cell in cells if cell not in width and not withheld[cell]]
        if wanted or left_out:
            jobs.append((part, unknown[part], wanted, left_out))

    def solve(job) -> tuple["_Component", list[_Verdict]]:
        part, cells, wanted, left_out = job
        component = _Component(inner[:, part], right, cells, max([minimum, *(width[cell] for cell in wanted)]))
        component.draw([(cell, width[cell]) for cell in wanted], left_out, minimum)
        found = [component.judge_withheld(cell, width[cell], minimum, required is None) for cell in wanted]
        return component, found + [component.judge_left_out(cell, minimum) for cell in left_out]

    # Components know nothing of each other, and the solver computes without Python's lock: the result is that of one after the other.
    with ThreadPoolExecutor(WORKERS) as pool:
        for (_, _, wanted, left_out), (component, found) in zip(jobs, pool.map(solve, jobs), strict=True):
            verdicts += found
            components |= dict.fromkeys([*wanted, *left_out], component)
    explain = [number for number, verdict in enumerate(verdicts) if verdict.status != "safe" and not verdict.herleitung][:derivations]
    for number in explain:
        verdicts[number] = verdicts[number]._replace(herleitung=explained.derivation(verdicts[number]))
    return Audit(verdicts, names, components)


class _Verdict(NamedTuple):
    """`zelle_id` only where the cell is in no table."""

    cell: int | None
    art: str
    status: str
    unten: float
    oben: float
    breite: float
    zelle_id: str = ""
    herleitung: str = ""


def _peel(system: sparse.csr_array, value: np.ndarray, is_known: np.ndarray) -> list[int]:
    """Work out, and mark as known in place, every cell that is alone unknown in a sum, again and again."""
    found: list[int] = []
    magnitude = abs(system)
    while True:
        alone = system[magnitude @ (~is_known).astype(float) == 1]
        if not alone.shape[0]:
            return found
        rest = alone @ np.where(is_known, value, 0.0)
        entries = alone.tocoo()
        here = ~is_known[entries.col]
        cells, first = np.unique(entries.col[here], return_index=True)
        value[cells] = (-rest[entries.row[here]] * entries.data[here])[first]
        is_known[cells] = True
        found += cells.tolist()


class _Component:
    """Unknown cells that hang together, and every whole-number table of theirs met so far."""

    def __init__(self, columns: sparse.csc_array, right: np.ndarray, cells: np.ndarray, widest: float):
        self.cells = cells
        self.place = {cell: position for position, cell in enumerate(cells.tolist())}
        touching, row = np.unique(columns.indices, return_inverse=True)
        self.left = sparse.csc_array((columns.data, row, columns.indptr), (len(touching), len(cells)))
        self.right = right[touching]
        self.far = FAR * (widest + np.abs(self.right).sum())
        self.limit = np.inf
        self.points: list[np.ndarray] = []
        self.high = np.full(len(cells), -np.inf)
        self.low = np.full(len(cells), np.inf)
        self.highest = np.zeros(len(cells), int)
        self.lowest = np.zeros(len(cells), int)
        self.fixed = np.zeros(len(cells), bool)
        # Every count in two parts, of which the first may be capped: an objective on it alone stops to pull at the cap.
        self.parts = np.arange(2 * len(cells), dtype=np.int32)
        self.model = _linear(sparse.hstack([self.left, self.left], format="csc"), self.right)

    def draw(self, wanted: list[tuple[int, float]], left_out: list[int], minimum: int) -> None:
        """Tables that show many cells at once to be safe, and which cells no table can move, before cells are tried one by one."""
        inside = np.array([self.place[cell] for cell, _ in wanted], int)
        width = np.array([width for _, width in wanted])
        outside = np.array([self.place[cell] for cell in left_out], int)
        random = np.random.default_rng(SEED)
        gain = True
        while gain:
            gain = False
            for rise in (True, False):
                # Each is asked to go just so far as it has to, so that none takes what the others need.
                goal = np.zeros(len(self.cells))
                met = np.isfinite(self.low[inside])
                goal[inside] = np.where(met, self.low[inside], 0) + width if rise else np.maximum(self.high[inside] - width, 0)
                goal[outside] = minimum if rise else 0
                waiting = self._waiting(inside, width, outside, minimum)
                if len(waiting) <= FEW:
                    return
                before = self.high[waiting] - self.low[waiting]
                self._towards(waiting, 1 + random.random(len(waiting)), goal[waiting], rise)
                gain |= bool((self.high[waiting] - self.low[waiting] > before).any())
            if not gain:
                waiting = self._waiting(inside, width, outside, minimum)
                before = self.high[waiting] - self.low[waiting]
                sum_of_all = np.zeros(len(self.cells))
                sum_of_all[waiting] = 1 + random.random(len(waiting))
                if sum_of_all @ (self._extreme(-sum_of_all) - self._extreme(sum_of_all)) < WHOLE:
                    # A random sum of them is the same in every table: so is each.
                    self.fixed[waiting] = True
                    return
                gain = bool((self.high[waiting] - self.low[waiting] > before).any())

    def _waiting(self, inside: np.ndarray, width: np.ndarray, outside: np.ndarray, minimum: int) -> np.ndarray:
        """Which no table met so far shows to be safe."""
        # Of what was left out a table with nobody in the cell is enough, or one with many.
        doubtful = (self.low[outside] > 0) & (self.high[outside] < minimum)
        return np.concatenate([inside[~(self.high[inside] - self.low[inside] >= width)], outside[doubtful]])

    def judge_withheld(self, cell, width, minimum, may_be_large) -> _Verdict:
        place = self.place[cell]
        low, high = self.low[place], self.high[place]
        if not high - low >= width:
            low, high = self._range(place, width)
            if high - low < width and not (may_be_large and minimum <= low < high):
                return _Verdict(cell, "withheld", "exact" if low == high else "narrower", low, high, width)
        return _Verdict(cell, "withheld", "safe", low, high, width)

    def judge_left_out(self, cell, minimum) -> _Verdict:
        place = self.place[cell]
        low, high = self.low[place], self.high[place]
        # A table with nobody in the cell is proof enough.
        if high < minimum and low > 0:
            low, high = self._range(place, np.inf)
            if 0 < low and high < minimum:
                return _Verdict(cell, "left out", "exact" if low == high else "narrower", low, high, minimum)
        return _Verdict(cell, "left out", "safe", low, high, minimum)

    def witness(self, names: Sequence[str], zelle_id: str) -> tuple[dict[str, int], dict[str, int]]:
        inside = [names[cell] for cell in self.cells]
        place = inside.index(zelle_id)
        low, high = (self.points[which[place]].tolist() for which in (self.lowest, self.highest))
        return dict(zip(inside, low)), dict(zip(inside, high))

    def _towards(self, cells: np.ndarray, weight: np.ndarray, goal: np.ndarray, rise: bool) -> None:
        """A possible table in which these cells come as near to their goals from below, or from above, as they can together."""
        cap, cost = np.zeros(len(self.cells)), np.zeros(2 * len(self.cells))
        cap[cells] = goal
        cost[cells if rise else len(self.cells) + cells] = -weight if rise else weight
        self._solve(cost, cap)

    def _extreme(self, objective: np.ndarray) -> np.ndarray:
        """A possible table that minimises the objective, whole numbers or not."""
        return self._solve(np.tile(objective, 2), np.zeros(len(objective)))

    def _solve(self, cost: np.ndarray, cap: np.ndarray) -> np.ndarray:
        count = len(self.cells)
        self.model.changeColsCost(len(cost), self.parts, cost)
        self.model.changeColsBounds(len(cost), self.parts, np.zeros(len(cost)), np.concatenate([cap, np.full(count, self.limit)]))
        status = self._solved()
        if status == highspy.HighsModelStatus.kUnbounded and self.limit == np.inf:
            self.limit = self.far
            return self._solve(cost, cap)
        if status != highspy.HighsModelStatus.kOptimal:
            raise ValueError(f"no table agrees with what is published: {self.model.modelStatusToString(status)}")
        table = np.array(self.model.getSolution().col_value)
        return self._keep(table[:count] + table[count:])

    def _solved(self) -> highspy.HighsModelStatus:
        """Where the solver ends: from where it stopped last, and where it got lost in rounding, once more from the beginning."""
        for anew, presolve in ((False, "off"), (True, "off"), (True, "on")):
            if anew:
                self.model.clearSolver()
            self.model.setOptionValue("presolve", presolve)
            self.model.run()
            status = self.model.getModelStatus()
            if status in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kUnbounded):
                break
        self.model.setOptionValue("presolve", "off")
        return status

    def _extreme_whole(self, objective: np.ndarray, place: int = 0, least: float = 0) -> np.ndarray | None:
        """As `_extreme`, in whole numbers and with at least `least` in one cell; None if that cannot be."""
        lower = np.zeros(len(objective))
        lower[place] = least
        answer = milp(
            objective,
            integrality=np.ones(len(objective)),
            bounds=Bounds(lower, self.limit),
            constraints=LinearConstraint(self.left, self.right, self.right),
            options={"mip_rel_gap": 0},
        )
        if answer.status == INFEASIBLE and least:
            return None
        if answer.status != SOLVED:
            raise ValueError(f"no table of whole numbers agrees with what is published: {answer.message}")
        return self._keep(answer.x)

    def _keep(self, table: np.ndarray) -> np.ndarray:
        whole = np.rint(table) + 0.0
        if np.abs(table - whole).max() < WHOLE and (np.abs(self.left @ whole - self.right) < WHOLE).all():
            self.highest[whole > self.high] = self.lowest[whole < self.low] = len(self.points)
            self.high, self.low = np.maximum(self.high, whole), np.minimum(self.low, whole)
            self.points.append(whole.astype(np.int64))
        return table

    def _range(self, place: int, enough: float) -> tuple[float, float]:
        """The attacker's interval in whole numbers, or a part of it that is `enough` wide.

        Where nothing bounds the cell, the upper end is merely very large.
        """
        if self.fixed[place] and self.points:
            return self.low[place], self.high[place]
        objective = np.zeros(len(self.cells))
        objective[place] = 1
        tables = [self._extreme(objective), self._extreme(-objective)]
        low, high = self.low[place], self.high[place]
        if tables[1][place] - tables[0][place] >= enough > high - low >= 0:
            self._extreme_whole(0 * objective, place, low + enough)
            low, high = self.low[place], self.high[place]
        if high - low >= enough:
            return low, high
        ends = []
        for table, towards in zip(tables, (objective, -objective)):
            if np.abs(table - np.rint(table)).max() >= WHOLE:
                table = self._extreme_whole(towards)
            ends.append(float(np.rint(table[place])) + 0.0)
        return ends[0], ends[1]


def _linear(left: sparse.csc_array, right: np.ndarray) -> highspy.Highs:
    """All tables of fractions that are not negative and agree with what is known, ready for one objective after another."""
    program = highspy.HighsLp()
    program.num_row_, program.num_col_ = left.shape
    program.col_cost_, program.col_lower_ = np.zeros(left.shape[1]), np.zeros(left.shape[1])
    program.col_upper_ = np.full(left.shape[1], highspy.kHighsInf)
    program.row_lower_ = program.row_upper_ = right
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    program.a_matrix_.start_, program.a_matrix_.index_, program.a_matrix_.value_ = left.indptr, left.indices, left.data.astype(float)
    model = highspy.Highs()
    # Without presolve every further objective starts where the last one ended. One thread: a solver told to change that answers nothing.
    for option, setting in {"output_flag": False, "threads": 1, "presolve": "off", "solver": "simplex"}.items():
        model.setOptionValue(option, setting)
    if model.passModel(program) == highspy.HighsStatus.kError:
        raise RuntimeError("HiGHS refused the equations")
    return model


class _Explanation:
    """Findings as sums of what is published, and of nothing else."""

    def __init__(self, names, system, value, is_known):
        self.names, self.system, self.value, self.is_known = names, system, value, is_known
        self.by_cell = system.tocsc()

    def derivation(self, verdict: _Verdict) -> str:
        """The finding as a sum of published cells: one equation, or one bound from each side."""
        cell = verdict.cell
        if verdict.status == "exact" and (equation := self._sum_for(cell, "=", verdict.unten)):
            return equation
        return "; ".join(
            self._sum_for(cell, sense, end)
            or f"{self.names[cell]} {sense} {end:.0f} (jenseits davon gibt es keine ganzzahlige Tabelle)"
            for sense, end in ((">=", verdict.unten), ("<=", verdict.oben))
        )

    def _row(self, row: int) -> list[tuple[int, int]]:
        part = slice(self.system.indptr[row], self.system.indptr[row + 1])
        return [(cell, int(sign)) for cell, sign in zip(self.system.indices[part].tolist(), self.system.data[part].tolist(), strict=True)]

    def _sum_for(self, cell: int, sense: str, end: float) -> str | None:
        """A short combination of sums that shows `cell sense end`, from as near the cell as possible; None if none."""
        if sense == ">=" and end == 0:
            return f"{self.names[cell]} >= 0"
        rows = np.array([], int)
        reached = np.array([cell])
        while True:
            wider = np.unique(self.by_cell[:, reached].indices)
            if len(wider) == len(rows):
                return None
            rows = wider
            around = self.system[rows]
            reached = np.unique(around.indices)
            reached = reached[~self.is_known[reached]]
            for slack in (0, ALMOST_ONE) if sense != "=" else (0,):
                if multipliers := self._multipliers(around, reached, cell, sense, end, slack):
                    return self._text(rows, multipliers, cell, sense, end)

    def _multipliers(self, around, unknown, cell, sense, end, slack) -> dict[int, Fraction] | None:
        """Multipliers m of the sums in `around`, by position, that show `cell sense end` with the fewest published cells.

        m'A x = 0 for every possible table x. If m'A has 1 at the cell and, at the other unknown cells, 0 (or >= 0 for an
        upper, <= 0 for a lower bound), then minus its published part is the cell's count (or that bound).
        """
        by_cell = around.tocsc()
        shown = np.unique(around.indices)
        shown = shown[self.is_known[shown]]
        hidden, known = by_cell[:, unknown].T.tocsr(), by_cell[:, shown].T.tocsr()
        sums, numbers = around.shape[0], self.value[shown]
        this = (unknown == cell).astype(float)
        # Variables: a multiplier per sum, then the size of each published cell's coefficient.
        cost = np.concatenate([np.zeros(sums), np.ones(len(shown))])
        size = sparse.eye_array(len(shown))
        hidden = sparse.hstack([hidden, sparse.csr_array((len(unknown), len(shown)))])
        upper, upper_end = [sparse.hstack([known, -size]), sparse.hstack([-known, -size])], [np.zeros(2 * len(shown))]
        if sense != "=":
            sign = 1.0 if sense == ">=" else -1.0
            value = np.concatenate([known.T @ numbers, np.zeros(len(shown))])
            upper += [sign * hidden, sparse.csr_array(sign * value[None, :])]
            upper_end += [sign * this, [slack + WHOLE - sign * end]]
        answer = linprog(
            cost,
            A_ub=sparse.csr_array(sparse.vstack(upper)),
            b_ub=np.concatenate(upper_end),
            A_eq=sparse.csr_array(hidden) if sense == "=" else None,
            b_eq=this if sense == "=" else None,
            bounds=[(None, None)] * sums + [(0, None)] * len(shown),
            method="highs-ds",
        )
        if answer.status != SOLVED:
            return None
        exact = {i: Fraction(float(m)).limit_denominator(LARGEST_DENOMINATOR) for i, m in enumerate(answer.x[:sums])}
        return {i: m for i, m in exact.items() if m}

    def _text(self, rows, multipliers, cell, sense, end) -> str | None:
        """The combination in exact fractions, written out; None if it does not show what it should."""
        combined: dict[int, Fraction] = {}
        for position, multiplier in multipliers.items():
            for other, sign in self._row(rows[position]):
                combined[other] = combined.get(other, Fraction(0)) + multiplier * sign
        hidden = {c: k - (c == cell) for c, k in combined.items() if not self.is_known[c]}
        shown = {c: -k for c, k in combined.items() if self.is_known[c] and k}
        total = sum((k * int(self.value[c]) for c, k in shown.items()), Fraction(0))
        holds = {
            "=": not any(hidden.values()) and total == end,
            "<=": min(hidden.values()) >= 0 and total < end + 1,
            ">=": max(hidden.values()) <= 0 and total > end - 1,
        }
        if cell not in combined or not holds[sense]:
            return None
        terms = " ".join(
            f"{'-' if k < 0 else '+'} {'' if abs(k) == 1 else f'{abs(k)} * '}{self.names[c]} ({int(self.value[c])})"
            for c, k in sorted(shown.items(), key=lambda term: (term[1] < 0, self.names[term[0]]))
        )
        whole = "" if total == int(total) else f", in ganzen Zahlen {sense} {end:.0f}"
        return f"{self.names[cell]} {sense} {terms.removeprefix('+ ') or '0'} = {total}{whole}"
