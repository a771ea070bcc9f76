"""Vertrauensbereiche der Indikatoren und ihr Abstand zum Rest der Stadt, gerechnet von methods/.

Rechnet selbst nichts: ordnet jeder Methode des Katalogs ihre Funktion zu und reicht Spalten durch.
Werte ohne Faktor (Anteile in [0, 1]); unbekannt bleibt unbekannt.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from methods import comparison, intervals

COLUMNS = ("zaehler", "nenner", "quadratsumme", "rest_zaehler", "rest_nenner", "rest_quadratsumme", "designeffekt")


def limits(method, x, n, squares, rest_x, rest_n, rest_squares, deff):
    """Interval of the value and difference to the rest of the town: arrays low, high, diff_low, diff_high."""
    clustered = {"deff1": deff, "deff2": deff}
    match method:
        case "wilson":
            # Children in day care counted after the residents they are divided by may be more than all: no share, no interval.
            x, rest_x = np.where(x > n, np.nan, x), np.where(rest_x > rest_n, np.nan, rest_x)
            own, difference = intervals.wilson(x, n, deff=deff), intervals.newcombe(x, n, rest_x, rest_n, **clustered)
        case "byar":
            _, *own = intervals.rate(x, n, deff=deff)
            difference = intervals.rate_difference(x, n, rest_x, rest_n, **clustered)
        case "t":
            mean = intervals.mean(n, x, squares, deff=deff)
            own, difference = mean[1:], intervals.difference(mean, intervals.mean(rest_n, rest_x, rest_squares, deff=deff))
    return *own, *difference[1:]


def model(dbt, session):
    dbt.config(materialized="table")
    rows = dbt.ref("int_indikator__wert").filter("ki_methode in ('wilson', 'byar', 't') and zaehler is not null and nenner > 0").order("wert_id")
    data = rows.select("wert_id, ki_methode, " + ", ".join(f"coalesce({c}, 'nan'::double) as {c}" for c in COLUMNS)).fetchnumpy()
    method, result = data["ki_methode"], np.full((4, len(data["wert_id"])), np.nan)
    for name in ("wilson", "byar", "t"):
        chosen = method == name
        if chosen.any():
            result[:, chosen] = limits(name, *(np.asarray(data[column][chosen], dtype=float) for column in COLUMNS))
    verdict = comparison.verdict(result[2], result[3])
    return pa.table(
        {
            "wert_id": data["wert_id"],
            **{name: pa.array(values, from_pandas=True) for name, values in zip(("ki_unten", "ki_oben", "diff_ki_unten", "diff_ki_oben"), result, strict=True)},
            "vergleich": pc.replace_substring(pa.array(verdict.astype(object), type=pa.string()), " ", "_"),
        }
    )
