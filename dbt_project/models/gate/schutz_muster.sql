-- Die Schnittstelle des Schutzes: was welcher Zielgruppe nicht gezeigt wird. Wer die Regel ändert, ändert nur,
-- wie diese Tabelle entsteht; die Freigaben lesen nichts anderes.
{{ config(alias='muster') }}

with gesperrte_kennzahl as (
    select
        gesperrt.gebietsstand,
        gesperrt.ebene,
        gesperrt.raumeinheit_id,
        gesperrt.stichtag,
        kennzahl.kennzahl_id,
        gesperrt.conf_status,
        gesperrt.grund
    from {{ ref('schutz_gesperrt') }} as gesperrt
    inner join {{ ref('kennzahlen') }} as kennzahl
        on gesperrt.familie = kennzahl.schutzfamilie
        and gesperrt.stufe = kennzahl.schutzstufe
)

select
    zielgruppen.zielgruppe,
    gesperrte_kennzahl.gebietsstand,
    gesperrte_kennzahl.ebene,
    gesperrte_kennzahl.raumeinheit_id,
    gesperrte_kennzahl.stichtag,
    gesperrte_kennzahl.kennzahl_id,
    gesperrte_kennzahl.conf_status,
    gesperrte_kennzahl.grund
from gesperrte_kennzahl
cross join {{ zielgruppen() }}
