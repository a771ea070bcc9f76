select
    lieferung_id,
    stichtag,
    lieferung_gebietsstand as gebietsstand,
    raumeinheit_id,
    ebene,
    cast(einwohner as bigint) as einwohner,
    cast(alter_0_5 as bigint) as alter_0_5,
    cast(alter_6_14 as bigint) as alter_6_14,
    cast(alter_15_17 as bigint) as alter_15_17,
    cast(alter_18_26 as bigint) as alter_18_26,
    cast(alter_27_44 as bigint) as alter_27_44,
    cast(alter_45_54 as bigint) as alter_45_54,
    cast(alter_55_64 as bigint) as alter_55_64,
    cast(alter_65_plus as bigint) as alter_65_plus,
    cast(weiblich as bigint) as weiblich,
    cast(auslaender as bigint) as auslaender
from {{ roh('einwohner_t2') }}
