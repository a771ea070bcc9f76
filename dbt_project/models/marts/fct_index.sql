select
    wert.raumeinheit_id,
    wert.gebietsstand,
    wert.ebene,
    -- Eine Ausgabe trägt das Jahr nach ihrem Stichtag.
    cast(extract(year from wert.stichtag) + 1 as integer) as jahr,
    wert.stichtag,
    wert.index_id,
    wert.wert,
    wert.klasse,
    cast(null as double) as klasse_wahrscheinlichkeit,
    status.obs_status,
    status.conf_status,
    status.zeichen,
    quellenstand.vorlaeufig,
    wert.lieferung_id,
    wert.status_id
from {{ ref('int_index__wert') }} as wert
inner join {{ ref('status') }} as status on wert.status_id = status.status_id
inner join {{ ref('stg_tuer__quellenstand') }} as quellenstand on wert.lieferung_id = quellenstand.lieferung_id
