-- Wie viele der Werte, die die Profile des Berichts zeigen, nach dem Schutz noch da sind.
with wert as (
    select
        wert.zielgruppe,
        wert.ebene,
        ebene.rang as ebene_rang,
        count(*) as werte,
        count(*) filter (where wert.status_id = 'geheim_schutz') as gesperrt
    from {{ ref('exp_freigabe__fct_indikatorwert') }} as wert
    inner join {{ ref('int_schutz__profil') }} as profil
        on wert.indikator_id = profil.indikator_id
        and wert.gebietsstand = profil.gebietsstand
        and wert.ebene = profil.ebene
        and wert.stichtag = profil.stichtag
    inner join {{ ref('stg_tuer__ebene') }} as ebene on wert.ebene = ebene.ebene
    where not starts_with(wert.raumeinheit_id, 'nz_')
        and (wert.wert is not null or wert.status_id = 'geheim_schutz')
    group by wert.zielgruppe, wert.ebene, ebene.rang
)

select * from wert
