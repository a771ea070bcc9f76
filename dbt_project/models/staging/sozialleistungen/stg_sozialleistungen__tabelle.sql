select
    lieferung_id,
    stichtag,
    lieferung_gebietsstand as gebietsstand,
    ebene,
    raumeinheit_id,
    kennzahl_id,
    cast(anzahl as double) as anzahl,
    anzahl_zeichen
from {{ roh('sozialleistung_aggregiert') }}
