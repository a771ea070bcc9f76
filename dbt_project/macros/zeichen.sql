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
  Zu jeder Spalte gehört <spalte>_zeichen; die Spalte heißt wie ihre Kennzahl.
#}
{% macro kennzahlen_aus_spalten(relation, spalten) -%}
    {% for spalte in spalten %}
    {{ 'union all' if not loop.first }}
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        ebene,
        raumeinheit_id,
        '{{ spalte }}' as kennzahl_id,
        cast({{ spalte }} as double) as wert,
        {{ status_aus_zeichen(spalte ~ '_zeichen') }} as status_id
    from {{ relation }}
    {% endfor %}
{%- endmacro %}
