-- Gelieferte Tabellen als lange Zellen, alle gelieferten Ebenen. Jede Gliederung deckt die ganze Bevölkerung eines
-- Gebiets ab: was eine Tabelle nur für einen Teil zählt (Frauen, Ausländer, Migrationshintergrund), wird mit seinem Rest ergänzt.
{% set baender = [(0, 5), (6, 14), (15, 17), (18, 26), (27, 44), (45, 54), (55, 64), (65, none)] %}
{% set baender_matrix = [
    (0, 0), (1, 1), (2, 2), (3, 4), (5, 5), (6, 6), (7, 7), (8, 9), (10, 11), (12, 13), (14, 14), (15, 17), (18, 20), (21, 24),
    (25, 26), (27, 29), (30, 34), (35, 39), (40, 44), (45, 49), (50, 54), (55, 59), (60, 62), (63, 64), (65, 66), (67, 69),
    (70, 74), (75, 79), (80, 84), (85, 89), (90, 94), (95, none)
] %}
{% set gebiet %}lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id{% endset %}

with t2_t3 as (
    select t2.*, t3.mit_mh, t3.mh_weiblich, t3.auslaender as mh_auslaender,
        t3.mh_alter_0_5, t3.mh_alter_6_14, t3.mh_alter_15_17, t3.mh_alter_18_26, t3.mh_alter_27_44, t3.mh_alter_45_54, t3.mh_alter_55_64, t3.mh_alter_65_plus
    from {{ ref('stg_einwohner__t2') }} as t2
    inner join {{ ref('stg_einwohner__t3') }} as t3
        on t2.lieferung_id = t3.lieferung_id
        and t2.ebene = t3.ebene
        and t2.raumeinheit_id = t3.raumeinheit_id
),

tabellen as (
    select {{ gebiet }}, 'tabellen' as gliederung, alter_von, alter_bis, geschlecht, staatsangehoerigkeit, null as migrationshintergrund, anzahl
    from {{ ref('stg_bevoelkerung_tabellen__bevoelkerung') }}
),

t1 as (
    select {{ gebiet }}, 't1' as gliederung, null as alter_von, null as alter_bis, null as geschlecht,
        teil.staatsangehoerigkeit, teil.migrationshintergrund,
        case when teil.staatsangehoerigkeit = 'nichtdeutsch' then auslaender when teil.migrationshintergrund = 'mit' then deutsche_mit_mh else deutsche_ohne_mh end as anzahl
    from {{ ref('stg_einwohner__t1') }}
    cross join (values ('deutsch', 'ohne'), ('deutsch', 'mit'), ('nichtdeutsch', 'mit')) as teil (staatsangehoerigkeit, migrationshintergrund)
),

t2_alter as (
    select {{ gebiet }}, 't2_alter' as gliederung, band.von as alter_von, band.bis as alter_bis, null as geschlecht,
        null as staatsangehoerigkeit, null as migrationshintergrund, {{ altersspalte(baender, 'alter_', 'plus') }} as anzahl
    from {{ ref('stg_einwohner__t2') }}
    cross join (values {{ altersbaender(baender) }}) as band (von, bis)
),

t2_weiblich as (
    select {{ gebiet }}, 't2_weiblich' as gliederung, null as alter_von, null as alter_bis, teil.geschlecht,
        null as staatsangehoerigkeit, null as migrationshintergrund,
        case teil.geschlecht when 'w' then weiblich else einwohner - weiblich end as anzahl
    from {{ ref('stg_einwohner__t2') }}
    cross join (values ('w'), ('nicht_w')) as teil (geschlecht)
),

t2_auslaender as (
    select {{ gebiet }}, 't2_auslaender' as gliederung, null as alter_von, null as alter_bis, null as geschlecht,
        teil.staatsangehoerigkeit, null as migrationshintergrund,
        case teil.staatsangehoerigkeit when 'nichtdeutsch' then auslaender else einwohner - auslaender end as anzahl
    from {{ ref('stg_einwohner__t2') }}
    cross join (values ('deutsch'), ('nichtdeutsch')) as teil (staatsangehoerigkeit)
),

t3_alter as (
    select {{ gebiet }}, 't3_alter' as gliederung, band.von as alter_von, band.bis as alter_bis, null as geschlecht,
        null as staatsangehoerigkeit, teil.migrationshintergrund,
        case teil.migrationshintergrund
            when 'mit' then {{ altersspalte(baender, 'mh_alter_', 'plus') }}
            else {{ altersspalte(baender, 'alter_', 'plus') }} - {{ altersspalte(baender, 'mh_alter_', 'plus') }}
        end as anzahl
    from t2_t3
    cross join (values {{ altersbaender(baender) }}) as band (von, bis)
    cross join (values ('mit'), ('ohne')) as teil (migrationshintergrund)
),

t3_weiblich as (
    select {{ gebiet }}, 't3_weiblich' as gliederung, null as alter_von, null as alter_bis, teil.geschlecht,
        null as staatsangehoerigkeit, teil.migrationshintergrund,
        case
            when teil.geschlecht = 'w' and teil.migrationshintergrund = 'mit' then mh_weiblich
            when teil.geschlecht = 'w' then weiblich - mh_weiblich
            when teil.migrationshintergrund = 'mit' then mit_mh - mh_weiblich
            else einwohner - weiblich - (mit_mh - mh_weiblich)
        end as anzahl
    from t2_t3
    cross join (values ('w', 'mit'), ('w', 'ohne'), ('nicht_w', 'mit'), ('nicht_w', 'ohne')) as teil (geschlecht, migrationshintergrund)
),

t3_auslaender as (
    select {{ gebiet }}, 't3_auslaender' as gliederung, null as alter_von, null as alter_bis, null as geschlecht,
        teil.staatsangehoerigkeit, teil.migrationshintergrund,
        case
            when teil.staatsangehoerigkeit = 'nichtdeutsch' then mh_auslaender
            when teil.migrationshintergrund = 'mit' then mit_mh - mh_auslaender
            else einwohner - mit_mh
        end as anzahl
    from t2_t3
    cross join (values ('deutsch', 'ohne'), ('deutsch', 'mit'), ('nichtdeutsch', 'mit')) as teil (staatsangehoerigkeit, migrationshintergrund)
),

matrix_alter as (
    select {{ gebiet }}, 'matrix_alter' as gliederung, band.von as alter_von, band.bis as alter_bis, null as geschlecht,
        null as staatsangehoerigkeit, null as migrationshintergrund, {{ altersspalte(baender_matrix, 'alter_', '109') }} as anzahl
    from {{ ref('stg_einwohner_matrix__matrix') }}
    cross join (values {{ altersbaender(baender_matrix) }}) as band (von, bis)
),

matrix_geschlecht as (
    select {{ gebiet }}, 'matrix_geschlecht' as gliederung, null as alter_von, null as alter_bis, teil.geschlecht,
        null as staatsangehoerigkeit, null as migrationshintergrund,
        case teil.geschlecht when 'w' then weiblich else maennlich end as anzahl
    from {{ ref('stg_einwohner_matrix__matrix') }}
    cross join (values ('m'), ('w')) as teil (geschlecht)
),

alle as (
    {% for gliederung in ['tabellen', 't1', 't2_alter', 't2_weiblich', 't2_auslaender', 't3_alter', 't3_weiblich', 't3_auslaender', 'matrix_alter', 'matrix_geschlecht'] %}
    select * from {{ gliederung }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    lieferung_id,
    stichtag,
    gebietsstand,
    ebene,
    raumeinheit_id,
    gliederung,
    cast(alter_von as integer) as alter_von,
    cast(alter_bis as integer) as alter_bis,
    cast(geschlecht as varchar) as geschlecht,
    cast(staatsangehoerigkeit as varchar) as staatsangehoerigkeit,
    cast(migrationshintergrund as varchar) as migrationshintergrund,
    cast(null as integer) as wohndauer_von,
    cast(anzahl as bigint) as anzahl
from alle
