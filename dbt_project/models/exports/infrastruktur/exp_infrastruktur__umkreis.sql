with gezaehlt as (
    {{ export_kennzahlen('verwaltung', "kennzahl.thema = 'erreichbarkeit'") }}
)

select
    gezaehlt.raumeinheit_id,
    gezaehlt.raum,
    gezaehlt.gebietsstand,
    gezaehlt.ebene,
    gezaehlt.stichtag,
    gezaehlt.jahr,
    kategorie.kategorie,
    kategorie.name as kategorie_name,
    kategorie.umkreis_m,
    gezaehlt.wert,
    gezaehlt.zeichen,
    gezaehlt.obs_status,
    gezaehlt.conf_status,
    gezaehlt.vorlaeufig,
    gezaehlt.simuliert
from gezaehlt
inner join {{ ref('ortkategorien') }} as kategorie on gezaehlt.kennzahl_id = 'einwohner_im_umkreis_' || kategorie.kategorie
