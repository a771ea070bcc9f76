-- Abfahrten je Haltestelle an einem Tag der Tagesart, je Zeitband. Eine Fahrt, die nur an drei von fünf Werktagen fährt,
-- zählt drei Fünftel; der letzte Halt einer Fahrt ist keine Abfahrt.
with abfahrt as (
    select
        halt.lieferung_id,
        halt.stichtag,
        halt.ort_nr,
        case
            when halt.stunde % 24 >= 5 and halt.stunde % 24 < 8 then 'frueh'
            when halt.stunde % 24 >= 8 and halt.stunde % 24 < 18 then 'tag'
            when halt.stunde % 24 >= 18 and halt.stunde % 24 < 23 then 'abend'
            else 'nacht'
        end as zeitband,
        fahrt.werktage / 5 as werktag,
        fahrt.samstage / 1 as samstag,
        fahrt.sonntage / 1 as sonntag
    from {{ ref('stg_nahverkehr__halt') }} as halt
    inner join {{ ref('stg_nahverkehr__fahrt') }} as fahrt
        on halt.lieferung_id = fahrt.lieferung_id
        and halt.fahrt_id = fahrt.fahrt_id
    where not halt.endet and halt.stunde is not null
),

je_tagart as (
    {% for tagart in ['werktag', 'samstag', 'sonntag'] %}
    {{ 'union all' if not loop.first }}
    select lieferung_id, stichtag, ort_nr, '{{ tagart }}' as tagart, zeitband, sum({{ tagart }}) as abfahrten
    from abfahrt
    group by lieferung_id, stichtag, ort_nr, zeitband
    {% endfor %}
),

band as (
    select *
    from (values ('frueh', 3), ('tag', 10), ('abend', 5), ('nacht', 6)) as band (zeitband, stunden)
),

je_stunde as (
    select
        je_tagart.lieferung_id,
        je_tagart.stichtag,
        je_tagart.ort_nr,
        je_tagart.tagart,
        je_tagart.zeitband,
        je_tagart.abfahrten,
        je_tagart.abfahrten / band.stunden as abfahrten_je_stunde
    from je_tagart
    inner join band on je_tagart.zeitband = band.zeitband
)

select * from je_stunde
