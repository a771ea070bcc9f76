-- Anteile in Prozent. Der Rücklauf gilt für die ganze Umfrage: Antwortende an den Angeschriebenen ohne neutrale Ausfälle.
{% set mindestbasis = 30 %}  -- Befragte; darunter ist ein Anteil nur eingeschränkt aussagefähig

with ruecklauf as (
    select
        feld.lieferung_id,
        feld.umfrage,
        100.0 * count(distinct antwort.befragte) / (feld.angeschrieben - feld.neutral) as ruecklauf
    from {{ ref('stg_umfrage__feld') }} as feld
    inner join {{ ref('stg_umfrage__antwort') }} as antwort on feld.lieferung_id = antwort.lieferung_id
    group by feld.lieferung_id, feld.umfrage, feld.angeschrieben, feld.neutral
),

codebuch as (
    select lieferung_id, frage, code, mehrfach, fragetext, bedeutung
    from {{ ref('stg_umfrage__codebuch') }}
),

gewicht as (
    select lieferung_id, any_value(raender) as raender
    from {{ ref('int_umfrage__gewicht') }}
    group by lieferung_id
)

select
    ruecklauf.umfrage,
    summe.stichtag,
    summe.gebietsstand,
    summe.ebene,
    summe.raumeinheit_id,
    summe.frage_id,
    codebuch.fragetext,
    summe.antwort_code,
    codebuch.bedeutung as antwort,
    summe.mehrfach,
    cast(summe.n as integer) as n,
    100 * schaetzung.anteil as wert,
    100 * schaetzung.ki_unten as ki_unten,
    100 * schaetzung.ki_oben as ki_oben,
    schaetzung.deff,
    schaetzung.n_eff,
    ruecklauf.ruecklauf,
    gewicht.raender,
    status.obs_status,
    status.conf_status,
    status.zeichen,
    summe.lieferung_id,
    status.status_id
from {{ ref('int_umfrage__summe') }} as summe
inner join {{ ref('int_umfrage__schaetzung') }} as schaetzung on summe.summe_nr = schaetzung.summe_nr
inner join ruecklauf on summe.lieferung_id = ruecklauf.lieferung_id
inner join gewicht on summe.lieferung_id = gewicht.lieferung_id
inner join codebuch
    on summe.lieferung_id = codebuch.lieferung_id
    and summe.frage = codebuch.frage
    and case when summe.mehrfach then codebuch.code in ('Y', '1') else codebuch.code = summe.antwort_code end
inner join {{ ref('status') }} as status on case when summe.n < {{ mindestbasis }} then 'eingeschraenkt' else 'wert' end = status.status_id
