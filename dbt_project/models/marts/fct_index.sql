select
    wert.raumeinheit_id,
    wert.gebietsstand,
    wert.ebene,
    -- Eine Ausgabe des Berliner Monitorings trägt das Jahr nach ihrem Stichtag.
    wert.jahr + verfahren.ausgabe_versatz as jahr,
    wert.stichtag,
    wert.index_id,
    wert.wert,
    wert.klasse,
    wert.klasse_wahrscheinlichkeit,
    wert.aussage,
    wert.p_homogenitaet,
    wert.klasse_ohne_einen,
    wert.klasse_gewichte,
    wert.wert_verankert,
    wert.klasse_verankert,
    wert.aussage_verankert,
    wert.bestandteile,
    wert.fehlende_bestandteile,
    status.obs_status,
    status.conf_status,
    status.zeichen,
    quellenstand.vorlaeufig,
    wert.lieferung_id,
    status.status_id
from {{ ref('int_index__wert') }} as wert
inner join {{ ref('indexverfahren') }} as verfahren on wert.index_id = verfahren.index_id
inner join {{ ref('status') }} as status
    on case when wert.wert is not null then 'wert' when wert.bestandteile < verfahren.mindestens then 'nicht_berechenbar' else 'nicht_geliefert' end = status.status_id
inner join {{ ref('stg_tuer__quellenstand') }} as quellenstand on wert.lieferung_id = quellenstand.lieferung_id
