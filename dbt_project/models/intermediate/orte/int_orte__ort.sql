-- Ein Ort je Stichtag, wie viele Listen ihn auch nennen. Von jeder Liste gilt die jüngste Lieferung bis zum Stichtag;
-- nennen zwei Listen denselben Ort (Abstand und Name), gehen die Angaben der Liste mit dem kleineren Vorrang vor.
{% set namen_aehnlich = 0.85 %}  {# Jaro-Winkler: ab hier gelten zwei Schreibweisen als derselbe Name #}

with zeile as (
    select
        ort.*,
        lage.lage_art,
        lage.adresse_id,
        coalesce(lage.ebene, feinste.ebene) as lage_ebene,
        coalesce(lage.raumeinheit_id, 'nz_' || coalesce(lage.ebene, feinste.ebene)) as lage_id,
        lage.x as rechts,
        lage.y as hoch,
        lage.laenge,
        lage.breite,
        trim(regexp_replace(replace(strip_accents(lower(ort.name)), 'ß', 'ss'), '[^a-z0-9]+', ' ', 'g')) as vergleichsname
    from {{ ref('stg_orte__ort') }} as ort
    inner join {{ ref('int_orte__lage') }} as lage on ort.zeile_id = lage.zeile_id
    cross join (select arg_max(ebene, rang) as ebene from {{ ref('stg_tuer__ebene') }}) as feinste
),

lieferung as (
    select distinct kategorie, liste, stichtag, gebietsstand, lieferung_id
    from zeile
),

termin as (
    select distinct kategorie, stichtag, gebietsstand
    from lieferung
),

gilt as (
    select
        termin.kategorie,
        termin.stichtag,
        termin.gebietsstand,
        lieferung.liste,
        arg_max(lieferung.lieferung_id, lieferung.stichtag) as lieferung_id
    from termin
    inner join lieferung
        on termin.kategorie = lieferung.kategorie
        and termin.gebietsstand = lieferung.gebietsstand
        and lieferung.stichtag <= termin.stichtag
    group by termin.kategorie, termin.stichtag, termin.gebietsstand, lieferung.liste
),

bestand as (
    select zeile.* exclude (stichtag), gilt.stichtag
    from gilt
    inner join zeile
        on gilt.lieferung_id = zeile.lieferung_id
        and gilt.kategorie = zeile.kategorie
        and gilt.liste = zeile.liste
    where zeile.lage_art <> 'ausserhalb'
        and coalesce(zeile.gueltig_von <= gilt.stichtag, true)
        and coalesce(zeile.gueltig_bis >= gilt.stichtag, true)
),

mehrfach as (
    select kategorie, stichtag
    from bestand
    group by kategorie, stichtag
    having count(distinct vorrang) > 1
),

-- Nah beieinander und ähnlich benannt; auf wenigen Metern genügt, dass einer keinen Namen hat.
dublette as (
    select
        spaeter.stichtag,
        spaeter.zeile_id,
        frueher.zeile_id as ziel_id
    from bestand as spaeter
    inner join mehrfach on spaeter.kategorie = mehrfach.kategorie and spaeter.stichtag = mehrfach.stichtag
    inner join {{ ref('ortkategorien') }} as kategorie on spaeter.kategorie = kategorie.kategorie
    inner join bestand as frueher
        on spaeter.kategorie = frueher.kategorie
        and spaeter.stichtag = frueher.stichtag
        and frueher.vorrang < spaeter.vorrang
        and abs(frueher.rechts - spaeter.rechts) <= kategorie.dublette_m
        and abs(frueher.hoch - spaeter.hoch) <= kategorie.dublette_m
    where {{ abstand_m('frueher', 'spaeter') }} <= kategorie.dublette_m
        and (
            jaro_winkler_similarity(frueher.vergleichsname, spaeter.vergleichsname) >= {{ namen_aehnlich }}
            or contains(frueher.vergleichsname, spaeter.vergleichsname)
            or contains(spaeter.vergleichsname, frueher.vergleichsname)
            or (frueher.vergleichsname is null or spaeter.vergleichsname is null)
            and {{ abstand_m('frueher', 'spaeter') }} <= kategorie.dublette_m / 3
        )
    qualify row_number() over (
        partition by spaeter.stichtag, spaeter.zeile_id order by frueher.vorrang, {{ abstand_m('frueher', 'spaeter') }}, frueher.zeile_id
    ) = 1
),

-- Das Ziel einer Dublette kann selbst eine sein (drei Listen); weiter als zwei Schritte geht es bei Vorrängen nicht.
wurzel as (
    select
        bestand.*,
        coalesce(weiter.ziel_id, dublette.ziel_id, bestand.zeile_id) as wurzel_id
    from bestand
    left join dublette on bestand.stichtag = dublette.stichtag and bestand.zeile_id = dublette.zeile_id
    left join dublette as weiter on dublette.stichtag = weiter.stichtag and dublette.ziel_id = weiter.zeile_id
),

vereinigt as (
    select
        stichtag,
        wurzel_id,
        arg_min(liste || '-' || kategorie || '-' || ort_nr, vorrang) as ort_id,
        any_value(kategorie) as kategorie,
        arg_min(unterkategorie, vorrang) filter (unterkategorie is not null) as unterkategorie,
        arg_min(name, vorrang) filter (name is not null) as name,
        arg_min(traeger, vorrang) filter (traeger is not null) as traeger,
        arg_min(anschrift, vorrang) filter (anschrift is not null) as anschrift,
        arg_min(plz, vorrang) filter (plz is not null) as plz,
        arg_min(plaetze, vorrang) filter (plaetze is not null) as plaetze,
        arg_min(oeffnungszeiten, vorrang) filter (oeffnungszeiten is not null) as oeffnungszeiten,
        arg_min(schueler, vorrang) filter (schueler is not null) as schueler,
        arg_min(sozialindex, vorrang) filter (sozialindex is not null) as sozialindex,
        bool_or(vertraulich) as vertraulich,
        arg_min(gueltig_von, vorrang) filter (gueltig_von is not null) as gueltig_von,
        arg_min(gueltig_bis, vorrang) filter (gueltig_bis is not null) as gueltig_bis,
        arg_min(gebietsstand, vorrang) as gebietsstand,
        arg_min(lage_ebene, vorrang) as ebene,
        arg_min(lage_id, vorrang) as raumeinheit_id,
        arg_min(lage_art, vorrang) as lage_art,
        arg_min(rechts, vorrang) as x,
        arg_min(hoch, vorrang) as y,
        arg_min(laenge, vorrang) as laenge,
        arg_min(breite, vorrang) as breite,
        arg_min(liste, vorrang) as liste,
        min(vorrang) as vorrang,
        string_agg(distinct liste, ', ' order by liste) as listen,
        arg_min(lieferung_id, vorrang) as lieferung_id,
        arg_min(ort_nr, vorrang) as ort_nr
    from wurzel
    group by stichtag, wurzel_id
),

-- Eine Zählung trägt eine Lieferung: die der Liste mit dem kleinsten Vorrang in dieser Kategorie.
mit_leitender as (
    select
        vereinigt.*,
        first_value(lieferung_id) over (partition by kategorie, stichtag order by vorrang, lieferung_id) as leitende_lieferung_id
    from vereinigt
)

select * from mit_leitender
