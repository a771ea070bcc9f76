select
    basis.raumeinheit_id,
    basis.gebietsstand,
    basis.ebene,
    basis.stichtag,
    basis.jahr,
    basis.indikator_id,
    basis.jahr - 4 as jahr_von,
    basis.wert,
    trend.steigung,
    trend.p,
    trend.p_bereinigt,
    trend.vorzeichen_stabil,
    trend.richtung,
    basis.obs_status,
    basis.conf_status,
    basis.zeichen,
    basis.vorlaeufig,
    basis.lieferung_id,
    basis.status_id
from {{ ref('int_statistik__basis') }} as basis
inner join {{ ref('int_statistik__trend') }} as trend on basis.basis_id = trend.basis_id
