select
    kennzahl_id,
    name,
    definition,
    einheit,
    alter_von,
    alter_bis,
    geschlecht,
    staatsangehoerigkeit,
    migrationshintergrund,
    wohndauer_ab,
    mass,
    thema,
    luecke,
    summierbar,
    schutzfamilie is not null as geschuetzt
from {{ ref('kennzahlen') }}
