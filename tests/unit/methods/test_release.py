"""A release as one system: groups that follow from definitions, joint against separate protection, years, corrections."""

from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest

from methods.disclosure.audit import Published, audit
from methods.disclosure.pattern import CARRIERS, SMALL, dominated, pattern
from methods.disclosure.release import KEY, groups, protect_release, release

PERSON = ["alter_von", "alter_bis", "geschlecht", "staatsangehoerigkeit", "migrationshintergrund", "wohndauer_ab"]
NO_PARTS = pd.DataFrame({"zerlegung_id": [], "kennzahl_id": [], "teil_id": [], "vollstaendig": []})
NOTHING = pd.DataFrame({name: [] for name in ["zielgruppe", *KEY, "wert", "zuletzt"]})
MINIMUM = 3


def kinds(*rows):
    return pd.DataFrame([{"kennzahl_id": name, **dict.fromkeys(PERSON), **more} for name, more in rows])


TOTAL, CHILDREN, FOREIGN = ("einwohner", {}), ("alter_0_17", {"alter_von": 0, "alter_bis": 17}), ("nichtdeutsche", {"staatsangehoerigkeit": "nichtdeutsch"})
FOREIGN_CHILDREN = ("nichtdeutsche_0_17", {"alter_von": 0, "alter_bis": 17, "staatsangehoerigkeit": "nichtdeutsch"})


#: Nested, overlapping and unbounded ages, attributes alone and together, and durations of residence.
RICH = kinds(
    ("einwohner", {}), ("bekannt", {"alter_von": 0}), ("u3", {"alter_von": 0, "alter_bis": 2}), ("u6", {"alter_von": 0, "alter_bis": 5}), ("u18", {"alter_von": 0, "alter_bis": 17}), ("ab_18", {"alter_von": 18}),
    ("mitte", {"alter_von": 3, "alter_bis": 17}), ("quer", {"alter_von": 6, "alter_bis": 20}), ("bis_64", {"alter_bis": 64}), ("allein", {"alter_von": 30, "alter_bis": 40}), ("zweimal", {"alter_von": 0, "alter_bis": 17}),
    ("frauen", {"geschlecht": "w"}), ("maedchen", {"geschlecht": "w", "alter_von": 0, "alter_bis": 17}), ("frauen_ab_18", {"geschlecht": "w", "alter_von": 18}),
    ("nichtdeutsche", {"staatsangehoerigkeit": "nichtdeutsch"}), ("migration", {"migrationshintergrund": "mit"}), ("nichtdeutsche_frauen", {"staatsangehoerigkeit": "nichtdeutsch", "geschlecht": "w"}),
    ("fuenf_jahre", {"wohndauer_ab": 5}), ("ein_jahr", {"wohndauer_ab": 1}), ("kinder_ein_jahr", {"wohndauer_ab": 1, "alter_von": 0, "alter_bis": 17}),
)  # fmt: skip
#: One person each of every age (unknown first), sex, origin and duration of residence (unknown first) that a definition here tells apart.
EVERYBODY = pd.DataFrame(
    [(age, sex, origin, descent, stay) for age in (np.nan, *range(0, 22), 29, 30, 35, 40, 41, 64, 65, 80) for sex in "mw" for origin, descent in (("deutsch", "ohne"), ("deutsch", "mit"), ("nichtdeutsch", "mit")) for stay in (np.nan, 0, 1, 3, 5, 9)],
    columns=["age", "geschlecht", "staatsangehoerigkeit", "migrationshintergrund", "stay"],
)


def counted(definition):
    """Whom of them a count counts, straight from its definition: whoever has no known age is in no count with an age."""
    low, high = definition["alter_von"], definition["alter_bis"]
    mask = pd.Series(True, EVERYBODY.index) if pd.isna(low) and pd.isna(high) else EVERYBODY["age"].between(0 if pd.isna(low) else low, np.inf if pd.isna(high) else high)
    for attribute in ("geschlecht", "staatsangehoerigkeit", "migrationshintergrund"):
        mask &= (EVERYBODY[attribute] == definition[attribute]) | (not isinstance(definition[attribute], str))
    return (mask & ((EVERYBODY["stay"] >= definition["wohndauer_ab"]) | pd.isna(definition["wohndauer_ab"]))).to_numpy().astype(int)


def drawn(rng):
    """A catalogue by chance: ages with common bounds, each attribute now and then, sometimes a duration."""
    rows = {}
    for number in range(int(rng.integers(3, 12))):
        low, high = sorted(rng.choice([0, 3, 6, 18, 21, 65], 2, replace=False).tolist())
        age = [{}, {"alter_von": low}, {"alter_bis": high - 1}, {"alter_von": low, "alter_bis": high - 1}][rng.integers(4)]
        sex = {"geschlecht": "w"} if rng.random() < 0.3 else {}
        origin = [{}, {}, {"staatsangehoerigkeit": "nichtdeutsch"}, {"migrationshintergrund": "mit"}][rng.integers(4)]
        stay = {"wohndauer_ab": int(rng.choice([1, 5]))} if rng.random() < 0.2 else {}
        rows[f"k{number:02}"] = age | sex | origin | stay
    return kinds(*rows.items())


def test_groups_are_groups_and_sums_are_sums_whoever_lives_there():
    """Of every single person: a group has the person or not, a sum has the person as often as its parts; and every group between two counts is there."""
    rng = np.random.default_rng(12)
    hidden = 0
    for catalogue in [RICH, *(drawn(rng) for _ in range(40))]:
        found = groups(catalogue, NO_PARTS)
        of = {row["kennzahl_id"]: counted(row) for row in catalogue.to_dict("records")}
        whom = dict(of)
        for name, made_of in (found.hidden | found.loose).items():
            whom[name] = sum(sign * of[part] for part, sign in made_of.items())
            # Of two rests one is taken to lie in the other; among definitions by chance it need not.
            assert set(np.unique(whom[name])) <= {0, 1} or (") − (" in name and catalogue is not RICH), name
        for whole, parts in found.sums:
            assert (whom[whole] == sum(whom[part] for part in parts)).all(), (whole, parts)
        every = {mask.tobytes() for mask in whom.values()}
        for outer, inner in ((of[a], of[b]) for a in of for b in of):
            assert (inner > outer).any() or (inner == outer).all() or (outer - inner).tobytes() in every
        assert not set(found.hidden) & set(found.loose) and len(set(found.sums)) == len(found.sums)
        hidden += len(found.hidden)
    assert hidden > 100


def test_ages_between_any_two_bounds_are_groups():
    # 0-5 and 0-17 leave 6-17; 0-17 and 18+ with everybody of known age make nothing new.
    found = groups(kinds(("a", {"alter_von": 0, "alter_bis": 5}), ("b", {"alter_von": 0, "alter_bis": 17}), ("c", {"alter_von": 18})), NO_PARTS)
    assert found.hidden["b − a"] == {"b": 1, "a": -1}
    assert ("b", ("a", "b − a")) in found.sums
    assert {"b": 1, "c": 1, "a": -1} in found.loose.values()


def test_what_is_left_of_a_group_and_of_its_ages():
    # Germans, German children, and (Germans) − (German children) = German adults.
    found = groups(kinds(TOTAL, CHILDREN, FOREIGN, FOREIGN_CHILDREN), NO_PARTS)
    assert found.hidden["einwohner − nichtdeutsche"] == {"einwohner": 1, "nichtdeutsche": -1}
    assert {"einwohner": 1, "nichtdeutsche": -1, "alter_0_17": -1, "nichtdeutsche_0_17": 1} in found.hidden.values()


def test_declared_parts_have_a_rest_unless_they_are_complete():
    parts = pd.DataFrame([("z", "k", "x", True), ("z", "k", "y", True), ("w", "k", "v", False)], columns=NO_PARTS.columns)
    found = groups(kinds(TOTAL), parts)
    assert ("k", ("x", "y")) in found.sums and ("k", ("v", "k − v")) in found.sums
    assert found.hidden == {"k − v": {"k": 1, "v": -1}} and found.loose == {"k − x": {"k": 1, "x": -1}, "k − y": {"k": 1, "y": -1}}
    both = groups(kinds(TOTAL), parts.assign(zerlegung_id="z", vollstaendig=[True, False, True]))
    assert both.hidden == {"k − v − x − y": {"k": 1, "v": -1, "x": -1, "y": -1}} and both.sums == [("k", ("v", "x", "y", "k − v − x − y"))]
    assert list(both.loose) == ["k − v", "k − x", "k − y"]


def test_what_one_declared_part_leaves_is_protected_with_it():
    # Of 60 in a 58 rent; the two others own or lodge, one each, which is no secret by itself; that all but two rent is one.
    rows = [(date(2020, 12, 31), kind, "alt", *area, float(n)) for kind, numbers in (("k", (60, 50, 40)), ("x", (58, 20, 20)), ("y", (1, 20, 10)), ("z", (1, 10, 10))) for area, n in zip((("raum", "a"), ("raum", "b"), ("raum", "c"), ("stadt", "s")), (*numbers, sum(numbers)), strict=True)]
    counts = pd.DataFrame(rows, columns=[*KEY, "wert"]).assign(mindestzahl=0, veroeffentlicht=False, amtlich=False)
    parts = pd.DataFrame([("w", "k", piece, True) for piece in "xyz"], columns=NO_PARTS.columns)
    rules = pd.concat([RULES[RULES["kennzahl_id"] == "einwohner"].assign(kennzahl_id=kind, mindestzahl=MINIMUM * (kind == "k")) for kind in "kxyz"])
    for complement in (True, False):
        found = pattern(counts, town([], ("alt",))[1], AREAS, kinds(TOTAL), parts, rules.assign(komplement=complement), FORMULAS, NOTHING)
        withheld = set(found.loc[(found["zielgruppe"] == "traeger") & (found["raumeinheit_id"] == "a"), "kennzahl_id"])
        assert bool({"k", "x"} & withheld) == bool({"y", "z"} & withheld) == complement == bool(withheld)


def test_sums_hold_also_where_a_finer_count_is_missing():
    # Single years are counted in area x only; in y as well, 0-5 are 0-2 and 3-5.
    ages = kinds(("u6", {"alter_von": 0, "alter_bis": 5}), ("u3", {"alter_von": 0, "alter_bis": 2}), ("o3", {"alter_von": 3, "alter_bis": 5}), ("a0", {"alter_von": 0, "alter_bis": 0}))
    counted = {"x": {"u6": 9, "u3": 5, "o3": 4, "a0": 2}, "y": {"u6": 7, "u3": 4, "o3": 3}}
    rows = [(date(2020, 12, 31), kind, "g", "raum", area, float(number)) for area, numbers in counted.items() for kind, number in numbers.items()]
    counts = pd.DataFrame(rows, columns=[*KEY, "wert"]).assign(minimum=3.0, frei=0.0, basis=0.0, gewicht=1.0, null_geschuetzt=0.0, komplement=1.0, hundert=0.0)
    areas = pd.DataFrame({name: [] for name in ["gebietsstand", "ebene", "raumeinheit_id", "obere_ebene", "uebergeordnet_id"]})
    pieces = pd.DataFrame({name: [] for name in ["gebietsstand", "ebene", "raumeinheit_id", "teil_von"]})
    system = release(counts, areas, pieces, ages, NO_PARTS)
    column = system.names.set_index(["raumeinheit_id", "kennzahl_id"])["spalte"]
    for area in "xy":
        sums = [set(system.relations[[row]].indices) for row in range(system.relations.shape[0])]
        assert {column[area, "u6"], column[area, "u3"], column[area, "o3"]} in sums


# --- two area versions and several years --------------------------------------------------------------------------------

#: Block -> area before and after; block 3 moves and has few foreigners.
BEFORE, AFTER = {1: "a", 2: "a", 3: "a", 4: "b", 5: "b", 6: "c"}, {1: "a", 2: "a", 3: "b", 4: "b", 5: "b", 6: "c"}
VERSIONS = {"alt": BEFORE, "neu": AFTER}
AREAS = pd.DataFrame(
    [(v, "raum", r, "s", 2) for v in VERSIONS for r in "abc"] + [(v, "stadt", "s", None, 1) for v in VERSIONS],
    columns=["gebietsstand", "ebene", "raumeinheit_id", "uebergeordnet_id", "ebene_rang"],
).assign(gueltig_von=pd.Timestamp(2000, 1, 1), gueltig_bis=pd.NaT)
RULES = pd.DataFrame(
    [dict(kennzahl_id=k, zielgruppe=z, mindestzahl=MINIMUM, komplement=True, null_geschuetzt=False, hundert_prozent=False, einzelfall=False) for k in ("einwohner", "nichtdeutsche") for z in ("verwaltung", "traeger", "oeffentlich")]
)
FORMULAS = pd.DataFrame({"indikator_id": ["i"], "kennzahl_id": ["nichtdeutsche"]})


def town(years, versions=("alt", "neu")):
    counts, fragments = [], []
    for year in years:
        draw = np.random.default_rng(year)
        blocks = {"einwohner": dict(enumerate(draw.integers(80, 120, 6), 1)), "nichtdeutsche": dict(enumerate(draw.integers(10, 30, 6), 1)) | {3: 1 + year % 2}}
        for kind, number in blocks.items():
            day = date(year, 12, 31)
            for version in versions:
                lies = VERSIONS[version]
                counts += [(day, kind, version, "raum", r, float(sum(n for b, n in number.items() if lies[b] == r))) for r in "abc"]
                counts.append((day, kind, version, "stadt", "s", float(sum(number.values()))))
            for piece in sorted({(BEFORE[b], AFTER[b]) for b in number}):
                places = [{"gebietsstand": v, "ebene": "raum", "teil_von": r} for v, r in zip(VERSIONS, piece, strict=True)]
                fragments.append((day, kind, "/".join(piece), float(sum(n for b, n in number.items() if (BEFORE[b], AFTER[b]) == piece)), places))
    frame = pd.DataFrame(counts, columns=[*KEY, "wert"]).assign(mindestzahl=0, veroeffentlicht=False, amtlich=False)
    return frame, pd.DataFrame(fragments if len(versions) > 1 else [], columns=["stichtag", "kennzahl_id", "bruchstueck_id", "wert", "teil_von"])


def withheld(counts, fragments, earlier=NOTHING):
    found = pattern(counts, fragments, AREAS, kinds(TOTAL, FOREIGN), None, RULES, FORMULAS, earlier)
    return {tuple(row) for row in found.loc[found["zielgruppe"] == "verwaltung", KEY].itertuples(index=False, name=None)}


def attack(counts, hidden):
    """What follows from all published counts; equations written down here, not taken from the protector."""
    cells, sums = {}, []
    for *key, value in counts[[*KEY, "wert"]].itertuples(index=False, name=None):
        cells["|".join(map(str, key))] = np.nan if tuple(key) in hidden else value
    for day in counts["stichtag"].unique():
        for kind in ("einwohner", "nichtdeutsche"):
            for version, lies in VERSIONS.items():
                sums.append({f"{day}|{kind}|{version}|stadt|s": -1} | {f"{day}|{kind}|{version}|raum|{r}": 1 for r in "abc"})
                for r in "abc":
                    sums.append({f"{day}|{kind}|{version}|raum|{r}": -1} | {f"{day}|{kind}|{BEFORE[b]}/{AFTER[b]}": 1 for b in BEFORE if lies[b] == r})
    table = Published(pd.DataFrame({"z": list(cells), "wert": list(cells.values())}), {"z": []}, {"z": ""})
    return audit([table], MINIMUM, balances=[{f"anzahl|z={cell}": sign for cell, sign in equation.items()} for equation in sums]).open


FIVE = range(2016, 2021)


def test_two_geographies_and_five_years_separately_protected_are_open_and_jointly_are_not():
    both, fragments = town(FIVE)
    apart = set().union(*(withheld(*town(FIVE, (version,))) for version in VERSIONS))
    leaks = attack(both, apart)
    # Area a before − area a after = block 3, in every year; the derivation is a sum anyone can check.
    assert len(leaks) >= len(FIVE)
    assert leaks["herleitung"].str.contains("nichtdeutsche|alt|raum|a", regex=False).any()
    jointly = withheld(both, fragments)
    assert jointly and attack(both, jointly).empty


def test_components_searched_by_processes_give_the_same_pattern():
    counts, fragments = town(FIVE)
    arguments = counts, fragments, AREAS, kinds(TOTAL, FOREIGN), None, RULES, FORMULAS, NOTHING
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        assert pattern(*arguments, each=pool.map).equals(pattern(*arguments))


def test_year_six_leaves_the_years_before_as_they_were_and_protected():
    first, fragments = town(FIVE)
    before = withheld(first, fragments)
    shown = [tuple(key) in before for key in first[KEY].itertuples(index=False, name=None)]
    earlier = first.assign(zielgruppe="verwaltung", zuletzt=True, wert=first["wert"].mask(shown))[NOTHING.columns]
    six, more = town(range(2016, 2022))
    after = withheld(six, more, earlier)
    assert {key for key in after if key[0] != date(2021, 12, 31)} == before
    assert attack(six, after).empty


def test_a_correction_by_few_persons_is_withheld_and_a_larger_one_is_not():
    counts, fragments = town([2016], ("alt",))
    for change, hidden in ((1, True), (MINIMUM, False)):
        earlier = counts.assign(zielgruppe="oeffentlich", zuletzt=True)
        moved = (earlier["kennzahl_id"] == "nichtdeutsche") & earlier["raumeinheit_id"].isin(["a", "s"])
        earlier.loc[moved, "wert"] -= change
        found = withheld(counts, fragments, earlier[NOTHING.columns])
        assert ((date(2016, 12, 31), "nichtdeutsche", "alt", "raum", "a") in found) == hidden


def test_what_was_shown_before_stays_shown():
    both, fragments = town([2017])
    free = withheld(both, fragments)
    assert free
    kept = sorted(free)[:1]
    earlier = both[[tuple(key) in kept for key in both[KEY].itertuples(index=False, name=None)]].assign(zielgruppe="verwaltung", zuletzt=True)
    again = withheld(both, fragments, earlier[NOTHING.columns])
    assert not set(kept) & again and attack(both, again).empty


def test_stock_and_flow_protects_the_flow_and_its_balance():
    # a: 50 + births 1 - deaths 4 = 47; births of 1 are small; so are those of b (2); the stocks are known.
    rows = []
    for day, a, b in ((date(2019, 12, 31), 50, 60), (date(2020, 12, 31), 47, 57)):
        rows += [(day, "einwohner", "alt", "raum", "a", a), (day, "einwohner", "alt", "raum", "b", b), (day, "einwohner", "alt", "stadt", "s", a + b)]
    day = date(2020, 12, 31)
    for kind, a, b in (("geburten", 1, 2), ("sterbefaelle", 4, 5)):
        rows += [(day, kind, "alt", "raum", "a", a), (day, kind, "alt", "raum", "b", b), (day, kind, "alt", "stadt", "s", a + b)]
    counts = pd.DataFrame(rows, columns=[*KEY, "wert"]).assign(minimum=MINIMUM, frei=0, basis=0, gewicht=1, null_geschuetzt=0, komplement=1, hundert=0)
    counts["basis"] = (counts["kennzahl_id"] == "einwohner").astype(int)
    tree = AREAS[AREAS["ebene"] == "raum"].assign(obere_ebene="stadt")
    system = release(counts, tree, pd.DataFrame({"raumeinheit_id": [], "gebietsstand": [], "ebene": [], "teil_von": []}), kinds(TOTAL), NO_PARTS)
    found = protect_release(system)
    hidden = system.names[found.suppressed[system.names["spalte"]]]
    # Births and deaths of both areas: with deaths shown, births would be 47 - 50 + 4.
    assert set(zip(hidden["kennzahl_id"], hidden["raumeinheit_id"], strict=True)) >= {("geburten", "a"), ("geburten", "b"), ("sterbefaelle", "a"), ("sterbefaelle", "b")}


@pytest.mark.parametrize(("hundred", "complement", "hidden"), [(False, True, False), (True, True, True), (True, False, False), (False, False, False)])
def test_all_of_a_group_is_protected_by_rule(hundred, complement, hidden):
    # In area a everybody is a foreigner: 20 of 20. Where what is left of a group is none to be protected, nobody left is none either.
    day = date(2020, 12, 31)
    rows = [(day, "einwohner", "alt", "raum", "a", 20.0), (day, "einwohner", "alt", "raum", "b", 40.0), (day, "einwohner", "alt", "raum", "c", 40.0), (day, "einwohner", "alt", "stadt", "s", 100.0)]
    rows += [(day, "nichtdeutsche", "alt", "raum", "a", 20.0), (day, "nichtdeutsche", "alt", "raum", "b", 10.0), (day, "nichtdeutsche", "alt", "raum", "c", 9.0), (day, "nichtdeutsche", "alt", "stadt", "s", 39.0)]
    counts = pd.DataFrame(rows, columns=[*KEY, "wert"]).assign(mindestzahl=0, veroeffentlicht=False, amtlich=False)
    found = pattern(counts, town([], ("alt",))[1], AREAS, kinds(TOTAL, FOREIGN), None, RULES.assign(hundert_prozent=hundred, komplement=complement), FORMULAS, NOTHING)
    assert ((found["kennzahl_id"] == "nichtdeutsche") & (found["raumeinheit_id"] == "a")).any() == hidden


def test_a_group_that_is_broken_down_elsewhere_keeps_its_complement():
    # In area a 18 of 20 are foreigners: the two others are small, also where foreigners have declared parts of their own.
    day = date(2020, 12, 31)
    rows = [(day, k, "alt", *area, v) for k, values in (("einwohner", (20.0, 40.0, 40.0, 100.0)), ("nichtdeutsche", (18.0, 10.0, 9.0, 37.0))) for area, v in zip((("raum", "a"), ("raum", "b"), ("raum", "c"), ("stadt", "s")), values, strict=True)]
    counts = pd.DataFrame(rows, columns=[*KEY, "wert"]).assign(mindestzahl=0, veroeffentlicht=False, amtlich=False)
    parts = pd.DataFrame([("pass", "nichtdeutsche", "im_heim", False)], columns=NO_PARTS.columns)
    found = pattern(counts, town([], ("alt",))[1], AREAS, kinds(TOTAL, FOREIGN), parts, RULES, FORMULAS, NOTHING)
    assert ((found["kennzahl_id"] == "nichtdeutsche") & (found["raumeinheit_id"] == "a")).any()


@pytest.mark.parametrize(
    ("persons", "households", "ground"),
    [(9.0, 0.0, None), (9.0, 1.0, CARRIERS), (9.0, 2.0, CARRIERS), (9.0, 3.0, None), (9.0, 4.0, None), (3.0, 2.0, CARRIERS), (2.0, 2.0, SMALL), (1.0, 1.0, SMALL), (0.0, 0.0, None)],
)
def test_persons_of_too_few_households_are_withheld_however_many_they_are(persons, households, ground):
    # In b and c twenty and thirty live in more than three; where nobody counts the households, nobody says they are few.
    day = date(2020, 12, 31)
    areas = (("raum", "a"), ("raum", "b"), ("raum", "c"), ("stadt", "s"))
    rows = [(day, k, "alt", *area, v) for k, values in (("personen", (persons, 20.0, 30.0)), ("haushalte", (households, 8.0, 11.0))) for area, v in zip(areas, (*values, sum(values)), strict=True)]
    counts = pd.DataFrame(rows, columns=[*KEY, "wert"]).assign(mindestzahl=0, veroeffentlicht=False, amtlich=False)
    rules = pd.concat([RULES[RULES["kennzahl_id"] == "einwohner"].assign(kennzahl_id=k, mindesthaushalte=3) for k in ("personen", "haushalte")])
    behind = pd.DataFrame({"kennzahl_id": ["personen"], "haushalte_id": ["haushalte"]})
    for carriers, expected in ((None, ground if ground == SMALL else None), (behind, ground)):
        found = pattern(counts, town([], ("alt",))[1], AREAS, kinds(("personen", {}), ("haushalte", {})), None, rules, FORMULAS, NOTHING, carriers=carriers)
        of_persons = found[found["kennzahl_id"] == "personen"].drop_duplicates(["raumeinheit_id", "conf_status", "grund"]).set_index("raumeinheit_id")
        assert of_persons["grund"].get("a") == expected and (expected is None or of_persons["conf_status"].tolist() == ["A", "D"])


@pytest.mark.parametrize(
    ("contributions", "n", "k", "p", "primary"),
    [
        # Ten persons: the two largest households have 6 + 3 = 9 of them, 90 % > 85 %; at k = 90 they may.
        ([6, 3, 1], 2, 85, np.nan, True),
        ([6, 3, 1], 2, 90, np.nan, False),
        # One household with 6 of 10: 60 %.
        ([6, 3, 1], 1, 60, np.nan, False),
        ([6, 3, 1], 1, 59, np.nan, True),
        # Who knows the own 3 estimates the largest at most at 10 - 3 = 7 instead of 6: one off, 16.7 % of it.
        ([6, 3, 1], np.nan, np.nan, 16, False),
        ([6, 3, 1], np.nan, np.nan, 17, True),
        # Two households: each knows the other exactly. One: everybody knows.
        ([6, 4, 0], np.nan, np.nan, 1, True),
        ([10, 0, 0], np.nan, np.nan, 1, True),
        # Either rule is enough, and both are no less.
        ([6, 3, 1], 2, 85, 16, True),
        ([6, 3, 1], 2, 90, 17, True),
        ([6, 3, 1], 2, 85, 17, True),
        # All three known, the rest of one person is what the p % rule asks for: 10 - 4 - 3 = 3, 75 % of 4.
        ([4, 3, 3], np.nan, np.nan, 75, False),
        ([4, 3, 3], np.nan, np.nan, 76, True),
        ([4, 3, 3], 3, 99, np.nan, True),
        ([4, 3, 3], 3, 100, np.nan, False),
        # Nobody delivers them, or no rule.
        ([0, 0, 0], 2, 85, 10, False),
        ([10, 0, 0], np.nan, np.nan, np.nan, False),
    ],
)
def test_dominance_and_p_percent_by_hand(contributions, n, k, p, primary):
    found = dominated(np.array([10.0]), np.array([contributions], float), *(np.array([x], float) for x in (n, k, p)))
    assert found.tolist() == [primary]


@pytest.mark.parametrize(("rule", "hidden"), [({}, False), ({"dominanz_n": 2.0, "dominanz_k": 85.0}, True), ({"p_prozent": 10.0}, False), ({"p_prozent": 20.0}, True)])
def test_persons_of_unequal_households_are_withheld_however_many_they_are(rule, hidden):
    # In area a ten persons live in three households of 6, 3 and 1; in b and c in many of four.
    day = date(2020, 12, 31)
    areas = (("raum", "a"), ("raum", "b"), ("raum", "c"), ("stadt", "s"))
    counts = pd.DataFrame([(day, "personen", "alt", *area, v) for area, v in zip(areas, (10.0, 20.0, 32.0, 62.0), strict=True)], columns=[*KEY, "wert"]).assign(mindestzahl=0, veroeffentlicht=False, amtlich=False)
    largest = {"a": (6.0, 3.0, 1.0), "b": (4.0, 4.0, 4.0), "c": (4.0, 4.0, 4.0), "s": (6.0, 4.0, 4.0)}
    contributions = pd.DataFrame([(day, "personen", "alt", *area, rank, size) for area in areas for rank, size in enumerate(largest[area[1]], 1)], columns=[*KEY, "rang", "beitrag"])
    rules = RULES[RULES["kennzahl_id"] == "einwohner"].assign(kennzahl_id="personen", **rule)

    def withheld(known):
        found = pattern(counts, town([], ("alt",))[1], AREAS, kinds(("personen", {})), None, rules, FORMULAS, NOTHING, contributions=known)
        return found[found["zielgruppe"] == "verwaltung"].set_index("raumeinheit_id")["grund"].to_dict()

    assert (withheld(contributions).get("a") == CARRIERS) == hidden
    # And with it another one, or it would follow from the town.
    assert len(withheld(contributions)) == 2 * hidden
    assert withheld(contributions.head(0)) == {}


def test_a_part_of_a_line_that_no_count_names_lies_in_the_groups_around_it():
    """Nobody's age is unknown, so no woman's is: without that, all women less those of every age would show nothing."""
    found = groups(kinds(TOTAL, ("alter_bekannt", {"alter_von": 0}), ("weiblich", {"geschlecht": "w"}), ("weiblich_0_plus", {"geschlecht": "w", "alter_von": 0})), NO_PARTS)
    unknown, women = "einwohner − alter_bekannt", "weiblich − weiblich_0_plus"
    assert (unknown, (women, f"({unknown}) − ({women})")) in found.sums
    assert found.hidden[f"({unknown}) − ({women})"] == {"einwohner": 1, "alter_bekannt": -1, "weiblich": -1, "weiblich_0_plus": 1}
