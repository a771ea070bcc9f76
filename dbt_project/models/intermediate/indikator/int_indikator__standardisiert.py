"""Direkt altersstandardisierte Ziffern mit Dobsons Bereich, gegen den Rest der Stadt, gerechnet von methods/intervals.

Rechnet selbst nichts. Gewichte sind die der Europastandardbevölkerung 2013; die Altersgruppen bleiben versiegelt.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from methods import comparison, intervals
from methods.panel import Panel

KEYS = ("gebietsstand", "stichtag", "ebene", "raumeinheit_id")
BANDS = intervals.ESP2013.size


def standardised(data):
    """Columns of the model, shape (areas,), from rows of areas and age bands; band -1 is an age nobody knows."""
    areas = Panel(data["gebiet_nr"], data["altersgruppe"] + 1)
    x, n = (np.pad(block, ((0, 0), (0, BANDS + 1 - block.shape[1]))) for block in (areas.block(data[name], 0) for name in ("sterbefaelle", "einwohner")))
    # Whose age is unknown belongs to every band: nothing can be standardised without him.
    unknown = x[:, 0] > 0
    x, n = np.where(unknown[:, None], np.nan, x)[:, 1:], n[:, 1:]
    _, first = np.unique(data["gebiet_nr"], return_index=True)
    town = data["stadt_nr"][first]
    part = town != data["gebiet_nr"][first]
    rest_x, rest_n = (np.where(part[:, None], given[town] - given, np.nan) for given in (x, n))
    own, rest = intervals.dsr(x, n), intervals.dsr(rest_x, rest_n)
    apart = intervals.difference(own[:3], rest[:3])
    names = ("wert", "ki_unten", "ki_oben", "rest_wert", "diff", "diff_ki_unten", "diff_ki_oben")
    columns = dict(zip(names, (*own[:3], rest.value, *apart), strict=True))
    return columns, own.reason, comparison.verdict(apart.low, apart.high)


def model(dbt, session):
    dbt.config(materialized="table")
    rows = dbt.ref("int_bewegung__altersgruppe").set_alias("g").join(dbt.ref("stg_tuer__ebene").project("ebene as stufe, rang").set_alias("e"), "g.ebene = e.stufe")
    rows = rows.project("*, dense_rank() over (order by gebietsstand, stichtag, rang, raumeinheit_id) - 1 as gebiet_nr")
    rows = rows.project("*, min(gebiet_nr) over (partition by gebietsstand, stichtag) as stadt_nr").order("gebiet_nr, altersgruppe")
    data = {name: np.asarray(column) for name, column in rows.project("gebiet_nr, stadt_nr, altersgruppe, sterbefaelle, einwohner").fetchnumpy().items()}
    keys = rows.project(", ".join(KEYS)).distinct().join(dbt.ref("stg_tuer__ebene").project("ebene as stufe, rang"), "ebene = stufe").order("gebietsstand, stichtag, rang, raumeinheit_id")
    keys = pa.table({name: pa.array(values) for name, values in zip(KEYS, zip(*keys.project(", ".join(KEYS)).fetchall(), strict=True), strict=False)})
    if not keys.num_rows:
        kinds = [("gebietsstand", pa.string()), ("stichtag", pa.date32()), ("ebene", pa.string()), ("raumeinheit_id", pa.string())]
        kinds += [(name, pa.float64()) for name in ("wert", "ki_unten", "ki_oben", "rest_wert", "diff", "diff_ki_unten", "diff_ki_oben")]
        return pa.schema([*kinds, ("grund", pa.string()), ("vergleich", pa.string())]).empty_table()
    columns, reason, verdict = standardised(data)
    for name, values in columns.items():
        keys = keys.append_column(name, pa.array(values, from_pandas=True))
    texts = {"grund": reason, "vergleich": verdict}
    for name, values in texts.items():
        keys = keys.append_column(name, pc.replace_substring(pa.array(values.astype(object), type=pa.string()), " ", "_"))
    return keys
