-- Ein Haushalt je Zeile mit Größe und Typ. Kind ist, wer mit einem Elternteil lebt, auch erwachsen; Paar sind Eheleute
-- oder die zwei einzigen anderen, Mann und Frau mit höchstens 20 Jahren Abstand.
{% set abstand_paar = 20 %}
{# So viel jünger als das älteste ist in drei Generationen die jüngste: mehr, als Eltern in der Regel von Kindern trennt. #}
{% set abstand_enkel, eltern_ab, eltern_bis = 38, 15, 50 %}

with kind as (
    select distinct person_nr from {{ ref('int_haushalt__beziehung') }} where kind_von
),

drei_generationen as (
    select distinct enkel.haushalt_nr
    from {{ ref('int_haushalt__beziehung') }} as enkel
    inner join {{ ref('int_haushalt__beziehung') }} as eltern
        on enkel.andere_nr = eltern.person_nr
        and not eltern.ehe
        and eltern.aelter between {{ eltern_ab }} and {{ eltern_bis }}
    inner join {{ ref('int_haushalt__beziehung') }} as abstand
        on enkel.person_nr = abstand.person_nr
        and eltern.andere_nr = abstand.andere_nr
        and abstand.aelter >= {{ abstand_enkel }}
        and not abstand.zeiger_eltern
    where enkel.kind_von
),

verheiratet as (
    select distinct person_nr from {{ ref('int_haushalt__beziehung') }} where ehe
),

haushalt as (
    select
        mitglied.haushalt_nr,
        min(bestand.person_key) as haushalt_id,
        bool_or(bestand.einrichtung) as einrichtung,
        count(*) as groesse,
        count(*) filter (where bestand.alter_jahre < 18) as minderjaehrige,
        count(*) filter (where kind.person_nr is not null) as kinder,
        count(*) filter (where kind.person_nr is null) as andere,
        count(*) filter (where kind.person_nr is null and verheiratet.person_nr is not null) as eheleute,
        count(*) filter (where kind.person_nr is null and bestand.geschlecht = 'm') as maenner,
        count(*) filter (where kind.person_nr is null and bestand.geschlecht = 'w') as frauen,
        max(bestand.alter_jahre) filter (where kind.person_nr is null) - min(bestand.alter_jahre) filter (where kind.person_nr is null) as abstand
    from {{ ref('int_haushalt__mitglied') }} as mitglied
    inner join {{ ref('int_haushalt__bestand') }} as bestand on mitglied.person_nr = bestand.person_nr
    left join kind on mitglied.person_nr = kind.person_nr
    left join verheiratet on mitglied.person_nr = verheiratet.person_nr
    group by mitglied.haushalt_nr
),

gepaart as (
    select *, andere = 2 and (eheleute = 2 or coalesce(maenner = 1 and frauen = 1 and abstand <= {{ abstand_paar }}, false)) as paar
    from haushalt
),

typisiert as (
    select
        gepaart.haushalt_nr,
        gepaart.haushalt_id,
        gepaart.groesse,
        case
            when gepaart.einrichtung then 'einrichtung'
            when gepaart.groesse = 1 then 'einperson'
            when drei_generationen.haushalt_nr is not null then 'drei_generationen'
            when gepaart.paar and gepaart.minderjaehrige > 0 then 'paar_mit_minderjaehrigen'
            when gepaart.andere = 1 and gepaart.minderjaehrige > 0 then 'alleinerziehend'
            when gepaart.paar and gepaart.kinder > 0 then 'paar_mit_erwachsenem_kind'
            when gepaart.andere = 1 and gepaart.kinder > 0 then 'elternteil_mit_erwachsenem_kind'
            when gepaart.paar then 'paar_ohne_kind'
            else 'sonstige'
        end as haushaltstyp
    from gepaart
    left join drei_generationen on gepaart.haushalt_nr = drei_generationen.haushalt_nr
)

select * from typisiert
