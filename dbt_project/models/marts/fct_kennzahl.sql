select
    wert.raumeinheit_id,
    wert.gebietsstand,
    wert.ebene,
    wert.stichtag,
    wert.kennzahl_id,
    wert.wert,
    status.obs_status,
    status.conf_status,
    status.zeichen,
    coalesce(quellenstand.vorlaeufig or wert.status_id = 'vorlaeufig', false) as vorlaeufig,
    wert.lieferung_id,
    wert.status_id,
    wert.gliederung,
    wert.stichtag >= gebietsstand.gueltig_von and wert.stichtag <= coalesce(gebietsstand.gueltig_bis, wert.stichtag) as gebietsstand_am_stichtag,
    wert.guete,
    wert.uebergeleitet,
    wert.erwarteter_fehler
from {{ ref('int_kennzahl__alle') }} as wert
inner join {{ ref('status') }} as status on wert.status_id = status.status_id
left join {{ ref('stg_tuer__quellenstand') }} as quellenstand on wert.lieferung_id = quellenstand.lieferung_id
inner join {{ ref('stg_tuer__gebietsstand') }} as gebietsstand on wert.gebietsstand = gebietsstand.gebietsstand
