-- Genau ein Stichtag je Gebiet, Gebietsstand, Indikator und Jahr ist der Jahreswert.
select raumeinheit_id, gebietsstand, ebene, indikator_id, jahr, count(*) filter (where ist_jahreswert) as jahreswerte
from {{ ref('fct_indikatorwert') }}
group by raumeinheit_id, gebietsstand, ebene, indikator_id, jahr
having count(*) filter (where ist_jahreswert) <> 1
