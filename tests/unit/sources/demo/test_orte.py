"""What offices deliver about places and children agrees with the people and houses of the simulated town."""

from __future__ import annotations

import csv
import json
import zipfile

import numpy as np
import openpyxl
import pyarrow.compute as pc

from methods.geocode import AddressTable
from methods.geometry import transform
from tests.unit.sources.demo.conftest import SimulatedTown


def lines(town: SimulatedTown, path: str, encoding: str = "utf-8") -> list[dict[str, str]]:
    with (town.target / path).open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def sheet(town: SimulatedTown, path: str, header: int) -> list[tuple[object, ...]]:
    rows = list(openpyxl.load_workbook(town.target / path, read_only=True).worksheets[0].iter_rows(values_only=True))
    return rows[header:-1]


def aged(town: SimulatedTown, year: int, low: int, high: int) -> int:
    """Residents of these completed years at the end of the year, from the register as delivered."""
    born = pc.cast(pc.utf8_slice_codeunits(town.main_residents(year)["Geburtsdatum"], 6, 10), "int32")
    return int(pc.sum(pc.and_(pc.greater_equal(born, year - high), pc.less_equal(born, year - low))).as_py())


def test_children_in_care_live_in_town(simulated_town: SimulatedTown) -> None:
    rows = sheet(simulated_town, "kita/kibiz_20240301.xlsx", 3)
    young, older, long_hours = (sum(int(row[at]) for row in rows) for at in (10, 11, 12))
    assert 0.25 < young / aged(simulated_town, 2023, 0, 2) < 0.4
    assert 0.85 < older / aged(simulated_town, 2023, 3, 5) < 0.99
    assert 0 < long_hours < young + older
    assert all(row[7] == row[8] + row[9] for row in rows)


def test_the_cohort_of_the_examination(simulated_town: SimulatedTown) -> None:
    rows = sheet(simulated_town, "einschulung/schuleingang_2024.xlsx", 3)
    assert len(rows) == 22
    examined = sum(0 if row[2] == "-" else int(row[2]) for row in rows)
    assert 0.95 < examined / aged(simulated_town, 2024, 6, 6) <= 1


def test_primary_schools_hold_the_children(simulated_town: SimulatedTown) -> None:
    with (simulated_town.target / "schulen/schulverzeichnis_2024.csv").open(encoding="utf-8") as file:
        assert file.readline() == "sep=;\n"
        rows = list(csv.reader(file, delimiter=";"))
    head, rows = rows[0], rows[1:]
    assert head[-1] == ""
    pupils = sum(int(row[15]) for row in rows if row[1] == "02")
    assert abs(pupils - aged(simulated_town, 2024, 6, 9)) <= 3 * len(rows), "rounded to five per school"
    moved = sum(int(row["Uebergaenge"]) for row in lines(simulated_town, "schulen/uebergaenge_2024.csv"))
    assert moved == aged(simulated_town, 2024, 10, 10)


def test_addresses_of_lists_are_the_towns(simulated_town: SimulatedTown) -> None:
    """Most are found in the address list, some are misprinted, and no misprint is taken for another house."""
    houses = simulated_town.addresses()
    table = AddressTable(houses["Strasse"].to_pylist(), [int(n) for n in houses["Hausnummer"].to_pylist()], [s or "" for s in houses["Zusatz"].to_pylist()])
    rows = [row for row in lines(simulated_town, "orte/einrichtungen_2024.csv", "cp1252") if row["Anschrift"]]
    open_ones = [row for row in rows if table.find(row["Anschrift"]).position < 0]
    assert 0 < len(open_ones) < len(rows) / 3
    refuge = [row for row in lines(simulated_town, "orte/einrichtungen_2024.csv", "cp1252") if row["Vertraulich"] == "ja"]
    assert [row["Anschrift"] for row in refuge] == [""]


def test_openstreetmap_is_near_but_not_exact(simulated_town: SimulatedTown) -> None:
    features = json.loads((simulated_town.target / "osm/osm_20241231.geojson").read_text(encoding="utf-8"))["features"]
    points = np.array([f["geometry"]["coordinates"] for f in features if f["properties"]["leisure"] == "playground"])
    x, y = transform(points[:, 0], points[:, 1], 4326, 25832)
    parks = np.array([[float(row["Rechtswert"].replace(",", ".")), float(row["Hochwert"].replace(",", "."))] for row in lines(simulated_town, "orte/spielplaetze_2024.csv") if row["Art"] == "Spielplatz"])
    nearest = np.hypot(x[:, None] - parks[:, 0], y[:, None] - parks[:, 1]).min(axis=1)
    assert len(points) < len(parks)
    assert 0 < nearest.max() < 100


def test_the_timetable_is_a_feed(simulated_town: SimulatedTown) -> None:
    with zipfile.ZipFile(simulated_town.target / "nahverkehr/gtfs_2024.zip") as feed:
        tables = {name: list(csv.DictReader(feed.read(name).decode().splitlines())) for name in feed.namelist()}
    assert {"agency.txt", "stops.txt", "routes.txt", "trips.txt", "stop_times.txt", "calendar.txt"} == set(tables)
    assert {row["stop_id"] for row in tables["stop_times.txt"]} == {row["stop_id"] for row in tables["stops.txt"]}
    assert {row["trip_id"] for row in tables["stop_times.txt"]} == {row["trip_id"] for row in tables["trips.txt"]}
