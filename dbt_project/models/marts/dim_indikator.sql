select
    indikator_id,
    name,
    kurzname,
    definition,
    zaehler,
    nenner,
    faktor,
    einheit,
    polaritaet,
    ki_methode,
    mindestnenner,
    gruppe,
    quelle,
    rechtsgrundlage,
    art,
    effekt
from {{ ref('indikatoren') }}
