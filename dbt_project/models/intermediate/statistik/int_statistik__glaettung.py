"""Zum Mittel der Stadt hin geglättete und über drei Jahre zusammengefasste Anteile, gerechnet von methods/smallarea.

Rechnet selbst nichts und ersetzt keinen gezählten Wert. Nur Anteile (wilson); was nicht geschätzt werden kann, fehlt.
"""

import numpy as np
import pyarrow as pa

from methods import intervals, smallarea
from methods.panel import Panel, windows

NUMBERS = ("zaehler", "nenner", "designeffekt")


def smoothed(data):
    """Columns of the model from columns of the basis, all of shape (rows,). Groups are areas of one level, year and indicator."""
    share = (data["ki_methode"] == "wilson") & ~(data["zaehler"] > data["nenner"])
    x, n = (np.where(share, data[name], np.nan) for name in ("zaehler", "nenner"))
    groups, series = Panel(data["gruppe_nr"], data["platz"]), Panel(data["reihe_nr"], data["jahr_nr"])
    counts, totals, deff = groups.block(x), groups.block(n), groups.block(data["designeffekt"], 1)
    blocks = smallarea.shrunken(counts, totals, deff)
    years = [windows(series.block(given), smallarea.POOLED_YEARS)[data["reihe_nr"], data["jahr_nr"]].sum(axis=-1) for given in (x, n)]
    # A stock's three years hold the same people: they steady the value but add nobody, so the interval stays that of one year.
    low, high = intervals.wilson(*years, deff=data["designeffekt"] * smallarea.POOLED_YEARS)
    pooled = np.divide(*years, out=np.full(x.size, np.nan), where=years[1] > 0)
    factor = data["faktor"]
    columns = {f"wert_{name}": groups.rows(block) * factor for name, block in zip(("geglaettet", "geglaettet_unten", "geglaettet_oben"), blocks[:3], strict=True)}
    return columns | {"gewicht_eigen": groups.rows(blocks.own), "wert_drei_jahre": pooled * factor, "wert_drei_jahre_unten": low * factor, "wert_drei_jahre_oben": high * factor}


def model(dbt, session):
    dbt.config(materialized="table")
    names = ", ".join(f"coalesce({name}, 'nan'::double)::double as {name}" for name in (*NUMBERS, "faktor"))
    data = dbt.ref("int_statistik__basis").filter("ebene_rang > 1 and ki_methode = 'wilson'")
    # Groups without the town and without other methods are numbered anew: blocks hold no empty lines.
    data = data.project(f"basis_id, ki_methode, dense_rank() over (order by gruppe_nr) - 1 as gruppe_nr, platz, dense_rank() over (order by reihe_nr) - 1 as reihe_nr, jahr_nr, {names}")
    data = {name: np.asarray(column) for name, column in data.order("basis_id").fetchnumpy().items()}
    return pa.table({"basis_id": data["basis_id"], **{name: pa.array(values, from_pandas=True) for name, values in smoothed(data).items()}})
