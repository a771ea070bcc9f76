"""Zusammengesetzte Indizes mit Klassen und allem, was sagt, wie weit man ihnen trauen darf, gerechnet von methods/index.

Rechnet selbst nichts. Ein Index je Ebene und Jahr; Gebiete ohne vollständige Werte bekommen keinen.
"""

from datetime import date

import numpy as np
import pyarrow as pa

from methods import edition

TEXT = ("index_id", "gebietsstand", "ebene", "raumeinheit_id", "lieferung_id", "klasse", "aussage", "klasse_verankert", "aussage_verankert", "fehlende_bestandteile")
NUMBER = ("wert", "klasse_wahrscheinlichkeit", "p_homogenitaet", "wert_verankert", "klasse_ohne_einen", "klasse_gewichte")


def model(dbt, session):
    dbt.config(materialized="table")
    shown = ", ".join(f"coalesce({name}, 'nan'::double)::double as {name}" for name in ("wert", "zaehler", "nenner", "designeffekt", "ankerjahr"))
    rows = dbt.ref("int_index__bestandteil").project(f"* exclude (wert, zaehler, nenner, designeffekt, ankerjahr, stichtag), cast(stichtag as varchar) as stichtag, {shown}")
    rows = rows.order("index_id, gebietsstand, ebene, jahr, raumeinheit_id, indikator_id").fetchnumpy()
    found = edition.indices({name: np.asarray(column) for name, column in rows.items()})
    found["stichtag"] = [date.fromisoformat(day) for day in found.get("stichtag", [])]
    kinds = [(name, pa.string()) for name in TEXT] + [(name, pa.float64()) for name in NUMBER]
    kinds += [("stichtag", pa.date32()), ("jahr", pa.int32()), ("bestandteile", pa.int32()), ("ordnet_gefaelle", pa.bool_())]
    return pa.table({name: pa.array(found[name] if name in found else [], type=kind, from_pandas=True) for name, kind in kinds})
