{{ config(meta={'eingefroren': true}) }}
{% set gegliedert = ['spielplatz', 'haltestelle'] %}
{% set weiter_m = 500 %}
{% set altersgruppen = {'0_5': 'between 0 and 5', '6_14': 'between 6 and 14', '15_64': 'between 15 and 64', '65_plus': '>= 65'} %}
-- Einwohner mit Hauptwohnung, die höchstens so weit (Luftlinie) von einem Ort wohnen, wie seine Kategorie es nennt.
-- Um Spielplätze und Haltestellen auch im weiteren Kreis und nach Altersgruppen. Gezählt am Haus; wessen Anschrift
-- gesperrt ist, am Mittelpunkt der Häuser seines Blocks. Nur wo ein Register Häuser nennt.
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
        count(*) as personen,
        {%- for gruppe, bedingung in altersgruppen.items() %}
        count(*) filter (alter_jahre {{ bedingung }}) as personen_{{ gruppe }}{{ ',' if not loop.last }}
        {%- endfor %}
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
    select haus.haus_id, standort.kategorie, standort.rechts, standort.hoch, standort.umkreis_m
    from (
        select distinct kategorie, rechts, hoch, umkreis_m from ort
        union
        select distinct kategorie, rechts, hoch, {{ weiter_m }} from ort where kategorie in ('{{ gegliedert | join("', '") }}')
    ) as standort
    inner join haus
        on haus.rechts between standort.rechts - standort.umkreis_m and standort.rechts + standort.umkreis_m
        and haus.hoch between standort.hoch - standort.umkreis_m and standort.hoch + standort.umkreis_m
    where {{ abstand_m('haus', 'standort') }} <= standort.umkreis_m
),

versorgt as (
    select distinct ort.stichtag, ort.kategorie, nah.haus_id, ort.umkreis_m as naehe_m, nah.umkreis_m
    from ort
    inner join nah on ort.kategorie = nah.kategorie and ort.rechts = nah.rechts and ort.hoch = nah.hoch
),

je_haus as (
    select einwohner.*, versorgt.kategorie, versorgt.umkreis_m, versorgt.umkreis_m = versorgt.naehe_m as nah
    from einwohner
    inner join versorgt on einwohner.stichtag = versorgt.stichtag and einwohner.haus_id = versorgt.haus_id
),

gezaehlt as (
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        'block' as ebene,
        block_id as raumeinheit_id,
        case when nah then 'einwohner_im_umkreis_' || kategorie else 'im_umkreis_' || cast(umkreis_m as integer) || '_' || kategorie end as kennzahl_id,
        cast(sum(personen) as double) as wert,
        'wert' as status_id
    from je_haus
    group by lieferung_id, stichtag, gebietsstand, block_id, kategorie, umkreis_m, nah
    {%- for gruppe in altersgruppen %}
    union all
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        'block',
        block_id,
        'im_umkreis_' || cast(umkreis_m as integer) || '_' || kategorie || '_{{ gruppe }}',
        cast(sum(personen_{{ gruppe }}) as double),
        'wert'
    from je_haus
    where kategorie in ('{{ gegliedert | join("', '") }}')
    group by lieferung_id, stichtag, gebietsstand, block_id, kategorie, umkreis_m
    {%- endfor %}
)

select * from gezaehlt
{{ eingefrorene_zeilen() }}
