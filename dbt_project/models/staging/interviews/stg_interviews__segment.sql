select
    lieferung_id,
    stichtag,
    lieferung_gebietsstand as gebietsstand,
    dokument,
    segment,
    art,
    ebene,
    raumeinheit_id,
    gruppe,
    thema,
    aussage,
    geprueft = 'ja' as geprueft,
    freigegeben = 'ja' as freigegeben
from {{ roh('interview_segment') }}
