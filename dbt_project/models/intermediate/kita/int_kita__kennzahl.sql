-- Plätze und betreute Kinder der Kindertageseinrichtungen, dort gezählt, wo die Einrichtung steht.
{% set spalten = {'plaetze_u3': 'kita_plaetze_u3', 'plaetze_ue3': 'kita_plaetze_ue3', 'kinder_u3 + kinder_ue3': 'kita_kinder', 'kinder_u3': 'kita_kinder_u3', 'kinder_ue3': 'kita_kinder_ue3', 'kinder_45h': 'kita_kinder_45h'} %}

with belegung as (
    select belegung.*, ort.ebene, ort.raumeinheit_id
    from {{ ref('stg_kita__belegung') }} as belegung
    inner join {{ ref('int_orte__ort') }} as ort
        on belegung.lieferung_id = ort.lieferung_id
        and belegung.stichtag = ort.stichtag
        and belegung.ort_nr = ort.ort_nr
        and ort.kategorie = 'kita'
),

gezaehlt as (
    {% for spalte, kennzahl in spalten.items() %}
    {{ 'union all' if not loop.first }}
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        ebene,
        raumeinheit_id,
        '{{ kennzahl }}' as kennzahl_id,
        case when count(*) = count({{ spalte }}) then cast(sum({{ spalte }}) as double) end as wert,
        case when count(*) = count({{ spalte }}) then 'wert' else 'nicht_geliefert' end as status_id
    from belegung
    group by lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id
    {% endfor %}
)

select * from gezaehlt
