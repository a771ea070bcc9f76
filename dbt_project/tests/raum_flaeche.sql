-- Flächen gehen von Ebene zu Ebene nicht verloren, und gelieferte Flächen weichen nur ab, wo es bekannt ist;
-- eine bekannte Abweichung, die es nicht mehr gibt, gehört aus der Liste.
{% set toleranz = 0.01 %}  -- ein Prozent: so genau sind vereinfachte Grenzen

with abweichung as (
    select einheit.gebietsstand, einheit.ebene, einheit.raumeinheit_id
    from {{ ref('int_raum__einheit') }} as einheit
    inner join {{ ref('dim_raumeinheit') }} as summe
        on einheit.gebietsstand = summe.gebietsstand
        and einheit.ebene = summe.ebene
        and einheit.raumeinheit_id = summe.raumeinheit_id
    where abs(einheit.flaeche_ha - summe.flaeche_ha) > {{ toleranz }} * summe.flaeche_ha
),

bekannt as (
    select gebietsstand, ebene, raumeinheit_id
    from {{ ref('bekannte_abweichungen') }}
    where gebietsstand in (select gebietsstand from {{ ref('int_raum__einheit') }})
),

ebene as (
    select einheit.gebietsstand, einheit.ebene_rang, sum(einheit.flaeche_ha) as flaeche_ha
    from {{ ref('dim_raumeinheit') }} as einheit
    where not einheit.nicht_zuordenbar
    group by einheit.gebietsstand, einheit.ebene_rang
    having count(*) = count(einheit.flaeche_ha)
)

select gebietsstand, ebene, raumeinheit_id, 'unbekannte Abweichung' as befund from (select * from abweichung except select * from bekannt)
union all
select gebietsstand, ebene, raumeinheit_id, 'bekannte Abweichung ist verschwunden' from (select * from bekannt except select * from abweichung)
union all
select fein.gebietsstand, cast(fein.ebene_rang as varchar), null, 'Summe der Ebene ist nicht die Fläche der Stadt'
from ebene as fein
inner join ebene as stadt on fein.gebietsstand = stadt.gebietsstand and stadt.ebene_rang = 1
where abs(fein.flaeche_ha - stadt.flaeche_ha) > 1e-6 * stadt.flaeche_ha
