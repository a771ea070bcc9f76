-- Register, amtliche Fortschreibung und Zensus für die ganze Stadt: je zwei am selben Stichtag oder am nächsten binnen eines Jahres.
-- Eine Statistik, die dasselbe zählt wie die Lieferung, steht nur am selben Stichtag neben ihr.
with geliefert as (
    select kennzahl.kennzahl_id, kennzahl.stichtag, kennzahl.gebietsstand, kennzahl.ebene, kennzahl.raumeinheit_id, kennzahl.wert, kennzahl.lieferung_id
    from {{ ref('fct_kennzahl') }} as kennzahl
    inner join {{ ref('stg_tuer__ebene') }} as ebene on kennzahl.ebene = ebene.ebene and ebene.rang = 1
    where kennzahl.gebietsstand_am_stichtag and kennzahl.kennzahl_id in (select kennzahl_id from {{ ref('referenzmerkmale') }})
),

amtlich as (
    select wert.statistik, wert.stichtag, wert.kennzahl_id, merkmal.deckungsgleich, wert.wert, wert.lieferung_id
    from {{ ref('fct_referenzwert') }} as wert
    inner join {{ ref('referenzmerkmale') }} as merkmal on wert.statistik = merkmal.statistik and wert.merkmal = merkmal.merkmal
    where wert.gebiet_art = 'stadt'
),

paare as (
    select
        case
            when amtlich.deckungsgleich then 'deckungsgleich'
            when amtlich.statistik = 'zensus2022' then 'register_zensus'
            else 'register_fortschreibung'
        end as abgleich_id,
        geliefert.stichtag,
        geliefert.gebietsstand,
        geliefert.ebene,
        geliefert.raumeinheit_id,
        geliefert.kennzahl_id,
        case when amtlich.deckungsgleich then 'Lieferung' else 'Register' end as links,
        amtlich.statistik as rechts,
        geliefert.wert as wert_links,
        amtlich.wert as wert_rechts,
        amtlich.stichtag as stichtag_rechts,
        amtlich.lieferung_id
    from amtlich
    inner join geliefert
        on amtlich.kennzahl_id = geliefert.kennzahl_id
        and abs(geliefert.stichtag - amtlich.stichtag) <= case when amtlich.deckungsgleich then 0 else 366 end
    where amtlich.deckungsgleich or amtlich.statistik in ('fortschreibung', 'zensus2022')
    qualify row_number() over (partition by amtlich.statistik, amtlich.stichtag, amtlich.kennzahl_id order by abs(geliefert.stichtag - amtlich.stichtag), geliefert.stichtag, amtlich.lieferung_id) = 1
),

amtlich_unter_sich as (
    select
        'fortschreibung_zensus' as abgleich_id,
        fortschreibung.stichtag,
        stand.gebietsstand,
        ebene.ebene,
        stadt.ags as raumeinheit_id,
        fortschreibung.kennzahl_id,
        'fortschreibung' as links,
        zensus.statistik as rechts,
        fortschreibung.wert as wert_links,
        zensus.wert as wert_rechts,
        zensus.stichtag as stichtag_rechts,
        zensus.lieferung_id
    from amtlich as zensus
    inner join amtlich as fortschreibung
        on zensus.kennzahl_id = fortschreibung.kennzahl_id
        and fortschreibung.statistik = 'fortschreibung'
        and abs(fortschreibung.stichtag - zensus.stichtag) <= 366
    cross join {{ ref('stg_tuer__stadt') }} as stadt
    inner join {{ ref('stg_tuer__ebene') }} as ebene on ebene.rang = 1
    inner join {{ ref('stg_tuer__gebietsstand') }} as stand
        on fortschreibung.stichtag >= stand.gueltig_von
        and fortschreibung.stichtag <= coalesce(stand.gueltig_bis, fortschreibung.stichtag)
    where zensus.statistik = 'zensus2022'
    qualify row_number() over (partition by zensus.kennzahl_id order by abs(fortschreibung.stichtag - zensus.stichtag), fortschreibung.stichtag) = 1
),

zusammen as (
    select * from paare
    union all
    select * from amtlich_unter_sich
)

select * from zusammen
