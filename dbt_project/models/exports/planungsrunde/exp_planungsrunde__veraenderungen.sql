-- Gemeldet wird nur, was nach der Berichtigung für viele Tests trägt; was nicht geprüft werden konnte, steht nirgends als unverändert.
with unterschied as (
    select
        'unterschied' as art,
        raumeinheit_id,
        gebietsstand,
        ebene,
        jahr,
        cast(null as integer) as jahr_von,
        indikator_id,
        wert,
        rest_wert as vergleichswert,
        richtung,
        bewertung,
        p_bereinigt,
        richtung <> 'nicht_berechenbar' as geprueft,
        coalesce(auffaellig, false) as gemeldet
    from {{ ref('exp_freigabe__fct_vergleich') }}
    where zielgruppe = 'verwaltung'
),

trend as (
    select
        'trend' as art,
        trend.raumeinheit_id,
        trend.gebietsstand,
        trend.ebene,
        trend.jahr,
        trend.jahr_von,
        trend.indikator_id,
        trend.wert,
        anfang.wert as vergleichswert,
        trend.richtung,
        cast(null as varchar) as bewertung,
        trend.p_bereinigt,
        trend.richtung not in ('nicht berechenbar', 'nicht_berechenbar') as geprueft,
        trend.richtung in ('steigend', 'fallend') as gemeldet
    from {{ ref('exp_freigabe__fct_trend') }} as trend
    left join {{ ref('exp_freigabe__fct_indikatorwert') }} as anfang
        on trend.zielgruppe = anfang.zielgruppe
        and trend.raumeinheit_id = anfang.raumeinheit_id
        and trend.gebietsstand = anfang.gebietsstand
        and trend.ebene = anfang.ebene
        and trend.indikator_id = anfang.indikator_id
        and trend.jahr_von = anfang.jahr
        and anfang.ist_jahreswert
    where trend.zielgruppe = 'verwaltung'
),

heute as (
    select zusammen.*
    from (select * from unterschied union all select * from trend) as zusammen
    inner join {{ ref('stg_tuer__gebietsstand') }} as gebietsstand on zusammen.gebietsstand = gebietsstand.gebietsstand and gebietsstand.gueltig_bis is null
),

verglichen as (
    select
        heute.*,
        case when vorjahr.geprueft then not (vorjahr.gemeldet and vorjahr.richtung = heute.richtung) end as neu
    from heute
    left join heute as vorjahr
        on heute.art = vorjahr.art
        and heute.gebietsstand = vorjahr.gebietsstand
        and heute.ebene = vorjahr.ebene
        and heute.raumeinheit_id = vorjahr.raumeinheit_id
        and heute.indikator_id = vorjahr.indikator_id
        and heute.jahr = vorjahr.jahr + 1
    qualify heute.jahr = max(heute.jahr) over (partition by heute.indikator_id)
)

select
    verglichen.art,
    verglichen.raumeinheit_id,
    raum.name as raum,
    verglichen.gebietsstand,
    verglichen.ebene,
    verglichen.jahr,
    verglichen.jahr_von,
    verglichen.indikator_id,
    indikator.name as indikator,
    indikator.gruppe,
    indikator.einheit,
    verglichen.wert,
    verglichen.vergleichswert,
    verglichen.wert - verglichen.vergleichswert as differenz,
    verglichen.richtung,
    verglichen.bewertung,
    verglichen.neu,
    verglichen.p_bereinigt,
    case
        when verglichen.p_bereinigt < 0.001 then 'sehr sicher (berichtigter p-Wert unter 0,001)'
        else 'sicher (unter allen Meldungen des Jahres im Mittel höchstens 5 % Falschmeldungen)'
    end as sicherheit,
    stadt.simuliert
from verglichen
inner join {{ ref('dim_indikator') }} as indikator on verglichen.indikator_id = indikator.indikator_id
inner join {{ ref('exp_freigabe__dim_raumeinheit') }} as raum
    on verglichen.raumeinheit_id = raum.raumeinheit_id
    and verglichen.gebietsstand = raum.gebietsstand
    and verglichen.ebene = raum.ebene
    and raum.zielgruppe = 'verwaltung'
cross join {{ ref('stg_tuer__stadt') }} as stadt
where verglichen.gemeldet
