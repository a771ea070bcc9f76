{#
  Personen mit Migrationshintergrund nach Beleg je Block; wie alle Zählungen von Personen je Lieferung einmal gezählt und behalten.
#}
{{ je_lieferung() }}

{% set kennzahlen = [
    ('selbst_zugewanderte', "migration = 'selbst_zugewandert'"),
    ('nachkommen_beide_eltern', "migration = 'beide_eltern'"),
    ('nachkommen_ein_elternteil', "migration = 'ein_elternteil'"),
    ('einwanderungsgeschichte', "migration in ('selbst_zugewandert', 'beide_eltern')"),
    ('deutsche_mit_migrationshintergrund', "migration <> 'ohne' and staatsangehoerigkeit1 = '000'"),
    ('eingebuergerte', "deutsch_art = '2'"),
    ('aussiedler', "deutsch_art = '3'"),
    ('deutsche_nach_geburtsrecht', "deutsch_art = '4'"),
    ('deutsche_mit_zweiter_staatsangehoerigkeit', "staatsangehoerigkeit1 = '000' and staatsangehoerigkeit2 <> '000'"),
] %}

with person as (
    select lieferung_id, stichtag, gebietsstand, raumeinheit_id, migration, staatsangehoerigkeit1, staatsangehoerigkeit2, deutsch_art
    from {{ ref('int_haushalt__person') }}
    where {{ noch_nicht_gezaehlt() }}
),

gezaehlt as (
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        raumeinheit_id,
        {% for kennzahl_id, bedingung in kennzahlen %}
        count(*) filter (where {{ bedingung }}) as {{ kennzahl_id }}{{ ',' if not loop.last }}
        {% endfor %}
    from person
    group by lieferung_id, stichtag, gebietsstand, raumeinheit_id
),

kennzahl as (
    {% for kennzahl_id, bedingung in kennzahlen %}
    {{ 'union all' if not loop.first }}
    select lieferung_id, stichtag, gebietsstand, raumeinheit_id, '{{ kennzahl_id }}' as kennzahl_id, {{ kennzahl_id }} as wert
    from gezaehlt
    {% endfor %}
),

-- Ein Block ohne Zeile heißt: dort ist niemand.
zeilen as (
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        'block' as ebene,
        raumeinheit_id,
        kennzahl_id,
        cast(wert as double) as wert,
        'wert' as status_id
    from kennzahl
    where wert > 0
)

select * from zeilen
{{ eingefrorene_zeilen() }}
