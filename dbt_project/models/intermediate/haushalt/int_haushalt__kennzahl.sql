{#
  Haushalte und Personen in Haushalten je Block; wie alle Zählungen von Personen je Lieferung einmal gezählt und behalten.
#}
{{ je_lieferung() }}

{# Aus Sicht der Haushalte und, wo es um Personen geht, mit deren Zahl gewichtet. #}
{% set kennzahlen = [
    ('haushalte', "count(*) filter (where privat)"),
    ('haushalte_1_person', "count(*) filter (where privat and groesse = 1)"),
    ('haushalte_2_personen', "count(*) filter (where privat and groesse = 2)"),
    ('haushalte_3_personen', "count(*) filter (where privat and groesse = 3)"),
    ('haushalte_4_personen', "count(*) filter (where privat and groesse = 4)"),
    ('haushalte_5_personen_und_mehr', "count(*) filter (where privat and groesse >= 5)"),
    ('haushalte_paar_ohne_kind', "count(*) filter (where haushaltstyp = 'paar_ohne_kind')"),
    ('haushalte_paar_mit_kind', "count(*) filter (where haushaltstyp = 'paar_mit_minderjaehrigen')"),
    ('alleinerziehende_haushalte', "count(*) filter (where haushaltstyp = 'alleinerziehend')"),
    ('haushalte_mit_erwachsenem_kind', "count(*) filter (where haushaltstyp in ('paar_mit_erwachsenem_kind', 'elternteil_mit_erwachsenem_kind'))"),
    ('haushalte_3_generationen', "count(*) filter (where haushaltstyp = 'drei_generationen')"),
    ('haushalte_sonstige', "count(*) filter (where haushaltstyp = 'sonstige')"),
    ('haushalte_mit_kindern', "count(*) filter (where privat and minderjaehrige > 0)"),
    ('haushalte_mit_drei_kindern_und_mehr', "count(*) filter (where privat and minderjaehrige >= 3)"),
    ('haushalte_nur_senioren', "count(*) filter (where privat and ab_65 = groesse)"),
    ('haushalte_65_plus_allein', "count(*) filter (where privat and groesse = 1 and ab_65 = 1)"),
    ('haushalte_80_plus_allein', "count(*) filter (where privat and groesse = 1 and ab_80 = 1)"),
    ('personen_in_haushalten', "sum(groesse) filter (where privat)"),
    ('personen_65_plus_in_haushalten', "sum(ab_65) filter (where privat)"),
    ('personen_in_einrichtungen', "sum(groesse) filter (where not privat)"),
    ('kinder_in_haushalten', "sum(minderjaehrige) filter (where privat)"),
    ('kinder_in_alleinerziehenden_haushalten', "sum(minderjaehrige) filter (where haushaltstyp = 'alleinerziehend')"),
    ('kinder_in_haushalten_mit_drei_kindern_und_mehr', "sum(minderjaehrige) filter (where privat and minderjaehrige >= 3)"),
    ('haushaltsgroesse_quadrat', "sum(groesse * groesse) filter (where privat)"),
] %}

with haushalt as (
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        raumeinheit_id,
        haushaltstyp,
        haushaltstyp <> 'einrichtung' as privat,
        haushaltsgroesse as groesse,
        count(*) filter (where alter_jahre < 18) as minderjaehrige,
        count(*) filter (where alter_jahre >= 65) as ab_65,
        count(*) filter (where alter_jahre >= 80) as ab_80
    from {{ ref('int_haushalt__person') }}
    where {{ noch_nicht_gezaehlt() }}
    group by lieferung_id, stichtag, gebietsstand, raumeinheit_id, haushalt_id, haushaltstyp, haushaltsgroesse
),

zeilen as (
    {{ zaehlungen_je_block('haushalt', kennzahlen) }}
)

select * from zeilen
{{ eingefrorene_zeilen() }}
