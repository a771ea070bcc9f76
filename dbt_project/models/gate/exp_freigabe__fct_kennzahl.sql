-- Gesperrte Werte sind leer und tragen ihren Grund; keine Zeile fehlt, keine wird null. Ob ein Wert selbst zu klein ist
-- oder andere schützt, sagt der Export nicht: auch das wäre ein Hinweis.
select
    zielgruppen.zielgruppe,
    kennzahl.raumeinheit_id,
    kennzahl.gebietsstand,
    kennzahl.ebene,
    kennzahl.stichtag,
    kennzahl.kennzahl_id,
    case when muster.conf_status is null then kennzahl.wert end as wert,
    coalesce(gesperrt.obs_status, kennzahl.obs_status) as obs_status,
    coalesce(gesperrt.conf_status, kennzahl.conf_status) as conf_status,
    case when gesperrt.status_id is null then kennzahl.zeichen else gesperrt.zeichen end as zeichen,
    kennzahl.vorlaeufig,
    kennzahl.lieferung_id,
    coalesce(gesperrt.status_id, kennzahl.status_id) as status_id,
    kennzahl.gliederung,
    kennzahl.gebietsstand_am_stichtag,
    kennzahl.guete,
    kennzahl.uebergeleitet,
    kennzahl.erwarteter_fehler
from {{ ref('fct_kennzahl') }} as kennzahl
inner join {{ ref('stg_tuer__ebene') }} as ebene on kennzahl.ebene = ebene.ebene and ebene.verlaesst_das_haus
cross join {{ zielgruppen() }}
left join {{ ref('schutz_muster') }} as muster
    on zielgruppen.zielgruppe = muster.zielgruppe
    and kennzahl.gebietsstand = muster.gebietsstand
    and kennzahl.ebene = muster.ebene
    and kennzahl.raumeinheit_id = muster.raumeinheit_id
    and kennzahl.stichtag = muster.stichtag
    and kennzahl.kennzahl_id = muster.kennzahl_id
left join {{ ref('status') }} as gesperrt on muster.kennzahl_id is not null and gesperrt.status_id = 'geheim_schutz'
