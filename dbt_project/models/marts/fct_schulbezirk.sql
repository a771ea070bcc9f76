select
    kennzahl.schicht_id as schulbezirk_id,
    schule.name,
    kennzahl.stichtag,
    cast(extract(year from kennzahl.stichtag) as integer) as jahr,
    kennzahl.kennzahl_id,
    cast(replace(kennzahl.kennzahl_id, 'jahrgang_', '') as integer) as alter_jahre,
    kennzahl.wert,
    kennzahl.guete,
    kennzahl.erwarteter_fehler,
    kennzahl.lieferung_id
from {{ ref('int_schicht__kennzahl') }} as kennzahl
inner join (select distinct schicht_id, name from {{ ref('int_schicht__anschrift') }} where schicht = 'schulbezirk') as schule on kennzahl.schicht_id = schule.schicht_id
where kennzahl.schicht = 'schulbezirk' and starts_with(kennzahl.kennzahl_id, 'jahrgang_')
