select
    lieferung_id,
    stichtag,
    raumeinheit_id,
    gebietsstand,
    ebene,
    name,
    uebergeordnet_id,
    cast(gueltig_von as date) as gueltig_von,
    cast(gueltig_bis as date) as gueltig_bis,
    cast(flaeche_ha as double) as flaeche_ha,
    geometrie,
    cast(geometrie_epsg as integer) as geometrie_epsg
from {{ roh('raumeinheit') }}
