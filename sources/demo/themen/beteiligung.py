"""What people say, do together and plan: interviews, networks, the planning cycle, and who votes where.

All of it follows the same Sozialräume and their deprivation; statements are made of building blocks and quote nobody.
"""

from __future__ import annotations

import uuid
import zipfile
from datetime import date, timedelta
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from sources.demo import names
from sources.demo.deliveries import AGS, address_columns
from sources.demo.draws import generator
from sources.demo.themen.tabellen import WORKBOOK_TIME, Cell, write_xlsx
from sources.demo.town import STADTBEREICHE, version_on
from sources.demo.world import World, completed_years

NETWORKS_SINCE, PLANNING_SINCE = 2018, 2022
LAST_PLANNED = 2023  # the workbook of 2024 is late
#: Kind -> (how many per 10,000 residents, members on average, share of members who are active, what it is called)
KINDS = {
    "Verein": (30, 120, 0.12, ("Turnverein", "Musikverein", "Kulturkreis", "Förderverein", "Schützenbruderschaft", "Gartenverein")),
    "Nachbarschaftshilfe": (4, 25, 0.7, ("Nachbarn helfen", "Zeitbörse", "Einkaufshilfe")),
    "Selbsthilfegruppe": (7, 14, 0.5, ("Selbsthilfe Diabetes", "Angehörige von Demenzkranken", "Leben mit Sucht", "Trauercafé")),
    "Freiwilligengruppe": (5, 22, 1.0, ("Lesepaten", "Lotsinnen", "Besuchsdienst", "Reparaturcafé")),
}
CITYWIDE = 0.12
#: Day -> (kind of election, age from which one may vote, citizens of the Union too, turnout at average deprivation)
ELECTIONS = {
    date(2017, 5, 14): ("land", 18, False, 0.65),
    date(2017, 9, 24): ("bund", 18, False, 0.76),
    date(2019, 5, 26): ("europa", 18, False, 0.61),
    date(2020, 9, 13): ("kommunal", 16, True, 0.51),
    date(2021, 9, 26): ("bund", 18, False, 0.77),
    date(2022, 5, 15): ("land", 18, False, 0.56),
    date(2024, 6, 9): ("europa", 16, False, 0.65),
}
TURNOUT_BY_DEPRIVATION, POSTAL, POSTAL_RETURNED = -0.07, 0.3, 0.93
DISTRICT_SIZE, DISTRICTS_PER_POSTAL = 1_400, 4
#: New lists of polling districts: before the first election, and on the new boundaries.
DISTRICT_YEARS = (2017, 2020)
UNION = frozenset("124 125 126 127 128 129 130 131 134 135 137 139 142 143 145 148 151 152 153 154 155 157 161 164 165 181".split())
THEMES = ("Wohnen", "Treffpunkte", "Wege und Verkehr", "Kinder und Jugend", "Pflege und Alter", "Sicherheit", "Ärzte", "Sprache und Ankommen")
GROUPS = ("Familien", "Ältere", "Jugendliche", "Zugewanderte", "Fachkräfte")
#: Themes and groups stand in quotation marks: no sentence has to agree with their number or case.
STATEMENTS = ("Thema „{0}“: die Gruppe „{1}“ wünscht sich mehr davon in der Nähe.", "Thema „{0}“: von der Gruppe „{1}“ als Stärke des Quartiers genannt.", "Thema „{0}“: nach Meinung der Gruppe „{1}“ schlechter geworden.")
INTERVIEWS = {2022: (date(2022, 6, 30), "xlsx"), 2024: (date(2024, 6, 30), "qdpx")}
AIMS = (("Quartierstreff aufbauen", "Ältere", "Begegnung"), ("Sprachförderung ausweiten", "Familien", "Bildungschancen"), ("Spielplatz erneuern", "Familien", "Aufwachsen"),
        ("Beratung vor Ort", "Zugewanderte", "Zugang zu Hilfen"), ("Mobile Jugendarbeit", "Jugendliche", "Teilhabe"), ("Hitzeschutz im Quartier", "Ältere", "Gesundheit"))  # fmt: skip


def write(target: Path, world: World) -> list[Path]:
    return [*_networks(target, world), *_planning(target, world), *_elections(target, world), *_interviews(target, world)]


def _areas(world: World) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Keys of the Sozialräume at the end of the year, residents and mean deprivation of each."""
    keys, place = world.areas.codes(version_on(date(world.year, 12, 31)))
    residents = np.bincount(place[world.block_of(world.residents)], minlength=len(keys))
    return keys, residents, np.bincount(place, world.areas.deprivation, len(keys)) / np.bincount(place, minlength=len(keys))


def _networks(target: Path, world: World) -> list[Path]:
    if world.year < NETWORKS_SINCE:
        return []
    keys, residents, deprivation = _areas(world)
    yearly = world.rng("netzwerke")
    rows: list[list[Cell]] = [[f"Netzwerke am 31.12.{world.year} (SIMULIERT)"], ["Nr.", "Name", "Art", "Sozialraum", "Mitglieder", "Engagierte", "Kooperationen"]]
    for kind, (per_10000, members, active, labels) in KINDS.items():
        slope = 0.4 if kind == "Nachbarschaftshilfe" else -0.15
        rng = generator(world.seed, 0, f"netzwerke {kind}")  # one list that lives on: the same organisations every year
        for n in range(max(1, round(per_10000 * residents.sum() / 10_000))):
            weight = residents * np.exp(slope * deprivation)
            area, size, label = rng.choice(len(keys), p=weight / weight.sum()), rng.lognormal(np.log(members), 0.5), labels[rng.integers(len(labels))]
            citywide = rng.random() < CITYWIDE
            count = max(5, round(size * yearly.normal(1, 0.04)))
            rows.append([f"{kind[0]}{n + 1:03d}", f"{label} {n + 1}", kind, None if citywide else keys[area], count, max(3, round(count * active)), int(yearly.poisson(1.5)) or "-"])
    rows.append(["Stand: Abfrage bei den Organisationen; wo der Sozialraum fehlt, stadtweit tätig."])
    return [write_xlsx(target / "netzwerke" / f"netzwerke_{world.year}.xlsx", {"Bestand": rows})]


def _planning(target: Path, world: World) -> list[Path]:
    if not PLANNING_SINCE <= world.year <= LAST_PLANNED:
        return []
    rng = world.rng("planung")
    keys, residents, deprivation = _areas(world)
    need = np.exp(0.8 * deprivation) * residents
    bereiche = list(STADTBEREICHE)
    measures: list[list[Cell]] = [["Nr.", "Maßnahme", "Ebene", "Raum", "Zielgruppe", "Ziel", "Stand", "Beginn", "Ende", "Kosten EUR", "Förderung", "Drittmittel EUR"]]
    decisions: list[list[Cell]] = [["Nr.", "Maßnahme", "Gremium", "Datum", "Ergebnis"]]
    for n in range(18):
        title, group, aim = AIMS[n % len(AIMS)]
        level = ("sozialraum", "sozialraum", "stadtbereich", "stadt")[rng.integers(4)]
        area = keys[rng.choice(len(keys), p=need / need.sum())]
        where = {"sozialraum": area, "stadtbereich": area[:2], "stadt": AGS}[level]
        cost = int(rng.integers(4, 120)) * 1000
        outside = int(cost * (0, 0, 0.5, 0.8)[rng.integers(4)])
        begins = date(world.year, 1, 1) + timedelta(days=int(rng.integers(0, 300)))
        state = ("geplant", "beschlossen", "läuft", "abgeschlossen")[rng.integers(4)]
        number = f"M{world.year}-{n + 1:02d}"
        measures.append([number, title, level, where, group, aim, state, begins.isoformat(), (begins + timedelta(days=365)).isoformat(), cost if n % 9 else "...", "Land NRW" if outside else None, outside if n % 9 else "..."])
        if state != "geplant":
            decisions.append([f"B{world.year}-{n + 1:02d}", number, ("Sozialausschuss", "Jugendhilfeausschuss", "Rat")[n % 3], begins.isoformat(), "beschlossen"])
    decisions.append([f"B{world.year}-99", None, "Sozialausschuss", f"{world.year}-11-20", "zur Kenntnis genommen"])
    rounds: list[list[Cell]] = [["Nr.", "Runde", "Datum", "Stadtbereich", "Thema", "Stand"]]
    for n in range(12):
        kind = ("Planungsrunde", "Trägerrunde", "Stadtteilarbeitskreis")[n % 3]
        rounds.append([f"T{world.year}-{n + 1:02d}", kind, f"{world.year}-{n % 12 + 1:02d}-15", bereiche[n % 3] if kind == "Stadtteilarbeitskreis" else None, THEMES[rng.integers(len(THEMES))], ("offen", "in Arbeit", "erledigt")[rng.integers(3)]])
    comments: list[list[Cell]] = [["Nr.", "Entwurf", "Datum", "Von", "Anregung", "Umgang"]]
    for n in range(6):
        comments.append([f"A{world.year}-{n + 1:02d}", f"Sozialbericht {world.year}, Entwurf", f"{world.year}-10-{n + 10}", ("Träger", "Politik", "Bürgerschaft")[n % 3], f"Das Kapitel {THEMES[n]} soll die Sozialräume einzeln zeigen.", ("übernommen", "teilweise übernommen", "offen")[n % 3]])
    circles: list[list[Cell]] = [["Stadtbereich", "Stadtteilarbeitskreis"], *([key, "ja" if key in bereiche[:3] else "nein"] for key in bereiche)]
    sheets = {"Maßnahmen": measures, "Themen": rounds, "Anregungen": comments, "Beschlüsse": decisions, "Arbeitskreise": circles}
    return [write_xlsx(target / "planung" / f"planung_{world.year}.xlsx", sheets)]


# ---- elections --------------------------------------------------------------------------------------------------


def _districts(world: World) -> np.ndarray:
    """Polling district per block: blocks in the order of their Sozialräume, cut where a district is full; borders cross Sozialräume."""
    order = np.argsort(world.areas.sozialraum["hilden2015"], kind="stable")
    residents = world.areas.share[order] * world.scale * 57_748
    district = np.empty(len(order), dtype=int)
    district[order] = np.floor((np.cumsum(residents) - residents / 2) / max(DISTRICT_SIZE * min(world.scale, 1), 1)).astype(int)
    return np.unique(district, return_inverse=True)[1]


def _elections(target: Path, world: World) -> list[Path]:
    today = [day for day in ELECTIONS if day.year == world.year]
    if not today:
        return []
    district = _districts(world)
    files = []
    if world.year in DISTRICT_YEARS:
        files += _street_list(target / "wahlbezirke", world, district)
    count = int(district.max()) + 1
    who, block = world.residents, world.block_of(world.residents)
    age = completed_years(world.register_birth(who), world.year)
    nationality = world.persons.nat1[who]
    union = np.isin(nationality, [place for place, key in enumerate(names.STATE_KEYS) if key in UNION])
    for day in today:
        kind, from_age, with_union, turnout = ELECTIONS[day]
        rng = world.rng(f"wahl {kind}")
        may = (age >= from_age) & ((nationality == 0) | (union & with_union))
        eligible = np.bincount(district[block[may]], minlength=count)
        chance = np.clip(turnout + TURNOUT_BY_DEPRIVATION * world.areas.deprivation[block] + 0.002 * (np.minimum(age, 75) - 50) + rng.normal(0, 0.02, count)[district[block]], 0.05, 0.97)
        votes, cards = may & (rng.random(len(who)) < chance), rng.random(len(who)) < POSTAL
        postal = votes & cards
        in_person = np.bincount(district[block[votes & ~cards]], minlength=count)
        asked = np.bincount(district[block[postal]], minlength=count) / POSTAL_RETURNED
        asked = np.minimum(np.ceil(asked).astype(int), eligible - in_person)
        group = np.arange(count) // DISTRICTS_PER_POSTAL
        by_post = np.bincount(group, np.bincount(district[block[postal]], minlength=count)).astype(int)
        lines = ["Wahl;Art;Nummer;Briefwahlbezirk;Wahlberechtigte;Wahlscheine;Waehler"]
        lines += [f"{kind};Stimmbezirk;{n + 1:03d};{900 + group[n]};{eligible[n]};{asked[n]};{in_person[n]}" for n in range(count)]
        lines += [f"{kind};Briefwahlbezirk;{900 + n};;;;{by_post[n]}" for n in range(len(by_post))]
        path = target / "wahlen" / f"wahl_{day:%Y%m%d}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(("\n".join(lines) + "\n").encode("latin-1"))
        files.append(path)
    return files


def _street_list(folder: Path, world: World, district: np.ndarray) -> list[Path]:
    """Every address with its polling district, but for one district, whose list is late: it has agreed weights per Sozialraum."""
    folder.mkdir(parents=True, exist_ok=True)
    houses, sozialraum = world.addresses, world.areas.sozialraum[version_on(date(world.year, 1, 1))]
    crossing = [n for n in range(int(district.max()) + 1) if len(np.unique(sozialraum[district == n])) > 1]
    late = crossing[-1] if crossing else int(district.max())
    columns = {name: column.to_pylist() for name, column in address_columns(houses).items()}
    of = district[houses.block]
    lines = ["Strassenschluessel;Hausnummer;Zusatz;Stimmbezirk"]
    lines += [
        f"{street};{number};{suffix or ''};{n + 1:03d}"
        for street, number, suffix, n in zip(columns["Strassenschluessel"], columns["Hausnummer"], columns["Zusatz"], of.tolist(), strict=True)
        if n != late
    ]
    stand = f"{world.year}0101"
    paths = [folder / f"strassenverzeichnis_{stand}.csv", folder / f"gewichte_{stand}.csv"]
    paths[0].write_bytes(("\n".join(lines) + "\n").encode("latin-1"))
    keys, share = np.unique(sozialraum[district == late], return_inverse=True)
    weight = np.bincount(share, world.areas.share[district == late])
    rounded = np.round(weight / weight.sum(), 4)
    rounded[0] += 1 - rounded.sum()
    agreed = ["Stimmbezirk;Sozialraum;Gewicht", *(f"{late + 1:03d};{key};{value:.4f}".replace(".", ",") for key, value in zip(keys, rounded, strict=True))]
    paths[1].write_text("\n".join(agreed) + "\n", encoding="utf-8")
    return paths


# ---- interviews -------------------------------------------------------------------------------------------------


def _interviews(target: Path, world: World) -> list[Path]:
    if world.year not in INTERVIEWS:
        return []
    day, form = INTERVIEWS[world.year]
    rng = world.rng("interviews")
    keys, residents, deprivation = _areas(world)
    weight = residents * np.exp(0.3 * deprivation)
    rows: list[list[Cell]] = []
    for n in range(24):
        kind = "Workshop" if n % 6 == 5 else "Interview"
        area, group = keys[rng.choice(len(keys), p=weight / weight.sum())], GROUPS[rng.integers(len(GROUPS))]
        for segment in range(1, int(rng.integers(4, 9))):
            theme = THEMES[rng.integers(len(THEMES))]
            said = STATEMENTS[rng.integers(len(STATEMENTS))].format(theme, group)
            checked = rng.random() < 0.85
            released = checked and rng.random() < 0.8
            rows.append([f"{kind} {n + 1:02d}", segment, kind, area if rng.random() < 0.93 else None, group, theme, said, "ja" if checked else "nein", "ja" if released else "nein"])
    folder = target / "interviews"
    if form == "xlsx":
        head: list[Cell] = ["Dokument", "Segment", "Art", "Sozialraum", "Gruppe", "Thema", "Aussage", "geprüft", "freigegeben"]
        return [write_xlsx(folder / f"segmente_{day:%Y%m%d}.xlsx", {"Segmente": [head, *rows]})]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"projekt_{day:%Y%m%d}.qdpx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo("project.qde", date_time=(*WORKBOOK_TIME.timetuple()[:6],))
        info.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(info, qde(rows))
    return [path]


def qde(rows: list[list[Cell]]) -> str:
    """The XML of a REFI-QDA project: themes and marks as codes, area, kind and group as variables of the source, no transcripts."""

    def guid(name: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, name))

    codes = "".join(f"<Code guid={quoteattr(guid(theme))} name={quoteattr(theme)} isCodable=\"true\"/>" for theme in THEMES)
    marks = "".join(f'<Code guid="{guid(mark)}" name="{mark}" isCodable="true"/>' for mark in ("freigegeben", "geprüft"))
    variables = "".join(f'<Variable guid="{guid("variable " + name)}" name="{name}" typeOfVariable="Text"/>' for name in ("Art", "Sozialraum", "Gruppe"))
    sources = []
    for document in dict.fromkeys(row[0] for row in rows):
        mine = [row for row in rows if row[0] == document]
        values = {"Art": mine[0][2], "Sozialraum": mine[0][3], "Gruppe": mine[0][4]}
        told = "".join(
            f'<VariableValue><VariableRef targetGUID="{guid("variable " + name)}"/><TextValue>{escape(str(value))}</TextValue></VariableValue>'
            for name, value in values.items() if value is not None
        )  # fmt: skip
        segments = []
        for row in mine:
            chosen = [str(row[5]), *(mark for mark, flag in (("geprüft", row[7]), ("freigegeben", row[8])) if flag == "ja")]
            coded = "".join(f'<Coding guid="{guid(f"{row[0]} {row[1]} {name}")}"><CodeRef targetGUID="{guid(name)}"/></Coding>' for name in chosen)
            segments.append(f'<PlainTextSelection guid="{guid(f"{row[0]} {row[1]}")}" startPosition="0" endPosition="0"><Description>{escape(str(row[6]))}</Description>{coded}</PlainTextSelection>')
        sources.append(f'<TextSource guid="{guid(str(document))}" name={quoteattr(str(document))}>{"".join(segments)}{told}</TextSource>')
    return (
        '<?xml version="1.0" encoding="utf-8"?><Project xmlns="urn:QDA-XML:project:1.0" name="Quartiersgespräche (SIMULIERT)">'
        f'<CodeBook><Codes>{codes}<Code guid="{guid("Status")}" name="Status" isCodable="false">{marks}</Code></Codes></CodeBook>'
        f"<Variables>{variables}</Variables><Sources>{''.join(sources)}</Sources></Project>"
    )
