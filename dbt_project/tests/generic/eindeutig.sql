{# Eine Zeile je Schlüssel, kein Schlüsselteil unbekannt. #}
{% test eindeutig(model, spalten) %}
select {{ spalten | join(', ') }}, count(*) as anzahl
from {{ model }}
group by {{ spalten | join(', ') }}
having count(*) > 1
{% for spalte in spalten %} or {{ spalte }} is null {% endfor %}
{% endtest %}
