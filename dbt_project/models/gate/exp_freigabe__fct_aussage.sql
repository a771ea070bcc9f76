-- Hinaus geht nur, was geprüft und freigegeben ist.
select zielgruppen.zielgruppe, aussage.*
from {{ ref('fct_aussage') }} as aussage
cross join {{ zielgruppen() }}
where aussage.geprueft and aussage.freigegeben
