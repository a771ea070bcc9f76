"""The QGIS style of a layer: classes that a reader of the legend can check, grey for no value, names with units."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pyogrio
import pytest

from exports.contract import Table
from exports.formats import _qml, geopackage, points


FACTS = {"release": "0001-x", "stichtage": "2020 bis 2025", "simuliert": "ja"}


def style(values: list[float], unit: str = "Prozent") -> ElementTree.Element:
    text = _qml(["fid", "name", "quote"], {"name": "Gebiet", "quote": 'Quote "A" & B (Prozent)'}, "quote", unit, sorted(set(values)))
    return ElementTree.fromstring(text.split("\n", 1)[1])


def rules(root: ElementTree.Element) -> list[tuple[str, str]]:
    return [(rule.attrib["filter"], rule.attrib["label"]) for rule in root.iter("rule")]


def test_five_classes_and_grey_for_no_value() -> None:
    """1 to 10: quantiles at 2.8, 4.6, 6.4 and 8.2."""
    found = rules(style([float(v) for v in range(1, 11)]))
    assert [label for _, label in found] == ["unter 2,8 %", "2,8 bis unter 4,6 %", "4,6 bis unter 6,4 %", "6,4 bis unter 8,2 %", "8,2 % und mehr", "kein Wert"]
    assert found[1][0] == '"quote" >= 2.8 AND "quote" < 4.6' and found[-1][0] == "ELSE"


@pytest.mark.parametrize(("values", "labels"), [([14.94], ["14,9 %", "kein Wert"]), ([], ["kein Wert"]), ([1.0, 1.01], ["1,0 %", "kein Wert"])])
def test_few_values_leave_no_empty_class(values: list[float], labels: list[str]) -> None:
    assert [label for _, label in rules(style(values))] == labels


def test_columns_are_called_by_name_and_unit() -> None:
    root = style([1.0, 2.0])
    assert [(a.attrib["index"], a.attrib["field"], a.attrib["name"]) for a in root.iter("alias")] == [("0", "fid", ""), ("1", "name", "Gebiet"), ("2", "quote", 'Quote "A" & B (Prozent)')]
    assert {s.attrib["name"] for s in root.iter("symbol")} == {r.attrib["symbol"] for r in root.iter("rule")}
    (label,) = root.iter("text-style")
    assert root.attrib["labelsEnabled"] == "1" and label.attrib["fieldName"] == """coalesce("name", '') || '\n' || coalesce(format_number("quote", 1, 'de'), 'kein Wert')"""


def test_layers_lie_in_the_system_of_the_town_and_show_each_indicator_in_its_newest_year(tmp_path: Path) -> None:
    """15 degrees east is the middle of zone 33, 500,000 m; one boundary came in degrees, the other in metres."""
    db = duckdb.connect()
    db.execute("attach ':memory:' as mart")
    db.execute("""create table mart.dim_raumeinheit as select * from (values
        ('a', 'raum', 'g', 'Grad', 1.0, 'POLYGON ((15 52, 15.01 52, 15.01 52.01, 15 52))', 4326), ('m', 'raum', 'g', 'Meter', 1.0, 'POLYGON ((500000 5761000, 501000 5761000, 501000 5762000, 500000 5761000))', 25833)
    ) t(raumeinheit_id, ebene, gebietsstand, name, flaeche_ha, geometrie, geometrie_epsg)""")
    db.execute("""create view zeilen as select *, 'raum' as ebene, 'g' as gebietsstand from (values
        ('a', 'alt', 'Alt', 2022, 'Prozent', 1.5, null), ('m', 'alt', 'Alt', 2022, 'Prozent', null, '*'), ('a', 'alt', 'Alt', 2025, 'Prozent', null, '...'), ('m', 'alt', 'Alt', 2025, 'Prozent', null, '...'), ('a', 'neu', 'Neu', 2025, 'Prozent', 7.5, null)
    ) t(raumeinheit_id, indikator_id, indikator, jahr, einheit, wert, zeichen)""")
    file, style = geopackage(db, tmp_path / "r.gpkg", 25833, FACTS)
    info = pyogrio.read_info(file, layer="raum_g")
    left, bottom, right, top = info["total_bounds"]
    assert info["crs"] == "EPSG:25833" and (left, right) == pytest.approx((500_000, 501_000), abs=1) and bottom == pytest.approx(5_761_000, abs=1_000) and top < 5_763_000
    read, _, _, data = pyogrio.raw.read(file, layer="raum_g", read_geometry=False)
    assert {name: column.tolist() for name, column in zip(read["fields"], data, strict=True) if name in ("alt", "neu")} == {"alt": [1.5, pytest.approx(float("nan"), nan_ok=True)], "neu": [7.5, pytest.approx(float("nan"), nan_ok=True)]}
    assert 'name="Alt 2022 (Prozent)"' in style.read_text(encoding="utf-8") and 'name="Neu 2025 (Prozent)"' in style.read_text(encoding="utf-8")
    # Why a value is missing stands beside it: the symbol of its row, or that there is none.
    assert {name: column.tolist() for name, column in zip(read["fields"], data, strict=True) if name.endswith("_zeichen")} == {"alt_zeichen": [None, "*"], "neu_zeichen": [None, "."]}
    assert told(file) == {"raum_g": ("Raum g · SIMULIERT", True), "layer_styles": ("layer_styles", False)}
    assert [rule.attrib["label"] for rule in ElementTree.fromstring(style.read_text(encoding="utf-8").split("\n", 1)[1]).iter("rule")][0].endswith(" · SIMULIERT")


def told(file: Path) -> dict[str, tuple[str, bool]]:
    """Layer -> its title, and whether its description names the release and that it is invented."""
    with sqlite3.connect(file) as db:
        return {layer: (title, "0001-x" in (text or "") and "SIMULIERT" in (text or "")) for layer, title, text in db.execute("select table_name, identifier, description from gpkg_contents")}


def test_places_are_one_more_layer_with_its_own_style(tmp_path: Path) -> None:
    columns = [{"name": name, "typ": kind, "beschreibung": "x"} for name, kind in (("ort_id", "varchar"), ("kategorie_name", "varchar"), ("name", "varchar"), ("laenge", "double"), ("breite", "double"), ("stand_vom", "date"), ("aktuell", "boolean"))]
    table = Table.model_validate({"name": "orte", "titel": "Orte", "beschreibung": "Was", "ebenen": ["raum"], "jahre": "letzter", "schluessel": ["ort_id"], "formate": ["punkte"], "spalten": columns})
    db = duckdb.connect()
    db.execute("create view zeilen as select * from (values ('k1', 'Kita', 'Haus & Hof', 15.0, 52.0, date '2024-03-01', true), ('k2', 'Kita', 'Ohne Lage', null, null, null, true)) t(ort_id, kategorie_name, name, laenge, breite, stand_vom, aktuell)")
    first, style = points(db, tmp_path / "r.gpkg", table, 25833, FACTS)
    again, _ = points(db, tmp_path / "s.gpkg", table, 25833, FACTS)
    info = pyogrio.read_info(first, layer="orte")
    assert (info["features"], info["geometry_type"], info["crs"]) == (1, "Point", "EPSG:25833") and info["total_bounds"][0] == pytest.approx(500_000, abs=1)
    assert told(first)["orte"] == ("Orte · SIMULIERT", True) and first.read_bytes() == again.read_bytes()
    root = ElementTree.fromstring(style.read_text(encoding="utf-8").split("\n", 1)[1])
    assert [rule.attrib["label"] for rule in root.iter("rule")] == ["Orte · SIMULIERT", "Kita", "andere"]
    read, _, _, data = pyogrio.raw.read(first, layer="layer_styles", read_geometry=False)
    assert dict(zip(read["fields"], data, strict=True))["styleQML"].tolist() == [style.read_text(encoding="utf-8")]
