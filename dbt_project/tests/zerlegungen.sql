-- Vollständige Teile machen das Ganze aus, andere sind nicht größer als es: auch ein Maß dafür, dass niemand zwischen den Haushalten verloren geht.
with teile as (
    select zerlegung.zerlegung_id, zerlegung.kennzahl_id, zerlegung.vollstaendig, teil.gebietsstand, teil.stichtag, teil.ebene, teil.raumeinheit_id,
        sum(teil.wert) as summe, count(*) = count(teil.wert) as bekannt
    from {{ ref('zerlegungen') }} as zerlegung
    inner join {{ ref('int_kennzahl__wert') }} as teil on zerlegung.teil_id = teil.kennzahl_id
    group by zerlegung.zerlegung_id, zerlegung.kennzahl_id, zerlegung.vollstaendig, teil.gebietsstand, teil.stichtag, teil.ebene, teil.raumeinheit_id
)

select teile.zerlegung_id, teile.gebietsstand, teile.stichtag, teile.raumeinheit_id, ganzes.wert, teile.summe
from teile
inner join {{ ref('int_kennzahl__wert') }} as ganzes
    on teile.kennzahl_id = ganzes.kennzahl_id
    and teile.gebietsstand = ganzes.gebietsstand
    and teile.stichtag = ganzes.stichtag
    and teile.ebene = ganzes.ebene
    and teile.raumeinheit_id = ganzes.raumeinheit_id
where teile.bekannt
    and ((teile.vollstaendig and teile.summe <> ganzes.wert) or teile.summe > ganzes.wert)
