select
    lieferung_id,
    stichtag,
    lieferung_gebietsstand as gebietsstand,
    wahl,
    art,
    nummer,
    briefwahlbezirk,
    wahlberechtigte,
    wahlscheine,
    waehler
from {{ roh('wahlergebnis') }}
