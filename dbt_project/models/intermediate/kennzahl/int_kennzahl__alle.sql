{{ config(materialized='view') }}

-- Alle Zahlen: die gezählten und die auf heutige Gebiete übergeleiteten, unterscheidbar an guete und uebergeleitet.
-- Wo ein Gebiet gezählt ist, gilt die Zählung; Stimmbezirke über mehrere Gebiete sind auf sie verteilt.
with verteilt as (
    select
        gebietsstand,
        stichtag,
        ebene,
        raumeinheit_id,
        unnest(['wahlberechtigte_' || wahl, 'waehler_' || wahl]) as kennzahl_id,
        case uebertragung when 'gewichtet' then 'weighted' else 'estimated' end as guete
    from {{ ref('int_wahl__wert') }}
    where uebertragung <> 'exakt'
),

gezaehlt as (
    select
        wert.gebietsstand,
        wert.stichtag,
        wert.ebene,
        wert.raumeinheit_id,
        wert.kennzahl_id,
        wert.wert,
        wert.status_id,
        wert.gliederung,
        wert.lieferung_id,
        coalesce(verteilt.guete, 'exact') as guete,
        false as uebergeleitet,
        cast(null as double) as erwarteter_fehler
    from {{ ref('int_kennzahl__wert') }} as wert
    left join verteilt
        on wert.gebietsstand = verteilt.gebietsstand
        and wert.stichtag = verteilt.stichtag
        and wert.ebene = verteilt.ebene
        and wert.raumeinheit_id = verteilt.raumeinheit_id
        and wert.kennzahl_id = verteilt.kennzahl_id
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
