-- Anteile, die ohne Fallzahlen geliefert werden (MSS S1 bis S4, D1 bis D4), nur auf ihrer eigenen Ebene.
-- Nicht eingestufte Planungsräume tragen in Tabelle 2-1 eine 0 statt nichts oder fehlen: ihr Wert ist unbekannt.
with lang as (
    select
        anteile.lieferung_id,
        anteile.stichtag,
        anteile.gebietsstand,
        anteile.ebene,
        anteile.raumeinheit_id,
        'mss_' || merkmal.merkmal as indikator_id,
        case merkmal.merkmal {% for m in ['s1', 's2', 's3', 's4', 'd1', 'd2', 'd3', 'd4'] %}when '{{ m }}' then anteile.{{ m }} {% endfor %}end as wert
    from {{ ref('stg_mss__anteile') }} as anteile
    inner join {{ ref('stg_mss__klassen') }} as klassen
        on anteile.lieferung_id = klassen.lieferung_id
        and anteile.raumeinheit_id = klassen.raumeinheit_id
    cross join (values ('s1'), ('s2'), ('s3'), ('s4'), ('d1'), ('d2'), ('d3'), ('d4')) as merkmal (merkmal)
),

lieferung as (
    select distinct lieferung_id, stichtag, gebietsstand, ebene
    from {{ ref('stg_mss__anteile') }}
),

raten as (
    select
        lieferung.gebietsstand,
        lieferung.stichtag,
        lieferung.ebene,
        einheit.raumeinheit_id,
        indikator.indikator_id,
        lang.wert,
        case when lang.wert is null then 'nicht_geliefert' else 'wert' end as status_id,
        lieferung.lieferung_id
    from lieferung
    inner join {{ ref('int_raum__einheit') }} as einheit
        on lieferung.gebietsstand = einheit.gebietsstand
        and lieferung.ebene = einheit.ebene
        and not einheit.nicht_zuordenbar
    inner join {{ ref('indikatoren') }} as indikator on indikator.art = 'gelieferte_rate'
    left join lang
        on lieferung.lieferung_id = lang.lieferung_id
        and einheit.raumeinheit_id = lang.raumeinheit_id
        and indikator.indikator_id = lang.indikator_id
)

select * from raten
