{{ config(meta={'eingefroren': true}) }}
-- Rücklauf einer Umfrage (Antwortende an den Angeschriebenen ohne neutrale Ausfälle) und die Ränder, nach denen gewichtet wurde.
with antwortende as (
    select lieferung_id, count(distinct befragte) as befragte_zahl
    from {{ ref('stg_umfrage__antwort') }}
    group by lieferung_id
),

gewicht as (
    select lieferung_id, any_value(raender) as raender
    from {{ ref('int_umfrage__gewicht') }}
    group by lieferung_id
),

teilnahme as (
    select
        feld.lieferung_id,
        feld.umfrage,
        100.0 * antwortende.befragte_zahl / (feld.angeschrieben - feld.neutral) as ruecklauf,
        gewicht.raender
    from {{ ref('stg_umfrage__feld') }} as feld
    inner join antwortende on feld.lieferung_id = antwortende.lieferung_id
    inner join gewicht on feld.lieferung_id = gewicht.lieferung_id
)

select * from teilnahme
{{ eingefrorene_zeilen() }}
