select
    lieferung_id,
    stichtag,
    lieferung_gebietsstand as gebietsstand,
    'planungsraum' as ebene,
    raumeinheit_id,
    name,
    cast(einwohner as bigint) as einwohner,
    cast(status_index as double) as status_index,
    status_klasse,
    dynamik_index,
    dynamik_klasse,
    status_dynamik,
    status_dynamik_klasse
from {{ roh('mss_klassen') }}
