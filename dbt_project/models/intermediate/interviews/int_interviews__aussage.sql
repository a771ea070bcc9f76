{{ config(meta={'eingefroren': 'geprueft and freigegeben'}) }}
-- Segmente mit Thema, Gebiet und Gruppe; was geprüft und freigegeben ist, bleibt auch, wenn die Rohdaten gelöscht sind.
with aussage as (
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
)

select * from aussage
{{ eingefrorene_zeilen() }}
