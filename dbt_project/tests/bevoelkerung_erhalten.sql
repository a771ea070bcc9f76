-- Niemand geht verloren und niemand kommt hinzu: Personen mit Hauptwohnung und gelieferte Summen stehen in den Zellen.
with geliefert as (
    select lieferung_id, 'register' as gliederung, count(*) as einwohner
    from {{ ref('stg_melderegister_bestand__person') }}
    where wohnungsart = 'H'
    group by lieferung_id
    {% for tabelle, gliederungen in [('t1', ['t1']), ('t2', ['t2_alter', 't2_weiblich', 't2_auslaender', 't3_alter', 't3_weiblich', 't3_auslaender'])] %}
    {% for gliederung in gliederungen %}
    union all
    select lieferung_id, '{{ gliederung }}', sum(einwohner) from {{ ref('stg_einwohner__' ~ tabelle) }} where ebene = 'planungsraum' group by lieferung_id
    {% endfor %}
    {% endfor %}
    {% for gliederung in ['matrix_alter', 'matrix_geschlecht'] %}
    union all
    select lieferung_id, '{{ gliederung }}', sum(einwohner) from {{ ref('stg_einwohner_matrix__matrix') }} group by lieferung_id
    {% endfor %}
),

zellen as (
    select lieferung_id, gliederung, sum(anzahl) as einwohner
    from {{ ref('int_bevoelkerung__zellen') }}
    where gliederung <> 'tabellen'
    group by lieferung_id, gliederung
)

-- Gezähltes bleibt nach Ablauf der Aufbewahrung stehen, auch wenn die Personen gelöscht sind: geprüft wird, was vorliegt.
select geliefert.lieferung_id, geliefert.gliederung
from geliefert
left join zellen on geliefert.lieferung_id = zellen.lieferung_id and geliefert.gliederung = zellen.gliederung
where geliefert.einwohner is distinct from zellen.einwohner
