select
    lieferung_id,
    stichtag,
    lieferung_gebietsstand as gebietsstand,
    raumeinheit_id,
    ebene,
    cast(alter_von as integer) as alter_von,
    cast(alter_bis as integer) as alter_bis,
    geschlecht,
    staatsangehoerigkeit,
    cast(anzahl as bigint) as anzahl
from {{ roh('bevoelkerung_aggregiert') }}
