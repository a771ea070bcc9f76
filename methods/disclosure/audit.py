"""What an attacker with all published tables can work out about the cells that are not in them.

Builds its own equations from published rows and proves its verdicts: a safe cell by two tables that agree with
everything published, an open one by a sum of published cells. It shares no code with `protect` and `tables`, and must
not: it is there to find their errors.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse.csgraph import connected_components

WHOLE = 1e-6
"""HiGHS' tolerance is 1e-7; nearer than this to a whole number is that number."""
POOL = 12
"""At most so many random objectives per component before cells are tried one by one."""
CELLS_PER_DRAW = 8
SEED = 7
LARGEST_DENOMINATOR = 1000
ALMOST_ONE = 1 - 1e-4
"""A count is whole: a bound of 9.9 shows 9."""
FAR = 10
"""Cells that nothing bounds are cut off at this many times all published counts around them and the widest promise."""
SOLVED, INFEASIBLE, UNBOUNDED = 0, 2, 3
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

    For safe cells [unten, oben] is what two whole-number tables show, the true interval may be wider; for all others it
    is the attacker's interval itself. `witness` gives the two tables of a safe cell.
    """

    cells: pd.DataFrame
    _components: Mapping[str, "_Component"]

    @property
    def open(self) -> pd.DataFrame:
        return self.cells[self.cells["status"] != "safe"]

    def witness(self, zelle_id: str) -> tuple[dict[str, int], dict[str, int]]:
        """Two tables of the unknown cells that hang together with this one: with its least and its largest count."""
        return self._components[zelle_id].witness(zelle_id)


def audit(
    published: Iterable[Published],
    minimum: int,
    *,
    required: Mapping[str, float] | None = None,
    balances: Iterable[Mapping[str, int]] = (),
    known: Mapping[str, int] | None = None,
    derivations: int = 200,
) -> Audit:
    """Attack everything published at once, knowing that counts are whole and not negative.

    required: {zelle_id: width} of the cells that were promised protection. Without it every withheld cell counts, with
    `minimum` as width, unless it is provably at least `minimum` itself. A cell of the known sums that was left out of
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


class _Book:
    """Cells by name, what is known of them, and the sums between them."""

    def __init__(self):
        self.names: list[str] = []
        self.numbers: dict[str, int] = {}
        self.value: dict[int, int] = {}
        self.withheld: set[int] = set()
        self.equations: list[list[tuple[int, int]]] = []

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


def _judge(book: _Book, minimum: int, required: Mapping[str, float] | None, derivations: int) -> Audit:
    entries = [(row, cell, sign) for row, equation in enumerate(book.equations) for cell, sign in equation]
    rows, cells, signs = np.array(entries, int).reshape(-1, 3).T
    shape = (len(book.equations), len(book.names))
    system = sparse.csr_array((signs.astype(float), (rows, cells)), shape)
    is_known = np.zeros(shape[1], bool)
    is_known[list(book.value)] = True
    value = np.zeros(shape[1])
    value[list(book.value)] = list(book.value.values())
    promised = {book.names[cell]: minimum for cell in sorted(book.withheld)} if required is None else dict(required)
    width = {book.numbers[name]: float(needed) for name, needed in promised.items() if name in book.numbers}
    verdicts = [_Verdict(name, "absent", "safe", 0, np.inf, promised[name]) for name in promised if name not in book.numbers]
    components: dict[str, _Component] = {}
    for cell in sorted(width.keys() & book.value.keys()):
        count, name = book.value[cell], book.names[cell]
        status = "safe" if required is None and count >= minimum else "exact"
        verdicts.append(_Verdict(name, "published", status, count, count, width[cell], f"{name} = {count} (veröffentlicht)"))

    explained = _Explanation(book, system, value.copy(), is_known.copy())
    for cell in _peel(system, value, is_known):
        name, count = book.names[cell], value[cell]
        if count < 0:
            raise ValueError(f"published numbers contradict each other: {name} would be {count:.0f}")
        if cell in width:
            safe = required is None and count >= minimum
            verdicts.append(_Verdict(name, "withheld", "safe" if safe else "exact", count, count, width[cell]))
        elif cell not in book.withheld:
            status = "exact" if 0 < count < minimum else "safe"
            verdicts.append(_Verdict(name, "left out", status, count, count, minimum))

    unknown_per_row = abs(system) @ (~is_known).astype(float)
    contradiction = (unknown_per_row == 0) & (np.abs(system @ value) > WHOLE)
    if contradiction.any():
        row = int(np.flatnonzero(contradiction)[0])
        raise ValueError(f"published numbers do not add up: {[book.names[c] for c, _ in book.equations[row]]}")

    unknown = np.flatnonzero(~is_known)
    inner = sparse.csr_array(system.tocsc()[:, unknown])
    count, label = connected_components(abs(inner).T @ abs(inner), directed=False)
    order = np.argsort(label, kind="stable")
    for part in np.split(unknown[order], np.cumsum(np.bincount(label, minlength=count))[:-1]):
        wanted = [cell for cell in part if cell in width]
        left_out = [cell for cell in part if cell not in width and cell not in book.withheld]
        if wanted or left_out:
            component = _Component(book, system, value, is_known, part, max([minimum, *(width[c] for c in wanted)]))
            verdicts += [component.judge_withheld(cell, width[cell], minimum, required is None) for cell in wanted]
            verdicts += [component.judge_left_out(cell, minimum) for cell in left_out]
            components |= {book.names[cell]: component for cell in [*wanted, *left_out]}
    for verdict in [v for v in verdicts if v.status != "safe" and not v.herleitung][:derivations]:
        verdict.herleitung = explained.derivation(verdict)
    return Audit(pd.DataFrame(verdicts, columns=[column.name for column in fields(_Verdict)]), components)


@dataclass
class _Verdict:
    zelle_id: str
    art: str
    status: str
    unten: float
    oben: float
    breite: float
    herleitung: str = ""


def _peel(system: sparse.csr_array, value: np.ndarray, is_known: np.ndarray) -> list[int]:
    """Work out, and mark as known in place, every cell that is alone unknown in a sum, again and again."""
    found: list[int] = []
    while True:
        alone = system[abs(system) @ (~is_known).astype(float) == 1]
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

    def __init__(self, book, system, value, is_known, part, widest):
        self.book, self.system, self.value, self.is_known, self.part = book, system, value, is_known, part
        self.place = {int(cell): position for position, cell in enumerate(part)}
        self.touching = np.unique(system.tocsc()[:, part].indices)
        around = system[self.touching]
        self.left = sparse.csr_array(around.tocsc()[:, part])
        self.right = -(around @ np.where(is_known, value, 0.0))
        self.limit: float | None = None
        self.far = FAR * (widest + np.abs(self.right).sum())
        self.points: list[np.ndarray] = []
        self.high = np.full(len(part), -np.inf)
        self.low = np.full(len(part), np.inf)
        self.highest = np.zeros(len(part), int)
        self.lowest = np.zeros(len(part), int)
        draw = np.random.default_rng(SEED)
        for _ in range(min(POOL, len(part) // CELLS_PER_DRAW)):
            self._extreme(draw.choice([-1.0, 1.0], len(part)))

    def judge_withheld(self, cell, width, minimum, may_be_large) -> _Verdict:
        place, name = self.place[cell], self.book.names[cell]
        low, high = self.low[place], self.high[place]
        if not high - low >= width:
            low, high = self._range(place, width)
            if high - low < width and not (may_be_large and low >= minimum):
                return _Verdict(name, "withheld", "exact" if low == high else "narrower", low, high, width)
        return _Verdict(name, "withheld", "safe", low, high, width)

    def judge_left_out(self, cell, minimum) -> _Verdict:
        place, name = self.place[cell], self.book.names[cell]
        low, high = self.low[place], self.high[place]
        # A table with nobody in the cell is proof enough.
        if high < minimum and low > 0:
            low, high = self._range(place, np.inf)
            if 0 < low and high < minimum:
                return _Verdict(name, "left out", "exact" if low == high else "narrower", low, high, minimum)
        return _Verdict(name, "left out", "safe", low, high, minimum)

    def witness(self, zelle_id: str) -> tuple[dict[str, int], dict[str, int]]:
        names = [self.book.names[cell] for cell in self.part]
        place = names.index(zelle_id)
        low, high = (self.points[which[place]].tolist() for which in (self.lowest, self.highest))
        return dict(zip(names, low)), dict(zip(names, high))

    def _extreme(self, objective: np.ndarray) -> np.ndarray:
        """A possible table that minimises the objective, whole numbers or not."""
        answer = linprog(objective, A_eq=self.left, b_eq=self.right, bounds=(0, self.limit), method="highs-ds")
        if answer.status == UNBOUNDED:
            self.limit = self.far
            return self._extreme(objective)
        if answer.status != SOLVED:
            raise ValueError(f"no table agrees with what is published: {answer.message}")
        return self._keep(answer.x)

    def _extreme_whole(self, objective: np.ndarray, place: int = 0, least: float = 0) -> np.ndarray | None:
        """As `_extreme`, in whole numbers and with at least `least` in one cell; None if that cannot be."""
        lower = np.zeros(len(objective))
        lower[place] = least
        answer = milp(
            objective,
            integrality=np.ones(len(objective)),
            bounds=Bounds(lower, np.inf if self.limit is None else self.limit),
            constraints=LinearConstraint(self.left, self.right, self.right),
            options={"mip_rel_gap": 0},
        )
        if answer.status == INFEASIBLE and least:
            return None
        if answer.status != SOLVED:
            raise ValueError(f"no table of whole numbers agrees with what is published: {answer.message}")
        return self._keep(answer.x)

    def _keep(self, table: np.ndarray) -> np.ndarray:
        whole = np.rint(table)
        if np.abs(table - whole).max() < WHOLE and (np.abs(self.left @ whole - self.right) < WHOLE).all():
            self.highest[whole > self.high] = self.lowest[whole < self.low] = len(self.points)
            self.high, self.low = np.maximum(self.high, whole), np.minimum(self.low, whole)
            self.points.append(whole.astype(np.int64))
        return table

    def _range(self, place: int, enough: float) -> tuple[float, float]:
        """The attacker's interval in whole numbers, or a part of it that is `enough` wide.

        Where nothing bounds the cell, the upper end is merely very large.
        """
        objective = np.zeros(len(self.part))
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
            ends.append(float(np.rint(table[place])))
        return ends[0], ends[1]


class _Explanation:
    """Findings as sums of what is published, and of nothing else."""

    def __init__(self, book, system, value, is_known):
        self.book, self.system, self.value, self.is_known = book, system, value, is_known
        self.by_cell = system.tocsc()

    def derivation(self, verdict: _Verdict) -> str:
        """The finding as a sum of published cells: one equation, or one bound from each side."""
        cell = self.book.numbers[verdict.zelle_id]
        if verdict.status == "exact" and (equation := self._sum_for(cell, "=", verdict.unten)):
            return equation
        return "; ".join(
            self._sum_for(cell, sense, end)
            or f"{verdict.zelle_id} {sense} {end:.0f} (jenseits davon gibt es keine ganzzahlige Tabelle)"
            for sense, end in ((">=", verdict.unten), ("<=", verdict.oben))
        )

    def _sum_for(self, cell: int, sense: str, end: float) -> str | None:
        """A short combination of sums that shows `cell sense end`, from as near the cell as possible; None if none."""
        if sense == ">=" and end == 0:
            return f"{self.book.names[cell]} >= 0"
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
            for other, sign in self.book.equations[rows[position]]:
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
            f"{'-' if k < 0 else '+'} {'' if abs(k) == 1 else f'{abs(k)} * '}{self.book.names[c]} ({int(self.value[c])})"
            for c, k in sorted(shown.items(), key=lambda term: (term[1] < 0, self.book.names[term[0]]))
        )
        whole = "" if total == int(total) else f", in ganzen Zahlen {sense} {end:.0f}"
        return f"{self.book.names[cell]} {sense} {terms.removeprefix('+ ') or '0'} = {total}{whole}"
