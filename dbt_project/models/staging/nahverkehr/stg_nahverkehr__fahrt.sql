-- Fahrten mit den Wochentagen, an denen sie nach dem Kalender des Fahrplans fahren.
select
    fahrt.lieferung_id,
    fahrt.stichtag,
    fahrt.fahrt_id,
    fahrt.linie_id,
    fahrt.dienst_id,
    dienst.montag + dienst.dienstag + dienst.mittwoch + dienst.donnerstag + dienst.freitag as werktage,
    dienst.samstag as samstage,
    dienst.sonntag as sonntage
from {{ roh('gtfs_fahrt') }} as fahrt
inner join {{ roh('gtfs_dienst') }} as dienst
    on fahrt.lieferung_id = dienst.lieferung_id
    and fahrt.dienst_id = dienst.dienst_id
