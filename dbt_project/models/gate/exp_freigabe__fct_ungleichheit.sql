-- Ein Maß über alle Gebiete einer Ebene fehlt, sobald eines davon gesperrt ist: es wäre sonst zurückzurechnen.
with gesperrt as (
    select distinct zielgruppe, gebietsstand, ebene as teilebene, indikator_id, jahr, 'geheim_schutz' as status_id
    from ({{ gesperrte_jahreswerte() }})
)

select
    zielgruppen.zielgruppe,
    mass.raumeinheit_id,
    mass.gebietsstand,
    mass.ebene,
    mass.teilebene,
    mass.stichtag,
    mass.jahr,
    mass.indikator_id,
    mass.gebiete,
    case when gesperrt.status_id is null then mass.gefaelle end as gefaelle,
    case when gesperrt.status_id is null then mass.gefaelle_unten end as gefaelle_unten,
    case when gesperrt.status_id is null then mass.gefaelle_oben end as gefaelle_oben,
    case when gesperrt.status_id is null then mass.dissimilaritaet_roh end as dissimilaritaet_roh,
    case when gesperrt.status_id is null then mass.dissimilaritaet_zufall end as dissimilaritaet_zufall,
    case when gesperrt.status_id is null then mass.dissimilaritaet end as dissimilaritaet,
    case when gesperrt.status_id is null then mass.isolation end as isolation,
    coalesce(status.obs_status, mass.obs_status) as obs_status,
    coalesce(status.conf_status, mass.conf_status) as conf_status,
    case when gesperrt.status_id is null then mass.zeichen else status.zeichen end as zeichen,
    mass.vorlaeufig,
    mass.lieferung_id,
    coalesce(gesperrt.status_id, mass.status_id) as status_id
from {{ ref('fct_ungleichheit') }} as mass
cross join {{ zielgruppen() }}
left join gesperrt
    on zielgruppen.zielgruppe = gesperrt.zielgruppe
    and mass.gebietsstand = gesperrt.gebietsstand
    and mass.teilebene = gesperrt.teilebene
    and mass.indikator_id = gesperrt.indikator_id
    and mass.jahr = gesperrt.jahr
left join {{ ref('status') }} as status on gesperrt.status_id = status.status_id
