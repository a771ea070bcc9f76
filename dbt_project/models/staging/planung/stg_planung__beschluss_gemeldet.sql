select lieferung_id, beschluss_nr
from {{ roh('planung_beschluss', ersetzte=true) }}
