-- Block und Adresse verlassen das Haus nie.
select
    zielgruppen.zielgruppe,
    einheit.*
from {{ ref('dim_raumeinheit') }} as einheit
inner join {{ ref('stg_tuer__ebene') }} as ebene on einheit.ebene = ebene.ebene and ebene.verlaesst_das_haus
cross join {{ zielgruppen() }}
