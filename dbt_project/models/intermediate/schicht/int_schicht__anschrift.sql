-- Weitere Schichten über denselben Anschriften: Schulbezirk (die nächste Grundschule, Luftlinie), Stimmbezirk (nach dem
-- Straßenverzeichnis) und Gitterzelle von 100 m; jede auf dem jüngsten Verzeichnis, für alle Jahre dieselbe.
{% set gitterweite_m = 100 %}

with anschrift as (
    select adresse_id, strassenschluessel, hausnummer, zusatz, block_id, epsg, x as rechts, y as hoch
    from {{ ref('stg_adressen__adresse') }}
    qualify stichtag = max(stichtag) over ()
),

grundschule as (
    select ort_id, name, x as rechts, y as hoch
    from {{ ref('int_orte__ort') }}
    where kategorie = 'schule' and unterkategorie = '02' and x is not null
    qualify stichtag = max(stichtag) over ()
),

naechste as (
    select
        anschrift.adresse_id,
        anschrift.block_id,
        arg_min({'id': grundschule.ort_id, 'name': grundschule.name}, {'abstand': {{ abstand_m('anschrift', 'grundschule') }}, 'id': grundschule.ort_id}) as schule
    from anschrift
    cross join grundschule
    group by anschrift.adresse_id, anschrift.block_id
),

stimmbezirk as (
    select *
    from {{ ref('stg_wahlbezirke__adresse') }}
    qualify stichtag = max(stichtag) over ()
),

schichten as (
    select 'schulbezirk' as schicht, schule.id as schicht_id, schule.name as name, adresse_id, block_id
    from naechste
    union all
    select 'stimmbezirk', stimmbezirk.stimmbezirk, 'Stimmbezirk ' || stimmbezirk.stimmbezirk, anschrift.adresse_id, anschrift.block_id
    from stimmbezirk
    inner join anschrift
        on stimmbezirk.strassenschluessel = anschrift.strassenschluessel
        and stimmbezirk.hausnummer = anschrift.hausnummer
        and stimmbezirk.zusatz is not distinct from anschrift.zusatz
    union all
    -- Die linke untere Ecke der Zelle, wie die amtlichen Gitter sie nennen.
    select
        'gitter_100m',
        'E' || cast(floor(rechts / {{ gitterweite_m }}) as bigint) || 'N' || cast(floor(hoch / {{ gitterweite_m }}) as bigint),
        'Zelle ' || {{ gitterweite_m }} || ' m, EPSG ' || epsg,
        adresse_id,
        block_id
    from anschrift
    where rechts is not null
)

select * from schichten
