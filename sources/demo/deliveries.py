"""Writes what a town would deliver, in the formats in which it really arrives; same world, same bytes.

Knows only what a register or a survey office knows: real households, incomes and histories stay out (``truth``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyogrio
import shapely

from sources.demo import names
from sources.demo.defects import Defects
from sources.demo.draws import EPOCH
from sources.demo.households import FAMILIENSTAND, LP, VH
from sources.demo.town import OPEN, STADTBEREICHE, VERSIONS, Addresses, Areas
from sources.demo.world import ADULT, Home, State, World, completed_years

AGS = names.OWN_AGS
EPSG = 25832
#: Written into files that carry a time of their own making, so that the same seed gives the same bytes.
FILE_TIME = "2025-01-02T00:00:00Z"
MARK = "SIMULIERT: erfundene Stadt des Sozialraum-Warehouse, keine echten Personen, Adressen oder Gebiete."
CHUNK_ROWS = 100_000
OLDEST = 110  # tables list every age up to here, and further where somebody is older
SEXES, NATIONALITIES = ("m", "w", "d"), ("deutsch", "nichtdeutsch")
RELIGIONS = ("vd", "rk", "ev")
REMARKS = ("Ausweis abgelaufen, Person wurde angeschrieben", "Rückfrage beim Standesamt wegen Geburtsurkunde", "Postrücklauf, Anschrift geprüft")
REMARK_EVERY = 241
# Numbers of persons are spread over ten digits without repeating (a step that shares no factor with 10^10).
NUMBER_SPACE, NUMBER_STEP, NUMBER_START = 10**10, 7_368_787, 4_815_162_342
FIRST_DATE, DATES = (date(1890, 1, 1) - EPOCH).days, 80_000  # until 2109



# ---- small pieces -----------------------------------------------------------------------------------------------


def digits(values: np.ndarray, width: int) -> np.ndarray:
    """Decimal digits as bytes, zero-padded: (n, width)."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (values.astype(np.int64)[:, None] // powers % 10 + ord("0")).astype(np.uint8)


def text(characters: np.ndarray, known: np.ndarray | None = None) -> pa.Array:
    """Arrow strings from an (n, width) array of ASCII bytes, null where not ``known``."""
    rows, width = characters.shape
    offsets = pa.py_buffer(np.arange(0, rows * width + 1, width, dtype=np.int32))
    strings = pa.StringArray.from_buffers(rows, offsets, pa.py_buffer(np.ascontiguousarray(characters)))
    return strings if known is None else pa.compute.if_else(pa.array(known), strings, pa.scalar(None, pa.string()))


def choose(options: list[str] | tuple[str, ...] | pa.Array, which: np.ndarray) -> pa.Array:
    """``options[which]``, null where ``which`` is negative."""
    array = options if isinstance(options, pa.Array) else pa.array(options, pa.string())
    return array.take(pa.array(which, mask=which < 0))


@cache
def german_dates() -> pa.Array:
    """Every date as dd.mm.yyyy, then again with day 00, then with day and month 00."""
    day = (FIRST_DATE + np.arange(DATES)).astype("datetime64[D]")
    month, year = day.astype("datetime64[M]"), day.astype("datetime64[Y]")
    parts = [(day - month).astype(int) + 1, (month - year).astype(int) + 1, year.astype(int) + 1970]
    dot = np.full((DATES, 1), ord("."), np.uint8)
    exact = np.hstack([digits(parts[0], 2), dot, digits(parts[1], 2), dot, digits(parts[2], 4)])
    no_day, no_month = exact.copy(), exact.copy()
    no_day[:, :2] = no_month[:, :2] = no_month[:, 3:5] = ord("0")
    return text(np.concatenate([exact, no_day, no_month]))


def write_csv(path: Path, chunks: Iterator[dict[str, pa.Array]]) -> int:
    """Semicolons, ISO-8859-1, one header line; pyarrow writes UTF-8 only, so every chunk is transcoded. Returns the rows."""
    options = pyarrow.csv.WriteOptions(include_header=False, delimiter=";", quoting_style="none")
    rows, part = 0, path.with_name(path.name + ".part")
    with part.open("wb") as file:
        for chunk in chunks:
            table = pa.table(chunk)
            if not rows:
                file.write((";".join(table.column_names) + "\n").encode("latin-1"))
            sink = pa.BufferOutputStream()
            pyarrow.csv.write_csv(table, sink, options)
            file.write(str(sink.getvalue(), "utf-8").encode("latin-1"))
            rows += table.num_rows
    os.replace(part, path)
    return rows


# ---- areas and addresses ----------------------------------------------------------------------------------------


def write_areas(folder: Path, areas: Areas) -> list[Path]:
    """One GeoPackage per area version with a layer per level."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": FILE_TIME, "OGR_SQLITE_SYNCHRONOUS": "OFF"})
    try:
        for version, (begins, ends) in VERSIONS.items():
            path = folder / f"raumgliederung_{begins:%Y%m%d}.gpkg"
            part = path.with_name(path.stem + ".part.gpkg")
            part.unlink(missing_ok=True)
            for number, (level, keys, labels, parents, shapes) in enumerate(_levels(areas, version)):
                fields = {
                    "schluessel": np.array(keys, dtype=object),
                    "name": np.array(labels, dtype=object),
                    "gueltig_von": np.full(len(keys), begins, "datetime64[D]"),
                    "gueltig_bis": np.full(len(keys), ends or "NaT", "datetime64[D]"),
                    "flaeche_ha": np.round(shapely.area(shapes) / 10_000, 4),
                } | ({"gehoert_zu": np.array(parents, dtype=object)} if parents else {})
                pyogrio.raw.write(
                    part,
                    geometry=shapely.to_wkb(shapes),
                    field_data=list(fields.values()),
                    fields=list(fields),
                    layer=level,
                    driver="GPKG",
                    geometry_type="Polygon",
                    crs=f"EPSG:{EPSG}",
                    append=number > 0,
                    layer_options={"GEOMETRY_NAME": "geometry", "DESCRIPTION": MARK},
                )
            os.replace(part, path)
            files.append(path)
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None, "OGR_SQLITE_SYNCHRONOUS": None})
    return files


def _levels(areas: Areas, version: str) -> Iterator[tuple[str, list[str], list[str], list[str] | None, np.ndarray]]:
    """Level, keys, names, parents, polygons, coarse to fine; upper levels are unions of blocks."""
    sozialraum = areas.sozialraum[version]
    keys, place = areas.codes(version)
    bereich = np.array([key[:2] for key in keys])
    unions = np.array([shapely.coverage_union_all(areas.blocks[place == i]) for i in range(len(keys))])
    yield "stadt", [AGS], ["Hilden (simuliert)"], None, np.array([shapely.coverage_union_all(areas.blocks)])
    shapes = np.array([shapely.coverage_union_all(unions[bereich == key]) for key in STADTBEREICHE])
    yield "stadtbereich", list(STADTBEREICHE), list(STADTBEREICHE.values()), [AGS] * len(STADTBEREICHE), shapes
    yield "sozialraum", keys, [areas.names[version][key] for key in keys], bereich.tolist(), unions
    yield "block", areas.block_ids.tolist(), [f"Block {key}" for key in areas.block_ids], sozialraum.tolist(), areas.blocks


def street_keys(streets: int) -> list[str]:
    return [f"{10 * number:05d}" for number in range(1, streets + 1)]


def address_columns(houses: Addresses) -> dict[str, pa.Array]:
    """The three parts of an address as the register and the address list write them."""
    letters = pa.array([chr(ord("a") + i) for i in range(26)])
    return {
        "Strassenschluessel": choose(street_keys(len(houses.street_names)), houses.street),
        "Hausnummer": pa.array(houses.number).cast(pa.string()),
        "Zusatz": choose(letters, houses.suffix - 1),
    }


def write_addresses(folder: Path, areas: Areas, houses: Addresses, stichtag: date) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    dates = german_dates()
    key = address_columns(houses)

    def metres(values: np.ndarray) -> pa.Array:
        cents = np.round(values * 100).astype(np.int64)
        comma = np.full((len(cents), 1), ord(","), np.uint8)
        return text(np.hstack([digits(cents // 100, 7), comma, digits(cents % 100, 2)]))

    columns = {
        "Strassenschluessel": key["Strassenschluessel"],
        "Strasse": choose(houses.street_names, houses.street),
        "Hausnummer": key["Hausnummer"],
        "Zusatz": key["Zusatz"],
        "Block": choose(areas.block_ids.tolist(), houses.block),
        "Rechtswert": pa.compute.utf8_ltrim(metres(houses.xy[:, 0]), "0"),
        "Hochwert": metres(houses.xy[:, 1]),
        "Gueltig_von": choose(dates, houses.valid_from - FIRST_DATE),
        "Gueltig_bis": choose(dates, np.where(houses.valid_to == OPEN, -1, houses.valid_to - FIRST_DATE)),
    }
    path = folder / f"adressen_{stichtag:%Y%m%d}.csv"
    write_csv(path, iter([columns]))
    return path


# ---- persons ----------------------------------------------------------------------------------------------------


def person_numbers(who: np.ndarray) -> np.ndarray:
    """Number in the register; the order of numbers says nothing about who belongs together."""
    return (who.astype(np.int64) * NUMBER_STEP + NUMBER_START) % NUMBER_SPACE


class RegisterWriter:
    """Writes the stock of a reference date as a register extract; keeps the dictionaries between dates."""

    def __init__(self, world: World, defects: Defects | None = None) -> None:
        self.defects = defects
        self.dates = german_dates()
        self.surnames, self.first_names = pa.array(world.pools.surnames), pa.array(world.pools.first_names)
        self.places = pa.array(names.PLACE_KEYS + names.STATE_KEYS)
        self.states = pa.array(names.STATE_KEYS)
        self.address = address_columns(world.addresses)

    def write(self, folder: Path, world: World) -> tuple[Path, int]:
        folder.mkdir(parents=True, exist_ok=True)
        persons = world.persons
        main = world.residents
        second = np.flatnonzero((persons.state != State.ABSENT) & (persons.second_home >= 0))
        who = np.concatenate([main, second])
        is_second = np.arange(len(who)) >= len(main)
        order = np.lexsort((is_second, person_numbers(who)))
        who, is_second = who[order], is_second[order]
        self.numbers = text(digits(person_numbers(np.arange(len(persons))), 10))
        path = folder / f"bestand_{world.year}1231.csv"
        parts = range(0, len(who), CHUNK_ROWS)
        return path, write_csv(path, (self._columns(world, who[at : at + CHUNK_ROWS], is_second[at : at + CHUNK_ROWS]) for at in parts))

    def _columns(self, world: World, who: np.ndarray, is_second: np.ndarray) -> dict[str, pa.Array]:
        p = world.persons
        home = world.households.home[p.household[who]]
        address = np.where(is_second, p.second_home[who], 0)
        address[~is_second] = world.address_of(who[~is_second])
        minor = completed_years(world.register_birth(who), world.year) < ADULT
        numbers = person_numbers(who)
        missing, fuzzy, undated = p.lost[who], p.fuzzy[who], np.zeros(len(who), dtype=bool)
        surname = choose(self.surnames, p.surname[who])
        if self.defects:
            missing, fuzzy = missing | self.defects.lost(who), np.maximum(fuzzy, self.defects.fuzzy(who))
            undated, surname = self.defects.date_missing(who), self.defects.surnames(who, surname)

        def pointer(target: np.ndarray, lost: int, holds: np.ndarray) -> pa.Array:
            known = (target >= 0) & holds & (missing & lost == 0) & (p.state[target] == State.RESIDENT)
            return choose(self.numbers, np.where(known, target, -1))

        lock = np.where((home != Home.PRIVATE) & ~is_second, 1, np.where(p.lock[who], 0, -1))
        return {
            "Personennummer": choose(self.numbers, who),
            "Familienname": surname,
            "Geburtsname": choose(self.surnames, p.birth_name[who]),
            "Vornamen": choose(self.first_names, p.first_name[who]),
            "Geschlecht": choose(SEXES, p.sex[who]),
            "Geburtsdatum": choose(self.dates, p.birth[who] - FIRST_DATE + DATES * fuzzy.astype(np.int64)),
            "Geburtsort": choose(self.places, p.birth_place[who]),
            "Staat1": choose(self.states, p.nat1[who]),
            "Staat2": choose(self.states, p.nat2[who]),
            "DeutschArt": choose(("1", "2", "3", "4", "5"), p.german_kind[who] - 1),
            "Familienstand": choose(FAMILIENSTAND, p.status[who]),
            "Religion": choose(RELIGIONS, p.religion[who]),
            "Wohnungsart": choose(("H", "N"), is_second.astype(np.int8)),
            **{name: column.take(pa.array(address)) for name, column in self.address.items()},
            "EinzugAdresse": choose(self.dates, np.where(undated, -1, p.at_address[who] - FIRST_DATE)),
            "EinzugGemeinde": choose(self.dates, p.in_town[who] - FIRST_DATE),
            "Herkunft": choose(self.places, p.came_from[who]),
            "EhegatteNr": pointer(p.spouse[who], 1, np.isin(p.status[who], (VH, LP))),
            "Elternteil1Nr": pointer(p.mother[who], 2, minor),
            "Elternteil2Nr": pointer(p.father[who], 4, minor),
            "Sperrvermerk": choose(("51", "52"), lock),
            "Bemerkung": choose(REMARKS, np.where(numbers % REMARK_EVERY == 0, numbers % len(REMARKS), -1)),
        }


def write_tables(folder: Path, world: World, version: str) -> tuple[Path, int]:
    """Residents per Sozialraum, single year of age, sex and nationality; every combination, so that nobody is a fact too."""
    folder.mkdir(parents=True, exist_ok=True)
    who = world.residents
    keys, place = world.areas.codes(version)
    age = completed_years(world.register_birth(who), world.year)
    ages = max(OLDEST, int(age.max(initial=0))) + 1
    shape = (len(keys), ages, len(SEXES), len(NATIONALITIES))
    cell = np.ravel_multi_index((place[world.block_of(who)], age, world.persons.sex[who], (world.persons.nat1[who] > 0).astype(int)), shape)
    area, years, sex, nationality = (index.ravel() for index in np.indices(shape))
    columns = {
        "Sozialraum": choose(keys, area),
        "AlterVon": pa.array(years),
        "AlterBis": pa.array(years),
        "Geschlecht": choose(SEXES, sex),
        "Staatsangehoerigkeit": choose(NATIONALITIES, nationality),
        "Anzahl": pa.array(np.bincount(cell, minlength=area.size)),
    }
    path = folder / f"bevoelkerung_{world.year}1231.csv"
    return path, write_csv(path, iter([columns]))
