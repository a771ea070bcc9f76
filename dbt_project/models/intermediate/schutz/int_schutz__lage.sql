-- In welchem Bruchstück ein Block liegt: in welchem Gebiet, das das Haus verlässt, je Gebietsstand.
with sichtbar as (
    select vorfahr.gebietsstand, vorfahr.ebene, vorfahr.raumeinheit_id, vorfahr.vorfahr_ebene, vorfahr.vorfahr_id
    from {{ ref('int_raum__vorfahr') }} as vorfahr
    inner join {{ ref('stg_tuer__ebene') }} as oben on vorfahr.vorfahr_ebene = oben.ebene and oben.verlaesst_das_haus
    qualify vorfahr.vorfahr_rang = max(vorfahr.vorfahr_rang) over (partition by vorfahr.gebietsstand, vorfahr.ebene, vorfahr.raumeinheit_id)
)

select
    ebene,
    raumeinheit_id,
    string_agg(gebietsstand || ':' || vorfahr_id, ' ' order by gebietsstand) as bruchstueck_id,
    count(*) as gebietsstaende,
    list({'gebietsstand': gebietsstand, 'ebene': vorfahr_ebene, 'teil_von': vorfahr_id} order by gebietsstand) as teil_von
from sichtbar
group by ebene, raumeinheit_id
