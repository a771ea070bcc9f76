select
    lieferung_id,
    stichtag,
    lieferung_gebietsstand as gebietsstand,
    ebene,
    raumeinheit_id,
    einschulungskinder,
    einschulungskinder_zeichen,
    einschulungskinder_sprachauffaellig,
    einschulungskinder_sprachauffaellig_zeichen,
    einschulungskinder_uebergewichtig,
    einschulungskinder_uebergewichtig_zeichen,
    einschulungskinder_vorsorge_vollstaendig,
    einschulungskinder_vorsorge_vollstaendig_zeichen
from {{ roh('einschulungsuntersuchung') }}
