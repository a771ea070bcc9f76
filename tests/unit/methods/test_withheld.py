"""Same input, same pattern: what was withheld of some seeded tables and towns when `withheld.json` was written is withheld today.

A count must not flicker from month to month, not from one version of the code to the next either. Who changes a pattern on
purpose writes the record anew, and the difference shows what it means: python -m tests.unit.methods.test_withheld
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from itertools import pairwise, product
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from tests.unit.methods.test_disclosure import publish
from tests.unit.methods.test_release import NOTHING, RICH, kinds

from methods.disclosure import release as of_release
from methods.disclosure.audit import audit
from methods.disclosure.pattern import AUDIENCES, KEY, pattern
from methods.disclosure.protect import Unprotectable, protect
from methods.disclosure.release import groups
from methods.disclosure.tables import Hierarchy, System, Table, build, mark

RECORD = Path(__file__).with_name("withheld.json")
MINIMUM = 3
QUICK = {"gap": 0.05, "rounds": 1, "cuts": 4, "local_gap": 0.3}

# --- tables ---------------------------------------------------------------------------------------------------------------

BLOCKS = pd.DataFrame({"block": list("abcdefgh"), "raum": list("PPQQQRRR"), "bezirk": list("XXXXXYYY"), "schule": list("UUUVVVWW")})
PLACE = Hierarchy.from_levels(BLOCKS, ["bezirk", "raum", "block"], ["schule", "block"], total="T")
AGE = Hierarchy.from_parents({"0": "kind", "6": "kind", "18": "T", "65": "T", "kind": "T"}, total="T")
ORIGIN = Hierarchy.from_parents({"de": "T", "andere": "T"}, total="T")
SEX = Hierarchy.from_parents({"m": "T", "w": "T"}, total="T")


def table(seed: int, mean: float, dims: dict[str, Hierarchy], **more) -> Table:
    rows = list(product(*(hierarchy.leaves for hierarchy in dims.values())))
    return Table(pd.DataFrame(rows, columns=list(dims)).assign(wert=np.random.default_rng(seed).negative_binomial(1, 1 / (1 + mean), len(rows))), dims, **more)


def by_age(seed: int) -> System:
    return build([table(seed, 9, {"raum": PLACE, "alter": AGE})])


def by_age_and_sex(seed: int) -> System:
    """Every block by age and sex, and beside it the blocks by origin: two tables with the areas in common."""
    people = table(seed, 9, {"raum": PLACE, "alter": AGE, "sex": SEX})
    of_block = people.frame.groupby("raum")["wert"].sum()
    abroad = np.random.default_rng(seed).binomial(of_block, 0.2)
    origins = pd.DataFrame({"raum": [*of_block.index] * 2, "pass": ["de"] * 8 + ["andere"] * 8, "wert": [*(of_block - abroad), *abroad]})
    return build([people, Table(origins, {"raum": PLACE, "pass": ORIGIN})])


def stock_and_flow(seed: int) -> System:
    """Two years with what came between them."""
    before, came, gone = (table(seed + i, mean, {"raum": PLACE}, measure=measure, at={"jahr": year}) for i, (mean, measure, year) in enumerate([(20, "anzahl", "1"), (4, "zugang", "1"), (4, "abgang", "1")]))
    gone.frame["wert"] = np.minimum(gone.frame["wert"], before.frame["wert"])
    after = Table(before.frame.assign(wert=before.frame["wert"] + came.frame["wert"] - gone.frame["wert"]), before.dims, at={"jahr": "2"})
    balances = [{f"anzahl|jahr=1|raum={r}": 1, f"zugang|jahr=1|raum={r}": 1, f"abgang|jahr=1|raum={r}": -1, f"anzahl|jahr=2|raum={r}": -1} for r in PLACE.codes if r != "T"]
    return build([before, came, gone, after], balances)


def secondaries(system: System, zeros: str = "published", minimum: int = MINIMUM, hidden: str = "", **settings) -> dict:
    cells = mark(system, minimum, zeros=zeros)
    if hidden:
        cells["hidden"] = cells["zelle_id"].str.contains(hidden, regex=False)
        settings = settings | {"gap": 0.02}
    try:
        found = protect(cells, system.relations, **settings)
    except Unprotectable as error:
        return {"unprotectable": error.cells}
    return {"cost": round(float(found.cost), 6), "withheld": cells["zelle_id"][found.suppressed & ~cells["primary"]].tolist()}


def worked_out(dims: dict[str, Hierarchy], seed: int, share: float, promised: int = 0) -> dict:
    """What an attacker says of a pattern that nobody protected: the small counts and some others are missing; or of these, each promised a width."""
    system = build([table(seed, 9, dims)])
    count = system.cells["wert"].to_numpy()
    small = (count > 0) & (count < MINIMUM)
    is_leaf = np.ones(len(count), bool)
    is_leaf[system.relations.indices[system.relations.data < 0]] = False
    missing = small | (np.random.default_rng(seed).random(len(count)) < np.where(is_leaf, share, 0.8 * share))
    required = dict.fromkeys(system.cells["zelle_id"][small], promised) if promised else None
    found = audit([publish(system, dims, missing)], MINIMUM, required=required)
    return {"cells": [f"{c.zelle_id}: {c.art}, {c.status}, {c.unten:.0f} to {c.oben:.0f}" + f" ({c.herleitung})" * bool(c.herleitung) for c in found.cells.itertuples()]}


def of_tables() -> dict[str, Callable[[], dict]]:
    settings = {
        "width": {},
        "width, quick": QUICK,
        "width, thorough": {"rounds": 6, "nodes": 30, "gap": 0.04},
        "width, zeros, minimum 5": QUICK | {"zeros": "protected", "minimum": 5},
        "width, singletons, zeros": QUICK | {"singletons": True, "zeros": "protected"},
        "width, schools hidden": QUICK | {"hidden": "raum=U"},
        "exact": {"criterion": "exact"},
        "exact, singletons, zeros": QUICK | {"criterion": "exact", "singletons": True, "zeros": "protected"},
    }
    systems = {f"{name} {seed}": lambda of=of, seed=seed: of(seed) for name, of, seed in (("ages", by_age, 1), ("ages", by_age, 2), ("sexes", by_age_and_sex, 3), ("sexes", by_age_and_sex, 4), ("flows", stock_and_flow, 5), ("flows", stock_and_flow, 6))}
    cases = {f"{name}, {how}": lambda system=system, chosen=chosen: secondaries(system(), **chosen) for name, system in systems.items() for how, chosen in settings.items()}
    ages, sexes = {"raum": PLACE, "alter": AGE}, {"raum": PLACE, "alter": AGE, "sex": SEX}
    attacks = {f"attack {seed}": lambda dims=dims, seed=seed, share=share, more=more: worked_out(dims, seed, share, **more) for dims, seed, share, more in ((ages, 7, 0.7, {}), (ages, 8, 0.8, {"promised": 12}), (ages, 9, 0.9, {}), (sexes, 10, 0.8, {"promised": 9}), (sexes, 11, 0.9, {"promised": 25}), (sexes, 12, 0.95, {}))}
    return cases | attacks


# --- towns ----------------------------------------------------------------------------------------------------------------

#: Block -> area before and after; d moves.
VERSIONS = {"alt": dict(zip("abcdefgh", "PPPPQQRR", strict=True)), "neu": dict(zip("abcdefgh", "PPPQQQRR", strict=True))}
ABOVE = {"P": "X", "Q": "X", "R": "Y"}
FROM = {"alt": date(2010, 1, 1), "neu": date(2019, 1, 1)}
AREAS = pd.DataFrame(
    [(v, *row) for v in VERSIONS for row in [("stadt", "s", None, 1), ("bezirk", "X", "s", 2), ("bezirk", "Y", "s", 2), *(("raum", r, ABOVE[r], 3) for r in "PQR")]],
    columns=["gebietsstand", "ebene", "raumeinheit_id", "uebergeordnet_id", "ebene_rang"],
).assign(gueltig_von=lambda f: f["gebietsstand"].map(FROM), gueltig_bis=lambda f: f["gebietsstand"].map({"alt": date(2018, 12, 31)}))

CATALOGUE = kinds(
    ("einwohner", {}), ("kinder", {"alter_von": 0, "alter_bis": 17}), ("u6", {"alter_von": 0, "alter_bis": 5}), ("erwachsene", {"alter_von": 18}),
    ("frauen", {"geschlecht": "w"}), ("nichtdeutsche", {"staatsangehoerigkeit": "nichtdeutsch"}), ("migration", {"migrationshintergrund": "mit"}),
    ("kinder_nichtdeutsch", {"alter_von": 0, "alter_bis": 17, "staatsangehoerigkeit": "nichtdeutsch"}), ("fuenf_jahre", {"wohndauer_ab": 5}),
)  # fmt: skip
PARTS = pd.DataFrame([("wohnen", "einwohner", "miete", True), ("wohnen", "einwohner", "eigen", True), ("hilfe", "miete", "hilfe", False)], columns=["zerlegung_id", "kennzahl_id", "teil_id", "vollstaendig"])
FLOWS = ["geburten", "sterbefaelle", "zuzuege", "fortzuege"]
HOUSEHOLDS = pd.DataFrame({"kennzahl_id": ["hilfe"], "haushalte_id": ["hilfe_haushalte"]})


def persons(seed: int, size: int) -> dict[str, np.ndarray]:
    """How many persons of each kind live in each block."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in VERSIONS["alt"]:
        n = int(rng.integers(size, 2 * size))
        age, german = rng.integers(0, 90, n), rng.random(n) < 0.85
        is_rented = rng.random(n) < 0.6
        helped = is_rented & (rng.random(n) < 0.15)
        rows.append({
            "einwohner": n, "kinder": (age < 18).sum(), "u6": (age < 6).sum(), "erwachsene": (age >= 18).sum(), "frauen": (rng.random(n) < 0.5).sum(), "nichtdeutsche": (~german).sum(),
            "migration": (~german | (rng.random(n) < 0.1)).sum(), "kinder_nichtdeutsch": (~german & (age < 18)).sum(), "fuenf_jahre": (rng.random(n) < 0.9).sum(),
            "miete": is_rented.sum(), "eigen": (~is_rented).sum(), "hilfe": helped.sum(), "hilfe_haushalte": -(-helped.sum() // 3),
            "geburten": rng.integers(0, 4), "sterbefaelle": rng.integers(0, 4), "zuzuege": rng.integers(0, 9),
        })  # fmt: skip
    return {kind: np.array([int(row[kind]) for row in rows]) for kind in rows[0]}


def town(seed: int, years: list[int], size: int, only: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Counts of areas in two versions, and of the fragments in which they overlap."""
    by_year = {year: persons(1000 * seed + year, size) for year in years}
    for before, after in pairwise(years):
        now = by_year[after]
        net = now["einwohner"] - by_year[before]["einwohner"] - now["geburten"] + now["sterbefaelle"]
        now["zuzuege"] = np.maximum(now["zuzuege"], net)
        now["fortzuege"] = now["zuzuege"] - net
    rows, pieces = [], []
    for year, found in by_year.items():
        day = date(year, 12, 31)
        for kind, number in found.items():
            if kind not in only:
                continue
            for version, lies in VERSIONS.items():
                where = np.array(list(lies.values()))
                rows += [(day, kind, version, "raum", r, number[where == r].sum()) for r in "PQR"]
                rows += [(day, kind, version, "bezirk", b, number[[ABOVE[r] == b for r in where]].sum()) for b in "XY"]
                rows.append((day, kind, version, "stadt", "s", number.sum()))
            both = np.array([*map("/".join, zip(*(lies.values() for lies in VERSIONS.values()), strict=True))])
            for piece in sorted(set(both)):
                places = [{"gebietsstand": v, "ebene": "raum", "teil_von": r} for v, r in zip(VERSIONS, piece.split("/"), strict=True)]
                pieces.append((day, kind, piece, float(number[both == piece].sum()), places))
    counts = pd.DataFrame(rows, columns=[*KEY, "wert"]).assign(wert=lambda f: f["wert"].astype(float), mindestzahl=0, veroeffentlicht=False, amtlich=lambda f: (f["kennzahl_id"] == "einwohner") & (f["ebene"] == "stadt"))
    return counts, pd.DataFrame(pieces, columns=["stichtag", "kennzahl_id", "bruchstueck_id", "wert", "teil_von"])


def rules(kinds_of: list[str], **more) -> pd.DataFrame:
    least = dict(zip(AUDIENCES, (3, 3, 5), strict=True))
    return pd.DataFrame([{"kennzahl_id": k, "zielgruppe": z, "mindestzahl": n, "komplement": True, "null_geschuetzt": False, "hundert_prozent": False, "einzelfall": False} | more for k in kinds_of for z, n in least.items()])


def seen(found: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Withheld counts per audience, a line per day and kind of count."""
    lines = found.assign(kind=found["stichtag"].astype(str) + " " + found["kennzahl_id"], area=found[["gebietsstand", "ebene", "raumeinheit_id", "conf_status"]].agg(" ".join, axis=1))
    return {audience: rows.groupby("kind")["area"].agg(", ".join).to_dict() for audience, rows in lines.groupby("zielgruppe")}


def released(seed: int, only: list[str], years: list[int], size: int, *, limits: dict[str, int] | None = None, earlier: Callable | None = None, **more) -> dict:
    counts, pieces = town(seed, years, size, only)
    formulas = pd.DataFrame([("anteil", "nichtdeutsche"), ("anteil", "einwohner"), ("quote", "einwohner"), ("quote", "hilfe")], columns=["indikator_id", "kennzahl_id"])
    profile = pd.DataFrame([("quote", "neu", "raum", str(day)) for day in sorted(counts["stichtag"].unique())], columns=["indikator_id", "gebietsstand", "ebene", "stichtag"])
    known = {"carriers": HOUSEHOLDS} if "hilfe_haushalte" in only else {}
    with patch.multiple(of_release, **(limits or {"MANY": of_release.MANY})):
        def of(counts: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
            return pattern(counts, pieces[pieces["stichtag"].isin(counts["stichtag"])], AREAS, CATALOGUE, PARTS, rules(only, **more), formulas, earlier, profile, **known)

        if earlier is None:
            return seen(of(counts, NOTHING))
        old, last = earlier(counts)
        before = of(old, NOTHING)
        shown = [old.merge(before.loc[before["zielgruppe"] == audience, KEY], on=KEY, how="left", indicator=True).assign(zielgruppe=audience, zuletzt=last) for audience in AUDIENCES]
        return seen(of(counts, pd.concat([frame.assign(wert=frame["wert"].mask(frame["_merge"] == "both")) for frame in shown])[NOTHING.columns]))


def year_before(counts: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    return counts[counts["stichtag"] < counts["stichtag"].max()], True


def corrected(counts: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """Some persons were registered late, in P and so in its district and the town; it was one, or many."""
    late = (counts["kennzahl_id"] == "hilfe") & counts["raumeinheit_id"].isin(["P", "X", "s"])
    many = (counts["kennzahl_id"] == "miete") & counts["raumeinheit_id"].isin(["Q", "X", "s"])
    return counts.assign(wert=counts["wert"] - late - 9 * many), False


def of_definitions(chosen: pd.DataFrame, parts: pd.DataFrame) -> dict:
    found = groups(chosen, parts)
    return {"hidden": {name: dict(made_of) for name, made_of in found.hidden.items()}, "sums": [f"{whole} = {' + '.join(f'({part})' for part in pieces)}" for whole, pieces in found.sums], "loose": {name: dict(made_of) for name, made_of in found.loose.items()}}


def of_towns() -> dict[str, Callable[[], dict]]:
    basic, flows = ["einwohner", "nichtdeutsche", "hilfe", "miete", "eigen"], ["einwohner", *FLOWS, "hilfe", "hilfe_haushalte"]
    ages = ["einwohner", "kinder", "u6", "erwachsene", "frauen", "nichtdeutsche", "kinder_nichtdeutsch", "migration", "fuenf_jahre"]
    rough = {"MANY": 5, "WIDE": 5}
    return {
        "definitions": lambda: of_definitions(RICH, PARTS),
        "basic": lambda: released(1, basic, [2018, 2019], 12),
        "basic, many": lambda: released(8, basic, [2018, 2019], 40),
        "basic, next year": lambda: released(2, basic, [2018, 2019], 12, earlier=year_before),
        "basic, corrected": lambda: released(9, basic, [2018, 2019], 30, earlier=corrected),
        "basic, single persons": lambda: released(3, basic, [2018, 2019], 12, einzelfall=True),
        "basic, rough": lambda: released(3, basic, [2018, 2019], 12, limits=rough),
        "flows": lambda: released(4, flows, [2018, 2019, 2020], 20, mindesthaushalte=2),
        "flows, rough": lambda: released(10, flows, [2018, 2019, 2020], 20, mindesthaushalte=2, limits=rough),
        "ages": lambda: released(5, ages, [2018, 2019], 20),
        "ages, whole groups at once": lambda: released(5, ages, [2018, 2019], 20, komplement=False),
        "ages, all or nobody": lambda: released(6, ages, [2019], 20, hundert_prozent=True, null_geschuetzt=True),
        "ages, rough": lambda: released(5, ages, [2018, 2019], 20, limits=rough),
        "ages, rough, at once": lambda: released(11, ages, [2018, 2019], 20, limits=rough | {"COMES_BACK": 0}),
        "ages, rough, without care": lambda: released(11, ages, [2018, 2019], 20, limits=rough | {"CAREFUL": 1, "WIDER": 1}),
        "ages, rough, whole sums": lambda: released(11, ages, [2018, 2019], 20, limits=rough | {"CAREFUL": 0}),
        "ages, next year": lambda: released(7, ages, [2018, 2019], 20, earlier=year_before),
    }


CASES = of_tables() | of_towns()


@pytest.mark.parametrize("case", CASES)
def test_what_was_withheld_is_withheld(case: str) -> None:
    assert CASES[case]() == json.loads(RECORD.read_text("utf-8"))[case]


if __name__ == "__main__":
    RECORD.write_text(json.dumps({name: case() for name, case in CASES.items()}, indent=1, ensure_ascii=False) + "\n", "utf-8")
