-- Eine Schätzung enthält die Werte aller Gebiete ihrer Ebene: ist einer davon gesperrt (oder einer der drei Jahre,
-- die zusammengefasst werden), fehlt sie der ganzen Ebene.
with gesperrter_wert as (
    {{ gesperrte_jahreswerte() }}
),

gesperrt as (
    select wert.zielgruppe, wert.gebietsstand, wert.ebene, wert.indikator_id, wert.jahr + spanne.spaeter as jahr, 'geheim_schutz' as status_id
    from gesperrter_wert as wert
    cross join (values (0), (1), (2)) as spanne (spaeter)
    group by all
)

select
    zielgruppen.zielgruppe,
    glatt.raumeinheit_id,
    glatt.gebietsstand,
    glatt.ebene,
    glatt.stichtag,
    glatt.jahr,
    glatt.indikator_id,
    case when gesperrt.status_id is null then glatt.wert_geglaettet end as wert_geglaettet,
    case when gesperrt.status_id is null then glatt.wert_geglaettet_unten end as wert_geglaettet_unten,
    case when gesperrt.status_id is null then glatt.wert_geglaettet_oben end as wert_geglaettet_oben,
    case when gesperrt.status_id is null then glatt.gewicht_eigen end as gewicht_eigen,
    case when gesperrt.status_id is null then glatt.wert_drei_jahre end as wert_drei_jahre,
    case when gesperrt.status_id is null then glatt.wert_drei_jahre_unten end as wert_drei_jahre_unten,
    case when gesperrt.status_id is null then glatt.wert_drei_jahre_oben end as wert_drei_jahre_oben,
    coalesce(status.obs_status, glatt.obs_status) as obs_status,
    coalesce(status.conf_status, glatt.conf_status) as conf_status,
    case when gesperrt.status_id is null then glatt.zeichen else status.zeichen end as zeichen,
    glatt.vorlaeufig,
    glatt.lieferung_id,
    coalesce(gesperrt.status_id, glatt.status_id) as status_id
from {{ ref('fct_geglaettet') }} as glatt
cross join {{ zielgruppen() }}
left join gesperrt
    on zielgruppen.zielgruppe = gesperrt.zielgruppe
    and glatt.gebietsstand = gesperrt.gebietsstand
    and glatt.ebene = gesperrt.ebene
    and glatt.indikator_id = gesperrt.indikator_id
    and glatt.jahr = gesperrt.jahr
left join {{ ref('status') }} as status on gesperrt.status_id = status.status_id
