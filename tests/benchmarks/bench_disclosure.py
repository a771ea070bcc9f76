"""The table of design/methods.md with own numbers: python -m tests.benchmarks.bench_disclosure [names].

Protects each table of ../shared/data/schutz, then attacks what would be published; it changes nothing and asserts
nothing (tests/realdata does).
"""

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from methods.disclosure.audit import Audit, Published, audit
from methods.disclosure.protect import Pattern, Unprotectable, protect
from methods.disclosure.tables import Hierarchy, System, Table, build, mark

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "schutz"
TOTAL = "Insgesamt"

BERLIN = {"area": [["bez", "pgr", "bzr", "area"]], "age": [["ageg", "age"]]}
INVENTED = {"area": [["bez", "stt", "area"]], "age": [["ageg", "age"]], "sex": [["sex"]]}
REGION = {"region": [["fylke", "region"], ["kostragr", "region"]], "hovedint": [["hovedint"]]}
COUNTY = {"region": [["county", "region"], ["k_group", "region"]], "main_income": [["main_income"]]}


@dataclass(frozen=True)
class Case:
    """`small`: the largest count that is primary. `others`: secondaries of peers or of the prototype, same rules. `search`: as in `protect`."""

    file: str
    paths: dict[str, list[list[str]]]
    count: str
    small: int
    criterion: str = "interval"
    others: str = ""
    search: dict[str, float] = field(default_factory=dict)


#: Every fifth cell and more is primary there: cuts and repairs as for a release, to a pattern that is provably near to the cheapest.
MANY_PRIMARIES = {"gap": 0.15, "rounds": 2, "cuts": 10, "local_gap": 0.1}

CASES = {
    "z1": Case("ssb/z1.csv", {"region": [["region"]], "hovedint": [["hovedint"]]}, "ant", 3, others="3 gespeichertes Muster"),
    "z2": Case("ssb/z2.csv", REGION, "ant", 3),
    "z3": Case("ssb/z3.csv", REGION | {"mnd": [["mnd2", "mnd"]]}, "ant", 5),
    "d2": Case("ssb/d2.csv", COUNTY, "freq", 3),
    "berlin3_exakt": Case("berlin/berlin_ewr2020.csv", BERLIN, "n", 3, "exact", "260 Prototyp, 284 GaussSuppression"),
    "berlin9_exakt": Case("berlin/berlin_ewr2020.csv", BERLIN, "n", 9, "exact", "565 Prototyp, 622 GaussSuppression"),
    "berlin3": Case("berlin/berlin_ewr2020.csv", BERLIN, "n", 3),
    "berlin9": Case("berlin/berlin_ewr2020.csv", BERLIN, "n", 9, others="617 Prototyp"),
    "small_pop9": Case("synthetisch/small_pop.csv", INVENTED, "n", 9, others="222 Prototyp, 261 GaussSuppression"),
    "small_sgb2_2_exakt": Case("synthetisch/small_sgb2.csv", INVENTED, "n", 2, "exact", "355 Prototyp, 456 GaussSuppression"),
    "small_sgb2_2": Case("synthetisch/small_sgb2.csv", INVENTED, "n", 2, others="487 Prototyp, 541 GaussSuppression"),
    "mid_pop9": Case("synthetisch/mid_pop.csv", INVENTED, "n", 9),
    "mid_sgb2_2": Case("synthetisch/mid_sgb2.csv", INVENTED, "n", 2),
    "city_pop9": Case("synthetisch/city_pop.csv", INVENTED, "n", 9, others="1834 Prototyp"),
    "city_sgb2_2": Case("synthetisch/city_sgb2.csv", INVENTED, "n", 2, others="3513 Prototyp", search=MANY_PRIMARIES),
    "city_sgb2_9_exakt": Case("synthetisch/city_sgb2.csv", INVENTED, "n", 9, "exact", "1237 Prototyp"),
    "city_sgb2_9": Case("synthetisch/city_sgb2.csv", INVENTED, "n", 9, search=MANY_PRIMARIES),
}


def load(case: Case) -> tuple[System, dict[str, Hierarchy]]:
    frame = pd.read_csv(DATA / case.file, dtype={column: str for paths in case.paths.values() for p in paths for column in p})
    dims = {dim: Hierarchy.from_levels(frame, *paths, total=TOTAL) for dim, paths in case.paths.items()}
    return build([Table(frame, dims, value=case.count)]), dims


def published(system: System, dims: dict[str, Hierarchy], suppressed: np.ndarray) -> Published:
    """What would leave: a row per cell name, no count where withheld."""
    rows = [dict(part.split("=") for part in name.split("|")[1:]) for name in system.column_of.index]
    columns = system.column_of.to_numpy()
    frame = pd.DataFrame(rows, columns=list(dims)).fillna(TOTAL)
    frame["wert"] = np.where(suppressed, np.nan, system.cells["wert"])[columns]
    return Published(frame, {dim: h.sums for dim, h in dims.items()}, dict.fromkeys(dims, TOTAL))


def run(case: Case, **search) -> tuple[pd.DataFrame, Pattern, Audit, tuple[float, float], float]:
    """Cells, pattern, audit of the primaries, (wall, CPU) seconds to build and protect, seconds to audit."""
    started, busy = time.perf_counter(), time.process_time()
    system, dims = load(case)
    cells = mark(system, case.small + 1)
    pattern = protect(cells, system.relations, criterion=case.criterion, **{**case.search, **search})
    took = time.perf_counter() - started, time.process_time() - busy
    out = published(system, dims, pattern.suppressed)
    primary = cells["primary"].to_numpy()[system.column_of.to_numpy()]
    required = dict.fromkeys(system.column_of.index[primary], case.small + 1)
    attacked = time.perf_counter()
    found = audit([out], case.small + 1, required=required, derivations=5)
    return cells, pattern, found, took, time.perf_counter() - attacked


def main(names: list[str]) -> int:
    unknown = set(names) - set(CASES)
    if unknown:
        print(f"unbekannt: {', '.join(sorted(unknown))}; es gibt {', '.join(CASES)}")
        return 2
    print("| Tabelle | Kriterium | Zellen | primär | sekundär | gesperrter Wert | Lücke | s | CPU-s | exakt | enger | Angriff s | andere |")
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|")
    for name in names or CASES:
        case = CASES[name]
        try:
            cells, pattern, found, (seconds, busy), attack_seconds = run(case)
        except Unprotectable as error:
            print(f"| {name} | {case.criterion} | nicht schützbar: {len(error.cells)} Zellen |", flush=True)
            continue
        status = found.cells["status"].value_counts()
        print(
            f"| {name} ≤ {case.small} | {case.criterion} | {len(cells)} | {cells['primary'].sum()} | {pattern.secondaries} | "
            f"{pattern.suppressed_value} | {pattern.gap:.1%} | {seconds:.1f} | {busy:.1f} | {status.get('exact', 0)} | "
            f"{status.get('narrower', 0)} | {attack_seconds:.1f} | {case.others} |",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
