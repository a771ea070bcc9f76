"""Comparison with the delivery before: small counts that change by chance raise no alarm, columns in the wrong place do.

Profiles of tables of counts, drawn by seeded generators: areas x columns, the same expectation at both dates.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sources.compare import QUANTILES, _ended, compare
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


def figures(values: np.ndarray, day: str, name: str = "a") -> dict[str, Any]:
    """A profile whose areas are marked by their values, as the door marks them."""
    made = profile(2020, values) | {"stichtag": day, "lieferung_id": f"zahlen-{day}", "dateien": {"zahlen.csv": [name, 10]}}
    for group, row in zip(made["tabellen"][source().tabellen[0].kennung]["gruppen"].values(), values, strict=True):
        group[1] = "|".join(map(str, row))
    return made


@pytest.mark.parametrize("kind", ["ganzzahl", "zahlzeichen"])
def test_figures_of_the_date_before_are_found(kind: str) -> None:
    before, now = drawn(np.random.default_rng(3), 60, suppress=True)
    old = figures(before, "2024-09-30")
    # The same bytes, the same values written anew, and half of the areas of the last quarter.
    assert "gleiche_bytes " in grave(figures(before, "2024-12-31"), old, kind)
    assert "wiederholung " in grave(figures(before, "2024-12-31", "b"), old, kind)
    half = np.vstack([before[:12], now[12:]])
    assert "wiederholung " in grave(figures(half, "2024-12-31", "b"), old, kind)
    assert "wiederholung " not in grave(figures(now, "2024-12-31", "b"), old, kind)


def test_a_small_table_that_nowhere_changes_is_found() -> None:
    before = np.random.default_rng(4).poisson(12, (AREAS, COLUMNS)).astype(float)
    assert "wiederholung " in grave(figures(before, "2024-12-31", "b"), figures(before, "2024-09-30"))
    # Zeros and single cases repeat by themselves.
    few = np.random.default_rng(5).poisson(0.4, (AREAS, COLUMNS)).astype(float)
    assert "wiederholung " not in grave(figures(few, "2024-12-31", "b"), figures(few, "2024-09-30"))


def test_a_stock_that_hardly_moves_raises_no_alarm() -> None:
    """Dwellings: most cells are those of the year before, hardly any whole area is."""
    rng = np.random.default_rng(6)
    before = rng.integers(100, 2000, (AREAS, 4)).astype(float)
    now = before.copy()
    now[:, 2] += rng.integers(1, 9, AREAS)
    columns = np.full((AREAS, COLUMNS - 4), np.nan)
    assert grave(figures(np.hstack([now, columns]), "2024-12-31", "b"), figures(np.hstack([before, columns]), "2023-12-31")) == []


def test_a_file_that_breaks_off_in_its_last_line_is_found() -> None:
    """Cut within the last column every row still is whole; a supplier who never ends the last line is not suspected."""
    counts = np.full((AREAS, COLUMNS), 7.0) + np.arange(AREAS)[:, None]

    def ended(year: int, values: np.ndarray, *ends: bool) -> dict[str, Any]:
        return profile(year, values) | {"zeilenende": {f"zahlen_{year}.csv": end for end in ends}}

    def said(now: dict[str, Any], before: dict[str, Any]) -> bool:
        return "abgeschnitten " in grave(now, before)

    assert said(ended(2021, counts[:-3], False), ended(2020, counts, True))
    assert not said(ended(2021, counts[:-3], False), ended(2020, counts, False))
    assert not said(ended(2021, counts[:-3], True), ended(2020, counts, True))
    assert not said(ended(2021, counts, False), ended(2020, counts[:-3], True))
    assert not said(ended(2021, counts[:-3]), ended(2020, counts))


def test_the_end_of_the_last_line_is_seen_in_any_encoding(tmp_path: Path) -> None:
    texts = {"ganz": "a\n1\n", "ab": "a\n1", "windows": "a\r\n1\r\n", "kurz": "a\n1\n2\n3"}
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        for name, text in texts.items():
            (tmp_path / name).write_bytes(text.encode(encoding))
        files = [SimpleNamespace(name=f"{name}.CSV", path=tmp_path / name) for name in [*texts, "weg"]]
        assert _ended(SimpleNamespace(files=files)) == {"ganz.CSV": True, "ab.CSV": False, "windows.CSV": True, "kurz.CSV": False}
    assert _ended(SimpleNamespace(files=[SimpleNamespace(name="a.xlsx", path=tmp_path / "ab")])) == {}


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.0, 1.01, 1.2, 2.0])
def test_places_lie_where_they_lay(factor: float) -> None:
    quelle = Quelle.model_validate({
        "quelle": "orte", "name": "Orte", "herausgeber": "Test", "lizenz": "CC0-1.0", "rechtsgrundlage": "Test.", "abschottung": False,
        "personenbezug": False, "rhythmus": "jaehrlich", "stichtag": {"datum": "{jahr}-12-31"},
        "tabellen": [{
            "tabelle": "ort", "dateien": "orte_{jahr}.csv", "schluessel": ["ort_nr"], "konstanten": {"epsg": 25832},
            "spalten": [
                {"name": "Nr", "ziel": "ort_nr", "klasse": "schluessel", "pflicht": True},
                {"name": "Rechts", "ziel": "x", "typ": "dezimal", "klasse": "zahl"},
            ],
        }],
    })  # fmt: skip

    def places(year: int, x: np.ndarray) -> dict[str, Any]:
        columns = {"x": {"art": "zahl", "leer": 0.0, "summe": float(x.sum()), "quantile": [float(q) for q in np.quantile(x, QUANTILES)]}}
        return {"lieferung_id": f"orte-{year}", "stichtag": f"{year}-12-31", "gebietsstand": "neu", "dateien": {}, "tabellen": {quelle.tabellen[0].kennung: {"zeilen": len(x), "spalten": columns}}}

    x = np.linspace(348_000, 352_000, 20)
    found = [f.befund for f in compare(quelle, places(2021, x * factor), [places(2020, x)]) if f.grad != "warnen"]
    assert found == ([] if 0.95 < factor < 1.05 else ["lage"])
