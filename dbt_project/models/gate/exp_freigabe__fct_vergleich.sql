-- Gesperrt, wo der Wert es ist. Ein Rang verrät, wo ein gesperrtes Gebiet zwischen den sichtbaren liegt: ist eines der
-- Ebene gesperrt, fehlen die Ränge aller.
with gesperrt as (
    {{ gesperrte_jahreswerte() }}
),

unvollstaendig as (
    select distinct zielgruppe, gebietsstand, ebene, indikator_id, jahr
    from gesperrt
)

select
    zielgruppen.zielgruppe,
    vergleich.raumeinheit_id,
    vergleich.gebietsstand,
    vergleich.ebene,
    vergleich.stichtag,
    vergleich.jahr,
    vergleich.indikator_id,
    case when gesperrt.status_id is null then vergleich.wert end as wert,
    case when gesperrt.status_id is null then vergleich.rest_wert end as rest_wert,
    case when gesperrt.status_id is null then vergleich.diff end as diff,
    case when gesperrt.status_id is null then vergleich.diff_ki_unten end as diff_ki_unten,
    case when gesperrt.status_id is null then vergleich.diff_ki_oben end as diff_ki_oben,
    case when gesperrt.status_id is null then vergleich.p end as p,
    case when gesperrt.status_id is null then vergleich.p_bereinigt end as p_bereinigt,
    case when gesperrt.status_id is null then vergleich.auffaellig end as auffaellig,
    case when gesperrt.status_id is null then vergleich.richtung else 'nicht_berechenbar' end as richtung,
    case when gesperrt.status_id is null then vergleich.bewertung else 'nicht_berechenbar' end as bewertung,
    case when gesperrt.status_id is null then vergleich.trichter_95_unten end as trichter_95_unten,
    case when gesperrt.status_id is null then vergleich.trichter_95_oben end as trichter_95_oben,
    case when gesperrt.status_id is null then vergleich.trichter_998_unten end as trichter_998_unten,
    case when gesperrt.status_id is null then vergleich.trichter_998_oben end as trichter_998_oben,
    case when unvollstaendig.zielgruppe is null then vergleich.rang end as rang,
    case when unvollstaendig.zielgruppe is null then vergleich.rang_unten end as rang_unten,
    case when unvollstaendig.zielgruppe is null then vergleich.rang_oben end as rang_oben,
    case when unvollstaendig.zielgruppe is null then vergleich.rang_von end as rang_von,
    vergleich.kreis_wert,
    case when gesperrt.status_id is null then vergleich.kreis_vergleich else 'nicht_berechenbar' end as kreis_vergleich,
    vergleich.land_wert,
    case when gesperrt.status_id is null then vergleich.land_vergleich else 'nicht_berechenbar' end as land_vergleich,
    coalesce(status.obs_status, vergleich.obs_status) as obs_status,
    coalesce(status.conf_status, vergleich.conf_status) as conf_status,
    case when gesperrt.status_id is null then vergleich.zeichen else status.zeichen end as zeichen,
    vergleich.vorlaeufig,
    vergleich.lieferung_id,
    coalesce(gesperrt.status_id, vergleich.status_id) as status_id
from {{ ref('fct_vergleich') }} as vergleich
cross join {{ zielgruppen() }}
left join gesperrt
    on zielgruppen.zielgruppe = gesperrt.zielgruppe
    and vergleich.gebietsstand = gesperrt.gebietsstand
    and vergleich.ebene = gesperrt.ebene
    and vergleich.raumeinheit_id = gesperrt.raumeinheit_id
    and vergleich.indikator_id = gesperrt.indikator_id
    and vergleich.jahr = gesperrt.jahr
left join unvollstaendig
    on zielgruppen.zielgruppe = unvollstaendig.zielgruppe
    and vergleich.gebietsstand = unvollstaendig.gebietsstand
    and vergleich.ebene = unvollstaendig.ebene
    and vergleich.indikator_id = unvollstaendig.indikator_id
    and vergleich.jahr = unvollstaendig.jahr
left join {{ ref('status') }} as status on gesperrt.status_id = status.status_id
