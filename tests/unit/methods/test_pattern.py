"""What goes into the protection of a release and what comes out of it, by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from tests.unit.methods.test_release import NO_PARTS, NOTHING, kinds

from methods.disclosure import release as of_release
from methods.disclosure.pattern import AUDIENCES, CORRECTION, IN_PROFILE, KEY, OTHER, SMALL, UPPER_LEVEL, VALID_THEN, _households, _inputs, _largest, _rests, pattern
from methods.disclosure.protect import Unprotectable
from methods.disclosure.release import Release, protect_release, release

OLD, NEW = date(2019, 12, 31), date(2020, 12, 31)
#: A block level below, which no count leaves from; version n holds from 2020 on.
AREAS = pd.DataFrame(
    [("v", "stadt", "s", None, 1), ("v", "raum", "a", "s", 2), ("v", "raum", "b", "s", 2), ("v", "block", "1", "a", 3), ("n", "stadt", "s", None, 1), ("n", "raum", "a", "s", 2), ("n", "block", "2", "s", 3)],
    columns=["gebietsstand", "ebene", "raumeinheit_id", "uebergeordnet_id", "ebene_rang"],
).assign(gueltig_von=lambda f: np.where(f["gebietsstand"] == "v", date(2015, 1, 1), date(2020, 1, 1)), gueltig_bis=lambda f: np.where(f["gebietsstand"] == "v", date(2019, 12, 31), None))


def counts(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[*KEY, "wert", "mindestzahl", "veroeffentlicht"]).assign(amtlich=False)


def test_what_planners_use_most_weighs_most() -> None:
    given = counts(
        (OLD, "k", "v", "raum", "a", 7.0, 2, False), (OLD, "k", "v", "stadt", "s", 9.0, 3, False), (OLD, "einwohner", "v", "raum", "a", 90.0, 5, True),
        (NEW, "k", "v", "raum", "a", 8.0, 2, False), (NEW, "k", "n", "raum", "a", 8.0, 2, False), (NEW, "m", "n", "stadt", "s", 8.0, 2, False),
    )  # fmt: skip
    formulas = pd.DataFrame([("i", "k"), ("i", "k"), ("j", "k"), ("h", "m"), ("h", "einwohner"), ("g", "m"), ("f", "m"), ("e", "m"), ("i", "m")], columns=["indikator_id", "kennzahl_id"])
    profile = pd.DataFrame([("j", "n", "raum", NEW)], columns=["indikator_id", "gebietsstand", "ebene", "stichtag"])
    pieces = pd.DataFrame(
        [(OLD, "k", "p", 4.0, [{"gebietsstand": "v", "ebene": "raum", "teil_von": "a"}, {"gebietsstand": "n", "ebene": "raum", "teil_von": "a"}]), (NEW, "k", "p", 5.0, [{"gebietsstand": "v", "ebene": "raum", "teil_von": "a"}]),
         (OLD, "einwohner", "p", 30.0, []), (OLD, "unbekannt", "p", 1.0, [])], columns=["stichtag", "kennzahl_id", "bruchstueck_id", "wert", "teil_von"])  # fmt: skip
    table, tree, overlaps = _inputs(given, pieces, AREAS, formulas, profile)
    shown = table[table["ebene"] != ""]
    # k is used by i and j, m by five, of which three count; the town lies above the finest level that leaves.
    valid = [2 * VALID_THEN, 2 * VALID_THEN * UPPER_LEVEL, 1 * VALID_THEN]
    assert shown["gewicht"].tolist() == [*valid, 2, 2 * VALID_THEN * IN_PROFILE, 3 * VALID_THEN * UPPER_LEVEL]
    assert shown["minimum"].tolist() == [2, 3, 5, 2, 2, 2] and shown["frei"].tolist() == [0, 0, 1, 0, 0, 0] and shown["basis"].tolist() == [0, 0, 1, 0, 0, 0]
    # Fragments count where their kind of count leaves on that day and is not public all over.
    fragments = table[table["ebene"] == ""]
    assert fragments[["stichtag", "kennzahl_id", "raumeinheit_id", "wert", "minimum", "frei", "gewicht"]].to_numpy().tolist() == [[OLD, "k", "p", 4.0, 3, 0, 0], [NEW, "k", "p", 5.0, 2, 0, 0]]
    assert sorted(tree[["gebietsstand", "obere_ebene", "uebergeordnet_id", "ebene", "raumeinheit_id"]].to_numpy().tolist()) == [["n", "stadt", "s", "raum", "a"], ["v", "raum", "a", "block", "1"], ["v", "stadt", "s", "raum", "a"], ["v", "stadt", "s", "raum", "b"]]
    assert overlaps.to_numpy().tolist() == [["p", "v", "raum", "a"], ["p", "n", "raum", "a"]]
    assert _inputs(given, pieces, AREAS, formulas, None)[0]["gewicht"].iloc[4] == 2 * VALID_THEN


def test_households_and_contributions_find_their_counts() -> None:
    table = counts((OLD, "personen", "v", "raum", "a", 9.0, 0, False), (OLD, "haushalte", "v", "raum", "a", 2.0, 0, False), (NEW, "personen", "v", "raum", "a", 8.0, 0, False), (OLD, "personen", "v", "raum", "b", 8.0, 0, False))
    assert _households(table, pd.DataFrame({"kennzahl_id": ["personen"], "haushalte_id": ["haushalte"]})).tolist() == [2, 0, 0, 0]
    parts = pd.DataFrame([(OLD, "personen", "v", "raum", "a", 1, 6.0), (OLD, "personen", "v", "raum", "a", 2, 3.0), (OLD, "personen", "v", "raum", "b", 1, 5.0)], columns=[*KEY, "rang", "beitrag"])
    assert _largest(table, parts).tolist() == [[6, 3, 0], [0, 0, 0], [0, 0, 0], [5, 0, 0]]


def town(*numbers: float, kind: str = "k", day: date = OLD) -> pd.DataFrame:
    areas = [("raum", name) for name in "abcdef"[: len(numbers)]]
    return counts(*((day, kind, "v", *area, float(n), 0, False) for area, n in zip([*areas, ("stadt", "s")], [*numbers, sum(numbers)], strict=True)))


PLACES = pd.DataFrame([("v", "stadt", "s", None, 1), *(("v", "raum", name, "s", 2) for name in "abcdef")], columns=AREAS.columns[:5]).assign(gueltig_von=date(2015, 1, 1), gueltig_bis=None)
NO_PIECES = pd.DataFrame({name: [] for name in ["stichtag", "kennzahl_id", "bruchstueck_id", "wert", "teil_von"]})
FORMULAS = pd.DataFrame({"indikator_id": ["i"], "kennzahl_id": ["k"]})


def rules(**minimum: int) -> pd.DataFrame:
    least = dict.fromkeys(AUDIENCES, 3) | minimum
    return pd.DataFrame([{"kennzahl_id": k, "zielgruppe": z, "mindestzahl": n, "komplement": True, "null_geschuetzt": False, "hundert_prozent": False, "einzelfall": False} for k in ("k", "einwohner") for z, n in least.items()])


def protected(given: pd.DataFrame, earlier: pd.DataFrame = NOTHING, **minimum: int) -> dict[str, dict[str, tuple[str, str]]]:
    found = pattern(given, NO_PIECES, PLACES, kinds(("einwohner", {})), NO_PARTS, rules(**minimum), FORMULAS, earlier)
    assert found.equals(found.sort_values(list(found.columns)).reset_index(drop=True))
    return {z: {row.raumeinheit_id: (row.conf_status, row.grund) for row in rows.itertuples()} for z, rows in found.groupby("zielgruppe")}


def test_primary_and_secondary_are_told_apart_and_audiences_nest() -> None:
    found = protected(town(2, 9, 30, 40), oeffentlich=10)
    assert found["verwaltung"] == found["traeger"] == {"a": ("A", SMALL), "b": ("D", OTHER)}
    assert found["oeffentlich"] == {"a": ("A", SMALL), "b": ("A", SMALL)} | {k: v for k, v in found["oeffentlich"].items() if k in "cd"}
    assert protected(town(20, 30)) == {}
    assert pattern(town().head(0), NO_PIECES, PLACES, kinds(), NO_PARTS, rules(), FORMULAS, NOTHING).empty


@pytest.mark.parametrize(("now", "grounds"), [(30, {}), (31, {"c": ("A", CORRECTION)}), (33, {}), (28, {"c": ("A", CORRECTION)}), (27, {})])
def test_a_correction_by_fewer_than_the_minimum_is_withheld(now: int, grounds: dict) -> None:
    before = town(20, 25, 30, 40).assign(zielgruppe="traeger", zuletzt=True)[NOTHING.columns]
    found = protected(town(20, 25, now, 40 - (now - 30)), before)
    # What the stricter audience saw before binds the less strict one as well; the other area moved by as much.
    expected = grounds | ({"d": ("A", CORRECTION)} if grounds else {})
    assert found.get("traeger", {}) == expected and found.get("verwaltung", {}) == expected
    # Nothing was shown to the public, which sees no more than the others all the same.
    assert found.get("oeffentlich", {}).keys() == expected.keys()


def test_the_last_pattern_stays_while_it_is_enough() -> None:
    given = town(2, 9, 30, 40)
    assert protected(given)["verwaltung"].keys() == {"a", "b"}
    hidden = given["raumeinheit_id"].isin(["a", "c"])
    last = given.assign(zielgruppe="verwaltung", zuletzt=True, wert=given["wert"].mask(hidden))[NOTHING.columns]
    # b was shown; so it stays, and c, dearer than b, stays withheld.
    assert protected(given, last)["verwaltung"] == {"a": ("A", SMALL), "c": ("D", OTHER)}


def test_what_others_tell_everybody_protects_nothing() -> None:
    def told(given: pd.DataFrame, *areas: str) -> pd.DataFrame:
        return given.assign(amtlich=given["raumeinheit_id"].isin(areas))

    assert protected(told(town(2, 9, 30, 40), "b"))["verwaltung"] == {"a": ("A", SMALL), "c": ("D", OTHER)}
    with pytest.raises(Unprotectable, match=r"\| a"):
        protected(told(town(2, 9, 30), "b", "c"))
    # A correction that everybody can read elsewhere is shown; so is the sum beside one that nobody can, and another area goes with it.
    before = town(20, 25, 30, 40).assign(zielgruppe="traeger", zuletzt=True)[NOTHING.columns]
    assert protected(told(town(20, 25, 31, 39), "c", "d"), before) == {}
    found = protected(told(town(20, 25, 31, 40), "s"), before)
    assert found["verwaltung"]["c"] == ("A", CORRECTION) and len(found["verwaltung"]) == 2 and "s" not in found["verwaltung"]
    # Where nobody tells the sum, it is corrected as well, and what was shown before stays.
    assert protected(town(20, 25, 31, 40), before)["verwaltung"] == {"c": ("A", CORRECTION), "s": ("A", CORRECTION)}


def system(residents: list[float], free: tuple[str, ...] = (), kind: str = "einwohner", **more) -> Release:
    table = town(*residents, kind=kind).drop(columns=["mindestzahl", "veroeffentlicht", "amtlich"])
    table = table.assign(minimum=3.0, frei=table["raumeinheit_id"].isin(free).astype(float), basis=float(kind == "einwohner"), gewicht=1.0, null_geschuetzt=0.0, komplement=1.0, hundert=0.0).assign(**more)
    tree = PLACES[PLACES["ebene"] == "raum"].assign(obere_ebene="stadt")
    return release(table, tree, pd.DataFrame({name: [] for name in ["raumeinheit_id", "gebietsstand", "ebene", "teil_von"]}), kinds(("einwohner", {})), NO_PARTS)


def hidden_of(given: Release, **more) -> set[str]:
    found = protect_release(given, **more)
    return set(given.names["raumeinheit_id"][found.suppressed[given.names["spalte"]] & ~given.names["verborgen"].to_numpy()])


def test_residents_are_given_up_only_where_nothing_else_helps() -> None:
    # Nothing but residents stands beside the small count: one of them has to go, the cheaper one, never the town.
    assert hidden_of(system([2, 50, 60])) == {"a", "b"}
    assert hidden_of(system([2, 50, 60], free=("b",))) == {"a", "c"}
    with pytest.raises(Unprotectable) as error:
        protect_release(system([2, 50, 60], free=("b", "c")))
    assert len(error.value.cells) == 1 and "| a" in error.value.cells[0]
    assert hidden_of(system([20, 50, 60])) == set()


def test_how_many_components_were_searched_and_kept() -> None:
    given = system([2, 50, 60], kind="k")
    found = protect_release(given)
    assert (found.solved, found.kept) == (1, 0)
    again = protect_release(given, before=found.suppressed)
    assert (again.solved, again.kept) == (0, 1) and again.suppressed.tolist() == found.suppressed.tolist()
    # What was published once stays so, also where the last release withheld it.
    column = given.names.set_index("raumeinheit_id")["spalte"]
    fixed = np.zeros(len(given.cells), bool)
    fixed[column["b"]] = True
    assert hidden_of(given, fixed=fixed) == {"a", "c"}


@pytest.mark.parametrize(("complement", "hidden"), [(1.0, {"nichtdeutsche"}), (0.0, set())])
def test_what_is_left_of_a_group_is_one_only_where_the_rule_says_so(complement: float, hidden: set) -> None:
    # 18 of 20 in a are foreigners; the two others are a group of their own where complements are protected.
    both = pd.concat([town(20, 40, 40, kind="einwohner"), town(18, 10, 9, kind="nichtdeutsche")], ignore_index=True).drop(columns=["mindestzahl", "veroeffentlicht", "amtlich"])
    table = both.assign(minimum=3.0, frei=0.0, basis=(both["kennzahl_id"] == "einwohner").astype(float), gewicht=1.0, null_geschuetzt=0.0, komplement=complement, hundert=0.0)
    given = release(table, PLACES[PLACES["ebene"] == "raum"].assign(obere_ebene="stadt"), pd.DataFrame({name: [] for name in ["raumeinheit_id", "gebietsstand", "ebene", "teil_von"]}),
                    kinds(("einwohner", {}), ("nichtdeutsche", {"staatsangehoerigkeit": "nichtdeutsch"})), NO_PARTS)  # fmt: skip
    found = protect_release(given)
    shown = given.names[found.suppressed[given.names["spalte"]] & ~given.names["verborgen"].to_numpy()]
    assert set(shown["kennzahl_id"]) == hidden


def test_small_components_are_searched_and_large_ones_are_not(monkeypatch) -> None:
    def rough(*_):
        raise AssertionError

    monkeypatch.setattr(of_release, "_roughly", rough)
    assert hidden_of(system([2, 50, 60], kind="k")) == {"a", "b"}
    monkeypatch.setattr(of_release, "MANY", 0)
    assert hidden_of(system([2, 50, 60], kind="k")) == {"a", "b"}
    monkeypatch.setattr(of_release, "WIDE", 1)
    with pytest.raises(AssertionError):
        hidden_of(system([2, 50, 60], kind="k"))


@pytest.mark.parametrize(("long", "hidden"), [(11, True), (10, False), (13, False)])
def test_what_is_left_beside_the_part_of_a_share_is_a_group_like_any_other(long: int, hidden: bool) -> None:
    """Thirteen children in a, so many of them all day: two who are not stand nowhere, three may be seen, and nobody is nobody."""
    given = pd.concat([town(3, 9, 9, kind="klein"), town(10, 9, 9, kind="gross"), town(long, 6, 7, kind="lang")])
    rests = pd.DataFrame([("quote", "klein", 1), ("quote", "gross", 1), ("quote", "lang", -1), ("nichts", "klein", 1), ("nichts", "klein", -1), ("einer", "klein", 1), ("einer", "gross", 1), ("einer", "gross", -1)], columns=["rest_id", "kennzahl_id", "vorzeichen"])
    every = pd.concat([rules().assign(kennzahl_id=kind) for kind in ("klein", "gross", "lang")]).drop_duplicates()
    found = pattern(given, NO_PIECES, PLACES, kinds(("einwohner", {})), NO_PARTS, every, FORMULAS, NOTHING, rests=rests)
    assert (found["raumeinheit_id"] == "a").any() == hidden
    assert set(found["grund"]) == ({OTHER} if hidden else set())
    assert _rests(rests) == {"gross + klein − lang": {"gross": 1, "klein": 1, "lang": -1}}


def test_cells_of_a_release_by_hand() -> None:
    def column(name: str, given: Release) -> dict:
        return {row.raumeinheit_id: value for row, value in zip(given.names.itertuples(), given.cells[name].to_numpy()[given.names["spalte"]].tolist(), strict=True)}

    plain = system([2, 50, 0, 3], free=("b",), gewicht=[1.0, 2.0, 0.5, 0.0, 3.0])
    assert column("zelle_id", plain)["a"] == "2019-12-31 | einwohner | v | raum | a" and not plain.cells["hidden"].any()
    assert column("wert", plain) == {"a": 2, "b": 50, "c": 0, "d": 3, "s": 55}
    # Below the minimum; nobody is no secret, and what everybody knows is none either.
    assert column("primary", plain) == {"a": True, "b": False, "c": False, "d": False, "s": False}
    # What everybody knows, nobody, and the whole of the town are shown whatever else is.
    assert column("frozen", plain) == {"a": False, "b": True, "c": True, "d": False, "s": True}
    assert column("upper", plain) == {"a": False, "b": False, "c": False, "d": False, "s": True}
    assert column("basis", plain) == {"a": False, "b": True, "c": True, "d": True, "s": True}
    assert column("cost", plain) == {"a": 1.02, "b": 1.5 * 2, "c": 1.0, "d": 1.03, "s": pytest.approx(1.55 * 3)}
    assert set(column("required_width", plain).values()) == {3}
    # Where nobody is a secret, too, that cell is small as well; without a minimum nothing is.
    assert column("primary", system([2, 50, 0, 3], null_geschuetzt=1.0)) == {"a": True, "b": False, "c": True, "d": False, "s": False}
    assert not any(column("frozen", system([2, 50, 0, 3], null_geschuetzt=1.0))[area] for area in "abcd")
    none = system([2, 50, 0, 3], minimum=0.0)
    assert not none.cells["primary"].any() and set(none.cells["required_width"]) == {1}
    # The whole of a town that is small itself is withheld; one single area that is the town is the same cell.
    assert column("primary", system([1, 1]))["s"] and not column("frozen", system([1, 1]))["s"]
    assert len(system([5]).cells) == 1 and system([5]).names["spalte"].tolist() == [0, 0]
    with pytest.raises(ValueError, match="^counts are whole numbers$"):
        system([2.5, 3])


def test_the_balance_of_a_year_is_a_sum_where_it_holds() -> None:
    def sums(*flows: tuple[str, float], after: float = 60) -> list[dict]:
        given = pd.concat([counts((OLD, "einwohner", "v", "raum", "a", 50.0, 0, False)), *(counts((NEW, kind, "v", "raum", "a", float(n), 0, False)) for kind, n in [("einwohner", after), *flows])], ignore_index=True)
        table = given.drop(columns=["mindestzahl", "veroeffentlicht", "amtlich"]).assign(minimum=3.0, frei=0.0, basis=0.0, gewicht=1.0, null_geschuetzt=0.0, komplement=1.0, hundert=0.0)
        nowhere = pd.DataFrame({name: [] for name in ["raumeinheit_id", "gebietsstand", "ebene", "obere_ebene", "uebergeordnet_id", "teil_von"]})
        found = release(table, nowhere, nowhere, kinds(("einwohner", {})), NO_PARTS)
        name = found.names.assign(name=found.names["stichtag"].astype(str).str[:4] + " " + found.names["kennzahl_id"]).set_index("spalte")["name"]
        return [{name[column]: int(sign) for column, sign in enumerate(row) if sign} for row in found.relations.toarray()]

    stock = {"2020 einwohner": -1, "2019 einwohner": 1}
    assert sums(("geburten", 14), ("sterbefaelle", 4)) == [stock | {"2020 geburten": 1, "2020 sterbefaelle": -1}]
    all_flows = [("geburten", 3), ("sterbefaelle", 4), ("zuzuege", 20), ("fortzuege", 8), ("umzuege_zu", 2), ("umzuege_fort", 3)]
    assert sums(*all_flows) == [stock | {f"2020 {kind}": sign for (kind, _), sign in zip(all_flows, (1, -1, 1, -1, 1, -1), strict=True)}]
    # Of one flow alone nobody would expect that; and a balance that is one off is none.
    assert sums(("geburten", 10)) == [] and sums(("geburten", 14), ("sterbefaelle", 3)) == [] and sums(("geburten", 14), ("sterbefaelle", 5)) == []
    assert sums() == []


@pytest.mark.parametrize(
    ("numbers", "sums"),
    [
        ([20, 50, 60, 130], [{"a": 1, "b": 1, "c": 1, "s": -1}]),
        # An area of which nothing is known, and nobody can be there: the others are the town. With somebody there, or no town, there is no sum.
        ([np.nan, 50, 60, 110], [{"b": 1, "c": 1, "s": -1}]),
        ([np.nan, 50, 60, 130], []),
        ([20, 50, 60, np.nan], []),
        ([np.nan, np.nan, np.nan, 0], []),
        ([20, 50, 60, 131], []),
    ],
)
def test_areas_are_summed_where_the_sum_holds(numbers: list[float], sums: list[dict]) -> None:
    found = system([20, 50, 60], wert=np.array(numbers, float))
    name = found.names.set_index("spalte")["raumeinheit_id"]
    assert [{name[column]: int(sign) for column, sign in enumerate(row) if sign} for row in found.relations.toarray()] == sums
