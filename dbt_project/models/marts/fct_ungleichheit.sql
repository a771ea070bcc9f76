select
    stadt.raumeinheit_id,
    mass.gebietsstand,
    stadt.ebene,
    mass.ebene as teilebene,
    mass.stichtag,
    mass.jahr,
    mass.indikator_id,
    cast(mass.gebiete as integer) as gebiete,
    mass.gefaelle,
    mass.gefaelle_unten,
    mass.gefaelle_oben,
    mass.dissimilaritaet_roh,
    mass.dissimilaritaet_zufall,
    mass.dissimilaritaet,
    mass.isolation,
    status.obs_status,
    status.conf_status,
    status.zeichen,
    wert.vorlaeufig,
    wert.lieferung_id,
    status.status_id
from {{ ref('int_statistik__ungleichheit') }} as mass
inner join {{ ref('int_raum__einheit') }} as stadt on mass.gebietsstand = stadt.gebietsstand and stadt.rang = 1
inner join {{ ref('int_statistik__basis') }} as wert
    on stadt.gebietsstand = wert.gebietsstand
    and stadt.ebene = wert.ebene
    and stadt.raumeinheit_id = wert.raumeinheit_id
    and mass.indikator_id = wert.indikator_id
    and mass.stichtag = wert.stichtag
inner join {{ ref('status') }} as status on case when mass.isolation is null then 'nicht_berechenbar' else 'wert' end = status.status_id
