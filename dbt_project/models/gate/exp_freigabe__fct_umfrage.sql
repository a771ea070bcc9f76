-- Ein Anteil aus weniger als der Mindestbasis geht nicht hinaus, außerhalb der Verwaltung auch keiner, der alle oder niemanden meint.
select
    zielgruppen.zielgruppe,
    umfrage.* replace (
        case when sichtbar.ja then umfrage.wert end as wert,
        case when sichtbar.ja then umfrage.ki_unten end as ki_unten,
        case when sichtbar.ja then umfrage.ki_oben end as ki_oben,
        case when sichtbar.ja then umfrage.obs_status else unsicher.obs_status end as obs_status,
        case when sichtbar.ja then umfrage.conf_status else unsicher.conf_status end as conf_status,
        case when sichtbar.ja then umfrage.zeichen else unsicher.zeichen end as zeichen,
        case when sichtbar.ja then umfrage.status_id else unsicher.status_id end as status_id
    )
from {{ ref('fct_umfrage') }} as umfrage
inner join {{ ref('stg_tuer__ebene') }} as ebene on umfrage.ebene = ebene.ebene and ebene.verlaesst_das_haus
cross join {{ zielgruppen() }}
cross join lateral (
    select umfrage.status_id = 'wert' and (zielgruppen.zielgruppe = 'verwaltung' or umfrage.wert not in (0, 100)) as ja
) as sichtbar
inner join {{ ref('status') }} as unsicher on unsicher.status_id = 'unsicher'
