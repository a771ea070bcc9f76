-- Die Schnittstelle des Schutzes: was welcher Zielgruppe nicht gezeigt wird. Wer die Regel ändert, ändert nur,
-- wie diese Tabelle entsteht; die Freigaben lesen nichts anderes.
{{ config(alias='muster') }}

with berechnet as (
    select zielgruppe, gebietsstand, ebene, raumeinheit_id, stichtag, kennzahl_id, conf_status, grund
    from {{ ref('int_schutz__muster') }}
),

-- Ausnahmen und zu feine Ebenen gelten für nicht veröffentlichte Quellen, ohne Blick auf die Zahl.
bestimmt as (
    select
        regel.zielgruppe,
        wert.gebietsstand,
        wert.ebene,
        wert.raumeinheit_id,
        wert.stichtag,
        wert.kennzahl_id,
        'D' as conf_status,
        case when regel.ausnahme = 'gesperrt' then regel.ausnahme_grund else 'feiner, als diese Zielgruppe sehen darf' end as grund
    from {{ ref('int_kennzahl__wert') }} as wert
    inner join {{ ref('stg_tuer__ebene') }} as ebene on wert.ebene = ebene.ebene and ebene.verlaesst_das_haus
    inner join {{ ref('stg_tuer__quellenstand') }} as quellenstand on wert.lieferung_id = quellenstand.lieferung_id and not quellenstand.veroeffentlicht
    inner join {{ ref('int_schutz__regel') }} as regel on wert.kennzahl_id = regel.kennzahl_id
    where wert.wert is not null
        and (regel.ausnahme = 'gesperrt' or ebene.rang > regel.unterster_rang)
),

zusammen as (
    select * from bestimmt
    union all
    select * from berechnet
)

select *
from zusammen
qualify row_number() over (partition by zielgruppe, gebietsstand, ebene, raumeinheit_id, stichtag, kennzahl_id order by conf_status desc) = 1
