"""Cases with written addresses and events with two addresses at the door: what is left of them is a block."""

from __future__ import annotations

import pytest

from tests.unit.sources.town import ADDRESSES, AREA_FILES

CASES = """
quelle: faelle
name: Fälle
herausgeber: Teststadt
lizenz: nicht zur Weitergabe
rechtsgrundlage: Test.
abschottung: true
personenbezug: true
rhythmus: jaehrlich
stichtag: {datum: "{jahr}-12-31"}
nach: [gebiete, adressen]
tabellen:
  - tabelle: testfaelle
    dateien: "faelle/faelle_{jahr}.csv"
    format: {trennzeichen: ";", datum: "%d.%m.%Y"}
    schluessel: [fall_key]
    ort: Hilden
    spalten:
      - {name: Az, ziel: fall_key, klasse: personenschluessel, pflicht: true}
      - {name: Name, ziel: nachname, klasse: freitext}
      - {name: Strasse, ziel: strasse, klasse: anschrift}
      - {name: Ort, ziel: ort, klasse: anschrift}
"""
EVENTS = """
quelle: ereignisse
name: Ereignisse
herausgeber: Teststadt
lizenz: nicht zur Weitergabe
rechtsgrundlage: Test.
abschottung: true
personenbezug: true
rhythmus: jaehrlich
stichtag: {datum: "{jahr}-12-31"}
nach: [gebiete, adressen]
tabellen:
  - tabelle: testereignisse
    dateien: "ereignisse/ereignisse_{jahr}.csv"
    format: {trennzeichen: ";", datum: "%d.%m.%Y"}
    schluessel: [person_key]
    spalten:
      - {name: Nr, ziel: person_key, klasse: personenschluessel, pflicht: true}
      - {name: VonStrasse, ziel: von_strasse, klasse: strasse, seite: von}
      - {name: VonNummer, ziel: von_nummer, klasse: hausnummer, seite: von}
      - {name: NachStrasse, ziel: nach_strasse, klasse: strasse, seite: nach}
      - {name: NachNummer, ziel: nach_nummer, klasse: hausnummer, seite: nach}
"""


@pytest.fixture
def rows(door):
    """Deliver areas, addresses and one file of a source; give what the raw zone holds of it."""

    def walk(source, declaration, table, content, columns):
        door.declare_register()
        door.declare(source, declaration)
        door.deliver(AREA_FILES | {"adressen/adressen_20231231.csv": ADDRESSES, f"{source}/{source}_2016.csv": content})
        refused = [r.sentence for r in door.accept().refused]
        assert not refused
        return door.raw(table, columns)

    return walk


def test_a_written_address_becomes_a_block_and_nothing_else_stays(rows, door):
    content = "Az;Name;Strasse;Ort\nA1;Muster;Markt 1;40721 Hilden\nA2;Beispiel;markt 2A;Hilden\nA3;Probe;Makrt 1;40721 Hilden\nA4;Fern;Markt 1;40764 Langenfeld\n"
    found = rows("faelle", CASES, "testfaelle", content, "block_id, adressguete, adresskandidaten")
    assert set(found) == {("0001", "genau", None), ("0002", "genau", None), (None, "offen", "Markt 1"), (None, "auswaerts", None)} and len(found) == 4
    stored = b"".join(path.read_bytes() for path in door.home.root.rglob("*") if path.is_file())
    assert b"Muster" not in stored and b"Makrt" not in stored


def test_both_ends_of_a_move_become_blocks_also_where_the_house_is_gone(rows):
    """Markt 3 stood in block 0002 and is gone at the reference date; the move out of it still has its block."""
    content = "Nr;VonStrasse;VonNummer;NachStrasse;NachNummer\n1;00100;3;00100;1\n2;;;00100;1\n3;00100;77;;\n"
    found = rows("ereignisse", EVENTS, "testereignisse", content, "von_block_id, nach_block_id")
    assert found == [("0002", "0001"), (None, "0001"), (None, None)]
