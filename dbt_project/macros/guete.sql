{# Die schlechteste Güte einer Gruppe; über Ausdrücke einer Zeile mit funktion='greatest'. Unbekannte zählen nicht mit. #}
{% macro schlechteste_guete(spalten, funktion='max') -%}
    ['exact', 'weighted', 'estimated'][{{ funktion }}(
        {%- for spalte in spalten %}
        case {{ spalte }} when 'exact' then 1 when 'weighted' then 2 when 'estimated' then 3 end{{ ',' if not loop.last }}
        {%- endfor %}
    )]
{%- endmacro %}
