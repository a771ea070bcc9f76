"""The way through the town: a timetable as the transport association publishes it (GTFS) and the network of streets and cycle ways.

Lines cross the town and go on beyond it; streets are the borders of the blocks. Holds no person.
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pyogrio
import shapely

from methods.geometry import transform
from sources.demo.deliveries import EPSG, FILE_TIME, MARK
from sources.demo.draws import generator
from sources.demo.themen.orte import FIRST_LISTS, WGS84
from sources.demo.themen.tabellen import WORKBOOK_TIME
from sources.demo.town import CENTRE
from sources.demo.world import World

#: Lines of the town's buses, metres between stops, metres from the centre to the last stop (beyond the town's edge).
LINES, STOP_EVERY_M, REACH_M = 6, 380.0, 3_400.0
SPEED_M_PER_MINUTE = 380.0
#: First and last departure (hour of the operating day) and minutes between departures by day and evening.
SERVICES = {"MoFr": (5, 24, 20, 30), "Sa": (6, 25, 30, 60), "So": (8, 23, 60, 60)}
DAYS = {"MoFr": "1,1,1,1,1,0,0", "Sa": "0,0,0,0,0,1,0", "So": "0,0,0,0,0,0,1"}
EVENING = 19
#: Share of streets per class, of residential streets with at most 30 km/h, of main streets with a cycle way.
CLASSES = {"primary": 0.05, "secondary": 0.09, "tertiary": 0.14, "residential": 0.66, "living_street": 0.06}
SPEED = {"primary": 50, "secondary": 50, "tertiary": 50, "residential": 30, "living_street": 7}
FASTER_RESIDENTIAL, CYCLE_WAYS = 0.15, 0.5
BARRIERS, BARRIER_KINDS = 140, ("bollard", "steps", "cycle_barrier", "kerb")


def write(target: Path, world: World) -> list[Path]:
    if world.year < FIRST_LISTS:
        return []
    return [_timetable(target / "nahverkehr" / f"gtfs_{world.year}.zip", world), _network(target / "wege" / f"wegenetz_{world.year}.gpkg", world)]


def _clock(minutes: float) -> str:
    whole = int(round(minutes))
    return f"{whole // 60:02d}:{whole % 60:02d}:00"


def _timetable(path: Path, world: World) -> Path:
    rng = generator(world.seed, 0, "timetable")
    houses = world.addresses
    stops, trips, times = ["stop_id,stop_name,stop_lat,stop_lon,location_type"], ["route_id,service_id,trip_id,trip_headsign"], ["trip_id,arrival_time,departure_time,stop_id,stop_sequence"]
    routes = ["route_id,agency_id,route_short_name,route_type"]
    along = np.arange(-REACH_M, REACH_M + 1, STOP_EVERY_M)
    for line in range(LINES):
        angle, bend = np.pi * (line + rng.uniform(-0.2, 0.2)) / LINES, rng.uniform(-0.06, 0.06)
        direction, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        xy = CENTRE + along[:, None] * direction + (bend * along**2 / 1000)[:, None] * across
        longitude, latitude = transform(xy[:, 0], xy[:, 1], EPSG, WGS84)
        near = ((houses.xy[None] - xy[:, None]) ** 2).sum(axis=2).argmin(axis=1)
        routes.append(f"R{line + 1},SIM,{780 + line},3")
        for n, house in enumerate(near.tolist()):
            stops.append(f"S{line + 1:02d}{n:02d},{houses.street_names[houses.street[house]]},{latitude[n]:.6f},{longitude[n]:.6f},0")
        for service, (first, last, day, evening) in SERVICES.items():
            starts = [m for m in range(first * 60, last * 60, 10) if (m - first * 60) % (day if m < EVENING * 60 else evening) == 0]
            for back in (False, True):
                order = list(reversed(range(len(along)))) if back else list(range(len(along)))
                for start in starts:
                    trip = f"{line + 1}-{service}-{'R' if back else 'H'}-{start}"
                    trips.append(f"R{line + 1},{service},{trip},Richtung {'A' if back else 'B'}")
                    for place, n in enumerate(order):
                        clock = _clock(start + place * STOP_EVERY_M / SPEED_M_PER_MINUTE)
                        times.append(f"{trip},{clock},{clock},S{line + 1:02d}{n:02d},{place + 1}")
    calendar = ["service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date"]
    calendar += [f"{service},{days},{world.year}1215,{world.year + 1}1213" for service, days in DAYS.items()]
    members = {
        "agency.txt": ["agency_id,agency_name,agency_url,agency_timezone", "SIM,Verkehrsbetrieb (simuliert),https://example.org,Europe/Berlin"],
        "stops.txt": stops, "routes.txt": routes, "trips.txt": trips, "stop_times.txt": times, "calendar.txt": calendar,
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, lines in members.items():
            info = zipfile.ZipInfo(name, date_time=(*WORKBOOK_TIME.timetuple()[:6],))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, "\n".join(lines) + "\n")
    return path


def _network(path: Path, world: World) -> Path:
    rng = generator(world.seed, 0, "streets and barriers")
    edges = world.areas.edges
    shapes = shapely.linestrings(edges)
    names = list(CLASSES)
    kind = np.array(names)[rng.choice(len(names), len(edges), p=list(CLASSES.values()))]
    speed = np.array([SPEED[name] for name in kind])
    speed = np.where((kind == "residential") & (rng.random(len(edges)) < FASTER_RESIDENTIAL), 50, speed)
    cycle = np.flatnonzero(np.isin(kind, ("primary", "secondary", "tertiary")) & (rng.random(len(edges)) < CYCLE_WAYS))
    barrier = shapely.line_interpolate_point(shapes[rng.integers(0, len(edges), BARRIERS)], rng.random(BARRIERS), normalized=True)
    what = np.array(BARRIER_KINDS)[rng.integers(0, len(BARRIER_KINDS), BARRIERS)]
    layers = {
        "strassen": (shapes, {"weg_id": np.array([f"s{n}" for n in range(len(edges))], object), "klasse": kind.astype(object), "tempo": speed.astype(np.int32)}),
        "radwege": (shapes[cycle], {"weg_id": np.array([f"r{n}" for n in cycle], object), "klasse": np.full(len(cycle), "cycleway", object)}),
        "barrieren": (barrier, {"weg_id": np.array([f"b{n}" for n in range(BARRIERS)], object), "klasse": what.astype(object)}),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.stem + ".part.gpkg")
    part.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": FILE_TIME, "OGR_SQLITE_SYNCHRONOUS": "OFF"})
    try:
        for number, (layer, (geometry, fields)) in enumerate(layers.items()):
            pyogrio.raw.write(
                part, geometry=shapely.to_wkb(geometry), field_data=list(fields.values()), fields=list(fields), layer=layer, driver="GPKG",
                geometry_type="Point" if layer == "barrieren" else "LineString", crs=f"EPSG:{EPSG}", append=number > 0, layer_options={"GEOMETRY_NAME": "geometry", "DESCRIPTION": MARK},
            )  # fmt: skip
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None, "OGR_SQLITE_SYNCHRONOUS": None})
    os.replace(part, path)
    return path
