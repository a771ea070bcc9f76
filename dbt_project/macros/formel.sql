{#
  Die Glieder einer Formel aus dem Katalog ("a + b - c"), eine Zeile je Glied mit Vorzeichen.
  Erwartet eine Relation mit indikator_id und der Formelspalte.
#}
{% macro formelglieder(relation, formelspalte) %}{{ return(adapter.dispatch('formelglieder', 'sozialraum')(relation, formelspalte)) }}{% endmacro %}

{% macro duckdb__formelglieder(relation, formelspalte) -%}
    select
        indikator_id,
        trim(glied, '+- ') as kennzahl_id,
        case when starts_with(glied, '-') then -1 else 1 end as vorzeichen
    from (
        select indikator_id, unnest(regexp_extract_all({{ formelspalte }}, '[+-]?\s*[a-z][a-z0-9_]*')) as glied
        from {{ relation }}
        where {{ formelspalte }} is not null
    )
{%- endmacro %}
