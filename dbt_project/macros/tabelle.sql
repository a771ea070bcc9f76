{#
  Tabellen und Sichten werden an Ort und Stelle ersetzt, in einer Transaktion. Das mitgelieferte Verfahren legt sie daneben
  an, benennt zweimal um und fragt je Tabelle nach Fremdschlüsseln und Indizes, die es hier nicht gibt: bei 180 Modellen
  Sekunden. Gelesen wird erst nach dem Lauf (warehouse/publish.py kopiert), also sieht niemand einen halben Stand.
#}
{% macro platz_machen(sprache='sql') -%}
    {%- set vorhanden = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if vorhanden is not none %}
        {%- call statement('ersetzen') %}drop {{ vorhanden.type }} {{ vorhanden }}{% endcall %}
        {# Ein Python-Modell schreibt über eine Verbindung für sich. #}
        {%- if sprache == 'python' %}{% do adapter.commit() %}{% endif %}
    {%- endif %}
{%- endmacro %}

{% macro festschreiben() -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
{%- endmacro %}

{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set ziel = this.incorporate(type='table') -%}
    {{ platz_machen(model['language']) }}
    {% call statement('main', language=model['language']) -%}
        {{- create_table_as(False, ziel, compiled_code, model['language']) }}
    {%- endcall %}
    {{ festschreiben() }}
    {{ return({'relations': [ziel]}) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {%- set ziel = this.incorporate(type='view') -%}
    {{ platz_machen() }}
    {% call statement('main') -%}
        {{- create_view_as(ziel, compiled_code) }}
    {%- endcall %}
    {{ festschreiben() }}
    {{ return({'relations': [ziel]}) }}
{% endmaterialization %}
