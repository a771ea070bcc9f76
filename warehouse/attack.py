"""An attack on a finished release, with nothing but its files: what could a reader find or compute?

Shares no code with the gate models nor with what protects, and uses only what lies in the audience's folder and in
those of earlier releases: the mart, and every table, chart and page (attack_files). It knows simple ways (a small count, a group within a group, the rest of a sum, a rate whose
counts are hidden, index values that give away the missing one, two area versions, two releases) and then solves all
equations together: areas, area versions, ages, attributes, declared parts, and stocks with their flows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise, permutations
from math import inf, nan
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from duckdb import DuckDBPyConnection

from warehouse.attack_files import told
from warehouse.connect import connect, literal
from warehouse.processes import side_by_side

if TYPE_CHECKING:
    from methods.disclosure.audit import Equations

#: Two polygons count as one inside the other when this share of the smaller lies in the larger (drawing noise).
INSIDE = 0.999

ATTRIBUTES = ("geschlecht", "staatsangehoerigkeit", "migrationshintergrund")

#: Counts that need protection, from sources that are not public anyway.
COUNTED = """
create temp table gezaehlt as
select f.*, d.alter_von, d.alter_bis, d.wohndauer_ab, d.geschlecht, d.staatsangehoerigkeit, d.migrationshintergrund
from fct_kennzahl f join dim_kennzahl d using (kennzahl_id) join fct_quellenstand q using (lieferung_id)
where d.geschuetzt and d.mass in ('personen', 'anzahl') and not q.veroeffentlicht
"""

SMALL = "select kennzahl_id, ebene, raumeinheit_id, stichtag, wert from gezaehlt where wert between 1 and $least - 1"

WITHIN = f"""
select gross.kennzahl_id || ' − ' || klein.kennzahl_id, gross.ebene, gross.raumeinheit_id, gross.stichtag, gross.wert - klein.wert
from gezaehlt gross join gezaehlt klein using (raumeinheit_id, ebene, gebietsstand, stichtag, lieferung_id, gliederung)
where coalesce(gross.alter_von, 0) <= coalesce(klein.alter_von, 0)
  and (gross.alter_bis is null or klein.alter_bis <= gross.alter_bis)
  and coalesce(gross.wohndauer_ab, -1) <= coalesce(klein.wohndauer_ab, -1)
  {"".join(f"and (gross.{a} is null or gross.{a} = klein.{a}) " for a in ATTRIBUTES)}
  and gross.wert - klein.wert between 1 and $least - 1
"""

REMAINDER = """
with teil as (
    select g.*, r.uebergeordnet_id
    from gezaehlt g join dim_raumeinheit r using (raumeinheit_id, gebietsstand, ebene)
),
rest as (
    select kennzahl_id, gebietsstand, stichtag, uebergeordnet_id, ebene, sum(wert) as bekannt, count(*) - count(wert) as verdeckt
    from teil group by all having verdeckt > 0
)
select rest.kennzahl_id, rest.ebene, rest.uebergeordnet_id, rest.stichtag, g.wert - coalesce(bekannt, 0)
from rest join gezaehlt g
  on g.raumeinheit_id = rest.uebergeordnet_id and g.kennzahl_id = rest.kennzahl_id and g.gebietsstand = rest.gebietsstand
 and g.stichtag = rest.stichtag and g.ebene <> rest.ebene
where g.wert is not null and (verdeckt = 1 or g.wert - coalesce(bekannt, 0) between 1 and $least - 1)
"""

RATE = """
select i.indikator_id, i.ebene, i.raumeinheit_id, i.stichtag, coalesce(i.zaehler, i.wert)
from {rows} i join dim_indikator d using (indikator_id) join fct_quellenstand q using (lieferung_id)
where not q.veroeffentlicht and not exists (
    -- Counts of dwellings or places are nobody's secret.
    select 1 from dim_kennzahl k where not k.geschuetzt and list_contains(regexp_extract_all(d.zaehler, '[a-z][a-z0-9_]*'), k.kennzahl_id)
) and (
    (i.conf_status <> 'F' and (i.wert is not null or i.ki_unten is not null or i.rest_wert is not null or i.diff is not null))
    or (i.ki_methode = 'wilson' and (i.zaehler between 1 and $least - 1 or (i.stichtag_nenner = i.stichtag and i.nenner - i.zaehler between 1 and $least - 1)))
)
"""


INDEX = """
select index_id, ebene, count(*) || ' Indexwerte neben gesperrten', stichtag, count(*) from fct_index
group by index_id, gebietsstand, ebene, stichtag having count(wert) > 0 and count(*) filter (status_id = 'geheim_schutz') > 0
"""

#: A mean of few: times the denominator beside it, it names a sum that is nobody's to know (years of life) more closely than
#: on ten, and two such sums name the age of who came or went between them.
MEAN = """
select i.indikator_id, i.ebene, i.raumeinheit_id, i.stichtag, i.wert from fct_indikatorwert i join dim_indikator d using (indikator_id)
where exists (select 1 from dim_kennzahl k where k.mass = 'lebensjahre' and list_contains(regexp_extract_all(d.zaehler, '[a-z][a-z0-9_]*'), k.kennzahl_id))
and i.nenner > 0 and abs(i.wert - round(i.wert, floor(log10(i.nenner / 10))::integer)) > 1e-9
"""

PUBLIC = """
select f.stichtag, f.kennzahl_id, f.gebietsstand, f.ebene, f.raumeinheit_id, f.wert
from fct_kennzahl f join fct_quellenstand q using (lieferung_id)
where q.veroeffentlicht and f.wert is not null and (f.stichtag, f.kennzahl_id) in (select (stichtag, kennzahl_id) from gezaehlt) order by all
"""

#: What official statistics tell everybody of the whole town's count of the very cases, whether the release shows it or not.
OFFICIAL = """
create temp table amtlich as
select distinct g.stichtag, g.kennzahl_id, g.gebietsstand, g.ebene, g.raumeinheit_id, o.wert
from gezaehlt g join dim_raumeinheit r using (gebietsstand, ebene, raumeinheit_id) join fct_referenzwert o using (kennzahl_id, stichtag)
where o.bekannt and r.uebergeordnet_id is null
"""
NO_OFFICIAL = "create temp table amtlich as from gezaehlt where false"

EARLIER = """
select 'jetzt ' || neu.wert || ', früher ' || alt.wert || ': ' || neu.kennzahl_id, neu.ebene, neu.raumeinheit_id, neu.stichtag, 0
from gezaehlt neu join frueher.fct_kennzahl alt using (kennzahl_id, gebietsstand, ebene, raumeinheit_id, stichtag)
where abs(neu.wert - alt.wert) between 1 and $least - 1
  and not exists (from amtlich a where (a.kennzahl_id, a.gebietsstand, a.ebene, a.raumeinheit_id, a.stichtag) = (neu.kennzahl_id, neu.gebietsstand, neu.ebene, neu.raumeinheit_id, neu.stichtag))
"""

#: What an earlier release showed of a delivery that still counts. A kind of count that it showed otherwise for the same
#: delivery was counted by other rules and says nothing about that of now; then the other kinds are less than sure too.
KNOWN = """
with anders as (
    select distinct kennzahl_id
    from gezaehlt neu join frueher.fct_kennzahl alt using (kennzahl_id, gebietsstand, ebene, raumeinheit_id, stichtag, lieferung_id)
    where abs(neu.wert - alt.wert) > 1e-9
)
select exists (from anders), neu.stichtag, neu.kennzahl_id, neu.gebietsstand, neu.ebene, neu.raumeinheit_id, alt.wert
from gezaehlt neu join frueher.fct_kennzahl alt using (kennzahl_id, gebietsstand, ebene, raumeinheit_id, stichtag, lieferung_id)
where neu.wert is null and alt.wert is not null and neu.kennzahl_id not in (from anders)
"""
CONTRADICTION = "Die veröffentlichten Zahlen widersprechen sich"


def leaks(folder: Path, least: int, levels: set[str], earlier: Iterable[Path] = ()) -> list[str]:
    """Attack the mart and the files of one audience; returns one German sentence per finding, empty when it holds.

    ``least`` is the smallest count that may be seen, ``levels`` are the levels of area the audience may see, ``earlier``
    the folders of what the same audience got before.
    """
    return [*_in_mart(folder, least, levels, earlier), *told(folder, least)]


def leaks_of(targets: Sequence[tuple[Path, int, set[str], list[Path]]], workers: int) -> list[list[str]]:
    """``leaks`` of several audiences. Their files are read beside the marts, whose equations share what is solved once."""
    computed, *read = side_by_side(workers, [(_in_marts, targets), *((told, folder, least) for folder, least, *_ in targets)])
    return [[*of_mart, *of_files] for of_mart, of_files in zip(computed, read, strict=True)]


def _in_marts(targets: Sequence[tuple[Path, int, set[str], list[Path]]]) -> list[list[str]]:
    return [_in_mart(*target) for target in targets]


def _in_mart(folder: Path, least: int, levels: set[str], earlier: Iterable[Path]) -> list[str]:
    """What the mart gives away, alone and together with those of earlier releases."""
    found = []
    with connect(folder / "mart.duckdb", read_only=True) as db:
        for table in ("dim_raumeinheit", "fct_kennzahl", "fct_indikatorwert", "fct_index"):
            for (level,) in db.execute(f"select distinct ebene from {table}").fetchall():
                if level not in levels:
                    found.append(f"{table} enthält die Ebene {level}, die diese Zielgruppe nicht sehen darf")
        db.execute(COUNTED)
        # A release from before its statistics said so cannot be asked.
        says = db.execute("select 1 from duckdb_columns() where table_name = 'fct_referenzwert' and column_name = 'bekannt'").fetchall()
        db.execute(OFFICIAL if says else NO_OFFICIAL)
        ways = {"kleine Zahl": SMALL, "Gruppe in der Gruppe": WITHIN, "Rest der Summe": REMAINDER, "Rate": RATE.format(rows="fct_indikatorwert"), "Index": INDEX, "Mittel": MEAN}
        for file in sorted(folder.glob("exports/*/fct_indikatorwert.parquet")):
            ways[f"Rate in {file.name}"] = RATE.format(rows=f"read_parquet({literal(file)})")
        for way, attack in ways.items():
            rows = db.execute(attack, {"least": least} if "$least" in attack else None).fetchall()
            found += [f"{way}: {what}, {level} {area} am {day:%d.%m.%Y}" for what, level, area, day, _ in rows]
        known, unsure = {}, set()
        for release in earlier:
            db.execute(f"attach {literal(release / 'mart.duckdb')} as frueher (read_only)")
            for what, level, area, day, _ in db.execute(EARLIER, {"least": least}).fetchall():
                found.append(f"Zwei Veröffentlichungen ({release.name}): {what}, {level} {area} am {day:%d.%m.%Y}")
            for doubtful, *key, wert in db.execute(KNOWN).fetchall():
                known[tuple(key)] = wert
                unsure |= {tuple(key)} if doubtful else set()
            db.execute("detach frueher")
        known |= {tuple(key): wert for *key, wert in db.execute("from amtlich order by all").fetchall()}
        pairs = _pairs(db)
        found += _overlaps(db, least, pairs)
        solved = _solve(db, least, known)
        if unsure and solved and solved[0].startswith(CONTRADICTION):
            # An outsider finds that the old numbers do not fit the new ones, and has to do without them.
            solved = _solve(db, least, {key: wert for key, wert in known.items() if key not in unsure})
        found += solved
    return found


def _solve(db: DuckDBPyConnection, least: int, known: dict[tuple, float]) -> list[str]:
    """All equations an outsider can write down, solved together; the derivation is a sum anyone can check."""
    value = {tuple(key): wert for *key, wert in db.execute("select stichtag, kennzahl_id, gebietsstand, ebene, raumeinheit_id, wert from gezaehlt where wert is not null or status_id = 'geheim_schutz' order by all").fetchall()}
    value |= known
    if not value:
        return []
    # A number that the supplier published itself, of a kind that others may not see everywhere, stands in the same sums.
    value |= {tuple(key): wert for *key, wert in db.execute(PUBLIC).fetchall()}
    # What the supplier withheld or did not deliver stands in the sums as well, as a number nobody knows.
    missing = db.execute(
        "select stichtag, kennzahl_id, gebietsstand, ebene, raumeinheit_id from gezaehlt join (select distinct stichtag, kennzahl_id, gebietsstand from gezaehlt where wert is not null)"
        " using (stichtag, kennzahl_id, gebietsstand) where wert is null and status_id <> 'geheim_schutz' order by all"
    ).fetchall()
    declared = _declared(db, value)
    # Audiences under the same rules see the same counts: what was solved for one holds for the next.
    asked = hash((least, frozenset(value.items()), frozenset(missing), tuple(declared)))
    if asked in _SOLVED:
        return _SOLVED[asked]
    _SOLVED[asked] = found = _equations(db, least, value, missing, declared)
    return found


_SOLVED: dict[int, list[str]] = {}


def _equations(db: DuckDBPyConnection, least: int, value: dict[tuple, float], missing: list[tuple], declared: list[tuple[str, tuple[str, ...], bool]]) -> list[str]:
    from methods.disclosure.audit import audit_equations

    system = _System(db, value, missing, declared)
    try:
        result = audit_equations(system.equations(), least)
    except ValueError as error:
        return [f"{CONTRADICTION}: {error}"]
    return [f"Gleichungen: {row.herleitung or f'{row.zelle_id} liegt zwischen {row.unten:.0f} und {row.oben:.0f}'}" for row in result.open.itertuples()]


class _System:
    """The cells an outsider knows of, as one grid of numbers per date (count or group x place), and the sums between them."""

    def __init__(self, db: DuckDBPyConnection, value: dict[tuple, float], missing: list[tuple], declared: list[tuple[str, tuple[str, ...], bool]]) -> None:
        self.value = value
        self.names = _Names()
        self.withheld: list[int] = []
        self.count: list[float] = []
        self.sums: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.rows = 0
        kinds, fragments = _kinds(db), _fragments(db)
        tree: dict[tuple, list[tuple]] = {}
        for version, level, area, above, upper in db.execute(
            "select k.gebietsstand, k.ebene, k.raumeinheit_id, k.uebergeordnet_id, o.ebene from dim_raumeinheit k join dim_raumeinheit o on o.gebietsstand = k.gebietsstand and o.raumeinheit_id = k.uebergeordnet_id and o.ebene_rang + 1 = k.ebene_rang order by all"
        ).fetchall():
            tree.setdefault((version, upper, above), []).append((version, level, area))
        area_sums = list(tree.items())
        for area in sorted({area for areas in fragments.values() for area in areas}):
            area_sums.append((area, [piece for piece, areas in fragments.items() if area in areas]))
        present: dict[date, dict[tuple, set[str]]] = {}
        for day, kind, *place in [*value, *missing]:
            present.setdefault(day, {}).setdefault(tuple(place), set()).add(kind)
        structures: dict[frozenset, list[tuple[str, list[str]]]] = {}
        before: tuple[date, dict[str, int], dict[tuple, int], np.ndarray] | None = None
        for day in sorted(present):
            here = present[day]
            for piece, areas in fragments.items():
                if shared := set.intersection(*(here.get(area, set()) for area in areas)):
                    here[piece] = shared
            alike: dict[frozenset, list[tuple]] = {}
            for place, names in here.items():
                alike.setdefault(frozenset(names), []).append(place)
            for names in alike:
                if names not in structures:
                    structures[names] = _structure({k: kinds[k] for k in sorted(names) if k in kinds}) + _parts(declared, names)
            row = {name: i for i, name in enumerate(dict.fromkeys(name for names in alike for name in [*sorted(names), *(n for whole, parts in structures[names] for n in (whole, *parts))]))}
            column = {place: i for i, place in enumerate(here)}
            grid = np.full((len(row), len(column)), -1)
            for names, places in alike.items():
                inside = [row[n] for n in dict.fromkeys([*sorted(names), *(n for whole, parts in structures[names] for n in (whole, *parts))])]
                grid[np.ix_(inside, [column[place] for place in places])] = 0
            there = np.nonzero(grid == 0)
            grid[there] = np.arange(len(self.names), len(self.names) + len(there[0]))
            self.names.add(day, list(row), list(column), *there)
            for names, places in alike.items():
                at = [column[place] for place in places]
                for whole, parts in structures[names]:
                    self._add([(grid[row[whole], at], -1), *((grid[row[part], at], 1) for part in parts)])
            for parent, children in area_sums:
                inside = [column[child] for child in children if child in column]
                if parent in column and inside:
                    use = (grid[:, column[parent]] >= 0) & (grid[:, inside] >= 0).any(axis=1)
                    self._add([(grid[use, column[parent]], -1), *((grid[use, child], 1) for child in inside)])
            if before is not None:
                earlier, old_row, old_column, old_grid = before
                flows = {name: sign for name, sign in FLOWS.items() if name in row}
                for place, names in here.items():
                    if len(FLOWS.keys() & names) > 1 and STOCK in names and (earlier, STOCK, *place) in value:
                        at = column[place]
                        terms = [(grid[row[STOCK], at], -1), (old_grid[old_row[STOCK], old_column[place]], 1), *((grid[row[name], at], sign) for name, sign in flows.items() if name in names)]
                        self._add([(np.array([number]), sign) for number, sign in terms])
            before = day, row, column, grid
            for kind, place, number in self._delivered(grid, row, column):
                known = value.get((day, kind, *place), MISSING)
                self.count.append(nan if known is MISSING or known is None else known)
                if known is None:
                    self.withheld.append(number)

    @staticmethod
    def _delivered(grid: np.ndarray, row: dict[str, int], column: dict[tuple, int]) -> Iterator[tuple[str, tuple, int]]:
        kinds, places = list(row), list(column)
        for i, j in zip(*(axis.tolist() for axis in np.nonzero(grid >= 0)), strict=True):
            yield kinds[i], places[j], int(grid[i, j])

    def _add(self, members: list[tuple[np.ndarray, int]]) -> None:
        """One sum per position of the members; -1 where a member is not there."""
        width = len(members[0][0])
        for numbers, sign in members:
            there = numbers >= 0
            self.sums.append((np.arange(self.rows, self.rows + width)[there], numbers[there], np.full(int(there.sum()), float(sign))))
        self.rows += width

    def equations(self) -> Equations:
        from scipy import sparse

        from methods.disclosure.audit import Equations

        count = np.array(self.count)
        rows, cells, signs = (np.concatenate(part) for part in zip(*self.sums, strict=True)) if self.sums else (np.zeros(0, int),) * 3
        relations = sparse.csr_array((signs, (rows, cells)), (self.rows, len(self.names)))
        # A sum that the published numbers themselves break is not one (a part that was not delivered).
        unknown = np.isnan(count)
        broken = (abs(relations) @ unknown.astype(float) == 0) & (relations @ np.where(unknown, 0, count) != 0)
        return Equations(self.names, count, self.withheld, sparse.csr_array(relations[~broken]))


class _Names(Sequence):
    """Names of the cells, written only when asked for."""

    def __init__(self) -> None:
        self.blocks: list[tuple[date, list[str], list[tuple], np.ndarray, np.ndarray]] = []
        self.starts = [0]

    def add(self, day: date, kinds: list[str], places: list[tuple], row: np.ndarray, column: np.ndarray) -> None:
        self.blocks.append((day, kinds, places, row, column))
        self.starts.append(self.starts[-1] + len(row))

    def __len__(self) -> int:
        return self.starts[-1]

    def __getitem__(self, cell: int) -> str:
        block = bisect_right(self.starts, cell) - 1
        day, kinds, places, row, column = self.blocks[block]
        at = cell - self.starts[block]
        version, level, area = places[column[at]]
        where = f"{level} {area} ({version})" if version else f"im Bruchstück {area}"
        return f"{kinds[row[at]]} {where} {day:%d.%m.%Y}"


FLOWS = {"geburten": 1, "sterbefaelle": -1, "zuzuege": 1, "fortzuege": -1, "umzuege_zu": 1, "umzuege_fort": -1}


STOCK = "einwohner"
MISSING = object()


def _kinds(db: DuckDBPyConnection) -> dict[str, tuple[float, float, frozenset, float | None]]:
    """Whom a count of the population counts: ages [from, to), attributes, years at the address at least."""
    rows = db.execute("select kennzahl_id, alter_von, alter_bis, wohndauer_ab, geschlecht, staatsangehoerigkeit, migrationshintergrund from dim_kennzahl where mass = 'personen' order by 1").fetchall()
    kinds = {}
    for name, low, high, stay, *attributes in rows:
        marks = frozenset(f"{a}={v}" for a, v in zip(ATTRIBUTES, attributes, strict=True) if v)
        if low is not None or high is not None or stay is not None or marks or name == "einwohner":
            everybody = low is None and high is None
            kinds[name] = (-1.0 if everybody else low or 0.0, inf if high is None else high + 1.0, marks, stay)
    return kinds


def _structure(kinds: dict[str, tuple]) -> list[tuple[str, list[str]]]:
    """(whole, parts): every count as the sum of its ages, and every group with attributes beside the rest of its ages."""
    if not kinds:
        return []
    sums: list[tuple[str, list[str]]] = []
    marked: dict[tuple, list[str]] = {}
    for name, (_, _, marks, stay) in kinds.items():
        marked.setdefault((marks, stay is not None), []).append(name)
    cuts: dict[frozenset, list[float]] = {}
    for (marks, stays), names in marked.items():
        if not stays:
            cuts[marks] = sorted({end for name in names for end in kinds[name][:2]} | {-1.0, inf})
    everyone = sorted({end for ends in cuts.values() for end in ends})

    def ages(marks: frozenset, low: float, high: float) -> list[str]:
        ends = everyone if not marks else cuts[marks]
        return [f"{'/'.join(sorted(marks)) or 'alle'} {a:g} bis unter {b:g}" for a, b in pairwise(ends) if low <= a and b <= high]

    for (marks, stays), names in marked.items():
        if not stays:
            sums += [(name, ages(marks, *kinds[name][:2])) for name in names]
            # Foreigners count as persons with a migration background.
            wider = frozenset({"migrationshintergrund=mit"}) if "staatsangehoerigkeit=nichtdeutsch" in marks else frozenset()
            around = wider if wider in cuts and wider != marks and set(cuts[marks]) <= set(cuts[wider]) else frozenset()
            if marks and everyone:
                for a, b in pairwise(cuts[marks]):
                    part = ages(marks, a, b)[0]
                    whole = f"{'/'.join(sorted(around)) or 'alle'} {a:g} bis unter {b:g} zusammen"
                    sums += [(whole, ages(around, a, b)), (whole, [part, f"{whole} ohne {part}"])]
        else:
            chain = sorted(names, key=lambda name: kinds[name][3])
            if not marks and "einwohner" in kinds and kinds[chain[0]][:2] == kinds["einwohner"][:2]:
                sums.append(("einwohner", [chain[0], f"einwohner ohne {chain[0]}"]))
            sums += [(outer, [inner, f"{outer} ohne {inner}"]) for outer, inner in pairwise(chain)]
    return sums


def _declared(db: DuckDBPyConnection, value: dict[tuple, float | None]) -> list[tuple[str, tuple[str, ...], bool]]:
    """(whole, parts, whether they make it up): what the definitions say, as far as the published numbers agree with it everywhere."""
    if not db.execute("select 1 from duckdb_tables() where table_name = 'dim_zerlegung'").fetchall():
        # A release from before they were published.
        return []
    by_kind: dict[str, dict[tuple, float]] = {}
    for (day, kind, *place), number in value.items():
        if number is not None:
            by_kind.setdefault(kind, {})[day, *place] = number
    found = []
    for whole, parts, complete in db.execute("select kennzahl_id, list(teil_id order by teil_id), bool_and(vollstaendig) from dim_zerlegung group by zerlegung_id, kennzahl_id order by all").fetchall():
        wholes, members = by_kind.get(whole, {}), [by_kind.get(part, {}) for part in parts]
        rests = [wholes[at] - sum(member[at] for member in members) for at in wholes if all(at in member for member in members)]
        if not any(rest < 0 or (complete and rest) for rest in rests):
            found.append((whole, tuple(parts), complete))
    return found


def _parts(declared: Iterable[tuple[str, tuple[str, ...], bool]], names: frozenset) -> list[tuple[str, list[str]]]:
    """The declared sums between counts that stand together; what is missing of a whole is a group of its own."""
    sums = []
    for whole, parts, complete in declared:
        here = [part for part in parts if part in names]
        if whole in names and here:
            sums.append((whole, here if complete and len(here) == len(parts) else [*here, f"{whole} ohne {'/'.join(here)}"]))
    return sums


def _fragments(db: DuckDBPyConnection) -> dict[tuple, tuple[tuple, ...]]:
    """Where the finest areas of two versions overlap on the map: the piece, and the areas it is part of."""
    versions = [v for (v,) in db.execute("select distinct gebietsstand from gezaehlt where wert is not null order by 1").fetchall()]
    if len(versions) != 2:
        return {}
    import shapely

    finest = {}
    for version in versions:
        rows = db.execute(
            "select ebene, raumeinheit_id, geometrie, nicht_zuordenbar from dim_raumeinheit where gebietsstand = ? and ebene_rang = (select max(ebene_rang) from dim_raumeinheit where gebietsstand = ?) order by all", [version, version]
        ).fetchall()
        finest[version] = [((version, level, area), None if text is None else shapely.from_wkt(text), lost) for level, area, text, lost in rows]
    old, new = (finest[version] for version in versions)
    if any(shape is None and not lost for _, shape, lost in old + new):
        return {}
    pieces = {}
    for key, shape, lost in old:
        for other, around, also_lost in new:
            if lost or also_lost:
                together = lost and also_lost
            else:
                together = shape.intersects(around) and shape.intersection(around).area > (1 - INSIDE) * min(shape.area, around.area)
            if together:
                pieces["", "", f"{key[2]} ({key[0]}) in {other[2]} ({other[0]})"] = (key, other)
    return pieces


def _pairs(db: DuckDBPyConnection) -> list[tuple]:
    """Areas of two versions of which one lies in the other."""
    versions = [v for (v,) in db.execute("select distinct gebietsstand from gezaehlt where wert is not null order by 1").fetchall()]
    if len(versions) < 2:
        return []
    import shapely

    areas = db.execute("select gebietsstand, ebene, raumeinheit_id, geometrie from dim_raumeinheit where geometrie is not null order by all").fetchall()
    shapes = {(version, level, area): shapely.from_wkt(text) for version, level, area, text in areas}
    pairs = []
    for old, new in permutations(versions, 2):
        inner = [(key, shape) for key, shape in shapes.items() if key[0] == old]
        outer = [(key, shape) for key, shape in shapes.items() if key[0] == new]
        tree = shapely.STRtree([shape for _, shape in outer])
        for key, shape in inner:
            for hit in tree.query(shape):
                other, around = outer[hit]
                if shape.area < around.area and shape.intersection(around).area > INSIDE * shape.area:
                    pairs.append((*key, *other))
    return pairs


def _overlaps(db: DuckDBPyConnection, least: int, pairs: list[tuple]) -> list[str]:
    """Areas of two versions, one inside the other: is what lies between them a small count?"""
    if not pairs:
        return []
    db.execute("create temp table paar (g1 varchar, e1 varchar, r1 varchar, g2 varchar, e2 varchar, r2 varchar)")
    db.executemany("insert into paar values (?, ?, ?, ?, ?, ?)", pairs)
    rows = db.execute(
        """select a.kennzahl_id, a.raumeinheit_id, a.gebietsstand, b.raumeinheit_id, b.gebietsstand, a.stichtag
           from paar join gezaehlt a on (a.gebietsstand, a.ebene, a.raumeinheit_id) = (g1, e1, r1)
                     join gezaehlt b on (b.gebietsstand, b.ebene, b.raumeinheit_id) = (g2, e2, r2) and b.stichtag = a.stichtag and b.kennzahl_id = a.kennzahl_id
           where b.wert - a.wert between 1 and $least - 1""",
        {"least": least},
    ).fetchall()
    return [f"Zwei Gebietsstände: {k}, {r2} ({g2}) ohne {r1} ({g1}) am {day:%d.%m.%Y}" for k, r1, g1, r2, g2, day in rows]
