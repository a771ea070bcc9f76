-- Gelieferte Zahlen oberer Ebenen neben der Summe der nächstfeineren; ein unbekannter Teil macht die Summe unbekannt.
with teile as (
    select
        getragen.lieferung_id,
        getragen.stichtag,
        getragen.gebietsstand,
        getragen.kennzahl_id,
        einheit.uebergeordnet_id,
        einheit.rang,
        case when count(*) = count(getragen.wert) then sum(getragen.wert) end as summe
    from {{ ref('int_kennzahl__getragen') }} as getragen
    inner join {{ ref('int_raum__einheit') }} as einheit
        on getragen.gebietsstand = einheit.gebietsstand
        and getragen.ebene = einheit.ebene
        and getragen.raumeinheit_id = einheit.raumeinheit_id
    group by getragen.lieferung_id, getragen.stichtag, getragen.gebietsstand, getragen.kennzahl_id, einheit.uebergeordnet_id, einheit.rang
),

verglichen as (
    select
        'teile' as abgleich_id,
        oben.stichtag,
        oben.gebietsstand,
        oben.ebene,
        oben.raumeinheit_id,
        oben.kennzahl_id,
        'geliefert' as links,
        'Summe der Teile' as rechts,
        oben.gelieferte_summe as wert_links,
        teile.summe as wert_rechts,
        oben.stichtag as stichtag_rechts,
        oben.lieferung_id
    from {{ ref('int_kennzahl__getragen') }} as oben
    inner join {{ ref('stg_tuer__ebene') }} as ebene on oben.ebene = ebene.ebene
    inner join teile
        on oben.lieferung_id = teile.lieferung_id
        and oben.stichtag = teile.stichtag
        and oben.gebietsstand = teile.gebietsstand
        and oben.kennzahl_id = teile.kennzahl_id
        and oben.raumeinheit_id = teile.uebergeordnet_id
        and ebene.rang + 1 = teile.rang
    where oben.gelieferte_summe is not null
)

select * from verglichen
