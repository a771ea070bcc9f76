{#
  Haushalt und Migrationshintergrund je Person und Lieferung; nur im abgeschotteten Bereich. Einmal gebildet und behalten,
  bis die Personen der Lieferung aus der Rohzone gehen oder eine neuere sie ersetzt.
#}
{{ je_lieferung("select distinct lieferung_id from {{ ref('stg_melderegister_bestand__person') }}", meta={}) }}

with person as (
    select
        bestand.lieferung_id,
        bestand.stichtag,
        bestand.gebietsstand,
        bestand.raumeinheit_id,
        bestand.person_key,
        haushalt.haushalt_id,
        haushalt.haushaltstyp,
        cast(haushalt.groesse as integer) as haushaltsgroesse,
        mitglied.beleg as haushalt_beleg,
        bestand.alter_jahre,
        bestand.staatsangehoerigkeit1,
        bestand.staatsangehoerigkeit2,
        bestand.deutsch_art,
        migration.migration,
        migration.migration_beleg
    from {{ ref('int_haushalt__bestand') }} as bestand
    inner join {{ ref('int_haushalt__mitglied') }} as mitglied on bestand.person_nr = mitglied.person_nr
    inner join {{ ref('int_haushalt__haushalt') }} as haushalt on mitglied.haushalt_nr = haushalt.haushalt_nr
    inner join {{ ref('int_haushalt__migration') }} as migration on bestand.person_nr = migration.person_nr
)

select * from person
