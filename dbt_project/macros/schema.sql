{# Schichten heißen wie ihre Ordner, ohne Vorsatz aus dem Profil. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
