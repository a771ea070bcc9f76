-- Übergänge nach Klasse 4, dort gezählt, wo die Grundschule steht.
with uebergang as (
    select uebergang.*, ort.ebene, ort.raumeinheit_id
    from {{ ref('stg_schulen__uebergang') }} as uebergang
    inner join {{ ref('int_orte__ort') }} as ort
        on uebergang.lieferung_id = ort.lieferung_id
        and uebergang.stichtag = ort.stichtag
        and uebergang.ort_nr = ort.ort_nr
        and ort.kategorie = 'schule'
),

gezaehlt as (
    {% for kennzahl, formen in {
        'uebergaenge': none,
        'uebergaenge_gymnasium': ['Gymnasium'],
        'uebergaenge_gesamtschule': ['Gesamtschule', 'Sekundarschule'],
        'uebergaenge_realschule': ['Realschule', 'Hauptschule'],
    }.items() %}
    {{ 'union all' if not loop.first }}
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        ebene,
        raumeinheit_id,
        '{{ kennzahl }}' as kennzahl_id,
        cast(sum(uebergaenge) as double) as wert,
        'wert' as status_id
    from uebergang
    {% if formen %}where schulform_ziel in ('{{ formen | join("', '") }}'){% endif %}
    group by lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id
    {% endfor %}
)

select * from gezaehlt
