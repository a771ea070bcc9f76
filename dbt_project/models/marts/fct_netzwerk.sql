select
    angebot.stichtag,
    angebot.nummer,
    angebot.name,
    angebot.art,
    angebot.gebietsstand,
    angebot.ebene,
    angebot.raumeinheit_id,
    angebot.mitglieder,
    angebot.engagierte,
    angebot.kooperationen,
    angebot.lieferung_id
from {{ ref('stg_netzwerke__angebot') }} as angebot
