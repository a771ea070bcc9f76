select
    lieferung_id,
    stichtag,
    von_id,
    von_gebietsstand,
    nach_id,
    nach_gebietsstand,
    ebene,
    cast(gewicht as double) as gewicht,
    art
from {{ roh('crosswalk') }}
