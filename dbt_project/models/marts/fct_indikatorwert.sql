with berechnet as (
    select
        wert.raumeinheit_id,
        wert.gebietsstand,
        wert.ebene,
        wert.stichtag,
        wert.indikator_id,
        wert.ki_methode,
        wert.zaehler,
        wert.nenner,
        wert.wert,
        intervall.ki_unten * wert.faktor as ki_unten,
        intervall.ki_oben * wert.faktor as ki_oben,
        wert.rest_zaehler / nullif(wert.rest_nenner, 0) * wert.faktor as rest_wert,
        wert.wert - wert.rest_zaehler / nullif(wert.rest_nenner, 0) * wert.faktor as diff,
        intervall.diff_ki_unten * wert.faktor as diff_ki_unten,
        intervall.diff_ki_oben * wert.faktor as diff_ki_oben,
        coalesce(intervall.vergleich, 'nicht_berechenbar') as vergleich,
        wert.stichtag_nenner,
        wert.jahresstichtag,
        wert.vorlaeufig,
        wert.status_id,
        wert.lieferung_id,
        wert.guete,
        wert.uebergeleitet,
        wert.erwarteter_fehler,
        case when wert.ki_methode <> 'keine' then wert.designeffekt end as designeffekt,
        wert.designeffekt_quelle
    from {{ ref('int_indikator__wert') }} as wert
    left join {{ ref('int_indikator__intervall') }} as intervall on wert.wert_id = intervall.wert_id
    where wert.ki_methode <> 'dsr'
),

-- Auf ganze Einheiten gerundet: aus mehr Stellen ließen sich die Altersgruppen dahinter ausrechnen.
standardisiert as (
    select
        wert.raumeinheit_id,
        wert.gebietsstand,
        wert.ebene,
        wert.stichtag,
        wert.indikator_id,
        wert.ki_methode,
        wert.zaehler,
        wert.nenner,
        {% for spalte in ['wert', 'ki_unten', 'ki_oben', 'rest_wert'] %}
        round(ziffer.{{ spalte }} * wert.faktor) as {{ spalte }},
        {% endfor %}
        round(ziffer.wert * wert.faktor) - round(ziffer.rest_wert * wert.faktor) as diff,
        round(ziffer.diff_ki_unten * wert.faktor) as diff_ki_unten,
        round(ziffer.diff_ki_oben * wert.faktor) as diff_ki_oben,
        coalesce(ziffer.vergleich, 'nicht_berechenbar') as vergleich,
        wert.stichtag_nenner,
        wert.jahresstichtag,
        wert.vorlaeufig,
        case
            when wert.zaehler is null or wert.nenner is null or ziffer.wert is not null then wert.status_id
            when ziffer.grund = 'weniger_als_10_Faelle' then 'unsicher'
            else 'nicht_berechenbar'
        end as status_id,
        wert.lieferung_id,
        wert.guete,
        wert.uebergeleitet,
        wert.erwarteter_fehler,
        case when wert.ki_methode <> 'keine' then wert.designeffekt end as designeffekt,
        wert.designeffekt_quelle
    from {{ ref('int_indikator__wert') }} as wert
    left join {{ ref('int_indikator__standardisiert') }} as ziffer
        on wert.gebietsstand = ziffer.gebietsstand
        and wert.stichtag = ziffer.stichtag
        and wert.ebene = ziffer.ebene
        and wert.raumeinheit_id = ziffer.raumeinheit_id
    where wert.ki_methode = 'dsr'
),

beide as (
    select * from berechnet
    union all
    select * from standardisiert
    union all
    select
        rate.raumeinheit_id,
        rate.gebietsstand,
        rate.ebene,
        rate.stichtag,
        rate.indikator_id,
        'keine' as ki_methode,
        null as zaehler,
        null as nenner,
        rate.wert,
        null as ki_unten,
        null as ki_oben,
        null as rest_wert,
        null as diff,
        null as diff_ki_unten,
        null as diff_ki_oben,
        'nicht_berechenbar' as vergleich,
        null as stichtag_nenner,
        quellenstand.jahresstichtag,
        quellenstand.vorlaeufig,
        rate.status_id,
        rate.lieferung_id,
        'exact' as guete,
        false as uebergeleitet,
        null as erwarteter_fehler,
        null as designeffekt,
        null as designeffekt_quelle
    from {{ ref('int_indikator__gelieferte_rate') }} as rate
    inner join {{ ref('stg_tuer__quellenstand') }} as quellenstand on rate.lieferung_id = quellenstand.lieferung_id
),

zusammen as (
    select
        *,
        -- Höher als jeder andere Tag: der Jahresstichtag der Quelle.
        (stichtag - date '1900-01-01') + case when right(cast(stichtag as varchar), 5) = jahresstichtag then 1000000 else 0 end as vorrang
    from beide
)

select
    zusammen.raumeinheit_id,
    zusammen.gebietsstand,
    zusammen.ebene,
    zusammen.stichtag,
    zusammen.stichtag_nenner,
    cast(extract(year from zusammen.stichtag) as integer) as jahr,
    -- Der Jahresstichtag der Quelle zählt; wo er (noch) fehlt, der letzte Stichtag des Jahres.
    zusammen.vorrang = max(zusammen.vorrang) over (
        partition by
            zusammen.raumeinheit_id,
            zusammen.gebietsstand,
            zusammen.ebene,
            zusammen.indikator_id,
            extract(year from zusammen.stichtag)
    ) as ist_jahreswert,
    zusammen.indikator_id,
    zusammen.zaehler,
    zusammen.nenner,
    zusammen.wert,
    zusammen.ki_unten,
    zusammen.ki_oben,
    zusammen.rest_wert,
    zusammen.diff,
    zusammen.diff_ki_unten,
    zusammen.diff_ki_oben,
    zusammen.vergleich,
    status.obs_status,
    status.conf_status,
    status.zeichen,
    zusammen.vorlaeufig,
    zusammen.lieferung_id,
    zusammen.status_id,
    zusammen.ki_methode,
    zusammen.stichtag >= gebietsstand.gueltig_von
    and zusammen.stichtag <= coalesce(gebietsstand.gueltig_bis, zusammen.stichtag) as gebietsstand_am_stichtag,
    zusammen.guete,
    zusammen.uebergeleitet,
    zusammen.erwarteter_fehler,
    zusammen.designeffekt,
    zusammen.designeffekt_quelle
from zusammen
inner join {{ ref('status') }} as status on zusammen.status_id = status.status_id
inner join {{ ref('stg_tuer__gebietsstand') }} as gebietsstand on zusammen.gebietsstand = gebietsstand.gebietsstand
