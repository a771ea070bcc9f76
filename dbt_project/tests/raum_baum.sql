-- Je Gebietsstand genau eine Stadt; jede andere Raumeinheit liegt in genau einer der nächstgröberen Ebene.
select einheit.gebietsstand, einheit.ebene, einheit.raumeinheit_id, 'nicht bis zur Stadt verbunden' as befund
from {{ ref('int_raum__einheit') }} as einheit
left join {{ ref('int_raum__vorfahr') }} as vorfahr
    on einheit.gebietsstand = vorfahr.gebietsstand
    and einheit.ebene = vorfahr.ebene
    and einheit.raumeinheit_id = vorfahr.raumeinheit_id
group by einheit.gebietsstand, einheit.ebene, einheit.raumeinheit_id, einheit.rang
having count(vorfahr.vorfahr_id) <> einheit.rang
union all
select gebietsstand, 'stadt', min(raumeinheit_id), 'nicht genau eine Stadt'
from {{ ref('int_raum__einheit') }}
where rang = 1
group by gebietsstand
having count(*) <> 1
