{#
  Eine Rohtabelle der Tür mit Stichtag und Gebietsstand ihrer Lieferung, nur aktive Lieferungen; mit ersetzte=true auch die, an deren Stelle neuere traten.
  Die leere Datei, die die Tür je Tabelle schreibt, hält das Muster auch ohne Lieferung gültig.
#}
{% macro roh(tabelle, ersetzte=false) -%}
    (
        select
            roh.* exclude (delivery),
            quellenstand.lieferung_id,
            quellenstand.stichtag,
            quellenstand.gebietsstand as lieferung_gebietsstand
        from read_parquet(
            '{{ env_var("SOZIALRAUM_RAW") }}/{{ tabelle }}/delivery=*/*.parquet',
            hive_partitioning = true, hive_types = {'delivery': varchar}, union_by_name = true
        ) as roh
        inner join {{ tuer('quellenstand') }} as quellenstand on roh.delivery = quellenstand.lieferung_id
        {{ '' if ersetzte else 'where quellenstand.aktiv' }}
    )
{%- endmacro %}

{# Was die Tür über Lieferungen, Gebietsstände und Stadt aufschreibt. #}
{% macro tuer(tabelle) -%}
    read_parquet('{{ env_var("SOZIALRAUM_RAW") }}/_{{ tabelle }}.parquet')
{%- endmacro %}
