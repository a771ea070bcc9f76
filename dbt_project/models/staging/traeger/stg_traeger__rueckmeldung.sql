select
    lieferung_id,
    stichtag,
    ort_id,
    traeger,
    angebot,
    angebot_gibt_es,
    name_richtig,
    anschrift_richtig,
    plaetze_richtig,
    oeffnungszeiten_richtig,
    anmerkung
from {{ roh('traeger_rueckmeldung') }}
