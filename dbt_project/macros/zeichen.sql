{# Status aus Zahl und Tabellenzeichen einer Lieferung (Spaltentyp zahlzeichen der Tür); der Test zeichen.sql hält sie an seeds/status.csv. #}
{% macro status_aus_zeichen(zeichen) -%}
    case {{ zeichen }}
        when '-' then 'nichts_vorhanden'
        when '.' then 'geheim'
        when '*' then 'geheim_ba'
        when '/' then 'unsicher'
        when '( )' then 'eingeschraenkt'
        when '...' then 'spaeter'
        when 'x' then 'gesperrt'
        when 'p' then 'vorlaeufig'
        when 'r' then 'berichtigt'
        when '' then 'leer'
        else 'wert'
    end
{%- endmacro %}

{#
  Gleichnamige Spalten einer Tabelle als Kennzahlen, eine Zeile je Spalte: kennzahlen_aus_spalten(ref(...), ['wohnungen', ...]).
  Zu jeder Spalte gehört <spalte>_zeichen; die Spalte heißt wie ihre Kennzahl. Die Tabelle wird einmal gelesen.
#}
{% macro kennzahlen_aus_spalten(relation, spalten) -%}
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        ebene,
        raumeinheit_id,
        spalte.kennzahl_id,
        cast(case spalte.kennzahl_id {% for spalte in spalten %}when '{{ spalte }}' then {{ spalte }} {% endfor %}end as double) as wert,
        {% set zeichen -%}
            case spalte.kennzahl_id {% for spalte in spalten %}when '{{ spalte }}' then {{ spalte }}_zeichen {% endfor %}end
        {%- endset %}
        {{ status_aus_zeichen(zeichen) }} as status_id
    from {{ relation }}
    cross join (values {% for spalte in spalten %}('{{ spalte }}'){{ ', ' if not loop.last }}{% endfor %}) as spalte (kennzahl_id)
{%- endmacro %}

{#
  Fälle einer Liste je Gebiet als Kennzahlen: gezaehlte_faelle(relation, {kennzahl: Bedingung}). Beginnt die Bedingung mit #,
  wird die Spalte dahinter summiert. Die Relation hat lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id.
  Eine Lieferung mit irgendeinem Fall sagt zu jeder ihrer Kennzahlen etwas, und sei es null.
#}
{% macro gezaehlte_faelle(relation, kennzahlen) -%}
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        ebene,
        raumeinheit_id,
        kennzahl.kennzahl_id,
        cast(case kennzahl.kennzahl_id {% for kennzahl in kennzahlen %}when '{{ kennzahl }}' then {{ kennzahl }} {% endfor %}end as double) as wert,
        'wert' as status_id
    from (
        select
            lieferung_id,
            stichtag,
            gebietsstand,
            ebene,
            raumeinheit_id
            {% for kennzahl, bedingung in kennzahlen.items() %}
            {% if bedingung.startswith('#') %}
            , coalesce(sum({{ bedingung[1:] }}), 0) as {{ kennzahl }}
            {% else %}
            , count(case when {{ bedingung }} then 1 end) as {{ kennzahl }}
            {% endif %}
            {% endfor %}
        from {{ relation }}
        group by lieferung_id, stichtag, gebietsstand, ebene, raumeinheit_id
    )
    cross join (values {% for kennzahl in kennzahlen %}('{{ kennzahl }}'){{ ', ' if not loop.last }}{% endfor %}) as kennzahl (kennzahl_id)
{%- endmacro %}
