"""SGB XII (chapters 3 and 4), AsylbLG, Wohngeld and SGB VIII as the town's own software gives them out.

With a statistics office: lists of cases with addresses as clerks type them. Without one: counts per Sozialraum.
Persons and addresses are those of the world; who receives what says ``transfer``.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from sources.demo.deliveries import DATES, FIRST_DATE, SEXES, choose, german_dates, write_csv
from sources.demo.draws import pick
from sources.demo.themen import amtlich
from sources.demo.themen.tabellen import write_xlsx
from sources.demo.themen.transfer import Transfers, lasting, transfers
from sources.demo.town import version_on
from sources.demo.world import ADULT, World

#: Help for upbringing per 1,000 below 21 at average means, and its kinds with weights (§§ of SGB VIII).
HELPS_PER_CHILD = 0.03
HELPS = {"27": 0.05, "29": 0.03, "30": 0.18, "31": 0.27, "32": 0.06, "33": 0.13, "34": 0.14, "35": 0.01, "35a": 0.13}
YOUNG_ADULT_HELP = "41"
HELP_UNTIL, HELP_LASTS = 21, 0.7  # share of what decides that belongs to the child, not to the year
ASSESSMENTS_PER_CHILD = 0.013
RESULTS = {"akute Gefährdung": 0.14, "latente Gefährdung": 0.15, "Hilfebedarf": 0.36, "keine Gefährdung": 0.35}
#: How clerks write addresses; what is left is written as the directory has it.
SHORT_STREET, BLANKS, TYPO, WRONG_NUMBER, RANGE, CAPITAL_SUFFIX = 0.3, 0.08, 0.006, 0.002, 0.01, 0.3
ELSEWHERE = 0.006  # moved away since, case not closed
ELSEWHERE_TOWNS = ("40764 Langenfeld", "42781 Haan", "40699 Erkrath")
POSTCODES = ("40721", "40723", "40724")
LOWEST_CASE, CASES = 1_000_000, 9_000_000


def write(target: Path, world: World) -> list[Path]:
    drawn = transfers(world)
    cases = _cases(world, drawn)
    files = _tables(target, world, cases) if world.modus == "tabellen" else _lists(target, world, cases)
    asylum = cases["asylblg"]
    women = world.persons.sex[asylum["person"]] == 1
    published = {"Empfänger": len(women), "Empfängerinnen": int(women.sum()), "Leistungen nach § 2": int((asylum["what"] == "§ 2").sum())}
    whole = dict.fromkeys(("Empfängerinnen", "Leistungen nach § 2"), "Empfänger")
    return [*files, *amtlich.own_cases(target, world.year, "22221", "Empfänger von Asylbewerberregelleistungen", published, whole)]


def _cases(world: World, drawn: Transfers) -> dict[str, dict[str, np.ndarray]]:
    """Per list: the persons, what they receive, persons and children of their household."""
    p, who, age = world.persons, drawn.who, drawn.age
    house = p.household[who]
    size = np.bincount(house, minlength=len(world.households))
    minors = np.bincount(house[age < ADULT], minlength=len(world.households))
    poor = np.clip(1.3 - 0.55 * drawn.score, 0.15, 4)

    kind = np.select([drawn.subsistence, drawn.basic_reduced, drawn.basic_old], [0, 1, 2], -1)
    cases = {"sgb12": (np.flatnonzero(kind >= 0), np.array(["3 HLU", "4 Erwerbsminderung", "4 Alter"])[kind[kind >= 0]])}
    cases["asylblg"] = (np.flatnonzero(drawn.asylum), np.where((world.year_end - p.came[who[drawn.asylum]]) < 540, "§ 3", "§ 2"))
    cases["wohngeld"] = (np.flatnonzero(drawn.housing), np.full(int(drawn.housing.sum()), "Mietzuschuss"))

    rng = world.rng("help for upbringing")
    chance = HELP_LASTS * lasting(world, "help", len(p))[who] + (1 - HELP_LASTS) * rng.random(len(p))[who]
    young = np.flatnonzero((age < HELP_UNTIL) & (p.birth[who] <= world.year_end))
    wanted = round(HELPS_PER_CHILD * len(young))
    helped = young[np.sort(np.argsort(chance[young] / poor[young], kind="stable")[:wanted])]
    paragraph = np.array(list(HELPS))[np.searchsorted(np.cumsum(list(HELPS.values())), lasting(world, "paragraph", len(p))[who[helped]]).clip(max=len(HELPS) - 1)]
    cases["hilfen"] = (helped, np.where(age[helped] >= ADULT, YOUNG_ADULT_HELP, paragraph))
    children = np.flatnonzero(age < ADULT)
    rng = world.rng("child protection")
    assessed = children[rng.random(len(children)) < ASSESSMENTS_PER_CHILD * poor[children] / poor[children].mean()]
    cases["gefaehrdung"] = (assessed, np.array(list(RESULTS))[pick(rng, np.array(list(RESULTS.values())), len(assessed))])
    return {name: {"person": who[at], "what": what, "size": size[house[at]], "minors": minors[house[at]]} for name, (at, what) in cases.items()}


# ---- lists with addresses --------------------------------------------------------------------------------------


def _addresses(world: World, who: np.ndarray, step: str) -> tuple[list[str], list[str], list[str]]:
    """Street, number and "postcode town" as typed: abbreviations, missing blanks, slips, ranges, people who moved away."""
    rng, houses = world.rng(f"typed addresses {step}"), world.addresses
    at = world.address_of(who)
    dice = rng.random((8, len(who)))
    streets, numbers, towns = [], [], []
    for n, address in enumerate(at.tolist()):
        street, number, suffix = houses.street_names[houses.street[address]], int(houses.number[address]), int(houses.suffix[address])
        if dice[0, n] < SHORT_STREET:
            street = street.replace("straße", "str.").replace("Straße", "Str.")
        elif dice[0, n] < SHORT_STREET + BLANKS:
            street = street.replace("straße", "-Strasse").replace("ß", "ss")
        if dice[1, n] < TYPO:
            cut = 1 + int(dice[2, n] * (len(street) - 3))
            street = street[:cut] + street[cut + 1] + street[cut] + street[cut + 2 :]
        if dice[3, n] < WRONG_NUMBER:
            number += 900
        text = str(number)
        if suffix:
            letter = chr(ord("a") + suffix - 1)
            text += ("" if dice[4, n] < 0.5 else " ") + (letter.upper() if dice[5, n] < CAPITAL_SUFFIX else letter)
        elif dice[6, n] < RANGE:
            text += f"-{number + 2}"
        streets.append(street)
        numbers.append(text)
        away = int(dice[7, n] / ELSEWHERE * len(ELSEWHERE_TOWNS))
        towns.append(ELSEWHERE_TOWNS[away] if away < len(ELSEWHERE_TOWNS) else f"{POSTCODES[address % len(POSTCODES)]} Hilden")
    return streets, numbers, towns


def _case_numbers(world: World, who: np.ndarray, letter: str) -> pa.Array:
    """Numbers of files as offices give them; the same person keeps the same one."""
    return pa.array([f"{letter}{LOWEST_CASE + int(person) * 7 % CASES}/{int(person) % 10}" for person in who])


def _lists(target: Path, world: World, cases: dict[str, dict[str, np.ndarray]]) -> list[Path]:
    p, year, dates = world.persons, world.year, german_dates()
    files = []

    def person(who: np.ndarray) -> dict[str, pa.Array]:
        return {
            "Nachname": choose(world.pools.surnames, p.surname[who]),
            "Vorname": choose(world.pools.first_names, p.first_name[who]),
            "Geburtsdatum": choose(dates, p.birth[who] - FIRST_DATE + DATES * p.fuzzy[who].astype(np.int64)),
            "Geschlecht": choose(SEXES, p.sex[who]),
        }

    def foreign(who: np.ndarray) -> pa.Array:
        return choose(("deutsch", "nichtdeutsch"), (p.nat1[who] > 0).astype(np.int8))

    of = cases["sgb12"]
    who = of["person"]
    street, number, town = _addresses(world, who, "sgb12")
    columns = {"Aktenzeichen": _case_numbers(world, who, "S"), **person(who), "Staatsangehoerigkeit": foreign(who)}
    columns |= {"Kapitel": pa.array([what[0] for what in of["what"]]), "Art": pa.array([what[2:] for what in of["what"]])}
    columns |= {"Strasse": pa.array(street), "Hausnummer": pa.array(number), "PLZ_Ort": pa.array(town)}
    files.append(_csv(target / "sgb12" / f"sgb12_{year}1231.csv", columns))

    of = cases["asylblg"]
    who = of["person"]
    street, number, town = _addresses(world, who, "asylblg")
    rows: list[list[str | int | float | None]] = [[f"Leistungsempfänger AsylbLG, Stichtag 31.12.{year} (SIMULIERT)", *[None] * 7]]
    rows.append(["Az.", "Name", "Geb.-Datum", "Geschl.", "Leistung nach", "Haushalt (Az.)", "Anschrift", "Ort"])
    columns = person(who)
    names = [f"{last}, {first}" for last, first in zip(columns["Nachname"].to_pylist(), columns["Vorname"].to_pylist(), strict=True)]
    common = _case_numbers(world, p.household[who], "H").to_pylist()
    for row in zip(_case_numbers(world, who, "A").to_pylist(), names, columns["Geburtsdatum"].to_pylist(), columns["Geschlecht"].to_pylist(),
                   of["what"].tolist(), common, [f"{s} {n}" for s, n in zip(street, number, strict=True)], town, strict=True):  # fmt: skip
        rows.append(list(row))
    files.append(write_xlsx(target / "asylblg" / f"asylblg_{year}1231.xlsx", {"Empfänger": rows}))

    of = cases["wohngeld"]
    who = of["person"]
    street, number, town = _addresses(world, who, "wohngeld")
    columns = {"Wohngeldnummer": _case_numbers(world, who, "W"), "Antragsteller": person(who)["Nachname"], "Art": pa.array(of["what"])}
    columns |= {"PersonenImHaushalt": pa.array(of["size"]), "KinderUnter18": pa.array(of["minors"])}
    columns["Anschrift"] = pa.array([f"{s} {n}, {t}" for s, n, t in zip(street, number, town, strict=True)])
    files.append(_csv(target / "wohngeld" / f"wohngeld_{year}1231.csv", columns))

    for name, letter, column in (("hilfen", "J", "Paragraf"), ("gefaehrdung", "G", "Ergebnis")):
        of = cases[name]
        who = of["person"]
        street, number, town = _addresses(world, who, name)
        columns = {"Fallnummer": _case_numbers(world, who, letter), **person(who), "Staatsangehoerigkeit": foreign(who), column: pa.array(of["what"])}
        columns["Anschrift"] = pa.array([f"{s} {n}, {t}" for s, n, t in zip(street, number, town, strict=True)])
        files.append(_csv(target / "sgb8" / f"{name}_{year}1231.csv", columns))
    return files


def _csv(path: Path, columns: dict[str, pa.Array]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Addresses hold commas and the declared delimiter is the semicolon, so nothing has to be quoted.
    write_csv(path, iter([columns]))
    return path


# ---- counts per Sozialraum -------------------------------------------------------------------------------------


def _tables(target: Path, world: World, cases: dict[str, dict[str, np.ndarray]]) -> list[Path]:
    """Long tables: one line per Sozialraum and figure, nothing left out, so that none is a fact too."""
    keys, place = world.areas.codes(version_on(date(world.year, 12, 31)))
    figures = _figures(world, cases)
    files = []
    for source, counts in figures.items():
        columns = {
            "Sozialraum": pa.array([key for key in keys for _ in counts]),
            "Merkmal": pa.array([name for _ in keys for name in counts]),
            "Anzahl": pa.array(np.array([np.bincount(place[world.block_of(who)], weight, len(keys)) for who, weight in counts.values()]).T.ravel().astype(np.int64)),
        }
        files.append(_csv(target / f"{source}_tabellen" / f"{source}_{world.year}1231.csv", columns))
    return files


def _figures(world: World, cases: dict[str, dict[str, np.ndarray]]) -> dict[str, dict[str, tuple[np.ndarray, np.ndarray | None]]]:
    """Source -> figure -> (persons counted, what each counts for)."""
    p = world.persons

    def age(who: np.ndarray) -> np.ndarray:
        birth = world.register_birth(who).astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
        return world.year - birth

    sgb12, asylum, helps, risk, housing = (cases[name] for name in ("sgb12", "asylblg", "hilfen", "gefaehrdung", "wohngeld"))

    def pick_of(of: dict[str, np.ndarray], condition: np.ndarray, weight: str = "") -> tuple[np.ndarray, np.ndarray | None]:
        return of["person"][condition], of[weight][condition] if weight else None

    chapter = np.array([what[0] for what in sgb12["what"]], dtype=str)
    kind = np.array([what[2:] for what in sgb12["what"]], dtype=str)
    years, young = age(sgb12["person"]), age(helps["person"])
    basic = chapter == "4"
    women, foreign = p.sex[sgb12["person"]] == 1, p.nat1[sgb12["person"]] > 0
    _, households = np.unique(p.household[asylum["person"]], return_index=True)
    seekers = age(asylum["person"])
    first = np.zeros(len(asylum["person"]), dtype=bool)
    first[households] = True
    every = np.ones(len(housing["person"]), dtype=bool)
    para, result = helps["what"].astype(str), risk["what"].astype(str)
    assessed = age(risk["person"])
    return {
        "sgb12": {
            "sgb12_hlu": pick_of(sgb12, ~basic),
            "sgb12_hlu_0_17": pick_of(sgb12, ~basic & (years < ADULT)),
            "sgb12_gsi": pick_of(sgb12, basic),
            "sgb12_gsi_alter": pick_of(sgb12, kind == "Alter"),
            "sgb12_gsi_em": pick_of(sgb12, kind == "Erwerbsminderung"),
            "sgb12_gsi_alter_80_plus": pick_of(sgb12, (kind == "Alter") & (years >= 80)),
            "sgb12_gsi_alter_weiblich": pick_of(sgb12, (kind == "Alter") & women),
            "sgb12_gsi_nichtdeutsch": pick_of(sgb12, basic & foreign),
        },
        "asylblg": {
            "asylblg_empfaenger": pick_of(asylum, seekers >= 0),
            "asylblg_0_17": pick_of(asylum, seekers < ADULT),
            "asylblg_weiblich": pick_of(asylum, p.sex[asylum["person"]] == 1),
            "asylblg_analog": pick_of(asylum, asylum["what"] == "§ 2"),
            "asylblg_haushalte": pick_of(asylum, first),
        },
        "wohngeld": {
            "wohngeld_haushalte": pick_of(housing, every),
            "wohngeld_haushalte_1_person": pick_of(housing, housing["size"] == 1),
            "wohngeld_haushalte_mit_kindern": pick_of(housing, housing["minors"] > 0),
            "wohngeld_personen": pick_of(housing, every, "size"),
            "wohngeld_kinder": pick_of(housing, every, "minors"),
        },
        "sgb8": {
            "hze": pick_of(helps, young >= 0),
            "hze_ambulant": pick_of(helps, np.isin(para, ("27", "29", "30", "31", "35"))),
            "hze_teilstationaer": pick_of(helps, para == "32"),
            "hze_vollzeitpflege": pick_of(helps, para == "33"),
            "hze_heim": pick_of(helps, para == "34"),
            "hze_eingliederung": pick_of(helps, para == "35a"),
            "hze_volljaehrige": pick_of(helps, para == "41"),
            "hze_0_5": pick_of(helps, young < 6),
            "hze_6_13": pick_of(helps, (young >= 6) & (young < 14)),
            "hze_14_17": pick_of(helps, (young >= 14) & (young < ADULT)),
            "hze_18_plus": pick_of(helps, young >= ADULT),
            "gefaehrdung_8a": pick_of(risk, assessed >= 0),
            "gefaehrdung_8a_0_5": pick_of(risk, assessed < 6),
            "gefaehrdung_8a_akut": pick_of(risk, result == "akute Gefährdung"),
            "gefaehrdung_8a_latent": pick_of(risk, result == "latente Gefährdung"),
            "gefaehrdung_8a_hilfebedarf": pick_of(risk, result == "Hilfebedarf"),
            "gefaehrdung_8a_keine": pick_of(risk, result == "keine Gefährdung"),
        },
    }
