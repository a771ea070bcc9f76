{#
  Personen mit Migrationshintergrund nach Beleg je Block; wie alle Zählungen von Personen je Lieferung einmal gezählt und behalten.
#}
{{ je_lieferung() }}

{% set kennzahlen = [
    ('selbst_zugewanderte', "count(*) filter (where migration = 'selbst_zugewandert')"),
    ('nachkommen_beide_eltern', "count(*) filter (where migration = 'beide_eltern')"),
    ('nachkommen_ein_elternteil', "count(*) filter (where migration = 'ein_elternteil')"),
    ('einwanderungsgeschichte', "count(*) filter (where migration in ('selbst_zugewandert', 'beide_eltern'))"),
    ('deutsche_mit_migrationshintergrund', "count(*) filter (where migration <> 'ohne' and staatsangehoerigkeit1 = '000')"),
    ('eingebuergerte', "count(*) filter (where deutsch_art = '2')"),
    ('aussiedler', "count(*) filter (where deutsch_art = '3')"),
    ('deutsche_nach_geburtsrecht', "count(*) filter (where deutsch_art = '4')"),
    ('deutsche_mit_zweiter_staatsangehoerigkeit', "count(*) filter (where staatsangehoerigkeit1 = '000' and staatsangehoerigkeit2 <> '000')"),
] %}

with person as (
    select lieferung_id, stichtag, gebietsstand, raumeinheit_id, migration, staatsangehoerigkeit1, staatsangehoerigkeit2, deutsch_art
    from {{ ref('int_haushalt__person') }}
    where {{ noch_nicht_gezaehlt() }}
),

zeilen as (
    {{ zaehlungen_je_block('person', kennzahlen) }}
)

select * from zeilen
{{ eingefrorene_zeilen() }}
