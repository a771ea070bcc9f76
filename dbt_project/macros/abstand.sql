{# Luftlinie in Metern zwischen zwei Relationen mit rechts und hoch in einem ebenen System. #}
{% macro abstand_m(von, nach) -%}
    sqrt(power({{ von }}.rechts - {{ nach }}.rechts, 2) + power({{ von }}.hoch - {{ nach }}.hoch, 2))
{%- endmacro %}
