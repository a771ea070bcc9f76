-- Was verglichen, verfolgt, geglättet und gemessen wird: die Jahreswerte der Ebenen, die das Haus verlassen, mit den
-- Zählungen dahinter und den Nummern, unter denen methods/ sie als Blöcke liest. "Nicht zuordenbar" ist kein Gebiet; mit Gewichten übergeleitete oder verteilte Zahlen sind keine
-- Zählungen und werden gezeigt, aber nicht geprüft.
with jahreswert as (
    select
        wert.gebietsstand,
        wert.ebene,
        ebene.rang as ebene_rang,
        wert.raumeinheit_id,
        wert.stichtag,
        wert.jahr,
        wert.indikator_id,
        wert.ki_methode,
        cast(indikator.faktor as double) as faktor,
        indikator.polaritaet,
        coalesce(berechnet.designeffekt, 1) as designeffekt,
        case when wert.guete = 'exact' then berechnet.zaehler end as zaehler,
        case when wert.guete = 'exact' then berechnet.nenner end as nenner,
        case when wert.guete = 'exact' then berechnet.quadratsumme end as quadratsumme,
        case when wert.guete = 'exact' then berechnet.rest_zaehler end as rest_zaehler,
        case when wert.guete = 'exact' then berechnet.rest_nenner end as rest_nenner,
        case when wert.guete = 'exact' then berechnet.rest_quadratsumme end as rest_quadratsumme,
        wert.wert,
        wert.ki_unten,
        wert.ki_oben,
        wert.rest_wert,
        wert.diff,
        wert.diff_ki_unten,
        wert.diff_ki_oben,
        wert.obs_status,
        wert.conf_status,
        wert.zeichen,
        wert.vorlaeufig,
        wert.lieferung_id,
        wert.status_id
    from {{ ref('fct_indikatorwert') }} as wert
    inner join {{ ref('stg_tuer__ebene') }} as ebene on wert.ebene = ebene.ebene and ebene.verlaesst_das_haus
    inner join {{ ref('int_raum__einheit') }} as einheit
        on wert.gebietsstand = einheit.gebietsstand
        and wert.ebene = einheit.ebene
        and wert.raumeinheit_id = einheit.raumeinheit_id
        and not einheit.nicht_zuordenbar
    inner join {{ ref('indikatoren') }} as indikator on wert.indikator_id = indikator.indikator_id
    left join {{ ref('int_indikator__wert') }} as berechnet
        on wert.gebietsstand = berechnet.gebietsstand
        and wert.ebene = berechnet.ebene
        and wert.raumeinheit_id = berechnet.raumeinheit_id
        and wert.stichtag = berechnet.stichtag
        and wert.indikator_id = berechnet.indikator_id
    where wert.ist_jahreswert
),

nummeriert as (
    select
        *,
        cast(row_number() over (order by gebietsstand, ebene_rang, raumeinheit_id, indikator_id, jahr) as integer) as basis_id,
        -- Eine Ausgabe: alles, was über ein Jahr auf denselben Grenzen nebeneinander gelesen wird.
        cast(dense_rank() over (order by gebietsstand, jahr) - 1 as integer) as ausgabe_nr,
        cast(dense_rank() over (order by gebietsstand, ebene_rang, indikator_id, jahr) - 1 as integer) as gruppe_nr,
        cast(row_number() over (partition by gebietsstand, ebene_rang, indikator_id, jahr order by raumeinheit_id) - 1 as integer) as platz,
        cast(dense_rank() over (order by gebietsstand, ebene_rang, raumeinheit_id, indikator_id) - 1 as integer) as reihe_nr,
        cast(jahr - min(jahr) over () as integer) as jahr_nr
    from jahreswert
)

select * from nummeriert
