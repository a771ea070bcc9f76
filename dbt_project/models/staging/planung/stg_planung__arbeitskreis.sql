select lieferung_id, stichtag, lieferung_gebietsstand as gebietsstand, ebene, raumeinheit_id, vorhanden = 'ja' as vorhanden
from {{ roh('planung_arbeitskreis') }}
