-- Die Werte hinter den Indizes: je Gebiet und Jahr ein Wert je Indikator, mit den Zählungen, wo es sie gibt.
-- Ein Indikator ohne einen einzigen Wert in der ganzen Ebene zählt als fehlend und bleibt aus dem Index, sichtbar.
with bestandteil as (
    select
        verfahren.index_id,
        verfahren.verfahren,
        verfahren.klassen,
        verfahren.ankerjahr,
        verfahren.mindestens,
        verfahren.ordnet_gefaelle,
        basis.gebietsstand,
        basis.ebene,
        basis.stichtag,
        basis.jahr,
        basis.raumeinheit_id,
        basis.lieferung_id,
        indizes.indikator_id,
        indizes.gruppe,
        indizes.gewicht,
        indizes.vorzeichen,
        basis.wert * indizes.vorzeichen as wert,
        basis.zaehler,
        basis.nenner,
        basis.effekt,
        count(basis.wert) over (partition by verfahren.index_id, basis.gebietsstand, basis.ebene, basis.jahr, indizes.indikator_id) > 0 as vorhanden
    from {{ ref('int_statistik__basis') }} as basis
    inner join {{ ref('indizes') }} as indizes on basis.indikator_id = indizes.indikator_id
    inner join {{ ref('indexverfahren') }} as verfahren on indizes.index_id = verfahren.index_id
    where basis.ebene_rang > 1
),

-- Eine Ebene ohne jeden Wert hat keinen Index.
berechenbar as (
    select *
    from bestandteil
    qualify bool_or(vorhanden) over (partition by index_id, gebietsstand, ebene, jahr)
)

select * from berechenbar
