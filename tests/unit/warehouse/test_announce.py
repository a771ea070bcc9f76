"""What a release tells its readers: what is new in data and contracts since the one they had."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from warehouse.announce import announce, previous


def release(shelf: Path, release_id: str, value: float, deliveries: dict[str, str], version: str, columns: list[str]) -> Path:
    folder = shelf / release_id
    package = folder / "exports" / "amt"
    package.mkdir(parents=True)
    with duckdb.connect(str(folder / "mart.duckdb")) as db:
        db.execute("create table fct_quellenstand as select unnest(?) as lieferung_id, 'melderegister' as quelle_id, date '2024-12-31' as stichtag, true as aktiv, 5 as zeilen", [list(deliveries)])
        db.execute("create table dim_raumeinheit as select 'a' as raumeinheit_id, 'g' as gebietsstand, 'raum' as ebene, 'A' as name, null as uebergeordnet_id, 1.0 as flaeche_ha, null as geometrie")
        for mart, subject in (("fct_indikatorwert", "indikator_id"), ("fct_kennzahl", "kennzahl_id")):
            db.execute(f"create table {mart} as select 'g' as gebietsstand, 'raum' as ebene, 'a' as raumeinheit_id, date '2024-12-31' as stichtag, 'quote' as {subject}, {value} as wert, 'wert' as status_id, 'l1' as lieferung_id")
    fields = [{"name": name, "type": "string"} for name in columns]
    (package / "datapackage.json").write_text(json.dumps({"title": "Amt", "version": version, "resources": [{"path": "t.csv", "schema": {"fields": fields}}, {"path": "t.parquet"}]}), encoding="utf-8")
    inputs = {"lieferungen": deliveries, "code": "c", "deklarationen": "d"}
    (folder / "release.json").write_text(json.dumps({"release_id": release_id, "stadt": "Probe", "simuliert": True, "erstellt": "2025-01-01", "zielgruppen": ["verwaltung"], "eingaben": inputs}), encoding="utf-8")
    return folder


def announced(folder: Path, shelf: Path) -> str:
    path = announce(folder, shelf)
    assert path is not None and path.name == "LIESMICH.md"
    return path.read_text(encoding="utf-8")


def test_new_deliveries_values_and_columns_are_announced(tmp_path: Path) -> None:
    release(tmp_path, "0001-a", 1.0, {"m-1": "x"}, "1.0", ["a"])
    now = release(tmp_path, "0002-b", 2.0, {"m-1": "x", "m-2": "y"}, "1.1", ["a", "b"])
    text = announced(now, tmp_path)
    assert "SIMULIERT" in text and "Veröffentlichung 0002-b" in text and "Stichtage: 31.12.2024 bis 31.12.2024" in text
    assert "## Was sich seit 0001-a geändert hat" in text and "- neue Lieferung m-2 (5 Zeilen)" in text and "- andere Werte als zuvor bei 1 Indikatoren und Zählungen: quote" in text
    assert "- amt: Fassung 1.0 → 1.1 (t.csv: neue Spalten b)" in text
    assert "| melderegister | 31.12.2024 | m-2 |" in text
    assert "- Zielgruppe: verwaltung, Entwurf\n" in text
    assert announced(now, tmp_path) == text


def test_what_people_approved_says_so(tmp_path: Path) -> None:
    folder = release(tmp_path, "0001-a", 1.0, {"m-1": "x"}, "1.0", ["a"])
    told = json.loads((folder / "release.json").read_text())
    (folder / "release.json").write_text(json.dumps(told | {"freigabe": {"datum": "2025-01-02", "rollen": ["Sozialplanung", "Datenschutz"]}}))
    assert "verwaltung, freigegeben nach der Besprechung vom 02.01.2025 (Sozialplanung, Datenschutz)\n" in announced(folder, tmp_path)


def test_the_first_release_and_an_older_mart_hold_nothing_up(tmp_path: Path) -> None:
    first = release(tmp_path, "0001-a", 1.0, {"m-1": "x"}, "1.0", ["a"])
    assert previous(tmp_path, "0001-a") is None and "verglichen ist deshalb nichts" in announced(first, tmp_path)
    with duckdb.connect(str(first / "mart.duckdb")) as db:
        db.execute("alter table fct_kennzahl drop status_id")
    now = release(tmp_path, "0002-b", 1.0, {"m-1": "x"}, "1.0", ["a"])
    text = announced(now, tmp_path)
    assert "anders aufgebaut" in text and "- keine Änderung" in text
