"""What no register knows, for measuring methods: real households, histories, incomes, every event. Plain Parquet.

Written only where asked for, never next to deliveries; nothing in the pipeline reads it.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from sources.demo import names
from sources.demo.deliveries import AGS, SEXES, choose, digits, person_numbers, text
from sources.demo.households import Role
from sources.demo.town import VERSIONS
from sources.demo.world import ADULT, Event, Home, World, completed_years

HOUSEHOLD_TYPES = (
    "einrichtung",
    "einperson",
    "paar_ohne_kind",
    "paar_mit_minderjaehrigen",
    "alleinerziehend",
    "paar_mit_erwachsenem_kind",
    "elternteil_mit_erwachsenem_kind",
    "drei_generationen",
    "sonstige",
)
#: Migration history as people lived it: none, came themselves, born here with one or two parents not born German.
MIGRATION = ("ohne", "selbst_zugewandert", "ein_elternteil", "beide_eltern")
EVENTS = {
    Event.BIRTH: "geburt",
    Event.DEATH: "sterbefall",
    Event.ARRIVAL: "zuzug",
    Event.DEPARTURE: "fortzug",
    Event.MOVE: "umzug",
    Event.NATURALISATION: "einbuergerung",
}
HOMES = ("privat", "altenheim", "gemeinschaftsunterkunft", "schutzeinrichtung")


def household_types(world: World, who: np.ndarray) -> np.ndarray:
    """Position in HOUSEHOLD_TYPES for every household, from who really lives together; -1 where nobody does."""
    p, count = world.persons, len(world.households)
    household = p.household[who]

    def together(other: np.ndarray) -> np.ndarray:
        return (other >= 0) & (p.household[other] == household)

    def number(of: np.ndarray) -> np.ndarray:
        return np.bincount(household[of], minlength=count)

    minor = completed_years(world.register_birth(who), world.year) < ADULT
    coupled = together(p.partner[who])
    with_parent = together(p.mother[who]) | together(p.father[who])
    child = (with_parent | (p.role[who] == Role.CHILD)) & ~coupled
    parents_here = np.concatenate([p.mother[who][together(p.mother[who])], p.father[who][together(p.father[who])]])
    is_parent = np.zeros(len(p), dtype=bool)
    is_parent[parents_here] = True
    middle = with_parent & is_parent[who]
    size, minors, couples, children = np.bincount(household, minlength=count), number(minor), number(coupled) // 2, number(child)
    kind = np.select(
        [
            size == 0,
            world.households.home != Home.PRIVATE,
            size == 1,
            number(middle) > 0,
            (couples == 1) & (minors > 0) & (size == 2 + children),
            (couples == 0) & (minors > 0) & (size == 1 + children),
            (couples == 1) & (children > 0) & (size == 2 + children),
            (couples == 0) & (children > 0) & (size == 1 + children),
            (couples == 1) & (size == 2),
        ],
        [-1, 0, 1, 7, 3, 4, 5, 6, 2],
        8,
    )
    return kind


class TruthWriter:
    """Writes the truth into one folder: persons per reference date, counts per year and area, events at the end."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.persons: pa.parquet.ParquetWriter | None = None
        self.counts: list[pa.Table] = []

    def stock(self, world: World) -> None:
        """Everybody with the main residence in town on the last day of the year."""
        p, who = world.persons, world.residents
        kind = household_types(world, who)
        households = np.flatnonzero(kind >= 0)
        position = np.zeros(len(kind), dtype=np.float64)
        order = households[np.argsort(world.households.income[households], kind="stable")]
        position[order] = (np.arange(len(order)) + 0.5) / max(len(order), 1)
        household = p.household[who]
        migration = np.select([p.generation[who] == 1, p.sides[who] == 1, p.sides[who] == 2], [1, 2, 3], 0)
        table = pa.table(
            {
                "stichtag": pa.array(np.full(len(who), date(world.year, 12, 31), "datetime64[D]")),
                "personennummer": text(digits(person_numbers(who), 10)),
                "haushalt_id": pa.array(household.astype(np.int64)),
                "haushaltstyp": choose(HOUSEHOLD_TYPES, kind[household]),
                "wohnform": choose(HOMES, world.households.home[household]),
                "migration": choose(MIGRATION, migration),
                "herkunftsstaat": choose(names.STATE_KEYS, np.where(p.origin[who] > 0, p.origin[who], -1)),
                "zuwanderung": pa.array(p.came[who].astype("datetime64[D]"), mask=p.generation[who] != 1),
                "einkommensposition": pa.array(position[household]),
                "partner": text(digits(person_numbers(p.partner[who]), 10), p.partner[who] >= 0),
                "mutter": text(digits(person_numbers(p.mother[who]), 10), p.mother[who] >= 0),
                "vater": text(digits(person_numbers(p.father[who]), 10), p.father[who] >= 0),
                "geburtsdatum": pa.array(p.birth[who].astype("datetime64[D]")),
                "alter": pa.array(completed_years(world.register_birth(who), world.year).astype(np.int16)),
                "geschlecht": choose(SEXES, p.sex[who]),
                "staatsangehoerigkeit1": choose(names.STATE_KEYS, p.nat1[who]),
                "block_id": choose(world.areas.block_ids.tolist(), world.block_of(who)),
            }
        )
        if self.persons is None:
            self.persons = pa.parquet.ParquetWriter(self.folder / "truth_personen.parquet", table.schema, compression="zstd")
        self.persons.write_table(table)

    def count(self, world: World) -> None:
        """Residents, foreign nationals, households and households with children of every area, in both area versions."""
        p, who = world.persons, world.residents
        block = world.block_of(who)
        kind = household_types(world, who)
        households = np.flatnonzero(kind > 0)
        home = world.addresses.block[world.dwellings.address[world.households.dwelling[households]]]
        with_children = np.isin(households, world.families())
        foreign = p.nat1[who] > 0
        blocks = len(world.areas.block_ids)
        measured = [np.bincount(block, minlength=blocks), np.bincount(block[foreign], minlength=blocks)]
        measured += [np.bincount(home, minlength=blocks), np.bincount(home[with_children], minlength=blocks)]
        for version in VERSIONS:
            sozialraum = world.areas.sozialraum[version]
            levels = {
                "stadt": np.full(blocks, AGS),
                "stadtbereich": np.array([key[:2] for key in sozialraum]),
                "sozialraum": sozialraum,
                "block": world.areas.block_ids,
            }
            for level, keys in levels.items():
                known, place = np.unique(keys, return_inverse=True)
                sums = [np.bincount(place, counts, len(known)).astype(np.int64) for counts in measured]
                self.counts.append(
                    pa.table(
                        {
                            "stichtag": pa.array(np.full(len(known), date(world.year, 12, 31), "datetime64[D]")),
                            "gebietsstand": pa.array([version] * len(known)),
                            "ebene": pa.array([level] * len(known)),
                            "raumeinheit_id": pa.array(known.tolist()),
                            **dict(zip(("einwohner", "auslaender", "haushalte", "haushalte_mit_kindern"), sums, strict=True)),
                        }
                    )
                )

    def close(self, world: World) -> None:
        """Every event of every year and the counts."""
        if self.persons is not None:
            self.persons.close()
        pa.parquet.write_table(pa.concat_tables(self.counts), self.folder / "truth_bestand.parquet", compression="zstd")
        blocks = world.areas.block_ids.tolist()
        text_columns = [(name, pa.string()) for name in ("personennummer", "block_von", "block_nach")]
        schema = pa.schema([("jahr", pa.int16()), ("ereignis", pa.string()), ("datum", pa.date32()), *text_columns])
        with pa.parquet.ParquetWriter(self.folder / "truth_bewegungen.parquet", schema, compression="zstd") as writer:
            for part in world.log:
                columns = [
                    pa.array(part["year"]),
                    choose(list(EVENTS.values()), part["event"]),
                    pa.array(part["day"].astype("datetime64[D]")),
                    text(digits(person_numbers(part["person"]), 10)),
                    choose(blocks, part["block_from"]),
                    choose(blocks, part["block_to"]),
                ]
                writer.write_table(pa.table(columns, schema=schema))
        (self.folder / "SIMULIERT.txt").write_text("Wahrheit der Simulation; gehört zu keiner Lieferung.\n", encoding="utf-8")
