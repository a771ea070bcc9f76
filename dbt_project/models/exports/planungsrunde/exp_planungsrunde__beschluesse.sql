with bekannt as (
    -- Once told, a decision is no news, however often later workbooks tell it again.
    select gemeldet.beschluss_nr, bool_or(stand.in_ausgabe) as in_ausgabe
    from {{ ref('stg_planung__beschluss_gemeldet') }} as gemeldet
    inner join {{ ref('stg_tuer__quellenstand') }} as stand on gemeldet.lieferung_id = stand.lieferung_id
    group by gemeldet.beschluss_nr
)

select
    beschluss.beschluss_nr,
    beschluss.datum,
    beschluss.gremium,
    beschluss.massnahme_id,
    beschluss.titel,
    beschluss.ergebnis,
    not bekannt.in_ausgabe as neu,
    beschluss.stichtag as stand_vom,
    stadt.simuliert
from {{ ref('fct_beschluss') }} as beschluss
inner join bekannt on beschluss.beschluss_nr = bekannt.beschluss_nr
cross join {{ ref('stg_tuer__stadt') }} as stadt
qualify beschluss.stichtag = max(beschluss.stichtag) over ()
