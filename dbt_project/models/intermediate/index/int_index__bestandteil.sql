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
        basis.designeffekt,
        count(basis.wert) over (partition by verfahren.index_id, basis.gebietsstand, basis.ebene, basis.jahr, indizes.indikator_id) > 0 as vorhanden
    from {{ ref('int_statistik__basis') }} as basis
    inner join {{ ref('indizes') }} as indizes on basis.indikator_id = indizes.indikator_id
    inner join {{ ref('indexverfahren') }} as verfahren on indizes.index_id = verfahren.index_id
    where basis.ebene_rang > 1
),

-- Ein Index, für den eine Stadt auf einer Ebene nie genug Bestandteile hat, ist nicht ihrer.
gezaehlt as (
    select index_id, gebietsstand, ebene, jahr, max(mindestens) as mindestens, count(distinct indikator_id) filter (where vorhanden) as anzahl
    from bestandteil
    group by index_id, gebietsstand, ebene, jahr
),

eigener as (
    select index_id, gebietsstand, ebene
    from gezaehlt
    group by index_id, gebietsstand, ebene
    having bool_or(anzahl >= mindestens)
),

berechenbar as (
    select bestandteil.*
    from bestandteil
    inner join eigener
        on bestandteil.index_id = eigener.index_id
        and bestandteil.gebietsstand = eigener.gebietsstand
        and bestandteil.ebene = eigener.ebene
    inner join gezaehlt
        on bestandteil.index_id = gezaehlt.index_id
        and bestandteil.gebietsstand = gezaehlt.gebietsstand
        and bestandteil.ebene = gezaehlt.ebene
        and bestandteil.jahr = gezaehlt.jahr
        and gezaehlt.anzahl > 0
)

select * from berechenbar
