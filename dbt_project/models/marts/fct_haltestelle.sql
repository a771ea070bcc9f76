select
    ort.ort_id,
    ort.name,
    ort.laenge,
    ort.breite,
    abfahrt.stichtag,
    abfahrt.tagart,
    abfahrt.zeitband,
    abfahrt.abfahrten,
    abfahrt.abfahrten_je_stunde,
    abfahrt.lieferung_id
from {{ ref('int_nahverkehr__abfahrt') }} as abfahrt
inner join {{ ref('int_orte__ort') }} as ort
    on abfahrt.lieferung_id = ort.lieferung_id
    and abfahrt.stichtag = ort.stichtag
    and abfahrt.ort_nr = ort.ort_nr
    and ort.kategorie = 'haltestelle'
