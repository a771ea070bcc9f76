-- Die Bevölkerung des Registers in Zellen, je Lieferung einmal gezählt.
{{ je_lieferung() }}

with hauptwohnung as (
    select
        person.lieferung_id,
        person.stichtag,
        person.gebietsstand,
        coalesce(person.block_id, 'nz_block') as raumeinheit_id,
        person.alter_jahre,
        person.geschlecht,
        case when person.staatsangehoerigkeit1 = '000' then 'deutsch' when person.staatsangehoerigkeit1 is not null then 'nichtdeutsch' end as staatsangehoerigkeit,
        case when haushalt.migration = 'ohne' then 'ohne' when haushalt.migration is not null then 'mit' end as migrationshintergrund,
        {{ vollendete_jahre('person.einzug_adresse', 'person.stichtag') }} as wohnjahre
    from {{ ref('stg_melderegister_bestand__person') }} as person
    left join {{ ref('int_haushalt__person') }} as haushalt
        on person.lieferung_id = haushalt.lieferung_id
        and person.person_key = haushalt.person_key
    where person.wohnungsart = 'H'
        and {{ noch_nicht_gezaehlt('person.lieferung_id') }}
),

gezaehlt as (
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        'block' as ebene,
        raumeinheit_id,
        'register' as gliederung,
        alter_jahre as alter_von,
        alter_jahre as alter_bis,
        geschlecht,
        staatsangehoerigkeit,
        migrationshintergrund,
        cast(case when wohnjahre >= 10 then 10 when wohnjahre >= 5 then 5 when wohnjahre >= 0 then 0 end as integer) as wohndauer_von,
        count(*) as anzahl
    from hauptwohnung
    group by all
)

select * from gezaehlt
{{ eingefrorene_zeilen() }}
