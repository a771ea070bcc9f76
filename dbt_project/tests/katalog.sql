-- Altersgrenzen stehen im Schlüssel; jedes Zeichen der amtlichen Statistik hat seinen Status; jeder Zeichensatz ist eindeutig.
select kennzahl_id as schluessel, 'Altersgrenzen im Schlüssel stimmen nicht' as befund
from {{ ref('kennzahlen') }}
where regexp_matches(kennzahl_id, '_[0-9]+_([0-9]+|plus)$')
    and wohndauer_ab is null
    and not ends_with(kennzahl_id, '_' || alter_von || '_' || coalesce(cast(alter_bis as varchar), 'plus'))
union all
select zeichen.zeichen, 'Zeichen ohne Status'
from (values ('-'), ('0'), ('.'), ('*'), ('/'), ('( )'), ('...'), ('x'), ('p'), ('r')) as zeichen (zeichen)
where zeichen.zeichen not in (select status.zeichen from {{ ref('status') }} as status where status.herkunft = 'zeichen')
union all
select zeichen, 'Zeichen steht für zwei Status'
from {{ ref('status') }}
where herkunft = 'zeichen'
group by zeichen
having count(*) > 1
union all
select gruppe.status_id, 'eigener Grund ohne Status'
from (values ('leer'), ('nicht_geliefert'), ('nicht_berechenbar'), ('geheim_schutz')) as gruppe (status_id)
where gruppe.status_id not in (select status_id from {{ ref('status') }})
union all
select indikator.indikator_id, 'berechneter Indikator ohne Zähler'
from {{ ref('indikatoren') }} as indikator
where (indikator.art = 'berechnet') <> (indikator.zaehler is not null)
