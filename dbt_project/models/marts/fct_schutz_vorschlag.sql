-- Womit mehr zu zeigen wäre: wo ein Indikator auf einer Ebene gesperrt ist, die nächste gröbere Ebene, auf der er es nicht
-- ist, und unter den Indikatoren derselben Gruppe mit demselben Nenner der, dessen Altersgruppe seine umfasst und auf
-- derselben Ebene ganz veröffentlicht ist.
with stand as (
    select
        wert.zielgruppe,
        wert.ebene,
        ebene.rang as ebene_rang,
        wert.indikator_id,
        count(*) filter (where wert.status_id = 'geheim_schutz') as gesperrt
    from {{ ref('exp_freigabe__fct_indikatorwert') }} as wert
    inner join {{ ref('stg_tuer__ebene') }} as ebene on wert.ebene = ebene.ebene
    where wert.ist_jahreswert
        and not starts_with(wert.raumeinheit_id, 'nz_')
        and (wert.wert is not null or wert.status_id = 'geheim_schutz')
    group by wert.zielgruppe, wert.ebene, ebene.rang, wert.indikator_id
),

ebene_vorschlag as (
    select stand.zielgruppe, stand.ebene, stand.indikator_id, arg_max(oben.ebene, oben.ebene_rang) as ebene_frei
    from stand
    inner join stand as oben
        on stand.zielgruppe = oben.zielgruppe
        and stand.indikator_id = oben.indikator_id
        and stand.ebene_rang > oben.ebene_rang
        and oben.gesperrt = 0
    group by stand.zielgruppe, stand.ebene, stand.indikator_id
),

gruppe_vorschlag as (
    select
        stand.zielgruppe,
        stand.ebene,
        stand.indikator_id,
        arg_min(weiter.indikator_id, coalesce(weite_gruppe.alter_bis, 199) - coalesce(weite_gruppe.alter_von, 0)) as indikator_frei
    from stand
    inner join {{ ref('dim_indikator') }} as indikator on stand.indikator_id = indikator.indikator_id
    inner join {{ ref('kennzahlen') }} as enge_gruppe on indikator.zaehler = enge_gruppe.kennzahl_id
    inner join {{ ref('kennzahlen') }} as weite_gruppe
        on enge_gruppe.kennzahl_id <> weite_gruppe.kennzahl_id
        and coalesce(weite_gruppe.alter_von, 0) <= coalesce(enge_gruppe.alter_von, 0)
        and coalesce(weite_gruppe.alter_bis, 199) >= coalesce(enge_gruppe.alter_bis, 199)
        and weite_gruppe.geschlecht is not distinct from enge_gruppe.geschlecht
        and weite_gruppe.staatsangehoerigkeit is not distinct from enge_gruppe.staatsangehoerigkeit
        and weite_gruppe.migrationshintergrund is not distinct from enge_gruppe.migrationshintergrund
        and weite_gruppe.wohndauer_ab is not distinct from enge_gruppe.wohndauer_ab
        and weite_gruppe.thema = enge_gruppe.thema
        and weite_gruppe.mass = 'personen'
    inner join {{ ref('dim_indikator') }} as weiter
        on weite_gruppe.kennzahl_id = weiter.zaehler
        and indikator.gruppe = weiter.gruppe
    inner join stand as frei
        on weiter.indikator_id = frei.indikator_id
        and stand.zielgruppe = frei.zielgruppe
        and stand.ebene = frei.ebene
        and frei.gesperrt = 0
    group by stand.zielgruppe, stand.ebene, stand.indikator_id
),

vorschlag as (
    select
        stand.zielgruppe,
        stand.ebene,
        stand.indikator_id,
        stand.gesperrt,
        ebene_vorschlag.ebene_frei,
        gruppe_vorschlag.indikator_frei,
        case
            when ebene_vorschlag.ebene_frei is not null and gruppe_vorschlag.indikator_frei is not null
                then 'Ohne Sperrung je ' || ebene_vorschlag.ebene_frei || ' oder mit der weiteren Gruppe ' || gruppe_vorschlag.indikator_frei || '.'
            when ebene_vorschlag.ebene_frei is not null then 'Ohne Sperrung je ' || ebene_vorschlag.ebene_frei || '.'
            when gruppe_vorschlag.indikator_frei is not null then 'Ohne Sperrung mit der weiteren Gruppe ' || gruppe_vorschlag.indikator_frei || '.'
            else 'Auf keiner Ebene ohne Sperrung; zu erwägen ist eine weitere Gruppe oder nur ein Gebietsstand.'
        end as vorschlag
    from stand
    left join ebene_vorschlag
        on stand.zielgruppe = ebene_vorschlag.zielgruppe
        and stand.ebene = ebene_vorschlag.ebene
        and stand.indikator_id = ebene_vorschlag.indikator_id
    left join gruppe_vorschlag
        on stand.zielgruppe = gruppe_vorschlag.zielgruppe
        and stand.ebene = gruppe_vorschlag.ebene
        and stand.indikator_id = gruppe_vorschlag.indikator_id
    where stand.gesperrt > 0
)

select * from vorschlag
