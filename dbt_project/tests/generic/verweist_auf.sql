{# Jeder Schlüssel steht in der anderen Relation. #}
{% test verweist_auf(model, spalten, ziel, zielspalten=none) %}
{% set gegenstueck = zielspalten or spalten %}
select distinct {{ spalten | join(', ') }}
from {{ model }} as kind
where not exists (
    select 1 from {{ ziel }} as eltern
    where {% for spalte in spalten %}{{ 'and ' if not loop.first }}eltern.{{ gegenstueck[loop.index0] }} = kind.{{ spalte }} {% endfor %}
)
{% endtest %}
