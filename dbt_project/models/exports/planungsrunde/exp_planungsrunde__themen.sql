with thema as (
    select 'thema' as art, thema_nr as nummer, runde, datum, gebietsstand, ebene, raumeinheit_id, thema, cast(null as varchar) as aussage, stand
    from {{ ref('fct_planungsthema') }}
    qualify stichtag = max(stichtag) over ()
),

aussage as (
    select 'aussage' as art, aussage_id as nummer, gruppe as runde, stichtag as datum, gebietsstand, ebene, raumeinheit_id, thema, aussage, cast(null as varchar) as stand
    from {{ ref('exp_freigabe__fct_aussage') }}
    where zielgruppe = 'verwaltung'
    qualify stichtag = max(stichtag) over ()
),

zusammen as (
    select * from thema
    union all
    select * from aussage
)

select
    zusammen.art,
    zusammen.nummer,
    zusammen.runde,
    zusammen.datum,
    zusammen.raumeinheit_id,
    raum.name as raum,
    zusammen.gebietsstand,
    zusammen.ebene,
    zusammen.thema,
    zusammen.aussage,
    zusammen.stand,
    stadt.simuliert
from zusammen
left join {{ ref('exp_freigabe__dim_raumeinheit') }} as raum
    on zusammen.raumeinheit_id = raum.raumeinheit_id
    and zusammen.gebietsstand = raum.gebietsstand
    and zusammen.ebene = raum.ebene
    and raum.zielgruppe = 'verwaltung'
cross join {{ ref('stg_tuer__stadt') }} as stadt
