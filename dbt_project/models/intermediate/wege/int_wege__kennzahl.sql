-- Länge der Straßen und Radwege und Zahl der Barrieren je Gebiet; was außerhalb der Stadt liegt, zählt nicht.
with stueck as (
    select stueck.ebene, stueck.raumeinheit_id, stueck.meter, weg.*
    from {{ ref('int_wege__stueck') }} as stueck
    inner join {{ ref('stg_wege__weg') }} as weg on stueck.zeile_id = weg.zeile_id
    where stueck.raumeinheit_id is not null
),

gezaehlt as (
    {% for kennzahl, (summe, bedingung) in {
        'strassen_m': ('sum(meter)', "art = 'strasse'"),
        'strassen_tempo_bis_dreissig_m': ('sum(meter)', "art = 'strasse' and tempo <= 30"),
        'hauptstrassen_m': ('sum(meter)', "art = 'strasse' and klasse in ('primary', 'secondary', 'tertiary')"),
        'radwege_m': ('sum(meter)', "art = 'radweg'"),
        'barrieren': ('cast(count(*) as double)', "art = 'barriere'"),
    }.items() %}
    {{ 'union all' if not loop.first }}
    select lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id, '{{ kennzahl }}' as kennzahl_id, {{ summe }} as wert, 'wert' as status_id
    from stueck
    where {{ bedingung }}
    group by lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id
    {% endfor %}
)

select * from gezaehlt
