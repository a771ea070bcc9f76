-- Alle Fallzahlen, die das Haus verlassen könnten, zu Stichtagen, an denen nicht ohnehin alles veröffentlicht ist.
-- Eine Zahl, die eine deckungsgleiche amtliche Statistik ebenso nennt, ist allen bekannt: sie zu sperren schützte niemanden, und jede
-- Summe mit ihr lässt sich nachrechnen. Kleine bleiben auch dann gesperrt; wo die Statistik abweicht, verrät sie die Zahl nicht.
with amtlich as (
    select
        referenz.stichtag,
        referenz.kennzahl_id,
        referenz.gebiet_art,
        referenz.gebiet_schluessel,
        referenz.wert
    from {{ ref('fct_referenzwert') }} as referenz
    inner join {{ ref('int_schutz__regel') }} as regel on referenz.kennzahl_id = regel.kennzahl_id
    where referenz.deckungsgleich
    group by referenz.stichtag, referenz.kennzahl_id, referenz.gebiet_art, referenz.gebiet_schluessel, referenz.wert
    having referenz.wert >= max(regel.mindestzahl)
),

gezaehlt as (
    select
        wert.stichtag,
        wert.kennzahl_id,
        wert.gebietsstand,
        wert.ebene,
        wert.raumeinheit_id,
        -- Geschätzte Zahlen (umgerechnete Gebiete) schützt man wie die ganze Zahl, die ihnen am nächsten ist.
        round(wert.wert) as wert,
        coalesce(quellenstand.mindestzahl, 0) as mindestzahl,
        quellenstand.veroeffentlicht or amtlich.wert is not null as veroeffentlicht
    from {{ ref('int_kennzahl__wert') }} as wert
    inner join {{ ref('stg_tuer__ebene') }} as ebene on wert.ebene = ebene.ebene and ebene.verlaesst_das_haus
    inner join {{ ref('stg_tuer__quellenstand') }} as quellenstand on wert.lieferung_id = quellenstand.lieferung_id
    inner join {{ ref('kennzahlen') }} as kennzahl
        on wert.kennzahl_id = kennzahl.kennzahl_id
        and kennzahl.schutzfamilie is not null
        and kennzahl.mass in ('personen', 'anzahl')
    left join amtlich
        on wert.stichtag = amtlich.stichtag
        and wert.kennzahl_id = amtlich.kennzahl_id
        and wert.raumeinheit_id = amtlich.gebiet_schluessel
        and amtlich.gebiet_art = case when ebene.rang = 1 then 'stadt' else wert.ebene end
        and wert.wert = amtlich.wert
    where wert.wert is not null
        and wert.kennzahl_id not in (select kennzahl_id from {{ ref('schutzausnahmen') }} where zielgruppe = '*')
),

schutzbeduerftig as (
    select *
    from gezaehlt
    qualify not bool_and(veroeffentlicht) over (partition by stichtag)
)

select * from schutzbeduerftig
