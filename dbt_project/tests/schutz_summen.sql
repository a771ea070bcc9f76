-- Summe minus sichtbare Teile verrät nichts: was fehlt, ist zusammen nichts oder mindestens die Mindestzahl, und nie ein
-- einzelnes gesperrtes Gebiet. Das gilt auch über die Reste zweier ineinanderliegender Altersgruppen.
with sichtbar as (
    select kennzahl.zielgruppe, kennzahl.gebietsstand, einheit.ebene_rang, kennzahl.raumeinheit_id, einheit.uebergeordnet_id,
        kennzahl.stichtag, kennzahl.kennzahl_id, kennzahl.wert, kennzahl.status_id
    from {{ ref('exp_freigabe__fct_kennzahl') }} as kennzahl
    inner join {{ ref('stg_tuer__quellenstand') }} as quellenstand on kennzahl.lieferung_id = quellenstand.lieferung_id and not quellenstand.veroeffentlicht
    inner join {{ ref('kennzahlen') }} as art on kennzahl.kennzahl_id = art.kennzahl_id and art.mass = 'personen'
    inner join {{ ref('dim_raumeinheit') }} as einheit
        on kennzahl.raumeinheit_id = einheit.raumeinheit_id
        and kennzahl.gebietsstand = einheit.gebietsstand
        and kennzahl.ebene = einheit.ebene
),

rest as (
    select eltern.zielgruppe, eltern.gebietsstand, eltern.raumeinheit_id, eltern.stichtag, eltern.kennzahl_id,
        eltern.wert - coalesce(sum(kind.wert), 0) as fehlt,
        count(*) filter (where kind.status_id in ('geheim_primaer', 'geheim_sekundaer')) as gesperrte,
        count(*) as kinder
    from sichtbar as eltern
    inner join sichtbar as kind
        on eltern.zielgruppe = kind.zielgruppe
        and eltern.gebietsstand = kind.gebietsstand
        and eltern.raumeinheit_id = kind.uebergeordnet_id
        and eltern.ebene_rang + 1 = kind.ebene_rang
        and eltern.stichtag = kind.stichtag
        and eltern.kennzahl_id = kind.kennzahl_id
    where eltern.wert is not null
    group by eltern.zielgruppe, eltern.gebietsstand, eltern.raumeinheit_id, eltern.stichtag, eltern.kennzahl_id, eltern.wert
)

select *
from rest
where fehlt between 1 and (select mindestzahl from {{ ref('stg_tuer__stadt') }}) - 1
    or fehlt < 0
    or (gesperrte = 1 and kinder > 1)
    or (gesperrte = 0 and fehlt <> 0)
