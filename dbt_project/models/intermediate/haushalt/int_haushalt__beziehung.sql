-- Wer im Haushalt wessen Kind, Ehegatte oder möglicher Großelternteil ist: Zeiger zuerst; wo sie fehlen, Name und Alter.
{% set eltern_ab, eltern_bis = 15, 50 %}
{# Ledige Mitbewohner unter diesem Alter gelten auch ohne gleichen Namen als Kind, wenn jemand um so viel älter ist. #}
{% set kind_unter, ohne_namen_ab = 40, 18 %}

with mitglied as (
    select mitglied.haushalt_nr, bestand.*
    from {{ ref('int_haushalt__mitglied') }} as mitglied
    inner join {{ ref('int_haushalt__bestand') }} as bestand on mitglied.person_nr = bestand.person_nr
    where mitglied.groesse > 1
),

zu_zweit as (
    select
        eine.haushalt_nr,
        eine.person_nr,
        andere.person_nr as andere_nr,
        andere.alter_jahre - eine.alter_jahre as aelter,
        coalesce(andere.person_key in (eine.elternteil1_key, eine.elternteil2_key), false) as zeiger_eltern,
        coalesce(eine.ehegatte_key = andere.person_key, false) or coalesce(andere.ehegatte_key = eine.person_key, false) as ehe,
        coalesce(eine.familienname_phonetik_code in (andere.familienname_phonetik_code, andere.geburtsname_phonetik_code), false) as gleicher_name,
        coalesce(eine.alter_jahre < 18, false) as minderjaehrig,
        coalesce(eine.familienstand = 'LD' and eine.alter_jahre < {{ kind_unter }}, false) as jung_und_ledig
    from mitglied as eine
    inner join mitglied as andere
        on eine.haushalt_nr = andere.haushalt_nr
        and eine.person_nr <> andere.person_nr
),

person as (
    select *, bool_or(zeiger_eltern) over wer as hat_zeiger, bool_or(ehe) over wer as hat_ehe
    from zu_zweit
    window wer as (partition by person_nr)
),

beziehung as (
    select
        haushalt_nr,
        person_nr,
        andere_nr,
        ehe,
        zeiger_eltern or (
            not hat_zeiger
            and not hat_ehe
            and coalesce(aelter between {{ eltern_ab }} and {{ eltern_bis }}, false)
            and (minderjaehrig or gleicher_name or (jung_und_ledig and aelter >= {{ ohne_namen_ab }}))
        ) as kind_von,
        zeiger_eltern,
        gleicher_name,
        aelter
    from person
)

select * from beziehung
