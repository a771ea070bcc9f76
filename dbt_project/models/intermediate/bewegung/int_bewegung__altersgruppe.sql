-- Sterbefälle und Einwohner in den 19 Altersgruppen der Europastandardbevölkerung (fünf Jahre, ab 90 offen), je Gebiet der
-- Ebenen, die das Haus verlassen. Die Gruppen selbst bleiben versiegelt: aus ihnen wird nur die standardisierte Ziffer.
-- Nur wo Personen und Ereignisse desselben Stichtags da sind; wessen Alter fehlt, steht in der Gruppe -1.
{% set gruppe_jahre, letzte_gruppe = 5, 18 %}

with faelle as (
    select gebietsstand, stichtag, raumeinheit_id as block_id, alter_jahre, sterbefaelle, 0 as einwohner
    from {{ ref('int_bewegung__sterbealter') }}
    union all
    select gebietsstand, stichtag, raumeinheit_id, alter_von, 0, anzahl
    from {{ ref('int_bevoelkerung__register_zellen') }}
),

gruppe as (
    select
        gebietsstand,
        stichtag,
        block_id,
        case when alter_jahre is null then -1 else least(alter_jahre // {{ gruppe_jahre }}, {{ letzte_gruppe }}) end as altersgruppe,
        sum(sterbefaelle) as sterbefaelle,
        sum(einwohner) as einwohner
    from faelle
    group by all
),

vollstaendig as (
    select gebietsstand, stichtag
    from gruppe
    group by gebietsstand, stichtag
    having sum(sterbefaelle) > 0 and sum(einwohner) > 0
),

summiert as (
    select
        vorfahr.gebietsstand,
        gruppe.stichtag,
        vorfahr.vorfahr_ebene as ebene,
        vorfahr.vorfahr_id as raumeinheit_id,
        cast(gruppe.altersgruppe as integer) as altersgruppe,
        cast(sum(gruppe.sterbefaelle) as double) as sterbefaelle,
        cast(sum(gruppe.einwohner) as double) as einwohner
    from gruppe
    inner join vollstaendig on gruppe.gebietsstand = vollstaendig.gebietsstand and gruppe.stichtag = vollstaendig.stichtag
    inner join {{ ref('int_raum__gebietsstand_paar') }} as paar on gruppe.gebietsstand = paar.von_gebietsstand and paar.ebene = 'block'
    inner join {{ ref('int_raum__vorfahr') }} as vorfahr
        on paar.nach_gebietsstand = vorfahr.gebietsstand
        and vorfahr.ebene = 'block'
        and gruppe.block_id = vorfahr.raumeinheit_id
        and not vorfahr.vorfahr_nicht_zuordenbar
    inner join {{ ref('stg_tuer__ebene') }} as ebene on vorfahr.vorfahr_ebene = ebene.ebene and ebene.verlaesst_das_haus
    group by vorfahr.gebietsstand, gruppe.stichtag, vorfahr.vorfahr_ebene, vorfahr.vorfahr_id, gruppe.altersgruppe
)

select * from summiert
