-- Was zwei Quellen über dasselbe sagen. Ein weiterer Abgleich (etwa Ortslisten gegen OSM): sein Modell int_abgleich__* mit denselben
-- Spalten hier nennen und seine Toleranz in seeds/abgleiche.csv eintragen.
{% set modelle = ['int_abgleich__amtlich', 'int_abgleich__teile'] %}

with paare as (
    {% for modell in modelle %}
    {{ 'union all' if not loop.first }}
    select abgleich_id, stichtag, gebietsstand, ebene, raumeinheit_id, kennzahl_id, links, rechts, wert_links, wert_rechts, stichtag_rechts, lieferung_id
    from {{ ref(modell) }}
    {% endfor %}
),

mit_toleranz as (
    select
        paare.*,
        toleranz.toleranz_prozent,
        toleranz.grund,
        paare.wert_links - paare.wert_rechts as differenz,
        100 * (paare.wert_links - paare.wert_rechts) / nullif(paare.wert_rechts, 0) as differenz_prozent
    from paare
    left join {{ ref('kennzahlen') }} as kennzahl on paare.kennzahl_id = kennzahl.kennzahl_id
    inner join {{ ref('abgleiche') }} as toleranz
        on paare.abgleich_id = toleranz.abgleich_id
        and (toleranz.thema is null or toleranz.thema = kennzahl.thema)
    qualify row_number() over (
        partition by paare.abgleich_id, paare.stichtag, paare.gebietsstand, paare.ebene, paare.raumeinheit_id, paare.kennzahl_id, paare.rechts, paare.stichtag_rechts
        order by toleranz.thema nulls last
    ) = 1
)

select
    abgleich_id,
    stichtag,
    gebietsstand,
    ebene,
    raumeinheit_id,
    kennzahl_id,
    links,
    rechts,
    wert_links,
    wert_rechts,
    stichtag_rechts,
    differenz,
    differenz_prozent,
    toleranz_prozent,
    case when differenz = 0 then true else abs(differenz_prozent) <= toleranz_prozent end as innerhalb,
    grund,
    lieferung_id
from mit_toleranz
