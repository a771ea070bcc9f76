-- Jahreswerte derselben Sache nach verschiedenen Stellen; verglichen wird nur, was beide im selben Gebiet und Jahr haben.
with zeile as (
    select variante.vergleich_id, variante.stelle, variante.bezug_id, variante.erklaerung, wert.*
    from ({{ export_indikatoren('verwaltung', 'true') }}) as wert
    inner join {{ ref('definitionsvarianten') }} as variante on wert.indikator_id = variante.indikator_id
)

select
    zeile.vergleich_id,
    zeile.raumeinheit_id,
    zeile.raum,
    zeile.gebietsstand,
    zeile.ebene,
    zeile.jahr,
    zeile.stichtag,
    zeile.indikator_id,
    zeile.indikator,
    zeile.stelle,
    zeile.einheit,
    zeile.wert,
    zeile.zeichen,
    zeile.bezug_id,
    bezug.wert as bezug_wert,
    case when bezug.wert is null then coalesce(bezug.zeichen, '.') end as bezug_zeichen,
    case when zeile.indikator_id <> zeile.bezug_id then zeile.wert - bezug.wert end as differenz,
    case
        when zeile.indikator_id = zeile.bezug_id then 'x'
        when zeile.wert is null then coalesce(zeile.zeichen, '.')
        when bezug.wert is null then coalesce(bezug.zeichen, '.')
    end as differenz_zeichen,
    zeile.erklaerung || case
        when zeile.indikator_id = zeile.bezug_id then ' (Bezug)'
        when zeile.wert is null or bezug.wert is null then ' (Unterschied nicht bestimmbar)'
        when abs(zeile.wert - bezug.wert) < 0.05 then ' (hier kaum anders als ' || {{ deutsche_zahl('bezug.wert') }} || ')'
        else
            ' (hier ' || {{ deutsche_zahl('abs(zeile.wert - bezug.wert)') }}
            || case when zeile.wert >= bezug.wert then ' höher' else ' niedriger' end || ' als ' || {{ deutsche_zahl('bezug.wert') }} || ')'
    end as erklaerung,
    zeile.vorlaeufig,
    zeile.simuliert
from zeile
left join zeile as bezug
    on zeile.vergleich_id = bezug.vergleich_id
    and zeile.bezug_id = bezug.indikator_id
    and zeile.raumeinheit_id = bezug.raumeinheit_id
    and zeile.gebietsstand = bezug.gebietsstand
    and zeile.ebene = bezug.ebene
    and zeile.jahr = bezug.jahr
