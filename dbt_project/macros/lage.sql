{# Lagemaße über Gleitkommazahlen: der Median von Dezimalzahlen würde auf deren Stellen gerundet. #}
{% macro quantil(spalte, anteil) %}{{ return(adapter.dispatch('quantil', 'sozialraum')(spalte, anteil)) }}{% endmacro %}

{% macro default__quantil(spalte, anteil) -%}
    percentile_cont({{ anteil }}) within group (order by cast({{ spalte }} as double precision))
{%- endmacro %}

{% macro duckdb__quantil(spalte, anteil) -%}
    quantile_cont(cast({{ spalte }} as double), {{ anteil }})
{%- endmacro %}

{% macro median(spalte) -%}
    {{ quantil(spalte, 0.5) }}
{%- endmacro %}
