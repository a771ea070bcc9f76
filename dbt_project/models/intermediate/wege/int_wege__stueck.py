"""Meter jedes Weges je Gebiet der feinsten Ebene mit Grenzen, Barrieren dort, wo sie stehen.

Rechnet selbst nichts: methods/geometry zerschneidet die Linien. Was außerhalb der Stadt liegt, hat kein Gebiet.
"""

import numpy as np
import pyarrow as pa
import shapely

from methods import geometry


def model(dbt, session):
    dbt.config(materialized="table")
    data = dbt.ref("stg_wege__weg").select("zeile_id, gebietsstand, art, geometrie, epsg").order("zeile_id").fetchnumpy()
    areas = dbt.ref("int_raum__einheit").filter("geometrie is not null")
    finest = areas.aggregate("gebietsstand, arg_max(ebene, rang) as ebene, arg_max(geometrie_epsg, rang) as epsg").order("gebietsstand").fetchall()
    columns = {"zeile_id": [], "ebene": [], "raumeinheit_id": [], "meter": []}

    def add(rows, level, keys, metres):
        columns["zeile_id"] += np.asarray(data["zeile_id"][rows], dtype=object).tolist()
        columns["ebene"] += [level] * len(rows)
        columns["raumeinheit_id"] += keys
        columns["meter"] += metres

    for version, level, epsg in finest:
        rows = np.flatnonzero((data["gebietsstand"] == version) & (np.ma.filled(np.ma.asarray(data["epsg"]), 0) == epsg))
        if not len(rows):
            continue
        listed = areas.filter(f"gebietsstand = '{version}' and ebene = '{level}'").order("raumeinheit_id").fetchnumpy()
        names = [str(key) for key in listed["raumeinheit_id"]]
        polygons = shapely.from_wkt(np.asarray(listed["geometrie"], dtype=object))
        # The same line comes again every year: cut it once.
        drawn, which = np.unique(np.asarray(data["geometrie"][rows], dtype=object).astype(str), return_inverse=True)
        shapes = shapely.from_wkt(drawn)
        line, polygon, metres = geometry.lengths_in(shapes, polygons)
        centre = shapely.get_coordinates(shapely.point_on_surface(shapes))
        place = geometry.area_of(centre[:, 0], centre[:, 1], polygons)
        barrier = data["art"][rows] == "barriere"
        add(rows[barrier], level, [names[p] if p >= 0 else None for p in place[which[barrier]].tolist()], [0.0] * int(barrier.sum()))
        order = np.argsort(line, kind="stable")
        line, polygon, metres = line[order], polygon[order], metres[order]
        starts, ends = np.searchsorted(line, which, "left"), np.searchsorted(line, which, "right")
        for at in np.flatnonzero(~barrier).tolist():
            part = slice(starts[at], ends[at])
            add(np.repeat(rows[at], ends[at] - starts[at]), level, [names[p] if p >= 0 else None for p in polygon[part].tolist()], metres[part].tolist())
    kinds = {"zeile_id": pa.string(), "ebene": pa.string(), "raumeinheit_id": pa.string(), "meter": pa.float64()}
    return pa.table({name: pa.array(values, kinds[name]) for name, values in columns.items()})
