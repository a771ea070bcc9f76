-- Gelieferte obere Ebenen sind nur Kontrolle: jede ihrer Zellen ist die Summe der feinsten Ebene.
{% set merkmale = ['alter_von', 'alter_bis', 'geschlecht', 'staatsangehoerigkeit', 'migrationshintergrund'] %}

with summe as (
    select zellen.lieferung_id, zellen.gliederung, vorfahr.vorfahr_ebene as ebene, vorfahr.vorfahr_id as raumeinheit_id,
        {% for merkmal in merkmale %}zellen.{{ merkmal }}, {% endfor %}
        sum(zellen.anzahl) as anzahl
    from {{ ref('int_bevoelkerung__zellen') }} as zellen
    inner join {{ ref('int_raum__vorfahr') }} as vorfahr
        on zellen.gebietsstand = vorfahr.gebietsstand
        and zellen.ebene = vorfahr.ebene
        and zellen.raumeinheit_id = vorfahr.raumeinheit_id
    where zellen.gliederung <> 'register' and vorfahr.vorfahr_ebene <> zellen.ebene
    group by all
),

geliefert as (
    select lieferung_id, gliederung, ebene, raumeinheit_id, {{ merkmale | join(', ') }}, anzahl
    from {{ ref('int_bevoelkerung__tabellen_zellen') }}
)

select geliefert.lieferung_id, geliefert.gliederung, geliefert.ebene, geliefert.raumeinheit_id, geliefert.anzahl, summe.anzahl as summe
from geliefert
inner join (select distinct lieferung_id, gliederung, ebene from {{ ref('int_bevoelkerung__zellen') }}) as feinste
    on geliefert.lieferung_id = feinste.lieferung_id
    and geliefert.gliederung = feinste.gliederung
    and geliefert.ebene <> feinste.ebene
left join summe
    on geliefert.lieferung_id = summe.lieferung_id
    and geliefert.gliederung = summe.gliederung
    and geliefert.ebene = summe.ebene
    and geliefert.raumeinheit_id = summe.raumeinheit_id
    {% for merkmal in merkmale %}
    and geliefert.{{ merkmal }} is not distinct from summe.{{ merkmal }}
    {% endfor %}
where geliefert.anzahl is distinct from summe.anzahl
