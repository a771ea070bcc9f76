select lieferung_id, umfrage, angeschrieben, neutral
from {{ roh('umfrage_feld') }}
