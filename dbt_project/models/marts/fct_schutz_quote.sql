-- Wie viel der Schutz kostet: Werte, die es gibt, und die gesperrten unter ihnen, je Zielgruppe, Ebene, Jahr und Gruppe.
-- Ob ein Wert selbst zu klein ist oder andere schützt, steht auch hier nicht.
with wert as (
    select
        wert.zielgruppe,
        wert.ebene,
        ebene.rang as ebene_rang,
        wert.jahr,
        indikator.gruppe,
        count(*) as werte,
        count(*) filter (where wert.status_id = 'geheim_schutz') as gesperrt,
        case
            when count(*) filter (where wert.status_id = 'geheim_schutz') = 0 then 'nichts gesperrt'
            else 'Fallzahl unter der Mindestzahl oder sonst errechenbar'
        end as grund
    from {{ ref('exp_freigabe__fct_indikatorwert') }} as wert
    inner join {{ ref('dim_indikator') }} as indikator on wert.indikator_id = indikator.indikator_id
    inner join {{ ref('stg_tuer__ebene') }} as ebene on wert.ebene = ebene.ebene
    where wert.ist_jahreswert
        and not starts_with(wert.raumeinheit_id, 'nz_')
        and (wert.wert is not null or wert.status_id = 'geheim_schutz')
    group by wert.zielgruppe, wert.ebene, ebene.rang, wert.jahr, indikator.gruppe
)

select * from wert
