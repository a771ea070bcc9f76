-- Die Schlüssel der amtlichen Statistik auf einen Nenner: DG und 00 sind der Bund, zwölf Stellen der Regionalschlüssel mit Verband.
select
    lieferung_id,
    stichtag,
    statistik,
    gebiet_schluessel,
    case when gebiet_schluessel in ('DG', '00') then 'DG' when length(gebiet_schluessel) = 12 then left(gebiet_schluessel, 5) || right(gebiet_schluessel, 3) else gebiet_schluessel end as ags,
    gebiet_name,
    gebiet_art,
    merkmal,
    wert,
    wert_zeichen
from {{ roh('referenzwert') }}
