-- Was neben dem Zähler eines Anteils im Nenner übrig bleibt, etwa die Kinder, die keine 45 Stunden betreut werden: eine Gruppe,
-- die jeder ausrechnet. Ist der Nenner von einem anderen Stichtag, bleibt niemand übrig, den es gäbe: ein Rest gilt je Stichtag.
select
    formel.indikator_id as rest_id,
    formel.kennzahl_id,
    case formel.rolle when 'nenner' then formel.vorzeichen else -formel.vorzeichen end as vorzeichen
from {{ ref('int_indikator__formel') }} as formel
inner join {{ ref('indikatoren') }} as indikator on formel.indikator_id = indikator.indikator_id
where indikator.ki_methode = 'wilson' and indikator.nenner_bezug <> 'vorjahr'
