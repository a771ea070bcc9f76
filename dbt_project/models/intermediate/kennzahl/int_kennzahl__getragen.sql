-- Gelieferte Kennzahlen auf allen Ebenen über der feinsten gelieferten, dazu in jedem Gebietsstand, den Blöcke erlauben.
-- Ein unbekannter Teil macht die Summe unbekannt; dann gilt die gelieferte Zahl der oberen Ebene, wo es sie gibt.
with kennzahl as (
    select kennzahl_id, luecke, summierbar
    from {{ ref('kennzahlen') }}
),

geliefert as (
    select geliefert.*, ebene.rang
    from {{ ref('int_kennzahl__geliefert') }} as geliefert
    inner join {{ ref('stg_tuer__ebene') }} as ebene on geliefert.ebene = ebene.ebene
),

lieferung as (
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        kennzahl_id,
        max(rang) as rang,
        arg_max(ebene, rang) as ebene
    from geliefert
    group by lieferung_id, stichtag, gebietsstand, kennzahl_id
),

-- Die feinste Ebene lückenlos: was in der Liste fehlt, ist je nach Kennzahl nichts oder unbekannt.
feinste as (
    select
        lieferung.lieferung_id,
        lieferung.stichtag,
        lieferung.gebietsstand,
        lieferung.ebene,
        lieferung.kennzahl_id,
        einheit.raumeinheit_id,
        kennzahl.summierbar,
        case when geliefert.raumeinheit_id is null and (kennzahl.luecke = 'nichts' or einheit.nicht_zuordenbar) then 0 else geliefert.wert end as wert,
        case
            when geliefert.raumeinheit_id is not null then geliefert.status_id
            when kennzahl.luecke = 'nichts' or einheit.nicht_zuordenbar then 'nichts_vorhanden'
            else 'nicht_geliefert'
        end as status_id
    from lieferung
    inner join kennzahl on lieferung.kennzahl_id = kennzahl.kennzahl_id
    inner join {{ ref('int_raum__einheit') }} as einheit
        on lieferung.gebietsstand = einheit.gebietsstand
        and lieferung.ebene = einheit.ebene
    left join geliefert
        on lieferung.lieferung_id = geliefert.lieferung_id
        and lieferung.stichtag = geliefert.stichtag
        and lieferung.kennzahl_id = geliefert.kennzahl_id
        and lieferung.rang = geliefert.rang
        and einheit.raumeinheit_id = geliefert.raumeinheit_id
),

summiert as (
    select
        feinste.lieferung_id,
        feinste.stichtag,
        vorfahr.gebietsstand,
        vorfahr.vorfahr_ebene as ebene,
        vorfahr.vorfahr_id as raumeinheit_id,
        feinste.kennzahl_id,
        case when count(*) = count(feinste.wert) then sum(feinste.wert) end as wert,
        case
            when count(*) = 1 then any_value(feinste.status_id)
            when count(*) filter (where feinste.wert is null and feinste.status_id in ('geheim', 'geheim_ba')) > 0 then 'geheim'
            when count(*) > count(feinste.wert) then 'nicht_geliefert'
            when bool_or(feinste.status_id = 'vorlaeufig') then 'vorlaeufig'
            when bool_or(feinste.status_id = 'eingeschraenkt') then 'eingeschraenkt'
            when sum(feinste.wert) = 0 then 'nichts_vorhanden'
            else 'wert'
        end as status_id
    from feinste
    inner join {{ ref('int_raum__gebietsstand_paar') }} as paar
        on feinste.gebietsstand = paar.von_gebietsstand
        and feinste.ebene = paar.ebene
    inner join {{ ref('int_raum__vorfahr') }} as vorfahr
        on paar.nach_gebietsstand = vorfahr.gebietsstand
        and feinste.ebene = vorfahr.ebene
        and feinste.raumeinheit_id = vorfahr.raumeinheit_id
        -- Derselbe Block steht nur in seinem Gebietsstand, nicht in jedem, dessen Gebiete er trägt.
        and (paar.nach_gebietsstand = feinste.gebietsstand or vorfahr.vorfahr_ebene <> feinste.ebene)
    where feinste.summierbar or vorfahr.vorfahr_ebene = feinste.ebene
    group by feinste.lieferung_id, feinste.stichtag, vorfahr.gebietsstand, vorfahr.vorfahr_ebene, vorfahr.vorfahr_id, feinste.kennzahl_id
),

oben as (
    select geliefert.*
    from geliefert
    inner join lieferung
        on geliefert.lieferung_id = lieferung.lieferung_id
        and geliefert.stichtag = lieferung.stichtag
        and geliefert.kennzahl_id = lieferung.kennzahl_id
        and geliefert.rang < lieferung.rang
),

getragen as (
    select
        coalesce(summiert.lieferung_id, oben.lieferung_id) as lieferung_id,
        coalesce(summiert.stichtag, oben.stichtag) as stichtag,
        coalesce(summiert.gebietsstand, oben.gebietsstand) as gebietsstand,
        coalesce(summiert.ebene, oben.ebene) as ebene,
        coalesce(summiert.raumeinheit_id, oben.raumeinheit_id) as raumeinheit_id,
        coalesce(summiert.kennzahl_id, oben.kennzahl_id) as kennzahl_id,
        coalesce(summiert.wert, oben.wert) as wert,
        case when summiert.wert is null and oben.wert is not null then oben.status_id else coalesce(summiert.status_id, oben.status_id) end as status_id,
        oben.wert as gelieferte_summe
    from summiert
    full join oben
        on summiert.lieferung_id = oben.lieferung_id
        and summiert.stichtag = oben.stichtag
        and summiert.gebietsstand = oben.gebietsstand
        and summiert.ebene = oben.ebene
        and summiert.raumeinheit_id = oben.raumeinheit_id
        and summiert.kennzahl_id = oben.kennzahl_id
)

select * from getragen
