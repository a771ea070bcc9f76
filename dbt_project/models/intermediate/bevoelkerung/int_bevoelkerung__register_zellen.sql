{#
  Personen werden je Lieferung einmal gezählt und die Zählung behalten: eine schon gezählte Lieferung wird nicht
  wieder gelesen, eine ersetzte oder zurückgezogene fällt heraus.
#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    post_hook="delete from {{ this }} where lieferung_id not in (select lieferung_id from {{ ref('stg_tuer__quellenstand') }} where aktiv)"
) }}
{% if is_incremental() and execute %}
    {# Als Liste im Text, damit DuckDB die Ordner gezählter Lieferungen gar nicht erst öffnet. #}
    {% set gezaehlt = run_query("select distinct lieferung_id from " ~ this ~ " order by 1").columns[0].values() %}
{% else %}
    {% set gezaehlt = [] %}
{% endif %}

with hauptwohnung as (
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        coalesce(block_id, 'nz_block') as raumeinheit_id,
        alter_jahre,
        geschlecht,
        case when staatsangehoerigkeit1 = '000' then 'deutsch' when staatsangehoerigkeit1 is not null then 'nichtdeutsch' end as staatsangehoerigkeit,
        {{ vollendete_jahre('einzug_adresse', 'stichtag') }} as wohnjahre
    from {{ ref('stg_melderegister_bestand__person') }}
    where wohnungsart = 'H'
    {% if gezaehlt %}
        and lieferung_id not in ('{{ gezaehlt | join("', '") }}')
    {% endif %}
),

gezaehlt as (
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        'block' as ebene,
        raumeinheit_id,
        'register' as gliederung,
        alter_jahre as alter_von,
        alter_jahre as alter_bis,
        geschlecht,
        staatsangehoerigkeit,
        cast(null as varchar) as migrationshintergrund,
        cast(case when wohnjahre >= 10 then 10 when wohnjahre >= 5 then 5 when wohnjahre >= 0 then 0 end as integer) as wohndauer_von,
        count(*) as anzahl
    from hauptwohnung
    group by all
)

select * from gezaehlt
