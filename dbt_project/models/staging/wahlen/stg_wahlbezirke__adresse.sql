select lieferung_id, stichtag, strassenschluessel, hausnummer, zusatz, stimmbezirk
from {{ roh('wahlbezirk_adresse') }}
