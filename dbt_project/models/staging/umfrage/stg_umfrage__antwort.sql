-- Wer abgebrochen hat, zählt nicht.
select
    lieferung_id,
    stichtag,
    lieferung_gebietsstand as gebietsstand,
    befragte,
    raumeinheit_id,
    altersgruppe,
    geschlecht,
    staatsangehoerigkeit,
    frage,
    code
from {{ roh('umfrage_antwort') }}
where abgeschlossen = 'true'
