select lieferung_id, stichtag, anregung_nr, entwurf, datum, von_gruppe, anregung, umgang
from {{ roh('planung_anregung') }}
