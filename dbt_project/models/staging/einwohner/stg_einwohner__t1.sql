select
    lieferung_id,
    stichtag,
    lieferung_gebietsstand as gebietsstand,
    raumeinheit_id,
    ebene,
    cast(einwohner as bigint) as einwohner,
    cast(mit_mh as bigint) as mit_mh,
    cast(deutsche as bigint) as deutsche,
    cast(deutsche_ohne_mh as bigint) as deutsche_ohne_mh,
    cast(deutsche_mit_mh as bigint) as deutsche_mit_mh,
    cast(auslaender as bigint) as auslaender
from {{ roh('einwohner_t1') }}
