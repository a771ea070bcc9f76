"""Wo jeder Ort einer Liste liegt: nach gelieferten Koordinaten, sonst nach dem Adressverzeichnis der Stadt, nie nach einem Dienst.

Rechnet selbst nichts: reicht Anschriften und Koordinaten an methods/ und sammelt die Antworten ein. Ein gelieferter
Schlüssel des Gebiets geht vor; was sich nicht finden lässt, bleibt offen und bekommt Kandidaten.
"""

import numpy as np
import pyarrow as pa
import shapely

from methods import geocode, geometry

WGS84 = 4326


def finest_areas(einheiten):
    """Per area version the finest level that has polygons: ebene, keys, polygons and their EPSG, in order of the keys."""
    rows = einheiten.filter("geometrie is not null").select("gebietsstand, rang, ebene, raumeinheit_id, geometrie, geometrie_epsg")
    areas = {}
    for version, _, level, epsg in rows.aggregate("gebietsstand, rang, ebene, any_value(geometrie_epsg) as epsg").order("gebietsstand, rang").fetchall():
        areas[version] = (level, int(epsg))
    shapes = {}
    for version, (level, epsg) in areas.items():
        chosen = rows.filter(f"gebietsstand = '{version}' and ebene = '{level}'").order("raumeinheit_id").fetchnumpy()
        shapes[version] = (level, chosen["raumeinheit_id"], shapely.from_wkt(chosen["geometrie"]), epsg)
    return shapes


def numbers(column):
    return np.ma.filled(np.ma.asarray(column, dtype=float), np.nan)


def texts(column):
    return [None if value is None or value is np.ma.masked else str(value) for value in np.ma.asarray(column, dtype=object).tolist()]


def addresses(verzeichnis):
    rows = verzeichnis.order("adresse_id").select("adresse_id, strassenname, hausnummer, zusatz, block_id, x, y, gueltig_von, gueltig_bis, epsg").fetchall()
    table = geocode.AddressTable([row[1] for row in rows], [int(row[2]) for row in rows], [row[3] or "" for row in rows]) if rows else None
    return rows, table


def model(dbt, session):
    dbt.config(materialized="table")
    # dbt finds references only where they stand by themselves.
    einheiten = dbt.ref("int_raum__einheit")
    stadt = dbt.ref("stg_tuer__stadt")
    verzeichnis = dbt.ref("stg_adressen__adresse")
    orte = dbt.ref("stg_orte__ort")
    town = int(stadt.select("epsg").fetchall()[0][0])
    areas = finest_areas(einheiten)
    data = orte.select("zeile_id, stichtag, gebietsstand, ebene, raumeinheit_id, anschrift, x, y, coalesce(epsg, 0) as epsg, geometrie").order("zeile_id").fetchnumpy()
    count = len(data["zeile_id"])
    x, y, system = numbers(data["x"]), numbers(data["y"]), np.ma.filled(np.ma.asarray(data["epsg"]), 0).astype(int)
    wkt = texts(data["geometrie"])
    drawn = np.array([text is not None for text in wkt], dtype=bool)
    if drawn.any():
        centre = shapely.get_coordinates(shapely.point_on_surface(shapely.from_wkt([text for text in wkt if text is not None])))
        x[drawn], y[drawn] = centre.T
    for source in np.unique(system[np.isfinite(x)]).tolist():
        rows = np.flatnonzero(system == source)
        x[rows], y[rows] = geometry.transform(x[rows], y[rows], source, town)

    how = np.where(np.isfinite(x), "koordinate", "offen").astype(object)
    found, candidates, block = [None] * count, [None] * count, [None] * count
    houses, table = addresses(verzeichnis)
    known = {}
    dates, written = data["stichtag"].astype("datetime64[D]").tolist(), texts(data["anschrift"])
    for place in np.flatnonzero(how == "offen").tolist() if table else ():
        if written[place] is None:
            continue
        if written[place] not in known:
            known[written[place]] = table.find(written[place])
        match = known[written[place]]
        if match.position < 0:
            candidates[place] = "; ".join(match.candidates) or None
            continue
        key, _, _, _, inside, east, north, since, until, _ = houses[match.position]
        if since is not None and since > dates[place] or until is not None and until < dates[place]:
            candidates[place] = "am Stichtag steht unter dieser Anschrift kein Haus"
            continue
        how[place], found[place], block[place], x[place], y[place] = match.art, key, inside, east, north

    level, area = texts(data["ebene"]), texts(data["raumeinheit_id"])
    versions = texts(data["gebietsstand"])
    listed = {(row[0], row[1], row[2]) for row in einheiten.select("gebietsstand, ebene, raumeinheit_id").fetchall()}
    keyed = np.array([(v, e, a) in listed for v, e, a in zip(versions, level, area, strict=True)], dtype=bool)
    how[keyed & (how == "offen")] = "schluessel"
    area = [key if valid else None for key, valid in zip(area, keyed.tolist(), strict=True)]
    for version, (finest, keys, shapes, epsg) in areas.items():
        # Where a list names areas, its points are not put into coarser ones: what has no valid key stays unplaced.
        fits = np.array([own is None or own == finest for own in level], dtype=bool)
        rows = np.flatnonzero((np.array(versions, dtype=object) == version) & ~keyed & fits)
        here = geometry.area_of(*geometry.transform(x[rows], y[rows], town, epsg), shapes)
        for row, place in zip(rows.tolist(), here.tolist(), strict=True):
            level[row] = finest
            # The address table says in which block a house stands; coordinates decide for everything else.
            area[row] = block[row] if finest == "block" and block[row] else (str(keys[place]) if place >= 0 else None)
            if area[row] is None and how[row] == "koordinate":
                how[row] = "ausserhalb"
    longitude, latitude = geometry.transform(x, y, town, WGS84)
    return pa.table(
        {
            "zeile_id": pa.array(texts(data["zeile_id"]), pa.string()),
            "lage_art": pa.array(how.tolist(), pa.string()),
            "adresse_id": pa.array(found, pa.string()),
            "kandidaten": pa.array(candidates, pa.string()),
            "ebene": pa.array(level, pa.string()),
            "raumeinheit_id": pa.array(area, pa.string()),
            **{name: pa.array(values, pa.float64(), from_pandas=True) for name, values in (("x", x), ("y", y), ("laenge", longitude), ("breite", latitude))},
        }
    )
