-- Welcher Teil eines Stimmbezirks zu welchem Gebiet der feinsten gezeigten Ebene gehört, je Wahl: über die Anschriften des
-- Straßenverzeichnisses, gewichtet mit den Erwachsenen ihrer Blöcke; ohne Register mit der Zahl der Anschriften; wo ein
-- Stimmbezirk nicht im Verzeichnis steht, mit den vereinbarten Gewichten.
with wahl as (
    select distinct lieferung_id, stichtag, gebietsstand
    from {{ ref('stg_wahlen__ergebnis') }}
),

ziel as (
    select ebene from {{ ref('stg_tuer__ebene') }} where verlaesst_das_haus
    qualify rang = max(rang) over ()
),

-- Das jüngste Verzeichnis bis zum Wahltag, sonst das erste danach; ebenso der Stichtag der Bevölkerung.
verzeichnis as (
    select wahl.lieferung_id, wahl.stichtag, wahl.gebietsstand, liste.lieferung_id as verzeichnis_id
    from wahl
    cross join (select distinct lieferung_id, stichtag from {{ ref('stg_wahlbezirke__adresse') }}) as liste
    qualify row_number() over (partition by wahl.lieferung_id order by liste.stichtag > wahl.stichtag, abs(liste.stichtag - wahl.stichtag)) = 1
),

bevoelkerung as (
    select wahl.lieferung_id, stand.stichtag
    from wahl
    cross join (select distinct stichtag from {{ ref('int_bevoelkerung__zellen') }} where gliederung = 'register') as stand
    qualify row_number() over (partition by wahl.lieferung_id order by stand.stichtag > wahl.stichtag, abs(stand.stichtag - wahl.stichtag)) = 1
),

erwachsene as (
    select bevoelkerung.lieferung_id, zellen.raumeinheit_id as block_id, sum(zellen.anzahl) as personen
    from {{ ref('int_bevoelkerung__zellen') }} as zellen
    inner join bevoelkerung on zellen.stichtag = bevoelkerung.stichtag
    where zellen.gliederung = 'register' and zellen.ebene = 'block' and zellen.alter_von >= 18
    group by bevoelkerung.lieferung_id, zellen.raumeinheit_id
),

anschrift as (
    select *
    from {{ ref('stg_adressen__adresse') }}
    qualify stichtag = max(stichtag) over ()
),

bewohnt as (
    select
        verzeichnis.lieferung_id,
        verzeichnis.gebietsstand,
        liste.stimmbezirk,
        anschrift.block_id,
        count(*) over (partition by verzeichnis.lieferung_id, anschrift.block_id) as anschriften_im_block
    from verzeichnis
    inner join {{ ref('stg_wahlbezirke__adresse') }} as liste on verzeichnis.verzeichnis_id = liste.lieferung_id
    inner join anschrift
        on liste.strassenschluessel = anschrift.strassenschluessel
        and liste.hausnummer = anschrift.hausnummer
        and liste.zusatz is not distinct from anschrift.zusatz
        and coalesce(anschrift.gueltig_von, verzeichnis.stichtag) <= verzeichnis.stichtag
        and coalesce(anschrift.gueltig_bis, verzeichnis.stichtag) >= verzeichnis.stichtag
),

nach_anschriften as (
    select
        bewohnt.lieferung_id,
        bewohnt.gebietsstand,
        bewohnt.stimmbezirk,
        vorfahr.vorfahr_ebene as ebene,
        vorfahr.vorfahr_id as raumeinheit_id,
        count(*) as anschriften,
        cast(sum(cast(erwachsene.personen / bewohnt.anschriften_im_block as decimal(18, 9))) as double) as personen
    from bewohnt
    cross join ziel
    inner join {{ ref('int_raum__vorfahr') }} as vorfahr
        on bewohnt.gebietsstand = vorfahr.gebietsstand
        and vorfahr.ebene = 'block'
        and bewohnt.block_id = vorfahr.raumeinheit_id
        and ziel.ebene = vorfahr.vorfahr_ebene
    left join erwachsene on bewohnt.lieferung_id = erwachsene.lieferung_id and bewohnt.block_id = erwachsene.block_id
    group by bewohnt.lieferung_id, bewohnt.gebietsstand, bewohnt.stimmbezirk, vorfahr.vorfahr_ebene, vorfahr.vorfahr_id
),

anteil as (
    select
        lieferung_id,
        gebietsstand,
        stimmbezirk,
        ebene,
        raumeinheit_id,
        case
            when sum(personen) over bezirk > 0 then coalesce(personen, 0) / sum(personen) over bezirk
            else anschriften / sum(anschriften) over bezirk
        end as gewicht,
        case when sum(personen) over bezirk > 0 then 'gewichtet' else 'geschaetzt' end as uebertragung
    from nach_anschriften
    window bezirk as (partition by lieferung_id, stimmbezirk)
),

vereinbart as (
    select
        verzeichnis.lieferung_id,
        verzeichnis.gebietsstand,
        gewicht.stimmbezirk,
        gewicht.ebene,
        gewicht.raumeinheit_id,
        gewicht.gewicht / sum(gewicht.gewicht) over (partition by verzeichnis.lieferung_id, gewicht.stimmbezirk) as gewicht,
        'geschaetzt' as uebertragung
    from verzeichnis
    inner join {{ ref('stg_wahlbezirke__gewicht') }} as gewicht on verzeichnis.verzeichnis_id = gewicht.lieferung_id
    where not exists (
        select 1 from anteil where anteil.lieferung_id = verzeichnis.lieferung_id and anteil.stimmbezirk = gewicht.stimmbezirk
    )
),

uebertragung as (
    select * from anteil where gewicht > 0
    union all
    select * from vereinbart where gewicht > 0
)

select * from uebertragung
