select
    ort.ort_id,
    ort.name,
    ort.unterkategorie,
    ort.traeger,
    ort.anschrift,
    ort.plz,
    cast(ort.schueler as integer) as schueler,
    cast(ort.sozialindex as integer) as sozialindex,
    ort.raumeinheit_id,
    raum.name as raum,
    ort.gebietsstand,
    ort.ebene,
    ort.stichtag as stand_vom,
    ort.aktuell,
    stadt.simuliert
from {{ ref('exp_freigabe__dim_ort') }} as ort
left join {{ ref('exp_freigabe__dim_raumeinheit') }} as raum
    on ort.raumeinheit_id = raum.raumeinheit_id
    and ort.gebietsstand = raum.gebietsstand
    and ort.ebene = raum.ebene
    and ort.zielgruppe = raum.zielgruppe
cross join {{ ref('stg_tuer__stadt') }} as stadt
where ort.zielgruppe = 'verwaltung' and ort.kategorie = 'schule'
