-- Ein Index ist gesperrt, sobald einer seiner Indikatoren in diesem Gebiet es ist.
with gesperrter_indikator as (
    select
        wert.zielgruppe,
        indizes.index_id,
        wert.gebietsstand,
        wert.ebene,
        wert.raumeinheit_id,
        wert.stichtag,
        any_value(wert.status_id) as status_id
    from {{ ref('exp_freigabe__fct_indikatorwert') }} as wert
    inner join {{ ref('indizes') }} as indizes on wert.indikator_id = indizes.indikator_id
    where wert.status_id = 'geheim_schutz'
    group by wert.zielgruppe, indizes.index_id, wert.gebietsstand, wert.ebene, wert.raumeinheit_id, wert.stichtag
),

-- Aus den Indexwerten der anderen Gebiete folgen Mittel und Streuung, und daraus der Wert des gesperrten: fehlt einer,
-- bleiben von allen nur die Klassen.
gesperrte_ebene as (
    select distinct zielgruppe, index_id, gebietsstand, ebene, stichtag
    from gesperrter_indikator
)

select
    zielgruppen.zielgruppe,
    indexwert.raumeinheit_id,
    indexwert.gebietsstand,
    indexwert.ebene,
    indexwert.jahr,
    indexwert.stichtag,
    indexwert.index_id,
    case when gesperrte_ebene.index_id is null then indexwert.wert end as wert,
    case when gesperrt.status_id is null then indexwert.klasse end as klasse,
    case when gesperrte_ebene.index_id is null then indexwert.klasse_wahrscheinlichkeit end as klasse_wahrscheinlichkeit,
    coalesce(status.obs_status, indexwert.obs_status) as obs_status,
    coalesce(status.conf_status, indexwert.conf_status) as conf_status,
    case when gesperrt.status_id is null then indexwert.zeichen else status.zeichen end as zeichen,
    indexwert.vorlaeufig,
    indexwert.lieferung_id,
    coalesce(gesperrt.status_id, indexwert.status_id) as status_id
from {{ ref('fct_index') }} as indexwert
inner join {{ ref('stg_tuer__ebene') }} as ebene on indexwert.ebene = ebene.ebene and ebene.verlaesst_das_haus
cross join {{ zielgruppen() }}
left join gesperrter_indikator as gesperrt
    on zielgruppen.zielgruppe = gesperrt.zielgruppe
    and indexwert.index_id = gesperrt.index_id
    and indexwert.gebietsstand = gesperrt.gebietsstand
    and indexwert.ebene = gesperrt.ebene
    and indexwert.raumeinheit_id = gesperrt.raumeinheit_id
    and indexwert.stichtag = gesperrt.stichtag
left join gesperrte_ebene
    on zielgruppen.zielgruppe = gesperrte_ebene.zielgruppe
    and indexwert.index_id = gesperrte_ebene.index_id
    and indexwert.gebietsstand = gesperrte_ebene.gebietsstand
    and indexwert.ebene = gesperrte_ebene.ebene
    and indexwert.stichtag = gesperrte_ebene.stichtag
left join {{ ref('status') }} as status on gesperrt.status_id = status.status_id
