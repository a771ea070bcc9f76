"""Small-area tables of the Bundesagentur für Arbeit: Bedarfsgemeinschaften and recipients of SGB II, unemployed of SGB II and III.

Per quarter a workbook with header blocks, merged cells, footnote marks and ``*`` for the figures that are kept secret.
Who receives what is known for the end of the year; at the quarters before it those of them count who lived in town already.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from sources.demo import calibration
from sources.demo.deliveries import AGS
from sources.demo.draws import days
from sources.demo.households import Sex
from sources.demo.themen import amtlich
from sources.demo.themen.tabellen import Cell, write_xlsx
from sources.demo.themen.transfer import Transfers, lasting, transfers
from sources.demo.town import STADTBEREICHE, version_on
from sources.demo.world import ADULT, World

QUARTERS = ((3, 31), (6, 30), (9, 30), (12, 31))
#: Persons whose address the agency cannot place, and the smallest figure it shows.
NOT_PLACED, SMALLEST = 0.006, 3
FOOTNOTES = (
    "*) Die Zahlenwerte und entsprechenden Differenzen, aus denen auf einen Zahlenwert kleiner 3 geschlossen werden kann, sind mit * anonymisiert.",
    "1) Bedarfsgemeinschaften mit mindestens einem erwerbsfähigen Leistungsberechtigten. 2) Bestand am Stichtag.",
    "Daten nach einer Wartezeit von drei Monaten; Werte der letzten drei Monate sind vorläufig. Erstellt für die simulierte Stadt, keine echten Daten.",
)

#: One table: (upper header, lower header, values per row) per column; and which columns are the parts of which.
Columns = list[tuple[str, str, np.ndarray]]
Parts = tuple[tuple[int, tuple[int, ...], bool], ...]  # total, parts, do they make up the total


def write(target: Path, world: World) -> list[Path]:
    drawn = transfers(world)
    files = []
    for month, day in QUARTERS:
        if world.year == calibration.FIRST_YEAR and month < 12:
            continue
        files += _quarter(target, world, drawn, date(world.year, month, day))
    return files


def _quarter(target: Path, world: World, drawn: Transfers, stichtag: date) -> list[Path]:
    p, who, now = world.persons, drawn.who, days(stichtag)
    there = (p.birth[who] <= now) & (p.in_town[who] <= now)
    keys, place = world.areas.codes(version_on(stichtag))
    area = place[world.block_of(who)]
    area = np.where(lasting(world, "place", len(world.households))[p.household[who]] < NOT_PLACED, len(keys), area)
    size = len(keys) + 1
    names = world.areas.names[version_on(stichtag)]

    def persons(condition: np.ndarray) -> np.ndarray:
        return np.bincount(area[there & condition], minlength=size)

    title = f"{stichtag:%d.%m.%Y}"
    bg, bg_parts = _communities(drawn, there, area, size)
    lb, lb_parts = _recipients(drawn, persons, p.sex[who] == Sex.W, p.nat1[who] > 0)
    al, al_parts = _unemployed(drawn, persons, p.sex[who] == Sex.W, p.nat1[who] > 0)
    sgb2 = {
        "BG": _sheet(f"Bedarfsgemeinschaften (BG)¹⁾ nach Typ und Größe, Stichtag {title}", keys, names, bg, bg_parts),
        "LB": _sheet(f"Regelleistungsberechtigte Personen²⁾ nach Merkmalen, Stichtag {title}", keys, names, lb, lb_parts),
    }
    jobless = {"Arbeitslose": _sheet(f"Bestand an Arbeitslosen²⁾ nach Rechtskreisen und Merkmalen, Stichtag {title}", keys, names, al, al_parts)}
    files = amtlich.own_cases(target, world.year, "22811", "Grundsicherung für Arbeitsuchende", _totals(bg, lb), PART_OF) if (stichtag.month, stichtag.day) == QUARTERS[-1] else []
    for folder, sheets in (("sgb2", sgb2), ("arbeitslose", jobless)):
        rows = {name: sheet for name, (sheet, _) in sheets.items()}
        merged = {name: cells for name, (_, cells) in sheets.items()}
        files.append(write_xlsx(target / folder / f"{folder}_{stichtag:%Y%m%d}.xlsx", rows, merged))
    return files


def _communities(drawn: Transfers, there: np.ndarray, area: np.ndarray, size: int) -> tuple[Columns, Parts]:
    member = there & (drawn.community >= 0)
    _, first, group = np.unique(drawn.community[member], return_index=True, return_inverse=True)
    where = area[member][first]
    count = np.bincount(group)
    minors = np.bincount(group, weights=drawn.minor_child[member]).astype(int)
    grown = np.bincount(group, weights=drawn.age[member] >= 25).astype(int)
    kind = np.select(
        [count == 1, (minors > 0) & (grown <= 1) & (count - minors == 1), (minors > 0) & (grown == 2), (minors == 0) & (count == 2) & (grown == 2)],
        [0, 1, 2, 3],
        4,
    )

    def groups(condition: np.ndarray) -> np.ndarray:
        return np.bincount(where[condition], minlength=size)

    columns: Columns = [("BG¹⁾", "insgesamt", groups(count > 0))]
    kinds = ("Single", "Alleinerziehende", "Partner mit Kindern", "Partner ohne Kinder", "sonstige")
    columns += [("davon nach BG-Typ", label, groups(kind == k)) for k, label in enumerate(kinds)]
    columns += [("davon nach Zahl der Personen", f"{n} Person{'en' if n > 1 else ''}", groups(count == n)) for n in range(1, 5)]
    columns += [("davon nach Zahl der Personen", "5 und mehr", groups(count >= 5))]
    columns += [("darunter", "mit Kindern unter 18 Jahren", groups(minors > 0))]
    columns += [("Personen in BG", "insgesamt", np.bincount(where, weights=count, minlength=size).astype(int))]
    columns += [("Personen in BG", "Kinder unter 18 Jahren", np.bincount(where, weights=minors, minlength=size).astype(int))]
    return columns, ((0, (1, 2, 3, 4, 5), True), (0, (6, 7, 8, 9, 10), True), (0, (11,), False), (12, (13,), False))


def _recipients(drawn: Transfers, persons, women: np.ndarray, foreign: np.ndarray) -> tuple[Columns, Parts]:
    lb, elb, age = drawn.entitled, drawn.fit & drawn.entitled, drawn.age
    nef = lb & ~elb
    columns: Columns = [
        ("Leistungsberechtigte (LB)", "insgesamt", persons(lb)),
        ("davon", "erwerbsfähig (ELB)", persons(elb)),
        ("davon", "nicht erwerbsfähig (NEF)", persons(nef)),
        ("LB nach Geschlecht", "Männer", persons(lb & ~women)),
        ("LB nach Geschlecht", "Frauen", persons(lb & women)),
        ("LB nach Staatsangehörigkeit", "Deutsche", persons(lb & ~foreign)),
        ("LB nach Staatsangehörigkeit", "Ausländer", persons(lb & foreign)),
        ("ELB nach Alter", "15 bis unter 25 Jahre", persons(elb & (age < 25))),
        ("ELB nach Alter", "25 bis unter 55 Jahre", persons(elb & (age >= 25) & (age < 55))),
        ("ELB nach Alter", "55 Jahre und älter", persons(elb & (age >= 55))),
        ("NEF nach Alter", "unter 3 Jahre", persons(nef & (age < 3))),
        ("NEF nach Alter", "3 bis unter 6 Jahre", persons(nef & (age >= 3) & (age < 6))),
        ("NEF nach Alter", "6 bis unter 15 Jahre", persons(nef & (age >= 6) & (age < 15))),
        ("NEF nach Alter", "15 Jahre und älter", persons(nef & (age >= 15))),
        ("ELB nach Verweildauer", "unter 1 Jahr", persons(elb & (drawn.months == 0))),
        ("ELB nach Verweildauer", "1 bis unter 4 Jahre", persons(elb & (drawn.months == 1))),
        ("ELB nach Verweildauer", "4 Jahre und länger", persons(elb & (drawn.months == 2))),
    ]
    complete = ((0, (1, 2)), (0, (3, 4)), (0, (5, 6)), (1, (7, 8, 9)), (2, (10, 11, 12, 13)), (1, (14, 15, 16)))
    return columns, tuple((total, parts, True) for total, parts in complete)


def _unemployed(drawn: Transfers, persons, women: np.ndarray, foreign: np.ndarray) -> tuple[Columns, Parts]:
    out, age = drawn.unemployed > 0, drawn.age
    columns: Columns = [
        ("Arbeitslose²⁾", "insgesamt", persons(out)),
        ("davon im Rechtskreis", "SGB III", persons(drawn.unemployed == 3)),
        ("davon im Rechtskreis", "SGB II", persons(drawn.unemployed == 2)),
        ("davon", "Männer", persons(out & ~women)),
        ("davon", "Frauen", persons(out & women)),
        ("davon Staatsangehörigkeit", "Deutsche", persons(out & ~foreign)),
        ("davon Staatsangehörigkeit", "Ausländer", persons(out & foreign)),
        ("davon im Alter von", "15 bis unter 25 Jahren", persons(out & (age < 25))),
        ("davon im Alter von", "25 bis unter 55 Jahren", persons(out & (age >= 25) & (age < 55))),
        ("davon im Alter von", "55 Jahren und mehr", persons(out & (age >= 55))),
        ("darunter", "Langzeitarbeitslose", persons(drawn.long_term)),
    ]
    return columns, ((0, (1, 2), True), (0, (3, 4), True), (0, (5, 6), True), (0, (7, 8, 9), True), (0, (10,), False))


PART_OF = dict.fromkeys(("Erwerbsfähige", "Nicht Erwerbsfähige", "Männer", "Frauen", "Deutsche", "Ausländer"), "Leistungsberechtigte") | dict.fromkeys(
    ("Erwerbsfähige unter 25 Jahren", "Erwerbsfähige ab 55 Jahren"), "Erwerbsfähige"
)


def _totals(bg: Columns, lb: Columns) -> dict[str, int]:
    """Of the whole town, in the words of the published table."""
    named = {"Bedarfsgemeinschaften": bg[0], "Personen in Bedarfsgemeinschaften": bg[-2], "Leistungsberechtigte": lb[0], "Erwerbsfähige": lb[1], "Nicht Erwerbsfähige": lb[2],
             "Männer": lb[3], "Frauen": lb[4], "Deutsche": lb[5], "Ausländer": lb[6], "Erwerbsfähige unter 25 Jahren": lb[7], "Erwerbsfähige ab 55 Jahren": lb[9]}  # fmt: skip
    return {name: int(values.sum()) for name, (_, _, values) in named.items()}


def _sheet(title: str, keys: list[str], names: dict[str, str], columns: Columns, parts: Parts) -> tuple[list[list[Cell]], list[str]]:
    """Rows of a sheet and its merged cells: town, every Stadtbereich with its Sozialräume, what could not be placed."""
    areas = np.column_stack([values for _, _, values in columns])
    bereich = np.array([key[:2] for key in keys] + [""])
    labels: list[tuple[Cell, str]] = [(AGS, "Hilden (simuliert)")]
    values, parent = [areas.sum(axis=0)], [-1]
    for code, name in STADTBEREICHE.items():
        labels.append((code, name))
        values.append(areas[bereich == code].sum(axis=0))
        parent.append(0)
        own = len(values) - 1
        for n in np.flatnonzero(bereich == code):
            labels.append((keys[n], names[keys[n]]))
            values.append(areas[n])
            parent.append(own)
    labels.append((None, "Keine Zuordnung möglich"))
    values.append(areas[-1])
    parent.append(0)
    table = np.array(values)
    hidden = suppressed(table, np.array(parent), parts)
    width = len(columns) + 2
    head = [[title], ["Hilden (simuliert), kleinräumige Gliederung der Stadt"], [None], ["Raumeinheit", None], ["Schlüssel", "Name"]]
    head[3] += [upper if at == 0 or columns[at - 1][0] != upper else None for at, (upper, _, _) in enumerate(columns)]
    head[4] += [lower for _, lower, _ in columns]
    rows = [[*line, *[None] * (width - len(line))] for line in head]
    for (key, name), line, secret in zip(labels, table.tolist(), hidden.tolist(), strict=True):
        rows.append([key, name, *("*" if hide else value or "-" for value, hide in zip(line, secret, strict=True))])
    rows += [[note, *[None] * (width - 1)] for note in FOOTNOTES]
    merged = ["A4:B4"]
    starts = [at for at, cell in enumerate(head[3]) if cell is not None][1:] + [width]
    merged += [f"{_letter(begin)}4:{_letter(end - 1)}4" for begin, end in zip(starts, starts[1:]) if end - begin > 1]
    return rows, merged


def _letter(column: int) -> str:
    return chr(ord("A") + column)


def suppressed(table: np.ndarray, parent: np.ndarray, parts: Parts) -> np.ndarray:
    """Which cells carry ``*``: 1 and 2, remainders of 1 and 2, and as many neighbours that no single one follows from sum and rest.

    As the agency does it, sheet by sheet and simply; it is no proof against combining tables. ``parent`` is the row
    above each row (-1 none), ``parts`` the columns that are parts of others.
    """
    small = (table > 0) & (table < SMALLEST)
    hidden = small.copy()
    for total, of, complete in parts:
        if not complete:
            rest = table[:, total] - table[:, list(of)].sum(axis=1)
            hidden[:, of[0]] |= (rest > 0) & (rest < SMALLEST)
    children = [np.flatnonzero(parent == above) for above in range(len(parent)) if (parent == above).any()]
    changed = True
    while changed:
        before = hidden.copy()
        for total, of, complete in parts:
            if complete:
                for row in np.flatnonzero(_too_little(hidden[:, list(of)], table[:, list(of)], hidden[:, total])):
                    _hide_one_more(hidden[row], table[row], np.array(of), total)
        for column in range(table.shape[1]):
            for rows in children:
                above = parent[rows[0]]
                if _too_little(hidden[rows, column][None], table[rows, column][None], hidden[above, column])[0]:
                    _hide_one_more(hidden[:, column], table[:, column], rows, above)
        changed = bool((hidden != before).any())
    return hidden


def _too_little(hidden: np.ndarray, values: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Rows of parts in which something hidden follows from sum and rest: a single cell, the total itself, or several that are small together."""
    together = hidden.sum(axis=1) + total
    return (together == 1) | (hidden.any(axis=1) & ~total & ((hidden * values).sum(axis=1) < SMALLEST))


def _hide_one_more(hidden: np.ndarray, values: np.ndarray, among: np.ndarray, total: int) -> None:
    """Hide the smallest shown value that is not nothing; where there is none, the total."""
    shown = among[~hidden[among] & (values[among] > 0)]
    hidden[shown[np.argmin(values[shown])] if len(shown) else total] = True
