"""Survey answers person by person, for a stated purpose and after a recorded approval; refused where persons could be told.

Reads the raw tables of sources that declare ``mikrodaten``, which the declarations allow to surveys only. Writes into the sealed
zone and nowhere else; decides by methods.disclosure.microdata.
"""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from methods.disclosure.microdata import Assessment, assess, culprits, passing
from orchestration.approval import Discussion, checked
from orchestration.failures import PermanentFailure
from orchestration.resources import Workplace
from sources.model import Merkmal, Mikrodaten, Quelle
from warehouse.connect import connect, literal
from warehouse.ledger import utc_now
from warehouse.paths import PRIVATE, private_files
from warehouse.publish import MAY_SEE, checksums

#: The audience of microdata; the field class of quasi-identifiers has no other.
AUDIENCE = "intern"
EVENT = "mikrodaten"
SHORTEST_PURPOSE = 10
LEFT_OUT = "ohne"
PROPOSALS = 3


@dataclass(frozen=True)
class Level:
    """One step of a quasi-identifier: its values per person, None where unknown; no values at all where it is left out."""

    name: str
    values: tuple[str | None, ...]
    categories: dict[str, str]


@dataclass(frozen=True)
class Extract:
    """What was written."""

    folder: Path
    persons: int
    withheld: int
    assessment: Assessment


def extract(place: Workplace, delivery_id: str | None, purpose: str, discussion: Discussion, coarsened: dict[str, str]) -> Extract:
    """Test, record and write an extract; PermanentFailure says why not and which coarsening would pass."""
    assert AUDIENCE in MAY_SEE["quasi"]
    with place.locked(), private_files():
        entry, quelle = _delivery(place, delivery_id)
        if len(purpose.strip()) < SHORTEST_PURPOSE:
            raise PermanentFailure("Der Zweck fehlt; bitte mit --zweck in einem Satz angeben, wofür die Antworten gebraucht werden.")
        discussion, roles = checked(place, discussion)
        declared = quelle.mikrodaten
        assert declared is not None
        persons, answers, questions, codebook = _read(place, entry["lieferung_id"], declared)
        levels = {name: _levels(place, entry["gebietsstand"], merkmal, persons[merkmal.spalte]) for name, merkmal in declared.merkmale.items()}
        chosen = _chosen(levels, coarsened)
        # What the codebook marks as missing is no answer that could give anything away.
        missing = {(row[0], row[2]) for row in codebook if row[4] == "ja"}
        sensitive = {q: [None if (q, code) in missing else code for code in answers[q]] for q in questions if q.lower() in declared.sensibel}
        rule = (place.settings.mikrodaten_k, place.settings.mikrodaten_l)
        count = len(answers[questions[0]])
        shown = {name: level for name, level in chosen.items() if level.name != LEFT_OUT}
        # Answers link the rows of two extracts: persons have to hide from whoever holds all of them.
        earlier = [facts["stufen"] for row in place.ledger.chain() if row["ereignis"] == EVENT and (facts := json.loads(row["angaben"]))["lieferung_id"] == entry["lieferung_id"]]
        known = {name: next(level for level in steps if level.name in {chosen[name].name, *(steps_of[name] for steps_of in earlier)}) for name, steps in levels.items()}
        before = assess([level.values for level in known.values()], sensitive, *rule, count)
        if before.share_at_risk > place.settings.mikrodaten_zurueckgehalten:
            raise PermanentFailure(_refusal(place, before, levels, known, chosen, sensitive, rule))
        keep = sorted(set(range(count)) - set(before.at_risk))
        after = assess([[level.values[i] for i in keep] for level in shown.values()], {q: [column[i] for i in keep] for q, column in sensitive.items()}, *rule, len(keep))
        record = {
            "lieferung_id": entry["lieferung_id"], "zweck": purpose.strip(), "rechtsgrundlage": declared.rechtsgrundlage, "zielgruppe": AUDIENCE,
            "datum": discussion.day.isoformat() if discussion.day else None, "rollen": roles, "besprechung": discussion.comments.strip(), "simuliert": discussion.simulated,
            "stufen": {name: level.name for name, level in chosen.items()}, "k": rule[0], "l": rule[1], "befragte": len(keep), "zurueckgehalten": len(before.at_risk),
        }  # fmt: skip
        number = 1 + sum(1 for row in place.ledger.chain() if row["ereignis"] == EVENT)
        folder = place.home.microdata / f"{number:04d}-{entry['lieferung_id']}"
        draft = folder.with_name(f".{folder.name}")
        for leftover in (draft, folder):
            shutil.rmtree(leftover, ignore_errors=True)
        draft.mkdir(parents=True, mode=PRIVATE)
        weights = _weights(place, entry["lieferung_id"], persons[declared.person], [tuple(level.values[i] for level in shown.values()) for i in range(count)], set(keep))
        _write(draft, record, declared, shown, answers, questions, codebook, keep, weights, before, after)
        with place.ledger.transaction():
            place.ledger.link(EVENT, record | {"dateien": checksums(draft)}, utc_now().isoformat())
            draft.rename(folder)
        return Extract(folder, len(keep), len(before.at_risk), after)


def _delivery(place: Workplace, delivery_id: str | None) -> tuple[dict[str, Any], Quelle]:
    surveys = {q.quelle: q for q in place.city.quellen if q.mikrodaten}
    active = {row["lieferung_id"]: row for row in place.ledger.deliveries("angenommen") if row["aktiv"]}
    there = sorted(name for name, row in active.items() if row["quelle_id"] in surveys)
    if delivery_id is None and len(there) == 1:
        delivery_id = there[0]
    if delivery_id not in active:
        raise PermanentFailure(f"Bitte die Lieferung einer Befragung mit --lieferung nennen; es gibt {', '.join(there) or 'keine'}.")
    if active[delivery_id]["quelle_id"] not in surveys:
        raise PermanentFailure(f"{delivery_id}: Einzelangaben gibt es nur aus Befragungen, deren Deklaration mikrodaten nennt, nie aus Registern und Sozialdaten.")
    return active[delivery_id], surveys[active[delivery_id]["quelle_id"]]


def _read(place: Workplace, delivery_id: str, declared: Mikrodaten) -> tuple[dict[str, list[str | None]], dict[str, list[str | None]], list[str], list[tuple[Any, ...]]]:
    """(columns per person, answers per question, questions, codebook), persons in one order."""
    files = place.home.raw / declared.tabelle / f"delivery={delivery_id}"
    if not files.is_dir():
        raise PermanentFailure(f"{delivery_id}: Die Antworten sind nach Ablauf der Aufbewahrung gelöscht; es gibt sie nur noch ausgezählt.")
    columns = [declared.person, *(merkmal.spalte for merkmal in declared.merkmale.values())]
    with connect(home=place.home, settings=place.settings) as db:
        db.execute("set temp_directory = ''")
        db.execute(f"create temp table antwort as select * from read_parquet({literal(files / '*.parquet')}, union_by_name = true) where {declared.nur_wenn}")
        person = db.execute(f"select {', '.join(f'any_value({c})' for c in columns)} from antwort group by {declared.person} order by {declared.person}").fetchall()
        place_of = {row[0]: number for number, row in enumerate(person)}
        questions = [row[0] for row in db.execute(f"select distinct {declared.frage} from antwort order by 1").fetchall()]
        answers: dict[str, list[str | None]] = {question: [None] * len(person) for question in questions}
        for who, question, code in db.execute(f"select {declared.person}, {declared.frage}, {declared.antwort} from antwort").fetchall():
            answers[question][place_of[who]] = code
        codebook = []
        if (path := place.home.raw / declared.codebuch / f"delivery={delivery_id}").is_dir():
            codebook = db.execute(f"select distinct frage, fragetext, code, bedeutung, fehlend from read_parquet({literal(path / '*.parquet')}, union_by_name = true) order by all").fetchall()
    if not questions:
        raise PermanentFailure(f"{delivery_id}: keine Antworten.")
    return {name: [row[i] for row in person] for i, name in enumerate(columns)}, answers, questions, codebook


def _levels(place: Workplace, gebietsstand: str, merkmal: Merkmal, values: list[str | None]) -> list[Level]:
    """From fine to coarse; the last one leaves the quasi-identifier out."""
    levels = [Level("wie_geliefert", tuple(values), {})]
    for name, categories in merkmal.stufen.items():
        coarse = {code: category for category, codes in categories.items() for code in codes}
        if unknown := sorted({value for value in values if value is not None} - coarse.keys()):
            raise PermanentFailure(f"Die Stufe {name} ordnet {', '.join(unknown)} keiner Gruppe zu; bitte in der Deklaration ergänzen.")
        levels.append(Level(name, tuple(None if value is None else coarse[value] for value in values), {category: ", ".join(codes) for category, codes in categories.items()}))
    if merkmal.gebiet:
        order = [level.id for level in place.city.stadt.ebenen]
        parents = _parents(place, gebietsstand)
        here = values
        for level in reversed(order[1 : order.index(merkmal.gebiet)]):
            here = [None if value is None else parents[value] for value in here]
            levels.append(Level(level, tuple(here), {}))
    return [*levels, Level(LEFT_OUT, (None,) * len(values), {})]


def _parents(place: Workplace, gebietsstand: str) -> dict[str, str]:
    with connect() as db:
        folders = literal(place.home.raw / "raumeinheit" / "delivery=*" / "*.parquet")
        rows = db.execute(f"select distinct raumeinheit_id, uebergeordnet_id from read_parquet({folders}, union_by_name = true) where gebietsstand = ? and uebergeordnet_id is not null", [gebietsstand]).fetchall()
    return dict(rows)


def _chosen(levels: dict[str, list[Level]], coarsened: dict[str, str]) -> dict[str, Level]:
    if unknown := sorted(coarsened.keys() - levels.keys()):
        raise PermanentFailure(f"--vergroebern kennt {', '.join(unknown)} nicht; möglich sind {', '.join(levels)}.")
    chosen = {}
    for name, steps in levels.items():
        wanted = coarsened.get(name, steps[0].name)
        level = next((step for step in steps if step.name == wanted), None)
        if level is None:
            raise PermanentFailure(f"{name} hat keine Stufe {wanted}; möglich sind {', '.join(step.name for step in steps)}.")
        chosen[name] = level
    return chosen


def _refusal(
    place: Workplace, found: Assessment, levels: dict[str, list[Level]], known: dict[str, Level], chosen: dict[str, Level], sensitive: dict[str, list[str | None]], rule: tuple[int, int],
) -> str:  # fmt: skip
    """One sentence on what fails and why, one on what would pass. ``known`` is what an attacker has, earlier extracts included."""
    share = place.settings.mikrodaten_zurueckgehalten
    blame = [f"{name} (ohne: {left})" for name, left in culprits({name: level.values for name, level in known.items()}, sensitive, *rule, found.persons) if left < len(found.at_risk)]
    fewest = min((values for values in found.diversity.values() if values is not None), default=0)
    sentence = (
        f"Kein Auszug: {len(found.at_risk)} von {found.persons} Befragten ({_percent(found.share_at_risk)}) ließen sich wiedererkennen oder durchschauen, höchstens {_percent(share)} dürfen dafür"
        f" zurückgehalten werden (kleinste Gruppe {found.k} statt {rule[0]}, {found.unique} eindeutig, wenigste verschiedene Antworten {fewest} statt {rule[1]})."
    )
    sentence += f" Den Ausschlag geben {', '.join(blame)}." if blame else ""
    if {name: level.name for name, level in known.items()} != {name: level.name for name, level in chosen.items()}:
        sentence += " Frühere Auszüge derselben Befragung zählen mit, denn gleiche Antworten verbinden ihre Zeilen."
        # What was handed out stays known: only as coarse as that, or coarser, adds nothing.
    steps = {name: steps[steps.index(known[name]) :] if known[name] is chosen[name] else [known[name]] for name, steps in levels.items()}
    better = passing({name: [level.values for level in options] for name, options in steps.items()}, sensitive, *rule, share, found.persons)
    if not better:
        return f"{sentence} Keine Vergröberung reicht; die Befragung ist dafür zu klein."
    options = [
        " ".join(f"--vergroebern {name}={steps[name][level].name}" for name, level in combination.items() if steps[name][level] is not known[name]) + f" ({len(result.at_risk)} zurückgehalten)"
        for combination, result in better[:PROPOSALS]
    ]
    return f"{sentence} Zulässig wäre: {'; oder '.join(options)}."


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %".replace(".", ",")


def _weights(place: Workplace, delivery_id: str, persons: list[str | None], classes: list[tuple[str | None, ...]], keep: set[int]) -> list[float | None]:
    """The weight of each person as the mean of its class: a weight of one's own tells the classes it was raked to, finer ones than are shown."""
    if not place.home.warehouse_db.is_file():
        raise PermanentFailure("Die Gewichte fehlen, das Warehouse wird nach einer Löschung neu gebildet; zuerst ./sozialraum run.")
    with connect(place.home.warehouse_db, read_only=True) as db:
        known = dict(db.execute("select befragte, gewicht from intermediate.int_umfrage__gewicht where lieferung_id = ?", [delivery_id]).fetchall())
    sums: dict[tuple[str | None, ...], list[float]] = {}
    for i in sorted(keep):
        if (weight := known.get(persons[i])) is not None:
            sums.setdefault(classes[i], []).append(weight)
    return [round(sum(sums[classes[i]]) / len(sums[classes[i]]), 6) if classes[i] in sums else None for i in range(len(persons))]


def _write(
    folder: Path, record: dict[str, Any], declared: Mikrodaten, shown: dict[str, Level], answers: dict[str, list[str | None]], questions: list[str],
    codebook: list[tuple[Any, ...]], keep: list[int], weights: list[float | None], before: Assessment, after: Assessment,
) -> None:  # fmt: skip
    """Data, codebook, test report. Rows are ordered by their content and numbered anew: no trace of the order of delivery."""
    header = ["nummer", *shown, "gewicht", *questions]
    rows = sorted([[level.values[i] or "" for level in shown.values()] + [weights[i] if weights[i] is not None else ""] + [answers[q][i] or "" for q in questions] for i in keep], key=lambda row: [str(v) for v in row])
    _csv(folder / "daten.csv", header, [[n, *row] for n, row in enumerate(rows, 1)])
    described: list[list[Any]] = [["nummer", "Laufende Nummer dieses Auszugs, ohne Bezug zur Lieferung", "", "", ""]]
    for name, level in shown.items():
        text = declared.merkmale[name].beschreibung + (f" ({level.name})" if level.name != "wie_geliefert" else "")
        described += [[name, text, category, codes, "nein"] for category, codes in level.categories.items()] or [[name, text, "", "", "nein"]]
        described.append([name, text, "", "nicht angegeben", "ja"])
    described.append(["gewicht", "Gewicht, gemittelt über alle, die in den gezeigten Merkmalen gleich sind", "", "", ""])
    described += [["" if v is None else v for v in row] for row in codebook if row[0] in set(questions)]
    _csv(folder / "codebuch.csv", ["variable", "beschreibung", "code", "bedeutung", "fehlend"], described)
    facts = {"auszug": record, "vorher": _plain(before), "nachher": _plain(after)}
    (folder / "pruefung.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    lines = [
        f"# Mikrodaten {record['lieferung_id']}", "",
        f"Zweck: {record['zweck']}", "", f"Rechtsgrundlage: {record['rechtsgrundlage']}", "",
        f"Freigegeben am {record['datum']} durch {', '.join(record['rollen'])}: {record['besprechung']}" + (" (simuliert)" if record["simuliert"] else ""), "",
        "Nur für diesen Zweck, nur in der Statistikstelle oder bei den namentlich Beauftragten; nicht mit anderen Dateien verknüpfen, nicht weitergeben, nach Gebrauch löschen.", "",
        "| Prüfung | vor dem Zurückhalten | im Auszug |", "|---|---|---|",
        f"| Befragte | {before.persons} | {after.persons} |",
        f"| kleinste Gruppe (k, verlangt {record['k']}) | {before.k} | {after.k} |",
        f"| allein in ihrer Gruppe | {before.unique} | {after.unique} |",
        *(f"| verschiedene Antworten {name} (l, verlangt {record['l']}) | {before.diversity[name]} | {after.diversity[name]} |" for name in before.diversity),
        f"| gefährdet | {len(before.at_risk)} | {len(after.at_risk)} |", "",
        f"Gezeigte Merkmale: {', '.join(f'{name} ({level.name})' for name, level in shown.items()) or 'keine'}. Antworten tragen die Codes der Befragung, das Codebuch steht daneben; leer heißt nicht gefragt oder nicht genannt.", "",
    ]  # fmt: skip
    (folder / "LIESMICH.md").write_text("\n".join(lines), encoding="utf-8")


def _plain(found: Assessment) -> dict[str, Any]:
    facts = asdict(found)
    return facts | {"at_risk": len(found.at_risk), "diversity": dict(found.diversity)}


def _csv(path: Path, header: list[str], rows: list[list[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
