"""Housing stock per Sozialraum as the building office sends it: a workbook with a header of two lines and a footnote."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from sources.demo.themen.tabellen import write_xlsx
from sources.demo.town import version_on
from sources.demo.world import World

#: Share of subsidised dwellings at average deprivation and per unit of it; of North Rhine-Westphalia about 5 %.
SUBSIDISED, SUBSIDISED_SLOPE = 0.05, 0.04
#: Square metres per person a dwelling is made for: together some 45 per resident, as in the Zensus 2022.
SPACE = 30


def write(target: Path, world: World) -> list[Path]:
    day = date(world.year, 12, 31)
    keys, place = world.areas.codes(version_on(day))
    standing = np.flatnonzero((world.dwellings.opens <= world.year) & (world.dwellings.closes > world.year))
    block = world.addresses.block[world.dwellings.address[standing]]
    area = place[block]
    count = np.bincount(area, minlength=len(keys))
    space = SPACE * np.bincount(area, weights=world.dwellings.size[standing], minlength=len(keys))
    empty = np.bincount(area[world.dwellings.free[standing]], minlength=len(keys))
    share = np.clip(SUBSIDISED + SUBSIDISED_SLOPE * world.areas.deprivation[block], 0, 0.5)
    subsidised = np.round(np.bincount(area, weights=share, minlength=len(keys)))
    names = world.areas.names[version_on(day)]
    rows: list[list[str | int | float | None]] = [
        [f"Wohnungsbestand am 31.12.{world.year} (SIMULIERT)", None, None, None, None, None],
        ["Sozialraum", None, "Wohnungen", None, None, "Wohnfläche"],
        ["Schlüssel", "Name", "insgesamt", "gefördert", "leer stehend", "m²"],
    ]
    for n, key in enumerate(keys):
        rows.append([key, names[key], int(count[n]), int(subsidised[n]) or "-", int(empty[n]) or "-", round(float(space[n]))])
    rows.append(["Gefördert: mit Mietpreisbindung am Stichtag. Leer stehend: ohne gemeldete Person und ohne Mietvertrag.", None, None, None, None, None])
    path = target / "wohnungen" / f"wohnungsbestand_{world.year}.xlsx"
    return [write_xlsx(path, {"Bestand": rows}, {"Bestand": ["A2:B2", "C2:E2"]})]
