-- Orte sind öffentliche Tatsachen, bis auf die, deren Liste sie vertraulich nennt: ein Frauenhaus steht auf keiner Karte.
select
    zielgruppen.zielgruppe,
    ort.*
from {{ ref('dim_ort') }} as ort
cross join {{ zielgruppen() }}
where not ort.vertraulich
