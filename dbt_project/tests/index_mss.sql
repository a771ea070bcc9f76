-- Die gerechneten Klassen sind die veröffentlichten, in jedem eingestuften Planungsraum, und kein anderer hat eine.
with veroeffentlicht as (
    select lieferung_id, raumeinheit_id, 'mss_status' as index_id, status_klasse as klasse from {{ ref('stg_mss__klassen') }}
    union all
    select lieferung_id, raumeinheit_id, 'mss_dynamik', dynamik_klasse from {{ ref('stg_mss__klassen') }}
),

gerechnet as (
    select lieferung_id, raumeinheit_id, index_id, klasse from {{ ref('fct_index') }} where klasse is not null and index_id in ('mss_status', 'mss_dynamik')
)

select coalesce(veroeffentlicht.lieferung_id, gerechnet.lieferung_id) as lieferung_id,
    coalesce(veroeffentlicht.raumeinheit_id, gerechnet.raumeinheit_id) as raumeinheit_id,
    veroeffentlicht.klasse as veroeffentlicht, gerechnet.klasse as gerechnet
from veroeffentlicht
full outer join gerechnet
    on veroeffentlicht.lieferung_id = gerechnet.lieferung_id
    and veroeffentlicht.raumeinheit_id = gerechnet.raumeinheit_id
    and veroeffentlicht.index_id = gerechnet.index_id
where veroeffentlicht.klasse is distinct from gerechnet.klasse
