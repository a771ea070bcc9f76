-- Die Erwachsenen des Registers nach denselben Rändern, am nächstgelegenen Stichtag der Bevölkerung.
with umfrage as (
    select distinct lieferung_id, stichtag, gebietsstand
    from {{ ref('int_umfrage__person') }}
),

stand as (
    select umfrage.lieferung_id, umfrage.gebietsstand, zellen.stichtag, zellen.gliederung
    from umfrage
    cross join (select distinct stichtag, gliederung from {{ ref('int_bevoelkerung__zellen') }} where gliederung in ('register', 'tabellen')) as zellen
    qualify row_number() over (partition by umfrage.lieferung_id order by abs(zellen.stichtag - umfrage.stichtag), zellen.gliederung) = 1
),

erwachsene as (
    select
        stand.lieferung_id,
        vorfahr.vorfahr_ebene,
        vorfahr.vorfahr_id,
        ebene.rang,
        case when zellen.alter_von >= 65 then '65' when zellen.alter_von >= 45 then '45' when zellen.alter_von >= 30 then '30' else '18' end as altersgruppe,
        case zellen.geschlecht when 'w' then 'w' else 'nicht_w' end as geschlecht,
        zellen.staatsangehoerigkeit,
        sum(zellen.anzahl) as anzahl
    from stand
    inner join {{ ref('int_bevoelkerung__zellen') }} as zellen on stand.stichtag = zellen.stichtag and stand.gliederung = zellen.gliederung
    inner join {{ ref('int_raum__vorfahr') }} as vorfahr
        on stand.gebietsstand = vorfahr.gebietsstand
        and zellen.ebene = vorfahr.ebene
        and zellen.raumeinheit_id = vorfahr.raumeinheit_id
        and not vorfahr.nicht_zuordenbar
    inner join {{ ref('stg_tuer__ebene') }} as ebene on vorfahr.vorfahr_ebene = ebene.ebene and ebene.verlaesst_das_haus
    where zellen.alter_von >= 18 and zellen.staatsangehoerigkeit is not null
    group by all
),

raender as (
    select lieferung_id, 'alter_geschlecht' as rand, altersgruppe || '|' || geschlecht as klasse, anzahl from erwachsene where rang = 1
    union all
    select lieferung_id, 'alter', altersgruppe, anzahl from erwachsene where rang = 1
    union all
    select lieferung_id, 'staatsangehoerigkeit', staatsangehoerigkeit, anzahl from erwachsene where rang = 1
    union all
    select lieferung_id, 'raum_' || vorfahr_ebene, vorfahr_id, anzahl from erwachsene
),

summen as (
    select lieferung_id, rand, klasse, cast(sum(anzahl) as double) as anzahl
    from raender
    group by lieferung_id, rand, klasse
)

select * from summen
