-- Was zwei Personen an derselben Anschrift zu einem Haushalt verbindet, mit dem Beleg. Gleicher Einzugstag und gleiche
-- Ankunft in der Stadt verbinden jede Person mit der ersten ihrer Gruppe; große Gruppen sind Erstbezüge ganzer Häuser
-- oder ersatzweise eingetragene Tage und verbinden niemanden.
{% set groesste_gruppe = 12 %}
{# Jahre zwischen Eltern und Kind, und bis zu welchem Alter ein gleicher Name allein ein Kind anbindet. #}
{% set eltern_ab, eltern_bis, kind_bis = 15, 50, 29 %}

with privat as (
    select *
    from {{ ref('int_haushalt__bestand') }}
    where not einrichtung
),

zeiger as (
    select lieferung_id, wohnort, person_nr, ehegatte_key as ziel_key, 'ehe' as beleg
    from privat
    where ehegatte_key is not null
    union all
    select lieferung_id, wohnort, person_nr, elternteil1_key, 'eltern'
    from privat
    where elternteil1_key is not null
    union all
    select lieferung_id, wohnort, person_nr, elternteil2_key, 'eltern'
    from privat
    where elternteil2_key is not null
),

nach_zeiger as (
    select zeiger.person_nr as von_nr, ziel.person_nr as nach_nr, zeiger.beleg
    from zeiger
    inner join privat as ziel
        on zeiger.lieferung_id = ziel.lieferung_id
        and zeiger.ziel_key = ziel.person_key
        and zeiger.wohnort = ziel.wohnort
        and zeiger.person_nr <> ziel.person_nr
),

einzugsgruppe as (
    select
        person_nr,
        min(person_nr) over gruppe as erste_nr,
        count(*) over gruppe as personen
    from privat
    where einzug_adresse is not null
    window gruppe as (partition by lieferung_id, wohnort, einzug_adresse)
),

zuzugsgruppe as (
    select
        person_nr,
        min(person_nr) over gruppe as erste_nr,
        count(*) over gruppe as personen
    from privat
    where einzug_stadt is not null
    window gruppe as (partition by lieferung_id, wohnort, einzug_stadt, herkunft)
),

-- Ein Kind kommt mit den Eltern oder nach ihnen: es wohnt nicht länger an der Anschrift als sie.
nach_name as (
    select kind.person_nr as von_nr, elternteil.person_nr as nach_nr, 'name' as beleg
    from privat as kind
    inner join privat as elternteil
        on kind.lieferung_id = elternteil.lieferung_id
        and kind.wohnort = elternteil.wohnort
        and kind.familienname_code = elternteil.familienname_code
        and elternteil.alter_jahre - kind.alter_jahre between {{ eltern_ab }} and {{ eltern_bis }}
    where kind.alter_jahre <= {{ kind_bis }}
        and coalesce(kind.einzug_adresse >= elternteil.einzug_adresse, true)
),

alle as (
    select von_nr, nach_nr, beleg from nach_zeiger
    union all
    select person_nr, erste_nr, 'einzug' from einzugsgruppe where personen <= {{ groesste_gruppe }} and person_nr <> erste_nr
    union all
    select person_nr, erste_nr, 'zuzug' from zuzugsgruppe where personen <= {{ groesste_gruppe }} and person_nr <> erste_nr
    union all
    select von_nr, nach_nr, beleg from nach_name
),

-- Der stärkste Beleg je Paar.
verbindung as (
    select
        least(von_nr, nach_nr) as von_nr,
        greatest(von_nr, nach_nr) as nach_nr,
        min_by(beleg, case beleg when 'ehe' then 1 when 'eltern' then 2 when 'einzug' then 3 when 'zuzug' then 4 else 5 end) as beleg
    from alle
    group by least(von_nr, nach_nr), greatest(von_nr, nach_nr)
)

select * from verbindung
