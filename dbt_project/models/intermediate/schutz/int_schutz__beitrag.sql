-- Die drei größten Beiträge einzelner Haushalte zu jeder Zahl, die das Haus verlassen könnte, und zu den Bruchstücken zwischen
-- Gebietsständen; nur wo die Lieferung gilt, die sie nennt.
with beitrag as (
    select beitrag.*
    from {{ ref('int_soziales__beitrag') }} as beitrag
    inner join {{ ref('int_kennzahl__wert') }} as wert
        on beitrag.lieferung_id = wert.lieferung_id
        and beitrag.stichtag = wert.stichtag
        and beitrag.gebietsstand = wert.gebietsstand
        and beitrag.ebene = wert.ebene
        and beitrag.raumeinheit_id = wert.raumeinheit_id
        and beitrag.kennzahl_id = wert.kennzahl_id
),

je_gebiet as (
    select beitrag.stichtag, beitrag.kennzahl_id, vorfahr.gebietsstand, vorfahr.vorfahr_ebene as ebene, vorfahr.vorfahr_id as raumeinheit_id, beitrag.beitrag
    from beitrag
    inner join {{ ref('int_raum__gebietsstand_paar') }} as paar
        on beitrag.gebietsstand = paar.von_gebietsstand
        and beitrag.ebene = paar.ebene
    inner join {{ ref('int_raum__vorfahr') }} as vorfahr
        on paar.nach_gebietsstand = vorfahr.gebietsstand
        and beitrag.ebene = vorfahr.ebene
        and beitrag.raumeinheit_id = vorfahr.raumeinheit_id
    inner join {{ ref('stg_tuer__ebene') }} as oben on vorfahr.vorfahr_ebene = oben.ebene and oben.verlaesst_das_haus
),

je_bruchstueck as (
    select beitrag.stichtag, beitrag.kennzahl_id, '' as gebietsstand, '' as ebene, lage.bruchstueck_id as raumeinheit_id, beitrag.beitrag
    from beitrag
    inner join {{ ref('int_schutz__lage') }} as lage
        on beitrag.ebene = lage.ebene
        and beitrag.raumeinheit_id = lage.raumeinheit_id
        and lage.gebietsstaende > 1
),

alle as (
    select * from je_gebiet
    union all
    select * from je_bruchstueck
),

gereiht as (
    select *, row_number() over (partition by stichtag, kennzahl_id, gebietsstand, ebene, raumeinheit_id order by beitrag desc) as rang
    from alle
)

select * from gereiht where rang <= 3
