with bekannt as (
    -- Once told, a decision is no news, however often later workbooks tell it again.
    select gemeldet.beschluss_nr, bool_or(stand.in_ausgabe) as in_ausgabe
    from {{ ref('stg_planung__beschluss_gemeldet') }} as gemeldet
    inner join {{ ref('stg_tuer__quellenstand') }} as stand on gemeldet.lieferung_id = stand.lieferung_id
    group by gemeldet.beschluss_nr
)

select
    beschluss.stichtag,
    beschluss.beschluss_nr,
    beschluss.massnahme_id,
    massnahme.titel,
    beschluss.gremium,
    beschluss.datum,
    beschluss.ergebnis,
    not bekannt.in_ausgabe as neu,
    beschluss.lieferung_id
from {{ ref('stg_planung__beschluss') }} as beschluss
inner join bekannt on beschluss.beschluss_nr = bekannt.beschluss_nr
left join {{ ref('stg_planung__massnahme') }} as massnahme
    on beschluss.lieferung_id = massnahme.lieferung_id
    and beschluss.massnahme_id = massnahme.massnahme_id
