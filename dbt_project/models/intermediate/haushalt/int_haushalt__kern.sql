-- Wer über Verbindungen zusammenhängt, bekommt die kleinste Personennummer als Kern. Zwei Runden mit allen Personen
-- lösen fast alles; was danach noch an zwei Kernen hängt, ist ein kleiner Graph, den die Rekursion zu Ende führt.
with recursive beide_richtungen as (
    select von_nr, nach_nr from {{ ref('int_haushalt__verbindung') }}
    union all
    select nach_nr, von_nr from {{ ref('int_haushalt__verbindung') }}
),

runde_1 as (
    select von_nr as person_nr, least(von_nr, min(nach_nr)) as kern_nr
    from beide_richtungen
    group by von_nr
),

runde_2 as (
    select beide_richtungen.von_nr as person_nr, least(min(eigener.kern_nr), min(nachbar.kern_nr)) as kern_nr
    from beide_richtungen
    inner join runde_1 as eigener on beide_richtungen.von_nr = eigener.person_nr
    inner join runde_1 as nachbar on beide_richtungen.nach_nr = nachbar.person_nr
    group by beide_richtungen.von_nr
),

offen as (
    select distinct eigener.kern_nr as von_nr, nachbar.kern_nr as nach_nr
    from beide_richtungen
    inner join runde_2 as eigener on beide_richtungen.von_nr = eigener.person_nr
    inner join runde_2 as nachbar on beide_richtungen.nach_nr = nachbar.person_nr
    where eigener.kern_nr <> nachbar.kern_nr
),

erreichbar as (
    select von_nr, nach_nr from offen
    union
    select erreichbar.von_nr, offen.nach_nr
    from erreichbar
    inner join offen on erreichbar.nach_nr = offen.von_nr
),

zusammengelegt as (
    select von_nr as kern_nr, min(nach_nr) as ziel_nr
    from erreichbar
    group by von_nr
),

kern as (
    select bestand.person_nr, coalesce(zusammengelegt.ziel_nr, runde_2.kern_nr, bestand.person_nr) as kern_nr
    from {{ ref('int_haushalt__bestand') }} as bestand
    left join runde_2 on bestand.person_nr = runde_2.person_nr
    left join zusammengelegt on runde_2.kern_nr = zusammengelegt.kern_nr
)

select * from kern
