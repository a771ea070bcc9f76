-- Orte, ihre Plätze und die Schülerzahlen der Schulen je Gebiet; ein Ort ohne gelieferte Platzzahl macht die Summe seines Gebiets unbekannt.
with ort as (
    select
        ort.*,
        kategorie.kennzahl_id,
        kategorie.plaetze_kennzahl_id,
        count(ort.plaetze) over (partition by ort.kategorie, ort.stichtag) > 0 as plaetze_geliefert,
        ort.unterkategorie in ('02', 'Grundschule') as ist_grundschule
    from {{ ref('int_orte__ort') }} as ort
    inner join {{ ref('ortkategorien') }} as kategorie on ort.kategorie = kategorie.kategorie
),

glieder as (
    select *, kennzahl_id as zaehlt_id, cast(1 as double) as anzahl
    from ort
    union all
    select *, plaetze_kennzahl_id, plaetze
    from ort
    where plaetze_kennzahl_id is not null and plaetze_geliefert
    union all
    select *, 'grundschulen', 1
    from ort
    where kategorie = 'schule' and ist_grundschule
    union all
    select *, 'schueler', schueler
    from ort
    where kategorie = 'schule' and schueler is not null
    union all
    select *, 'schueler_grundschule', schueler
    from ort
    where kategorie = 'schule' and ist_grundschule and schueler is not null
    union all
    select *, 'schueler_mit_sozialindex', schueler
    from ort
    where kategorie = 'schule' and sozialindex is not null and schueler is not null
    union all
    select *, 'sozialindex_gewichtet', sozialindex * schueler
    from ort
    where kategorie = 'schule' and sozialindex is not null and schueler is not null
),

gezaehlt as (
    select
        leitende_lieferung_id as lieferung_id,
        stichtag,
        gebietsstand,
        ebene,
        raumeinheit_id,
        zaehlt_id as kennzahl_id,
        case when count(*) = count(anzahl) then sum(anzahl) end as wert,
        case when count(*) = count(anzahl) then 'wert' else 'nicht_geliefert' end as status_id
    from glieder
    group by leitende_lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id, zaehlt_id
)

select * from gezaehlt
