with lieferung as (
    select
        stand.*,
        case when bool_or(tuer.in_ausgabe) over () then not tuer.in_ausgabe else stand.eingang >= max(stand.eingang) over () - interval 31 day end as ist_neu
    from {{ ref('exp_freigabe__fct_quellenstand') }} as stand
    inner join {{ ref('stg_tuer__quellenstand') }} as tuer on stand.lieferung_id = tuer.lieferung_id
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
