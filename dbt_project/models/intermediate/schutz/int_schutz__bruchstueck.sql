-- Wo mehrere Gebietsstände derselben Zahlen nebeneinander erscheinen: die Bruchstücke, in denen sich ihre Gebiete
-- überlagern. Niemand veröffentlicht sie, aber als Unterschied zweier Gebiete sind sie zu errechnen.
with feinste as (
    select stichtag, kennzahl_id, ebene, raumeinheit_id, wert
    from {{ ref('int_kennzahl__wert') }}
    where wert is not null
        and ebene not in (select ebene from {{ ref('stg_tuer__ebene') }} where verlaesst_das_haus)
        and (stichtag, kennzahl_id) in (
            select (stichtag, kennzahl_id) from {{ ref('int_schutz__zaehlung') }} group by stichtag, kennzahl_id having count(distinct gebietsstand) > 1
        )
    -- Derselbe Block steht in jedem Gebietsstand mit derselben Zahl.
    qualify row_number() over (partition by stichtag, kennzahl_id, ebene, raumeinheit_id order by gebietsstand) = 1
),

sichtbar as (
    select vorfahr.gebietsstand, vorfahr.ebene, vorfahr.raumeinheit_id, vorfahr.vorfahr_ebene, vorfahr.vorfahr_id
    from {{ ref('int_raum__vorfahr') }} as vorfahr
    inner join {{ ref('stg_tuer__ebene') }} as oben on vorfahr.vorfahr_ebene = oben.ebene and oben.verlaesst_das_haus
    qualify vorfahr.vorfahr_rang = max(vorfahr.vorfahr_rang) over (partition by vorfahr.gebietsstand, vorfahr.ebene, vorfahr.raumeinheit_id)
),

lage as (
    select
        ebene,
        raumeinheit_id,
        string_agg(gebietsstand || ':' || vorfahr_id, ' ' order by gebietsstand) as bruchstueck_id,
        count(*) as gebietsstaende,
        list({'gebietsstand': gebietsstand, 'ebene': vorfahr_ebene, 'teil_von': vorfahr_id} order by gebietsstand) as teil_von
    from sichtbar
    group by ebene, raumeinheit_id
),

bruchstueck as (
    select
        feinste.stichtag,
        feinste.kennzahl_id,
        lage.bruchstueck_id,
        any_value(lage.teil_von) as teil_von,
        round(sum(feinste.wert)) as wert
    from feinste
    inner join lage
        on feinste.ebene = lage.ebene
        and feinste.raumeinheit_id = lage.raumeinheit_id
        and lage.gebietsstaende > 1
    group by feinste.stichtag, feinste.kennzahl_id, lage.bruchstueck_id
)

select * from bruchstueck
