-- Ein Indikator ist gesperrt, sobald ein Glied seines Zählers oder Nenners es ist, und mit ihm alles, was aus ihm folgt.
-- Eine Rate ohne Fallzahlen aus einer nicht veröffentlichten Quelle lässt sich nicht prüfen und bleibt gesperrt.
with muster as (
    select
        muster.zielgruppe,
        muster.gebietsstand,
        muster.ebene,
        muster.raumeinheit_id,
        muster.stichtag,
        formel.indikator_id,
        min(muster.conf_status) as conf_status,
        bool_or(formel.rolle = 'zaehler') as zaehler_gesperrt,
        bool_or(formel.rolle = 'nenner') as nenner_gesperrt
    from {{ ref('schutz_muster') }} as muster
    inner join {{ ref('int_indikator__formel') }} as formel on muster.kennzahl_id = formel.kennzahl_id
    group by muster.zielgruppe, muster.gebietsstand, muster.ebene, muster.raumeinheit_id, muster.stichtag, formel.indikator_id
),

wert as (
    select
        zielgruppen.zielgruppe,
        indikatorwert.*,
        coalesce(muster.zaehler_gesperrt, false) as zaehler_gesperrt,
        coalesce(muster.nenner_gesperrt, false) as nenner_gesperrt,
        case
            when indikatorwert.status_id in ('nicht_berechenbar', 'nicht_geliefert') then null
            when muster.conf_status = 'A' then 'geheim_primaer'
            when muster.conf_status = 'D' then 'geheim_sekundaer'
            when indikator.art = 'gelieferte_rate' and not quellenstand.veroeffentlicht then 'geheim_primaer'
        end as gesperrt_id
    from {{ ref('fct_indikatorwert') }} as indikatorwert
    inner join {{ ref('stg_tuer__ebene') }} as ebene on indikatorwert.ebene = ebene.ebene and ebene.verlaesst_das_haus
    inner join {{ ref('dim_indikator') }} as indikator on indikatorwert.indikator_id = indikator.indikator_id
    left join {{ ref('stg_tuer__quellenstand') }} as quellenstand on indikatorwert.lieferung_id = quellenstand.lieferung_id
    cross join {{ zielgruppen() }}
    left join muster
        on zielgruppen.zielgruppe = muster.zielgruppe
        and indikatorwert.gebietsstand = muster.gebietsstand
        and indikatorwert.ebene = muster.ebene
        and indikatorwert.raumeinheit_id = muster.raumeinheit_id
        and indikatorwert.stichtag = muster.stichtag
        and indikatorwert.indikator_id = muster.indikator_id
)

select
    wert.zielgruppe,
    wert.raumeinheit_id,
    wert.gebietsstand,
    wert.ebene,
    wert.stichtag,
    wert.stichtag_nenner,
    wert.jahr,
    wert.ist_jahreswert,
    wert.indikator_id,
    case when not wert.zaehler_gesperrt then wert.zaehler end as zaehler,
    case when not wert.nenner_gesperrt then wert.nenner end as nenner,
    {% for spalte in ['wert', 'ki_unten', 'ki_oben', 'rest_wert', 'diff', 'diff_ki_unten', 'diff_ki_oben'] %}
    case when wert.gesperrt_id is null then wert.{{ spalte }} end as {{ spalte }},
    {% endfor %}
    case when wert.gesperrt_id is null then wert.vergleich else 'nicht_berechenbar' end as vergleich,
    coalesce(gesperrt.obs_status, wert.obs_status) as obs_status,
    coalesce(gesperrt.conf_status, wert.conf_status) as conf_status,
    case when wert.gesperrt_id is null then wert.zeichen else gesperrt.zeichen end as zeichen,
    wert.vorlaeufig,
    wert.lieferung_id,
    coalesce(wert.gesperrt_id, wert.status_id) as status_id,
    wert.ki_methode,
    wert.gebietsstand_am_stichtag,
    wert.guete,
    wert.uebergeleitet,
    wert.erwarteter_fehler
from wert
left join {{ ref('status') }} as gesperrt on wert.gesperrt_id = gesperrt.status_id
