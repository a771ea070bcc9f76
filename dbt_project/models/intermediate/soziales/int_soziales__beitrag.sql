{{ config(meta={'eingefroren': true}) }}
-- Wie viele Personen die drei größten Haushalte eines Blocks zu einer Zahl aus den Falllisten beitragen; für Dominanz und p Prozent.
{% set beitraege = [
    ('asylblg_empfaenger', 'asylblg', 'faelle'),
    ('asylblg_0_17', 'asylblg', 'minderjaehrige'),
    ('wohngeld_personen', 'wohngeld', 'personen'),
    ('wohngeld_kinder', 'wohngeld', 'kinder'),
] %}

-- AsylbLG nennt jede Person mit ihrem Haushalt, Wohngeld jeden Haushalt mit seinen Personen.
with haushalt as (
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        leistung,
        coalesce(block_id, 'nz_block') as raumeinheit_id,
        count(*) as faelle,
        count(*) filter (where alter_jahre < 18) as minderjaehrige,
        sum(personen) as personen,
        sum(kinder) as kinder
    from {{ ref('stg_sozialleistungen__fall') }}
    where leistung in ('asylblg', 'wohngeld')
    group by lieferung_id, stichtag, gebietsstand, leistung, block_id, coalesce(haushalt_key, fall_key)
),

beitrag as (
    {% for kennzahl_id, leistung, anzahl in beitraege %}
    {{ 'union all' if not loop.first }}
    select lieferung_id, stichtag, gebietsstand, raumeinheit_id, '{{ kennzahl_id }}' as kennzahl_id, cast({{ anzahl }} as double) as beitrag
    from haushalt
    where leistung = '{{ leistung }}' and {{ anzahl }} > 0
    {% endfor %}
),

gereiht as (
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        'block' as ebene,
        raumeinheit_id,
        kennzahl_id,
        cast(row_number() over (partition by lieferung_id, raumeinheit_id, kennzahl_id order by beitrag desc) as integer) as rang,
        beitrag
    from beitrag
)

select * from gereiht where rang <= 3
{{ eingefrorene_zeilen() }}
