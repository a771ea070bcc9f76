-- Je Abschnitt (Stadt, Unterschiede der Gebiete, Trends der Gebiete) vier Zeilen, je Themengruppe eine: sonst füllte ein Thema die Seite.
with zeile as (
    select
        *,
        case when einheit = 'Prozent' then ' %' else '' end as zeichen,
        case when einheit = 'Prozent' then '' else ', ' || einheit end as zusatz,
        case when art = 'unterschied' then 2 when ebene = 'stadt' then 1 else 3 end as abschnitt,
        abs(differenz) / nullif(abs(vergleichswert), 0) as ausmass
    from {{ ref('exp_planungsrunde__veraenderungen') }}
    where vergleichswert is not null and einheit <> 'Personen'
),

staerkste as (
    select *
    from zeile
    qualify row_number() over (partition by abschnitt, gruppe order by neu desc nulls last, ausmass desc nulls last, indikator_id, ebene, raumeinheit_id) = 1
),

gewaehlt as (
    select *
    from staerkste
    qualify row_number() over (partition by abschnitt order by neu desc nulls last, ausmass desc nulls last, indikator_id) <= 4
)

select
    cast(row_number() over (order by abschnitt, neu desc nulls last, ausmass desc nulls last, indikator_id) as integer) as nr,
    case
        when art = 'unterschied' then
            indikator || ' ' || jahr || ': ' || case richtung when 'hoeher' then 'höher' else 'niedriger' end || ' als in der übrigen Stadt ('
            || {{ deutsche_zahl('wert') }} || zeichen || ' gegenüber ' || {{ deutsche_zahl('vergleichswert') }} || zeichen || zusatz || ')'
        else
            indikator || ': ' || case richtung when 'steigend' then 'steigt' else 'fällt' end || ' von '
            || {{ deutsche_zahl('vergleichswert') }} || zeichen || ' (' || jahr_von || ') auf ' || {{ deutsche_zahl('wert') }} || zeichen || ' (' || jahr || ')' || zusatz
    end as was,
    case ebene when 'stadt' then 'ganze Stadt' else raum end as wo,
    sicherheit as wie_sicher,
    neu,
    indikator_id,
    jahr,
    raumeinheit_id,
    gebietsstand,
    ebene,
    simuliert
from gewaehlt
