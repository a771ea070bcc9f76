-- Alle Fallzahlen, die das Haus verlassen könnten, zu Stichtagen, an denen nicht ohnehin alles veröffentlicht ist.
with amtlich as (
    select distinct stichtag, kennzahl_id
    from {{ ref('fct_referenzwert') }}
    where bekannt
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
        quellenstand.veroeffentlicht,
        -- Was die amtliche Statistik ebenso nennt, kennt jeder: es zu sperren schützte niemanden, und jede Summe damit lässt sich nachrechnen.
        ebene.rang = 1 and amtlich.kennzahl_id is not null as amtlich
    from {{ ref('int_kennzahl__wert') }} as wert
    inner join {{ ref('stg_tuer__ebene') }} as ebene on wert.ebene = ebene.ebene and ebene.verlaesst_das_haus
    inner join {{ ref('stg_tuer__quellenstand') }} as quellenstand on wert.lieferung_id = quellenstand.lieferung_id
    inner join {{ ref('kennzahlen') }} as kennzahl
        on wert.kennzahl_id = kennzahl.kennzahl_id
        and kennzahl.schutzfamilie is not null
        and kennzahl.mass in ('personen', 'anzahl')
    left join amtlich on wert.stichtag = amtlich.stichtag and wert.kennzahl_id = amtlich.kennzahl_id
    where wert.wert is not null
        and wert.kennzahl_id not in (select kennzahl_id from {{ ref('schutzausnahmen') }} where zielgruppe = '*')
),

schutzbeduerftig as (
    select *
    from gezaehlt
    qualify not bool_and(veroeffentlicht) over (partition by stichtag)
)

select * from schutzbeduerftig
