{{ config(materialized='view') }}

-- Alle Zahlen: die gezählten und die auf heutige Gebiete übergeleiteten, unterscheidbar an guete und uebergeleitet.
-- Wo ein Gebiet gezählt ist, gilt die Zählung.
with gezaehlt as (
    select
        gebietsstand,
        stichtag,
        ebene,
        raumeinheit_id,
        kennzahl_id,
        wert,
        status_id,
        gliederung,
        lieferung_id,
        'exact' as guete,
        false as uebergeleitet,
        cast(null as double) as erwarteter_fehler
    from {{ ref('int_kennzahl__wert') }}
),

uebergeleitet as (
    select
        neu.gebietsstand,
        neu.stichtag,
        neu.ebene,
        neu.raumeinheit_id,
        neu.kennzahl_id,
        neu.wert,
        neu.status_id,
        neu.gliederung,
        neu.lieferung_id,
        neu.guete,
        true as uebergeleitet,
        cast(neu.erwarteter_fehler as double) as erwarteter_fehler
    from {{ ref('int_kennzahl__uebergeleitet') }} as neu
    where not exists (
        select 1 from gezaehlt
        where gezaehlt.gebietsstand = neu.gebietsstand
            and gezaehlt.stichtag = neu.stichtag
            and gezaehlt.ebene = neu.ebene
            and gezaehlt.raumeinheit_id = neu.raumeinheit_id
            and gezaehlt.kennzahl_id = neu.kennzahl_id
    )
),

alle as (
    select * from gezaehlt
    union all
    select * from uebergeleitet
)

select * from alle
