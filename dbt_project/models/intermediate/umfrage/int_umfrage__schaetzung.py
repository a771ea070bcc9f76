"""Gewichteter Anteil mit Vertrauensbereich und Designeffekt je Summe, gerechnet von methods.survey.

Rechnet selbst nichts: reicht die Spalten durch. Anteile in [0, 1].
"""

import pyarrow as pa

from methods import survey


def model(dbt, session):
    dbt.config(materialized="table")
    rows = dbt.ref("int_umfrage__summe").order("summe_nr").fetchnumpy()
    share = survey.proportion_of_sums(rows["treffer"], rows["gewichte"], rows["quadrate"], rows["n"])
    names = {"value": "anteil", "low": "ki_unten", "high": "ki_oben", "deff": "deff", "n_eff": "n_eff"}
    return pa.table({"summe_nr": rows["summe_nr"], **{target: pa.array(getattr(share, name), from_pandas=True) for name, target in names.items()}})
