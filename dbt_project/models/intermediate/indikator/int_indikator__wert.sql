-- Zähler und Nenner je Gebiet, Stichtag und Indikator, dazu die der ganzen Stadt. Fehlt ein Glied, fehlt die Summe.
with summen as (
    select
        wert.gebietsstand,
        wert.stichtag,
        wert.ebene,
        wert.raumeinheit_id,
        formel.indikator_id,
        {% for rolle in ['zaehler', 'nenner', 'quadratsumme'] %}
        case
            when count(*) filter (where formel.rolle = '{{ rolle }}' and wert.wert is null) = 0
                then sum(wert.wert * formel.vorzeichen) filter (where formel.rolle = '{{ rolle }}')
        end as {{ rolle }},
        {% endfor %}
        bool_or(wert.status_id = 'nicht_berechenbar') as nicht_berechenbar,
        bool_or(wert.status_id = 'nicht_geliefert') as nicht_geliefert,
        -- Die Lieferung des Zählers; wo er aus mehreren kommt, die erste nach Namen.
        min(wert.lieferung_id) filter (where formel.rolle = 'zaehler') as lieferung_id,
        max(wert.guete) as guete,
        bool_or(wert.uebergeleitet) as uebergeleitet,
        max(wert.erwarteter_fehler) as erwarteter_fehler
    from {{ ref('int_kennzahl__alle') }} as wert
    inner join {{ ref('int_indikator__formel') }} as formel on wert.kennzahl_id = formel.kennzahl_id
    group by wert.gebietsstand, wert.stichtag, wert.ebene, wert.raumeinheit_id, formel.indikator_id
),

stadt as (
    select summen.gebietsstand, summen.stichtag, summen.indikator_id, summen.zaehler, summen.nenner, summen.quadratsumme
    from summen
    inner join {{ ref('stg_tuer__ebene') }} as ebene on summen.ebene = ebene.ebene and ebene.rang = 1
),

werte as (
    select
        summen.gebietsstand,
        summen.stichtag,
        summen.ebene,
        summen.raumeinheit_id,
        summen.indikator_id,
        indikator.ki_methode,
        cast(indikator.faktor as double) as faktor,
        coalesce(cast(indikator.effekt as double), 1) as effekt,
        summen.zaehler,
        summen.nenner,
        summen.quadratsumme,
        case
            when indikator.nenner is null then summen.zaehler * indikator.faktor
            else summen.zaehler / nullif(summen.nenner, 0) * indikator.faktor
        end as wert,
        -- Ein Gebiet ist Teil der Stadt und wird mit ihrem Rest verglichen, die Stadt selbst mit nichts.
        case when ebene.rang > 1 and indikator.nenner is not null then stadt.zaehler - summen.zaehler end as rest_zaehler,
        case when ebene.rang > 1 then stadt.nenner - summen.nenner end as rest_nenner,
        case when ebene.rang > 1 then stadt.quadratsumme - summen.quadratsumme end as rest_quadratsumme,
        case
            when summen.nicht_berechenbar then 'nicht_berechenbar'
            when summen.nicht_geliefert then 'nicht_geliefert'
            when indikator.nenner is not null and summen.nenner = 0 then 'ohne_nenner'
            when summen.nenner < indikator.mindestnenner then 'kleiner_nenner'
            when summen.zaehler = 0 then 'nichts_vorhanden'
            else 'wert'
        end as status_id,
        summen.lieferung_id,
        summen.guete,
        summen.uebergeleitet,
        summen.erwarteter_fehler
    from summen
    inner join {{ ref('indikatoren') }} as indikator on summen.indikator_id = indikator.indikator_id
    inner join {{ ref('stg_tuer__ebene') }} as ebene on summen.ebene = ebene.ebene
    left join stadt
        on summen.gebietsstand = stadt.gebietsstand
        and summen.stichtag = stadt.stichtag
        and summen.indikator_id = stadt.indikator_id
),

nummeriert as (
    select
        -- Nur Brücke zu den Vertrauensbereichen dieses Laufs, kein Schlüssel: die Reihenfolge ist gleichgültig.
        row_number() over () as wert_id,
        *
    from werte
)

select * from nummeriert
