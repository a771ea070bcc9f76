-- Abfahrten der Haltestellen eines Gebiets an einem Tag der Tagesart; ohne Fahrt an diesem Tag sind es null.
with abfahrt as (
    select abfahrt.*, ort.gebietsstand, ort.ebene, ort.raumeinheit_id
    from {{ ref('int_nahverkehr__abfahrt') }} as abfahrt
    inner join {{ ref('int_orte__ort') }} as ort
        on abfahrt.lieferung_id = ort.lieferung_id
        and abfahrt.stichtag = ort.stichtag
        and abfahrt.ort_nr = ort.ort_nr
        and ort.kategorie = 'haltestelle'
),

gezaehlt as (
    {% for kennzahl, bedingung in {
        'abfahrten_werktag': "tagart = 'werktag'",
        'abfahrten_werktag_abend': "tagart = 'werktag' and zeitband = 'abend'",
        'abfahrten_samstag': "tagart = 'samstag'",
        'abfahrten_sonntag': "tagart = 'sonntag'",
    }.items() %}
    {{ 'union all' if not loop.first }}
    select lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id, '{{ kennzahl }}' as kennzahl_id, sum(abfahrten) as wert, 'wert' as status_id
    from abfahrt
    where {{ bedingung }}
    group by lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id
    {% endfor %}
)

select * from gezaehlt
