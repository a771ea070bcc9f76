"""Day care, schools and the school-entry examination, counted from the children who really live in the town."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np

from sources.demo import calibration
from sources.demo.themen.orte import Places, metres, places, write_lines
from sources.demo.themen.tabellen import Cell, write_xlsx
from sources.demo.town import version_on
from sources.demo.world import World, completed_years

#: Share of children in day care below three years (zero, one, two) and from three on; NRW about 30 % and 92 %.
IN_CARE = {0: 0.02, 1: 0.32, 2: 0.62, 3: 0.90, 4: 0.95, 5: 0.96}
#: What an income one standard deviation higher adds to the odds of a place below three, of 45 hours, of the Gymnasium.
INCOME_CARE, INCOME_GYMNASIUM = 0.35, 0.9
FORTY_FIVE_HOURS = 0.47
#: How fast a place becomes unlikely with distance (m), and seats per child expected at the start.
REACH_M, SEATS_PER_CHILD = 700.0, 1.06
GRADES = range(6, 10)
LEAVES_GRADE_4 = 10
TARGETS = ("Gymnasium", "Gesamtschule", "Realschule", "Sekundarschule", "Hauptschule")
#: Share of a cohort that comes to the examination; findings at average income; what income and a foreign language at home change (logits).
EXAMINED, SPEECH, OVERWEIGHT, CHECKUPS = 0.98, -1.75, -2.2, 1.9
INCOME_FINDING, FOREIGN_SPEECH = -0.45, 1.1
#: The published school index is in nine classes, from these values of the mean deprivation of the pupils' blocks on.
INDEX_STEPS = np.linspace(-1.1, 1.4, 8)
SCHOOL_FORMS = {"Grundschule": "02", "Hauptschule": "04", "Realschule": "10", "Sekundarschule": "14", "Gesamtschule": "15", "Gymnasium": "20"}
FIRST_SCHOOL_NUMBER = 990_000


def logistic(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def children(world: World, ages: range | list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Residents of these completed years at the end of the year, and their age."""
    who = world.residents
    age = completed_years(world.register_birth(who), world.year)
    wanted = np.isin(age, list(ages))
    return who[wanted], age[wanted]


def allot(rng: np.random.Generator, world: World, here: Places, chosen: np.ndarray, who: np.ndarray, seats: np.ndarray) -> np.ndarray:
    """A facility (position in ``chosen``) for every child: near ones and large ones more often."""
    home = world.addresses.xy[world.address_of(who)]
    distance = np.hypot(*(home[:, None, :] - here.xy[chosen][None]).transpose(2, 0, 1))
    weight = np.cumsum(np.exp(-distance / REACH_M) * seats[None, :] + 1e-12, axis=1)
    return (weight < rng.random(len(who))[:, None] * weight[:, -1:]).sum(axis=1)


def write(target: Path, world: World) -> list[Path]:
    files = [*_schools(target / "schulen", world), _examination(target / "einschulung" / f"schuleingang_{world.year}.xlsx", world)]
    # The children of the end of the year are those of the first of March after it.
    if world.year < calibration.LAST_YEAR:
        files.append(_day_care(target / "kita" / f"kibiz_{world.year + 1}0301.xlsx", world))
    return files


def _day_care(path: Path, world: World) -> Path:
    rng, here = world.rng("day care"), places(world)
    chosen = here.standing(world.year, "kita")
    who, age = children(world, range(6))
    income = world.households.income[world.persons.household[who]]
    odds = np.array([IN_CARE[a] for a in range(6)])[age]
    probability = np.where(age < 3, logistic(np.log(odds / (1 - odds)) + INCOME_CARE * income), odds)
    cared = rng.random(len(who)) < probability
    who, age = who[cared], age[cared]
    size = 1.0 + (here.number[chosen] % 4)
    kita = allot(rng, world, here, chosen, who, size)
    young = age < 3
    counted = {name: np.bincount(kita[part], minlength=len(chosen)) for name, part in (("u3", young), ("ue3", ~young), ("45h", rng.random(len(who)) < FORTY_FIVE_HOURS))}
    # A licence is for whole groups and holds for years, so it exceeds or falls short of this year's children.
    noise = 1 + 0.08 * np.sin(here.number[chosen] * 1.7)
    seats = {name: np.maximum(2, np.round(counted[name] * SEATS_PER_CHILD * noise)).astype(int) for name in ("u3", "ue3")}
    rows: list[list[Cell]] = [
        [f"Belegung der Kindertageseinrichtungen am 01.03.{world.year + 1} (SIMULIERT)"],
        ["Einrichtung", None, None, None, "Lage", None, "Öffnung", "Plätze", None, None, "Betreute Kinder", None, None],
        ["Nr.", "Name", "Träger", "Anschrift", "Rechtswert", "Hochwert", "Zeiten", "gesamt", "U3", "Ü3", "U3", "Ü3", "45 Std."],
    ]
    for n, place in enumerate(chosen.tolist()):
        u3, ue3 = int(seats["u3"][n]), int(seats["ue3"][n])
        rows.append([
            f"K{here.number[place]:03d}", here.name[place], here.supporter[place], here.spelled[place], float(here.xy[place, 0]), float(here.xy[place, 1]),
            "Mo-Fr 07:00-16:30", u3 + ue3, u3, ue3, int(counted["u3"][n]), int(counted["ue3"][n]), int(counted["45h"][n]),
        ])  # fmt: skip
    rows.append(["Ü3: bis zum Schuleintritt. Ohne Kindertagespflege."])
    return write_xlsx(path, {"Belegung": rows}, {"Belegung": ["A2:D2", "E2:F2", "H2:J2", "K2:M2"]})


def _schools(folder: Path, world: World) -> list[Path]:
    """Directory in the form of the Land's, and the transitions after grade four."""
    rng, here = world.rng("schools"), places(world)
    primary, secondary = here.standing(world.year, "grundschule"), here.standing(world.year, "weiterfuehrend")
    pupils, _ = children(world, GRADES)
    school = allot(rng, world, here, primary, pupils, np.ones(len(primary)))
    count = np.bincount(school, minlength=len(primary))
    burden = np.bincount(school, world.areas.deprivation[world.block_of(pupils)], len(primary)) / np.maximum(count, 1)
    index = 1 + np.searchsorted(INDEX_STEPS, burden)
    older, _ = children(world, range(10, 18))
    share = 1.0 + (here.number[secondary] % 3)
    further = np.bincount(allot(rng, world, here, secondary, older, share * 3), minlength=len(secondary))
    head = ["Schulnummer", "Schulform", "Schulbezeichnung_1", "Schulbezeichnung_2", "Schulbezeichnung_3", "Kurzbezeichnung", "PLZ", "Ort", "Strasse", "Rechtsform",
            "Gemeindeschluessel", "Schulbetriebsdatum", "EPSG", "UTMRechtswert", "UTMHochwert", "Anzahl", "Sozialindex"]  # fmt: skip
    rows: list[list[object]] = []
    for chosen, numbers, indices in ((primary, count, index), (secondary, further, np.zeros(len(secondary), int))):
        for n, place in enumerate(chosen.tolist()):
            rows.append([
                school_number(here, place), SCHOOL_FORMS[here.detail[place]], here.name[place], "", "", f"Hilden, {here.name[place]}", "40721", "Hilden", here.spelled[place], "1",
                "05158016", "01.08.1973", f"EPSG:{25832}", f"{here.xy[place, 0]:.0f}", f"{here.xy[place, 1]:.0f}", int(5 * round(numbers[n] / 5)), int(indices[n]) or "null",
            ])  # fmt: skip
    directory = folder / f"schulverzeichnis_{world.year}.csv"
    # As the Land's file: a line for the spreadsheet first, a delimiter after the last column name, everything in quotes.
    write_lines(directory, rows, before="sep=;\n" + ";".join(head) + ";\n", quote=csv.QUOTE_ALL)
    return [directory, _transitions(folder / f"uebergaenge_{world.year}.csv", rng, world, here, primary)]


def school_number(here: Places, place: int) -> str:
    return str(FIRST_SCHOOL_NUMBER + int(here.number[place]) + (500 if here.kind[place] == "weiterfuehrend" else 0))


def _transitions(path: Path, rng: np.random.Generator, world: World, here: Places, primary: np.ndarray) -> Path:
    who, _ = children(world, [LEAVES_GRADE_4])
    school = allot(rng, world, here, primary, who, np.ones(len(primary)))
    income = world.households.income[world.persons.household[who]]
    gymnasium = rng.random(len(who)) < logistic(-0.35 + INCOME_GYMNASIUM * income)
    other = rng.choice(np.arange(1, len(TARGETS)), len(who), p=[0.55, 0.22, 0.18, 0.05])
    form = np.where(gymnasium, 0, other)
    table = np.zeros((len(primary), len(TARGETS)), int)
    np.add.at(table, (school, form), 1)
    rows: list[list[object]] = [["Schulnummer", "Zielschulform", "Uebergaenge"]]
    rows += [[school_number(here, place), name, int(table[n, at])] for n, place in enumerate(primary.tolist()) for at, name in enumerate(TARGETS) if table[n, at]]
    return write_lines(path, rows)


def _examination(path: Path, world: World) -> Path:
    """Health office: one cohort per Sozialraum of residence, small numbers, a dash for none."""
    rng = world.rng("school entry")
    keys, place = world.areas.codes(version_on(date(world.year, 12, 31)))
    who, _ = children(world, [6])
    who = who[rng.random(len(who)) < EXAMINED]
    income = world.households.income[world.persons.household[who]]
    foreign = (world.persons.nat1[who] > 0) | (world.persons.generation[who] > 0)
    speech = rng.random(len(who)) < logistic(SPEECH + INCOME_FINDING * income + FOREIGN_SPEECH * foreign)
    overweight = rng.random(len(who)) < logistic(OVERWEIGHT + INCOME_FINDING * income)
    checkups = rng.random(len(who)) < logistic(CHECKUPS - INCOME_FINDING * income)
    area = place[world.block_of(who)]
    names = world.areas.names[version_on(date(world.year, 12, 31))]
    rows: list[list[Cell]] = [
        [f"Schuleingangsuntersuchung, Einschulungsjahrgang {world.year}/{(world.year + 1) % 100:02d} (SIMULIERT)"],
        ["Wohnort", None, "Untersuchte Kinder", "davon", None, None],
        ["Nr.", "Sozialraum", "insgesamt", "sprachauffällig", "übergewichtig", "U3 bis U9 vollständig"],
    ]
    counts = [np.bincount(area[part], minlength=len(keys)) for part in (np.ones(len(who), bool), speech, overweight, checkups)]
    rows += [[key, names[key], *(int(column[n]) or "-" for column in counts)] for n, key in enumerate(keys)]
    rows.append(["Befunde nach Bielefelder Modell; ohne Kinder, die außerhalb untersucht wurden."])
    return write_xlsx(path, {"Jahrgang": rows}, {"Jahrgang": ["A2:B2", "D2:F2"]})
