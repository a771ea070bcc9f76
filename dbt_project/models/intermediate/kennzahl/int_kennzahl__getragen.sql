-- Gelieferte Kennzahlen auf allen Ebenen über der feinsten gelieferten, dazu in jedem Gebietsstand, den Blöcke erlauben.
-- Ein unbekannter Teil macht die Summe unbekannt; dann gilt die gelieferte Zahl der oberen Ebene, wo es sie gibt.
with kennzahl as (
    -- Nach Alter im Umkreis nur auf dem Gebietsstand der Lieferung: nebeneinander verrieten zwei Stände sie für jedes Bruchstück.
    select kennzahl_id, luecke, summierbar, thema is not distinct from 'umkreis_alter' as nur_eigener_stand
    from {{ ref('kennzahlen') }}
),

stufe as (
    select
        geliefert.lieferung_id,
        geliefert.stichtag,
        geliefert.gebietsstand,
        geliefert.kennzahl_id,
        row_number() over () as stufe_nr,
        max(ebene.rang) as rang,
        arg_max(geliefert.ebene, ebene.rang) as ebene
    from {{ ref('int_kennzahl__geliefert') }} as geliefert
    inner join {{ ref('stg_tuer__ebene') }} as ebene on geliefert.ebene = ebene.ebene
    group by geliefert.lieferung_id, geliefert.stichtag, geliefert.gebietsstand, geliefert.kennzahl_id
),

-- Lieferung, Stichtag und Kennzahl als eine Nummer, nur für die Verknüpfungen dieses Laufs.
geliefert as (
    select stufe.stufe_nr, geliefert.ebene, geliefert.ebene = stufe.ebene as feinste, geliefert.raumeinheit_id, geliefert.wert, geliefert.status_id
    from {{ ref('int_kennzahl__geliefert') }} as geliefert
    inner join stufe
        on geliefert.lieferung_id = stufe.lieferung_id
        and geliefert.stichtag = stufe.stichtag
        and geliefert.gebietsstand = stufe.gebietsstand
        and geliefert.kennzahl_id = stufe.kennzahl_id
),

-- Die feinste Ebene lückenlos: was in der Liste fehlt, ist je nach Kennzahl nichts oder unbekannt.
feinste as (
    select
        stufe.stufe_nr,
        stufe.gebietsstand,
        stufe.ebene,
        einheit.raumeinheit_id,
        kennzahl.summierbar,
        kennzahl.nur_eigener_stand,
        case when geliefert.raumeinheit_id is null and (kennzahl.luecke = 'nichts' or einheit.nicht_zuordenbar) then 0 else geliefert.wert end as wert,
        case
            when geliefert.raumeinheit_id is not null then geliefert.status_id
            when kennzahl.luecke = 'nichts' or einheit.nicht_zuordenbar then 'nichts_vorhanden'
            else 'nicht_geliefert'
        end as status_id
    from stufe
    inner join kennzahl on stufe.kennzahl_id = kennzahl.kennzahl_id
    inner join {{ ref('int_raum__einheit') }} as einheit
        on stufe.gebietsstand = einheit.gebietsstand
        and stufe.ebene = einheit.ebene
    left join geliefert
        on stufe.stufe_nr = geliefert.stufe_nr
        and geliefert.feinste
        and einheit.raumeinheit_id = geliefert.raumeinheit_id
),

-- Jedes Gebiet oberhalb, im eigenen Gebietsstand und in denen, die Blöcke erlauben.
vorfahr as (
    select
        paar.von_gebietsstand,
        vorfahr.gebietsstand,
        vorfahr.ebene as teil_ebene,
        vorfahr.raumeinheit_id as teil_id,
        vorfahr.vorfahr_ebene as ebene,
        vorfahr.vorfahr_id as raumeinheit_id,
        dense_rank() over (order by vorfahr.gebietsstand, vorfahr.vorfahr_ebene, vorfahr.vorfahr_id) as vorfahr_nr
    from {{ ref('int_raum__gebietsstand_paar') }} as paar
    inner join {{ ref('int_raum__vorfahr') }} as vorfahr
        on paar.nach_gebietsstand = vorfahr.gebietsstand
        and paar.ebene = vorfahr.ebene
    where vorfahr.vorfahr_ebene <> vorfahr.ebene
),

gruppiert as (
    select
        feinste.stufe_nr,
        vorfahr.vorfahr_nr,
        count(*) as teile,
        count(feinste.wert) as bekannte,
        -- Gerundet, weil Summen von Brüchen sonst in der letzten Stelle davon abhängen, welcher Thread zuerst fertig ist.
        round(sum(feinste.wert), 6) as summe,
        any_value(feinste.status_id) as status_id,
        bool_or(feinste.wert is null and feinste.status_id in ('geheim', 'geheim_ba')) as geheim,
        bool_or(feinste.status_id = 'vorlaeufig') as vorlaeufig,
        bool_or(feinste.status_id = 'eingeschraenkt') as eingeschraenkt
    from feinste
    inner join vorfahr
        on feinste.gebietsstand = vorfahr.von_gebietsstand
        and feinste.ebene = vorfahr.teil_ebene
        and feinste.raumeinheit_id = vorfahr.teil_id
    where feinste.summierbar and not (feinste.nur_eigener_stand and vorfahr.gebietsstand <> feinste.gebietsstand)
    group by feinste.stufe_nr, vorfahr.vorfahr_nr
),

summiert as (
    select
        gruppiert.stufe_nr,
        gebiet.gebietsstand,
        gebiet.ebene,
        gebiet.raumeinheit_id,
        case when gruppiert.teile = gruppiert.bekannte then gruppiert.summe end as wert,
        case
            when gruppiert.teile = 1 then gruppiert.status_id
            when gruppiert.geheim then 'geheim'
            when gruppiert.teile > gruppiert.bekannte then 'nicht_geliefert'
            when gruppiert.vorlaeufig then 'vorlaeufig'
            when gruppiert.eingeschraenkt then 'eingeschraenkt'
            when gruppiert.summe = 0 then 'nichts_vorhanden'
            else 'wert'
        end as status_id
    from gruppiert
    inner join (select distinct vorfahr_nr, gebietsstand, ebene, raumeinheit_id from vorfahr) as gebiet on gruppiert.vorfahr_nr = gebiet.vorfahr_nr
),

oben as (
    select stufe.gebietsstand, geliefert.*
    from geliefert
    inner join stufe on geliefert.stufe_nr = stufe.stufe_nr
    where not geliefert.feinste
),

darueber as (
    select
        coalesce(summiert.stufe_nr, oben.stufe_nr) as stufe_nr,
        coalesce(summiert.gebietsstand, oben.gebietsstand) as gebietsstand,
        coalesce(summiert.ebene, oben.ebene) as ebene,
        coalesce(summiert.raumeinheit_id, oben.raumeinheit_id) as raumeinheit_id,
        coalesce(summiert.wert, oben.wert) as wert,
        case when summiert.wert is null and oben.wert is not null then oben.status_id else coalesce(summiert.status_id, oben.status_id) end as status_id,
        oben.wert as gelieferte_summe
    from summiert
    full join oben
        on summiert.stufe_nr = oben.stufe_nr
        and summiert.gebietsstand = oben.gebietsstand
        and summiert.ebene = oben.ebene
        and summiert.raumeinheit_id = oben.raumeinheit_id
),

-- Die feinste Ebene selbst steht nur im Gebietsstand ihrer Lieferung: ein Block ist in jedem derselbe.
alle as (
    select stufe_nr, gebietsstand, ebene, raumeinheit_id, wert, status_id, cast(null as double) as gelieferte_summe
    from feinste
    union all
    select stufe_nr, gebietsstand, ebene, raumeinheit_id, wert, status_id, gelieferte_summe
    from darueber
),

getragen as (
    select
        stufe.lieferung_id,
        stufe.stichtag,
        alle.gebietsstand,
        alle.ebene,
        alle.raumeinheit_id,
        stufe.kennzahl_id,
        alle.wert,
        alle.status_id,
        alle.gelieferte_summe
    from alle
    inner join stufe on alle.stufe_nr = stufe.stufe_nr
)

select * from getragen
