{{ config(meta={'eingefroren': true}) }}
-- Geburten, Sterbefälle und Wanderungen je Block aus den Ereignissen oder je Sozialraum aus der Tabelle.
-- Ein Umzug in der Stadt zählt an beiden Enden, auch innerhalb eines Gebiets: so gehen Bestände und Bewegungen auf.
{% set kennzahlen = {
    "geburten": "seite = 'nach' and ereignis = 'GEB'",
    "sterbefaelle": "seite = 'von' and ereignis = 'STE'",
    "zuzuege": "seite = 'nach' and ereignis = 'ZUZ'",
    "fortzuege": "seite = 'von' and ereignis = 'FOR'",
    "umzuege_zu": "seite = 'nach' and ereignis = 'UMZ'",
    "umzuege_fort": "seite = 'von' and ereignis = 'UMZ'",
    "einbuergerungen": "seite = 'von' and ereignis = 'EIN'",
    "sterbefaelle_0_64": "seite = 'von' and ereignis = 'STE' and alter_jahre < 65",
    "zuzuege_0_17": "seite = 'nach' and ereignis = 'ZUZ' and alter_jahre < 18",
    "fortzuege_0_17": "seite = 'von' and ereignis = 'FOR' and alter_jahre < 18",
    "umzuege_zu_0_17": "seite = 'nach' and ereignis = 'UMZ' and alter_jahre < 18",
    "umzuege_fort_0_17": "seite = 'von' and ereignis = 'UMZ' and alter_jahre < 18",
    "zuzuege_nichtdeutsch": "seite = 'nach' and ereignis = 'ZUZ' and staatsangehoerigkeit1 <> '000'",
    "fortzuege_nichtdeutsch": "seite = 'von' and ereignis = 'FOR' and staatsangehoerigkeit1 <> '000'",
    "zuzuege_ausland": "seite = 'nach' and ereignis = 'ZUZ' and length(gegenort) = 3",
    "fortzuege_ausland": "seite = 'von' and ereignis = 'FOR' and length(gegenort) = 3",
} %}

with seiten as (
    select ereignis.*, seite.seite, coalesce(case seite.seite when 'von' then von_block_id else nach_block_id end, 'nz_block') as raumeinheit_id, 'block' as ebene
    from {{ ref('stg_melderegister_bewegung__ereignis') }} as ereignis
    cross join (values ('von'), ('nach')) as seite (seite)
    where (seite.seite = 'von' and ereignis.ereignis in ('STE', 'FOR', 'UMZ', 'EIN'))
        or (seite.seite = 'nach' and ereignis.ereignis in ('GEB', 'ZUZ', 'UMZ'))
    union all
    -- Ein leerer Eintrag je Lieferung: was in ihr nicht vorkommt, ist null.
    select leer.*, cast(null as varchar), 'nz_block', 'block'
    from (select distinct on (lieferung_id) * from {{ ref('stg_melderegister_bewegung__ereignis') }}) as leer
),

aus_ereignissen as (
    {{ gezaehlte_faelle('seiten', kennzahlen) }}
),

aus_tabellen as (
    {{ kennzahlen_aus_spalten(ref('stg_melderegister_bewegung__tabelle'), kennzahlen.keys() | list) }}
)

select * from aus_ereignissen
union all
select * from aus_tabellen
{{ eingefrorene_zeilen() }}
