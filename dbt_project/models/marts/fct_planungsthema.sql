-- Ein Stadtteilarbeitskreis hat einen Stadtbereich, die anderen Runden gelten der Stadt.
select
    thema.stichtag,
    thema.thema_nr,
    thema.runde,
    thema.datum,
    thema.gebietsstand,
    thema.ebene,
    thema.raumeinheit_id,
    thema.thema,
    thema.stand,
    arbeitskreis.vorhanden as arbeitskreis_vorhanden,
    thema.lieferung_id
from {{ ref('stg_planung__thema') }} as thema
left join {{ ref('stg_planung__arbeitskreis') }} as arbeitskreis
    on thema.lieferung_id = arbeitskreis.lieferung_id
    and thema.raumeinheit_id = arbeitskreis.raumeinheit_id
