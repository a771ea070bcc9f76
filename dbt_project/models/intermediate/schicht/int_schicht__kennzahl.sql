{#
  Personen je Schulbezirk, Stimmbezirk und Gitterzelle, am Haus gezählt; wie alle Zählungen von Personen je Lieferung
  einmal gezählt und behalten. Wessen Anschrift fehlt oder gesperrt ist, verteilt sich nach den Anschriften seines Blocks.
#}
{{ je_lieferung() }}

{% set kennzahlen = {
    'einwohner': 'true',
    'einwohner_alter_bekannt': 'alter_jahre >= 0',
    'alter_0_5': 'alter_jahre between 0 and 5',
    'alter_6_14': 'alter_jahre between 6 and 14',
    'alter_0_17': 'alter_jahre between 0 and 17',
    'alter_65_plus': 'alter_jahre >= 65',
    'nichtdeutsche': "staatsangehoerigkeit1 <> '000'",
} %}
{# Jahrgänge nur, wo Schulen geplant werden. #}
{% for jahre in range(10) %}
    {% do kennzahlen.update({'jahrgang_' ~ jahre: 'alter_jahre = ' ~ jahre}) %}
{% endfor %}

with haus as (
    select
        lieferung_id,
        stichtag,
        block_id,
        adresse_id,
        {% for name, bedingung in kennzahlen.items() %}
        count(*) filter (where {{ bedingung }}) as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('stg_melderegister_bestand__person') }}
    where wohnungsart = 'H'
        and {{ noch_nicht_gezaehlt() }}
    group by lieferung_id, stichtag, block_id, adresse_id
),

blockanteil as (
    select schicht, schicht_id, block_id, count(*) / sum(count(*)) over (partition by schicht, block_id) as gewicht
    from {{ ref('int_schicht__anschrift') }}
    group by schicht, schicht_id, block_id
),

verteilt as (
    select
        haus.*,
        schicht.schicht,
        coalesce(anschrift.schicht_id, blockanteil.schicht_id, 'nz_' || schicht.schicht) as schicht_id,
        case when anschrift.schicht_id is null then coalesce(blockanteil.gewicht, 1) else 1 end as gewicht
    from haus
    cross join (select distinct schicht from {{ ref('int_schicht__anschrift') }}) as schicht
    left join {{ ref('int_schicht__anschrift') }} as anschrift
        on schicht.schicht = anschrift.schicht
        and haus.adresse_id = anschrift.adresse_id
    left join blockanteil
        on anschrift.schicht_id is null
        and schicht.schicht = blockanteil.schicht
        and haus.block_id = blockanteil.block_id
),

-- Ein verteilter Mensch gehört mit Wahrscheinlichkeit gewicht hierher: so viele sind im Mittel falsch zugeordnet.
gruppiert as (
    select
        lieferung_id,
        stichtag,
        schicht,
        schicht_id,
        round(sum(einwohner * gewicht * (1 - gewicht)) / nullif(sum(einwohner * gewicht), 0), 6) as erwarteter_fehler,
        {% for name in kennzahlen %}
        round(sum({{ name }} * gewicht), 6) as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from verteilt
    group by lieferung_id, stichtag, schicht, schicht_id
),

zeilen as (
    {% for name in kennzahlen %}
    {{ 'union all' if not loop.first }}
    select
        lieferung_id,
        stichtag,
        schicht,
        schicht_id,
        '{{ name }}' as kennzahl_id,
        {{ name }} as wert,
        case when erwarteter_fehler = 0 then 'exact' else 'weighted' end as guete,
        erwarteter_fehler
    from gruppiert
    {{ "where schicht = 'schulbezirk'" if name.startswith('jahrgang_') }}
    {% endfor %}
)

select * from zeilen
{{ eingefrorene_zeilen() }}
