-- Unverheiratete, die zu verschiedenen Zeiten in dieselbe Anschrift kamen, verbindet kein Eintrag im Register. Nur wo
-- Alter und Lage beide eindeutig aufeinander weisen, gelten sie als Paar: unter 45, höchstens 6 Jahre auseinander, kein
-- weiterer Erwachsener im Kern, kein anderer, der passt, und ein Haus mit wenigen Kernen.
{% set unter_alter, groesster_abstand, meiste_kerne = 45, 6, 10 %}

with kern as (
    select
        bestand.lieferung_id,
        bestand.wohnort,
        kern.kern_nr,
        count(*) filter (where coalesce(bestand.alter_jahre >= 18, true)) as erwachsene,
        max(bestand.alter_jahre) as alter_jahre,
        max_by(bestand.geschlecht, bestand.alter_jahre) as geschlecht,
        bool_or(bestand.familienstand in ('VH', 'LP')) as verheiratet
    from {{ ref('int_haushalt__bestand') }} as bestand
    inner join {{ ref('int_haushalt__kern') }} as kern on bestand.person_nr = kern.person_nr
    where not bestand.einrichtung
    group by bestand.lieferung_id, bestand.wohnort, kern.kern_nr
),

haus as (
    select *, count(*) over (partition by lieferung_id, wohnort) as kerne
    from kern
),

frei as (
    select lieferung_id, wohnort, kern_nr, alter_jahre, geschlecht
    from haus
    where kerne <= {{ meiste_kerne }}
        and erwachsene = 1
        and not verheiratet
        and alter_jahre between 18 and {{ unter_alter - 1 }}
),

moeglich as (
    select
        frau.kern_nr as kern1_nr,
        mann.kern_nr as kern2_nr,
        count(*) over (partition by frau.kern_nr) as fuer_sie,
        count(*) over (partition by mann.kern_nr) as fuer_ihn
    from frei as frau
    inner join frei as mann
        on frau.lieferung_id = mann.lieferung_id
        and frau.wohnort = mann.wohnort
        and frau.geschlecht = 'w'
        and mann.geschlecht = 'm'
        and abs(frau.alter_jahre - mann.alter_jahre) <= {{ groesster_abstand }}
),

eindeutig as (
    select kern1_nr, kern2_nr
    from moeglich
    where fuer_sie = 1 and fuer_ihn = 1
)

select * from eindeutig
