-- Alle Ortslisten untereinander; aus landesweiten Verzeichnissen nur die eigene Gemeinde.
select
    roh.lieferung_id || '|' || roh.liste || '|' || roh.kategorie || '|' || roh.ort_nr as zeile_id,
    roh.lieferung_id,
    roh.stichtag,
    roh.lieferung_gebietsstand as gebietsstand,
    roh.liste,
    cast(roh.vorrang as integer) as vorrang,
    roh.kategorie,
    roh.unterkategorie,
    roh.ort_nr,
    roh.name,
    roh.traeger,
    coalesce(roh.anschrift, roh.strasse_name || coalesce(' ' || roh.hausnummer_text, '')) as anschrift,
    roh.plz,
    roh.x,
    roh.y,
    cast(roh.epsg as integer) as epsg,
    roh.geometrie,
    roh.ebene,
    roh.raumeinheit_id,
    cast(roh.plaetze as bigint) as plaetze,
    roh.oeffnungszeiten,
    cast(roh.schueler as bigint) as schueler,
    roh.sozialindex,
    coalesce(roh.vertraulich, 'nein') = 'ja' as vertraulich,
    cast(roh.gueltig_von as date) as gueltig_von,
    cast(roh.gueltig_bis as date) as gueltig_bis
from {{ roh('ort') }} as roh
cross join {{ ref('stg_tuer__stadt') }} as stadt
where roh.kategorie is not null
    and coalesce(roh.ags, stadt.ags) = stadt.ags
-- Ein Halt für Bus und Bahn steht in OpenStreetMap unter einer Nummer und kommt mit jedem Verkehrsmittel: ein Ort.
qualify row_number() over (partition by roh.lieferung_id, roh.liste, roh.kategorie, roh.ort_nr order by roh.unterkategorie, roh.zeile) = 1
