select
    beschluss.beschluss_nr,
    beschluss.datum,
    beschluss.gremium,
    beschluss.massnahme_id,
    beschluss.titel,
    beschluss.ergebnis,
    beschluss.neu,
    beschluss.stichtag as stand_vom,
    stadt.simuliert
from {{ ref('fct_beschluss') }} as beschluss
cross join {{ ref('stg_tuer__stadt') }} as stadt
qualify beschluss.stichtag = max(beschluss.stichtag) over ()
