"""Official totals beside the register: the extrapolation as table export and flat file, and the census of 2022.

Both count other people than the register does: the extrapolation runs about one percent below it, the census more. Of basic
income and of asylum seekers' benefits the offices publish for whole municipalities the very cases that the town gets in small areas.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from sources.demo.households import Sex
from sources.demo.themen.tabellen import write_xlsx
from sources.demo.world import World

#: Official count per registered resident: extrapolated from the census of 2011 and, from 2022, of 2022; Hilden 55,085 of about 56,000.
EXTRAPOLATED, EXTRAPOLATED_SINCE_2022, CENSUS = 0.991, 0.984, 0.982
NOISE = 0.0008
#: Kreis Mettmann, North Rhine-Westphalia and Germany per resident of the town (31.12.2021: 484,411, 17,924,591 and 83,237,124 to 55,625).
AROUND = (("05158", "Mettmann, Kreis", 8.709), ("05", "Nordrhein-Westfalen", 322.24), ("DG", "Deutschland", 1496.4))
CENSUS_DAY = date(2022, 5, 15)
FLAT_SINCE = 2020
LAST_PUBLISHED = 2023  # the office publishes nine months after the reference date: that of 2024 is still to come
SEXES = ("Insgesamt", "männlich", "weiblich")


def write(target: Path, world: World) -> list[Path]:
    rng = world.rng("amtliche Statistik")
    registered, women = len(world.residents), int((world.persons.sex[world.residents] == Sex.W).sum())
    factor = EXTRAPOLATED if world.year < 2022 else EXTRAPOLATED_SINCE_2022
    own = round(registered * (factor + rng.normal(0, NOISE)))
    share = women / max(registered, 1)
    sizes = [("05158016", "Hilden, Stadt", own)] + [(key, name, round(own * times * (1 + rng.normal(0, NOISE)))) for key, name, times in AROUND]
    counts = [(key, name, total, total - round(total * share), round(total * share)) for key, name, total in reversed(sizes)]
    files = []
    if world.year <= LAST_PUBLISHED:
        files.append(_flat(target, world.year, counts) if world.year >= FLAT_SINCE else _export(target, world.year, counts))
    if world.year == CENSUS_DAY.year:
        files.append(_census(target, round(registered * CENSUS), own, rng))
    return files


def _export(target: Path, year: int, counts: list[tuple[str, str, int, int, int]]) -> Path:
    """The table export: eight lines of head, names indented by level, a dissolved district, licence text as footer."""
    day = f"31.12.{year}"
    lines = ["GENESIS-Tabelle: 12411-01-01-5", "Bevölkerung nach Geschlecht - Stichtag 31.12. - regionale (SIMULIERT);;;;", "Tiefe: Gemeinden;;;;",
             "Fortschreibung des Bevölkerungsstandes;;;;", "Bevölkerungsstand (Anzahl);;;;", ";;Stichtag;Stichtag;Stichtag", f";;{day};{day};{day}", ";;" + ";".join(SEXES)]  # fmt: skip
    for key, name, total, men, women in counts:
        indent = "" if key == "DG" else "  " * (len(key) // 2)
        lines.append(f"{key};{indent}{name};{total};{men};{women}")
    lines += ["05999;      Aufgelöster Kreis (bis 31.12.1974);-;-;-", "__________", '"Alle Angaben sind simuliert."', "Stand: 02.01.2025 / 00:00:00"]
    return _write(target / "genesis" / f"12411-01-01-5_{year}.csv", lines)


def _flat(target: Path, year: int, counts: list[tuple[str, str, int, int, int]]) -> Path:
    """The flat file (ffcsv): one line per value with codes and labels of every dimension."""
    lines = ["Statistik_Code;Statistik_Label;Zeit_Code;Zeit_Label;Zeit;1_Merkmal_Code;1_Merkmal_Label;1_Auspraegung_Code;1_Auspraegung_Label;"
             "2_Merkmal_Code;2_Merkmal_Label;2_Auspraegung_Code;2_Auspraegung_Label;BEVSTD__Bevoelkerungsstand__Anzahl"]  # fmt: skip
    for key, name, *values in counts:
        for code, sex, value in zip(("", "GESM", "GESW"), SEXES, values, strict=True):
            lines.append(f"12411;Fortschreibung des Bevölkerungsstandes;STAG;Stichtag;31.12.{year};GEMEIN;Gemeinden;{key};{name};GES;Geschlecht;{code};{sex};{value}")
    return _write(target / "genesis" / f"12411-0018_{year}_flat.csv", lines)


def own_cases(target: Path, year: int, number: str, statistic: str, counts: dict[str, int], whole: dict[str, str]) -> list[Path]:
    """What the offices publish for whole municipalities of the very cases that are delivered in small areas; nothing where it is not out yet.

    ``whole``: of which count another one is a part; the offices show neither fewer than three nor a part beside which fewer are left.
    """
    if year > LAST_PUBLISHED:
        return []
    lines = ["Statistik_Code;Statistik_Label;Zeit_Code;Zeit_Label;Zeit;1_Merkmal_Code;1_Merkmal_Label;1_Auspraegung_Code;1_Auspraegung_Label;"
             "2_Merkmal_Code;2_Merkmal_Label;2_Auspraegung_Code;2_Auspraegung_Label;BESTND__Bestand__Anzahl"]  # fmt: skip
    for key, name, times in reversed([("05158016", "Hilden, Stadt", 1), *AROUND]):
        for place, (label, count) in enumerate(counts.items(), 1):
            rest = counts[whole[label]] - count if label in whole else 0
            value = "." if 0 < count < 3 or 0 < rest < 3 else round(count * times)
            lines.append(f"{number};{statistic} (SIMULIERT);STAG;Stichtag;31.12.{year};GEMEIN;Gemeinden;{key};{name};MERKM1;Merkmale;MERKM1{place:02d};{label};{value}")
    return [_write(target / "genesis" / f"{number}-0001_{year}_flat.csv", lines)]


def _write(path: Path, lines: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(("\n".join(lines) + "\n").encode("latin-1"))
    return path


def _census(target: Path, counted: int, extrapolated: int, rng: np.random.Generator) -> Path:
    rows: list[list[str | int | float | None]] = [["Berichtszeitpunkt", "_RS", "Name", "Regionalebene", "EWZ", "EWZ_BFS_20220630"]]
    places = (("05158", "Mettmann", "Stadtkreis/kreisfreie Stadt/Landkreis", AROUND[0][2]), ("05", "Nordrhein-Westfalen", "Land", AROUND[1][2]))
    rows += [[20220515, "00", "Deutschland", "Bund (mit Deutschen im Ausland)", round(counted * AROUND[2][2]), "–"]]
    rows += [[20220515, "00", "Deutschland", "Bund (ohne Deutsche im Ausland)", round(counted * AROUND[2][2] * 0.9999), round(extrapolated * AROUND[2][2])]]
    for key, name, level, times in reversed(places):
        rows.append([20220515, key, name, level, round(counted * times * (1 + rng.normal(0, NOISE))), round(extrapolated * times)])
    rows.append([20220515, "051580016016", "Hilden, Stadt (SIMULIERT)", "Gemeinde", counted, extrapolated])
    return write_xlsx(target / "zensus" / "Regionaltabelle_Bevoelkerung.xlsx", {"Impressum": [["Zensus 2022 (SIMULIERT)"]], "CSV-Einwohnerzahl": rows})
