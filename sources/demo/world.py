"""The state of the simulated town: persons, households and dwellings as growing columns, who lives where, what happened.

Holds the rule how households find dwellings and the first stock. What happens in a year stands in ``events``.
"""

from __future__ import annotations

from datetime import date
from enum import IntEnum
from typing import Any

import numpy as np

from sources.demo import calibration, names
from sources.demo.draws import days, draw, generator, pick, spread
from sources.demo.households import VH, VW, WITH_MINORS, YEAR, Kind, People, Plan, Role, Sex, compose, plan
from sources.demo.town import OPEN, Addresses, Areas, build_addresses, build_areas

ADULT = 18


class State(IntEnum):
    ABSENT = 0
    RESIDENT = 1  # main residence
    SECONDARY = 2  # only a secondary residence; no resident


class Home(IntEnum):
    """What a household lives in."""

    PRIVATE = 0
    ELDERLY = 1
    SHELTER = 2  # refugees
    REFUGE = 3  # women's shelter


class Event(IntEnum):
    BIRTH = 0
    DEATH = 1
    ARRIVAL = 2
    DEPARTURE = 3
    MOVE = 4
    NATURALISATION = 5


#: Institutions of the town of 57,748: how many, places in each, and the Stadtbereiche they stand in.
INSTITUTIONS = {Home.ELDERLY: (6, 92), Home.SHELTER: (3, 75), Home.REFUGE: (1, 14)}
HOUSEHOLDS_2015 = {Kind.GROWN_FAMILY: 1_800, Kind.GROWN_LONE: 800, Kind.SHARED: 400}
FAMILY_MIX = {Kind.FAMILY: 0.765, Kind.LONE: 0.21, Kind.THREE_GENERATIONS: 0.025}
IN_COUPLES = 0.65  # of those who live in households without children
ELDERLY_HOMES_FULL = 0.97
SECONDARY_SHARE, SECOND_HOME_SHARE = 0.018, 0.002  # of the residents: with the main residence elsewhere, and with both in town
LOCK_SHARE = 0.0012  # § 51 BMG, households
POINTER_MISSING = 0.02
FILLING_DAYS = 500  # a new house fills within this time
BORN_IN_TOWN, BIRTH_PLACE_UNKNOWN = 0.12, 0.01  # of those who came from elsewhere; of all
JUST_CAME_DAYS = 200  # who came to Germany this short before moving in came straight from abroad
INCOME_NOISE = 0.8  # how far the choice of a dwelling is not about money
SIZE_CLASSES = 6


class Table:
    """Columns of equal length that grow by doubling; attributes are views of the rows in use."""

    def __init__(self, **columns: tuple[Any, Any]) -> None:
        """Each column is (dtype, value of new rows)."""
        self._default = {name: default for name, (_, default) in columns.items()}
        self._data = {name: np.full(1024, default, dtype) for name, (dtype, default) in columns.items()}
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def __getattr__(self, name: str) -> np.ndarray:
        try:
            return self.__dict__["_data"][name][: self.__dict__["_rows"]]
        except KeyError:
            raise AttributeError(name) from None

    def append(self, count: int, **values: Any) -> np.ndarray:
        """Positions of ``count`` new rows."""
        start, self._rows = self._rows, self._rows + count
        capacity = len(next(iter(self._data.values())))
        if self._rows > capacity:
            for name, column in self._data.items():
                self._data[name] = np.concatenate([column, np.full(max(self._rows, 2 * capacity) - capacity, self._default[name], column.dtype)])
        for name, value in values.items():
            self._data[name][start : self._rows] = value
        return np.arange(start, self._rows)


class World:
    """One simulated town between two ends of years."""

    persons: Table
    households: Table
    dwellings: Table
    areas: Areas
    addresses: Addresses
    year: int
    #: What the town's offices deliver: lists of persons, or tables where there is no statistics office.
    modus: str = "register"

    def __init__(self, seed: int, residents: int, last_year: int) -> None:
        self.seed, self.scale, self.year = seed, residents / calibration.RESIDENTS_2016, calibration.FIRST_YEAR
        self.pools = names.build_pools()
        self.areas = build_areas()
        self.persons = Table(
            birth=(np.int32, 0),
            fuzzy=(np.int8, 0),  # 1: day unknown to the register, 2: day and month unknown
            sex=(np.int8, 0),
            nat1=(np.int16, 0),
            nat2=(np.int16, -1),
            german_kind=(np.int8, 0),
            origin=(np.int16, 0),
            generation=(np.int8, 0),
            sides=(np.int8, 0),
            born_german=(bool, True),
            came=(np.int32, 0),
            surname=(np.int32, 0),
            birth_name=(np.int32, -1),
            first_name=(np.int32, 0),
            status=(np.int8, 0),
            household=(np.int32, -1),
            role=(np.int8, 0),
            partner=(np.int32, -1),
            spouse=(np.int32, -1),
            mother=(np.int32, -1),
            father=(np.int32, -1),
            at_address=(np.int32, 0),
            in_town=(np.int32, 0),
            came_from=(np.int16, -1),  # position in PLACES, or len(PLACES) + position in STATES
            birth_place=(np.int16, -1),
            religion=(np.int8, 0),
            lock=(bool, False),
            lost=(np.uint8, 0),  # pointers missing in the register: 1 spouse, 2 first parent, 4 second parent
            second_home=(np.int32, -1),  # address of a secondary residence
            state=(np.int8, State.ABSENT),
            busy_until=(np.int32, 0),  # day of the last event this year: the next comes later
            parity=(np.int8, 0),
            last_child=(np.int32, -100_000),
        )
        self.households = Table(dwelling=(np.int32, -1), income=(np.float32, 0), home=(np.int8, Home.PRIVATE))
        self.dwellings = Table(address=(np.int32, 0), size=(np.float32, 0), free=(bool, True), opens=(np.int16, 0), closes=(np.int16, 0))
        self.log: list[dict[str, np.ndarray]] = []
        self._first_stock(last_year)

    # ---- views -------------------------------------------------------------------------------------------------

    def rng(self, step: str) -> np.random.Generator:
        return generator(self.seed, self.year, step)

    @property
    def year_end(self) -> int:
        return days(date(self.year, 12, 31))

    @property
    def residents(self) -> np.ndarray:
        return np.flatnonzero(self.persons.state == State.RESIDENT)

    def age(self, who: np.ndarray) -> np.ndarray:
        """Age in years on the last day of the year, with decimals."""
        return (self.year_end - self.persons.birth[who]) / YEAR

    def address_of(self, who: np.ndarray) -> np.ndarray:
        return self.dwellings.address[self.households.dwelling[self.persons.household[who]]]

    def block_of(self, who: np.ndarray) -> np.ndarray:
        return self.addresses.block[self.address_of(who)]

    def count_by_household(self, who: np.ndarray) -> np.ndarray:
        return np.bincount(self.persons.household[who], minlength=len(self.households))

    def families(self) -> np.ndarray:
        """Private households with a member under 18 at the end of the year."""
        who = self.residents
        minors = self.count_by_household(who[self.is_minor(who)])
        return np.flatnonzero((minors > 0) & (self.households.home == Home.PRIVATE))

    def is_minor(self, who: np.ndarray) -> np.ndarray:
        return completed_years(self.register_birth(who), self.year) < ADULT

    def register_birth(self, who: np.ndarray) -> np.ndarray:
        """Day of birth as the register counts it: unknown day = first of the month, unknown month = 1 January."""
        birth, fuzzy = self.persons.birth[who].astype(np.int64), self.persons.fuzzy[who]
        vague = np.flatnonzero(fuzzy)
        day = birth[vague].astype("datetime64[D]")
        first = np.where(fuzzy[vague] == 1, day.astype("datetime64[M]").astype("datetime64[D]"), day.astype("datetime64[Y]").astype("datetime64[D]"))
        birth[vague] = first.astype(np.int64)
        return birth

    def family_targets(self) -> np.ndarray:
        """Households with children wanted per Stadtbereich at the end of the year; their proportions persist."""
        total = calibration.FAMILIES_2015 if self.year == calibration.FIRST_YEAR else calibration.flows(self.year, 1).families
        return spread(np.array(calibration.FAMILIES_PER_STADTBEREICH), round(total * self.scale))

    # ---- dwellings ---------------------------------------------------------------------------------------------

    def free_dwellings(self) -> np.ndarray:
        return np.flatnonzero(self.dwellings.free & (self.dwellings.opens <= self.year) & (self.dwellings.closes > self.year))

    def lasting_addresses(self) -> np.ndarray:
        """Dwellings per address that stands now and will not be pulled down."""
        return np.where((self.addresses.valid_to == OPEN) & (self.addresses.valid_from <= self.year_end), self.addresses.dwellings, 0)

    def settle(self, rng: np.random.Generator, who: np.ndarray, size: np.ndarray, free: np.ndarray) -> None:
        """Give each household of ``who`` one of the dwellings ``free``: large ones to large households, good ones to good incomes.

        Where fewer are free than wanted, attics are converted: new dwellings in houses of the same kind.
        """
        if len(free) < len(who):
            every = np.flatnonzero((self.dwellings.closes > self.year + 1) & (self.dwellings.opens <= self.year))
            like = every[pick(rng, np.ones(len(every)), len(who) - len(free))]
            attics = self.dwellings.append(len(like), address=self.dwellings.address[like], size=self.dwellings.size[like], closes=OPEN_YEAR)
            free = np.concatenate([free, attics])
        chosen = free[draw(rng, np.ones(len(free)), len(who))]
        if not len(who):
            return

        def ranked(large: np.ndarray, good: np.ndarray) -> np.ndarray:
            rank = np.empty(len(large), dtype=int)
            rank[np.argsort(large, kind="stable")] = np.arange(len(large)) * SIZE_CLASSES // len(large)
            return np.lexsort((good, rank))

        wishes = ranked(size + rng.normal(0, 0.8, len(who)), self.households.income[who] + rng.normal(0, INCOME_NOISE, len(who)))
        offers = ranked(self.dwellings.size[chosen], self.addresses.quality[self.dwellings.address[chosen]])
        self.households.dwelling[who[wishes]] = chosen[offers]
        self.dwellings.free[chosen] = False

    def family_dwellings(self, rng: np.random.Generator, wanted: np.ndarray) -> np.ndarray:
        """Free dwellings for ``wanted`` families per Stadtbereich, larger ones rather than small ones."""
        free = self.free_dwellings()
        where = self.areas.stadtbereich[self.addresses.block[self.dwellings.address[free]]]
        weight = np.exp(0.8 * self.dwellings.size[free])
        return np.concatenate([free[draw(rng, np.where(where == part, weight, 0), count)] for part, count in enumerate(wanted)])

    # ---- people ------------------------------------------------------------------------------------------------

    def add(self, people: People, home: Home = Home.PRIVATE) -> tuple[np.ndarray, np.ndarray]:
        """Take composed households in, without a dwelling yet; returns (persons, households)."""
        columns = dict(people.columns)
        rng = self.rng(f"add {len(self.persons)}")
        households = self.households.append(int(columns["household"].max(initial=-1)) + 1, home=home)
        if not len(people):
            return households, households
        start = len(self.persons)
        columns["household"] = households[columns["household"]]
        for pointer in ("partner", "spouse", "mother", "father"):
            columns[pointer] = np.where(columns[pointer] >= 0, columns[pointer] + start, -1)
        who = self.persons.append(len(people), state=State.RESIDENT, **columns)
        self.households.income[households] = self._income(rng, who, households)
        self._register_marks(rng, who)
        child = who[self.persons.mother[who] >= 0]
        np.add.at(self.persons.parity, self.persons.mother[child], 1)
        np.maximum.at(self.persons.last_child, self.persons.mother[child], self.persons.birth[child])
        return who, households

    def _income(self, rng: np.random.Generator, who: np.ndarray, households: np.ndarray) -> np.ndarray:
        """Latent income of new households (standard normal plus what origin, age and family do to it)."""
        head = np.zeros(len(households), dtype=np.int32)
        is_head = self.persons.role[who] == Role.HEAD
        head[self.persons.household[who[is_head]] - households[0]] = who[is_head]
        age, alone = self.age(head), self.persons.partner[head] < 0
        minors = np.bincount(self.persons.household[who[self.age(who) < ADULT]] - households[0], minlength=len(households)) > 0
        effect = -0.75 * (self.persons.nat1[head] > 0) - 0.25 * (self.persons.generation[head] == 1) - 0.3 * alone - 0.7 * (alone & minors)
        return rng.normal(0, 1, len(households)) + effect + np.interp(age, [20, 35, 55, 70, 85], [-0.7, 0.1, 0.4, 0, -0.2])

    def _register_marks(self, rng: np.random.Generator, who: np.ndarray) -> None:
        """Religion, missing pointers, locks, place of birth."""
        persons = self.persons
        dice = rng.random((3, len(who)))
        christian = np.where(persons.origin[who] == 0, 0.62, 0.3)
        persons.religion[who] = np.where(dice[0] < christian * 0.5, 1, np.where(dice[0] < christian, 2, 0))
        persons.lost[who] = (rng.random((3, len(who))) < POINTER_MISSING).T @ np.array([1, 2, 4], dtype=np.uint8)
        locked = rng.random(len(self.households)) < LOCK_SHARE
        persons.lock[who] = locked[persons.household[who]]
        foreign_born = persons.generation[who] == 1
        in_germany = np.where(dice[2] < BORN_IN_TOWN, 0, pick(rng, names.PLACE_WEIGHT, len(who)))
        place = np.where(foreign_born, len(names.PLACES) + persons.origin[who], in_germany)
        persons.birth_place[who] = np.where(dice[1] < BIRTH_PLACE_UNKNOWN, -1, place)

    def record(self, event: Event, who: np.ndarray, day: np.ndarray, address_from: np.ndarray | int, address_to: np.ndarray | int) -> None:
        """Write an event of each of ``who`` to the log; addresses are positions, -1 outside the town."""
        part = {
            "year": np.full(len(who), self.year, np.int16),
            "event": np.full(len(who), event, np.int8),
            "person": who.astype(np.int32),
            "day": np.broadcast_to(day, len(who)).astype(np.int32),
        }
        for side, address in (("from", address_from), ("to", address_to)):
            at = np.broadcast_to(address, len(who)).astype(np.int32)
            part[f"address_{side}"] = at
            part[f"block_{side}"] = np.where(at >= 0, self.addresses.block[at], -1).astype(np.int16)
        self.log.append(part)

    def event_counts(self) -> dict[int, dict[str, int]]:
        """Year -> event -> persons."""
        counts: dict[int, dict[str, int]] = {}
        for part in self.log:
            for year in np.unique(part["year"]).tolist():
                name = Event(int(part["event"][0])).name
                of_year = counts.setdefault(year, {event.name: 0 for event in Event})
                of_year[name] += int((part["year"] == year).sum())
        return counts

    # ---- the first stock ---------------------------------------------------------------------------------------

    def _first_stock(self, last_year: int) -> None:
        rng = self.rng("first stock")
        total = calibration.residents_2015(self.scale)
        scaled = {kind: round(count * self.scale) for kind, count in HOUSEHOLDS_2015.items()}
        families = spread(np.array(list(FAMILY_MIX.values())), int(self.family_targets().sum()))
        planned = plan(rng, dict(zip(FAMILY_MIX, families.tolist(), strict=True)) | scaled)
        homes = {home: round(count * places * self.scale * ELDERLY_HOMES_FULL) for home, (count, places) in INSTITUTIONS.items()}
        rest = total - int(planned.size.sum()) - sum(homes.values())
        couples = round(rest * IN_COUPLES / 2)
        others = plan(rng, {Kind.COUPLE: couples, Kind.SINGLE: rest - 2 * couples})
        planned = Plan(*(np.concatenate([a, b]) for a, b in zip(vars(planned).values(), vars(others).values(), strict=True)))
        self.addresses = build_addresses(self.areas, self.seed, len(planned.kind), self.scale, last_year)
        self._build_dwellings(rng)
        self._open_institutions(rng)

        foreign = round(calibration.FOREIGN_2015 * self.scale) - homes[Home.SHELTER]
        people = compose(rng, self.pools, planned, self.year_end, arriving=False, foreign=foreign)
        who, households = self.add(people)
        is_family = np.isin(planned.kind, WITH_MINORS)
        chosen = self.family_dwellings(rng, self.family_targets())
        self.settle(rng, households[is_family], planned.size[is_family].astype(float), chosen)
        self.settle(rng, households[~is_family], planned.size[~is_family].astype(float), self.free_dwellings())
        self._first_dates(rng, who)
        for home, count in homes.items():
            self.fill_institution(rng, home, count, arriving=False)
        self.add_secondary(rng, round(total * SECONDARY_SHARE))
        second = draw(rng, (self.age(self.residents) > 30).astype(float), round(total * SECOND_HOME_SHARE))
        self.persons.second_home[self.residents[second]] = pick(rng, self.lasting_addresses(), len(second))

    def _build_dwellings(self, rng: np.random.Generator) -> None:
        houses = self.addresses
        address = np.repeat(np.arange(len(houses.block)), houses.dwellings)
        in_house = houses.dwellings[address]
        size = np.select([in_house == 1, in_house <= 3], [4.2, 3.4], 2.5) + rng.normal(0, 0.8, len(address))
        opens = np.where(houses.valid_from > self.year_end - 364, year_of(houses.valid_from) + 1, 0)
        closes = np.where(houses.valid_to == OPEN, OPEN_YEAR, year_of(np.minimum(houses.valid_to, 100_000)))
        self.dwellings.append(len(address), address=address, size=size, opens=opens[address], closes=closes[address])

    def _open_institutions(self, rng: np.random.Generator) -> None:
        """One large dwelling each, at addresses of their own."""
        settled = (self.addresses.dwellings <= 3) & (self.addresses.valid_to == OPEN) & (self.addresses.valid_from < self.year_end - 365)
        self.institutions: dict[Home, np.ndarray] = {}
        chosen = draw(rng, settled.astype(float), sum(count for count, _ in INSTITUTIONS.values()))
        chosen = chosen[rng.permutation(len(chosen))]
        self.dwellings.closes[np.isin(self.dwellings.address, chosen)] = 0
        for home, (count, _) in INSTITUTIONS.items():
            here, chosen = chosen[:count], chosen[count:]
            self.institutions[home] = self.dwellings.append(count, address=here, free=False, closes=OPEN_YEAR)

    def fill_institution(self, rng: np.random.Generator, home: Home, count: int, *, arriving: bool) -> np.ndarray:
        """Let ``count`` newly composed single people live in a kind of institution; returns the persons."""
        state = pick(rng, np.isin(names.STATE_KEYS, ("475", "438", "423", "439", "166")), count) if home == Home.SHELTER else np.zeros(count, int)
        planned = plan(rng, {Kind.SINGLE: count})
        people = compose(rng, self.pools, planned, self.year_end, arriving=home != Home.ELDERLY, foreign=count if home == Home.SHELTER else 0, origin=state)
        if home == Home.ELDERLY:
            people.columns["birth"] = self.year_end - (np.clip(rng.normal(85, 6, count), 66, 104) * YEAR).astype(np.int32)
            people.columns["sex"][:] = rng.random(count) < 0.72
            people.columns["status"][:] = np.where(rng.random(count) < 0.66, VW, people.columns["status"])
        if home == Home.REFUGE:
            people.columns["sex"][:] = Sex.W
            people.columns["status"][:] = np.where(rng.random(count) < 0.6, VH, people.columns["status"])
        who, households = self.add(people, home)
        self.households.dwelling[households] = self.institutions[home][pick(rng, np.ones(len(self.institutions[home])), count)]
        if not arriving:
            self.persons.at_address[who] = self.year_end - np.floor(rng.exponential({Home.ELDERLY: 900}.get(home, 200), count)).astype(np.int32) - 1
            self.persons.in_town[who] = self.persons.at_address[who]
            self.set_origin_of_move(rng, who)
        return who

    def _first_dates(self, rng: np.random.Generator, who: np.ndarray) -> None:
        """Dates of moving in for the first stock: at the address not before the house stood, in town not after that."""
        persons = self.persons
        households = np.unique(persons.household[who])
        head = who[persons.role[who] == Role.HEAD]
        head = head[np.argsort(persons.household[head], kind="stable")]
        age = self.age(head)
        tenure = np.minimum(rng.exponential(np.clip((age - 18) * 0.33, 1.4, 17)), np.maximum(age - 17.5, 0.05))
        built = self.addresses.valid_from[self.dwellings.address[self.households.dwelling[households]]]
        moved = self.year_end - (tenure * YEAR).astype(np.int32)
        first = np.minimum(built + rng.integers(0, FILLING_DAYS, len(head)), self.year_end - 1)
        moved = np.where(moved < built, first, moved)
        moved = np.where(persons.generation[head] == 1, np.maximum(moved, persons.came[head]), moved)
        native = (rng.random(len(head)) < 0.26) & (persons.origin[head] == 0)
        straight = rng.random(len(head)) < 0.42
        earlier = moved - (rng.exponential(9, len(head)) * YEAR).astype(np.int32)
        not_before = np.where(persons.generation[head] == 1, persons.came[head], persons.birth[head] + 1)
        arrived = np.where(straight, moved, np.maximum(earlier, not_before))
        arrived = np.where(native, persons.birth[head], arrived)
        place = np.searchsorted(households, persons.household[who])
        at_address, in_town = moved[place].copy(), arrived[place].copy()
        adult = (persons.role[who] != Role.HEAD) & (persons.role[who] != Role.CHILD)
        alone = adult & (rng.random(len(who)) < 0.35)
        in_town[alone] = at_address[alone]
        later = adult & (rng.random(len(who)) < np.where(persons.role[who] == Role.MATE, 0.7, 0.15))
        at_address[later] += ((self.year_end - at_address[later]) * rng.random(later.sum())).astype(np.int32)
        # nobody moves in before being born or before coming to Germany
        since = np.where(persons.generation[who] == 1, np.maximum(persons.birth[who], persons.came[who]), persons.birth[who])
        in_town = np.maximum(in_town, since)
        persons.at_address[who], persons.in_town[who] = np.maximum(at_address, in_town), in_town
        self.set_origin_of_move(rng, who)

    def set_origin_of_move(self, rng: np.random.Generator, who: np.ndarray) -> None:
        """Previous municipality, or state for those who came from abroad; none for those born in town."""
        persons = self.persons
        from_abroad = (persons.generation[who] == 1) & (persons.in_town[who] - persons.came[who] < JUST_CAME_DAYS)
        # who came on the same day into the same household came from the same place
        _, together = np.unique(persons.household[who] * np.int64(2**32) + persons.in_town[who], return_inverse=True)
        state = np.zeros(together.max(initial=-1) + 1, dtype=int)
        np.maximum.at(state, together, np.where(from_abroad, persons.origin[who], 0))
        place = np.where(state > 0, len(names.PLACES) + state, pick(rng, names.PLACE_WEIGHT, len(state)))[together]
        native = persons.in_town[who] == persons.birth[who]
        persons.came_from[who] = np.where(native, -1, place)
        born_here = native & (rng.random(len(who)) < 0.7)
        persons.birth_place[who[born_here]] = 0

    def add_secondary(self, rng: np.random.Generator, count: int) -> None:
        """People with their main residence elsewhere: students registered with their parents, commuters."""
        people = compose(rng, self.pools, plan(rng, {Kind.SINGLE: count}), self.year_end, arriving=True, foreign=round(count * 0.1))
        who, _ = self.add(people)
        self.persons.state[who] = State.SECONDARY
        with_children = self.families()
        hosts = with_children[pick(rng, np.ones(len(with_children)), count)]
        anywhere = pick(rng, self.lasting_addresses(), count)
        student = (self.age(who) < 28) & (rng.random(count) < 0.7)
        self.persons.second_home[who] = np.where(student, self.dwellings.address[self.households.dwelling[hosts]], anywhere)
        stands = self.addresses.valid_from[self.persons.second_home[who]]
        since = np.maximum(self.year_end - rng.integers(30, 2200, count), np.maximum(stands, self.persons.birth[who]))
        self.persons.at_address[who] = self.persons.in_town[who] = since
        self.set_origin_of_move(rng, who)


OPEN_YEAR = 32_000


def year_of(day: np.ndarray) -> np.ndarray:
    """Calendar year of days since 1970-01-01."""
    return np.asarray(day).astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970


def completed_years(birth: np.ndarray, year: int) -> np.ndarray:
    """Completed years on 31 December of ``year``: everybody has had this year's birthday by then."""
    return year - year_of(birth)
