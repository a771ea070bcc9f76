"""Places from list to mart: a new list of a known kind needs YAML and nothing else, misprints wait for people, refuges stay hidden."""

from __future__ import annotations

import shutil

from sources.model import SHIPPED_CITIES
from tests.pipeline.conftest import Town

TAFEL = """
quelle: tafel
name: Ausgabestellen der Tafel
herausgeber: Tafel (simuliert)
lizenz: CC0-1.0
rechtsgrundlage: Öffentliche Tatsachen ohne Personenbezug.
abschottung: false
personenbezug: false
rhythmus: jaehrlich
stichtag: {datum: "{jahr}-12-31"}
nach: [raumgliederung, adressen]
tabellen:
  - tabelle: ort
    dateien: "tafel/ausgabe_{jahr}.csv"
    format: {trennzeichen: ";"}
    schluessel: [liste, ort_nr]
    konstanten: {liste: tafel, vorrang: 3, kategorie: beratungsstelle}
    spalten:
      - {name: Nr, ziel: ort_nr, klasse: schluessel, pflicht: true}
      - {name: Stelle, ziel: name, pflicht: true}
      - {name: Anschrift, ziel: anschrift, pflicht: true}
"""


def test_a_new_list_by_yaml_alone(town: Town) -> None:
    with town.sealed() as sealed:
        street, number = sealed.execute("select strassenname, hausnummer from staging.stg_adressen__adresse where zusatz is null and gueltig_bis is null and gueltig_von < date '2000-01-01' order by adresse_id limit 1").fetchone()
        before = sealed.execute("select sum(wert) from marts.fct_kennzahl where kennzahl_id = 'orte_beratungsstelle' and ebene = 'stadt' and gebietsstand = 'hilden2020'").fetchone()[0]
    own = town.root / "staedte" / "hilden-simuliert"
    shutil.copytree(SHIPPED_CITIES / "hilden-simuliert", own)
    (own / "tafel.yml").write_text(TAFEL, encoding="utf-8")
    inbox = town.root / "inbox" / "tafel"
    inbox.mkdir(parents=True)
    short = street.replace("straße", "str.").replace("Straße", "Str.")
    (inbox / "ausgabe_2020.csv").write_text(f"Nr;Stelle;Anschrift\n1;Tafel Mitte;{short} {number}\n2;Tafel Süd;{street[0]}{street[2:]} {number}\n", encoding="utf-8")
    town.run()
    with town.mart() as mart:
        placed = mart.execute("select ort_id, lage_art, liste, ebene, laenge between 6 and 8 from dim_ort where liste = 'tafel' order by 1").fetchall()
        assert placed == [("tafel-beratungsstelle-1", "adresse", "tafel", "sozialraum", True), ("tafel-beratungsstelle-2", "offen", "tafel", "sozialraum", None)]
        waiting = mart.execute("select name, grund, kandidaten from fct_ort_arbeitsliste where liste = 'tafel'").fetchall()
        assert [row[:2] for row in waiting] == [("Tafel Süd", "Anschrift nicht im Adressverzeichnis")]
        assert f"{street} {number}" in waiting[0][2]
        after = mart.execute("select sum(wert) from fct_kennzahl where kennzahl_id = 'orte_beratungsstelle' and ebene = 'stadt' and gebietsstand = 'hilden2020'").fetchone()[0]
        assert after == before + 2, "who could not be placed is counted for the town, as nicht zuordenbar"


def test_a_refuge_is_on_no_map(published_small: Town) -> None:
    with published_small.sealed() as sealed:
        assert sealed.execute("select count(*) from marts.dim_ort where vertraulich").fetchone() == (1,)
    with published_small.mart() as mart:
        assert mart.execute("select count(*) from dim_ort where vertraulich or name = 'Frauenhaus'").fetchone() == (0,)
        assert mart.execute("select count(*) from fct_ort_arbeitsliste where name = 'Frauenhaus'").fetchone() == (0,)


def test_timetable_becomes_departures(published_small: Town) -> None:
    """Every line leaves each of its stops but the last; by day every 20 minutes in both directions: 6 an hour at a stop between."""
    with published_small.mart() as mart:
        per_hour = mart.execute("select max(abfahrten_je_stunde), min(abfahrten_je_stunde) from fct_haltestelle where tagart = 'werktag' and zeitband = 'tag'").fetchone()
    assert per_hour == (6.0, 3.0) or per_hour == (6.0, 6.0)
