-- Zähler und Nenner des Katalogs als Glieder mit Vorzeichen.
with zaehler as (
    {{ formelglieder(ref('indikatoren'), 'zaehler') }}
),

nenner as (
    {{ formelglieder(ref('indikatoren'), 'nenner') }}
),

glieder as (
    select indikator_id, 'zaehler' as rolle, kennzahl_id, vorzeichen from zaehler
    union all
    select indikator_id, 'nenner' as rolle, kennzahl_id, vorzeichen from nenner
    union all
    -- Nur für den Vertrauensbereich eines Mittelwerts.
    select indikator_id, 'quadratsumme' as rolle, kennzahl_id || '_quadrat' as kennzahl_id, vorzeichen
    from zaehler
    where indikator_id in (select indikator_id from {{ ref('indikatoren') }} where ki_methode = 't')
)

select * from glieder
