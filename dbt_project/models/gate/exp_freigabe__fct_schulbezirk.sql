-- Schulbezirke liegen quer zu den Sozialräumen: genaue Zahlen ergäben mit deren Zahlen Bruchstücke. Auf 5 gerundet hat jede
-- Zahl fünf mögliche Werte; nur einzelne Jahrgänge und keine Summen, damit sich die Rundung nicht herausrechnen lässt.
{% set rundung = 5 %}

select
    zielgruppen.zielgruppe,
    bezirk.* replace (round(bezirk.wert / {{ rundung }}) * {{ rundung }} as wert)
from {{ ref('fct_schulbezirk') }} as bezirk
cross join {{ zielgruppen() }}
where zielgruppen.zielgruppe = 'verwaltung'
