select
    lieferung_id,
    stichtag,
    lieferung_gebietsstand as gebietsstand,
    person_key,
    ereignis,
    cast(ereignisdatum as date) as ereignisdatum,
    cast(verarbeitungsdatum as date) as verarbeitungsdatum,
    cast("alter" as integer) as alter_jahre,
    geschlecht,
    staatsangehoerigkeit1,
    staatsangehoerigkeit_vorher,
    von_block_id,
    nach_block_id,
    gegenort,
    sperre
from {{ roh('melderegister_bewegung') }}
