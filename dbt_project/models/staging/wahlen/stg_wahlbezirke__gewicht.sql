select lieferung_id, stichtag, stimmbezirk, ebene, raumeinheit_id, gewicht
from {{ roh('wahlbezirk_gewicht') }}
