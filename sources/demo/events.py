"""One year in the simulated town: births, deaths, weddings, separations, leaving home, new couples, departures, moves, arrivals.

Every step works on all persons at once and writes what happened to the world's log; a later step of the year gives a
person a later day, so that the log tells one history per person. Numbers of births, deaths, arrivals and departures
are exact (``calibration``); how many live where follows.
"""

from __future__ import annotations

import numpy as np

from sources.demo import calibration, names
from sources.demo.draws import draw, pick, prefix_filling, shuffled, spread
from sources.demo.households import (
    BORN_HERE,
    BY_DESCENT,
    GS,
    LP,
    LV,
    NATURALISED,
    VH,
    VW,
    YEAR,
    Kind,
    Plan,
    Role,
    Sex,
    compose,
    plan,
)
from sources.demo.town import STADTBEREICHE
from sources.demo.world import ADULT, ELDERLY_HOMES_FULL, INSTITUTIONS, POINTER_MISSING, SECONDARY_SHARE, Event, Home, State, World

# Yearly rates per person or couple; rounded orders of magnitude of German vital statistics (Destatis), not estimates.
TWINS = 0.017
GIRLS = 0.487
MARRY = 0.12
SHARE_NAME_NOW = 0.7
FIND_A_PLACE_TOGETHER = 0.7
SEPARATE_MARRIED, SEPARATE_UNMARRIED = 0.013, 0.042
DIVORCE_AFTER_SEPARATION = 0.4
MAN_LEAVES, LEAVER_GOES_AWAY = 0.62, 0.22
NATURALISE_PER_FOREIGNER = 0.016
YEARS_UNTIL_NATURALISATION = 8  # § 10 StAG, and § 4 Abs. 3 for children born here, as they stood until 2024
CHILD_GOES_AWAY, CHILD_SHARES_FLAT = 0.45, 0.2
KEEPS_ROOM_WITH_PARENTS = 0.12
SINGLE_EVENTS_SHARE_OF_DEPARTURES = 0.45  # at most; the rest leave as whole households
LEAVE_SHELTER = {Home.SHELTER: 0.35, Home.REFUGE: 0.8}
SHELTERS_FULL = ((2015, 0.97), (2016, 0.9), (2018, 0.6), (2021, 0.6), (2022, 1.0), (2024, 0.9))
JOIN_PARTNER = 0.05  # of the arrivals
FAMILIES_OF_ARRIVALS = 0.55  # at most, persons
ARRIVING_FAMILIES = {Kind.FAMILY: 0.7, Kind.LONE: 0.28, Kind.THREE_GENERATIONS: 0.02}
ARRIVING_COUPLES, ARRIVING_SHARERS = 0.52, 0.07
SECONDARY_LEAVE = 0.2

# Curves over age (years at the end of the year): ages, values between them by straight lines.
LEAVE_HOME = ((18, 20, 23, 26, 30, 40), (0.02, 0.055, 0.09, 0.125, 0.15, 0.1))
FIND_PARTNER = ((18.9, 19, 25, 32, 45, 60, 75, 76), (0, 0.06, 0.155, 0.15, 0.08, 0.03, 0.01, 0))
SEPARATE_BY_AGE = ((25, 50, 70), (1.4, 0.9, 0.1))
DEPART_BY_AGE = ((18, 25, 32, 45, 65, 95), (2.2, 3.0, 2.4, 1.0, 0.45, 0.35))
MOVE_BY_AGE = ((18, 25, 32, 40, 55, 75, 92), (0.15, 0.14, 0.11, 0.065, 0.033, 0.018, 0.012))
HOSTS_BY_AGE = ((20, 27, 40, 60, 70), (0.5, 1, 0.6, 0.15, 0))
# Relative chances: who has a child (bell curve, by children already there), who dies (Gompertz), who leaves town.
MOTHERS_AGE, MOTHERS_AGE_SPREAD, FERTILE = 31.3, 5.0, (16, 48)
WITHOUT_PARTNER, BORN_ABROAD_FERTILITY = 0.1, 1.25
BY_CHILDREN = np.array([1.0, 1.15, 0.38, 0.2, 0.15])
MORTALITY_SLOPE, WOMEN_DIE, IN_HOME_DIE, INFANT_DIES = 0.098, 0.62, 2.5, 8
DEPART_FOREIGN = 2.1
DEPART_BY_SIZE = np.array([0, 1.55, 0.95, 0.55])  # households of 1, 2, 3 and more
DEPART_BY_HOME = np.array([1.0, 0.15, 2.0, 1.0])  # as in Home
CROWDED_MOVE = 0.02  # per person too many for the dwelling
LARGEST_AGE_GAP = 14
HOME_FROM_AGE, HOME_BY_AGE, HOME_WITHOUT_PARTNER = 70, 0.13, 2.5


class Year:
    """The steps of one year and the households that look for a dwelling in the meantime."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.p = world.persons
        self.start = world.year_end - (365 if world.year % 4 else 366)
        self.last_day = world.year_end - 1  # so that a house may be pulled down on 30 December
        self.p.busy_until[:] = self.start
        self.flows = calibration.flows(world.year, world.scale)
        self.going_away: list[np.ndarray] = []
        self.movers: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []  # persons, address they leave, day
        self.seeking: list[np.ndarray] = []  # households without a dwelling

    def live(self) -> None:
        self.births()
        self.deaths()
        self.status_changes()
        self.naturalisations()
        self.separations()
        self.leaving_home()
        self.new_couples()
        self.institutions()
        self.departures()
        self.moves()
        self.arrivals()
        self.secondary_residences()

    # ---- common ------------------------------------------------------------------------------------------------

    def when(self, rng: np.random.Generator, after: np.ndarray) -> np.ndarray:
        """A day of this year later than ``after`` (on its last day where nothing is left)."""
        return np.minimum(after + 1 + np.floor(rng.random(len(after)) * (self.last_day - after)).astype(np.int32), self.last_day)

    def household_busy_until(self) -> np.ndarray:
        latest = np.full(len(self.world.households), self.start, dtype=np.int32)
        who = self.world.residents
        np.maximum.at(latest, self.p.household[who], self.p.busy_until[who])
        return latest

    def in_private(self, who: np.ndarray) -> np.ndarray:
        return self.world.households.home[self.p.household[who]] == Home.PRIVATE

    def available(self) -> np.ndarray:
        """Residents in private households of which nobody is on the move."""
        who = self.world.residents
        return who[self.in_private(who) & ~self.moving_households()[self.p.household[who]]]

    def moving_households(self) -> np.ndarray:
        flag = np.zeros(len(self.world.households), dtype=bool)
        for who, _, _ in self.movers:
            flag[self.p.household[who]] = True
        for who in self.going_away:
            flag[self.p.household[who]] = True
        return flag

    def new_households(self, income: np.ndarray, home: Home = Home.PRIVATE) -> np.ndarray:
        return self.world.households.append(len(income), income=income, home=home)

    def move_out(self, who: np.ndarray, household: np.ndarray, day: np.ndarray) -> None:
        """Persons change their household now; the address they go to is known when dwellings are found."""
        self.movers.append((who, self.world.address_of(who), day))
        self.p.household[who] = household
        self.p.busy_until[who] = day

    def split_up(self, who: np.ndarray) -> None:
        """Persons stop living with their partner; whether they are married is another matter."""
        other = self.p.partner[who]
        self.p.partner[other[other >= 0]] = -1
        self.p.partner[who] = -1

    def tidy(self, rng: np.random.Generator) -> None:
        """Free dwellings nobody lives in, give every household a head, and find a home for children left alone."""
        world, p = self.world, self.p
        who = world.residents
        adult = world.age(who) >= ADULT
        members, adults = world.count_by_household(who), world.count_by_household(who[adult])
        children = who[(members > 0)[p.household[who]] & (adults == 0)[p.household[who]]]
        if len(children):
            hosts = world.families()
            hosts = hosts[(adults[hosts] > 0) & ~self.moving_households()[hosts]]
            day = self.when(rng, p.busy_until[children])
            before = world.address_of(children)
            left = np.unique(p.household[children])
            guardian = hosts[pick(rng, np.ones(len(hosts)), len(left))]
            p.household[children] = guardian[np.searchsorted(left, p.household[children])]
            p.role[children], p.at_address[children], p.busy_until[children] = Role.RELATIVE, day, day
            world.record(Event.MOVE, children, day, before, world.address_of(children))
            members = world.count_by_household(who)
        lives = world.households.dwelling >= 0
        empty = np.flatnonzero((members == 0) & lives & (world.households.home == Home.PRIVATE))
        world.dwellings.free[world.households.dwelling[empty]] = True
        world.households.dwelling[empty] = -1
        headless = members > 0
        headless[p.household[who[p.role[who] == Role.HEAD]]] = False
        heirs = who[headless[p.household[who]]]
        order = np.lexsort((p.birth[heirs], np.array([0, 1, 3, 2, 4])[p.role[heirs]], world.age(heirs) < ADULT, p.household[heirs]))
        heirs = heirs[order]
        first = np.ones(len(heirs), dtype=bool)
        first[1:] = p.household[heirs[1:]] != p.household[heirs[:-1]]
        p.role[heirs[first]] = Role.HEAD

    # ---- births and deaths -------------------------------------------------------------------------------------

    def births(self) -> None:
        world, p, rng = self.world, self.p, self.world.rng("births")
        who = world.residents
        who = who[(p.sex[who] == Sex.W) & (world.households.home[p.household[who]] != Home.ELDERLY)]
        age = world.age(who)
        since_last = world.year_end - p.last_child[who]
        weight = np.exp(-(((age - MOTHERS_AGE) / MOTHERS_AGE_SPREAD) ** 2) / 2) * ((age > FERTILE[0]) & (age < FERTILE[1]))
        weight *= np.where(p.partner[who] >= 0, 1.0, WITHOUT_PARTNER) * BY_CHILDREN[np.minimum(p.parity[who], len(BY_CHILDREN) - 1)]
        weight *= np.select([since_last < 1.1 * YEAR, since_last < 2 * YEAR], [0.0, 0.55], 1.0) * np.where(p.generation[who] == 1, BORN_ABROAD_FERTILITY, 1.0)
        twins = round(self.flows.births * TWINS)
        mothers = who[draw(rng, weight, self.flows.births - twins)]
        mother = np.concatenate([mothers, mothers[draw(rng, np.ones(len(mothers)), self.flows.births - len(mothers))]])
        day_of_mother = np.zeros(len(p), dtype=np.int32)
        day_of_mother[mothers] = self.when(rng, p.busy_until[mothers])
        day, count = day_of_mother[mother], len(mother)
        father = np.where((p.partner[mother] >= 0) & (p.sex[p.partner[mother]] == Sex.M), p.partner[mother], -1)
        known, partner = father >= 0, np.maximum(father, 0)
        german = (p.nat1[mother] == 0) | (known & (p.nat1[partner] == 0))
        foreigner = np.where(p.nat1[mother] > 0, mother, np.where(known & (p.nat1[partner] > 0), partner, mother))
        here_since = np.where(p.generation[foreigner] == 1, p.came[foreigner], p.birth[foreigner])
        by_place = ~german & (day - here_since > YEARS_UNTIL_NATURALISATION * YEAR) & (rng.random(count) < 0.9)  # § 4 Abs. 3 StAG
        both = np.where(known, 1, 2) * ~p.born_german[mother] + (known & ~p.born_german[partner])
        abroad = np.where(p.origin[mother] > 0, p.origin[mother], np.where(known, p.origin[partner], 0))
        fathers_name = known & (rng.random(count) < 0.45)
        foreign_state = p.nat1[foreigner]
        child = p.append(
            count,
            birth=day,
            sex=np.where(rng.random(count) < 0.0002, Sex.D, rng.random(count) < GIRLS),
            nat1=np.where(german | by_place, 0, foreign_state),
            nat2=np.where(by_place | (german & (foreign_state > 0) & (rng.random(count) < 0.65)), foreign_state, -1),
            german_kind=np.where(german, BY_DESCENT, np.where(by_place, BORN_HERE, 0)),
            origin=np.where(both > 0, abroad, 0),
            generation=np.where(both > 0, 2, 0),
            sides=both,
            born_german=german | by_place,
            surname=np.where(fathers_name, p.surname[partner], p.surname[mother]),
            household=p.household[mother],
            role=Role.CHILD,
            mother=mother,
            father=father,
            at_address=day,
            in_town=day,
            birth_place=np.where(rng.random(count) < 0.65, 0, 1 + pick(rng, names.PLACE_WEIGHT[1:5], count)),
            religion=np.where(rng.random(count) < 0.8, p.religion[mother], 0),
            lock=p.lock[mother],
            lost=(rng.random((3, count)) < POINTER_MISSING).T @ np.array([1, 2, 4], dtype=np.uint8),
            state=State.RESIDENT,
            busy_until=day,
        )
        region = names.STATE_REGION[p.origin[child]]
        p.first_name[child] = names.draw_first_names(rng, world.pools, region, p.sex[child], np.full(count, world.year))
        np.add.at(p.parity, mother, 1)
        p.last_child[mother], p.busy_until[mother] = day, day
        world.record(Event.BIRTH, child, day, -1, world.address_of(child))

    def deaths(self) -> None:
        world, p, rng = self.world, self.p, self.world.rng("deaths")
        who = world.residents
        age = world.age(who)
        weight = np.exp(MORTALITY_SLOPE * age) * np.where(p.sex[who] == Sex.W, WOMEN_DIE, 1.0) + INFANT_DIES * (age < 1)
        weight *= np.where(world.households.home[p.household[who]] == Home.ELDERLY, IN_HOME_DIE, 1.0)
        dead = who[draw(rng, weight, self.flows.deaths)]
        day = self.when(rng, p.busy_until[dead])
        world.record(Event.DEATH, dead, day, world.address_of(dead), -1)
        p.state[dead], p.busy_until[dead] = State.ABSENT, day
        spouse = p.spouse[dead]
        widowed = spouse[(spouse >= 0) & (p.state[spouse] == State.RESIDENT)]
        p.status[widowed] = np.where(p.status[widowed] == LP, LV, VW)
        p.spouse[widowed] = -1
        self.split_up(dead)
        self.tidy(rng)

    # ---- marital status, nationality ---------------------------------------------------------------------------

    def status_changes(self) -> None:
        world, p, rng = self.world, self.p, self.world.rng("status")
        who = world.residents
        other = p.partner[who]
        free = ~np.isin(p.status, (VH, LP))
        couple = who[(other > who) & free[who] & free[other]]
        couple = couple[rng.random(len(couple)) < MARRY]
        other = p.partner[couple]
        p.spouse[couple], p.spouse[other] = other, couple
        p.status[couple] = p.status[other] = VH
        shares = rng.random(len(couple)) < SHARE_NAME_NOW
        takes = np.where((p.sex[couple] == Sex.W) == (rng.random(len(couple)) < 0.88), couple, other)[shares]
        gives = p.partner[takes]
        changes = (p.surname[takes] != p.surname[gives]) & (p.birth_name[takes] < 0)
        p.birth_name[takes[changes]] = p.surname[takes[changes]]
        p.surname[takes] = p.surname[gives]
        lives_apart = (p.spouse[who] < 0) | (p.spouse[who] != p.partner[who])
        apart = who[lives_apart & np.isin(p.status[who], (VH, LP)) & self.in_private(who)]
        spouse = p.spouse[apart]
        apart = apart[(spouse < 0) | (p.state[spouse] != State.RESIDENT) | (self.in_private(np.maximum(spouse, 0)) & (spouse > apart))]
        apart = apart[rng.random(len(apart)) < DIVORCE_AFTER_SEPARATION]
        spouse = p.spouse[apart]
        for side in (apart, spouse[spouse >= 0]):
            p.status[side], p.spouse[side] = GS, -1

    def naturalisations(self) -> None:
        world, p, rng = self.world, self.p, self.world.rng("naturalisations")
        who = world.residents
        who = who[p.nat1[who] > 0]
        here_since = np.where(p.generation[who] == 1, p.came[who], p.birth[who])
        weight = ((world.year_end - here_since) > YEARS_UNTIL_NATURALISATION * YEAR) * np.where(world.age(who) < 50, 2.0, 1.0)
        chosen = who[draw(rng, weight, round(NATURALISE_PER_FOREIGNER * len(who)))]
        day = self.when(rng, p.busy_until[chosen])
        keeps = rng.random(len(chosen)) < 0.55
        p.nat2[chosen] = np.where(keeps, p.nat1[chosen], -1)
        p.nat1[chosen], p.german_kind[chosen], p.busy_until[chosen] = 0, NATURALISED, day
        address = world.address_of(chosen)
        world.record(Event.NATURALISATION, chosen, day, address, address)

    # ---- households change -------------------------------------------------------------------------------------

    def separations(self) -> None:
        world, p, rng = self.world, self.p, self.world.rng("separations")
        who = self.available()
        couple = who[p.partner[who] > who]
        rate = np.where(np.isin(p.status[couple], (VH, LP)), SEPARATE_MARRIED, SEPARATE_UNMARRIED)
        rate = rate * np.interp(world.age(couple), *SEPARATE_BY_AGE)
        couple = couple[rng.random(len(couple)) < rate]
        man_goes = rng.random(len(couple)) < MAN_LEAVES
        leaver = np.where((p.sex[couple] == Sex.M) == man_goes, couple, p.partner[couple])
        self.split_up(leaver)
        away = rng.random(len(leaver)) < LEAVER_GOES_AWAY
        self.going_away.append(leaver[away])
        stays = leaver[~away]
        day = self.when(rng, self.household_busy_until()[p.household[stays]])
        income = world.households.income[p.household[stays]] + rng.normal(-0.2, 0.4, len(stays))
        self.leave(stays, self.new_households(income), day)

    def leave(self, who: np.ndarray, household: np.ndarray, day: np.ndarray) -> None:
        """Persons found households of their own, which look for a dwelling."""
        self.move_out(who, household, day)
        self.p.role[who] = Role.HEAD
        self.seeking.append(np.unique(household))

    def leaving_home(self) -> None:
        world, p, rng = self.world, self.p, self.world.rng("leaving home")
        who = self.available()
        age = world.age(who)
        rate = np.interp(age, *LEAVE_HOME) * (age >= ADULT)
        leaver = who[(p.role[who] == Role.CHILD) & (p.parity[who] == 0) & (rng.random(len(who)) < rate)]
        dice = rng.random(len(leaver))
        self.going_away.append(leaver[dice < CHILD_GOES_AWAY])
        stays = leaver[dice >= CHILD_GOES_AWAY]
        day = self.when(rng, self.household_busy_until()[p.household[stays]])
        income = 0.4 * world.households.income[p.household[stays]] + rng.normal(-0.6, 0.8, len(stays))
        shares = dice[dice >= CHILD_GOES_AWAY] < CHILD_GOES_AWAY + CHILD_SHARES_FLAT
        self.leave(stays[~shares], self.new_households(income[~shares]), day[~shares])
        mixed = np.flatnonzero(shares)[rng.permutation(int(shares.sum()))]
        flat = np.arange(len(mixed)) // 2
        together = np.full(len(flat), self.start, dtype=np.int32)
        np.maximum.at(together, flat, day[mixed])
        sharers = stays[mixed]
        self.leave(sharers, self.new_households(income[mixed[::2]])[flat], together[flat])
        p.role[sharers[1::2]] = Role.MATE

    def new_couples(self) -> None:
        world, p, rng = self.world, self.p, self.world.rng("new couples")
        who = self.available()
        age = world.age(who)
        rate = np.interp(age, *FIND_PARTNER)
        ready = who[(p.partner[who] < 0) & (p.role[who] != Role.RELATIVE) & (rng.random(len(who)) < rate)]
        women, men = ready[p.sex[ready] == Sex.W], ready[p.sex[ready] == Sex.M]
        pairs = min(len(women), len(men))
        women, men = (side[draw(rng, np.ones(len(side)), pairs)] for side in (women, men))
        women = women[np.argsort(world.age(women) + 2.5, kind="stable")]
        men = men[np.argsort(world.age(men) + rng.normal(0, 2.5, pairs), kind="stable")]
        # one new couple per household and year, and not among relatives
        taken = np.bincount(np.concatenate([p.household[women], p.household[men]]), minlength=len(world.households))
        fits = (taken[p.household[women]] == 1) & (taken[p.household[men]] == 1) & (np.abs(p.birth[women] - p.birth[men]) < LARGEST_AGE_GAP * YEAR)
        women, men = women[fits], men[fits]
        adults = world.count_by_household(world.residents[world.age(world.residents) >= ADULT])
        stands = world.dwellings.closes[world.households.dwelling] > world.year
        members = world.count_by_household(world.residents)

        def independent(side: np.ndarray) -> np.ndarray:
            return (p.role[side] == Role.HEAD) & (adults[p.household[side]] == 1)

        hers, his = independent(women), independent(men)
        her_home, his_home = hers & stands[p.household[women]], his & stands[p.household[men]]
        she_has_children = members[p.household[women]] > 1
        he_has_children = members[p.household[men]] > 1
        together = (rng.random(len(women)) < FIND_A_PLACE_TOGETHER) & ~she_has_children & ~he_has_children
        to_her = her_home & ~together & (~his_home | she_has_children | (~he_has_children & (rng.random(len(women)) < 0.55)))
        to_him = his_home & ~together & ~to_her
        found = ~to_her & ~to_him
        fresh = self.new_households(np.maximum(world.households.income[p.household[women[found]]], world.households.income[p.household[men[found]]]))
        target = np.where(to_her, p.household[women], p.household[men])
        target[found] = fresh
        busy = self.household_busy_until()
        day = self.when(rng, np.maximum(busy[p.household[women]], busy[p.household[men]]))

        # who comes along: the whole household of an independent person, own minor children otherwise
        goes = np.full(len(p), -1)
        goes[women[~to_her]], goes[men[~to_him]] = np.flatnonzero(~to_her), np.flatnonzero(~to_him)
        with_household = np.full(len(world.households), -1)
        for side, own, moves in ((women, hers, ~to_her), (men, his, ~to_him)):
            with_household[p.household[side[own & moves]]] = np.flatnonzero(own & moves)
        residents = world.residents
        along = np.maximum(goes[residents], with_household[p.household[residents]])
        minor = world.age(residents) < ADULT
        for parent in (p.mother[residents], p.father[residents]):
            follows = minor & (along < 0) & (parent >= 0)
            follows &= p.household[parent] == p.household[residents]
            along = np.where(follows, goes[parent], along)
        moving, pair = residents[along >= 0], along[along >= 0]
        self.move_out(moving, target[pair], day[pair])
        self.seeking.append(fresh)
        children = moving[goes[moving] < 0]
        p.role[children] = np.where(p.role[children] == Role.RELATIVE, Role.RELATIVE, Role.CHILD)
        p.role[women], p.role[men] = np.where(to_him, Role.PARTNER, Role.HEAD), np.where(to_him, Role.HEAD, Role.PARTNER)
        p.partner[women], p.partner[men] = men, women
        world.households.income[target] = np.maximum(world.households.income[target], rng.normal(0.2, 0.8, len(target)))
        self.tidy(rng)

    def institutions(self) -> None:
        """The very old move into homes as places get free; refugees and women in shelters find dwellings."""
        world, p, rng = self.world, self.p, self.world.rng("institutions")
        count, places = INSTITUTIONS[Home.ELDERLY]
        living = np.bincount(world.households.home[p.household[world.residents]], minlength=len(Home))
        free = max(round(count * places * world.scale * ELDERLY_HOMES_FULL) - int(living[Home.ELDERLY]), 0)
        who = self.available()
        age = world.age(who)
        old = who[draw(rng, np.where(age > HOME_FROM_AGE, np.exp(HOME_BY_AGE * age) * np.where(p.partner[who] < 0, HOME_WITHOUT_PARTNER, 1.0), 0), free)]
        day = self.when(rng, self.household_busy_until()[p.household[old]])
        self.split_up(old)
        household = self.new_households(world.households.income[p.household[old]], Home.ELDERLY)
        world.households.dwelling[household] = world.institutions[Home.ELDERLY][pick(rng, np.ones(count), len(old))]
        self.move_out(old, household, day)
        p.role[old] = Role.HEAD
        residents = world.residents
        for home, share in LEAVE_SHELTER.items():
            sheltered = residents[world.households.home[p.household[residents]] == home]
            sheltered = sheltered[(p.role[sheltered] == Role.HEAD) & (rng.random(len(sheltered)) < share)]
            leaving = np.zeros(len(world.households), dtype=bool)
            leaving[p.household[sheltered]] = True
            group = residents[leaving[p.household[residents]]]
            before = np.unique(p.household[group])
            day = self.when(rng, self.household_busy_until()[before])
            fresh = self.new_households(world.households.income[before] - 0.5)
            place = np.searchsorted(before, p.household[group])
            self.move_out(group, fresh[place], day[place])
            self.seeking.append(fresh)
        self.tidy(rng)

    # ---- in and out --------------------------------------------------------------------------------------------

    def departures(self) -> None:
        world, p, rng = self.world, self.p, self.world.rng("departures")
        alone = np.concatenate(self.going_away)
        allowed = int(self.flows.departures * SINGLE_EVENTS_SHARE_OF_DEPARTURES)
        alone = alone[np.sort(rng.permutation(len(alone))[:allowed])]
        self.going_away = []
        student = alone[(p.role[alone] == Role.CHILD) & (rng.random(len(alone)) < KEEPS_ROOM_WITH_PARENTS)]
        room = world.address_of(student)
        moving = self.moving_households()
        moving[p.household[alone]] = True

        who = world.residents
        who = who[~moving[p.household[who]]]
        size = world.count_by_household(who)
        head = who[p.role[who] == Role.HEAD]
        weight = np.interp(world.age(head), *DEPART_BY_AGE)
        weight *= np.where(p.nat1[head] > 0, DEPART_FOREIGN, 1.0) * DEPART_BY_SIZE[np.minimum(size[p.household[head]], 3)]
        weight *= DEPART_BY_HOME[world.households.home[p.household[head]]]
        order = p.household[head[shuffled(rng, weight)]]
        wanted = self.flows.departures - len(alone)
        whole = prefix_filling(size[order], wanted)
        later = order[whole:]
        singles = later[size[later] == 1][: wanted - int(size[order[:whole]].sum())]
        leaving = np.zeros(len(world.households), dtype=bool)
        leaving[order[:whole]] = leaving[singles] = True
        group = who[leaving[p.household[who]]]
        day = self.household_busy_until()
        day[leaving] = self.when(rng, day[leaving])
        self.depart(group, day[p.household[group]])
        self.depart(alone, self.when(rng, p.busy_until[alone]))
        p.state[student], p.second_home[student] = State.SECONDARY, room
        self.tidy(rng)

    def depart(self, who: np.ndarray, day: np.ndarray) -> None:
        self.world.record(Event.DEPARTURE, who, day, self.world.address_of(who), -1)
        self.p.state[who], self.p.busy_until[who] = State.ABSENT, day
        left_behind = self.p.partner[who]
        left_behind = left_behind[left_behind >= 0]
        left_behind = left_behind[self.p.state[left_behind] == State.RESIDENT]
        self.p.partner[left_behind] = -1

    def moves(self) -> None:
        """Households that look for another dwelling, and those that just came into being, find one."""
        world, p, rng = self.world, self.p, self.world.rng("moves")
        fresh = np.unique(np.concatenate(self.seeking))
        moving = self.moving_households()
        who = world.residents
        size = world.count_by_household(who)
        head = who[(p.role[who] == Role.HEAD) & self.in_private(who)]
        head = head[~moving[p.household[head]]]
        at = p.household[head]
        rate = np.interp(world.age(head), *MOVE_BY_AGE)
        rate += CROWDED_MOVE * np.clip(size[at] - world.dwellings.size[world.households.dwelling[at]], 0, 3)
        must = world.dwellings.closes[world.households.dwelling[at]] <= world.year
        mover = at[must | (rng.random(len(at)) < rate)]
        # houses that are pulled down also lose those who are moving within them this year
        chosen = np.zeros(len(world.households), dtype=bool)
        chosen[mover] = True
        group = who[chosen[p.household[who]]]
        day = self.household_busy_until()
        day[mover] = self.when(rng, day[mover])
        before = world.households.dwelling[mover]
        self.movers.append((group, world.address_of(group), day[p.household[group]]))
        p.busy_until[group] = day[p.household[group]]

        # families exchange dwellings among themselves, so that their proportions per Stadtbereich persist
        families = world.families()
        is_family = np.isin(mover, families)
        left = np.bincount(self.stadtbereich_of(mover[is_family]), minlength=len(STADTBEREICHE))
        there = np.bincount(self.stadtbereich_of(families[world.households.dwelling[families] >= 0]), minlength=len(STADTBEREICHE))
        surplus = there - world.family_targets()
        taken = np.clip(left - np.maximum(surplus, 0), 0, None)
        taken += spread(np.maximum(-surplus, 0) + 1e-9, int(left.sum() - taken.sum()))
        offered = world.family_dwellings(rng, taken)
        world.settle(rng, mover[is_family], size[mover[is_family]].astype(float), offered)
        others = np.concatenate([mover[~is_family], fresh[size[fresh] > 0]])
        world.settle(rng, others, size[others].astype(float), world.free_dwellings())
        world.dwellings.free[before] = True
        for who, address, day in self.movers:
            p.at_address[who] = day
            world.record(Event.MOVE, who, day, address, world.address_of(who))
        self.movers, self.seeking = [], []

    def arrivals(self) -> None:
        world, p, rng = self.world, self.p, self.world.rng("arrivals")
        who = world.residents
        foreign_wanted = self.flows.foreign - int((p.nat1[who] > 0).sum())
        remaining = self.flows.arrivals

        joined = self.join_partners(rng, round(JOIN_PARTNER * self.flows.arrivals))
        foreign_wanted -= int((p.nat1[joined] > 0).sum())
        remaining -= len(joined)
        full = np.interp(world.year, *zip(*SHELTERS_FULL, strict=True))
        for home, share in ((Home.SHELTER, full), (Home.REFUGE, 1.0)):
            count, places = INSTITUTIONS[home]
            living = int((world.households.home[p.household[world.residents]] == home).sum())
            taken = int(np.clip(round(count * places * world.scale * share) - living, 0, remaining // 4))
            came = world.fill_institution(rng, home, taken, arriving=True)
            self.arrive(rng, came)
            foreign_wanted -= int((p.nat1[came] > 0).sum())
            remaining -= taken

        lacking = np.maximum(world.family_targets() - np.bincount(self.stadtbereich_of(world.families()), minlength=len(STADTBEREICHE)), 0)
        families = plan(rng, dict(zip(ARRIVING_FAMILIES, spread(np.array(list(ARRIVING_FAMILIES.values())), int(lacking.sum())).tolist(), strict=True)))
        families = families.take(rng.permutation(len(families.kind)))
        families = families.take(np.arange(prefix_filling(families.size, int(remaining * FAMILIES_OF_ARRIVALS))))
        lacking = spread(lacking + 1e-9, len(families.kind))
        remaining -= int(families.size.sum())
        couples = round(remaining * ARRIVING_COUPLES / 2)
        sharing = plan(rng, {Kind.COUPLE: couples, Kind.SHARED: round(remaining * ARRIVING_SHARERS / 2)})
        singles = plan(rng, {Kind.SINGLE: remaining - int(sharing.size.sum())})
        planned = Plan(*(np.concatenate(parts) for parts in zip(*(vars(part).values() for part in (families, sharing, singles)), strict=True)))
        people = compose(rng, world.pools, planned, world.year_end, arriving=True, foreign=max(foreign_wanted, 0))
        came, households = world.add(people)
        is_family = np.arange(len(households)) < len(families.kind)
        world.settle(rng, households[is_family], planned.size[is_family].astype(float), world.family_dwellings(rng, lacking))
        world.settle(rng, households[~is_family], planned.size[~is_family].astype(float), world.free_dwellings())
        self.arrive(rng, came)

    def stadtbereich_of(self, households: np.ndarray) -> np.ndarray:
        world = self.world
        return world.areas.stadtbereich[world.addresses.block[world.dwellings.address[world.households.dwelling[households]]]]

    def arrive(self, rng: np.random.Generator, who: np.ndarray, after: np.ndarray | None = None) -> None:
        """Give newcomers the day on which their household came; nobody comes before being born."""
        world, p = self.world, self.p
        households, place = np.unique(p.household[who], return_inverse=True)
        day = self.when(rng, np.full(len(households), self.start) if after is None else after)[place]
        p.birth[who] = np.where(p.birth[who] >= day, day - rng.integers(1, 300, len(who)), p.birth[who])
        abroad = p.generation[who] == 1
        p.came[who] = np.where(abroad, np.clip(p.came[who], p.birth[who], day), 0)
        p.at_address[who], p.in_town[who], p.busy_until[who] = day, day, day
        world.set_origin_of_move(rng, who)
        world.record(Event.ARRIVAL, who, day, -1, world.address_of(who))

    def join_partners(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Up to ``count`` partners from elsewhere move in with people who live alone or with their children; returns them."""
        world, p = self.world, self.p
        adults = world.count_by_household(world.residents[world.age(world.residents) >= ADULT])
        hosts = self.available()
        hosts = hosts[(p.role[hosts] == Role.HEAD) & (p.partner[hosts] < 0) & (adults[p.household[hosts]] == 1) & np.isin(p.sex[hosts], (Sex.M, Sex.W))]
        age = world.age(hosts)
        weight = np.interp(age, *HOSTS_BY_AGE) * np.where(p.nat1[hosts] > 0, 2.5, 1.0)
        host = hosts[draw(rng, weight, count)]
        count = len(host)
        origin = np.where(p.nat1[host] > 0, p.nat1[host], 0)
        people = compose(rng, world.pools, plan(rng, {Kind.SINGLE: count}), world.year_end, arriving=True, foreign=count, origin=origin)
        people.columns["sex"][:] = np.where(p.sex[host] == Sex.W, Sex.M, Sex.W)
        people.columns["birth"][:] = p.birth[host] + np.round(rng.normal(0, 3, count) * YEAR).astype(np.int32)
        people.columns["birth"][:] = np.minimum(people.columns["birth"], world.year_end - int(19 * YEAR))
        people.columns["status"][:] = 0
        who, _ = world.add(people)
        busy = self.household_busy_until()[p.household[host]]
        p.household[who], p.role[who] = p.household[host], Role.PARTNER
        p.partner[who], p.partner[host] = host, who
        wedded = (rng.random(count) < 0.5) & ~np.isin(p.status[host], (VH, LP))
        p.spouse[who[wedded]], p.spouse[host[wedded]] = host[wedded], who[wedded]
        p.status[who[wedded]] = p.status[host[wedded]] = VH
        order = np.argsort(p.household[who], kind="stable")
        self.arrive(rng, who[order], busy[order])
        return who

    def secondary_residences(self) -> None:
        world, p, rng = self.world, self.p, self.world.rng("secondary")
        stands = world.addresses.valid_to[np.maximum(p.second_home, 0)] > world.year_end
        p.second_home[~stands] = -1
        secondary = np.flatnonzero(p.state == State.SECONDARY)
        ends = secondary[(p.second_home[secondary] < 0) | (rng.random(len(secondary)) < SECONDARY_LEAVE)]
        p.state[ends] = State.ABSENT
        world.add_secondary(rng, max(round(len(world.residents) * SECONDARY_SHARE) - (len(secondary) - len(ends)), 0))
