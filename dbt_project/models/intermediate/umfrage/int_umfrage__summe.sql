{{ config(meta={'eingefroren': true}) }}
-- Dezimal summiert, damit die Reihenfolge der Zeilen nichts ändert. Was ein Anteil braucht: je Frage, Antwort und Gebiet die Zahl der Antworten, ihre Gewichte und deren Quadrate. Fehlende Codes
-- zählen nicht zur Basis; bei Mehrfachfragen ist jede Nennung eine Antwort und die Basis, wer bis zum Ende befragt wurde.
with moeglich as (
    select distinct
        lieferung_id,
        frage_id,
        mehrfach,
        frage,
        case when mehrfach then frage else code end as antwort_code
    from {{ ref('stg_umfrage__codebuch') }}
    where code is not null
        and not fehlend
        and frage in (select frage from {{ ref('stg_umfrage__antwort') }})
        and (not mehrfach or code in ('Y', '1'))
),

basis as (
    select antwort.lieferung_id, antwort.befragte, antwort.frage, antwort.code, gewicht.gewicht
    from {{ ref('stg_umfrage__antwort') }} as antwort
    inner join {{ ref('int_umfrage__gewicht') }} as gewicht on antwort.lieferung_id = gewicht.lieferung_id and antwort.befragte = gewicht.befragte
    left join {{ ref('stg_umfrage__codebuch') }} as codebuch
        on antwort.lieferung_id = codebuch.lieferung_id
        and antwort.frage = codebuch.frage
        and antwort.code = codebuch.code
    where not coalesce(codebuch.fehlend, false)
        and (antwort.code is not null or (antwort.lieferung_id, antwort.frage) in (select (lieferung_id, frage) from moeglich where mehrfach))
),

gebiet as (
    select lieferung_id, gebietsstand, stichtag, befragte, substr(rand, 6) as ebene, klasse as raumeinheit_id
    from {{ ref('int_umfrage__person') }}
    where starts_with(rand, 'raum_')
),

summen as (
    select
        moeglich.lieferung_id,
        gebiet.stichtag,
        gebiet.gebietsstand,
        gebiet.ebene,
        gebiet.raumeinheit_id,
        moeglich.frage_id,
        moeglich.mehrfach,
        moeglich.frage,
        moeglich.antwort_code,
        count(*) as n,
        cast(sum(cast(basis.gewicht as decimal(18, 9))) as double) as gewichte,
        cast(sum(cast(basis.gewicht * basis.gewicht as decimal(18, 9))) as double) as quadrate,
        cast(coalesce(sum(cast(basis.gewicht as decimal(18, 9))) filter (where case when moeglich.mehrfach then basis.code in ('Y', '1') else basis.code = moeglich.antwort_code end), 0) as double) as treffer
    from moeglich
    inner join basis on moeglich.lieferung_id = basis.lieferung_id and moeglich.frage = basis.frage
    inner join gebiet on basis.lieferung_id = gebiet.lieferung_id and basis.befragte = gebiet.befragte
    group by moeglich.lieferung_id, gebiet.stichtag, gebiet.gebietsstand, gebiet.ebene, gebiet.raumeinheit_id, moeglich.frage_id, moeglich.mehrfach, moeglich.frage, moeglich.antwort_code
),

alle as (
    select * from summen
    {{ eingefrorene_zeilen(ohne=['summe_nr']) }}
),

nummeriert as (
    select *, row_number() over (order by lieferung_id, ebene, raumeinheit_id, frage, antwort_code) as summe_nr
    from alle
)

select * from nummeriert
