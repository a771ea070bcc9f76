select
    lieferung_id,
    stichtag,
    strassenschluessel || '-' || lpad(hausnummer, 4, '0') || '-' || coalesce(zusatz, '') as adresse_id,
    strassenschluessel,
    strassenname,
    hausnummer,
    zusatz,
    block_id,
    cast(x as double) as x,
    cast(y as double) as y,
    cast(epsg as integer) as epsg,
    cast(gueltig_von as date) as gueltig_von,
    cast(gueltig_bis as date) as gueltig_bis
from {{ roh('adresse') }}
