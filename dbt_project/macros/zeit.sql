{#
  Alter und Dauer nur über dieses Makro, volle Jahre von bis: datediff('year', ...) zählt Jahreswechsel, nicht Geburtstage.
  Wer am 29. Februar geboren ist, vollendet in Gemeinjahren das Lebensjahr mit Ablauf des 28. Februar,
  ist also ab dem 1. März älter (§ 187 Abs. 2, § 188 Abs. 2 BGB).
#}
{% macro vollendete_jahre(von, bis) %}{{ return(adapter.dispatch('vollendete_jahre', 'sozialraum')(von, bis)) }}{% endmacro %}

{% macro default__vollendete_jahre(von, bis) -%}
    (
        extract(year from {{ bis }}) - extract(year from {{ von }})
        - case
            when extract(month from {{ bis }}) * 100 + extract(day from {{ bis }})
                < extract(month from {{ von }}) * 100 + extract(day from {{ von }})
                then 1
            else 0
        end
    )
{%- endmacro %}

{# ISO 8601: die Woche gehört dem Jahr, in dem ihr Donnerstag liegt, z. B. 2020-W53 für den 1.1.2021. #}
{% macro iso_woche(tag) %}{{ return(adapter.dispatch('iso_woche', 'sozialraum')(tag)) }}{% endmacro %}

{% macro default__iso_woche(tag) -%}
    (
        cast(extract(isoyear from {{ tag }}) as varchar) || '-W'
        || lpad(cast(extract(week from {{ tag }}) as varchar), 2, '0')
    )
{%- endmacro %}
