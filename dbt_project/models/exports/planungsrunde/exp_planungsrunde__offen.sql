with anregung as (
    select 'anregung' as art, anregung_nr as nummer, datum, von_gruppe as von, entwurf as betrifft, anregung as text, umgang as stand
    from {{ ref('fct_anregung') }}
    qualify stichtag = max(stichtag) over ()
),

zusammen as (
    select * from anregung where stand in ('offen', 'teilweise übernommen')
    union all
    select 'rueckmeldung', ort_id, stichtag, traeger, angebot, rueckmeldung, stand
    from {{ ref('fct_rueckmeldung') }}
)

select
    zusammen.art,
    zusammen.nummer,
    zusammen.datum,
    zusammen.von,
    zusammen.betrifft,
    zusammen.text,
    zusammen.stand,
    stadt.simuliert
from zusammen
cross join {{ ref('stg_tuer__stadt') }} as stadt
