-- rang 1 ist die Stadt, je feiner desto größer.
with nummeriert as (
    select unnest(ebenen) as ebene, unnest(range(1, len(ebenen) + 1)) as rang, veroeffentlichungsebenen
    from {{ tuer('stadt') }}
)

select ebene, cast(rang as integer) as rang, list_contains(veroeffentlichungsebenen, ebene) as verlaesst_das_haus
from nummeriert
