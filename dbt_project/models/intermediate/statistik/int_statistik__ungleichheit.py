"""Wie ungleich ein Anteil über die Gebiete einer Ebene verteilt ist, gerechnet von methods/inequality.

Rechnet selbst nichts. Eine Zeile je Indikator, Ebene und Jahr; fehlt der Wert eines Gebiets, fehlen die Maße.
"""

import numpy as np
import pyarrow as pa

from methods import inequality
from methods.panel import Panel

NUMBERS = ("zaehler", "nenner", "designeffekt", "faktor", "ordnung")


def unequal(data):
    """Columns of the model, shape (groups,), from rows of areas; `ordnung` is what areas are ordered by, high = worse."""
    groups = Panel(data["gruppe_nr"], data["platz"])
    x, n, order = (groups.block(data[name]) for name in ("zaehler", "nenner", "ordnung"))
    x = np.where(x > n, np.nan, x)  # more than all are no share
    place = groups.block(np.ones(data["gruppe_nr"].size), 0) > 0
    deff, factor = (np.nanmax(groups.block(data[name]), axis=-1) for name in ("designeffekt", "faktor"))
    # A place without an area holds nobody; an area without a value stays unknown.
    index = inequality.dissimilarity(*(np.where(place, given, 0) for given in (x, n)), deff)
    alone = inequality.isolation(*(np.where(place, given, 0) for given in (x, n)))
    complete = (~np.isnan(order) | ~place).all(axis=-1) & (~np.isnan(x) | ~place).all(axis=-1)
    slopes = inequality.slope_index(*(np.where(complete[:, None] & place, given, np.nan) for given in (x, n, order)), deff=deff[:, None])
    columns = dict(zip(("gefaelle", "gefaelle_unten", "gefaelle_oben"), np.array(slopes) * factor, strict=True))
    return columns | {"dissimilaritaet_roh": index.raw, "dissimilaritaet_zufall": index.expected, "dissimilaritaet": index.corrected, "isolation": alone, "gebiete": place.sum(axis=-1)}


def model(dbt, session):
    dbt.config(materialized="table")
    areas = dbt.ref("int_statistik__basis").filter("ebene_rang > 1 and ki_methode = 'wilson'").set_alias("b")
    ordered = dbt.ref("int_index__wert").filter("ordnet_gefaelle and wert is not null").project("gebietsstand as og, ebene as oe, raumeinheit_id as orr, stichtag as os, wert as ordnung").set_alias("o")
    names = ", ".join(f"coalesce({name}, 'nan'::double)::double as {name}" for name in NUMBERS)
    joined = areas.join(ordered, "b.gebietsstand = og and b.ebene = oe and b.raumeinheit_id = orr and b.stichtag = os", how="left")
    rows = joined.project(f"gebietsstand, ebene, stichtag, jahr, indikator_id, dense_rank() over (order by gruppe_nr) - 1 as gruppe_nr, platz, {names}").order("gruppe_nr, platz")
    data = {name: np.asarray(column) for name, column in rows.fetchnumpy().items()}
    _, first = np.unique(data["gruppe_nr"], return_index=True)
    keys = rows.arrow().read_all() if hasattr(rows.arrow(), "read_all") else rows.arrow()
    keys = keys.select(["gebietsstand", "ebene", "stichtag", "jahr", "indikator_id"]).take(first)
    columns = {name: pa.array(np.asarray(values, dtype=float), from_pandas=True) for name, values in unequal(data).items()} if first.size else {}
    for name in ("gefaelle", "gefaelle_unten", "gefaelle_oben", "dissimilaritaet_roh", "dissimilaritaet_zufall", "dissimilaritaet", "isolation", "gebiete"):
        keys = keys.append_column(name, columns.get(name, pa.array([], type=pa.float64())))
    return keys
