select
    lieferung_id,
    stichtag,
    lieferung_gebietsstand as gebietsstand,
    ebene,
    raumeinheit_id,
    wohnungen,
    wohnungen_zeichen,
    wohnflaeche_qm,
    wohnflaeche_qm_zeichen,
    wohnungen_gefoerdert,
    wohnungen_gefoerdert_zeichen,
    wohnungen_leer,
    wohnungen_leer_zeichen
from {{ roh('wohnungsbestand') }}
