select
    lieferung_id,
    stichtag,
    lieferung_gebietsstand as gebietsstand,
    ebene,
    nummer,
    name,
    art,
    coalesce(raumeinheit_id, 'nz_' || ebene) as raumeinheit_id,
    mitglieder,
    mitglieder_zeichen,
    engagierte,
    engagierte_zeichen,
    kooperationen,
    kooperationen_zeichen
from {{ roh('netzwerk') }}
