-- Vollständige Teile machen das Ganze aus, andere sind nicht größer als es: auch ein Maß dafür, dass niemand zwischen den Haushalten verloren geht.
-- Ein Teil, zu dem eine Lieferung keine Zeile hat, ist unbekannt und nicht null: über das Ganze sagen die übrigen dann nur, dass sie nicht größer sind.
with zerlegung as (
    select *, count(*) over (partition by zerlegung_id) as teile
    from {{ ref('zerlegungen') }}
),

teile as (
    select zerlegung.zerlegung_id, zerlegung.kennzahl_id, teil.gebietsstand, teil.stichtag, teil.ebene, teil.raumeinheit_id,
        sum(teil.wert) as summe, bool_and(zerlegung.vollstaendig) and count(teil.wert) = any_value(zerlegung.teile) as ganz_bekannt
    from zerlegung
    inner join {{ ref('int_kennzahl__wert') }} as teil on zerlegung.teil_id = teil.kennzahl_id
    group by zerlegung.zerlegung_id, zerlegung.kennzahl_id, teil.gebietsstand, teil.stichtag, teil.ebene, teil.raumeinheit_id
)

select teile.zerlegung_id, teile.gebietsstand, teile.stichtag, teile.raumeinheit_id, ganzes.wert, teile.summe
from teile
inner join {{ ref('int_kennzahl__wert') }} as ganzes
    on teile.kennzahl_id = ganzes.kennzahl_id
    and teile.gebietsstand = ganzes.gebietsstand
    and teile.stichtag = ganzes.stichtag
    and teile.ebene = ganzes.ebene
    and teile.raumeinheit_id = ganzes.raumeinheit_id
where (teile.ganz_bekannt and teile.summe <> ganzes.wert) or teile.summe > ganzes.wert
