{# Jahreswerte, die eine Zielgruppe nicht sehen darf: woran alles hängt, was aus ihnen gerechnet ist. #}
{% macro gesperrte_jahreswerte() -%}
    select zielgruppe, gebietsstand, ebene, raumeinheit_id, indikator_id, jahr, min(status_id) as status_id
    from {{ ref('exp_freigabe__fct_indikatorwert') }}
    where ist_jahreswert and status_id = 'geheim_schutz'
    group by zielgruppe, gebietsstand, ebene, raumeinheit_id, indikator_id, jahr
{%- endmacro %}
