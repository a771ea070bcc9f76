select
    wert.wahl,
    wert.stichtag,
    wert.gebietsstand,
    wert.ebene,
    wert.raumeinheit_id,
    wert.wahlberechtigte,
    wert.waehler,
    100 * wert.waehler / nullif(wert.wahlberechtigte, 0) as wert,
    wert.uebertragung,
    wert.anteil_exakt,
    wert.lieferung_id
from {{ ref('int_wahl__wert') }} as wert
