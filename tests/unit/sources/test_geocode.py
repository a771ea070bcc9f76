"""Addresses as people write them against a directory of seven houses: placed in one block, or not at all."""

from __future__ import annotations

import pytest

from sources.geocode import Directory

HOUSES = [
    ("Waldstraße", "2", "", "b1"),
    ("Waldstraße", "2", "a", "b1"),
    ("Waldstraße", "4", "", "b1"),
    ("Waldstraße", "6", "", "b2"),
    ("Am Markt", "1", "", "b3"),
    ("Strandweg", "3", "", "b4"),
    ("Ringstraße", "1", "a", "b5"),
    ("Ringstraße", "1", "b", "b6"),
]


@pytest.mark.parametrize(
    ("text", "block", "quality"),
    [
        ("Waldstraße 2 a", "b1", "genau"),
        ("Waldstr. 2A", "b1", "genau"),
        ("WALD-STRASSE 2a, 40721 Hilden", "b1", "genau"),
        ("Waldstraße 2 a Hilden", "b1", "genau"),
        ("Waldstraße 2 12345 Hilden-Nord", "b1", "genau"),
        ("am markt 1", "b3", "genau"),
        ("Strandweg 3", "b4", "genau"),  # "Str" here is no abbreviation
        ("Waldstr. 2 c", "b1", "ohne_zusatz"),
        ("Waldstraße 2-4", "b1", "bereich"),
        ("Waldstraße 2-6", None, "offen"),  # over the border of a block
        ("Ringstr. 1", None, "offen"),  # 1a and 1b lie in different blocks
        ("Waldstraße 99", None, "offen"),
        ("Wadlstraße 2", None, "offen"),  # similar is not the same
        ("Waldstraße", None, "offen"),
        ("", None, "offen"),
        ("Waldstraße 2, 40764 Langenfeld", None, "auswaerts"),
    ],
)
def test_an_address_lies_in_one_block_or_stays_open(text, block, quality):
    placed = Directory(HOUSES, "Hilden").place(text)
    assert (placed.block_id, placed.quality) == (block, quality)


def test_what_stays_open_names_the_nearest():
    directory = Directory(HOUSES, "Hilden")
    assert directory.place("Wadlstraße 2").candidates == "Waldstraße 2"
    assert directory.place("Waldstraße 5-9").candidates == "Waldstraße 4; Waldstraße 6; Waldstraße 2"
    assert directory.place("Qx 1").candidates is None
