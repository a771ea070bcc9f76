select
    lieferung_id,
    stichtag,
    lieferung_gebietsstand as gebietsstand,
    ort_nr,
    schulform_ziel,
    uebergaenge
from {{ roh('schuluebergang') }}
