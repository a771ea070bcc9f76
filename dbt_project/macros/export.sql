{#
  Indikatorwerte einer Zielgruppe mit Namen, so wie die Verträge sie nennen; nur Jahreswerte auf dem damals gültigen Gebietsstand.
  Liest nur die Freigabe: was die Zielgruppe nicht sehen darf, kann nicht hineingeraten.
#}
{% macro export_indikatoren(zielgruppe, bedingung) -%}
    select
        wert.raumeinheit_id,
        raum.name as raum,
        wert.gebietsstand,
        wert.ebene,
        wert.stichtag,
        wert.stichtag_nenner,
        wert.jahr,
        wert.indikator_id,
        indikator.name as indikator,
        indikator.einheit,
        wert.zaehler,
        wert.nenner,
        wert.wert,
        wert.ki_unten,
        wert.ki_oben,
        wert.rest_wert,
        wert.vergleich,
        wert.zeichen,
        {{ zeichen_daneben('wert.zaehler') }} as zaehler_zeichen,
        {{ zeichen_daneben('wert.nenner', 'indikator.nenner is null') }} as nenner_zeichen,
        {{ zeichen_daneben('wert.ki_unten', "wert.ki_methode = 'keine'") }} as ki_zeichen,
        {{ zeichen_daneben('wert.rest_wert', 'indikator.nenner is null or raum.uebergeordnet_id is null') }} as rest_zeichen,
        wert.obs_status,
        wert.conf_status,
        wert.vorlaeufig,
        stadt.simuliert
    from {{ ref('exp_freigabe__fct_indikatorwert') }} as wert
    inner join {{ ref('dim_indikator') }} as indikator on wert.indikator_id = indikator.indikator_id
    inner join {{ ref('exp_freigabe__dim_raumeinheit') }} as raum
        on wert.raumeinheit_id = raum.raumeinheit_id
        and wert.gebietsstand = raum.gebietsstand
        and wert.ebene = raum.ebene
        and raum.zielgruppe = '{{ zielgruppe }}'
    cross join {{ ref('stg_tuer__stadt') }} as stadt
    where wert.zielgruppe = '{{ zielgruppe }}'
        and wert.ist_jahreswert
        and wert.gebietsstand_am_stichtag
        and ({{ bedingung }})
{%- endmacro %}

{#
  Zeichen einer Zahl, die neben dem Wert steht und fehlt: das des Werts, wo auch er fehlt; sonst x, wo es sie nach dem Katalog
  nicht gibt, und . (unbekannt oder geheim) in jedem anderen Fall. Woran es dann liegt, verriete, was gesperrt ist.
#}
{% macro zeichen_daneben(zahl, gibt_es_nicht='false') -%}
    case
        when {{ zahl }} is not null then null
        when wert.wert is null then coalesce(wert.zeichen, '.')
        when {{ gibt_es_nicht }} then 'x'
        else '.'
    end
{%- endmacro %}

{# Zählungen einer Zielgruppe mit Namen, alle Stichtage auf dem damals gültigen Gebietsstand. #}
{% macro export_kennzahlen(zielgruppe, bedingung) -%}
    select
        wert.raumeinheit_id,
        raum.name as raum,
        wert.gebietsstand,
        wert.ebene,
        wert.stichtag,
        cast(extract(year from wert.stichtag) as integer) as jahr,
        wert.kennzahl_id,
        kennzahl.name as kennzahl,
        kennzahl.einheit,
        wert.wert,
        wert.zeichen,
        wert.obs_status,
        wert.conf_status,
        wert.vorlaeufig,
        stadt.simuliert
    from {{ ref('exp_freigabe__fct_kennzahl') }} as wert
    inner join {{ ref('dim_kennzahl') }} as kennzahl on wert.kennzahl_id = kennzahl.kennzahl_id
    inner join {{ ref('exp_freigabe__dim_raumeinheit') }} as raum
        on wert.raumeinheit_id = raum.raumeinheit_id
        and wert.gebietsstand = raum.gebietsstand
        and wert.ebene = raum.ebene
        and raum.zielgruppe = '{{ zielgruppe }}'
    cross join {{ ref('stg_tuer__stadt') }} as stadt
    where wert.zielgruppe = '{{ zielgruppe }}'
        and wert.gebietsstand_am_stichtag
        and ({{ bedingung }})
{%- endmacro %}

{# Orte einer Zielgruppe mit dem Namen ihres Gebiets; noch nicht verortete bleiben dabei. #}
{% macro export_orte(zielgruppe, bedingung) -%}
    select
        ort.ort_id,
        ort.kategorie,
        ort.kategorie_name,
        ort.unterkategorie,
        ort.name,
        ort.traeger,
        ort.anschrift,
        ort.plz,
        ort.raumeinheit_id,
        raum.name as raum,
        ort.gebietsstand,
        ort.ebene,
        ort.lage_art,
        ort.laenge,
        ort.breite,
        cast(ort.plaetze as double) as plaetze,
        ort.oeffnungszeiten,
        ort.gueltig_von,
        ort.gueltig_bis,
        ort.stichtag as stand_vom,
        ort.aktuell,
        ort.listen,
        stadt.simuliert
    from {{ ref('exp_freigabe__dim_ort') }} as ort
    left join {{ ref('exp_freigabe__dim_raumeinheit') }} as raum
        on ort.raumeinheit_id = raum.raumeinheit_id
        and ort.gebietsstand = raum.gebietsstand
        and ort.ebene = raum.ebene
        and ort.zielgruppe = raum.zielgruppe
    cross join {{ ref('stg_tuer__stadt') }} as stadt
    where ort.zielgruppe = '{{ zielgruppe }}'
        and ({{ bedingung }})
{%- endmacro %}

{# Zahl mit einer Stelle und Dezimalkomma, für Sätze. #}
{% macro deutsche_zahl(ausdruck) -%}
    replace(printf('%.1f', {{ ausdruck }}), '.', ',')
{%- endmacro %}
