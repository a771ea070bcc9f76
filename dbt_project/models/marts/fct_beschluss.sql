select
    beschluss.stichtag,
    beschluss.beschluss_nr,
    beschluss.massnahme_id,
    massnahme.titel,
    beschluss.gremium,
    beschluss.datum,
    beschluss.ergebnis,
    beschluss.lieferung_id
from {{ ref('stg_planung__beschluss') }} as beschluss
left join {{ ref('stg_planung__massnahme') }} as massnahme
    on beschluss.lieferung_id = massnahme.lieferung_id
    and beschluss.massnahme_id = massnahme.massnahme_id
