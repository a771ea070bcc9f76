-- Welche Familie in welchem Gebiet gesperrt ist. Im Gebietsstand der Lieferung: Hat ein Gebiet eine unsichere Zelle (A),
-- sind alle Gebiete seiner Ebene unter demselben übergeordneten und alles darin gesperrt (D); dessen Summe verrät dann nichts.
-- In jedem weiteren Gebietsstand: Entsteht beim Übereinanderlegen mit dem, was schon sichtbar ist, ein unsicheres
-- Bruchstück, ist er für diese und jede feinere Ebene als Ganzes gesperrt.
{{ config(alias='gesperrt') }}
{% set unsicher %}between 1 and (select mindestzahl from {{ ref('stg_tuer__stadt') }}) - 1{% endset %}

with zelle as (
    select * from {{ ref('schutz_zellen') }}
),

-- Alle Gebietsstände, in denen die Zahlen erscheinen, mit den Ebenen, die das Haus verlassen.
ort as (
    select
        lage.stichtag,
        lage.gebietsstand as liefer_gebietsstand,
        lage.ebene,
        vorfahr.raumeinheit_id,
        paar.nach_gebietsstand as gebietsstand,
        vorfahr.vorfahr_rang as rang,
        vorfahr.vorfahr_id as gebiet_id
    from (select distinct stichtag, gebietsstand, ebene from zelle) as lage
    inner join {{ ref('int_raum__gebietsstand_paar') }} as paar
        on lage.gebietsstand = paar.von_gebietsstand
        and lage.ebene = paar.ebene
    inner join {{ ref('int_raum__vorfahr') }} as vorfahr
        on paar.nach_gebietsstand = vorfahr.gebietsstand
        and lage.ebene = vorfahr.ebene
    inner join {{ ref('stg_tuer__ebene') }} as ebene
        on vorfahr.vorfahr_ebene = ebene.ebene
        and ebene.verlaesst_das_haus
),

unsicheres_gebiet as (
    select distinct stichtag, gebietsstand, liefer_gebietsstand, rang, gebiet_id, familie, stufe
    from (
        select ort.stichtag, ort.gebietsstand, ort.liefer_gebietsstand, ort.rang, ort.gebiet_id, zelle.familie, zelle.stufe
        from zelle
        inner join ort
            on zelle.stichtag = ort.stichtag
            and zelle.gebietsstand = ort.liefer_gebietsstand
            and zelle.ebene = ort.ebene
            and zelle.raumeinheit_id = ort.raumeinheit_id
        group by ort.stichtag, ort.gebietsstand, ort.liefer_gebietsstand, ort.rang, ort.gebiet_id, zelle.familie, zelle.stufe, zelle.elementarzelle_nr
        having sum(zelle.anzahl) {{ unsicher }}
    )
),

-- Das übergeordnete Gebiet bleibt sichtbar, alles darunter nicht; ist die Stadt selbst unsicher, auch sie nicht.
wurzel as (
    select distinct
        unsicher.stichtag,
        unsicher.gebietsstand,
        unsicher.familie,
        unsicher.stufe,
        unsicher.rang - 1 as rang,
        einheit.uebergeordnet_id as gebiet_id
    from unsicheres_gebiet as unsicher
    inner join {{ ref('int_raum__einheit') }} as einheit
        on unsicher.gebietsstand = einheit.gebietsstand
        and unsicher.rang = einheit.rang
        and unsicher.gebiet_id = einheit.raumeinheit_id
    where unsicher.gebietsstand = unsicher.liefer_gebietsstand
),

gesperrt_geliefert as (
    select distinct
        wurzel.stichtag,
        wurzel.gebietsstand,
        ebene.rang,
        darunter.raumeinheit_id as gebiet_id,
        wurzel.familie,
        wurzel.stufe
    from wurzel
    inner join {{ ref('int_raum__vorfahr') }} as darunter
        on wurzel.gebietsstand = darunter.gebietsstand
        and (wurzel.rang = 0 or (wurzel.rang = darunter.vorfahr_rang and wurzel.gebiet_id = darunter.vorfahr_id))
    inner join {{ ref('stg_tuer__ebene') }} as ebene
        on darunter.ebene = ebene.ebene
        and ebene.verlaesst_das_haus
        and ebene.rang > wurzel.rang
),

familie as (
    select distinct stichtag, familie, stufe
    from zelle
),

-- Das feinste sichtbare Gebiet, in dem jedes kleinste Gebiet im gelieferten Gebietsstand liegt.
sichtbar as (
    select
        ort.stichtag,
        ort.raumeinheit_id,
        familie.familie,
        familie.stufe,
        arg_max(ort.rang || ':' || ort.gebiet_id, ort.rang) as gebiet
    from ort
    inner join familie on ort.stichtag = familie.stichtag
    where ort.gebietsstand = ort.liefer_gebietsstand
        and not exists (
            select 1 from gesperrt_geliefert as gesperrt
            where gesperrt.stichtag = ort.stichtag
                and gesperrt.rang = ort.rang
                and gesperrt.gebiet_id = ort.gebiet_id
                and gesperrt.familie = familie.familie
                and gesperrt.stufe = familie.stufe
        )
    group by ort.stichtag, ort.raumeinheit_id, familie.familie, familie.stufe
),

weiterer as (
    select
        stichtag,
        raumeinheit_id,
        rang,
        string_agg(gebietsstand || ':' || gebiet_id, ' ' order by gebietsstand) as gebiete
    from ort
    where gebietsstand <> liefer_gebietsstand
    group by stichtag, raumeinheit_id, rang
),

unsichere_ebene as (
    select distinct stichtag, rang, familie, stufe
    from (
        select zelle.stichtag, weiterer.rang, zelle.familie, zelle.stufe
        from zelle
        inner join weiterer
            on zelle.stichtag = weiterer.stichtag
            and zelle.raumeinheit_id = weiterer.raumeinheit_id
        left join sichtbar
            on zelle.stichtag = sichtbar.stichtag
            and zelle.raumeinheit_id = sichtbar.raumeinheit_id
            and zelle.familie = sichtbar.familie
            and zelle.stufe = sichtbar.stufe
        group by zelle.stichtag, weiterer.rang, zelle.familie, zelle.stufe, sichtbar.gebiet, weiterer.gebiete, zelle.elementarzelle_nr
        having sum(zelle.anzahl) {{ unsicher }}
    )
),

gesperrt_weitere as (
    select distinct
        ort.stichtag,
        ort.gebietsstand,
        ort.rang,
        ort.gebiet_id,
        unsicher.familie,
        unsicher.stufe
    from ort
    inner join unsichere_ebene as unsicher
        on ort.stichtag = unsicher.stichtag
        and ort.rang >= unsicher.rang
    where ort.gebietsstand <> ort.liefer_gebietsstand
),

gesperrt as (
    select *, true as im_gelieferten_stand from gesperrt_geliefert
    union all
    select *, false from gesperrt_weitere
),

begruendet as (
    select
        gesperrt.gebietsstand,
        gesperrt.stichtag,
        ebene.ebene,
        gesperrt.gebiet_id as raumeinheit_id,
        gesperrt.familie,
        gesperrt.stufe,
        case when unsicher.gebiet_id is not null then 'A' else 'D' end as conf_status,
        case
            when unsicher.gebiet_id is not null then 'Fallzahl unter der Mindestzahl'
            when gesperrt.im_gelieferten_stand then 'Nachbargebiet mit Fallzahl unter der Mindestzahl'
            else 'Unterschied zweier Gebietsstände unter der Mindestzahl'
        end as grund
    from gesperrt
    inner join {{ ref('stg_tuer__ebene') }} as ebene on gesperrt.rang = ebene.rang
    left join unsicheres_gebiet as unsicher
        on gesperrt.stichtag = unsicher.stichtag
        and gesperrt.gebietsstand = unsicher.gebietsstand
        and gesperrt.rang = unsicher.rang
        and gesperrt.gebiet_id = unsicher.gebiet_id
        and gesperrt.familie = unsicher.familie
        and gesperrt.stufe = unsicher.stufe
)

select * from begruendet
