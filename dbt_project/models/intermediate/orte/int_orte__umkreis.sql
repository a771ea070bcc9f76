{{ config(meta={'eingefroren': true}) }}
-- Einwohner mit Hauptwohnung, die höchstens so weit (Luftlinie) von einem Ort wohnen, wie seine Kategorie es nennt.
-- Gezählt am Haus; wessen Anschrift gesperrt ist, am Mittelpunkt der Häuser seines Blocks. Nur wo ein Register Häuser nennt.
with haus as (
    select
        coalesce(adresse_id, 'block-' || block_id) as haus_id,
        avg(x) as rechts,
        avg(y) as hoch
    from (
        select adresse_id, cast(null as varchar) as block_id, x, y from {{ ref('stg_adressen__adresse') }}
        union all
        select null, block_id, x, y from {{ ref('stg_adressen__adresse') }}
    )
    group by adresse_id, block_id
),

einwohner as (
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        block_id,
        coalesce(adresse_id, 'block-' || block_id) as haus_id,
        count(*) as personen
    from {{ ref('stg_melderegister_bestand__person') }}
    where wohnungsart = 'H' and block_id is not null
    group by lieferung_id, stichtag, gebietsstand, block_id, coalesce(adresse_id, 'block-' || block_id)
),

-- Die Orte eines Stichtags: ihre letzten bis dahin, höchstens ein Jahr alt (Kitas stehen zum 1. März in der Liste).
bezug as (
    select
        termin.stichtag,
        ort.kategorie,
        max(ort.stichtag) as ort_stichtag
    from (select distinct stichtag from einwohner) as termin
    inner join (select distinct kategorie, stichtag from {{ ref('int_orte__ort') }}) as ort
        on ort.stichtag <= termin.stichtag
        and ort.stichtag > termin.stichtag - interval 1 year
    group by termin.stichtag, ort.kategorie
),

ort as (
    select
        bezug.stichtag,
        ort.kategorie,
        ort.x as rechts,
        ort.y as hoch,
        kategorie.umkreis_m
    from bezug
    inner join {{ ref('int_orte__ort') }} as ort on bezug.kategorie = ort.kategorie and bezug.ort_stichtag = ort.stichtag
    inner join {{ ref('ortkategorien') }} as kategorie on ort.kategorie = kategorie.kategorie and kategorie.umkreis_m is not null
    where ort.x is not null
),

-- Abstände hängen nicht vom Jahr ab: jedes Paar aus Haus und Standort einmal.
nah as (
    select haus.haus_id, standort.kategorie, standort.rechts, standort.hoch
    from (select distinct kategorie, rechts, hoch, umkreis_m from ort) as standort
    inner join haus
        on haus.rechts between standort.rechts - standort.umkreis_m and standort.rechts + standort.umkreis_m
        and haus.hoch between standort.hoch - standort.umkreis_m and standort.hoch + standort.umkreis_m
    where {{ abstand_m('haus', 'standort') }} <= standort.umkreis_m
),

versorgt as (
    select distinct ort.stichtag, ort.kategorie, nah.haus_id
    from ort
    inner join nah on ort.kategorie = nah.kategorie and ort.rechts = nah.rechts and ort.hoch = nah.hoch
),

gezaehlt as (
    select
        einwohner.lieferung_id,
        einwohner.stichtag,
        einwohner.gebietsstand,
        'block' as ebene,
        einwohner.block_id as raumeinheit_id,
        'einwohner_im_umkreis_' || versorgt.kategorie as kennzahl_id,
        cast(sum(einwohner.personen) as double) as wert,
        'wert' as status_id
    from einwohner
    inner join versorgt on einwohner.stichtag = versorgt.stichtag and einwohner.haus_id = versorgt.haus_id
    group by einwohner.lieferung_id, einwohner.stichtag, einwohner.gebietsstand, einwohner.block_id, versorgt.kategorie
)

select * from gezaehlt
{{ eingefrorene_zeilen() }}
