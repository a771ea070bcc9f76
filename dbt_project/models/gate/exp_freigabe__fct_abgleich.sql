-- Verglichen wird nur vor Augen, deren Zielgruppe die Zahl selbst sehen darf.
select kennzahl.zielgruppe, abgleich.*
from {{ ref('fct_abgleich') }} as abgleich
inner join {{ ref('exp_freigabe__fct_kennzahl') }} as kennzahl
    on abgleich.raumeinheit_id = kennzahl.raumeinheit_id
    and abgleich.gebietsstand = kennzahl.gebietsstand
    and abgleich.ebene = kennzahl.ebene
    and abgleich.stichtag = kennzahl.stichtag
    and abgleich.kennzahl_id = kennzahl.kennzahl_id
    and kennzahl.wert is not null
