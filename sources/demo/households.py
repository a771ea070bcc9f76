"""Where people come from: composes whole households, with ages, families, origins, names and dates that fit together.

Used for the first stock and for every arrival. Arrays over all persons at once; nobody is placed in a dwelling here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from sources.demo import names
from sources.demo.draws import pick

YEAR = 365.25  # days


class Kind(IntEnum):
    """How a household is composed when it begins."""

    SINGLE = 0
    COUPLE = 1
    FAMILY = 2
    LONE = 3
    GROWN_FAMILY = 4
    GROWN_LONE = 5
    SHARED = 6
    THREE_GENERATIONS = 7


class Role(IntEnum):
    HEAD = 0
    PARTNER = 1
    CHILD = 2
    RELATIVE = 3
    MATE = 4


class Sex(IntEnum):
    M = 0
    W = 1
    D = 2


#: Marital status as the register writes it.
FAMILIENSTAND = ("LD", "VH", "VW", "GS", "LP", "LA", "LV", "NB")
LD, VH, VW, GS, LP, LA, LV, NB = range(8)
#: Kind of German nationality: 1 birth from German parents, 2 naturalised, 3 resettler, 4 born here to foreign parents (§ 4 Abs. 3 StAG).
BY_DESCENT, NATURALISED, RESETTLER, BORN_HERE = 1, 2, 3, 4

WITH_MINORS = (Kind.FAMILY, Kind.LONE, Kind.THREE_GENERATIONS)
WITH_PARTNER = (Kind.COUPLE, Kind.FAMILY, Kind.GROWN_FAMILY, Kind.THREE_GENERATIONS)
CHILDREN = {  # probabilities of 1, 2, 3, 4 children
    Kind.FAMILY: (0.38, 0.43, 0.14, 0.05),
    Kind.LONE: (0.58, 0.32, 0.08, 0.02),
    Kind.THREE_GENERATIONS: (0.40, 0.42, 0.14, 0.04),
    Kind.GROWN_FAMILY: (0.8, 0.2, 0, 0),
    Kind.GROWN_LONE: (0.88, 0.12, 0, 0),
}
SAME_SEX = 0.012
DIVERSE = 0.0003
MIXED_COUPLES = 0.22
PATCHWORK = 0.08
BORN_HERE_SINCE = 10_957  # 2000-01-01, § 4 Abs. 3 StAG
YOUNGEST_PARENT = 18.2  # years
MARRIED_NAME_SHARED = 0.84
UNKNOWN_DATE_STATES = ("163", "252", "423", "438", "439", "475")
UNKNOWN_MONTH, UNKNOWN_DAY = 0.06, 0.03


@dataclass(frozen=True)
class Plan:
    """Households before their people: kind, children, other adults."""

    kind: np.ndarray
    children: np.ndarray
    mates: np.ndarray

    @property
    def size(self) -> np.ndarray:
        return 1 + np.isin(self.kind, WITH_PARTNER) + self.children + (self.kind == Kind.THREE_GENERATIONS) + self.mates

    def take(self, which: np.ndarray) -> Plan:
        return Plan(self.kind[which], self.children[which], self.mates[which])


def plan(rng: np.random.Generator, counts: dict[Kind, int]) -> Plan:
    """``counts`` households of each kind with their numbers of children and flatmates."""
    kind = np.repeat(np.array(list(counts), dtype=np.int8), list(counts.values()))
    children = np.zeros(len(kind), dtype=np.int8)
    for with_children, probability in CHILDREN.items():
        here = np.flatnonzero(kind == with_children)
        children[here] = 1 + pick(rng, np.array(probability), len(here))
    mates = np.where(kind == Kind.SHARED, 1 + pick(rng, np.array([0.5, 0.35, 0.15]), len(kind)), 0).astype(np.int8)
    return Plan(kind, children, mates)


@dataclass
class People:
    """Persons of newly composed households: parallel arrays, ``household`` and the pointers are positions in this set."""

    columns: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.columns["household"])


def compose(rng: np.random.Generator, pools: names.Pools, plan: Plan, day: int, *, arriving: bool, foreign: int, origin: np.ndarray | None = None) -> People:
    """Fill planned households with people as they are on ``day``.

    ``foreign`` is the number of foreign nationals wanted in the set; it is met up to the size of one household.
    ``origin`` (position in names.STATES per household) overrides the draw. Dates of moving in are those of a stock
    unless ``arriving``; then the caller sets them.
    """
    n, kind = len(plan.kind), plan.kind
    head_age, child_age = _ages(rng, plan, arriving)
    # people in blocks: heads, partners, children in order of birth, grandparents, flatmates
    groups = [np.arange(n), np.flatnonzero(np.isin(kind, WITH_PARTNER))]
    groups += [np.flatnonzero(plan.children > k) for k in range(4)]
    groups += [np.flatnonzero(kind == Kind.THREE_GENERATIONS)] + [np.flatnonzero(plan.mates > k) for k in range(3)]
    roles = [Role.HEAD, Role.PARTNER] + [Role.CHILD] * 4 + [Role.RELATIVE] + [Role.MATE] * 3
    household = np.concatenate(groups)
    role = np.repeat(np.array(roles, dtype=np.int8), [len(g) for g in groups])
    count = len(household)
    is_child, is_partner = role == Role.CHILD, role == Role.PARTNER
    head = household  # heads come first, in the order of the households
    partner_of_household = np.full(n, -1)
    partner_of_household[groups[1]] = n + np.arange(len(groups[1]))

    age = head_age[household]
    eldest = np.where(plan.children > 0, child_age[np.arange(n), np.maximum(plan.children, 1) - 1], 0)
    age[is_partner] = np.clip(age[is_partner] + rng.normal(2.4, 3.4, is_partner.sum()), eldest[groups[1]] + YOUNGEST_PARENT, 99)
    start = n + len(groups[1])
    for k in range(4):
        age[start : start + len(groups[2 + k])] = child_age[groups[2 + k], k]
        start += len(groups[2 + k])
    relative, mate = role == Role.RELATIVE, role == Role.MATE
    age[relative] = np.clip(age[relative] + rng.normal(28, 4, relative.sum()), 45, 94)
    age[mate] = np.clip(age[mate] + rng.normal(0, 3, mate.sum()), 18.2, 60)
    birth = day - np.floor(age * YEAR).astype(np.int32) - 1

    sex = (rng.random(count) < 0.488).astype(np.int8)
    share_of_women = np.select(
        [np.isin(kind, (Kind.LONE, Kind.GROWN_LONE)), np.isin(kind, WITH_PARTNER)], [0.89, 1.0], np.interp(head_age, [20, 50, 65, 85], [0.45, 0.42, 0.6, 0.78])
    )
    sex[:n] = rng.random(n) < share_of_women
    same = rng.random(n) < SAME_SEX
    sex[is_partner] = np.where(same[household[is_partner]] & (kind[household[is_partner]] == Kind.COUPLE), Sex.W, Sex.M)
    men = np.flatnonzero(same & (kind == Kind.COUPLE) & (rng.random(n) < 0.5))
    sex[men] = sex[partner_of_household[men]] = Sex.M
    sex[relative] = rng.random(relative.sum()) < 0.8
    sex[rng.random(count) < DIVERSE] = Sex.D

    married = rng.random(n) < _married_share(plan, head_age)
    married &= partner_of_household >= 0
    if origin is None:
        origin = _origins(rng, plan, head_age, arriving, foreign)
    mixed = (origin > 0) & (partner_of_household >= 0) & (rng.random(n) < MIXED_COUPLES)
    own_origin = origin[household].astype(np.int16)
    own_origin[is_partner & mixed[household]] = 0
    own_origin[mate & (rng.random(count) < 0.5)] = 0
    nationality = _nationality(rng, household, role, birth, own_origin, origin, mixed, day, arriving, foreign)

    region = names.STATE_REGION[own_origin]
    birth_name = names.draw_surnames(rng, pools, region)
    surname = birth_name.copy()
    couple = np.flatnonzero(partner_of_household >= 0)
    other = partner_of_household[couple]
    shared = married[couple] & (rng.random(len(couple)) < MARRIED_NAME_SHARED)
    hers = rng.random(len(couple)) < 0.12
    surname[couple] = np.where(shared & ~hers, birth_name[other], surname[couple])
    surname[other] = np.where(shared & hers, birth_name[couple], surname[other])
    name_parent = np.arange(n)
    fathers = (rng.random(len(couple)) < 0.55) | shared
    name_parent[couple] = np.where(fathers, other, couple)
    surname[is_child] = surname[name_parent[household[is_child]]]
    surname[relative] = surname[partner_of_household[household[relative]]]
    maiden = surname != birth_name
    maiden &= ~is_child
    birth_name = np.where(maiden, birth_name, -1).astype(np.int32)

    status = np.full(count, LD, dtype=np.int8)
    together = np.concatenate([couple[married[couple]], other[married[couple]]])
    status[together] = VH
    registered = couple[married[couple] & (sex[couple] == sex[other]) & (rng.random(len(couple)) < 0.6)]
    status[registered] = status[partner_of_household[registered]] = LP
    alone = np.flatnonzero(((role == Role.HEAD) & (partner_of_household[head] < 0) & (kind[household] != Kind.SHARED)) | relative)
    status[alone] = _status_alone(rng, age[alone], sex[alone], np.isin(kind[household[alone]], (Kind.LONE, Kind.GROWN_LONE)))

    partner = np.full(count, -1, dtype=np.int32)
    partner[couple], partner[other] = other, couple
    spouse = np.full(count, -1, dtype=np.int32)
    spouse[together] = partner[together]
    mother, father = np.full(count, -1, dtype=np.int32), np.full(count, -1, dtype=np.int32)
    mother[is_child], father[is_child] = head[is_child], partner_of_household[household[is_child]]
    mother[partner_of_household[household[relative]]] = np.flatnonzero(relative)
    older_sibling = np.repeat([False] * 3 + [True] * 3 + [False] * 4, [len(g) for g in groups])
    father[older_sibling & (rng.random(n) < PATCHWORK)[household]] = -1
    return People(
        {
            "household": household.astype(np.int32),
            "role": role,
            "birth": birth,
            "sex": sex,
            "surname": surname,
            "birth_name": birth_name,
            "first_name": names.draw_first_names(rng, pools, region, sex, (1970 + birth / YEAR).astype(int)),
            "status": status,
            "partner": partner,
            "spouse": spouse,
            "mother": mother,
            "father": father,
            **nationality,
        }
    )


def _ages(rng: np.random.Generator, plan: Plan, arriving: bool) -> tuple[np.ndarray, np.ndarray]:
    """Age of the head (years) and of up to four children, youngest first."""
    n, kind = len(plan.kind), plan.kind
    grown = np.isin(kind, (Kind.GROWN_FAMILY, Kind.GROWN_LONE))
    youngest = np.where(grown, 18 + np.minimum(rng.exponential(4, n), 14), 18 * rng.beta(1, 1.7 if arriving else 1.3, n))
    gaps = np.column_stack([np.zeros((n, 1)), 1.1 + rng.gamma(2.2, 1.1, (n, 3))])
    child = youngest[:, None] + np.cumsum(gaps, axis=1)
    eldest = child[np.arange(n), np.maximum(plan.children, 1) - 1]
    # nobody is a mother for the first time before 18 or gives birth after 47
    first_birth = np.clip(rng.normal(29.4, 4.8, n), YOUNGEST_PARENT, np.maximum(47 - (eldest - youngest), 19))
    parent = eldest + first_birth

    def mixture(parts: list[tuple[float, np.ndarray]]) -> np.ndarray:
        which = pick(rng, np.array([share for share, _ in parts]), n)
        return np.column_stack([ages for _, ages in parts])[np.arange(n), which]

    weights = (0.66, 0.25, 0.09) if arriving else (0.24, 0.28, 0.48)
    single = mixture(list(zip(weights, (rng.normal(28, 6, n), rng.uniform(35, 62, n), rng.normal(76, 9, n)), strict=True)))
    weights = (0.62, 0.26, 0.12) if arriving else (0.15, 0.21, 0.64)
    couple = mixture(list(zip(weights, (rng.normal(30, 5, n), rng.uniform(38, 55, n), rng.normal(67, 8.5, n)), strict=True)))
    age = np.select([plan.children > 0, kind == Kind.COUPLE, kind == Kind.SHARED], [parent, couple, rng.normal(26, 4, n)], single)
    return np.clip(age, 18.3, 99), child


def _married_share(plan: Plan, head_age: np.ndarray) -> np.ndarray:
    couple = np.interp(head_age, [20, 30, 40, 55, 65], [0.1, 0.35, 0.6, 0.86, 0.95])
    return np.select([plan.kind == Kind.FAMILY, plan.kind == Kind.THREE_GENERATIONS, plan.kind == Kind.GROWN_FAMILY], [0.78, 0.93, 0.93], couple)


def _status_alone(rng: np.random.Generator, age: np.ndarray, sex: np.ndarray, lone: np.ndarray) -> np.ndarray:
    dice = rng.random(len(age))
    widowed = np.interp(age, [45, 60, 75, 90], [0.01, 0.1, 0.45, 0.8]) * np.where(sex == Sex.W, 1, 0.7)
    divorced = np.where(lone, 0.4, np.interp(age, [25, 40, 55, 70], [0.02, 0.25, 0.4, 0.3])) * (1 - widowed)
    separated = np.where(lone, 0.12, 0.03)
    return np.select([dice < widowed, dice < widowed + divorced, dice < widowed + divorced + separated], [VW, GS, VH], LD)


def _origins(rng: np.random.Generator, plan: Plan, head_age: np.ndarray, arriving: bool, foreign: int) -> np.ndarray:
    """Households with an origin abroad; enough of them to hold the foreign nationals wanted."""
    share = np.interp(head_age, [20, 35, 50, 65, 80], [0.34, 0.34, 0.26, 0.17, 0.08]) * np.where(plan.kind == Kind.THREE_GENERATIONS, 1.8, 1)
    if arriving:
        wanted = min(0.95, 1.25 * foreign / max(plan.size.sum(), 1) + 0.1)
        share *= wanted / max(np.average(share, weights=plan.size), 1e-9)
    return np.where(rng.random(len(share)) < share, pick(rng, names.STATE_WEIGHT, len(share)), 0)


def _nationality(
    rng: np.random.Generator,
    household: np.ndarray,
    role: np.ndarray,
    birth: np.ndarray,
    own_origin: np.ndarray,
    origin: np.ndarray,
    mixed: np.ndarray,
    day: int,
    arriving: bool,
    foreign: int,
) -> dict[str, np.ndarray]:
    """Nationalities and migration history: ``generation`` 0 none, 1 came themselves, 2 born here; ``sides`` parents not born German."""
    n, count = len(origin), len(household)
    is_child = role == Role.CHILD
    abroad = own_origin > 0
    dice = rng.random((4, count))
    # when the household's first member came to Germany
    since = np.where(rng.random(n) < (0.6 if arriving else 0.06), 0 if arriving else rng.random(n), np.minimum(rng.exponential(9 if arriving else 15, n), 50))
    came = np.where(origin > 0, day - (since * YEAR).astype(np.int32), 0)
    came_long_ago = day - ((9 + np.minimum(rng.exponential(14, n), 45)) * YEAR).astype(np.int32)
    early_enough = birth - came[household] > 8 * YEAR
    own_right = is_child & early_enough & (birth >= BORN_HERE_SINCE) & (dice[0] < 0.6)
    may_be_foreign = abroad & ~own_right & ~(is_child & mixed[household])
    per_household = np.bincount(household, may_be_foreign, n)
    order = rng.permutation(n)
    fits = np.cumsum(per_household[order]) <= foreign
    foreign_household = np.zeros(n, dtype=bool)
    foreign_household[order[fits]] = True
    foreign_household &= origin > 0
    came = np.where(foreign_household, came, np.minimum(came, came_long_ago))
    born_abroad = abroad & (birth < came[household]) & ~(is_child & mixed[household] & (dice[3] < 0.8))
    is_foreign = may_be_foreign & foreign_household[household]
    resettler_state = np.isin(own_origin, [names.STATE_KEYS.index(key) for key in names.RESETTLER_STATES])
    likely = dice[1] < 0.7
    german_kind = np.select(
        [is_foreign, ~abroad, own_right & foreign_household[household], born_abroad & resettler_state & likely, born_abroad, ~is_child & likely],
        [0, BY_DESCENT, BORN_HERE, RESETTLER, NATURALISED, NATURALISED],
        BY_DESCENT,
    )
    keeps = np.select([~abroad, german_kind == BORN_HERE, is_child & mixed[household]], [0.0, 0.95, 0.65], 0.35)
    nat1 = np.where(is_foreign, own_origin, 0).astype(np.int16)
    unclear = born_abroad & np.isin(own_origin, [names.STATE_KEYS.index(key) for key in UNKNOWN_DATE_STATES])
    return {
        "nat1": nat1,
        "nat2": np.where(~is_foreign & (dice[2] < keeps), own_origin, -1).astype(np.int16),
        "german_kind": german_kind.astype(np.int8),
        "origin": own_origin,
        "generation": np.where(born_abroad, 1, np.where(abroad, 2, 0)).astype(np.int8),
        "sides": np.where(abroad, np.where(is_child & mixed[household], 1, 2), 0).astype(np.int8),
        "born_german": ~is_foreign & np.isin(german_kind, (BY_DESCENT, BORN_HERE)),
        "came": np.where(born_abroad, came[household], 0).astype(np.int32),
        "fuzzy": np.where(unclear & (dice[3] < UNKNOWN_MONTH), 2, np.where(unclear & (dice[3] < UNKNOWN_MONTH + UNKNOWN_DAY), 1, 0)).astype(np.int8),
    }
