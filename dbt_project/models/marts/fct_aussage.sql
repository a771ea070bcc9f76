select
    segment.stichtag,
    segment.dokument || ', Segment ' || segment.segment as aussage_id,
    segment.art,
    segment.gebietsstand,
    segment.ebene,
    coalesce(segment.raumeinheit_id, 'nz_' || segment.ebene) as raumeinheit_id,
    segment.gruppe,
    segment.thema,
    segment.aussage,
    segment.geprueft,
    segment.freigegeben,
    segment.lieferung_id
from {{ ref('stg_interviews__segment') }} as segment
