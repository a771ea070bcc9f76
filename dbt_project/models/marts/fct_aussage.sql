select
    stichtag,
    aussage_id,
    art,
    gebietsstand,
    ebene,
    raumeinheit_id,
    gruppe,
    thema,
    aussage,
    geprueft,
    freigegeben,
    lieferung_id
from {{ ref('int_interviews__aussage') }}
