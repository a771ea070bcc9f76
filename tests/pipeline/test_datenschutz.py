"""What people may ask for, on a small town with every source of persons: a statement withdrawn, persons deleted, the release rebuilt without them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.pipeline.conftest import LONG, SMALL_TOWN, Town, keep

PERSONS = ("melderegister_bestand", "melderegister_bewegung", "asylblg", "sgb12", "wohngeld", "sgb8", "umfrage", "interviews")
#: After every period of the simulated town's declarations; its deliveries came in February 2025.
LATER = "2031-01-01"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    from sources.demo import simulate

    folder = tmp_path_factory.mktemp("datenschutz")
    simulate(folder / "lieferungen", modus="register", residents=SMALL_TOWN, stichtage=[date(year, 12, 31) for year in (2021, 2022, 2023)])
    keep(folder / "lieferungen", "raumgliederung", "adressen", "wohnungen", "orte", "planung", *PERSONS)
    town = Town(folder / "data")
    town.run("--deliveries", str(folder / "lieferungen"))
    return town


def done(town: Town, *arguments: str) -> str:
    result = town.call(*arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def holding(town: Town, text: str) -> list[str]:
    """Files of the data home in which a text stands, tables looked into."""
    found = []
    for path in sorted(p for p in town.root.rglob("*") if p.is_file() and not p.is_symlink()):
        if path.suffix == ".parquet":
            with duckdb.connect() as db:
                rows = db.execute(f"select count(*) from (from read_parquet('{path}')) t where contains(t::varchar, ?)", [text]).fetchall()[0][0]
        else:
            rows = text.encode() in path.read_bytes()
        if rows:
            found.append(str(path.relative_to(town.root)))
    return found


@LONG
def test_withdrawn_deleted_rebuilt(town: Town) -> None:
    assert (town.current / "nachweise" / "verarbeitungsverzeichnis.html").is_file()
    done(town, "freigabe", "--zielgruppe", "oeffentlich", "--simuliert")
    with town.mart() as mart:
        [(statement, day, text)] = mart.execute(
            "select any_value(aussage_id), any_value(stichtag)::varchar, aussage from fct_aussage group by aussage having count(*) = 1 order by 1 limit 1"
        ).fetchall()
    before = holding(town, text)
    assert any(name.startswith("sealed/raw/interview_segment") for name in before) and any("/reports/" in name for name in before)

    said = done(town, "widerruf", statement, "--grund", "Widerruf der Einwilligung")
    release = town.current.resolve().name
    assert [f"neu herausgegeben: {release} für {audience}" in said for audience in ("verwaltung", "traeger", "oeffentlich")] == [True] * 3
    assert holding(town, text) == []
    for folder in (town.current, town.root / "published" / "freigegeben" / "oeffentlich" / "current"):
        described = json.loads((folder / "release.json").read_text(encoding="utf-8"))
        assert described["widerrufe"] == [{"aussage_id": statement, "stichtag": day, "pakete_zurueckgezogen": []}]
    assert "schon widerrufen" in town.call("widerruf", statement, "--grund", "noch einmal").stderr
    assert "Alles stimmt" in done(town, "verify")

    done(town, "loeschlauf", "--am", LATER)
    assert [name for table in ("melderegister_bestand", "melderegister_bewegung", "sozialleistung", "umfrage_antwort", "interview_segment") for name in (town.root / "sealed" / "raw" / table).glob("delivery=[!_]*")] == []
    assert not (town.root / "sealed" / "warehouse.duckdb").exists()
    assert "nichts davon in Rohzone, Quarantäne, Archiv oder Warehouse" in done(town, "verify")

    # Out of the frozen counts, and without the withdrawn statement: every file under exports/, byte for byte.
    said = done(town, "nachbau")
    assert "Byte für Byte gleich, 0 nicht" in said and "ohne Personen, aus eingefrorenen Zählungen" in said
    assert "gelöscht" in town.call("mikrodaten", "--simuliert", "--zweck", "Auswertung der Antworten").stderr
    assert not Path(town.root / "sealed" / "tmp" / "nachbau").exists()
