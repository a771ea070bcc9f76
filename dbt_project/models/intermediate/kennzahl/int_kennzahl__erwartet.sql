-- Welche gelieferten Kennzahlen die Stadt an welchem Stichtag haben müsste: jede ihrer Themen an jedem Stichtag des Themas
-- und an jedem Jahresstichtag seiner Quelle, so weit die Bevölkerung reicht.
with jahre as (
    select cast(unnest(range(min(extract(year from stichtag)), max(extract(year from stichtag)) + 1)) as integer) as jahr
    from {{ ref('int_kennzahl__gebiet') }}
),

quelle as (
    select thema, min(jahresstichtag) as jahresstichtag, min(seit) as seit, bool_or(rhythmus not in ('unregelmaessig', 'einmalig')) as regelmaessig
    from {{ ref('stg_tuer__quelle') }}
    group by thema
),

kennzahl as (
    select kennzahl_id, thema
    from {{ ref('kennzahlen') }}
    where mass = 'anzahl'
),

stichtage as (
    select quelle.thema, make_date(jahre.jahr, cast(left(quelle.jahresstichtag, 2) as integer), cast(right(quelle.jahresstichtag, 2) as integer)) as stichtag
    from quelle
    cross join jahre
    -- Was unregelmäßig kommt (Wahlen), fehlt an keinem Jahresende.
    where quelle.regelmaessig and (quelle.seit is null or extract(year from quelle.seit) <= jahre.jahr)
    union
    select kennzahl.thema, getragen.stichtag
    from {{ ref('int_kennzahl__getragen') }} as getragen
    inner join kennzahl on getragen.kennzahl_id = kennzahl.kennzahl_id
),

-- So fein, wie die Kennzahl je geliefert wurde, höchstens aber bis zur feinsten Ebene, die das Haus verlässt: darunter
-- steht nur, was geliefert ist.
geliefert as (
    select getragen.kennzahl_id, max(ebene.rang) as rang
    from {{ ref('int_kennzahl__getragen') }} as getragen
    inner join {{ ref('stg_tuer__ebene') }} as ebene on getragen.ebene = ebene.ebene
    group by getragen.kennzahl_id
),

tiefe as (
    select kennzahl.kennzahl_id, least(coalesce(geliefert.rang, sichtbar.rang), sichtbar.rang) as rang
    from kennzahl
    cross join (select max(rang) as rang from {{ ref('stg_tuer__ebene') }} where verlaesst_das_haus) as sichtbar
    left join geliefert on kennzahl.kennzahl_id = geliefert.kennzahl_id
),

flach as (
    select kennzahl.kennzahl_id
    from kennzahl
    inner join {{ ref('kennzahlen') }} as art on kennzahl.kennzahl_id = art.kennzahl_id and not art.summierbar
),

erwartet as (
    select
        stichtage.stichtag,
        kennzahl.kennzahl_id,
        kennzahl.thema,
        quelle.jahresstichtag,
        einheit.gebietsstand,
        einheit.ebene,
        einheit.raumeinheit_id
    from stichtage
    inner join quelle on stichtage.thema = quelle.thema
    inner join kennzahl on stichtage.thema = kennzahl.thema
    inner join tiefe on kennzahl.kennzahl_id = tiefe.kennzahl_id
    inner join {{ ref('stg_tuer__gebietsstand') }} as stand
        on stichtage.stichtag >= stand.gueltig_von
        and stichtage.stichtag <= coalesce(stand.gueltig_bis, stichtage.stichtag)
    inner join {{ ref('int_raum__einheit') }} as einheit
        on stand.gebietsstand = einheit.gebietsstand
        and einheit.rang <= tiefe.rang
        and not einheit.nicht_zuordenbar
    where not (kennzahl.kennzahl_id in (select flach.kennzahl_id from flach) and einheit.rang < tiefe.rang)
)

select * from erwartet
