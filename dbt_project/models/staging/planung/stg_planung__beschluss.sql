select lieferung_id, stichtag, beschluss_nr, massnahme_id, gremium, datum, ergebnis
from {{ roh('planung_beschluss') }}
