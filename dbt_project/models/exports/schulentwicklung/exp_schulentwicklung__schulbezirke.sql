select
    bezirk.schulbezirk_id,
    bezirk.name as schulbezirk,
    bezirk.stichtag,
    bezirk.jahr,
    bezirk.alter_jahre,
    bezirk.wert,
    bezirk.guete,
    bezirk.erwarteter_fehler,
    stadt.simuliert
from {{ ref('exp_freigabe__fct_schulbezirk') }} as bezirk
cross join {{ ref('stg_tuer__stadt') }} as stadt
where bezirk.zielgruppe = 'verwaltung'
