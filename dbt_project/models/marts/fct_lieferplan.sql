-- Welche Lieferung wann kommen sollte und ob sie da ist, von der ersten an bis zur nächsten nach dem Tag des Laufs.
with quelle as (
    select
        plan.*,
        case plan.rhythmus when 'jaehrlich' then 12 when 'halbjaehrlich' then 6 when 'vierteljaehrlich' then 3 when 'monatlich' then 1 end as monate,
        coalesce(plan.seit, erste.stichtag) as beginn
    from {{ ref('stg_tuer__lieferplan') }} as plan
    left join (select quelle_id, min(stichtag) as stichtag from {{ ref('stg_tuer__quellenstand') }} where aktiv group by quelle_id) as erste
        on plan.quelle_id = erste.quelle_id
),

jahre as (
    select *, unnest(range(cast(extract(year from beginn) as bigint), cast(extract(year from heute) as bigint) + 2)) as jahr
    from quelle
    where monate is not null and beginn is not null
),

termine as (
    select
        quelle_id,
        beginn,
        heute,
        cast(
            make_date(jahr, cast(left(jahresstichtag, 2) as bigint), cast(right(jahresstichtag, 2) as bigint)) - to_months(cast(monate * stufe.nr as integer)) as date
        ) as stichtag
    from jahre
    cross join range(0, 12) as stufe (nr)
    where stufe.nr < 12 / monate
),

erwartet as (
    select quelle_id, stichtag
    from termine
    where stichtag >= beginn
    qualify stichtag <= heute or row_number() over (partition by quelle_id, stichtag > heute order by stichtag) = 1
    union
    select quelle_id, seit
    from quelle
    where rhythmus = 'einmalig' and seit is not null
),

geliefert as (
    select quelle_id, stichtag, lieferung_id, eingang, vorlaeufig
    from {{ ref('stg_tuer__quellenstand') }}
    where aktiv
),

zusammen as (
    select
        coalesce(erwartet.quelle_id, geliefert.quelle_id) as quelle_id,
        coalesce(erwartet.stichtag, geliefert.stichtag) as stichtag,
        geliefert.lieferung_id,
        geliefert.eingang,
        coalesce(geliefert.vorlaeufig, false) as vorlaeufig
    from erwartet
    full join geliefert on erwartet.quelle_id = geliefert.quelle_id and erwartet.stichtag = geliefert.stichtag
)

select
    zusammen.quelle_id,
    quelle.name,
    quelle.rhythmus,
    zusammen.stichtag,
    zusammen.stichtag + quelle.verzug_tage as faellig_am,
    case
        when zusammen.lieferung_id is not null and zusammen.vorlaeufig then 'vorlaeufig'
        when zusammen.lieferung_id is not null then 'geliefert'
        when zusammen.stichtag > quelle.heute then 'erwartet'
        when zusammen.stichtag + quelle.verzug_tage < quelle.heute then 'ueberfaellig'
        else 'ausstehend'
    end as stand,
    zusammen.eingang,
    zusammen.lieferung_id,
    quelle.heute as stand_am
from zusammen
inner join quelle on zusammen.quelle_id = quelle.quelle_id
