"""Who receives which benefit at an end of year: drawn from income, neighbourhood and what stays with a household or person.

Nothing is kept between years: who is poor this year is mostly who was poor last year because incomes and the draws used
here belong to households and persons. Changes nothing in the world and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sources.demo import names
from sources.demo.draws import generator
from sources.demo.households import Role
from sources.demo.world import ADULT, Home, World

#: Recipients of SGB II among residents below the standard retirement age; the order of magnitude of the Kreis Mettmann.
SGB2_RATE = {2015: 0.091, 2016: 0.094, 2017: 0.095, 2018: 0.091, 2019: 0.087, 2020: 0.091, 2021: 0.089, 2022: 0.093, 2023: 0.094, 2024: 0.092}
#: Standard deviations of the score beside that of income. Where people live follows from income already.
LASTING_NOISE, PASSING_NOISE = 1.6, 0.15
#: What children, raising them alone and a foreign nationality of the head take from the score.
CHILDREN, ALONE, FOREIGN = 0.4, 0.9, 0.6
CHILD_OF_COMMUNITY = 25  # § 7 Abs. 3 Nr. 4 SGB II
FIT_FROM = 15
UNFIT_ADULTS, CHILD_WITH_MEANS = 0.02, 0.03
#: Months of receipt: below 12, 12 to below 48, 48 and more; depth of poverty and chance in equal parts.
SHORT_BELOW, LONG_FROM = 0.28, 0.52
UNEMPLOYED_OF_FIT = ((15, 17.9, 18, 25, 50, 60, 66), (0.02, 0.03, 0.35, 0.46, 0.5, 0.44, 0.3))
LONG_OF_UNEMPLOYED_SGB2, LONG_OF_UNEMPLOYED_SGB3 = 0.6, 0.08
UNEMPLOYED_SGB3, SGB3_BY_AGE = 0.019, ((15, 18, 20, 30, 55, 63, 66), (0.1, 0.5, 1.3, 1.0, 1.0, 1.7, 0.2))
REDUCED_CAPACITY = 0.011  # § 41 Abs. 3 SGB XII, of those between 18 and retirement
OLD_AGE_BASIC = 0.042  # § 41 Abs. 2 SGB XII, of those above
SUBSISTENCE = 0.0035  # third chapter
HOUSING_BENEFIT = {2023: 0.032, 2024: 0.034}
HOUSING_BENEFIT_BEFORE = 0.016  # of the households, before the reform of 2023
ASYLUM_STATES = ("475", "438", "423", "439", "166")
ASYLUM_DAYS, ASYLUM_SHELTER_DAYS, ASYLUM_PRIVATE = 550, 1460, 0.3


def retirement_months(birth_year: np.ndarray) -> np.ndarray:
    """Standard retirement age in months by year of birth (§ 235 SGB VI)."""
    return 780 + np.clip(birth_year - 1946, 0, 12) + 2 * np.clip(birth_year - 1958, 0, 6)


def lasting(world: World, what: str, count: int) -> np.ndarray:
    """Draws in [0, 1) that belong to a person or household for good: the same for the same position in every year."""
    return generator(world.seed, 0, f"transfer {what}").random(count)


@dataclass(frozen=True)
class Transfers:
    """Arrays over all residents; ``community`` numbers the Bedarfsgemeinschaften (-1: none)."""

    who: np.ndarray
    age: np.ndarray
    retired: np.ndarray
    score: np.ndarray  # low = poor
    community: np.ndarray
    fit: np.ndarray  # erwerbsfähig leistungsberechtigt
    entitled: np.ndarray  # leistungsberechtigt
    minor_child: np.ndarray
    months: np.ndarray  # class of receipt: 0, 1, 2
    unemployed: np.ndarray  # 0 no, 2 SGB II, 3 SGB III
    long_term: np.ndarray
    asylum: np.ndarray
    basic_old: np.ndarray
    basic_reduced: np.ndarray
    subsistence: np.ndarray
    housing: np.ndarray  # head of a household with Wohngeld


def transfers(world: World) -> Transfers:
    p, who = world.persons, world.residents
    house, age = p.household[who], world.age(who)
    birth = p.birth[who].astype("datetime64[D]")
    born = birth.astype("datetime64[Y]").astype(int) + 1970
    months = (world.year - born) * 12 + 12 - birth.astype("datetime64[M]").astype(int) % 12 - 1
    retired = months >= retirement_months(born)
    score_of = world.households.income + LASTING_NOISE * _normal(lasting(world, "household", len(world.households)))
    score_of = score_of + PASSING_NOISE * world.rng("transfer year").normal(size=len(world.households))
    with_children = np.bincount(house[age < FIT_FROM], minlength=len(score_of)) > 0
    adults = np.bincount(house[age >= ADULT], minlength=len(score_of))
    score_of -= CHILDREN * with_children + ALONE * (with_children & (adults == 1))
    score_of[house[(p.role[who] == Role.HEAD) & (p.nat1[who] > 0)]] -= FOREIGN
    score = score_of[house]
    person = {what: lasting(world, what, len(p))[who] for what in ("capacity", "work", "duration", "child", "asylum", "basic", "subsistence", "unfit")}
    home = world.households.home[house]

    since = world.year_end - p.came[who]
    seeks = np.isin(p.nat1[who], [names.STATE_KEYS.index(key) for key in ASYLUM_STATES]) & (p.generation[who] == 1)
    asylum = ((home == Home.SHELTER) & (since < ASYLUM_SHELTER_DAYS)) | (seeks & (since < ASYLUM_DAYS) & (person["asylum"] < ASYLUM_PRIVATE))

    poor = np.clip(1.5 - score, 0.2, 3)
    working_age = (age >= ADULT) & ~retired
    basic_reduced = working_age & ~asylum & (person["capacity"] < REDUCED_CAPACITY * poor)
    basic_old = retired & ~asylum & _lowest(score + 0.6 * _normal(person["basic"]) + (home == Home.ELDERLY), retired & ~asylum, OLD_AGE_BASIC)
    subsistence = ~retired & ~asylum & ~basic_reduced & (home == Home.PRIVATE) & (person["subsistence"] < SUBSISTENCE * poor)

    # Bedarfsgemeinschaften: head, partner and children under 25; everybody else of the household by himself
    possible = (home == Home.PRIVATE) & ~retired & ~asylum & ~basic_reduced & ~subsistence
    core = (p.role[who] == Role.HEAD) | (p.role[who] == Role.PARTNER) | ((age < CHILD_OF_COMMUNITY) & (p.role[who] == Role.CHILD)) | (age < FIT_FROM)
    community = np.where(core, house.astype(np.int64), len(world.households) + who)
    fit = possible & (age >= FIT_FROM) & ((age < ADULT) | (person["unfit"] >= UNFIT_ADULTS))
    own_score = np.where(core, score, score + 0.3 * _normal(person["subsistence"]))
    _, group = np.unique(community, return_inverse=True)
    somebody_fit = np.bincount(group, weights=fit & (age >= ADULT)) > 0
    eligible = possible & somebody_fit[group]
    base = max(int((~retired).sum()), 1)
    lowest = np.full(group.max(initial=-1) + 1, np.inf)
    np.minimum.at(lowest, group, np.where(eligible, own_score, np.inf))
    members = np.bincount(group, weights=eligible, minlength=len(lowest))
    order = np.argsort(lowest, kind="stable")
    wanted = SGB2_RATE[min(world.year, max(SGB2_RATE))] * base
    in_receipt = np.zeros(len(lowest), dtype=bool)
    taken = order[: int(np.searchsorted(np.cumsum(members[order]), wanted))]
    in_receipt[taken[np.isfinite(lowest[taken])]] = True
    receives = eligible & in_receipt[group]
    depth = np.zeros(len(lowest))
    depth[taken] = np.arange(len(taken)) / max(len(taken), 1)  # 0 = poorest
    house_luck = lasting(world, "household duration", len(world.households))[house]
    length = 1 - (0.5 * depth[group] + 0.5 * house_luck)
    minor_child = receives & (age < ADULT)
    entitled = receives & ~(minor_child & (person["child"] < CHILD_WITH_MEANS))
    fit &= receives & entitled

    working = (age >= FIT_FROM) & ~retired & ~asylum
    unemployed = np.where(fit & (person["work"] < np.interp(age, *UNEMPLOYED_OF_FIT)), 2, 0)
    luck = world.rng("transfer unemployed").random(len(world.persons))[who]
    insured = working & ~receives & ~basic_reduced & (home == Home.PRIVATE)
    unemployed[insured & (luck < UNEMPLOYED_SGB3 * np.interp(age, *SGB3_BY_AGE) * np.clip(1 - 0.3 * score, 0.4, 2))] = 3
    share = np.where(unemployed == 2, LONG_OF_UNEMPLOYED_SGB2, LONG_OF_UNEMPLOYED_SGB3) * (age >= 18) * np.where(age < 25, 0.4, 1.0)

    head = (p.role[who] == Role.HEAD) & (home == Home.PRIVATE) & (age >= ADULT)
    dependent = np.zeros(len(world.households), dtype=bool)
    dependent[house[receives | basic_old | asylum]] = True
    candidates = head & ~dependent[house]
    return Transfers(
        who=who,
        age=age,
        retired=retired,
        score=score,
        community=np.where(receives, community, -1),
        fit=fit,
        entitled=entitled,
        minor_child=minor_child,
        months=np.select([length < SHORT_BELOW, length < LONG_FROM], [0, 1], 2),
        unemployed=unemployed,
        long_term=(unemployed > 0) & (person["duration"] < share),
        asylum=asylum,
        basic_old=basic_old,
        basic_reduced=basic_reduced,
        subsistence=subsistence,
        housing=candidates & _lowest(score, candidates, HOUSING_BENEFIT.get(world.year, HOUSING_BENEFIT_BEFORE)),
    )


def _lowest(score: np.ndarray, among: np.ndarray, share: float) -> np.ndarray:
    """Flags of the ``share`` of ``among`` with the lowest scores."""
    chosen = np.zeros(len(score), dtype=bool)
    possible = np.flatnonzero(among)
    chosen[possible[np.argsort(score[possible], kind="stable")[: round(share * len(possible))]]] = True
    return chosen


def _normal(uniform: np.ndarray) -> np.ndarray:
    """Roughly standard normal from uniform draws (logistic with variance 1)."""
    clipped = np.clip(uniform, 1e-6, 1 - 1e-6)
    return np.log(clipped / (1 - clipped)) * np.sqrt(3) / np.pi
