"""Two releases side by side: every reason is named, and only what differs is listed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from warehouse.compare import Change, compare
from warehouse.connect import connect
from warehouse.paths import Home


def release(home: Home, name: str, *, deliveries: list[str], code: str = "c", declarations: str = "d", value: float = 7, geometry: str = "POINT (0 0)", status: str = "wert") -> None:
    folder = home.published / name
    folder.mkdir(parents=True)
    (folder / "release.json").write_text(json.dumps({"eingaben": {"lieferungen": deliveries, "code": code, "deklarationen": declarations}}), encoding="utf-8")
    with connect(folder / "mart.duckdb") as db:
        db.execute("create table fct_quellenstand (lieferung_id varchar, zeilen integer)")
        db.executemany("insert into fct_quellenstand values (?, 5)", [[d] for d in deliveries])
        db.execute("create table dim_raumeinheit as select 'r1' as raumeinheit_id, 'g' as gebietsstand, 'raum' as ebene, 'Raum' as name, null::varchar as uebergeordnet_id, 1.0 as flaeche_ha, $1 as geometrie", [geometry])
        row = "'g' as gebietsstand, 'raum' as ebene, 'r1' as raumeinheit_id, date '2024-12-31' as stichtag"
        db.execute(f"create table fct_kennzahl as select {row}, 'einwohner' as kennzahl_id, $1::double as wert, $2 as status_id, $3 as lieferung_id", [value, status, deliveries[-1]])
        db.execute(f"create table fct_indikatorwert as select {row}, 'anteil' as indikator_id, 50.0 as wert, 'wert' as status_id, 'l1' as lieferung_id")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    release(made, "0001-aaaaaaaaaaaa", deliveries=["l1"])
    return made


@pytest.mark.parametrize(
    ("change", "reasons", "changes"),
    [
        ({}, [], ()),
        ({"deliveries": ["l1", "l2"], "value": 9}, ["neue Lieferung l2 (5 Zeilen)"], (Change("fct_kennzahl", "einwohner", 0, 0, 1, 0, 2.0, ("l2",)),)),
        ({"deliveries": ["l2"]}, ["neue Lieferung l2 (5 Zeilen)", "nicht mehr dabei: Lieferung l1"], ()),
        ({"code": "neu", "status": "vorlaeufig"}, ["neue Regel: Programm und Modelle"], (Change("fct_kennzahl", "einwohner", 0, 0, 0, 1, None, ("l1",)),)),
        ({"declarations": "neu"}, ["neue Regel: Deklarationen der Stadt"], ()),
        ({"geometry": "POINT (1 1)"}, ["neue Grenzen: 1 Raumeinheiten sind neu, weg oder anders"], ()),
    ],
)
def test_reasons_and_changes(home: Home, change: dict, reasons: list[str], changes: tuple[Change, ...]) -> None:
    release(home, "0002-bbbbbbbbbbbb", **({"deliveries": ["l1"]} | change))
    found = compare(home.published / "0001-aaaaaaaaaaaa", home.published / "0002-bbbbbbbbbbbb")
    assert (found.reasons, found.changes) == (reasons, changes)
