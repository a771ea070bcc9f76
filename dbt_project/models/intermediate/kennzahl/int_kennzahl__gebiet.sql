-- Kennzahlen auf der feinsten gelieferten Ebene gezählt und über den Gebietsbaum auf alle Ebenen aufsummiert,
-- im Gebietsstand der Lieferung und, wo Blöcke es erlauben, in allen anderen. Fehlt ein Teilgebiet, ist die Summe unbekannt.
with gezaehlt as (
    select
        zellen.gliederung_nr,
        zellen.raumeinheit_id,
        zuordnung.kennzahl_id,
        sum(zellen.anzahl * zuordnung.gewicht) as wert
    from {{ ref('int_bevoelkerung__zellen') }} as zellen
    inner join {{ ref('int_bevoelkerung__zuordnung') }} as zuordnung on zellen.zelltyp_nr = zuordnung.zelltyp_nr
    group by zellen.gliederung_nr, zellen.raumeinheit_id, zuordnung.kennzahl_id
),

gliederung as (
    select distinct gliederung_nr, lieferung_id, stichtag, gebietsstand, ebene, gliederung
    from {{ ref('int_bevoelkerung__zellen') }}
),

-- Das Register deckt jeden Block ab, auch den unbewohnten; eine Tabelle nur die Gebiete, die in ihr stehen.
gebiet as (
    select gliederung.gliederung_nr, einheit.raumeinheit_id
    from gliederung
    inner join {{ ref('vorrang') }} as vorrang on gliederung.gliederung = vorrang.gliederung and vorrang.einzeljahre
    inner join {{ ref('int_raum__einheit') }} as einheit
        on gliederung.gebietsstand = einheit.gebietsstand
        and gliederung.ebene = einheit.ebene
        and not einheit.nicht_zuordenbar
    union
    select gliederung_nr, raumeinheit_id
    from {{ ref('int_bevoelkerung__zellen') }}
),

-- Null ist eine Tatsache, wo die Lieferung das Gebiet abdeckt.
feinste as (
    select
        gebiet.gliederung_nr,
        gebiet.raumeinheit_id,
        tragfaehig.kennzahl_id,
        coalesce(gezaehlt.wert, 0) as wert
    from gebiet
    inner join gliederung on gebiet.gliederung_nr = gliederung.gliederung_nr
    inner join {{ ref('int_bevoelkerung__tragfaehig') }} as tragfaehig
        on gliederung.lieferung_id = tragfaehig.lieferung_id
        and gliederung.gliederung = tragfaehig.gliederung
    left join gezaehlt
        on gebiet.gliederung_nr = gezaehlt.gliederung_nr
        and gebiet.raumeinheit_id = gezaehlt.raumeinheit_id
        and tragfaehig.kennzahl_id = gezaehlt.kennzahl_id
),

teile as (
    select
        gebietsstand,
        ebene,
        vorfahr_ebene,
        vorfahr_id,
        count(*) as anzahl
    from {{ ref('int_raum__vorfahr') }}
    where not nicht_zuordenbar
    group by gebietsstand, ebene, vorfahr_ebene, vorfahr_id
),

summiert as (
    select
        feinste.gliederung_nr,
        vorfahr.gebietsstand,
        vorfahr.vorfahr_ebene as ebene,
        vorfahr.vorfahr_id as raumeinheit_id,
        feinste.kennzahl_id,
        sum(feinste.wert) as summe,
        count(*) filter (where not vorfahr.nicht_zuordenbar) as geliefert
    from feinste
    inner join gliederung on feinste.gliederung_nr = gliederung.gliederung_nr
    inner join {{ ref('int_raum__gebietsstand_paar') }} as paar
        on gliederung.gebietsstand = paar.von_gebietsstand
        and gliederung.ebene = paar.ebene
    inner join {{ ref('int_raum__vorfahr') }} as vorfahr
        on paar.nach_gebietsstand = vorfahr.gebietsstand
        and gliederung.ebene = vorfahr.ebene
        and feinste.raumeinheit_id = vorfahr.raumeinheit_id
        -- Derselbe Block steht nur in seinem Gebietsstand, nicht in jedem, dessen Gebiete er trägt.
        and (paar.nach_gebietsstand = gliederung.gebietsstand or vorfahr.vorfahr_ebene <> gliederung.ebene)
    -- Einzelne Jahrgänge nur auf dem Gebietsstand der Lieferung: nebeneinander verrieten zwei Stände sie für jedes Bruchstück.
    where gliederung.gebietsstand = vorfahr.gebietsstand
        or feinste.kennzahl_id not in (select kennzahl_id from {{ ref('kennzahlen') }} where thema = 'jahrgang')
    group by feinste.gliederung_nr, vorfahr.gebietsstand, vorfahr.vorfahr_ebene, vorfahr.vorfahr_id, feinste.kennzahl_id
),

geprueft as (
    select
        gliederung.lieferung_id,
        gliederung.stichtag,
        summiert.gebietsstand,
        gliederung.gliederung,
        summiert.ebene,
        summiert.raumeinheit_id,
        summiert.kennzahl_id,
        case when summiert.geliefert = coalesce(teile.anzahl, 0) then cast(summiert.summe as bigint) end as wert
    from summiert
    inner join gliederung on summiert.gliederung_nr = gliederung.gliederung_nr
    left join teile
        on summiert.gebietsstand = teile.gebietsstand
        and gliederung.ebene = teile.ebene
        and summiert.ebene = teile.vorfahr_ebene
        and summiert.raumeinheit_id = teile.vorfahr_id
)

select * from geprueft
