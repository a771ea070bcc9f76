-- Jeder Ort mit den Angaben seines letzten Stichtags; gezeigt auf der feinsten Ebene, die das Haus verlässt.
with letzter as (
    select
        *,
        min(stichtag) over (partition by ort_id) as seit_stichtag,
        stichtag = max(stichtag) over (partition by kategorie) as aktuell
    from {{ ref('int_orte__ort') }}
    qualify row_number() over (partition by ort_id order by stichtag desc) = 1
),

gebiet as (
    select
        vorfahr.gebietsstand,
        vorfahr.ebene as von_ebene,
        vorfahr.raumeinheit_id as von_id,
        arg_max(vorfahr.vorfahr_ebene, ebene.rang) as ebene,
        arg_max(vorfahr.vorfahr_id, ebene.rang) as raumeinheit_id
    from {{ ref('int_raum__vorfahr') }} as vorfahr
    inner join {{ ref('stg_tuer__ebene') }} as ebene on vorfahr.vorfahr_ebene = ebene.ebene and ebene.verlaesst_das_haus
    group by vorfahr.gebietsstand, vorfahr.ebene, vorfahr.raumeinheit_id
)

select
    letzter.ort_id,
    letzter.kategorie,
    kategorie.name as kategorie_name,
    kategorie.umkreis_m,
    letzter.unterkategorie,
    letzter.name,
    letzter.traeger,
    letzter.anschrift,
    letzter.plz,
    letzter.gebietsstand,
    gebiet.ebene,
    gebiet.raumeinheit_id,
    letzter.lage_art,
    letzter.x,
    letzter.y,
    letzter.laenge,
    letzter.breite,
    letzter.plaetze,
    letzter.schueler,
    letzter.sozialindex,
    letzter.oeffnungszeiten,
    letzter.gueltig_von,
    letzter.gueltig_bis,
    letzter.seit_stichtag,
    letzter.stichtag,
    letzter.aktuell,
    letzter.liste,
    letzter.vorrang,
    letzter.listen,
    letzter.vertraulich,
    letzter.lieferung_id
from letzter
inner join {{ ref('ortkategorien') }} as kategorie on letzter.kategorie = kategorie.kategorie
left join gebiet
    on letzter.gebietsstand = gebiet.gebietsstand
    and letzter.ebene = gebiet.von_ebene
    and letzter.raumeinheit_id = gebiet.von_id
