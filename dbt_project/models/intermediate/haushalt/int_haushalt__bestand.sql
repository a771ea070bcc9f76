{# Nur Lieferungen, deren Haushalte noch nicht gebildet sind; die fertigen behält int_haushalt__person. #}
{% set fertig = adapter.get_relation(target.database, this.schema, 'int_haushalt__person') if execute and not flags.FULL_REFRESH %}

-- Personen mit Hauptwohnung, fortlaufend nummeriert: Nummern verbinden sich schneller als Codes. Welche Person welche
-- Nummer hat, ist gleichgültig; kein Ergebnis hängt daran. Wohnort ist die
-- Anschrift; wo eine Auskunftssperre sie verbirgt, der Block mit dem Sperrvermerk; ohne beides jede Person für sich. Wer einen bedingten Sperrvermerk
-- trägt (§ 52 BMG), wohnt in einer Einrichtung und gehört zu keinem Haushalt.
with hauptwohnung as (
    select
        lieferung_id,
        stichtag,
        gebietsstand,
        coalesce(block_id, 'nz_block') as raumeinheit_id,
        coalesce(adresse_id, block_id || ' gesperrt ' || sperre, 'unbekannt ' || person_key) as wohnort,
        coalesce(sperre = '52', false) as einrichtung,
        person_key,
        ehegatte_key,
        elternteil1_key,
        elternteil2_key,
        familienname_code,
        familienname_phonetik_code,
        geburtsname_phonetik_code,
        geschlecht,
        alter_jahre,
        familienstand,
        einzug_adresse,
        einzug_stadt,
        coalesce(herkunft, '') as herkunft,
        staatsangehoerigkeit1,
        staatsangehoerigkeit2,
        deutsch_art,
        geburtsort_schluessel
    from {{ ref('stg_melderegister_bestand__person') }}
    where wohnungsart = 'H'
        and {{ noch_nicht_gezaehlt(behalten=fertig) }}
),

nummeriert as (
    select row_number() over () as person_nr, *
    from hauptwohnung
)

select * from nummeriert
