-- Migrationshintergrund nach Belegen: wer selbst oder mit wenigstens einem Elternteil nicht als Deutsche:r geboren ist.
-- Eltern stehen als Zeiger im Register oder leben als Eltern mit im Haushalt; was niemand belegt, ist "ohne".
{# Wer vor 1950 als Deutscher außerhalb des heutigen Gebiets geboren ist, kam vertrieben, nicht zugewandert (Destatis: Zuwanderung ab 1950). #}
{% set zuwanderung_ab, erwachsen_ab = 1950, 25 %}

with person as (
    select
        person_nr,
        lieferung_id,
        person_key,
        elternteil1_key,
        elternteil2_key,
        alter_jahre,
        staatsangehoerigkeit1 <> '000' as nichtdeutsch,
        coalesce(staatsangehoerigkeit2 <> '000', false) as zweite_auslaendisch,
        deutsch_art,
        length(geburtsort_schluessel) = 3 and geburtsort_schluessel <> '000' as im_ausland_geboren,
        length(herkunft) = 3 and herkunft <> '000' as aus_dem_ausland,
        coalesce(extract(year from stichtag) - alter_jahre < {{ zuwanderung_ab }}, false) as vor_zuwanderung
    from {{ ref('int_haushalt__bestand') }}
),

zeiger as (
    select lieferung_id, person_nr, elternteil1_key as eltern_key from person where elternteil1_key is not null
    union
    select lieferung_id, person_nr, elternteil2_key from person where elternteil2_key is not null
),

nach_zeiger as (
    select zeiger.person_nr, eltern.person_nr as eltern_nr
    from zeiger
    inner join person as eltern on zeiger.lieferung_id = eltern.lieferung_id and zeiger.eltern_key = eltern.person_key
),

eltern as (
    select person_nr, eltern_nr from nach_zeiger
    union all
    select person_nr, andere_nr
    from {{ ref('int_haushalt__beziehung') }}
    where kind_von and gleicher_name and person_nr not in (select person_nr from nach_zeiger)
),

von_eltern as (
    select
        eltern.person_nr,
        count(*) as bekannt,
        count(*) filter (where elternteil.nichtdeutsch or elternteil.deutsch_art in ('2', '3')) as nicht_deutsch_geboren,
        count(*) filter (where elternteil.nichtdeutsch) as nichtdeutsch
    from eltern
    inner join person as elternteil on eltern.eltern_nr = elternteil.person_nr
    group by eltern.person_nr
),

belegt as (
    select
        person.person_nr,
        case
            when im_ausland_geboren and person.nichtdeutsch then ['selbst_zugewandert', 'staatsangehoerigkeit']
            when deutsch_art = '3' then ['selbst_zugewandert', 'aussiedler']
            when im_ausland_geboren and deutsch_art = '2' then ['selbst_zugewandert', 'einbuergerung']
            when im_ausland_geboren and zweite_auslaendisch then ['selbst_zugewandert', 'zweite_staatsangehoerigkeit']
            when im_ausland_geboren and von_eltern.nicht_deutsch_geboren > 0 then ['selbst_zugewandert', 'eltern']
            when im_ausland_geboren and not vor_zuwanderung then ['selbst_zugewandert', 'geburtsort']
            -- ohne Geburtsort: wer als Erwachsener ohne deutschen Pass hier lebt oder aus dem Ausland kam, ist zugewandert
            when im_ausland_geboren is null and person.nichtdeutsch and (aus_dem_ausland or alter_jahre >= {{ erwachsen_ab }}) then ['selbst_zugewandert', 'staatsangehoerigkeit']
            when im_ausland_geboren is null and deutsch_art = '2' and aus_dem_ausland then ['selbst_zugewandert', 'einbuergerung']
            when person.nichtdeutsch then ['beide_eltern', 'staatsangehoerigkeit']
            when deutsch_art = '2' then ['beide_eltern', 'einbuergerung']
            when deutsch_art = '4' then ['beide_eltern', 'geburtsrecht']
            when von_eltern.nicht_deutsch_geboren >= 2 then ['beide_eltern', 'eltern']
            -- nur ein Elternteil bekannt und selbst eingebürgert: der andere wird so gewesen sein; ein Nichtdeutscher hat deutsche Kinder nur mit einem deutschen
            when von_eltern.nicht_deutsch_geboren = 1 and von_eltern.bekannt = 1 and von_eltern.nichtdeutsch = 0 then ['beide_eltern', 'eltern']
            when von_eltern.nicht_deutsch_geboren = 1 then ['ein_elternteil', 'eltern']
            when zweite_auslaendisch and alter_jahre < 18 then ['ein_elternteil', 'zweite_staatsangehoerigkeit']
            when zweite_auslaendisch then ['beide_eltern', 'zweite_staatsangehoerigkeit']
            else ['ohne', 'kein_beleg']
        end as klasse_und_beleg
    from person
    left join von_eltern on person.person_nr = von_eltern.person_nr
),

migration as (
    select person_nr, klasse_und_beleg[1] as migration, klasse_und_beleg[2] as migration_beleg
    from belegt
)

select * from migration
