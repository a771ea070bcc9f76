"""Jedes Gebiet gegen den Rest der Stadt, im Trichter, im Rang und gegen Kreis und Land, gerechnet von methods/.

Rechnet selbst nichts. Verhältnisse werden wie Anteile geprüft: Zähler an Zähler plus Nenner, so zählt der Zufall beider.
"""

import numpy as np
import pyarrow as pa

from methods import comparison, intervals
from methods.panel import Panel, by_family

NUMBERS = ("zaehler", "nenner", "quadratsumme", "rest_zaehler", "rest_nenner", "rest_quadratsumme", "designeffekt", "faktor", "wert", "ki_unten", "ki_oben", "kreis_wert", "land_wert")


def compared(data):
    """Columns of the model from columns of the basis, all of shape (rows,)."""
    method = data["ki_methode"]
    x, n, rest_x, rest_n, deff = (data[name] for name in ("zaehler", "nenner", "rest_zaehler", "rest_nenner", "designeffekt"))
    share, ratio, mean = (method == name for name in ("wilson", "byar", "t"))
    # Children in day care counted after the residents they are divided by may be more than all: no share, no test.
    share &= ~((x > n) | (rest_x > rest_n))
    # Cases and those among whom they are counted: of a ratio, both sides together.
    among, rest_among = np.where(ratio, x + n, n), np.where(ratio, rest_x + rest_n, rest_n)
    counted = share | ratio
    p = np.full(x.size, np.nan)
    statistic = np.full(x.size, np.nan)
    statistic[counted], p[counted] = comparison.two_proportions(x[counted], among[counted], rest_x[counted], rest_among[counted], deff[counted], deff[counted])
    statistic[mean], p[mean] = comparison.two_means(
        n[mean], x[mean], data["quadratsumme"][mean], rest_n[mean], rest_x[mean], data["rest_quadratsumme"][mean], deff[mean], deff[mean]
    )  # fmt: skip
    adjusted = by_family(comparison.benjamini_hochberg, data["ausgabe_nr"], p)
    higher = comparison.verdict(*(np.where(adjusted <= comparison.FDR_LEVEL, side, np.where(np.isnan(adjusted), np.nan, 0)) for side in (statistic, statistic)))

    town = np.where(counted, (x + rest_x) / np.where(among + rest_among > 0, among + rest_among, np.nan), np.nan)
    funnels = {level: comparison.funnel(among, town, z, deff) for level, z in (("95", intervals.Z95), ("998", intervals.Z998))}
    place = np.where(counted & ~np.isnan(p), x, np.nan)
    groups = Panel(data["gruppe_nr"], data["platz"])
    ranks = comparison.rank_limits(groups.block(place), groups.block(among), groups.block(deff, 1))
    number = np.isfinite(ranks.value).sum(axis=-1)

    def shown(limit):
        """A funnel limit on the scale of the value: a ratio's is the odds of its share."""
        return np.where(share, limit, np.divide(limit, 1 - limit, out=np.full(x.size, np.nan), where=ratio & (limit < 1))) * data["faktor"]

    columns = {"p": p, "p_bereinigt": adjusted}
    for level, (low, high) in funnels.items():
        columns |= {f"trichter_{level}_unten": shown(low), f"trichter_{level}_oben": shown(high)}
    columns |= {"rang": groups.rows(ranks.value), "rang_unten": groups.rows(ranks.low), "rang_oben": groups.rows(ranks.high), "rang_von": np.where(np.isnan(place), np.nan, groups.rows(number))}
    words = {"richtung": higher, "bewertung": comparison.judged(higher, data["polaritaet"])}
    for level in ("kreis", "land"):
        words[f"{level}_vergleich"] = comparison.verdict(data["ki_unten"], data["ki_oben"], data[f"{level}_wert"])
    return columns, words


def model(dbt, session):
    dbt.config(materialized="table")
    basis, bezug = dbt.ref("int_statistik__basis"), dbt.ref("int_statistik__bezug")
    joined = basis.set_alias("b")
    for level in ("kreis", "land"):
        known = bezug.filter(f"ebene = '{level}'").project(f"jahr as {level}_jahr, indikator_id as {level}_indikator, wert as {level}_wert").set_alias(level)
        joined = joined.join(known, f"b.jahr = {level}_jahr and b.indikator_id = {level}_indikator", how="left").set_alias("b")
    names = ", ".join(f"coalesce({name}, 'nan'::double)::double as {name}" for name in NUMBERS)
    data = joined.project(f"basis_id, ki_methode, polaritaet, ausgabe_nr, gruppe_nr, platz, {names}").order("basis_id").fetchnumpy()
    data = {name: np.asarray(column) for name, column in data.items()}
    columns, words = compared(data)
    arrays = {name: pa.array(np.asarray(values, dtype=float), from_pandas=True) for name, values in columns.items()}
    texts = {name: pa.array([value.replace(" ", "_") for value in np.asarray(values, dtype=str).tolist()], type=pa.string()) for name, values in words.items()}
    return pa.table({"basis_id": data["basis_id"], **arrays, "kreis_wert": pa.array(data["kreis_wert"], from_pandas=True), "land_wert": pa.array(data["land_wert"], from_pandas=True), **texts})
