-- Unverheiratete, die zu verschiedenen Zeiten in dieselbe Anschrift kamen, verbindet kein Eintrag im Register. Nur wo
-- Alter und Lage beide eindeutig aufeinander weisen, gelten sie als Paar: unter 45 (in kleinen Häusern unter 55), höchstens
-- 6 Jahre auseinander, jeder andere passt wenigstens 4 Jahre schlechter, kein weiterer Erwachsener im Kern (Kinder zählen
-- nicht), und ein Haus mit wenigen Kernen. Wer fast zugleich einzog und doch nicht denselben Tag nannte, ist Nachbar.
{% set unter_alter, unter_alter_klein, groesster_abstand, vorsprung = 45, 55, 6, 4 %}
{% set meiste_kerne, kleines_haus, tage_nachbarn, jahre_kind = 10, 6, 180, 15 %}

with person as (
    select
        bestand.*,
        kern.kern_nr,
        max(bestand.alter_jahre) over (partition by kern.kern_nr) as aelteste
    from {{ ref('int_haushalt__bestand') }} as bestand
    inner join {{ ref('int_haushalt__kern') }} as kern on bestand.person_nr = kern.person_nr
    where not bestand.einrichtung
),

kern as (
    select
        lieferung_id,
        wohnort,
        kern_nr,
        count(*) filter (where coalesce(alter_jahre >= 18 and alter_jahre > aelteste - {{ jahre_kind }}, true)) as erwachsene,
        max(alter_jahre) as alter_jahre,
        max_by(geschlecht, alter_jahre) as geschlecht,
        max_by(einzug_adresse, alter_jahre) as einzug,
        bool_or(familienstand in ('VH', 'LP')) as verheiratet
    from person
    group by lieferung_id, wohnort, kern_nr
),

haus as (
    select *, count(*) over (partition by lieferung_id, wohnort) as kerne
    from kern
),

frei as (
    select lieferung_id, wohnort, kern_nr, alter_jahre, geschlecht, einzug
    from haus
    where kerne <= {{ meiste_kerne }}
        and erwachsene = 1
        and not verheiratet
        and alter_jahre >= 18
        and alter_jahre < case when kerne <= {{ kleines_haus }} then {{ unter_alter_klein }} else {{ unter_alter }} end
),

abstand as (
    select frau.kern_nr as kern1_nr, mann.kern_nr as kern2_nr, abs(frau.alter_jahre - mann.alter_jahre) as jahre
    from frei as frau
    inner join frei as mann
        on frau.lieferung_id = mann.lieferung_id
        and frau.wohnort = mann.wohnort
        and frau.geschlecht = 'w'
        and mann.geschlecht = 'm'
        and abs(frau.alter_jahre - mann.alter_jahre) <= {{ groesster_abstand }}
        and coalesce(abs(frau.einzug - mann.einzug) >= {{ tage_nachbarn }}, true)
),

-- Um wie viel der nächste andere schlechter passt, von beiden Seiten gesehen.
moeglich as (
    select
        kern1_nr,
        kern2_nr,
        jahre,
        min(jahre) over (partition by kern1_nr order by jahre, kern2_nr rows between 1 following and 1 following) as naechster_fuer_sie,
        min(jahre) over (partition by kern2_nr order by jahre, kern1_nr rows between 1 following and 1 following) as naechste_fuer_ihn,
        row_number() over (partition by kern1_nr order by jahre, kern2_nr) as rang_fuer_sie,
        row_number() over (partition by kern2_nr order by jahre, kern1_nr) as rang_fuer_ihn
    from abstand
),

eindeutig as (
    select kern1_nr, kern2_nr
    from moeglich
    where rang_fuer_sie = 1
        and rang_fuer_ihn = 1
        and coalesce(naechster_fuer_sie >= jahre + {{ vorsprung }}, true)
        and coalesce(naechste_fuer_ihn >= jahre + {{ vorsprung }}, true)
)

select * from eindeutig
