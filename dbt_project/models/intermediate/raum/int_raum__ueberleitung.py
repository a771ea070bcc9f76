"""Gewichte, mit denen Zahlen früherer Gebietsstände auf den heutigen übergehen, gerechnet von methods/boundaries.

Rechnet selbst nichts. Nur wo eine Überleitung geliefert oder eine Teilung deklariert ist. In die Gewichte gehen Flächen
und die Einwohner des Registers beiderseits der Änderung ein, nie veröffentlichte Zahlen dritter Seite (MSS).
"""

import numpy as np
import pyarrow as pa

COLUMNS = {"von_gebietsstand": pa.string(), "nach_gebietsstand": pa.string(), "ebene": pa.string(), "von_id": pa.string(), "nach_id": pa.string(),
           "gewicht": pa.float64(), "guete": pa.string(), "stand": pa.float64(), "alterung_je_jahr": pa.float64()}  # fmt: skip


def model(dbt, session):
    dbt.config(materialized="table")
    versions = [row[0] for row in dbt.ref("stg_tuer__gebietsstand").order("gueltig_von").project("gebietsstand").fetchall()]
    links = dbt.ref("stg_raumgliederung__crosswalk").project("von_gebietsstand, nach_gebietsstand, ebene, von_id, nach_id, gewicht").fetchall()
    splits = dbt.ref("gebietsteilungen").project("von_gebietsstand, nach_gebietsstand, ebene, von_id, nach_id").fetchall()
    declared = {row[:3] for row in (*links, *splits) if row[0] in versions}
    rows = []
    for level in sorted({level for *_, level in declared}):
        land = {(version, area): size for version, area, size in dbt.ref("int_raum__einheit").filter(f"ebene = '{level}' and not nicht_zuordenbar").project("gebietsstand, raumeinheit_id, flaeche_ha").fetchall()}
        counted = dbt.ref("int_kennzahl__wert").filter(f"ebene = '{level}' and kennzahl_id = 'einwohner' and wert is not null").project("gebietsstand, stichtag, raumeinheit_id, wert").fetchall()
        residents = {}
        for version, day, area, number in counted:
            residents.setdefault(version, {}).setdefault(day, {})[area] = number
        steps = []
        # From the newest version back, as long as every change is declared and counted on both sides.
        for old, new in zip(versions[-2::-1], versions[:0:-1], strict=True):
            if (old, new, level) not in declared or not (residents.get(old) and residents.get(new)):
                break
            steps.insert(0, (old, new, step(level, old, new, links, splits, land, residents)))
        if not steps:
            continue
        from methods import boundaries  # scipy's graphs cost half a second

        for (old, _, change), carried in zip(steps, boundaries.to_newest([change for *_, change in steps]), strict=True):
            weights = carried.crosswalk.weights.tocoo()
            order = np.lexsort((weights.col, weights.row))
            newest = steps[-1][2].new
            for row, column, weight in zip(weights.row[order], weights.col[order], weights.data[order], strict=True):
                rows.append((old, versions[-1], level, change.old[row], newest[column], float(weight), str(carried.crosswalk.flags[column]), carried.year, carried.drift))
    return pa.table({name: pa.array([row[i] for row in rows], type=kind, from_pandas=True) for i, (name, kind) in enumerate(COLUMNS.items())})


def step(level, old, new, links, splits, land, residents):
    """The change between two versions: delivered overlaps, or equal keys with the declared splits by land."""
    from methods import boundaries

    keys = {version: sorted(area for of, area in land if of == version) for version in (old, new)}
    overlaps = [(von, nach, weight) for a, b, on, von, nach, weight in links if (a, b, on) == (old, new, level)]
    if not overlaps:
        cut = [(von, nach) for a, b, on, von, nach in splits if (a, b, on) == (old, new, level)]
        changed = {area for pair in cut for area in pair}
        pairs = cut + [(area, area) for area in keys[old] if area not in changed]
        overlaps = [(von, nach, land[new, nach] or 1) for von, nach in pairs]
    first = sorted(residents[new])
    day = max(residents[old])

    def of(version, on, areas):
        return np.array([residents[version][on].get(area, np.nan) for area in areas])

    return boundaries.Step(
        keys[old], keys[new], *zip(*overlaps, strict=True), of(old, day, keys[old]), np.array([of(new, on, keys[new]) for on in first]),
        np.array([on.year + on.timetuple().tm_yday / 365.25 for on in first]),
    )  # fmt: skip
