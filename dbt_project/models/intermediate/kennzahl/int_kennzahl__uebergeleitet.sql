-- Zahlen früherer Jahre auf den heutigen Gebieten, mit Gewichten übergeleitet: nur Anzahlen, nur zum Jahresstichtag, nur
-- aus veröffentlichten Quellen (das Tor kennt die Bruchstücke nicht, die beim Überleiten entstehen). Zähler und Nenner
-- gehen mit denselben Gewichten über; fehlt ein Teil, fehlt die Summe.
with anzahl as (
    select
        wert.lieferung_id,
        wert.stichtag,
        wert.gebietsstand,
        wert.ebene,
        wert.raumeinheit_id,
        wert.kennzahl_id,
        wert.wert,
        wert.status_id,
        wert.gliederung
    from {{ ref('int_kennzahl__wert') }} as wert
    inner join {{ ref('stg_tuer__quellenstand') }} as quellenstand
        on wert.lieferung_id = quellenstand.lieferung_id
        and quellenstand.veroeffentlicht
        and strftime(wert.stichtag, '%m-%d') = quellenstand.jahresstichtag
    inner join {{ ref('kennzahlen') }} as kennzahl on wert.kennzahl_id = kennzahl.kennzahl_id and kennzahl.mass <> 'flaeche_ha'
),

feinste as (
    select
        anzahl.lieferung_id,
        anzahl.stichtag,
        ueberleitung.nach_gebietsstand as gebietsstand,
        ueberleitung.ebene,
        ueberleitung.nach_id as raumeinheit_id,
        anzahl.kennzahl_id,
        anzahl.gliederung,
        case when count(*) = count(anzahl.wert) then round(sum(anzahl.wert * ueberleitung.gewicht), 6) end as wert,
        bool_or(anzahl.status_id = 'nicht_berechenbar') as nicht_berechenbar,
        any_value(ueberleitung.guete) as guete,
        any_value(ueberleitung.alterung_je_jahr * abs(ueberleitung.stand - extract(year from anzahl.stichtag) - extract(doy from anzahl.stichtag) / 365.25)) as fehler
    from anzahl
    inner join {{ ref('int_raum__ueberleitung') }} as ueberleitung
        on anzahl.gebietsstand = ueberleitung.von_gebietsstand
        and anzahl.ebene = ueberleitung.ebene
        and anzahl.raumeinheit_id = ueberleitung.von_id
    group by anzahl.lieferung_id, anzahl.stichtag, ueberleitung.nach_gebietsstand, ueberleitung.ebene, ueberleitung.nach_id, anzahl.kennzahl_id, anzahl.gliederung
),

summiert as (
    select
        feinste.lieferung_id,
        feinste.stichtag,
        feinste.gebietsstand,
        vorfahr.vorfahr_ebene as ebene,
        vorfahr.vorfahr_id as raumeinheit_id,
        feinste.kennzahl_id,
        case when count(*) = count(feinste.wert) then sum(feinste.wert) end as wert,
        bool_or(feinste.nicht_berechenbar) as nicht_berechenbar,
        min(feinste.gliederung) as gliederung,
        -- In der ganzen Stadt steht niemand im falschen Gebiet.
        case when max(vorfahr.vorfahr_rang) = 1 then 'exact' else {{ schlechteste_guete(['feinste.guete']) }} end as guete,
        max(feinste.fehler) as fehler
    from feinste
    inner join {{ ref('int_raum__vorfahr') }} as vorfahr
        on feinste.gebietsstand = vorfahr.gebietsstand
        and feinste.ebene = vorfahr.ebene
        and feinste.raumeinheit_id = vorfahr.raumeinheit_id
    group by feinste.lieferung_id, feinste.stichtag, feinste.gebietsstand, vorfahr.vorfahr_ebene, vorfahr.vorfahr_id, feinste.kennzahl_id
),

gekennzeichnet as (
    select
        gebietsstand,
        stichtag,
        ebene,
        raumeinheit_id,
        kennzahl_id,
        wert,
        case
            when wert = 0 then 'nichts_vorhanden'
            when wert is not null then 'wert'
            when nicht_berechenbar then 'nicht_berechenbar'
            else 'nicht_geliefert'
        end as status_id,
        gliederung,
        lieferung_id,
        -- Genau nur, wo alle Teile ganze frühere Gebiete sind.
        guete,
        case when guete = 'exact' then 0 else fehler end as erwarteter_fehler
    from summiert
),

flaeche as (
    select
        ort.gebietsstand,
        ort.stichtag,
        ort.ebene,
        ort.raumeinheit_id,
        kennzahl.kennzahl_id,
        einheit.flaeche_ha as wert,
        case when einheit.flaeche_ha is null then 'nicht_geliefert' else 'wert' end as status_id,
        cast(null as varchar) as gliederung,
        einheit.lieferung_id,
        'exact' as guete,
        0.0 as erwarteter_fehler
    from (select distinct gebietsstand, stichtag, ebene, raumeinheit_id from gekennzeichnet) as ort
    inner join {{ ref('dim_raumeinheit') }} as einheit
        on ort.gebietsstand = einheit.gebietsstand
        and ort.ebene = einheit.ebene
        and ort.raumeinheit_id = einheit.raumeinheit_id
    inner join {{ ref('kennzahlen') }} as kennzahl on kennzahl.mass = 'flaeche_ha'
),

zusammen as (
    select * from gekennzeichnet
    union all
    select * from flaeche
)

select * from zusammen
