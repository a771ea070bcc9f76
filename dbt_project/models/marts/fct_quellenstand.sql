select
    quelle_id,
    lieferung_id,
    stichtag,
    gebietsstand,
    eingang,
    sha256,
    zeilen,
    zeilen_quarantaene,
    status,
    aktiv,
    simuliert,
    veroeffentlicht,
    rechtsgrundlage,
    dateien
from {{ ref('stg_tuer__quellenstand') }}
