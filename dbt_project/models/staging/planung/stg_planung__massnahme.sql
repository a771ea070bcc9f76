select
    lieferung_id,
    stichtag,
    lieferung_gebietsstand as gebietsstand,
    massnahme_id,
    titel,
    ebene,
    raumeinheit_id,
    zielgruppe_planung,
    ziel,
    stand,
    beginn,
    ende,
    kosten_eur,
    kosten_eur_zeichen,
    foerderung,
    drittmittel_eur,
    drittmittel_eur_zeichen
from {{ roh('planung_massnahme') }}
