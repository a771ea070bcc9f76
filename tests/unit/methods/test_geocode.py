"""Addresses as clerks type them, against a table of four houses and more."""

from __future__ import annotations

import pytest

from methods.geocode import AddressTable, normal_street, numbers_of, split_address

TABLE = AddressTable(
    ["Gerresheimer Straße", "Gerresheimer Straße", "Gerresheimer Straße", "Am Markt", "Straße des 17. Juni", "Hofallee"],
    [227, 229, 229, 3, 135, 12],
    ["", "", "a", "", "", ""],
)


@pytest.mark.parametrize("written", ["Gerresheimer Straße", "Gerresheimer Str.", "gerresheimer strasse", "Gerresheimerstr.", "GERRESHEIMER STR"])
def test_one_street_many_spellings(written: str) -> None:
    assert normal_street(written) == normal_street("Gerresheimer Straße")


def test_a_street_is_not_its_square() -> None:
    assert normal_street("Hofstraße") != normal_street("Hofplatz")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", [(12, "")]),
        ("12 A", [(12, "a")]),
        ("227-231", [(227, ""), (229, ""), (231, "")]),
        ("3 - 4", [(3, ""), (4, "")]),
        ("12a-c", [(12, "a"), (12, "b"), (12, "c")]),
        ("5-900", [(5, "")]),
        ("ohne", []),
    ],
)
def test_numbers(text: str, expected: list[tuple[int, str]]) -> None:
    assert numbers_of(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("Straße des 17. Juni 135", ("Straße des 17. Juni", "135")), ("Hofallee 12, Hinterhaus", ("Hofallee", "12")), ("Hauptstr.3", ("Hauptstr.", "3")), ("Am Markt", ("Am Markt", ""))])
def test_split(text: str, expected: tuple[str, str]) -> None:
    assert split_address(text) == expected


@pytest.mark.parametrize(
    ("text", "art", "position"),
    [
        ("Gerresheimer Str. 229 a", "adresse", 2),
        ("Gerresheimer Str. 227-231", "adresse", 0),
        # 225 does not stand, 227 does: the range is where its first standing number is.
        ("Gerresheimer Str. 225-229", "bereich", 0),
        ("Str. des 17. Juni 135", "adresse", 4),
    ],
)
def test_found(text: str, art: str, position: int) -> None:
    match = TABLE.find(text)
    assert (match.art, match.position) == (art, position)


def test_a_misprint_is_not_guessed_but_gets_candidates() -> None:
    match = TABLE.find("Gereshemer Str. 227")
    assert (match.art, match.position) == ("offen", -1)
    assert match.candidates[0] == "Gerresheimer Straße 227"


def test_a_missing_number_gets_its_neighbours() -> None:
    assert TABLE.find("Gerresheimer Str. 231").candidates == ("Gerresheimer Straße 229", "Gerresheimer Straße 229a", "Gerresheimer Straße 227")


def test_nothing_alike_gets_nothing() -> None:
    assert TABLE.find("Xyzweg 1").candidates == ()
