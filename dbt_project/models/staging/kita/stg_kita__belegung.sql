select
    lieferung_id,
    stichtag,
    lieferung_gebietsstand as gebietsstand,
    ort_nr,
    plaetze_u3,
    plaetze_ue3,
    kinder_u3,
    kinder_ue3,
    kinder_45h
from {{ roh('kita_belegung') }}
