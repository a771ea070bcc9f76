"""Movements of one year: the register's extract with both addresses of every event, or counts per Sozialraum.

Events, days, blocks and addresses are those of the world's log, so that stocks and movements balance; only when an event
was processed and where somebody went is drawn here.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from sources.demo import calibration, names
from sources.demo.deliveries import DATES, FIRST_DATE, SEXES, address_columns, choose, digits, german_dates, person_numbers, text, write_csv
from sources.demo.draws import pick
from sources.demo.town import version_on
from sources.demo.world import ADULT, Event, Home, World, completed_years

#: Kind of event as the register writes it.
KINDS = {Event.BIRTH: "GEB", Event.DEATH: "STE", Event.ARRIVAL: "ZUZ", Event.DEPARTURE: "FOR", Event.MOVE: "UMZ", Event.NATURALISATION: "EIN"}
#: Mean days between event and entry; people register late, civil registry and naturalisation office report soon.
DAYS_UNTIL_ENTRY = {Event.BIRTH: 9, Event.DEATH: 6, Event.ARRIVAL: 12, Event.DEPARTURE: 25, Event.MOVE: 12, Event.NATURALISATION: 5}
LAST_ENTRY_AFTER_YEAR = 45  # the extract is made in the middle of February
#: Share of foreign nationals who leave for their own state, and of Germans who leave for any.
RETURNS, EMIGRATES = 0.45, 0.04
UNKNOWN_DESTINATION = 0.06  # taken off the register by the authority

#: Columns of the table for towns without a statistics office: kind of event, side of it, further condition.
COUNTS: dict[str, tuple[Event, str, str]] = {
    "Geburten": (Event.BIRTH, "to", ""),
    "Sterbefaelle": (Event.DEATH, "from", ""),
    "Zuzuege": (Event.ARRIVAL, "to", ""),
    "Fortzuege": (Event.DEPARTURE, "from", ""),
    "Umzuege_zu": (Event.MOVE, "to", ""),
    "Umzuege_fort": (Event.MOVE, "from", ""),
    "Einbuergerungen": (Event.NATURALISATION, "from", ""),
    "Sterbefaelle_0_64": (Event.DEATH, "from", "unter 65"),
    "Zuzuege_0_17": (Event.ARRIVAL, "to", "minderjährig"),
    "Fortzuege_0_17": (Event.DEPARTURE, "from", "minderjährig"),
    "Umzuege_zu_0_17": (Event.MOVE, "to", "minderjährig"),
    "Umzuege_fort_0_17": (Event.MOVE, "from", "minderjährig"),
    "Zuzuege_nichtdeutsch": (Event.ARRIVAL, "to", "nichtdeutsch"),
    "Fortzuege_nichtdeutsch": (Event.DEPARTURE, "from", "nichtdeutsch"),
    "Zuzuege_Ausland": (Event.ARRIVAL, "to", "Ausland"),
    "Fortzuege_Ausland": (Event.DEPARTURE, "from", "Ausland"),
}


def write(target: Path, world: World) -> list[Path]:
    """Nothing at the first end of year: what happened before it is not simulated."""
    parts = [part for part in world.log if len(part["year"]) and part["year"][0] == world.year]
    if world.year == calibration.FIRST_YEAR or not parts:
        return []
    events = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((events["event"], person_numbers(events["person"]), events["day"]))
    events = {name: values[order] for name, values in events.items()}
    place = _other_place(world, events)
    return [_register(target, world, events, place) if world.modus == "register" else _table(target, world, events, place)]


def _other_place(world: World, events: dict[str, np.ndarray]) -> np.ndarray:
    """Where arrivals came from and departures went: position in places and states, -1 unknown or none. Who leaves a household together goes to one place."""
    p, rng, who = world.persons, world.rng("movements destination"), events["person"]
    _, together = np.unique(p.household[who] * np.int64(2**20) + events["day"], return_inverse=True)
    count = int(together.max(initial=-1)) + 1
    state = np.zeros(count, dtype=np.int64)
    np.maximum.at(state, together, p.nat1[who].astype(np.int64))
    dice = rng.random((2, count))
    other = pick(rng, names.STATE_WEIGHT, count)
    place = np.where(state > 0, np.where(dice[0] < RETURNS, len(names.PLACES) + state, -2), np.where(dice[0] < EMIGRATES, len(names.PLACES) + other, -2))
    place = np.where(place == -2, pick(rng, names.PLACE_WEIGHT, count), place)
    place = np.where(dice[1] < UNKNOWN_DESTINATION, -1, place)[together]
    return np.select([events["event"] == Event.ARRIVAL, events["event"] == Event.DEPARTURE], [p.came_from[who], place], -1)


def _register(target: Path, world: World, events: dict[str, np.ndarray], place: np.ndarray) -> Path:
    p, rng, who = world.persons, world.rng("movements processed"), events["person"]
    mean = np.array([DAYS_UNTIL_ENTRY[event] for event in Event])[events["event"]]
    entered = np.minimum(events["day"] + 1 + np.floor(rng.exponential(mean)).astype(np.int64), world.year_end + LAST_ENTRY_AFTER_YEAR)
    dates = german_dates()
    address = address_columns(world.addresses)
    naturalised = events["event"] == Event.NATURALISATION
    before = np.where(naturalised, np.where(p.nat2[who] >= 0, p.nat2[who], p.origin[who]), -1)
    lock = np.where(world.households.home[p.household[who]] != Home.PRIVATE, 1, np.where(p.lock[who], 0, -1))

    def at(side: str) -> dict[str, pa.Array]:
        where = events[f"address_{side}"]
        mark = {"from": "Von", "to": "Nach"}[side]
        return {f"{mark}_{name}": column.take(pa.array(where, mask=where < 0)) for name, column in address.items()}

    columns = {
        "Personennummer": text(digits(person_numbers(who), 10)),
        "Ereignis": choose(list(KINDS.values()), events["event"]),
        "Ereignisdatum": choose(dates, events["day"] - FIRST_DATE),
        "Verarbeitungsdatum": choose(dates, entered - FIRST_DATE),
        "Geburtsdatum": choose(dates, p.birth[who] - FIRST_DATE + DATES * p.fuzzy[who].astype(np.int64)),
        "Geschlecht": choose(SEXES, p.sex[who]),
        "Staat1": choose(names.STATE_KEYS, p.nat1[who]),
        "StaatVorher": choose(names.STATE_KEYS, before),
        **at("from"),
        **at("to"),
        "Gegenort": choose(names.PLACE_KEYS + names.STATE_KEYS, place),
        "Sperrvermerk": choose(("51", "52"), lock),
    }
    path = target / "melderegister_bewegung" / f"bewegung_{world.year}1231.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(path, iter([columns]))
    return path


def _table(target: Path, world: World, events: dict[str, np.ndarray], place: np.ndarray) -> Path:
    p, who = world.persons, events["person"]
    keys, area = world.areas.codes(version_on(date(world.year, 12, 31)))
    age = completed_years(world.register_birth(who), world.year)
    holds = {"": np.ones(len(who), bool), "unter 65": age < 65, "minderjährig": age < ADULT, "nichtdeutsch": p.nat1[who] > 0, "Ausland": place >= len(names.PLACES)}

    def count(event: Event, side: str, condition: str) -> pa.Array:
        of_kind = (events["event"] == event) & holds[condition]
        return pa.array(np.bincount(area[events[f"block_{side}"][of_kind]], minlength=len(keys)))

    path = target / "bewegung_tabellen" / f"bewegung_{world.year}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(path, iter([{"Sozialraum": pa.array(keys), **{name: count(*of) for name, of in COUNTS.items()}}]))
    return path
