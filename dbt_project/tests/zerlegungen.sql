-- Teile einer vollständigen Zerlegung ergeben ihr Ganzes, ein Teil einer unvollständigen ist nie größer; in jedem Gebiet, wo alles bekannt ist.
with paar as (
    select
        ganzes.gebietsstand,
        ganzes.ebene,
        ganzes.raumeinheit_id,
        ganzes.stichtag,
        zerlegung.zerlegung_id,
        zerlegung.vollstaendig,
        ganzes.wert as ganzes,
        count(*) = count(teil.wert) as bekannt,
        sum(teil.wert) as summe,
        max(teil.wert) as groesster
    from {{ ref('zerlegungen') }} as zerlegung
    inner join {{ ref('int_kennzahl__wert') }} as ganzes on zerlegung.kennzahl_id = ganzes.kennzahl_id
    inner join {{ ref('int_kennzahl__wert') }} as teil
        on zerlegung.teil_id = teil.kennzahl_id
        and ganzes.gebietsstand = teil.gebietsstand
        and ganzes.ebene = teil.ebene
        and ganzes.raumeinheit_id = teil.raumeinheit_id
        and ganzes.stichtag = teil.stichtag
    inner join {{ ref('stg_tuer__ebene') }} as ebene on ganzes.ebene = ebene.ebene and ebene.verlaesst_das_haus
    where ganzes.wert is not null
    group by ganzes.gebietsstand, ganzes.ebene, ganzes.raumeinheit_id, ganzes.stichtag, zerlegung.zerlegung_id, zerlegung.vollstaendig, ganzes.wert
)

select *
from paar
where (vollstaendig and bekannt and summe <> ganzes) or (not vollstaendig and groesster > ganzes)
