with lieferung as (
    select
        stand.*,
        coalesce(stand.eingang > stadt.letzte_ausgabe, stand.eingang >= max(stand.eingang) over () - interval 31 day) as ist_neu
    from {{ ref('exp_freigabe__fct_quellenstand') }} as stand
    cross join {{ ref('stg_tuer__stadt') }} as stadt
    where stand.zielgruppe = 'verwaltung' and stand.aktiv
)

select
    plan.quelle_id,
    plan.name as quelle,
    plan.stichtag,
    plan.stand,
    cast(plan.faellig_am as date) as faellig_am,
    cast(lieferung.eingang as date) as eingegangen_am,
    lieferung.zeilen,
    lieferung.zeilen_quarantaene,
    stadt.simuliert
from {{ ref('fct_lieferplan') }} as plan
left join lieferung on plan.lieferung_id = lieferung.lieferung_id
cross join {{ ref('stg_tuer__stadt') }} as stadt
where lieferung.ist_neu or plan.stand in ('ueberfaellig', 'ausstehend')
