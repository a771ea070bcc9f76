-- Eine Zeile je Gebiet, Gebietsstand, Stichtag und Kennzahl: aus der Gliederung mit Vorrang, als "nicht berechenbar",
-- wo keine sie trägt; die Fläche aus der Gebietsliste; die Kennzahlen der anderen Themen, erwartet und geliefert.
with gereiht as (
    select gebiet.*, vorrang.rang
    from {{ ref('int_kennzahl__gebiet') }} as gebiet
    inner join {{ ref('vorrang') }} as vorrang on gebiet.gliederung = vorrang.gliederung
),

vorrangig as (
    select *
    from gereiht
    qualify row_number() over (partition by gebietsstand, stichtag, ebene, raumeinheit_id, kennzahl_id order by wert is null, rang) = 1
),

-- Wo überhaupt Bevölkerung geliefert ist, gibt es für jede Kennzahl eine Zeile.
geruest as (
    select
        gebietsstand,
        stichtag,
        ebene,
        raumeinheit_id,
        arg_min(lieferung_id, rang) as lieferung_id
    from gereiht
    group by gebietsstand, stichtag, ebene, raumeinheit_id
),

bevoelkerung as (
    select
        geruest.gebietsstand,
        geruest.stichtag,
        geruest.ebene,
        geruest.raumeinheit_id,
        kennzahl.kennzahl_id,
        cast(vorrangig.wert as double) as wert,
        case
            when vorrangig.kennzahl_id is null then 'nicht_berechenbar'
            when vorrangig.wert is null then 'nicht_geliefert'
            when vorrangig.wert = 0 then 'nichts_vorhanden'
            else 'wert'
        end as status_id,
        vorrangig.gliederung,
        coalesce(vorrangig.lieferung_id, geruest.lieferung_id) as lieferung_id
    from geruest
    cross join {{ ref('kennzahlen') }} as kennzahl
    left join vorrangig
        on geruest.gebietsstand = vorrangig.gebietsstand
        and geruest.stichtag = vorrangig.stichtag
        and geruest.ebene = vorrangig.ebene
        and geruest.raumeinheit_id = vorrangig.raumeinheit_id
        and kennzahl.kennzahl_id = vorrangig.kennzahl_id
    -- Einzelne Jahrgänge haben eine Zeile, wo sie gezählt sind; ohne Register gibt es sie nicht.
    where kennzahl.thema = 'bevoelkerung' or (kennzahl.thema = 'jahrgang' and vorrangig.kennzahl_id is not null)
),

flaeche as (
    select
        geruest.gebietsstand,
        geruest.stichtag,
        geruest.ebene,
        geruest.raumeinheit_id,
        kennzahl.kennzahl_id,
        einheit.flaeche_ha as wert,
        case when einheit.flaeche_ha is null then 'nicht_geliefert' else 'wert' end as status_id,
        cast(null as varchar) as gliederung,
        einheit.lieferung_id
    from geruest
    inner join {{ ref('dim_raumeinheit') }} as einheit
        on geruest.gebietsstand = einheit.gebietsstand
        and geruest.ebene = einheit.ebene
        and geruest.raumeinheit_id = einheit.raumeinheit_id
    inner join {{ ref('kennzahlen') }} as kennzahl on kennzahl.mass = 'flaeche_ha'
),

weitere as (
    select
        coalesce(getragen.gebietsstand, erwartet.gebietsstand) as gebietsstand,
        coalesce(getragen.stichtag, erwartet.stichtag) as stichtag,
        coalesce(getragen.ebene, erwartet.ebene) as ebene,
        coalesce(getragen.raumeinheit_id, erwartet.raumeinheit_id) as raumeinheit_id,
        coalesce(getragen.kennzahl_id, erwartet.kennzahl_id) as kennzahl_id,
        getragen.wert,
        case
            when getragen.kennzahl_id is null then 'nicht_geliefert'
            when getragen.wert = 0 and getragen.status_id = 'wert' then 'nichts_vorhanden'
            else getragen.status_id
        end as status_id,
        cast(null as varchar) as gliederung,
        getragen.lieferung_id
    from {{ ref('int_kennzahl__getragen') }} as getragen
    full join {{ ref('int_kennzahl__erwartet') }} as erwartet
        on getragen.gebietsstand = erwartet.gebietsstand
        and getragen.stichtag = erwartet.stichtag
        and getragen.ebene = erwartet.ebene
        and getragen.raumeinheit_id = erwartet.raumeinheit_id
        and getragen.kennzahl_id = erwartet.kennzahl_id
),

zusammen as (
    select * from bevoelkerung
    union all
    select * from flaeche
    union all
    select * from weitere
)

select * from zusammen
