"""The ground: areas tile the town, boundaries change as promised, every address lies in its block."""

from __future__ import annotations

import numpy as np
import pyogrio
import pytest
import shapely

from sources.demo.town import BLOCKS, TOWN_AREA_M2, build_areas


def layer(simulated_town, file, level):
    meta, _, geometry, fields = pyogrio.raw.read(simulated_town.target / "raumgliederung" / file, layer=level)
    return shapely.from_wkb(geometry), dict(zip(meta["fields"], fields, strict=True))


@pytest.mark.parametrize("file", ["raumgliederung_20150101.gpkg", "raumgliederung_20200101.gpkg"])
def test_areas_tile_the_town_at_every_level(simulated_town, file):
    (town,), _ = layer(simulated_town, file, "stadt")
    assert shapely.area(town) == pytest.approx(TOWN_AREA_M2, rel=1e-4)
    below = None
    for level in ("block", "sozialraum", "stadtbereich"):
        shapes, data = layer(simulated_town, file, level)
        assert shapely.is_valid(shapes).all() and (shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON).all()
        assert shapely.coverage_is_valid(shapes)  # no overlap, and neighbours share their vertices
        assert shapely.area(shapes).sum() == pytest.approx(shapely.area(town), abs=1e-3)
        assert shapely.union_all(shapes).equals_exact(town, tolerance=0.01, normalize=True)
        assert data["flaeche_ha"] * 10_000 == pytest.approx(shapely.area(shapes), abs=1)
        if below:
            assert shapely.area(shapes).sum() == pytest.approx(shapely.area(below[0]).sum())
            whole = {key: shapes[i] for i, key in enumerate(data["schluessel"])}
            parts = np.array(below[1]["gehoert_zu"])
            for key, shape in whole.items():
                assert shapely.area(below[0][parts == key]).sum() == pytest.approx(shapely.area(shape))
        below = shapes, data
    assert shapely.area(layer(simulated_town, file, "block")[0]).min() > 1_000


def test_boundaries_change_between_2019_and_2020(simulated_town):
    areas = build_areas()
    before, after = areas.sozialraum["hilden2015"], areas.sozialraum["hilden2020"]
    assert (len(set(before)), len(set(after)), len(before)) == (20, 22, BLOCKS)
    stock = simulated_town.counts(2019, "hilden2015", "block")
    residents = np.array([stock[key]["einwohner"] for key in areas.block_ids])
    moved = {(str(a), str(b)) for a, b in zip(before, after, strict=True) if a != b}
    assert moved == {("0103", "0107"), ("0202", "0206"), ("0301", "0302"), ("0304", "0401")}
    for a, b in moved:
        piece = residents[(before == a) & (after == b)].sum()
        assert 300 < piece < 0.7 * residents[before == a].sum(), (a, b, piece)
    assert {(a[:2], b[:2]) for a, b in moved} == {("01", "01"), ("02", "02"), ("03", "03"), ("03", "04")}


def test_addresses_lie_in_their_blocks_and_have_a_number_of_their_own(simulated_town):
    shapes, data = layer(simulated_town, "raumgliederung_20200101.gpkg", "block")
    place = {key: i for i, key in enumerate(data["schluessel"])}
    rows = simulated_town.addresses()
    assert 8_500 <= rows.num_rows <= 9_500
    x, y = (np.array([float(value.replace(",", ".")) for value in rows[name].to_pylist()]) for name in ("Rechtswert", "Hochwert"))
    block = np.array([place[key] for key in rows["Block"].to_pylist()])
    assert shapely.contains_xy(shapes[block], x, y).all()
    keys = set(zip(*(rows[name].to_pylist() for name in ("Strassenschluessel", "Hausnummer", "Zusatz")), strict=True))
    assert len(keys) == rows.num_rows
    assert 0.02 < np.mean([suffix is not None for *_, suffix in keys]) < 0.15
    names = set(zip(rows["Strassenschluessel"].to_pylist(), rows["Strasse"].to_pylist(), strict=True))
    assert len(names) == len({key for key, _ in names}) == len({name for _, name in names})
    assert 50 < sum(end is not None for end in rows["Gueltig_bis"].to_pylist()) + sum(not start.endswith("1975") for start in rows["Gueltig_von"].to_pylist())
