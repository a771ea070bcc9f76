{#
  Personen werden je Lieferung einmal gezählt und die Zählung behalten: eine schon gezählte Lieferung wird nicht wieder
  gelesen; was gueltig nicht (mehr) nennt, eine ersetzte oder zurückgezogene, fällt heraus.
#}
{% macro je_lieferung(gueltig="select lieferung_id from {{ ref('stg_tuer__quellenstand') }} where aktiv", meta={'eingefroren': true}) -%}
    {{ config(
        database=target.database,
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        meta=meta,
        post_hook="delete from {{ this }} where lieferung_id not in (" ~ gueltig ~ ")"
    ) }}
{%- endmacro %}

{# Als Liste im Text, damit DuckDB die Ordner gezählter Lieferungen gar nicht erst öffnet. behalten: das Modell, dessen Zeilen noch stehen. #}
{% macro noch_nicht_gezaehlt(spalte='lieferung_id', behalten=none) -%}
    {%- set behalten = behalten or (this if execute and is_incremental()) -%}
    {%- set gezaehlt = run_query("select distinct lieferung_id from " ~ behalten ~ " order by 1").columns[0].values() if behalten else [] -%}
    {{ spalte ~ " not in ('" ~ gezaehlt | join("', '") ~ "')" if gezaehlt else 'true' }}
{%- endmacro %}
