{# Altersbänder [(von, bis), ...] als Zeilen einer values-Liste; bis none heißt offen. #}
{% macro altersbaender(baender) -%}
    {% for von, bis in baender %}({{ von }}, {{ 'cast(null as integer)' if bis is none else bis }}){{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}

{# Die Spalte, in der das Band der Zeile (band.von) steht: <vorsatz><von>_<bis>, das offene Band endet auf oben. #}
{% macro altersspalte(baender, vorsatz, oben) -%}
    case band.von{% for von, bis in baender %} when {{ von }} then {{ vorsatz }}{{ von }}_{{ oben if bis is none else bis }}{% endfor %} end
{%- endmacro %}
