"""Gewicht jeder befragten Person, auf die Ränder des Registers gezogen von methods.survey.

Rechnet selbst nichts: ordnet Personen und Ränder einander zu und reicht sie durch, je Rand vom feinsten zum gröbsten.
"""

import numpy as np
import pyarrow as pa

from methods import survey

#: Margins; of each the first alternative counts in which every class has enough respondents. "raum" is filled per town.
MARGINS = (("alter_geschlecht", "alter"), ("staatsangehoerigkeit",))


def model(dbt, session):
    dbt.config(materialized="table")
    levels = [f"raum_{row[0]}" for row in dbt.ref("stg_tuer__ebene").filter("rang > 1 and verlaesst_das_haus").order("rang desc").project("ebene").fetchall()]
    persons = dbt.ref("int_umfrage__person").order("lieferung_id, befragte, rand").fetchnumpy()
    totals = dbt.ref("int_umfrage__rand").order("lieferung_id, rand, klasse").fetchnumpy()
    columns = {"lieferung_id": [], "befragte": [], "gewicht": [], "raender": []}
    for delivery in np.unique(persons["lieferung_id"].astype(str)):
        mine, ours = persons["lieferung_id"] == delivery, totals["lieferung_id"] == delivery
        who = np.unique(persons["befragte"][mine].astype(str))
        known = {}
        for name in {*(name for chain in MARGINS for name in chain), *levels}:
            rows, target = mine & (persons["rand"] == name), ours & (totals["rand"] == name)
            classes = np.unique(np.concatenate([totals["klasse"][target], persons["klasse"][rows]]).astype(str))
            sums = np.zeros(len(classes))
            sums[np.searchsorted(classes, totals["klasse"][target].astype(str))] = totals["anzahl"][target]
            codes = np.zeros(len(who), dtype=int)
            codes[np.searchsorted(who, persons["befragte"][rows].astype(str))] = np.searchsorted(classes, persons["klasse"][rows].astype(str))
            known[name] = (codes, sums)
        chains = [[(name, *known[name]) for name in chain] for chain in (*MARGINS, tuple(levels))]
        weights, used = survey.calibrate(len(who), chains)
        columns["lieferung_id"] += [delivery] * len(who)
        columns["befragte"] += who.tolist()
        columns["gewicht"] += weights.tolist()
        columns["raender"] += [", ".join(used)] * len(who)
    types = {"gewicht": pa.float64()}
    return pa.table({name: pa.array(values, types.get(name, pa.string())) for name, values in columns.items()})
