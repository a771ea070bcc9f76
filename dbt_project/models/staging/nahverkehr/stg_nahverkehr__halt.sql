-- Abfahrten je Fahrt; Stunden über 23 gehören zum Betriebstag davor und bleiben dort.
select
    lieferung_id,
    stichtag,
    fahrt_id,
    ort_nr,
    reihenfolge,
    cast(split_part(abfahrt, ':', 1) as integer) as stunde,
    reihenfolge = max(reihenfolge) over (partition by lieferung_id, fahrt_id) as endet
from {{ roh('gtfs_halt') }}
