"""Veränderung über die letzten fünf Jahreswerte, gerechnet von methods/trend.

Rechnet selbst nichts. Bestände halten größtenteils dieselben Menschen; wie viele, weiß die Quelle selten: geprüft wird
mit der ungünstigsten Beständigkeit, das Niveau ist dann nie höher als angegeben.
"""

import numpy as np
import pyarrow as pa

from methods import comparison, intervals, trend
from methods.panel import Panel, by_family, windows

NUMBERS = ("zaehler", "nenner", "quadratsumme", "designeffekt", "faktor")
WORDS = {trend.NO_TREND: "keine nachweisbare Veränderung"}


def changed(data):
    """Columns of the model from columns of the basis, all of shape (rows,)."""
    method = data["ki_methode"]
    series = Panel(data["reihe_nr"], data["jahr_nr"])

    def last_years(name):
        return windows(series.block(data[name]), trend.POINTS)[data["reihe_nr"], data["jahr_nr"]]

    x, n, squares = (last_years(name) for name in ("zaehler", "nenner", "quadratsumme"))
    slope, p, stable = np.full(method.size, np.nan), np.full(method.size, np.nan), np.zeros(method.size, dtype=bool)
    counted, mean = np.isin(method, ("wilson", "byar")), method == "t"
    ratio = (method == "byar")[:, None]
    deff = data["designeffekt"][:, None]
    if counted.any():
        among = np.where(ratio, x + n, n)[counted]
        # More than all are no share: such a year cannot be tested.
        found = trend.course(np.where(x[counted] > among, np.nan, x[counted]), among, deff[counted], trend.LEAST_FAVOURABLE)
        _, p[counted], stable[counted] = found
        # The slope is that of the value itself; a ratio is only tested as a share.
        slope[counted] = trend.slope(x[counted], n[counted])
    if mean.any():
        value, low, high = intervals.mean(n[mean], x[mean], squares[mean], intervals.Z95, deff[mean])
        error = (high - low) / (2 * intervals.Z95)
        slope[mean], p[mean], stable[mean] = trend.course_of_means(value, np.where(error > 0, error, np.nan), trend.LEAST_FAVOURABLE)
    adjusted = by_family(comparison.benjamini_hochberg, data["ausgabe_nr"], p)
    verdict = trend.judge(trend.Course(slope, p, stable), adjusted)
    return {"steigung": slope * data["faktor"], "p": p, "p_bereinigt": adjusted}, stable, [WORDS.get(str(word), str(word)) for word in verdict]


def model(dbt, session):
    dbt.config(materialized="table")
    names = ", ".join(f"coalesce({name}, 'nan'::double)::double as {name}" for name in NUMBERS)
    data = dbt.ref("int_statistik__basis").project(f"basis_id, ki_methode, ausgabe_nr, reihe_nr, jahr_nr, {names}").order("basis_id").fetchnumpy()
    data = {name: np.asarray(column) for name, column in data.items()}
    columns, stable, words = changed(data)
    known = ~np.isnan(columns["p"])
    return pa.table(
        {
            "basis_id": data["basis_id"],
            **{name: pa.array(np.where(known, values, np.nan), from_pandas=True) for name, values in columns.items()},
            "vorzeichen_stabil": pa.array(stable, mask=~known),
            "richtung": pa.array([word.replace(" ", "_") for word in words], type=pa.string()),
        }
    )
