select lieferung_id, stichtag, lieferung_gebietsstand as gebietsstand, thema_nr, runde, datum, ebene, raumeinheit_id, thema, stand
from {{ roh('planung_thema') }}
