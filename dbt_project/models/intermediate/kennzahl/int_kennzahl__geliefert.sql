-- Kennzahlen aller Themen außer der Bevölkerung, wie sie geliefert sind. Ein neues Thema: sein Modell hier nennen.
{% set modelle = [
    'int_haushalt__kennzahl',
    'int_haushalt__migration_kennzahl',
    'int_wohnen__kennzahl',
    'int_bewegung__kennzahl',
    'int_arbeit__kennzahl',
    'int_soziales__kennzahl',
    'int_orte__kennzahl',
    'int_orte__umkreis',
    'int_kita__kennzahl',
    'int_schulen__kennzahl',
    'int_einschulung__kennzahl',
    'int_nahverkehr__kennzahl',
    'int_wege__kennzahl',
    'int_netzwerk__kennzahl',
    'int_planung__kennzahl',
    'int_wahl__kennzahl',
] %}

with geliefert as (
    {% for modell in modelle %}
    {{ 'union all' if not loop.first }}
    select lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id, kennzahl_id, cast(wert as double) as wert, status_id
    from {{ ref(modell) }}
    {% endfor %}
)

select * from geliefert
