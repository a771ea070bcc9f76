"""Anonymity of a sample, held by tables small enough to count by eye and by what pyCANON 1.3.6 says of the same rows."""

from __future__ import annotations

from methods.disclosure.microdata import assess, culprits, passing

#: Eight persons. Classes of (area, age): (a, young) 1 2 3, (a, old) 4 5, (b, young) 6 7, (b, old) 8.
AREA = ["a", "a", "a", "a", "a", "b", "b", "b"]
AGE = ["young", "young", "young", "old", "old", "young", "young", "old"]
#: In (a, old) both are ill; in (b, young) one did not answer, so all that is known is the same.
HEALTH = ["ill", "well", "ill", "ill", "ill", "well", None, "well"]


def test_classes_by_eye() -> None:
    found = assess([AREA, AGE], {"health": HEALTH}, 2, 2, 8)
    assert (found.persons, found.classes, found.k, found.unique) == (8, 4, 1, 1)
    assert found.diversity == {"health": 1}
    # Person 8 is alone; 4 and 5 are alike and both ill; 6 and 7 give away that whoever answered is well.
    assert found.at_risk == (3, 4, 5, 6, 7)
    assert found.share_at_risk == 5 / 8


def test_size_alone_and_diversity_alone() -> None:
    assert assess([AREA, AGE], {}, 2, 2, 8).at_risk == (7,)
    assert assess([AREA, AGE], {}, 3, 2, 8).at_risk == (3, 4, 5, 6, 7)
    assert assess([AREA], {"health": HEALTH}, 3, 2, 8).at_risk == (5, 6, 7)
    assert assess([], {"health": HEALTH}, 8, 2, 8).at_risk == ()


def test_silence_is_a_class_of_its_own_but_no_answer() -> None:
    found = assess([["a", None, None]], {"health": [None, "ill", "well"]}, 2, 2, 3)
    assert (found.k, found.unique, found.classes) == (1, 1, 2)
    # The class of "a" has no known answer: it gives nothing away, though it is too small.
    assert found.diversity == {"health": 2}
    assert found.at_risk == (0,)


def test_nobody_is_no_risk() -> None:
    found = assess([[]], {"health": []}, 5, 2, 0)
    assert (found.k, found.classes, found.at_risk, found.share_at_risk, found.diversity) == (0, 0, (), 0.0, {"health": None})


def test_what_pycanon_says() -> None:
    """pycanon.anonymity.k_anonymity and l_diversity on these rows: see VECTORS."""
    for quasi, k, diversity in VECTORS:
        found = assess([ROWS[name] for name in quasi], {"krankheit": ROWS["krankheit"]}, 1, 1, len(ROWS["ort"]))
        assert (found.k, found.diversity["krankheit"]) == (k, diversity), quasi


def test_blame_goes_to_what_tells_persons_apart() -> None:
    """Without the age only (a: ill, well) and (b: well, well, -) remain, three at risk; without the area nobody is."""
    assert culprits({"age": AGE, "area": AREA}, {"health": HEALTH}, 2, 2, 8) == [("area", 0), ("age", 3)]


def test_diversity_and_size_at_their_thresholds() -> None:
    answers = {"one": ["x", "x", "x"], "two": ["x", "y", "x"], "three": ["x", "y", "z"]}
    for number, column in enumerate(answers.values(), 1):
        for asked in (1, 2, 3, 4):
            found = assess([["a"] * 3], {"health": column}, 3, asked, 3)
            assert found.diversity == {"health": number} and found.at_risk == ((0, 1, 2) if number < asked else ())
    assert [assess([["a"] * 3], {}, k, 1, 3).share_at_risk for k in (2, 3, 4)] == [0, 0, 1]
    # One uniform column is enough, wherever it stands among the others.
    for names in (["one", "three"], ["three", "one"]):
        assert assess([["a"] * 3], {name: answers[name] for name in names}, 3, 2, 3).at_risk == (0, 1, 2)


def test_blame_is_of_one_column_at_a_time() -> None:
    columns = {"sex": list("mmmmwwww"), "area": list("aabbaabb"), "age": list("ooooyyyy")}
    # Sex and age say the same: without either nothing is gained, without the area classes of four are left.
    assert culprits(columns, {}, 3, 1, 8) == [("area", 0), ("age", 8), ("sex", 8)]


def test_equally_good_coarsenings_stand_in_order_of_their_levels() -> None:
    nothing = [None] * 4
    found = passing({"one": [list("aabb"), nothing], "two": [list("abab"), nothing]}, {}, 2, 1, 0, 4)
    assert [levels for levels, _ in found] == [{"one": 0, "two": 1}, {"one": 1, "two": 0}]
    assert [levels for levels, _ in passing({"one": [list("aabb")], "two": [list("aabb"), nothing]}, {}, 2, 1, 0, 4)] == [{"one": 0, "two": 0}]


def test_finest_coarsenings_that_pass() -> None:
    nothing = [None] * 8
    found = passing({"area": [AREA, nothing], "age": [AGE, nothing]}, {"health": HEALTH}, 2, 2, 0, 8)
    assert [levels for levels, _ in found] == [{"area": 1, "age": 0}]
    # Up to three of eight may stay at risk: leaving out either one is enough, and both together are not proposed.
    found = passing({"area": [AREA, nothing], "age": [AGE, nothing]}, {"health": HEALTH}, 2, 2, 3 / 8, 8)
    assert [(levels, len(result.at_risk)) for levels, result in found] == [({"area": 1, "age": 0}, 0), ({"area": 0, "age": 1}, 3)]
    assert passing({"area": [AREA]}, {"health": HEALTH}, 6, 2, 0, 8) == []


#: The inpatient table of Machanavajjhala et al. (2007), twelve rows.
ROWS = {
    "ort": ["130**", "130**", "130**", "130**", "1485*", "1485*", "1485*", "1485*", "130**", "130**", "130**", "130**"],
    "alter": ["<30", "<30", "<30", "<30", ">=40", ">=40", ">=40", ">=40", "3*", "3*", "3*", "3*"],
    "herkunft": ["ru", "us", "jp", "us", "in", "ru", "us", "us", "us", "in", "jp", "us"],
    "krankheit": ["herz", "herz", "virus", "virus", "krebs", "herz", "virus", "virus", "krebs", "krebs", "krebs", "krebs"],
}
#: (quasi-identifiers, k, l) as computed by pyCANON 1.3.6 on pandas 2.3.3.
VECTORS = [(("ort", "alter"), 4, 1), (("ort",), 4, 3), (("ort", "alter", "herkunft"), 1, 1), (("alter",), 4, 1), (("herkunft",), 2, 1)]
