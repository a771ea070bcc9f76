select
    lieferung_id || '|' || art || '|' || weg_id as zeile_id,
    lieferung_id,
    stichtag,
    lieferung_gebietsstand as gebietsstand,
    art,
    weg_id,
    klasse,
    name,
    cast(tempo as integer) as tempo,
    geometrie,
    cast(epsg as integer) as epsg
from {{ roh('weg') }}
