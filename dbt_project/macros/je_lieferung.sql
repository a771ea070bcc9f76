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

{#
  Zählungen aus einer Tabelle mit Blöcken, eine Zeile je Block und Kennzahl. Ein Block ohne Zeile heißt: dort ist niemand.
  kennzahlen: Paare aus kennzahl_id und dem Ausdruck, der zählt.
#}
{% macro zaehlungen_je_block(tabelle, kennzahlen) -%}
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        'block' as ebene,
        raumeinheit_id,
        kennzahl_id,
        wert,
        'wert' as status_id
    from (
        select
            lieferung_id,
            stichtag,
            gebietsstand,
            raumeinheit_id,
            {% for kennzahl_id, zaehlung in kennzahlen %}
            cast({{ zaehlung }} as double) as {{ kennzahl_id }}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ tabelle }}
        group by lieferung_id, stichtag, gebietsstand, raumeinheit_id
    )
    unpivot (wert for kennzahl_id in ({{ kennzahlen | map('first') | join(', ') }}))
    where wert > 0
{%- endmacro %}
