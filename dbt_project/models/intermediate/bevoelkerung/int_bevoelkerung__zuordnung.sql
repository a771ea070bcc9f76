-- Welche Zelle in welche Kennzahl eingeht und mit welchem Gewicht: je Person 1, für das Durchschnittsalter die
-- vollendeten Lebensjahre und ihr Quadrat.
with zelltyp as (
    select distinct
        zelltyp_nr,
        gliederung_nr,
        lieferung_id,
        gliederung,
        alter_von,
        alter_bis,
        geschlecht,
        staatsangehoerigkeit,
        migrationshintergrund,
        wohndauer_von
    from {{ ref('int_bevoelkerung__zellen') }}
),

zuordnung as (
    select
        zelltyp.zelltyp_nr,
        zelltyp.gliederung_nr,
        kennzahl.kennzahl_id,
        case kennzahl.mass
            when 'personen' then 1
            when 'lebensjahre' then zelltyp.alter_von
            when 'lebensjahre_quadrat' then zelltyp.alter_von * zelltyp.alter_von
        end as gewicht
    from zelltyp
    inner join {{ ref('int_bevoelkerung__tragfaehig') }} as tragfaehig
        on zelltyp.lieferung_id = tragfaehig.lieferung_id
        and zelltyp.gliederung = tragfaehig.gliederung
    inner join {{ ref('kennzahlen') }} as kennzahl on tragfaehig.kennzahl_id = kennzahl.kennzahl_id
    where (kennzahl.alter_von is null or zelltyp.alter_von >= kennzahl.alter_von)
        and (kennzahl.alter_bis is null or zelltyp.alter_bis <= kennzahl.alter_bis)
        and (kennzahl.geschlecht is null or zelltyp.geschlecht = kennzahl.geschlecht)
        and (kennzahl.staatsangehoerigkeit is null or zelltyp.staatsangehoerigkeit = kennzahl.staatsangehoerigkeit)
        and (kennzahl.migrationshintergrund is null or zelltyp.migrationshintergrund = kennzahl.migrationshintergrund)
        and (kennzahl.wohndauer_ab is null or zelltyp.wohndauer_von >= kennzahl.wohndauer_ab)
)

select * from zuordnung
