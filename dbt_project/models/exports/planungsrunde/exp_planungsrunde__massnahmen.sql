select
    massnahme.massnahme_id,
    massnahme.titel,
    massnahme.raumeinheit_id,
    raum.name as raum,
    massnahme.gebietsstand,
    massnahme.ebene,
    massnahme.zielgruppe_planung as zielgruppe,
    massnahme.ziel,
    massnahme.stand,
    massnahme.beginn,
    massnahme.ende,
    massnahme.kosten_eur,
    case when massnahme.kosten_eur is null then coalesce(massnahme.kosten_eur_zeichen, '.') end as kosten_zeichen,
    massnahme.foerderung,
    massnahme.drittmittel_eur,
    case when massnahme.drittmittel_eur is null then coalesce(massnahme.drittmittel_eur_zeichen, '.') end as drittmittel_zeichen,
    massnahme.stichtag as stand_vom,
    stadt.simuliert
from {{ ref('fct_massnahme') }} as massnahme
left join {{ ref('exp_freigabe__dim_raumeinheit') }} as raum
    on massnahme.raumeinheit_id = raum.raumeinheit_id
    and massnahme.gebietsstand = raum.gebietsstand
    and massnahme.ebene = raum.ebene
    and raum.zielgruppe = 'verwaltung'
cross join {{ ref('stg_tuer__stadt') }} as stadt
qualify massnahme.stichtag = max(massnahme.stichtag) over ()
