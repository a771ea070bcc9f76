-- Zähler und Nenner je Gebiet, Stichtag und Indikator, dazu die der ganzen Stadt. Fehlt ein Glied, fehlt die Summe.
{% set rollen = ['zaehler', 'nenner', 'quadratsumme'] %}

with thema as (
    select kennzahl.kennzahl_id, coalesce(min(quelle.jahresstichtag), '12-31') as jahresstichtag
    from {{ ref('kennzahlen') }} as kennzahl
    left join {{ ref('stg_tuer__quelle') }} as quelle on kennzahl.thema = quelle.thema
    group by kennzahl.kennzahl_id
),

-- Die Glieder je Ebene, auf der der Indikator steht: was der Katalog dort nicht zeigt, wird nicht gerechnet. Nummern
-- gruppieren sich schneller als Namen.
formel as (
    select
        glied.*,
        ebene.ebene,
        thema.jahresstichtag,
        dense_rank() over (order by glied.indikator_id) as indikator_nr,
        count(*) over (partition by glied.indikator_id, glied.rolle, ebene.ebene) as glieder
    from {{ ref('int_indikator__formel') }} as glied
    inner join thema on glied.kennzahl_id = thema.kennzahl_id
    inner join {{ ref('indikatoren') }} as indikator on glied.indikator_id = indikator.indikator_id
    inner join {{ ref('stg_tuer__ebene') }} as ebene
        on indikator.unterste_ebene = 'kleinste'
        or (indikator.unterste_ebene = 'sichtbar' and ebene.verlaesst_das_haus)
        or (indikator.unterste_ebene = 'stadtbereich' and ebene.rang <= 2)
        or ebene.rang = 1
),

-- Räume und Lieferungen als Nummern, die Lieferungen in der Reihenfolge ihrer Namen.
raum as (
    select row_number() over () as raum_nr, gebietsstand, ebene, raumeinheit_id
    from (select distinct gebietsstand, ebene, raumeinheit_id from {{ ref('int_kennzahl__alle') }})
),

lieferung as (
    select row_number() over (order by lieferung_id) as lieferung_nr, lieferung_id, vorlaeufig, jahresstichtag
    from {{ ref('stg_tuer__quellenstand') }}
),

zeile as (
    select
        raum.raum_nr,
        wert.stichtag,
        wert.ebene,
        wert.kennzahl_id,
        wert.wert,
        wert.status_id,
        lieferung.lieferung_nr,
        coalesce(lieferung.vorlaeufig, false) or wert.status_id = 'vorlaeufig' as vorlaeufig,
        wert.guete,
        wert.uebergeleitet,
        wert.erwarteter_fehler
    from {{ ref('int_kennzahl__alle') }} as wert
    inner join raum
        on wert.gebietsstand = raum.gebietsstand
        and wert.ebene = raum.ebene
        and wert.raumeinheit_id = raum.raumeinheit_id
    left join lieferung on wert.lieferung_id = lieferung.lieferung_id
),

gruppiert as (
    select
        zeile.raum_nr,
        zeile.stichtag,
        formel.indikator_nr,
        {% for rolle in rollen %}
        -- Ein Glied kann auch ganz fehlen, wo seine Quelle diese Ebene oder diesen Stichtag nicht hat.
        case
            when count(zeile.wert) filter (where formel.rolle = '{{ rolle }}') = max(formel.glieder) filter (where formel.rolle = '{{ rolle }}')
                then sum(zeile.wert * formel.vorzeichen) filter (where formel.rolle = '{{ rolle }}')
        end as {{ rolle }},
        {% endfor %}
        bool_or(formel.rolle = 'zaehler') as mit_zaehler,
        bool_or(formel.rolle = 'nenner') as mit_nenner,
        bool_or(zeile.vorlaeufig) as vorlaeufig,
        -- Die Lieferung des Zählers; wo er aus mehreren kommt, die erste nach Namen.
        min(zeile.lieferung_nr) filter (where formel.rolle = 'zaehler') as lieferung_nr,
        {{ schlechteste_guete(['zeile.guete']) }} as guete,
        bool_or(zeile.uebergeleitet) as uebergeleitet,
        max(zeile.erwarteter_fehler) as erwarteter_fehler
    from zeile
    inner join formel on zeile.kennzahl_id = formel.kennzahl_id and zeile.ebene = formel.ebene
    group by zeile.raum_nr, zeile.stichtag, formel.indikator_nr
),

-- Der Grund des ersten Glieds, das fehlt; "nicht berechenbar" vor allen anderen.
grund as (
    select
        zeile.raum_nr,
        zeile.stichtag,
        formel.indikator_nr,
        {% for rolle in rollen %}
        arg_min(zeile.status_id, case zeile.status_id when 'nicht_berechenbar' then '' else zeile.kennzahl_id end)
            filter (where formel.rolle = '{{ rolle }}') as fehlt_{{ rolle }}{{ ',' if not loop.last }}
        {% endfor %}
    from zeile
    inner join formel on zeile.kennzahl_id = formel.kennzahl_id and zeile.ebene = formel.ebene
    where zeile.wert is null
    group by zeile.raum_nr, zeile.stichtag, formel.indikator_nr
),

indikator_zeile as (
    select indikator_nr, indikator_id, min(jahresstichtag) filter (where rolle = 'zaehler') as jahresstichtag
    from formel
    group by indikator_nr, indikator_id
),

summen as (
    select
        raum.gebietsstand,
        raum.ebene,
        raum.raumeinheit_id,
        gruppiert.* exclude (raum_nr, indikator_nr, lieferung_nr),
        indikator_zeile.indikator_id,
        lieferung.lieferung_id,
        coalesce(lieferung.jahresstichtag, indikator_zeile.jahresstichtag) as jahresstichtag,
        grund.* exclude (raum_nr, stichtag, indikator_nr)
    from gruppiert
    inner join raum on gruppiert.raum_nr = raum.raum_nr
    inner join indikator_zeile on gruppiert.indikator_nr = indikator_zeile.indikator_nr
    left join lieferung on gruppiert.lieferung_nr = lieferung.lieferung_nr
    left join grund
        on gruppiert.raum_nr = grund.raum_nr
        and gruppiert.stichtag = grund.stichtag
        and gruppiert.indikator_nr = grund.indikator_nr
),

-- Zu welchem Stichtag der Nenner gehört, wo er einen eigenen hat: Kita-Kinder vom 1. März stehen über den Einwohnern
-- des 31. Dezember davor. Fehlt der, gilt der letzte frühere, doch keiner, der zwei Jahre zurückliegt: über den Kindern von
-- damals wären die von heute mehr als alle.
nennerstichtag as (
    select zaehler.indikator_id, zaehler.gebietsstand, zaehler.stichtag, max(nenner.stichtag) as stichtag_nenner
    from (select distinct indikator_id, gebietsstand, stichtag from summen where mit_zaehler) as zaehler
    inner join {{ ref('indikatoren') }} as indikator on zaehler.indikator_id = indikator.indikator_id and indikator.nenner_bezug <> 'gleich'
    inner join (select distinct indikator_id, gebietsstand, stichtag from summen where mit_nenner) as nenner
        on zaehler.indikator_id = nenner.indikator_id
        and zaehler.gebietsstand = nenner.gebietsstand
        and nenner.stichtag <= case indikator.nenner_bezug when 'vorjahr' then zaehler.stichtag - interval 1 year else zaehler.stichtag end
        and nenner.stichtag > case indikator.nenner_bezug when 'vorjahr' then zaehler.stichtag - interval 3 year else zaehler.stichtag - interval 2 year end
    group by zaehler.indikator_id, zaehler.gebietsstand, zaehler.stichtag
),

-- Nur die Nenner, die von einem anderen Stichtag kommen.
eigener_nenner as (
    select *
    from summen
    where mit_nenner and indikator_id in (select nennerstichtag.indikator_id from nennerstichtag)
),

gefuegt as (
    select
        zaehler.gebietsstand,
        zaehler.stichtag,
        case when indikator.nenner_bezug = 'gleich' then zaehler.stichtag else nenner.stichtag end as stichtag_nenner,
        zaehler.ebene,
        zaehler.raumeinheit_id,
        zaehler.indikator_id,
        zaehler.zaehler,
        case when indikator.nenner_bezug = 'gleich' then zaehler.nenner else nenner.nenner end as nenner,
        zaehler.quadratsumme,
        coalesce(
            zaehler.fehlt_zaehler,
            case when indikator.nenner_bezug = 'gleich' then zaehler.fehlt_nenner else nenner.fehlt_nenner end,
            zaehler.fehlt_quadratsumme
        ) as fehlt,
        zaehler.vorlaeufig or coalesce(nenner.vorlaeufig, false) as vorlaeufig,
        zaehler.jahresstichtag,
        zaehler.lieferung_id,
        {{ schlechteste_guete(['zaehler.guete', 'nenner.guete'], 'greatest') }} as guete,
        zaehler.uebergeleitet or coalesce(nenner.uebergeleitet, false) as uebergeleitet,
        greatest(zaehler.erwarteter_fehler, nenner.erwarteter_fehler) as erwarteter_fehler
    from summen as zaehler
    inner join {{ ref('indikatoren') }} as indikator on zaehler.indikator_id = indikator.indikator_id
    left join nennerstichtag
        on zaehler.indikator_id = nennerstichtag.indikator_id
        and zaehler.gebietsstand = nennerstichtag.gebietsstand
        and zaehler.stichtag = nennerstichtag.stichtag
    left join eigener_nenner as nenner
        on nennerstichtag.indikator_id = nenner.indikator_id
        and nennerstichtag.gebietsstand = nenner.gebietsstand
        and nennerstichtag.stichtag_nenner = nenner.stichtag
        and zaehler.ebene = nenner.ebene
        and zaehler.raumeinheit_id = nenner.raumeinheit_id
    where zaehler.mit_zaehler
),

stadt as (
    select gefuegt.gebietsstand, gefuegt.stichtag, gefuegt.indikator_id, gefuegt.zaehler, gefuegt.nenner, gefuegt.quadratsumme
    from gefuegt
    inner join {{ ref('stg_tuer__ebene') }} as ebene on gefuegt.ebene = ebene.ebene and ebene.rang = 1
),

werte as (
    select
        gefuegt.gebietsstand,
        gefuegt.stichtag,
        case when gefuegt.nenner is not null then gefuegt.stichtag_nenner end as stichtag_nenner,
        gefuegt.ebene,
        gefuegt.raumeinheit_id,
        gefuegt.indikator_id,
        indikator.ki_methode,
        cast(indikator.faktor as double) as faktor,
        coalesce(gemessen.designeffekt, cast(indikator.designeffekt as double), 1) as designeffekt,
        case when indikator.ki_methode = 'keine' then null when gemessen.designeffekt is not null then 'gemessen' else 'katalog' end as designeffekt_quelle,
        gefuegt.zaehler,
        gefuegt.nenner,
        gefuegt.quadratsumme,
        case
            when indikator.nenner is null then gefuegt.zaehler * indikator.faktor
            else gefuegt.zaehler / nullif(gefuegt.nenner, 0) * indikator.faktor
        end as wert,
        -- Ein Gebiet ist Teil der Stadt und wird mit ihrem Rest verglichen, die Stadt selbst mit nichts.
        case when ebene.rang > 1 and indikator.nenner is not null then stadt.zaehler - gefuegt.zaehler end as rest_zaehler,
        case when ebene.rang > 1 then stadt.nenner - gefuegt.nenner end as rest_nenner,
        case when ebene.rang > 1 then stadt.quadratsumme - gefuegt.quadratsumme end as rest_quadratsumme,
        case
            when gefuegt.fehlt is not null then gefuegt.fehlt
            when gefuegt.zaehler is null then 'nicht_geliefert'
            when indikator.nenner is not null and gefuegt.nenner is null then 'nicht_geliefert'
            when indikator.nenner is not null and gefuegt.nenner = 0 then 'ohne_nenner'
            when gefuegt.nenner < indikator.mindestnenner then 'kleiner_nenner'
            when gefuegt.zaehler = 0 then 'nichts_vorhanden'
            else 'wert'
        end as status_id,
        gefuegt.vorlaeufig,
        gefuegt.jahresstichtag,
        gefuegt.lieferung_id,
        gefuegt.guete,
        gefuegt.uebergeleitet,
        gefuegt.erwarteter_fehler
    from gefuegt
    inner join {{ ref('indikatoren') }} as indikator on gefuegt.indikator_id = indikator.indikator_id
    inner join {{ ref('stg_tuer__ebene') }} as ebene on gefuegt.ebene = ebene.ebene
    -- Gemessen ist er für Anteile mit einer Kennzahl im Zähler.
    left join {{ ref('int_indikator__designeffekt') }} as gemessen
        on indikator.zaehler = gemessen.kennzahl_id
        and gefuegt.stichtag = gemessen.stichtag
        and indikator.ki_methode = 'wilson'
    left join stadt
        on gefuegt.gebietsstand = stadt.gebietsstand
        and gefuegt.stichtag = stadt.stichtag
        and gefuegt.indikator_id = stadt.indikator_id
),

nummeriert as (
    select
        -- Nur Brücke zu den Vertrauensbereichen dieses Laufs, kein Schlüssel: die Reihenfolge ist gleichgültig.
        row_number() over () as wert_id,
        *
    from werte
)

select * from nummeriert
