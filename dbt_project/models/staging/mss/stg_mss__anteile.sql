select
    lieferung_id,
    stichtag,
    lieferung_gebietsstand as gebietsstand,
    'planungsraum' as ebene,
    raumeinheit_id,
    name,
    cast(einwohner as bigint) as einwohner,
    cast(s1 as double) as s1,
    cast(s2 as double) as s2,
    cast(s3 as double) as s3,
    cast(s4 as double) as s4,
    cast(d1 as double) as d1,
    cast(d2 as double) as d2,
    cast(d3 as double) as d3,
    cast(d4 as double) as d4
from {{ roh('mss_anteile') }}
