"""Comparison with the delivery before: small counts that change by chance raise no alarm, columns in the wrong place do.

Profiles of tables of counts, drawn by seeded generators: areas x columns, the same expectation at both dates.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sources.compare import QUANTILES, compare
from sources.model import Quelle

AREAS, COLUMNS = 22, 12


def source(kind: str = "zahlzeichen") -> Quelle:
    counts = [{"name": f"Zahl {i}", "ziel": f"z{i}", "typ": kind, "klasse": "zahl"} for i in range(COLUMNS)]
    return Quelle.model_validate({
        "quelle": "zahlen", "name": "Zahlen", "herausgeber": "Test", "lizenz": "CC0-1.0", "rechtsgrundlage": "Test.", "abschottung": False,
        "personenbezug": False, "rhythmus": "jaehrlich", "stichtag": {"datum": "{jahr}-12-31"},
        "tabellen": [{
            "tabelle": "zahlen", "dateien": "zahlen_{jahr}.csv", "schluessel": ["raumeinheit_id"],
            "spalten": [
                {"name": "Raum", "ziel": "raumeinheit_id", "klasse": "schluessel", "pflicht": True},
                {"name": "Art", "ziel": "art"},
                *counts,
            ],
        }],
    })  # fmt: skip


def profile(year: int, counts: np.ndarray, codes: dict[str, int] | None = None) -> dict[str, Any]:
    """What the door keeps of a table of counts (areas x columns, NaN where the cell is suppressed)."""
    columns: dict[str, Any] = {}
    for place in range(counts.shape[1]):
        known = counts[~np.isnan(counts[:, place]), place]
        columns[f"z{place}"] = {
            "art": "zahl", "leer": 1 - len(known) / len(counts), "summe": float(known.sum()) if len(known) else None,
            "quantile": [float(q) for q in np.quantile(known, QUANTILES)] if len(known) else None,
        }  # fmt: skip
    columns["art"] = {"art": "text", "leer": 0.0, "laenge": 1.0, "verschieden": len(codes or {"a": 1}), "kodes": codes or {"a": len(counts)}}
    groups = {f"{i:02}": [1, str(i) + str(year), *(None if np.isnan(v) else float(v) for v in row)] for i, row in enumerate(counts)}
    table = {"zeilen": len(counts), "spalten": columns, "gruppe": ["raumeinheit_id"], "zahlen": [f"z{i}" for i in range(counts.shape[1])], "gruppen": groups}
    return {"lieferung_id": f"zahlen-{year}", "stichtag": f"{year}-12-31", "gebietsstand": "neu", "dateien": {}, "tabellen": {source().tabellen[0].kennung: table}}


def drawn(rng: np.random.Generator, level: float, suppress: bool) -> tuple[np.ndarray, np.ndarray]:
    """Two dates with the same expectation per area and column; households make the counts spread three times as much as persons."""
    expected = rng.gamma(2, level / 2, (AREAS, COLUMNS))
    dates = [3.0 * rng.poisson(expected / 3) for _ in range(2)]
    return tuple(np.where((d > 0) & (d < 4), np.nan, d) if suppress else d for d in dates)  # type: ignore[return-value]


def grave(new: dict[str, Any], old: dict[str, Any], kind: str = "zahlzeichen") -> list[str]:
    return [f"{f.befund} {f.spalte}" for f in compare(source(kind), new, [old]) if f.grad != "warnen"]


@pytest.mark.parametrize("suppress", [False, True], ids=["offen", "gesperrt"])
@pytest.mark.parametrize("level", [0.5, 1, 2, 5, 20, 100])
def test_chance_raises_no_alarm(level: float, suppress: bool) -> None:
    alarms = []
    for seed in range(30):
        before, now = drawn(np.random.default_rng([seed, int(level * 10)]), level, suppress)
        alarms += grave(profile(2021, now), profile(2020, before))
    assert alarms == []


@pytest.mark.parametrize("level", [30, 100])
def test_swapped_columns_are_found(level: float) -> None:
    missed = []
    for seed in range(40):
        rng = np.random.default_rng([seed, 7])
        before, now = drawn(rng, level, suppress=False)
        # Two columns of clearly different size: four times as many.
        before[:, 1], now[:, 1] = before[:, 1] * 4, now[:, 1] * 4
        now[:, [0, 1]] = now[:, [1, 0]]
        if not grave(profile(2021, now), profile(2020, before)):
            missed.append(seed)
    assert missed == []


def test_a_header_beside_its_columns_is_found() -> None:
    missed = []
    for seed in range(40):
        before, now = drawn(np.random.default_rng([seed, 9]), 300, suppress=False)
        if not grave(profile(2021, np.roll(now, 1, axis=1)), profile(2020, before)):
            missed.append(seed)
    assert missed == []


def test_new_codes_count_by_how_many_were_to_be_expected() -> None:
    counts = np.full((AREAS, COLUMNS), 7.0) + np.arange(AREAS)[:, None]
    few, many = {"a": 1, "b": 1}, {"a": 12, "b": 10}
    new = {"c": 8, "d": 7, "e": 7}
    # Two rows with two codes say nothing about which codes there are; 22 rows with two do.
    assert "kodes Art" not in grave(profile(2021, counts, new), profile(2020, counts + 1, few))
    assert "kodes Art" in grave(profile(2021, counts, new), profile(2020, counts + 1, many))
