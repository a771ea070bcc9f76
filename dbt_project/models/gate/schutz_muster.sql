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
    union
    -- Der Rest des Ganzen ist eine Zahl wie jede andere: 16 von 17 Kindern verrät eines.
    select teil.stichtag, teil.kennzahl_id, bool_or(ebene.rang = 1) as auch_stadt
    from {{ ref('zerlegungen') }} as zerlegung
    inner join {{ ref('kennzahlen') }} as kennzahl
        on zerlegung.teil_id = kennzahl.kennzahl_id
        and kennzahl.mass = 'anzahl'
        and kennzahl.schutzfamilie is not null
    inner join {{ ref('int_kennzahl__wert') }} as teil on zerlegung.teil_id = teil.kennzahl_id
    inner join {{ ref('int_kennzahl__wert') }} as ganzes
        on zerlegung.kennzahl_id = ganzes.kennzahl_id
        and teil.gebietsstand = ganzes.gebietsstand
        and teil.ebene = ganzes.ebene
        and teil.raumeinheit_id = ganzes.raumeinheit_id
        and teil.stichtag = ganzes.stichtag
    inner join {{ ref('stg_tuer__ebene') }} as ebene on teil.ebene = ebene.ebene and ebene.verlaesst_das_haus
    inner join {{ ref('stg_tuer__quellenstand') }} as quellenstand
        on teil.lieferung_id = quellenstand.lieferung_id
        and not quellenstand.veroeffentlicht
        and ganzes.wert - teil.wert > 0
        and ganzes.wert - teil.wert < quellenstand.mindestzahl
    group by teil.stichtag, teil.kennzahl_id
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
        case when wert.wert > 0 and wert.wert < quellenstand.mindestzahl then 'A' else 'D' end as conf_status,
        case when wert.wert > 0 and wert.wert < quellenstand.mindestzahl then 'Fallzahl unter der Mindestzahl' else 'Nachbargebiet mit Fallzahl unter der Mindestzahl' end as grund
    from (select stichtag, kennzahl_id, bool_or(auch_stadt) as auch_stadt from klein group by stichtag, kennzahl_id) as klein
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
