-- Jeder Indikator des Katalogs, dessen Glieder in der Schicht gezählt sind; ohne Vertrauensbereich, nur versiegelt.
with glied as (
    select formel.*, indikator.faktor, indikator.mindestnenner, count(*) over (partition by formel.indikator_id) as glieder
    from {{ ref('int_indikator__formel') }} as formel
    inner join {{ ref('indikatoren') }} as indikator on formel.indikator_id = indikator.indikator_id and indikator.nenner is not null and indikator.nenner_bezug = 'gleich'
),

summe as (
    select
        wert.stichtag,
        wert.schicht,
        wert.schicht_id,
        glied.indikator_id,
        sum(wert.wert * glied.vorzeichen) filter (where glied.rolle = 'zaehler') as zaehler,
        sum(wert.wert * glied.vorzeichen) filter (where glied.rolle = 'nenner') as nenner,
        any_value(glied.faktor) as faktor,
        any_value(glied.mindestnenner) as mindestnenner,
        max(wert.guete) as guete,
        max(wert.erwarteter_fehler) as erwarteter_fehler
    from {{ ref('int_schicht__kennzahl') }} as wert
    inner join glied on wert.kennzahl_id = glied.kennzahl_id
    group by wert.stichtag, wert.schicht, wert.schicht_id, glied.indikator_id
    having count(*) = max(glied.glieder)
),

indikatorwert as (
    select
        stichtag,
        schicht,
        schicht_id,
        indikator_id,
        zaehler,
        nenner,
        zaehler / nullif(nenner, 0) * faktor as wert,
        case when nenner = 0 then 'ohne_nenner' when nenner < mindestnenner then 'kleiner_nenner' when zaehler = 0 then 'nichts_vorhanden' else 'wert' end as status_id,
        guete,
        erwarteter_fehler
    from summe
)

select * from indikatorwert
