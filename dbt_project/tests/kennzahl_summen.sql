-- Jede Zahl ist die Summe der Zahlen ihrer Teile; wo ein Teil fehlt, gibt es sie nur, wenn der Lieferant sie selbst nennt.
-- Übertragene Zahlen sind auf sechs Stellen gerundet, das Ganze wie jeder Teil.
with teile as (
    select einheit.uebergeordnet_id as raumeinheit_id, einheit.gebietsstand, einheit.ebene_rang - 1 as ebene_rang,
        kennzahl.stichtag, kennzahl.kennzahl_id, sum(kennzahl.wert) as summe, count(*) as anzahl, count(*) = count(kennzahl.wert) as vollstaendig
    from {{ ref('fct_kennzahl') }} as kennzahl
    inner join {{ ref('dim_raumeinheit') }} as einheit
        on kennzahl.raumeinheit_id = einheit.raumeinheit_id
        and kennzahl.gebietsstand = einheit.gebietsstand
        and kennzahl.ebene = einheit.ebene
    group by all
)

select kennzahl.raumeinheit_id, kennzahl.gebietsstand, kennzahl.stichtag, kennzahl.kennzahl_id, kennzahl.wert, teile.summe
from {{ ref('fct_kennzahl') }} as kennzahl
inner join {{ ref('stg_tuer__ebene') }} as ebene on kennzahl.ebene = ebene.ebene
inner join teile
    on kennzahl.raumeinheit_id = teile.raumeinheit_id
    and kennzahl.gebietsstand = teile.gebietsstand
    and ebene.rang = teile.ebene_rang
    and kennzahl.stichtag = teile.stichtag
    and kennzahl.kennzahl_id = teile.kennzahl_id
left join {{ ref('int_kennzahl__getragen') }} as getragen
    on kennzahl.raumeinheit_id = getragen.raumeinheit_id
    and kennzahl.gebietsstand = getragen.gebietsstand
    and kennzahl.ebene = getragen.ebene
    and kennzahl.stichtag = getragen.stichtag
    and kennzahl.kennzahl_id = getragen.kennzahl_id
where (teile.vollstaendig and kennzahl.wert is distinct from teile.summe and not coalesce(abs(kennzahl.wert - teile.summe) <= 5e-7 * (1 + teile.anzahl) + 1e-9 * teile.summe, false))
    or (not teile.vollstaendig and kennzahl.wert is not null and kennzahl.kennzahl_id <> 'flaeche_ha' and getragen.gelieferte_summe is null)
