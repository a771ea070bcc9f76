with eingang as (
    -- Once told, a decision is no news, however often later workbooks tell it again.
    select beschluss.beschluss_nr, min(stand.eingang) as erstmals
    from {{ ref('fct_beschluss') }} as beschluss
    inner join {{ ref('stg_tuer__quellenstand') }} as stand on beschluss.lieferung_id = stand.lieferung_id
    group by beschluss.beschluss_nr
)

select
    beschluss.beschluss_nr,
    beschluss.datum,
    beschluss.gremium,
    beschluss.massnahme_id,
    beschluss.titel,
    beschluss.ergebnis,
    stadt.letzte_ausgabe is null or eingang.erstmals > stadt.letzte_ausgabe as neu,
    beschluss.stichtag as stand_vom,
    stadt.simuliert
from {{ ref('fct_beschluss') }} as beschluss
inner join eingang on beschluss.beschluss_nr = eingang.beschluss_nr
cross join {{ ref('stg_tuer__stadt') }} as stadt
qualify beschluss.stichtag = max(beschluss.stichtag) over ()
