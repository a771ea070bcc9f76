-- Auch Flächen werden von der feinsten Ebene aufsummiert; die gelieferte gilt, wo dort eine fehlt, und dient sonst der Kontrolle.
with teile as (
    select
        vorfahr.gebietsstand,
        vorfahr.vorfahr_ebene as ebene,
        vorfahr.vorfahr_id as raumeinheit_id,
        case when count(*) = count(teil.flaeche_ha) then sum(teil.flaeche_ha) end as flaeche_ha
    from {{ ref('int_raum__vorfahr') }} as vorfahr
    inner join {{ ref('int_raum__einheit') }} as teil
        on vorfahr.gebietsstand = teil.gebietsstand
        and vorfahr.ebene = teil.ebene
        and vorfahr.raumeinheit_id = teil.raumeinheit_id
    inner join {{ ref('stg_tuer__ebene') }} as ebene on teil.ebene = ebene.ebene
    where not teil.nicht_zuordenbar
        and ebene.rang = (select max(rang) from {{ ref('stg_tuer__ebene') }})
    group by vorfahr.gebietsstand, vorfahr.vorfahr_ebene, vorfahr.vorfahr_id
)

select
    einheit.raumeinheit_id,
    einheit.gebietsstand,
    einheit.ebene,
    einheit.name,
    einheit.uebergeordnet_id,
    einheit.gueltig_von,
    einheit.gueltig_bis,
    coalesce(teile.flaeche_ha, einheit.flaeche_ha) as flaeche_ha,
    einheit.geometrie,
    einheit.geometrie_epsg,
    einheit.nicht_zuordenbar,
    einheit.rang as ebene_rang,
    einheit.lieferung_id
from {{ ref('int_raum__einheit') }} as einheit
left join teile
    on einheit.gebietsstand = teile.gebietsstand
    and einheit.ebene = teile.ebene
    and einheit.raumeinheit_id = teile.raumeinheit_id
