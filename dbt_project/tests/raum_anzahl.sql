-- So viele Raumeinheiten, wie geprüft wurde; mehr oder weniger hält den Aufbau an.
select erwartet.gebietsstand, erwartet.ebene, erwartet.anzahl, count(einheit.raumeinheit_id) as gefunden
from {{ ref('erwartete_gebiete') }} as erwartet
inner join (select distinct gebietsstand from {{ ref('int_raum__einheit') }}) as vorhanden on erwartet.gebietsstand = vorhanden.gebietsstand
left join {{ ref('int_raum__einheit') }} as einheit
    on erwartet.gebietsstand = einheit.gebietsstand
    and erwartet.ebene = einheit.ebene
    and not einheit.nicht_zuordenbar
group by erwartet.gebietsstand, erwartet.ebene, erwartet.anzahl
having count(einheit.raumeinheit_id) <> erwartet.anzahl
