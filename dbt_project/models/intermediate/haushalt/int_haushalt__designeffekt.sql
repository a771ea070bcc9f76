{#
  Wie sich die Personen hinter einem Anteil auf Haushalte verteilen, für die ganze Stadt; wie alle Zählungen von Personen
  je Lieferung einmal gezählt und behalten. x ist der Zähler, b der Nenner des Anteils in einem Haushalt.
#}
{{ je_lieferung() }}

{% set kinder, nichtdeutsch, zugewandert = 'alter_jahre < 18', "staatsangehoerigkeit1 <> '000'", "migration <> 'ohne'" %}
{% set zaehler = {
    'alter_0_2': 'alter_jahre between 0 and 2',
    'alter_3_5': 'alter_jahre between 3 and 5',
    'alter_0_5': 'alter_jahre between 0 and 5',
    'alter_6_14': 'alter_jahre between 6 and 14',
    'alter_15_17': 'alter_jahre between 15 and 17',
    'alter_0_17': kinder,
    'alter_18_26': 'alter_jahre between 18 and 26',
    'alter_27_44': 'alter_jahre between 27 and 44',
    'alter_45_54': 'alter_jahre between 45 and 54',
    'alter_55_64': 'alter_jahre between 55 and 64',
    'alter_18_64': 'alter_jahre between 18 and 64',
    'alter_65_plus': 'alter_jahre >= 65',
    'alter_80_plus': 'alter_jahre >= 80',
    'nichtdeutsche': nichtdeutsch,
    'nichtdeutsche_0_17': nichtdeutsch ~ ' and ' ~ kinder,
    'mit_migrationshintergrund': zugewandert,
    'mit_migrationshintergrund_0_17': zugewandert ~ ' and ' ~ kinder,
    'einwanderungsgeschichte': "migration in ('selbst_zugewandert', 'beide_eltern')",
    'selbst_zugewanderte': "migration = 'selbst_zugewandert'",
    'deutsche_mit_migrationshintergrund': zugewandert ~ " and staatsangehoerigkeit1 = '000'",
    'eingebuergerte': "deutsch_art = '2'",
    'aussiedler': "deutsch_art = '3'",
    'kinder_in_alleinerziehenden_haushalten': "haushaltstyp = 'alleinerziehend' and " ~ kinder,
} %}
{# Über welchen Personen der Anteil steht; ohne Angabe über allen. #}
{% set nenner = {
    'nichtdeutsche_0_17': 'alter_0_17',
    'mit_migrationshintergrund_0_17': 'alter_0_17',
    'kinder_in_alleinerziehenden_haushalten': 'alter_0_17',
} %}

with haushalt as (
    select
        lieferung_id,
        stichtag,
        haushalt_id,
        count(*) as personen,
        {% for name, bedingung in zaehler.items() %}
        count(*) filter (where {{ bedingung }}) as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_haushalt__person') }}
    where {{ noch_nicht_gezaehlt() }}
    group by lieferung_id, stichtag, haushalt_id
),

summe as (
    select
        lieferung_id,
        stichtag,
        {% for name in zaehler %}
        {% set basis = nenner.get(name, 'personen') %}
        [sum({{ name }}), sum({{ basis }}), sum({{ name }} * {{ name }}), sum({{ name }} * {{ basis }}), sum({{ basis }} * {{ basis }})] as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from haushalt
    group by lieferung_id, stichtag
),

zeilen as (
    {% for name in zaehler %}
    {{ 'union all' if not loop.first }}
    select
        lieferung_id,
        stichtag,
        '{{ name }}' as kennzahl_id,
        cast({{ name }}[1] as double) as x,
        cast({{ name }}[2] as double) as b,
        cast({{ name }}[3] as double) as xx,
        cast({{ name }}[4] as double) as xb,
        cast({{ name }}[5] as double) as bb
    from summe
    where {{ name }}[1] > 0
    {% endfor %}
)

select * from zeilen
{{ eingefrorene_zeilen() }}
