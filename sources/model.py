"""Typed declarations: what a town is and what each of its sources delivers.

Everything a new delivery of a known kind needs stands in YAML under ``cities/<town>/``; this module gives that
YAML its types and refuses what it does not know. It reads no delivery and knows no town.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from warehouse import declared

SHIPPED_CITIES = Path(__file__).parent / "cities"

#: What a column is to the door. The personal classes never reach the raw zone as they came:
#: ``personenschluessel`` becomes a keyed code, ``name`` a pair of matching codes, ``vorname``, ``freitext`` and
#: ``religion`` are never read, ``geburtsdatum`` shrinks to month and age, the three address parts to one
#: address key (or to the block alone where ``sperre`` is set). ``anschrift`` is an address as people write it, in one
#: column or several; it is placed by the town's own directory and shrinks to the block, with how well it was found.
#: ``gemeinde`` and ``herkunft`` are keys of a municipality or, abroad, of a state, which stays; the municipality shrinks to its
#: Land, or becomes a keyed code where only matters who came from the same one.
Klasse = Literal[
    "merkmal",
    "schluessel",
    "zahl",
    "geometrie",
    "personenschluessel",
    "name",
    "vorname",
    "freitext",
    "religion",
    "geburtsdatum",
    "strasse",
    "hausnummer",
    "hausnummernzusatz",
    "sperre",
    "anschrift",
    "gemeinde",
    "herkunft",
]
PERSONAL: frozenset[str] = frozenset(
    {"personenschluessel", "name", "vorname", "freitext", "religion", "geburtsdatum", "strasse", "hausnummer", "hausnummernzusatz", "sperre", "anschrift", "gemeinde", "herkunft"}
)
ADDRESS_PARTS: frozenset[str] = frozenset({"strasse", "hausnummer", "hausnummernzusatz"})
#: Rows that may wait in quarantine where the declaration says nothing: 1 of 1000.
QUARANTINE_SHARE = 0.001
#: What a path may name of a date without ``platzhalter``.
DATE_PLACEHOLDERS = {"jahr": r"\d{4}", "monat": r"\d{2}", "tag": r"\d{2}"}
DROPPED: frozenset[str] = frozenset({"vorname", "freitext", "religion"})

#: ``datum_unscharf`` is a register date whose day or month may be ``00``. ``zahlzeichen`` is a number or a table symbol of
#: official statistics; the raw table then has the number and, as ``<ziel>_zeichen``, the symbol ("" = the cell is empty).
Typ = Literal["text", "ganzzahl", "dezimal", "datum", "datum_unscharf", "zahlzeichen", "wkt"]


def _plain_name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", value):
        raise ValueError("nur Kleinbuchstaben, Ziffern und Unterstrich, am Anfang ein Buchstabe")
    return value


Name = Annotated[str, AfterValidator(_plain_name)]


class Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Spalte(Declared):
    """One column: how it is called in the file (``name``) and in the raw table (``ziel``)."""

    name: str
    ziel: Name
    typ: Typ = "text"
    klasse: Klasse = "merkmal"
    pflicht: bool = False
    #: The column may be absent from the whole file (an edition that stopped publishing it); it is then unknown.
    darf_fehlen: bool = False
    werte: tuple[str, ...] | None = None
    muster: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    #: Level of area whose list, in the delivery's area version, must contain the value; ``{ebene}`` takes it from the column of that name.
    gebiet: str | None = None
    #: Every area of that list has to be there (only with ``gebiet``).
    vollstaendig: bool = False
    #: Multiplied into numbers (square metres to hectares: 0.0001).
    faktor: float | None = None
    #: Which of several addresses of a row an address part belongs to; such an address shrinks to ``<seite>_block_id``.
    seite: Name | None = None
    #: SQL condition over ``ziel`` names: where it does not hold, the value is never written (a statement nobody released).
    nur_wenn: str | None = None
    #: Other names under which suppliers deliver the column; nothing else is taken for it.
    auch: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _options_fit(self) -> Spalte:
        if self.vollstaendig and not self.gebiet:
            raise ValueError("vollstaendig braucht gebiet")
        if (self.minimum is not None or self.maximum is not None or self.faktor is not None) and self.typ not in ("ganzzahl", "dezimal", "zahlzeichen"):
            raise ValueError("minimum, maximum und faktor gelten nur für Zahlen")
        if (self.werte or self.muster or self.gebiet) and self.typ != "text":
            raise ValueError("werte, muster und gebiet gelten nur für Text")
        if self.klasse == "geburtsdatum" and self.typ != "datum_unscharf":
            raise ValueError("ein Geburtsdatum hat den Typ datum_unscharf")
        if self.seite and self.klasse not in ADDRESS_PARTS:
            raise ValueError("seite gilt nur für Teile einer Anschrift")
        return self


class Regel(Declared):
    """A rule across columns: an SQL condition over ``ziel`` names that every row meets (unknown counts as met)."""

    name: Name
    bedingung: str
    meldung: str


class Korrektur(Declared):
    """A known error of the supplier as data. ``erwartet`` is the number of rows it hits; any other number fails."""

    aktion: Literal["verwerfen", "setzen", "skalieren", "markieren", "vereinigen"]
    wenn: str
    erwartet: int
    grund: str
    #: ``setzen``/``skalieren``/``markieren``: column -> value or factor. ``vereinigen``: {raumeinheit_id: id of the area that takes the row in}.
    werte: dict[str, Any] = {}
    #: Reference dates of the deliveries it is meant for; empty: every delivery.
    stichtage: tuple[date, ...] = ()


class Berichtigung(Korrektur):
    """An entry of ``corrections.yml``: a correction and the table it is meant for."""

    quelle: Name
    #: The raw table, and its ``dateien`` where several declarations of the source fill it.
    tabelle: Name
    dateien: str | None = None
    #: Sheet, layer or level, where one file holds several tables.
    ebene: str | None = None


class Berichtigungen(Declared):
    """``corrections.yml``: what is known to be wrong in deliveries, beside the declarations, which say how they have to be."""

    korrekturen: tuple[Berichtigung, ...]


class Zulassung(Declared):
    """Somebody looked at a finding of the comparison and takes the delivery all the same: it then only warns."""

    stichtag: date
    befund: str
    grund: str
    spalte: str | None = None


class Vergleich(Declared):
    """What may change from one delivery to the next, as shares per year between the two reference dates."""

    #: Rows that may vanish or be added.
    rueckgang: float = Field(default=0.25, ge=0)
    anstieg: float = Field(default=1.0, ge=0)
    #: Change of the total of a number column.
    summe: float = Field(default=1.5, ge=0)
    #: The same bytes, or the same values of many areas, under another reference date. ``warnen`` for lists that hardly change.
    wiederholung: Literal["ablehnen", "warnen", "aus"] | None = None
    #: Columns swapped, values of another column, values beside their areas, a changed unit.
    vertauschung: Literal["ablehnen", "warnen", "aus"] = "ablehnen"
    #: Values of a text column that were not there before. ``aus`` for lists of things with names of their own and for headers with a date.
    kodes: Literal["ablehnen", "aus"] = "ablehnen"
    zulassen: tuple[Zulassung, ...] = ()


class Aufbewahrung(Declared):
    """How long person-level things stay, in days from receipt."""

    #: Originals, encrypted in the sealed zone; 0: not kept unless rows wait in quarantine.
    originale_tage: int = Field(default=0, ge=0)
    #: Originals of deliveries with rows in quarantine, so that a correction can let them in.
    quarantaene_tage: int = Field(default=90, ge=0)
    #: Rows in the raw zone; without it they stay. The counts made from them are frozen before.
    rohdaten_tage: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _originals_first(self) -> Aufbewahrung:
        if self.rohdaten_tage is not None and self.originale_tage > self.rohdaten_tage:
            raise ValueError("originale_tage reicht über rohdaten_tage hinaus; Originale dürfen die Rohdaten nicht überleben")
        return self


class Format(Declared):
    #: ``csv`` is read in bulk by DuckDB; ``csv_zellen`` cell by cell, for small files with footnotes or a header of several lines.
    art: Literal["csv", "csv_zellen", "geo", "xlsx", "zip", "sav", "qdpx"] = "csv"
    trennzeichen: str = ","
    kodierung: Literal["utf-8", "iso-8859-1", "cp1252", "utf-16"] = "utf-8"
    dezimal: Literal[".", ","] = "."
    datum: str = "%Y-%m-%d"
    #: Character between groups of three digits in a ``zahlzeichen`` column.
    tausender: Literal["", ".", " "] = ""
    #: Lines before the header.
    vorspann: int = 0
    #: ``xlsx`` and ``csv_zellen``: lines of the header, joined by " | ".
    kopfzeilen: int = Field(default=1, ge=1)
    #: ``xlsx`` and ``csv_zellen``: pattern at which the first cell of a line ends the table (footnotes, licence text).
    ende: str | None = None
    #: Not for ``csv`` and ``geo``: these columns stay, every other one becomes rows with its name as ``Merkmal`` and the cell
    #: as ``Wert`` (crosstabs, questionnaires). Patterns with ``*`` are allowed.
    bleiben: tuple[str, ...] = ()
    #: With ``bleiben``: columns that are not read at all (free text, the indentation of a crosstab).
    weglassen: tuple[str, ...] = ()
    #: Layer of a GeoPackage, sheet of a workbook (without it the first) or, for ``zip``, the CSV file in the archive.
    ebene: str | None = None
    #: Texts that stand for an empty cell ("null", "k. A.").
    leer: tuple[str, ...] = ()
    #: ``geo`` only: CRS of the coordinates as EPSG number.
    epsg: int | None = None

    @model_validator(mode="after")
    def _member_named(self) -> Format:
        if self.art == "zip" and not self.ebene:
            raise ValueError("art zip braucht ebene, den Namen der CSV-Datei im Archiv")
        if self.art == "csv" and (self.kopfzeilen > 1 or self.ende or self.bleiben or self.weglassen):
            raise ValueError("kopfzeilen, ende, bleiben und weglassen gibt es nicht für art csv, sondern für csv_zellen")
        return self


class Tabelle(Declared):
    """One kind of file in a delivery and the raw table it fills.

    ``dateien`` is a relative path with ``*`` and placeholders ``{jahr}``, ``{monat}``, ``{tag}`` or any name from
    ``platzhalter``; several tables may fill the same raw table (one per level of area, say).
    """

    tabelle: Name
    dateien: str
    format: Format = Format()
    spalten: tuple[Spalte, ...]
    #: File columns that are known and left out, ``*`` allowed.
    ignoriert: tuple[str, ...] = ()
    schluessel: tuple[Name, ...]
    #: Columns whose value is not in the rows: constant, from a placeholder of the path (``{ebene}`` mapped by ``platzhalter``)
    #: or ``{gebietsstand}``, the area version of the delivery.
    #: A list makes one copy of every row per value (one polygon file that is valid in two area versions).
    konstanten: dict[Name, str | int | float | tuple[str, ...]] = {}
    #: Text columns computed from the others by an SQL expression (the parent's key is the start of the child's).
    abgeleitet: dict[Name, str] = {}
    zeilen_minimum: int = 1
    zeilen_maximum: int | None = None
    #: Exact number of rows per value of a placeholder or per area version, e.g. {planungsraum: 448}.
    zeilen_genau: dict[str, int] = {}
    regeln: tuple[Regel, ...] = ()
    #: From ``corrections.yml``.
    korrekturen: tuple[Korrektur, ...] = ()
    #: Says nothing about persons though its source does (a codebook): stays when the source's rows are deleted.
    sachdaten: bool = False
    #: A delivery without this table is complete.
    optional: bool = False
    #: Own town as it stands at the end of written addresses ("Markt 1, 40721 Hilden"); another one there is not placed.
    ort: str | None = None
    #: The file repeats these columns for every child (a key table names each region once per area in it): keep each once.
    eindeutig: bool = False
    #: Largest share of rows that may wait in quarantine; without it see ``quarantaene``.
    quarantaene_anteil: float | None = Field(default=None, ge=0, le=1)
    vergleich: Vergleich = Vergleich()

    @model_validator(mode="after")
    def _columns_fit(self) -> Tabelle:
        targets = [s.ziel for s in self.spalten]
        known = [*targets, *self.konstanten, *self.abgeleitet]
        doubled = {t for t in known if known.count(t) > 1}
        if doubled:
            raise ValueError(f"Zielspalten mehrfach vergeben: {sorted(doubled)}")
        unread = {s.ziel for s in self.spalten if s.klasse in DROPPED}
        missing = set(self.schluessel) - (set(known) - unread)
        if missing:
            raise ValueError(f"Schlüssel nennt unbekannte Spalten: {sorted(missing)}")
        sides: dict[str | None, set[str]] = {}
        for spalte in self.spalten:
            if spalte.klasse in ADDRESS_PARTS:
                sides.setdefault(spalte.seite, set()).add(spalte.klasse)
        for side, parts in sides.items():
            if not {"strasse", "hausnummer"} <= parts:
                raise ValueError(f"zur Anschrift{f' {side}' if side else ''} gehören Spalten der Klassen strasse und hausnummer")
        for correction in self.korrekturen:
            foreign = set(correction.werte) - (set(known) - unread - set(self.abgeleitet))
            if foreign:
                raise ValueError(f"Korrektur nennt unbekannte Spalten: {sorted(foreign)}")
        return self

    @property
    def quarantaene(self) -> float:
        """Share of rows that may wait: as declared, else a thousandth, and none where rows carry counts: a missing count falsifies every sum."""
        if self.quarantaene_anteil is not None:
            return self.quarantaene_anteil
        counts = any(s.klasse == "zahl" and s.typ != "dezimal" for s in self.spalten)
        return 0.0 if counts else QUARANTINE_SHARE

    @property
    def kennung(self) -> str:
        """What tells this declaration from the others of its source, whatever their order."""
        return ":".join(filter(None, (self.tabelle, self.dateien, self.format.ebene)))

    @property
    def personal(self) -> bool:
        """Some column is of a personal class: the table has to be minimised before it is written."""
        return any(s.klasse in PERSONAL for s in self.spalten)


class Stichtag(Declared):
    """How the reference date follows from the path.

    ``datum`` is a date with placeholders of the path (by what they mean), ``jahr_versatz`` shifts its year: MSS 2021
    describes 31.12.2020.
    """

    datum: str
    jahr_versatz: int = 0


class Bezug(Declared):
    """Where a source lies with its supplier, to be fetched by the run (only with the setting ``bezug: true``)."""

    art: Literal["ordner", "sftp", "https"]
    #: A folder, ``sftp://user@host/folder`` or the https address of one file.
    adresse: str
    #: Which files of the folder, with ``*``; their names have to be those of ``dateien``.
    muster: str = "*"
    #: ``sftp`` only: private key to log in with, and the file of known hosts (the system's without it).
    schluesseldatei: Path | None = None
    known_hosts: Path | None = None


class Merkmal(Declared):
    """A quasi-identifier of a microdata extract: its column and how it may be coarsened, step by step."""

    spalte: Name
    beschreibung: str
    #: Name of the step -> {coarser category: codes it takes in}. Leaving the column out is always the last step.
    stufen: dict[Name, dict[str, tuple[str, ...]]] = {}
    #: Level of area of the column; its coarser levels are the steps then.
    gebiet: str | None = None


class Mikrodaten(Declared):
    """What of a survey may be handed out person by person, if it passes the test for anonymity."""

    tabelle: Name
    codebuch: Name
    #: What allows it; a consent that covers counts alone does not.
    rechtsgrundlage: str
    #: Column of the raw table that numbers persons; it never leaves.
    person: Name
    #: Columns with the question and its answer.
    frage: Name = "frage"
    antwort: Name = "code"
    #: SQL condition over the raw table's columns: whose answers count.
    nur_wenn: str = "true"
    merkmale: dict[Name, Merkmal]
    #: Questions whose answers may not follow from the quasi-identifiers alone.
    sensibel: tuple[str, ...] = Field(min_length=1)


def placeholders(text: str) -> set[str]:
    """Names in braces."""
    return set(re.findall(r"\{(\w+)\}", text))


class Quelle(Declared):
    """One source of one town."""

    quelle: Name
    name: str
    herausgeber: str
    lizenz: str
    rechtsgrundlage: str
    #: Needs a statistics office separated from the administration (§ 16 BStatG, Statistikgesetz of the Land).
    abschottung: bool
    personenbezug: bool
    #: For the record of processing activities, where there are persons: what for, whose data, and which of them are special (Art. 9 GDPR).
    zweck: str | None = None
    betroffene: str | None = None
    besondere_kategorien: tuple[str, ...] = ()
    #: Already published by its supplier: nothing in it needs protection any more.
    veroeffentlicht: bool = False
    #: Its figures are marked as provisional until a later delivery replaces them.
    vorlaeufig: bool = False
    #: Figures of a delivery that came within so many days after its Stichtag are provisional; a later one replaces them.
    vorlaeufig_tage: int | None = Field(default=None, ge=1)
    rhythmus: Literal["einmalig", "jaehrlich", "halbjaehrlich", "vierteljaehrlich", "monatlich", "unregelmaessig"]
    #: Annual reference date of the source, MM-DD; ``ist_jahreswert`` follows from it.
    jahresstichtag: str = Field(default="12-31", pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")
    #: Topics of ``kennzahlen.csv`` that this source fills; their counts are expected at every annual reference date since ``seit``.
    themen: tuple[Name, ...] = ()
    seit: date | None = None
    #: Days after the reference date until the delivery should be here; without it nothing is ever overdue.
    verzug_tage: int | None = Field(default=None, ge=0)
    #: Smallest count of this source that may leave, where it is not the town's.
    mindestzahl: int | None = Field(default=None, ge=1)
    #: From where a run fetches new files; without it they are brought.
    bezug: Bezug | None = None
    stichtag: Stichtag
    #: The reference date may lie ahead (boundaries from next year on, plans); else the file name of such a delivery is wrong.
    ankuendigung: bool = False
    #: Values of named placeholders in ``dateien``: name -> {text in the path: what it means}.
    platzhalter: dict[str, dict[str, str]] = {}
    #: Area version the delivery is written in: empty = the one valid on the Stichtag; else {value of ``{jahr}``: version} or {"*": version}.
    gebietsstand: dict[str, str] = {}
    #: Sources that have to be in before this one (area lists, addresses).
    nach: tuple[Name, ...] = ()
    aufbewahrung: Aufbewahrung = Aufbewahrung()
    #: Only surveys: without it nothing of persons ever leaves a source one by one.
    mikrodaten: Mikrodaten | None = None
    tabellen: tuple[Tabelle, ...]

    @model_validator(mode="after")
    def _persons_declared(self) -> Quelle:
        if any(t.personal for t in self.tabellen) and not self.personenbezug:
            raise ValueError("Spalten mit Personenbezug brauchen personenbezug: true")
        for tabelle in self.tabellen:
            there = placeholders(tabelle.dateien)
            if unknown := there - DATE_PLACEHOLDERS.keys() - self.platzhalter.keys():
                raise ValueError(f"dateien von {tabelle.tabelle} nennt Platzhalter, die platzhalter nicht erklärt: {sorted(unknown)}")
            if unknown := placeholders(self.stichtag.datum) - there:
                raise ValueError(f"stichtag nennt Platzhalter, die in dateien von {tabelle.tabelle} fehlen: {sorted(unknown)}")
            constants = [text for value in tabelle.konstanten.values() for text in (value if isinstance(value, tuple) else (value,)) if isinstance(text, str)]
            if unknown := set().union(*map(placeholders, constants)) - there - {"gebietsstand"}:
                raise ValueError(f"konstanten von {tabelle.tabelle} nennen Platzhalter, die in dateien fehlen: {sorted(unknown)}")
        if self.mikrodaten and (self.abschottung or any(t.personal for t in self.tabellen)):
            raise ValueError("mikrodaten gibt es nur für Befragungen ohne Kennungen von Personen, nie aus Registern und Sozialdaten")
        if contradicting := sorted({t.tabelle for t in self.tabellen if t.sachdaten} & {t.tabelle for t in self.tabellen if t.personal or not t.sachdaten}):
            raise ValueError(f"sachdaten und Personen in derselben Tabelle: {contradicting}")
        return self

    @property
    def personentabellen(self) -> frozenset[str]:
        """Raw tables of this source whose rows are about persons and go with its retention."""
        return frozenset(t.tabelle for t in self.tabellen if not t.sachdaten) if self.personenbezug else frozenset()


class Gebietsstand(Declared):
    id: Name
    gueltig_von: date
    gueltig_bis: date | None = None


class Ebene(Declared):
    id: Name
    name: str
    plural: str
    #: Stays in the sealed zone for good (block).
    intern: bool = False
    #: Each area of this level gets a profile in the Sozialreport; its finest level without one is drawn as a map only.
    profil: bool = False


class Stadt(Declared):
    """One town: areas, coordinate system, protection settings."""

    stadt: str
    name: str
    ags: str
    land: str
    simuliert: bool = False
    #: Separated statistics office: yes opens the sources with ``abschottung: true``.
    statistikstelle: bool
    epsg: int
    #: Coarse to fine.
    ebenen: tuple[Ebene, ...]
    gebietsstaende: tuple[Gebietsstand, ...]
    #: Smallest count that may leave; 1 .. mindestzahl-1 are suppressed.
    mindestzahl: int = Field(default=3, ge=1)
    #: Another town whose source declarations hold here too (own ones of the same name win).
    quellen_von: str | None = None
    #: How deliveries come into being where no folder is named: ``demo`` lets sources/demo simulate them.
    simulation: Literal["register", "tabellen"] | None = None

    @model_validator(mode="after")
    def _simulated_says_so(self) -> Stadt:
        if self.simulation and not self.simuliert:
            raise ValueError("simulation braucht simuliert: true")
        return self


#: Beside the declarations of a town.
CORRECTIONS = "corrections.yml"


class DeclarationError(ValueError):
    """A declaration that does not hold; the text is one German sentence naming file and key."""


def _load(path: Path, kind: type[Declared]) -> Any:
    try:
        return kind.model_validate(declared.read(path.read_bytes()) or {})
    except declared.Unreadable as error:
        raise DeclarationError(f"{path.name}{error}.") from None
    except ValidationError as error:
        raise DeclarationError(f"{path.name}: {declared.wrong(error)}.") from None


class City(BaseModel):
    """A town with all its sources, in the order in which they have to come in."""

    model_config = ConfigDict(frozen=True)
    stadt: Stadt
    quellen: tuple[Quelle, ...]
    folder: Path

    @property
    def logins(self) -> list[Path]:
        """Keys to log in to suppliers with."""
        return [q.bezug.schluesseldatei for q in self.quellen if q.bezug and q.bezug.schluesseldatei]

    def quelle(self, quelle_id: str) -> Quelle:
        return next(q for q in self.quellen if q.quelle == quelle_id)

    def gebietsstand_am(self, stichtag: date) -> str:
        """Area version valid on a date; DeclarationError where none is declared."""
        for version in self.stadt.gebietsstaende:
            if version.gueltig_von <= stichtag and (version.gueltig_bis is None or stichtag <= version.gueltig_bis):
                return version.id
        raise DeclarationError(f"city.yml: kein Gebietsstand gilt am {stichtag:%d.%m.%Y}; bitte unter gebietsstaende ergänzen.")


def available_cities(*folders: Path) -> dict[str, Path]:
    """Town id -> folder, earlier folders first; a folder counts when it holds a city.yml."""
    found: dict[str, Path] = {}
    for folder in folders:
        for candidate in sorted(folder.glob("*/city.yml")):
            found.setdefault(candidate.parent.name, candidate.parent)
    return found


def _corrected(quelle: Quelle | None, correction: Berichtigung, number: int) -> Quelle:
    """The source with one more correction at its table."""
    tables = list(quelle.tabellen) if quelle else []
    meant = [i for i, t in enumerate(tables) if t.tabelle == correction.tabelle and correction.dateien in (None, t.dateien) and correction.ebene in (None, t.format.ebene, t.konstanten.get("ebene"))]
    if quelle is None or len(meant) != 1:
        raise DeclarationError(
            f"{CORRECTIONS}, Eintrag {number}: {correction.quelle} hat {f'{len(meant)} passende' if meant else 'keine passenden'} Tabellen; bitte quelle und tabelle, "
            "wenn nötig auch dateien und ebene, wie in der Deklaration der Quelle angeben."
        )
    table = tables[meant[0]]
    given = Korrektur.model_validate(correction.model_dump(exclude={"quelle", "tabelle", "dateien", "ebene"}))
    try:
        tables[meant[0]] = Tabelle.model_validate(table.model_dump() | {"korrekturen": [*table.korrekturen, given]})
    except ValidationError as error:
        raise DeclarationError(f"{CORRECTIONS}, Eintrag {number}: {declared.wrong(error)}.") from None
    return quelle.model_copy(update={"tabellen": tuple(tables)})


def load_city(folder: Path) -> City:
    """Read city.yml, every <source>.yml and corrections.yml of a town and check them as a set.

    Raises DeclarationError: unknown key, wrong type, duplicate source, circular or unknown ``nach``, a correction of no table.
    """
    stadt = _load(folder / "city.yml", Stadt)
    if stadt.stadt != folder.name:
        raise DeclarationError(f"{folder.name}/city.yml: die Stadt heißt darin {stadt.stadt}; Ordner und stadt müssen gleich sein.")
    sources = {}
    paths = {p.name: p for p in folder.glob("*.yml")}
    corrections = _load(paths[CORRECTIONS], Berichtigungen).korrekturen if CORRECTIONS in paths else ()
    if stadt.quellen_von:
        inherited = available_cities(folder.parent, SHIPPED_CITIES).get(stadt.quellen_von)
        if inherited is None:
            raise DeclarationError(f"{folder.name}/city.yml: quellen_von nennt die unbekannte Stadt {stadt.quellen_von}.")
        if (inherited / CORRECTIONS).is_file():
            # What was wrong there is wrong here, too, where the source is the same.
            corrections = tuple(c for c in _load(inherited / CORRECTIONS, Berichtigungen).korrekturen if f"{c.quelle}.yml" not in paths) + corrections
        paths = {p.name: p for p in inherited.glob("*.yml")} | paths
    for name, path in sorted(paths.items()):
        if name in ("city.yml", CORRECTIONS):
            continue
        quelle = _load(path, Quelle)
        if any(t.korrekturen for t in quelle.tabellen):
            raise DeclarationError(f"{path.name}: korrekturen stehen in {CORRECTIONS}, nicht in der Deklaration der Quelle.")
        known = {level.id for level in stadt.ebenen} | {version.id for version in stadt.gebietsstaende}
        if unknown := {key for t in quelle.tabellen for key in t.zeilen_genau} - known:
            raise DeclarationError(f"{path.name}: zeilen_genau nennt {', '.join(sorted(unknown))}; möglich sind Ebenen und Gebietsstände der Stadt.")
        if quelle.quelle != path.stem:
            raise DeclarationError(f"{path.name}: die Quelle heißt darin {quelle.quelle}; Dateiname und quelle müssen gleich sein.")
        sources[quelle.quelle] = quelle
    for number, correction in enumerate(corrections, 1):
        sources[correction.quelle] = _corrected(sources.get(correction.quelle), correction, number)
    ordered: list[Quelle] = []
    waiting = dict(sources)
    while waiting:
        ready = [q for q in waiting.values() if all(n not in waiting for n in q.nach)]
        unknown = sorted({n for q in waiting.values() for n in q.nach} - set(sources))
        if unknown or not ready:
            raise DeclarationError(f"{folder.name}: nach nennt {unknown or 'einen Kreis'}; bitte die Reihenfolge der Quellen berichtigen.")
        for quelle in ready:
            ordered.append(waiting.pop(quelle.quelle))
    return City(stadt=stadt, quellen=tuple(ordered), folder=folder)


RAW_TYPES: dict[str, str] = {
    "text": "VARCHAR",
    "ganzzahl": "BIGINT",
    "dezimal": "DOUBLE",
    "datum": "DATE",
    "datum_unscharf": "VARCHAR",
    "zahlzeichen": "DOUBLE",
    "wkt": "VARCHAR",
}


def symbol(ziel: str) -> str:
    """Name of the column that keeps the table symbol of a ``zahlzeichen`` column."""
    return f"{ziel}_zeichen"


def raw_columns(tabelle: Tabelle) -> dict[str, str]:
    """Columns of a raw table as the door writes it: name -> DuckDB type, without ``zeile`` and ``datei``.

    Personal columns appear as what is left of them after minimising; the order is that of the declaration.
    """
    columns: dict[str, str] = {}
    address = False
    for spalte in tabelle.spalten:
        match spalte.klasse:
            case k if k in DROPPED:
                continue
            case k if k in ADDRESS_PARTS and spalte.seite:
                columns[f"{spalte.seite}_block_id"] = "VARCHAR"
            case "anschrift":
                columns |= {"block_id": "VARCHAR", "adressguete": "VARCHAR", "adresskandidaten": "VARCHAR"}
            case "name":
                columns[f"{spalte.ziel}_code"] = "VARCHAR"
                columns[f"{spalte.ziel}_phonetik_code"] = "VARCHAR"
            case "geburtsdatum":
                columns["geburtsmonat"] = "VARCHAR"
                columns["alter"] = "SMALLINT"
            case "strasse" | "hausnummer" | "hausnummernzusatz":
                address = True
            case _:
                columns[spalte.ziel] = RAW_TYPES[spalte.typ]
                if spalte.typ == "zahlzeichen":
                    columns[symbol(spalte.ziel)] = "VARCHAR"
    if address:
        columns["adresse_id"] = "VARCHAR"
        columns["block_id"] = "VARCHAR"
    for name, value in tabelle.konstanten.items():
        sample = value[0] if isinstance(value, tuple) else value
        columns[name] = {int: "INTEGER", float: "DOUBLE"}.get(type(sample), "VARCHAR")
    columns |= dict.fromkeys(tabelle.abgeleitet, "VARCHAR")
    return columns


def raw_tables(cities: list[City]) -> dict[str, dict[str, str]]:
    """Every raw table any town declares -> its columns; DeclarationError where two declarations disagree on a type."""
    tables: dict[str, dict[str, str]] = {}
    for city in cities:
        for quelle in city.quellen:
            for tabelle in quelle.tabellen:
                known = tables.setdefault(tabelle.tabelle, {})
                for column, kind in raw_columns(tabelle).items():
                    if known.setdefault(column, kind) != kind:
                        raise DeclarationError(
                            f"{city.stadt.stadt}/{quelle.quelle}.yml: {tabelle.tabelle}.{column} ist hier {kind}, anderswo {known[column]};"
                            " eine Rohtabelle hat in allen Städten dieselben Typen."
                        )
    return tables
