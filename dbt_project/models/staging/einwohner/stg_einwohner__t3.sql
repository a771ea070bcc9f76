select
    lieferung_id,
    stichtag,
    lieferung_gebietsstand as gebietsstand,
    raumeinheit_id,
    ebene,
    cast(mit_mh as bigint) as mit_mh,
    cast(mh_alter_0_5 as bigint) as mh_alter_0_5,
    cast(mh_alter_6_14 as bigint) as mh_alter_6_14,
    cast(mh_alter_15_17 as bigint) as mh_alter_15_17,
    cast(mh_alter_18_26 as bigint) as mh_alter_18_26,
    cast(mh_alter_27_44 as bigint) as mh_alter_27_44,
    cast(mh_alter_45_54 as bigint) as mh_alter_45_54,
    cast(mh_alter_55_64 as bigint) as mh_alter_55_64,
    cast(mh_alter_65_plus as bigint) as mh_alter_65_plus,
    cast(mh_weiblich as bigint) as mh_weiblich,
    cast(auslaender as bigint) as auslaender
from {{ roh('einwohner_t3') }}
