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

bruchstueck as (
    select
        feinste.stichtag,
        feinste.kennzahl_id,
        lage.bruchstueck_id,
        any_value(lage.teil_von) as teil_von,
        round(sum(feinste.wert)) as wert
    from feinste
    inner join {{ ref('int_schutz__lage') }} as lage
        on feinste.ebene = lage.ebene
        and feinste.raumeinheit_id = lage.raumeinheit_id
        and lage.gebietsstaende > 1
    group by feinste.stichtag, feinste.kennzahl_id, lage.bruchstueck_id
)

select * from bruchstueck
