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
