"""Protector against attacker on random towns of two halves and four areas, over two releases, with and without official totals.

What one calls safe the other may not open, and the run may only stop where there is nothing left to hide behind.
"""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from tests.unit.methods.test_pattern import FORMULAS, NO_PIECES, rules
from tests.unit.methods.test_release import NO_PARTS, NOTHING, kinds
from tests.unit.warehouse.test_attack_traps import LEVELS, SCHEMA

from methods.disclosure.pattern import KEY, pattern
from methods.disclosure.protect import Unprotectable
from warehouse.attack import leaks

DAY, LEAST = date(2020, 12, 31), 3
AREAS = [("stadt", "s", None, 1), ("bereich", "nord", "s", 2), ("bereich", "sued", "s", 2), *(("raum", r, "nord" if r in "ab" else "sued", 3) for r in "abcd")]
TREE = pd.DataFrame([("alt", *area) for area in AREAS], columns=["gebietsstand", "ebene", "raumeinheit_id", "uebergeordnet_id", "ebene_rang"]).assign(gueltig_von=date(2015, 1, 1), gueltig_bis=None)
RULES = rules()[lambda r: r["kennzahl_id"] == "k"].assign(kennzahl_id="empfaenger")


def town(numbers: dict[str, int], told: bool) -> pd.DataFrame:
    nord, sued = numbers["a"] + numbers["b"], numbers["c"] + numbers["d"]
    every = numbers | {"nord": nord, "sued": sued, "s": nord + sued}
    return pd.DataFrame([(DAY, "empfaenger", "alt", level, area, float(every[area]), 0, False, told and area == "s") for level, area, *_ in AREAS], columns=[*KEY, "wert", "mindestzahl", "veroeffentlicht", "amtlich"])


def publish(folder: Path, counts: pd.DataFrame, earlier: pd.DataFrame, delivery: str) -> pd.DataFrame:
    """Protect, write the mart that the administration sees, and return what of it was shown."""
    found = pattern(counts, NO_PIECES, TREE, kinds(("einwohner", {})), NO_PARTS, RULES, FORMULAS, earlier)
    hidden = set(found[found["zielgruppe"] == "verwaltung"]["raumeinheit_id"])
    shown = counts.assign(wert=counts["wert"].mask(counts["raumeinheit_id"].isin(hidden)))
    assert not shown["wert"].between(1, LEAST - 1).any()
    folder.mkdir()
    (folder / "exports").mkdir()
    with duckdb.connect(str(folder / "mart.duckdb")) as db:
        db.execute(SCHEMA)
        db.execute("delete from fct_index; insert into fct_quellenstand values ('l2', false)")
        db.execute("insert into fct_kennzahl select kennzahl_id, gebietsstand, ebene, raumeinheit_id, stichtag, case when isnan(wert) then null else wert end, if(isnan(wert) or wert is null, 'geheim_schutz', 'wert'), $d, null from shown", {"d": delivery})
        db.execute("create table fct_referenzwert as select kennzahl_id, stichtag, wert, amtlich as bekannt from counts where raumeinheit_id = 's'")
    return shown.assign(zielgruppe="verwaltung", zuletzt=True)[NOTHING.columns]


@pytest.mark.parametrize("seed", range(30))
def test_what_is_published_holds_and_what_stops_had_to(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    first = {area: rng.choice([0, 0, 1, 2, 3, 5, rng.randint(6, 40)]) for area in "abcd"}
    second = first | {(area := rng.choice("abcd")): max(0, first[area] + rng.choice([0, 1, -1, 4]))}
    told = [rng.random() < 0.6 and sum(numbers.values()) >= LEAST for numbers in (first, second)]
    try:
        shown = publish(tmp_path / "eins", town(first, told[0]), NOTHING, "l")
    except Unprotectable:
        assert sum(first.values()) < LEAST
        return
    assert leaks(tmp_path / "eins", LEAST, LEVELS) == []
    try:
        publish(tmp_path / "zwei", town(second, told[1]), shown, "l" if second == first else "l2")
    except Unprotectable:
        # Shown are all areas but one, or its half, and now the office tells the sum that was withheld for it.
        assert told[1] and not told[0] and shown["wert"].isna().any()
        return
    assert leaks(tmp_path / "zwei", LEAST, LEVELS, [tmp_path / "eins"]) == []
