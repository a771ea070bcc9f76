-- Die Schnittstelle des Schutzes: was welcher Zielgruppe nicht gezeigt wird. Wer die Regel ändert, ändert nur,
-- wie diese Tabelle entsteht; die Freigaben lesen nichts anderes.
{{ config(alias='muster') }}

with gesperrte_kennzahl as (
    select
        gesperrt.gebietsstand,
        gesperrt.ebene,
        gesperrt.raumeinheit_id,
        gesperrt.stichtag,
        kennzahl.kennzahl_id,
        gesperrt.conf_status,
        gesperrt.grund
    from {{ ref('schutz_gesperrt') }} as gesperrt
    inner join {{ ref('kennzahlen') }} as kennzahl
        on gesperrt.familie = kennzahl.schutzfamilie
        and gesperrt.stufe = kennzahl.schutzstufe
),

-- Kennzahlen außerhalb der Bevölkerung: eine kleine Zahl sperrt alles unter der Stadt, in jedem Gebietsstand.
klein as (
    select wert.stichtag, wert.kennzahl_id, bool_or(ebene.rang = 1) as auch_stadt
    from {{ ref('int_kennzahl__wert') }} as wert
    inner join {{ ref('kennzahlen') }} as kennzahl
        on wert.kennzahl_id = kennzahl.kennzahl_id
        and kennzahl.mass = 'anzahl'
        and kennzahl.schutzfamilie is not null
    inner join {{ ref('stg_tuer__ebene') }} as ebene on wert.ebene = ebene.ebene and ebene.verlaesst_das_haus
    inner join {{ ref('stg_tuer__quellenstand') }} as quellenstand
        on wert.lieferung_id = quellenstand.lieferung_id
        and not quellenstand.veroeffentlicht
        and wert.wert > 0
        and wert.wert < quellenstand.mindestzahl
    group by wert.stichtag, wert.kennzahl_id
),

-- Zwei Gebietsstände voneinander abgezogen lassen Stücke aus Blöcken übrig. Ist eines klein, bleibt nur der am Stichtag geltende.
stueck as (
    select block.gebietsstand, block.ebene, block.raumeinheit_id, lage.stueck
    from {{ ref('int_raum__einheit') }} as block
    inner join (
        select vorfahr.ebene, vorfahr.raumeinheit_id, string_agg(vorfahr.gebietsstand || ' ' || vorfahr.vorfahr_ebene || ' ' || vorfahr.vorfahr_id, ', ' order by vorfahr.gebietsstand, vorfahr.vorfahr_ebene, vorfahr.vorfahr_id) as stueck
        from {{ ref('int_raum__vorfahr') }} as vorfahr
        inner join {{ ref('stg_tuer__ebene') }} as oben on vorfahr.vorfahr_ebene = oben.ebene and oben.verlaesst_das_haus
        group by vorfahr.ebene, vorfahr.raumeinheit_id
    ) as lage on block.ebene = lage.ebene and block.raumeinheit_id = lage.raumeinheit_id
    inner join {{ ref('stg_tuer__ebene') }} as ebene on block.ebene = ebene.ebene and not ebene.verlaesst_das_haus
),

kleines_stueck as (
    select distinct stichtag, kennzahl_id
    from (
        select wert.stichtag, wert.kennzahl_id, sum(wert.wert) as wert, any_value(quellenstand.mindestzahl) as mindestzahl
        from {{ ref('int_kennzahl__wert') }} as wert
        inner join {{ ref('kennzahlen') }} as kennzahl
            on wert.kennzahl_id = kennzahl.kennzahl_id
            and kennzahl.mass = 'anzahl'
            and kennzahl.schutzfamilie is not null
        inner join stueck
            on wert.gebietsstand = stueck.gebietsstand
            and wert.ebene = stueck.ebene
            and wert.raumeinheit_id = stueck.raumeinheit_id
        inner join {{ ref('stg_tuer__quellenstand') }} as quellenstand on wert.lieferung_id = quellenstand.lieferung_id and not quellenstand.veroeffentlicht
        group by wert.stichtag, wert.kennzahl_id, wert.gebietsstand, stueck.stueck
    )
    where wert > 0 and wert < mindestzahl
),

gesperrt as (
    select * from gesperrte_kennzahl
    union all
    select
        wert.gebietsstand,
        wert.ebene,
        wert.raumeinheit_id,
        wert.stichtag,
        wert.kennzahl_id,
        'D' as conf_status,
        'Gebietsstände unterscheiden sich um eine Fallzahl unter der Mindestzahl' as grund
    from kleines_stueck
    inner join {{ ref('int_kennzahl__wert') }} as wert on kleines_stueck.stichtag = wert.stichtag and kleines_stueck.kennzahl_id = wert.kennzahl_id and wert.wert is not null
    inner join {{ ref('stg_tuer__ebene') }} as ebene on wert.ebene = ebene.ebene and ebene.verlaesst_das_haus and ebene.rang > 1
    inner join {{ ref('stg_tuer__gebietsstand') }} as stand
        on wert.gebietsstand = stand.gebietsstand
        and not (wert.stichtag >= stand.gueltig_von and wert.stichtag <= coalesce(stand.gueltig_bis, wert.stichtag))
    where (wert.stichtag, wert.kennzahl_id) not in (select (stichtag, kennzahl_id) from klein)
    union all
    select
        wert.gebietsstand,
        wert.ebene,
        wert.raumeinheit_id,
        wert.stichtag,
        wert.kennzahl_id,
        case when wert.wert > 0 and wert.wert < quellenstand.mindestzahl then 'A' else 'D' end as conf_status,
        case when wert.wert > 0 and wert.wert < quellenstand.mindestzahl then 'Fallzahl unter der Mindestzahl' else 'Nachbargebiet mit Fallzahl unter der Mindestzahl' end as grund
    from klein
    inner join {{ ref('int_kennzahl__wert') }} as wert on klein.stichtag = wert.stichtag and klein.kennzahl_id = wert.kennzahl_id and wert.wert is not null
    inner join {{ ref('stg_tuer__ebene') }} as ebene on wert.ebene = ebene.ebene and ebene.verlaesst_das_haus and (ebene.rang > 1 or klein.auch_stadt)
    inner join {{ ref('stg_tuer__quellenstand') }} as quellenstand on wert.lieferung_id = quellenstand.lieferung_id
)

select
    zielgruppen.zielgruppe,
    gesperrt.gebietsstand,
    gesperrt.ebene,
    gesperrt.raumeinheit_id,
    gesperrt.stichtag,
    gesperrt.kennzahl_id,
    gesperrt.conf_status,
    gesperrt.grund
from gesperrt
cross join {{ zielgruppen() }}
