"""A town of three rows per table, written inline, and a door to walk it through; fixtures are in conftest.py."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb
import yaml

from sources.accept import AcceptReport, accept_all
from sources.model import SHIPPED_CITIES, City, load_city
from warehouse.ledger import Ledger
from warehouse.paths import Home
from warehouse.settings import Settings

NOW = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)
MASTER_KEY = bytes(range(32))

CITY = """
stadt: teststadt
name: Teststadt
ags: "05158016"
land: Nordrhein-Westfalen
statistikstelle: true
epsg: 25832
ebenen:
  - {id: stadt, name: Stadt, plural: Stadt}
  - {id: sozialraum, name: Sozialraum, plural: Sozialräume}
  - {id: block, name: Block, plural: Blöcke, intern: true}
gebietsstaende:
  - {id: alt, gueltig_von: 2010-01-01, gueltig_bis: 2019-12-31}
  - {id: neu, gueltig_von: 2020-01-01}
"""

AREAS = """
quelle: gebiete
name: Gebietsliste
herausgeber: Teststadt
lizenz: CC0-1.0
rechtsgrundlage: Eigene Geodaten.
abschottung: false
personenbezug: false
rhythmus: unregelmaessig
stichtag: {datum: "{jahr}-01-01"}
platzhalter: {ebene: {soz: sozialraum, blk: block}}
tabellen:
  - tabelle: raumeinheit
    dateien: "gebiete/{ebene}_{jahr}.csv"
    format: {trennzeichen: ";"}
    schluessel: [gebietsstand, ebene, raumeinheit_id]
    konstanten: {ebene: "{ebene}", gebietsstand: [alt, neu]}
    spalten:
      - {name: id, ziel: raumeinheit_id, klasse: schluessel, pflicht: true, muster: "\\\\d+"}
      - {name: name, ziel: name, pflicht: true}
"""

COUNTS = """
quelle: zahlen
name: Zahlen je Sozialraum
herausgeber: Teststadt
lizenz: CC0-1.0
rechtsgrundlage: Zusammengefasst, ohne Personenbezug.
abschottung: false
personenbezug: false
rhythmus: jaehrlich
stichtag: {datum: "{jahr}-12-31"}
nach: [gebiete]
tabellen:
  - tabelle: testzahlen
    dateien: "zahlen/zahlen_{jahr}.csv"
    format: {trennzeichen: ";", dezimal: ",", datum: "%d.%m.%Y", kodierung: iso-8859-1}
    schluessel: [raumeinheit_id]
    ignoriert: ["Bem*"]
    zeilen_maximum: 10
    spalten:
      - {name: Raum, ziel: raumeinheit_id, klasse: schluessel, pflicht: true, gebiet: sozialraum, vollstaendig: true}
      - {name: Art, ziel: art, werte: [a, b]}
      - {name: Anzahl, ziel: anzahl, typ: ganzzahl, klasse: zahl, pflicht: true, minimum: 0, maximum: 100}
      - {name: Anteil, ziel: anteil, typ: dezimal, klasse: zahl, faktor: 0.01}
      - {name: Tag, ziel: tag, typ: datum}
      - {name: Kode, ziel: kode, muster: "[A-Z]{2}", darf_fehlen: true}
    regeln:
      - {name: anteil_nur_mit_anzahl, bedingung: "anteil is null or anzahl > 0", meldung: "ein Anteil steht bei Anzahl 0"}
"""

AREA_FILES = {
    "gebiete/soz_2024.csv": "id;name\n01;Nord\n02;Süd\n03;Mitte\n",
    "gebiete/blk_2024.csv": "id;name\n0001;Block 1\n0002;Block 2\n",
}
GOOD_COUNTS = "Raum;Art;Anzahl;Anteil;Tag;Bemerkung\n01;a;5;12,5;31.12.2023;x\n02;b;0;;;\n03;;7;0,1;01.02.2023;\n"

ADDRESSES = (
    "Strassenschluessel;Strasse;Hausnummer;Zusatz;Block;Rechtswert;Hochwert;Gueltig_von;Gueltig_bis\n"
    "00100;Markt;1;;0001;350000,5;5670000,5;01.01.2000;\n"
    "00100;Markt;2;a;0002;350001,5;5670001,5;01.01.2000;\n"
    "00100;Markt;3;;0002;350001,5;5670001,5;01.01.2000;31.12.2015\n"
)
REGISTER_HEADER = (
    "Personennummer;Familienname;Geburtsname;Vornamen;Geschlecht;Geburtsdatum;Geburtsort;Staat1;Staat2;DeutschArt;Familienstand;Religion;"
    "Wohnungsart;Strassenschluessel;Hausnummer;Zusatz;EinzugAdresse;EinzugGemeinde;Herkunft;EhegatteNr;Elternteil1Nr;Elternteil2Nr;Sperrvermerk;Bemerkung\n"
)
#: Three persons: a couple at Markt 1, she under Auskunftssperre, and a man whose address the directory does not know.
REGISTER_ROWS = (
    "1000000001;Müller-Lüdenscheidt;Meyer;Erna Maria;w;29.02.2004;05158016;000;;1;VH;rk;H;00100;1;;01.05.2010;01.05.2009;05111000;1000000002;;;51;ruft oft an\n"
    "1000000002;Dr. Mueller Luedenscheidt;;Hugo;m;00.07.1950;05158016;000;163;1;VH;ev;H;00100;1;;01.05.2010;01.05.2009;05111000;1000000001;;;;\n"
    "1000000003;Öztürk;;Cem;m;00.00.1990;163;163;;;LD;;H;00100;99;;01.05.2010;01.05.2009;163;;;;;\n"
)


class Door:
    """A data home with a town; ``deliver`` writes files, ``accept`` lets them in."""

    def __init__(self, root: Path) -> None:
        self.declarations = root / "staedte" / "teststadt"
        self.deliveries = root / "lieferungen"
        self.home = Home(root / "daten")
        self.home.prepare("teststadt")
        self.ledger = Ledger(self.home.ledger)
        key = root / "schluessel"
        key.write_text(MASTER_KEY.hex(), encoding="ascii")
        key.chmod(0o600)
        self.settings = Settings(threads=1, memory_limit="1GB", schluesseldatei=key)
        self.declare("city", CITY)
        self.declare("gebiete", AREAS)

    def declare(self, name: str, text: str, **changes: object) -> None:
        self.declarations.mkdir(parents=True, exist_ok=True)
        content = yaml.safe_load(dedent(text)) | changes
        (self.declarations / f"{name}.yml").write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")

    def correct(self, quelle: str, tabelle: str, *corrections: dict[str, Any]) -> None:
        """Write ``corrections.yml``: these and no others."""
        self.declare("corrections", "{}", korrekturen=[{"quelle": quelle, "tabelle": tabelle} | one for one in corrections])

    def declare_register(self) -> None:
        """Addresses and register as shipped for the simulated town, after this town's area list."""
        for name in ("adressen", "melderegister_bestand"):
            text = (SHIPPED_CITIES / "hilden-simuliert" / f"{name}.yml").read_text(encoding="utf-8")
            before = ["gebiete"] if name == "adressen" else ["gebiete", "adressen"]
            self.declare(name, text.replace("zeilen_minimum: 1000", "zeilen_minimum: 1"), nach=before)

    @property
    def city(self) -> City:
        return load_city(self.declarations)

    def deliver(self, files: dict[str, str | bytes], encoding: str = "iso-8859-1") -> None:
        for name, content in files.items():
            path = self.deliveries / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8" if name.startswith("gebiete") else encoding))

    def accept(self, *, move: bool = False) -> AcceptReport:
        return accept_all(self.city, self.home, self.ledger, self.settings, self.deliveries, move=move, now=NOW)

    def raw(self, table: str, columns: str = "*") -> list[tuple[object, ...]]:
        files = self.home.raw / table / "delivery=*" / "*.parquet"
        return duckdb.execute(f"select {columns} from read_parquet('{files}', hive_partitioning = true) order by datei, zeile").fetchall()
