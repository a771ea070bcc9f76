-- Keine sichtbare Anzahl von Personen liegt unter der Mindestzahl, auch nicht der Rest im Nenner; ist der von einem anderen Stichtag,
-- bleibt niemand übrig, den es gäbe.
{% set klein %}between 1 and (select mindestzahl from {{ ref('stg_tuer__stadt') }}) - 1{% endset %}

select kennzahl.zielgruppe, kennzahl.raumeinheit_id, kennzahl.stichtag, kennzahl.kennzahl_id as schluessel
from {{ ref('exp_freigabe__fct_kennzahl') }} as kennzahl
inner join {{ ref('stg_tuer__quellenstand') }} as quellenstand on kennzahl.lieferung_id = quellenstand.lieferung_id and not quellenstand.veroeffentlicht
inner join {{ ref('kennzahlen') }} as art on kennzahl.kennzahl_id = art.kennzahl_id and art.mass = 'personen'
where kennzahl.wert {{ klein }}
union all
select wert.zielgruppe, wert.raumeinheit_id, wert.stichtag, wert.indikator_id
from {{ ref('exp_freigabe__fct_indikatorwert') }} as wert
inner join {{ ref('stg_tuer__quellenstand') }} as quellenstand on wert.lieferung_id = quellenstand.lieferung_id and not quellenstand.veroeffentlicht
where wert.indikator_id in (
        select formel.indikator_id
        from {{ ref('int_indikator__formel') }} as formel
        inner join {{ ref('kennzahlen') }} as glied on formel.kennzahl_id = glied.kennzahl_id and glied.schutzfamilie is not null and formel.rolle = 'zaehler'
    )
    and ((wert.ki_methode = 'wilson' and (wert.zaehler {{ klein }} or (wert.stichtag_nenner = wert.stichtag and wert.nenner - wert.zaehler {{ klein }})))
    or (wert.ki_methode in ('byar', 'wilson', 't') and wert.nenner {{ klein }})
    or (
        wert.zaehler is null
        and wert.wert is not null
        and wert.indikator_id not in (select indikator_id from {{ ref('dim_indikator') }} where art = 'gelieferte_rate')
        and wert.indikator_id not in (
            select formel.indikator_id from {{ ref('int_indikator__formel') }} as formel
            inner join {{ ref('schutzausnahmen') }} as ausnahme on formel.kennzahl_id = ausnahme.kennzahl_id and ausnahme.art = 'gesperrt'
        )
    ))
