select
    basis.raumeinheit_id,
    basis.gebietsstand,
    basis.ebene,
    basis.stichtag,
    basis.jahr,
    basis.indikator_id,
    glaettung.wert_geglaettet,
    glaettung.wert_geglaettet_unten,
    glaettung.wert_geglaettet_oben,
    glaettung.gewicht_eigen,
    glaettung.wert_drei_jahre,
    glaettung.wert_drei_jahre_unten,
    glaettung.wert_drei_jahre_oben,
    basis.obs_status,
    basis.conf_status,
    basis.zeichen,
    basis.vorlaeufig,
    basis.lieferung_id,
    basis.status_id
from {{ ref('int_statistik__basis') }} as basis
inner join {{ ref('int_statistik__glaettung') }} as glaettung on basis.basis_id = glaettung.basis_id
