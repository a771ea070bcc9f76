with gezaehlt as (
    {{ export_kennzahlen('verwaltung', "kennzahl.thema in ('erreichbarkeit', 'umkreis_alter')") }}
),

-- Jeder Name einmal zerlegt, nicht jede Zahl.
umkreis as (
    select
        kennzahl.kennzahl_id,
        kategorie.kategorie,
        kategorie.name as kategorie_name,
        coalesce(try_cast(regexp_extract(kennzahl.kennzahl_id, '^im_umkreis_([0-9]+)_', 1) as double), kategorie.umkreis_m) as umkreis_m,
        regexp_extract(kennzahl.kennzahl_id, kategorie.kategorie || '_?(.*)$', 1) as gruppe
    from {{ ref('dim_kennzahl') }} as kennzahl
    inner join {{ ref('ortkategorien') }} as kategorie
        on regexp_matches(kennzahl.kennzahl_id, '^(einwohner_im_umkreis|im_umkreis_[0-9]+)_' || kategorie.kategorie || '(_[0-9].*)?$')
),

benannt as (
    select gezaehlt.*, umkreis.* exclude (kennzahl_id)
    from gezaehlt
    inner join umkreis on gezaehlt.kennzahl_id = umkreis.kennzahl_id
)

select
    raumeinheit_id,
    raum,
    gebietsstand,
    ebene,
    stichtag,
    jahr,
    kategorie,
    kategorie_name,
    umkreis_m,
    case gruppe when '' then 'insgesamt' when '65_plus' then '65 und älter' else replace(gruppe, '_', ' bis ') end as altersgruppe,
    wert,
    zeichen,
    obs_status,
    conf_status,
    vorlaeufig,
    simuliert
from benannt
