-- Werte von Kreis und Land, wo amtliche Zählungen sie liefern, je Jahr und Indikator; ohne solche Zeilen ist sie leer.
-- Fehlt ein Glied der Formel, gibt es keinen Bezugswert.
with summen as (
    select
        wert.ebene,
        extract(year from wert.stichtag) as jahr,
        wert.stichtag,
        formel.indikator_id,
        {% for rolle in ['zaehler', 'nenner'] %}
        sum(wert.wert * formel.vorzeichen) filter (where formel.rolle = '{{ rolle }}') as {{ rolle }},
        {% endfor %}
        count(distinct wert.kennzahl_id) filter (where wert.wert is not null) as vorhanden
    from {{ ref('int_kennzahl__wert') }} as wert
    inner join {{ ref('int_indikator__formel') }} as formel on wert.kennzahl_id = formel.kennzahl_id and formel.rolle <> 'quadratsumme'
    where wert.ebene in ('kreis', 'land')
    group by wert.ebene, wert.raumeinheit_id, wert.gebietsstand, wert.stichtag, formel.indikator_id
),

glieder as (
    select indikator_id, count(distinct kennzahl_id) as glieder
    from {{ ref('int_indikator__formel') }}
    where rolle <> 'quadratsumme'
    group by indikator_id
),

bezug as (
    select
        summen.ebene,
        cast(summen.jahr as integer) as jahr,
        summen.indikator_id,
        summen.zaehler / nullif(summen.nenner, 0) * indikator.faktor as wert
    from summen
    inner join glieder on summen.indikator_id = glieder.indikator_id and summen.vorhanden = glieder.glieder
    inner join {{ ref('indikatoren') }} as indikator on summen.indikator_id = indikator.indikator_id and indikator.nenner is not null
    qualify row_number() over (partition by summen.ebene, summen.jahr, summen.indikator_id order by summen.stichtag desc) = 1
)

select * from bezug
