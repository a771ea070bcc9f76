select stichtag, anregung_nr, entwurf, datum, von_gruppe, anregung, umgang, lieferung_id
from {{ ref('stg_planung__anregung') }}
