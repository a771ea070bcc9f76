{# Wer außerhalb der abgeschotteten Statistikstelle liest. #}
{% macro zielgruppen() -%}
    (values ('verwaltung'), ('traeger'), ('oeffentlich')) as zielgruppen (zielgruppe)
{%- endmacro %}
