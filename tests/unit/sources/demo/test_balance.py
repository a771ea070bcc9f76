"""stock(t+1) = stock(t) + births - deaths + arrivals - departures + moves in - moves out, for every area, from the deliveries.

Stocks are counted from the register extracts and the address list, events come from the truth.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyogrio
import pytest

from sources.demo.town import VERSIONS

INTO, OUT_OF = {"geburt", "zuzug", "umzug"}, {"sterbefall", "fortzug", "umzug"}


@pytest.fixture(scope="module")
def stocks(simulated_town):
    """Residents per block as a recipient counts them: year -> {block: residents}."""
    key = ["Strassenschluessel", "Hausnummer", "Zusatz"]
    addresses = simulated_town.addresses()
    block_of = dict(zip(zip(*(addresses[name].to_pylist() for name in key), strict=True), addresses["Block"].to_pylist(), strict=True))
    found = {}
    for stichtag in simulated_town.summary.residents:
        residents = simulated_town.main_residents(stichtag.year)
        counted = residents.group_by(key).aggregate([("Personennummer", "count")]).to_pylist()
        per_block = dict.fromkeys(block_of.values(), 0)
        for row in counted:
            per_block[block_of[tuple(row[name] for name in key)]] += row["Personennummer_count"]
        found[stichtag.year] = per_block
    return found


@pytest.fixture(scope="module")
def changes(simulated_town):
    """Net change by events: year -> {block: persons}."""
    events = simulated_town.true("bewegungen")
    net: dict[int, dict[str, int]] = {}
    for column, sign, kinds in (("block_nach", 1, INTO), ("block_von", -1, OUT_OF)):
        counted = events.filter(pc.is_in(events["ereignis"], pa.array(sorted(kinds)))).group_by(["jahr", column]).aggregate([("datum", "count")])
        for row in counted.to_pylist():
            of_year = net.setdefault(row["jahr"], {})
            of_year[row[column]] = of_year.get(row[column], 0) + sign * row["datum_count"]
    return net


def blocks_of_areas(simulated_town, version, level):
    """Block -> area of the level, along the parents in the GeoPackage."""
    begins, _ = VERSIONS[version]
    path = simulated_town.target / "raumgliederung" / f"raumgliederung_{begins:%Y%m%d}.gpkg"

    def parents(layer):
        _, _, _, (keys, above) = pyogrio.raw.read(path, layer=layer, columns=["schluessel", "gehoert_zu"], read_geometry=False)
        return dict(zip(keys, above, strict=True))

    sozialraum, stadtbereich = parents("block"), parents("sozialraum")
    own = {block: block for block in sozialraum}
    above = {block: stadtbereich[area] for block, area in sozialraum.items()}
    return {"block": own, "sozialraum": sozialraum, "stadtbereich": above, "stadt": dict.fromkeys(own, "05158016")}[level]


@pytest.mark.parametrize("level", ["stadt", "stadtbereich", "sozialraum", "block"])
def test_every_area_balances_in_every_year_on_the_boundaries_of_its_end(simulated_town, stocks, changes, level):
    checked = 0
    for year in range(2016, 2025):
        version = "hilden2015" if year < 2020 else "hilden2020"
        area_of = blocks_of_areas(simulated_town, version, level)
        areas = sorted(set(area_of.values()))
        place = {area: i for i, area in enumerate(areas)}

        def total(per_block, place=place, area_of=area_of):
            sums = np.zeros(len(place), dtype=int)
            for block, persons in per_block.items():
                sums[place[area_of[block]]] += persons
            return sums

        assert (total(stocks[year]) == total(stocks[year - 1]) + total(changes[year])).all(), (level, year)
        checked += len(areas)
    assert checked == {"stadt": 9, "stadtbereich": 45, "sozialraum": 4 * 20 + 5 * 22, "block": 9 * 500}[level]


def test_truth_counts_what_the_register_counts(simulated_town, stocks):
    for year, per_block in stocks.items():
        counts = simulated_town.counts(year, "hilden2020", "block")
        assert {key: row["einwohner"] for key, row in counts.items()} == {key: per_block.get(key, 0) for key in counts}


def test_each_person_has_one_history(simulated_town):
    """Whoever is there at the end of a year came, was born or was there before; whoever left is gone."""
    persons, events = simulated_town.true("personen"), simulated_town.true("bewegungen")
    numbers = {day.year: set(persons.filter(pc.equal(persons["stichtag"], day))["personennummer"].to_pylist()) for day in simulated_town.summary.residents}
    for year in range(2016, 2025):
        of_year = events.filter(pc.equal(events["jahr"], year))

        def who(*kinds, of_year=of_year):
            return of_year.filter(pc.is_in(of_year["ereignis"], pa.array(kinds)))["personennummer"].to_pylist()

        came, left = who("geburt", "zuzug"), who("sterbefall", "fortzug")
        assert len(came) == len(set(came)) and len(left) == len(set(left))
        assert numbers[year] == (numbers[year - 1] | set(came)) - set(left)
        assert not set(came) & numbers[year - 1]
