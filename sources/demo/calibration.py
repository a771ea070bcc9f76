"""What the simulated town is measured by: published figures of Hilden for 2016, and assumptions for the other years.

Numbers only. The figures for 2016 are those published about Hilden, as the project's task quotes them; the other years
are assumptions of a town that grows slightly (refugees in 2015/16 and 2022, few moves in 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

FIRST_YEAR, LAST_YEAR, CALIBRATED_YEAR = 2015, 2024, 2016
RESIDENTS_2016 = 57_748


@dataclass(frozen=True)
class Flows:
    """Events of one year and what its last day shows; persons, households."""

    births: int
    deaths: int
    arrivals: int
    departures: int
    foreign: int
    families: int


FLOWS = {
    2016: Flows(509, 743, 2295, 2012, 6856, 5312),
    2017: Flows(498, 731, 2270, 1985, 7105, 5318),
    2018: Flows(512, 756, 2310, 2030, 7330, 5326),
    2019: Flows(489, 738, 2285, 2001, 7560, 5334),
    2020: Flows(495, 769, 1985, 1730, 7690, 5340),
    2021: Flows(507, 782, 2080, 1790, 7860, 5350),
    2022: Flows(478, 801, 2905, 2015, 8720, 5405),
    2023: Flows(462, 775, 2480, 2150, 8990, 5420),
    2024: Flows(451, 768, 2405, 2100, 9190, 5430),
}
FOREIGN_2015, FAMILIES_2015 = 6_480, 5_300
#: Households with children per Stadtbereich, 31.12.2016: Nord, Süd, Mitte, Ost, West.
FAMILIES_PER_STADTBEREICH = (1897, 1506, 1082, 575, 252)


def flows(year: int, scale: float) -> Flows:
    """Events of a year in a town ``scale`` times as large; years after the last known one repeat it."""
    known = FLOWS[min(year, LAST_YEAR)]
    return Flows(*(round(value * scale) for value in vars(known).values()))


def residents_2015(scale: float) -> int:
    """Stock before the first simulated year, so that 2016 ends on the scaled published number."""
    year = flows(CALIBRATED_YEAR, scale)
    return round(RESIDENTS_2016 * scale) - (year.births - year.deaths + year.arrivals - year.departures)
