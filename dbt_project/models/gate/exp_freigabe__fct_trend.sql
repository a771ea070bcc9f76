-- Gesperrt, wo einer der fünf Jahreswerte es ist: aus vieren und der Steigung folgte der fünfte.
with gesperrter_wert as (
    {{ gesperrte_jahreswerte() }}
),

gesperrt as (
    select wert.zielgruppe, wert.gebietsstand, wert.ebene, wert.raumeinheit_id, wert.indikator_id, wert.jahr + spanne.spaeter as jahr, min(wert.status_id) as status_id
    from gesperrter_wert as wert
    cross join (values (0), (1), (2), (3), (4)) as spanne (spaeter)
    group by all
)

select
    zielgruppen.zielgruppe,
    trend.raumeinheit_id,
    trend.gebietsstand,
    trend.ebene,
    trend.stichtag,
    trend.jahr,
    trend.indikator_id,
    trend.jahr_von,
    case when gesperrt.status_id is null then trend.wert end as wert,
    case when gesperrt.status_id is null then trend.steigung end as steigung,
    case when gesperrt.status_id is null then trend.p end as p,
    case when gesperrt.status_id is null then trend.p_bereinigt end as p_bereinigt,
    case when gesperrt.status_id is null then trend.vorzeichen_stabil end as vorzeichen_stabil,
    case when gesperrt.status_id is null then trend.richtung else 'nicht_berechenbar' end as richtung,
    coalesce(status.obs_status, trend.obs_status) as obs_status,
    coalesce(status.conf_status, trend.conf_status) as conf_status,
    case when gesperrt.status_id is null then trend.zeichen else status.zeichen end as zeichen,
    trend.vorlaeufig,
    trend.lieferung_id,
    coalesce(gesperrt.status_id, trend.status_id) as status_id
from {{ ref('fct_trend') }} as trend
cross join {{ zielgruppen() }}
left join gesperrt
    on zielgruppen.zielgruppe = gesperrt.zielgruppe
    and trend.gebietsstand = gesperrt.gebietsstand
    and trend.ebene = gesperrt.ebene
    and trend.raumeinheit_id = gesperrt.raumeinheit_id
    and trend.indikator_id = gesperrt.indikator_id
    and trend.jahr = gesperrt.jahr
left join {{ ref('status') }} as status on gesperrt.status_id = status.status_id
