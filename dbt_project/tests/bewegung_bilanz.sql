-- Bestand am Jahresende = Bestand am Ende des Vorjahres + Geburten - Sterbefälle + Zuzüge - Fortzüge + Umzüge hinein - Umzüge hinaus,
-- in jedem Gebiet, auf den Grenzen, die am Jahresende gelten; verglichen wird, wo beide Bestände und alle Bewegungen bekannt sind.
with bestand as (
    select gebietsstand, ebene, raumeinheit_id, stichtag, wert
    from {{ ref('int_kennzahl__wert') }}
    where kennzahl_id = 'einwohner' and wert is not null
),

bewegung as (
    select
        gebietsstand,
        ebene,
        raumeinheit_id,
        stichtag,
        sum(case when kennzahl_id in ('geburten', 'zuzuege', 'umzuege_zu') then wert else -wert end) as saldo
    from {{ ref('int_kennzahl__wert') }}
    where kennzahl_id in ('geburten', 'sterbefaelle', 'zuzuege', 'fortzuege', 'umzuege_zu', 'umzuege_fort')
    group by gebietsstand, ebene, raumeinheit_id, stichtag
    having count(wert) = 6
)

select bewegung.gebietsstand, bewegung.ebene, bewegung.raumeinheit_id, bewegung.stichtag, vorher.wert as vorher, bewegung.saldo, bestand.wert as nachher
from bewegung
inner join bestand
    on bewegung.gebietsstand = bestand.gebietsstand
    and bewegung.ebene = bestand.ebene
    and bewegung.raumeinheit_id = bestand.raumeinheit_id
    and bewegung.stichtag = bestand.stichtag
inner join bestand as vorher
    on bewegung.gebietsstand = vorher.gebietsstand
    and bewegung.ebene = vorher.ebene
    and bewegung.raumeinheit_id = vorher.raumeinheit_id
    and bewegung.stichtag = vorher.stichtag + interval 1 year
where vorher.wert + bewegung.saldo <> bestand.wert
