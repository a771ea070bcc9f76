-- Ein Index misst jedes Gebiet an Mittel und Streuung aller: er ist für die ganze Ebene gesperrt, sobald einer seiner
-- Indikatoren in einem ihrer Gebiete es ist (sonst folgte der gesperrte Wert aus den übrigen), der verankerte auch im Ankerjahr.
with gesperrter_indikator as (
    select
        wert.zielgruppe,
        indizes.index_id,
        wert.gebietsstand,
        wert.ebene,
        wert.stichtag,
        any_value(wert.status_id) as status_id
    from {{ ref('exp_freigabe__fct_indikatorwert') }} as wert
    inner join {{ ref('indizes') }} as indizes on wert.indikator_id = indizes.indikator_id
    where wert.status_id = 'geheim_schutz'
    group by wert.zielgruppe, indizes.index_id, wert.gebietsstand, wert.ebene, wert.stichtag
)

select
    zielgruppen.zielgruppe,
    indexwert.raumeinheit_id,
    indexwert.gebietsstand,
    indexwert.ebene,
    indexwert.jahr,
    indexwert.stichtag,
    indexwert.index_id,
    case when gesperrt.status_id is null then indexwert.wert end as wert,
    case when gesperrt.status_id is null then indexwert.klasse end as klasse,
    case when gesperrt.status_id is null then indexwert.klasse_wahrscheinlichkeit end as klasse_wahrscheinlichkeit,
    case when gesperrt.status_id is null then indexwert.aussage else 'nicht berechenbar' end as aussage,
    case when gesperrt.status_id is null then indexwert.p_homogenitaet end as p_homogenitaet,
    case when gesperrt.status_id is null then indexwert.klasse_ohne_einen end as klasse_ohne_einen,
    case when gesperrt.status_id is null then indexwert.klasse_gewichte end as klasse_gewichte,
    case when gesperrt.status_id is null then indexwert.wert_verankert end as wert_verankert,
    case when gesperrt.status_id is null then indexwert.klasse_verankert end as klasse_verankert,
    case when gesperrt.status_id is null then indexwert.aussage_verankert else 'nicht berechenbar' end as aussage_verankert,
    indexwert.bestandteile,
    indexwert.fehlende_bestandteile,
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
    and indexwert.stichtag = gesperrt.stichtag
left join {{ ref('status') }} as status on gesperrt.status_id = status.status_id
