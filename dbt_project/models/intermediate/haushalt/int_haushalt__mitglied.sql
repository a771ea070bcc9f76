-- Jede Person mit der Nummer ihres Haushalts: Kerne, davon einige als Paar zusammengelegt; in Einrichtungen jede für sich.
with paar as (
    select kern1_nr as kern_nr, least(kern1_nr, kern2_nr) as haushalt_nr from {{ ref('int_haushalt__paar') }}
    union all
    select kern2_nr, least(kern1_nr, kern2_nr) from {{ ref('int_haushalt__paar') }}
),

haushalt as (
    select
        kern.person_nr,
        coalesce(paar.haushalt_nr, kern.kern_nr) as haushalt_nr,
        paar.kern_nr is not null as durch_paar
    from {{ ref('int_haushalt__kern') }} as kern
    left join paar on kern.kern_nr = paar.kern_nr
),

beleg as (
    select person_nr, min(rang) as rang
    from (
        select von_nr as person_nr, case beleg when 'ehe' then 1 when 'eltern' then 2 when 'einzug' then 3 when 'zuzug' then 4 else 5 end as rang
        from {{ ref('int_haushalt__verbindung') }}
        union all
        select nach_nr, case beleg when 'ehe' then 1 when 'eltern' then 2 when 'einzug' then 3 when 'zuzug' then 4 else 5 end
        from {{ ref('int_haushalt__verbindung') }}
    )
    group by person_nr
),

mitglied as (
    select
        haushalt.person_nr,
        haushalt.haushalt_nr,
        count(*) over (partition by haushalt.haushalt_nr) as groesse,
        case
            when bestand.einrichtung then 'einrichtung'
            when beleg.rang = 1 then 'ehe'
            when beleg.rang = 2 then 'eltern'
            when beleg.rang = 3 then 'einzug'
            when beleg.rang = 4 then 'zuzug'
            when beleg.rang = 5 then 'name'
            when haushalt.durch_paar then 'alter'
            else 'allein'
        end as beleg
    from haushalt
    inner join {{ ref('int_haushalt__bestand') }} as bestand on haushalt.person_nr = bestand.person_nr
    left join beleg on haushalt.person_nr = beleg.person_nr
)

select * from mitglied
