-- Anteile in Prozent. Der Rücklauf gilt für die ganze Umfrage: Antwortende an den Angeschriebenen ohne neutrale Ausfälle.
{% set mindestbasis = 30 %}  -- Befragte; darunter ist ein Anteil nur eingeschränkt aussagefähig

with codebuch as (
    select lieferung_id, frage, code, mehrfach, fragetext, bedeutung
    from {{ ref('stg_umfrage__codebuch') }}
)

select
    teilnahme.umfrage,
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
    teilnahme.ruecklauf,
    teilnahme.raender,
    status.obs_status,
    status.conf_status,
    status.zeichen,
    summe.lieferung_id,
    status.status_id
from {{ ref('int_umfrage__summe') }} as summe
inner join {{ ref('int_umfrage__schaetzung') }} as schaetzung on summe.summe_nr = schaetzung.summe_nr
inner join {{ ref('int_umfrage__teilnahme') }} as teilnahme on summe.lieferung_id = teilnahme.lieferung_id
inner join codebuch
    on summe.lieferung_id = codebuch.lieferung_id
    and summe.frage = codebuch.frage
    and case when summe.mehrfach then codebuch.code in ('Y', '1') else codebuch.code = summe.antwort_code end
inner join {{ ref('status') }} as status on case when summe.n < {{ mindestbasis }} then 'eingeschraenkt' else 'wert' end = status.status_id
