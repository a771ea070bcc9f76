-- Wo mehrere Quellen oder Tabellen dieselbe Kennzahl tragen, stimmen sie überein, in jedem Gebiet.
select gebietsstand, stichtag, ebene, raumeinheit_id, kennzahl_id, min(wert) as kleinster, max(wert) as groesster
from {{ ref('int_kennzahl__gebiet') }}
group by gebietsstand, stichtag, ebene, raumeinheit_id, kennzahl_id
having min(wert) <> max(wert)
