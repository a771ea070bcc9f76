"""The survey of residents: who is asked, who answers, what they say, and the two kinds of files in which it comes.

Answers follow the deprivation of the block, age and income of the same simulated people; who answers is not who was asked.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np

from sources.demo.draws import draw
from sources.demo.town import version_on
from sources.demo.world import ADULT, World, completed_years

#: Year -> in which form; the share of adults asked and what share of those asked answers on average.
WAVES = {2019: "limesurvey", 2023: "spss"}
ASKED, ANSWERED, NEUTRAL = 0.085, 0.36, 0.04
BROKEN_OFF, ITEM_MISSING, PERSON_MISSING = 0.05, 0.03, 0.01
AGES = (18, 30, 45, 65)
#: name -> (question, answers from good to bad, how deprivation, age (per 10 years above 50) and income move it, in standard deviations)
SCALES: dict[str, tuple[str, tuple[str, ...], tuple[float, float, float]]] = {
    "Q1": ("Wie zufrieden sind Sie mit dem Leben in Ihrem Stadtteil?", ("sehr zufrieden", "zufrieden", "teils, teils", "unzufrieden", "sehr unzufrieden"), (0.35, -0.05, -0.2)),
    "Q2": ("Die Menschen hier halten zusammen.", ("stimme voll zu", "stimme eher zu", "stimme eher nicht zu", "stimme gar nicht zu"), (0.3, -0.1, -0.1)),
    "Q3": ("Wie sicher fühlen Sie sich abends draußen in Ihrer Wohngegend?", ("sehr sicher", "eher sicher", "eher unsicher", "sehr unsicher"), (0.35, 0.1, -0.15)),
    "Q4": ("Wie gut erreichen Sie, was Sie täglich brauchen?", ("sehr gut", "gut", "weniger gut", "schlecht"), (0.05, 0.1, -0.05)),
    "Q7": ("Wie würden Sie Ihren Gesundheitszustand beschreiben?", ("sehr gut", "gut", "mittelmäßig", "schlecht"), (0.1, 0.25, -0.3)),
    "Q8": ("Wie oft fühlen Sie sich einsam?", ("nie", "selten", "manchmal", "oft"), (0.1, 0.05, -0.25)),
}
USED = ("Nachbarschaftstreff", "Stadtbücherei", "Sportverein", "Beratungsstelle", "nichts davon")
ENGAGED = "Engagieren Sie sich ehrenamtlich?"
NO_ANSWER, DO_NOT_KNOW = -9, -8
#: Where an SPSS file keeps the day and time it was written (offsets in its header).
SPSS_TIME = slice(92, 109)


def write(target: Path, world: World) -> list[Path]:
    if world.year not in WAVES:
        return []
    rng = world.rng("umfrage")
    day = date(world.year, 11, 30)
    keys, place = world.areas.codes(version_on(day))
    everybody = world.residents
    age = completed_years(world.register_birth(everybody), world.year)
    adults, age = everybody[age >= ADULT], age[age >= ADULT]
    # Small Sozialräume are asked more densely, so that each has enough answers.
    area = place[world.block_of(adults)]
    asked = draw(rng, 1 / np.sqrt(np.maximum(np.bincount(area, minlength=len(keys)), 1))[area], round(len(adults) * ASKED))
    foreign, block = world.persons.nat1[adults] > 0, world.block_of(adults)
    income, deprivation = world.households.income[world.persons.household[adults]], world.areas.deprivation[block]
    willing = ANSWERED * np.exp(0.012 * (np.minimum(age, 80) - 50) - 0.6 * foreign + 0.08 * income)
    here = asked[rng.random(len(asked)) < np.clip(willing[asked], 0.02, 0.9)]
    state = {name: values[here] for name, values in (("age", age), ("foreign", foreign), ("income", income), ("deprivation", deprivation), ("area", area))}
    sex = world.persons.sex[adults[here]]
    answers = _answers(rng, **{name: state[name] for name in ("age", "income", "deprivation")})
    person = [np.searchsorted(AGES, state["age"], side="right"), np.where(sex == 1, 1, np.where(sex == 0, 2, 3)), np.where(state["foreign"], 2, 1)]
    for column in person:
        column[rng.random(len(here)) < PERSON_MISSING] = 0
    sozialraum = [keys[n] for n in state["area"]]
    done = rng.random(len(here)) >= BROKEN_OFF
    folder = target / "umfrage"
    folder.mkdir(parents=True, exist_ok=True)
    report = folder / f"feldbericht_{world.year}.csv"
    report.write_text(f"Umfrage;Angeschrieben;Neutral\nEinwohnerbefragung {world.year};{len(asked)};{round(len(asked) * NEUTRAL)}\n", encoding="utf-8")
    if WAVES[world.year] == "limesurvey":
        return [report, *_limesurvey(folder, world.year, sozialraum, person, answers, done)]
    return [report, _spss(folder, world.year, sozialraum, person, answers)]


def _answers(rng: np.random.Generator, age: np.ndarray, income: np.ndarray, deprivation: np.ndarray) -> dict[str, np.ndarray]:
    """Question -> code 1..k, 0 = no answer; the set Q5 as one column per offer (1 = used), Q6 as 1 = yes, 2 = no."""
    count = len(age)
    result = {}
    for name, (_, options, (poor, old, rich)) in SCALES.items():
        latent = rng.normal(0, 1, count) + poor * deprivation + old * (age - 50) / 10 + rich * income
        cuts = np.quantile(rng.normal(0, 1.1, 4000), np.cumsum([0.28, 0.38, 0.22, 0.12, 0.06][: len(options) - 1]) / 1.06)
        result[name] = np.searchsorted(cuts, latent) + 1
        result[name][rng.random(count) < ITEM_MISSING] = 0
    chances = (0.10 + 0.05 * deprivation, 0.3 + 0.05 * income, 0.32 - 0.002 * (age - 50) + 0.04 * income, 0.07 + 0.04 * deprivation)
    used = np.column_stack([rng.random(count) < np.clip(chance, 0.01, 0.95) for chance in chances])
    used = np.column_stack([used, ~used.any(axis=1)])
    for number in range(len(USED)):
        result[f"Q5_{number + 1}"] = used[:, number].astype(int)
    result["Q6"] = np.where(rng.random(count) < np.clip(0.27 + 0.04 * income - 0.03 * deprivation, 0.02, 0.9), 1, 2)
    result["Q6"][rng.random(count) < ITEM_MISSING] = 0
    return result


def _limesurvey(folder: Path, year: int, sozialraum: list[str], person: list[np.ndarray], answers: dict[str, np.ndarray], done: np.ndarray) -> list[Path]:
    """Export of answer codes: who broke off has no submitdate and no later answers; a free text stands at the end."""
    names = {name: name if not name.startswith("Q5_") else f"Q5[SQ{int(name[3:]):03d}]" for name in answers}
    paths = [folder / f"antworten_{year}.csv", folder / f"codebuch_{year}.csv"]
    with paths[0].open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file, quoting=csv.QUOTE_ALL)
        out.writerow(["id", "submitdate", "lastpage", "startlanguage", "seed", "SR", "A1", "A2", "A3", *names.values(), "Q9"])
        for n, key in enumerate(sozialraum):
            who = [f"A{person[0][n]}" if person[0][n] else "", f"A{person[1][n]}" if person[1][n] else "", ("", "Y", "N")[person[2][n]]]
            said = []
            for place, (name, codes) in enumerate(answers.items()):
                code = codes[n] if done[n] or place < 3 else 0
                said.append((("", "Y")[code] if name.startswith("Q5_") else ("", "Y", "N")[code] if name == "Q6" else f"A{code}" if code else ""))
            out.writerow([n + 1, f"{year}-11-{n % 28 + 1:02d} 18:{n % 60:02d}:00" if done[n] else "", 4 if done[n] else 2, "de", 1000 + n, key, *who, *said, "mehr Bänke bitte" if n % 37 == 0 else ""])
    with paths[1].open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(["Variable", "Frage", "Code", "Bedeutung", "Fehlend"])
        for name, (question, options, _) in SCALES.items():
            out.writerows([name, question, f"A{n}", option, "nein"] for n, option in enumerate(options, 1))
        out.writerows([f"Q5[SQ{n:03d}]", f"Was haben Sie im letzten Jahr genutzt? {option}", "Y", option, "nein"] for n, option in enumerate(USED, 1))
        out.writerows(["Q6", ENGAGED, code, option, "nein"] for code, option in (("Y", "ja"), ("N", "nein")))
    return paths


def _spss(folder: Path, year: int, sozialraum: list[str], person: list[np.ndarray], answers: dict[str, np.ndarray]) -> Path:
    """An SPSS file with value labels and user-missing codes; same answers, same bytes."""
    import pandas as pd
    import pyreadstat

    data: dict[str, object] = {"id": np.arange(1.0, len(sozialraum) + 1), "sr": sozialraum}
    data |= {name: np.where(codes > 0, codes, NO_ANSWER).astype(float) for name, codes in zip(("alter", "geschlecht", "deutsch"), person, strict=True)}
    labels: dict[str, dict[int, str]] = {"alter": {1: "18 bis 29", 2: "30 bis 44", 3: "45 bis 64", 4: "65 und älter"}, "geschlecht": {1: "weiblich", 2: "männlich", 3: "divers"}, "deutsch": {1: "ja", 2: "nein"}}
    questions = {"id": "Laufende Nummer", "sr": "Sozialraum", "alter": "Alter", "geschlecht": "Geschlecht", "deutsch": "Deutsche Staatsangehörigkeit"}
    for name, codes in answers.items():
        low = name.lower()
        if name.startswith("Q5_"):
            option = USED[int(name[3:]) - 1]
            data[low], labels[low], questions[low] = codes.astype(float), {0: "nicht genannt", 1: option}, f"Was haben Sie im letzten Jahr genutzt? {option}"
            continue
        data[low] = np.where(codes > 0, codes, np.where(np.arange(len(codes)) % 3, NO_ANSWER, DO_NOT_KNOW)).astype(float)
        options = ("ja", "nein") if name == "Q6" else SCALES[name][1]
        labels[low] = dict(enumerate(options, 1))
        questions[low] = ENGAGED if name == "Q6" else SCALES[name][0]
    for name in labels:
        if not name.startswith("q5_"):
            labels[name] |= {NO_ANSWER: "keine Angabe", DO_NOT_KNOW: "weiß nicht"}
    data["q9"] = ["mehr Bänke bitte" if n % 41 == 0 else "" for n in range(len(sozialraum))]
    questions["q9"] = "Was fehlt Ihnen im Stadtteil?"
    frame = pd.DataFrame(data)
    path = folder / f"befragung_{year}.sav"
    missing = {name: [{"lo": NO_ANSWER, "hi": DO_NOT_KNOW}] for name in labels if not name.startswith("q5_")}
    pyreadstat.write_sav(frame, path, column_labels=[questions[name] for name in frame.columns], variable_value_labels=labels, missing_ranges=missing)
    content = bytearray(path.read_bytes())
    content[SPSS_TIME] = b"02 Jan 2500:00:00"[: SPSS_TIME.stop - SPSS_TIME.start]
    path.write_bytes(content)
    return path
