"""Welche Fallzahl welcher Zielgruppe nicht gezeigt wird: die ganze Veröffentlichung auf einmal, gerechnet von methods/.

Rechnet selbst nichts: reicht Zahlen, Regeln, Gebiete und frühere Veröffentlichungen an methods.disclosure weiter.
"""

import os

import pyarrow as pa

from methods.disclosure.pattern import COLUMNS, pattern
from methods.disclosure.protect import Unprotectable
from warehouse.processes import standing_by
from warehouse.publish import PublishRefused

#: More processes share what memory there is, and components that take long are few.
MOST = 4


def model(dbt, session):
    dbt.config(materialized="table")
    try:
        with standing_by(min(int(os.environ.get("SOZIALRAUM_THREADS", 2)), MOST), "methods.disclosure.release") as each:
            found = pattern(
                counts=dbt.ref("int_schutz__zaehlung").df(),
                fragments=dbt.ref("int_schutz__bruchstueck").df(),
                areas=dbt.ref("dim_raumeinheit").select("gebietsstand, ebene, raumeinheit_id, uebergeordnet_id, ebene_rang, gueltig_von, gueltig_bis").df(),
                kennzahlen=dbt.ref("kennzahlen").df(),
                parts=dbt.ref("zerlegungen").df(),
                rules=dbt.ref("int_schutz__regel").df(),
                formulas=dbt.ref("int_indikator__formel").select("indikator_id, kennzahl_id").df(),
                earlier=dbt.ref("stg_tuer__freigegeben").df(),
                profile=dbt.ref("int_schutz__profil").df(),
                carriers=dbt.ref("schutzhaushalte").df(),
                contributions=dbt.ref("int_schutz__beitrag").df(),
                rests=dbt.ref("int_schutz__rest").df(),
                each=each,
            )
    except Unprotectable as error:
        raise PublishRefused(
            f"Nicht zu schützen, weil frühere Veröffentlichungen oder die amtliche Statistik zu viel verraten: {'; '.join(error.cells[:5])}."
            " Bitte prüfen und die Kennzahl mit Grund in seeds/schutzausnahmen.csv eintragen, oder deckungsgleich in seeds/referenzmerkmale.csv."
        ) from error
    kinds = {"stichtag": pa.date32()} | dict.fromkeys(COLUMNS[:1] + COLUMNS[2:], pa.string())
    return pa.table({column: pa.array(found[column].tolist(), type=kinds[column]) for column in COLUMNS})
