"""Addresses of a list found in the town's own address table: normalised street names, suffixes, ranges of numbers.

Never guesses: what is not the same address after normalising is not matched, it gets the nearest candidates for people
to decide. No files, no service, no database.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches

import numpy as np

#: Candidates named for an address that is not found, and how alike (difflib ratio, 0..1) a street has to be to be one.
CANDIDATES, ALIKE = 3, 0.6
#: House numbers span at most this much in a range like "227-231"; more is a misprint.
WIDEST_RANGE = 40
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
NUMBER = re.compile(r"^(?P<first>\d{1,4})\s*(?P<suffix>[a-z])?(?:\s*(?:-|–|/|\+|u\.|und|bis)\s*(?P<last>\d{1,4})?\s*(?P<last_suffix>[a-z])?)?$")
#: Street and number of one cell; the number is what begins with the last group of digits that a blank precedes.
ADDRESS = re.compile(r"^(?P<street>.*?[^\d\s,])[\s,]*(?P<number>\d{1,4}\s*[a-zA-Z]?(?:\s*(?:-|–|/|\+|u\.|und|bis)\s*\d{0,4}\s*[a-zA-Z]?)?)\s*(?:[,(;].*)?$")


@dataclass(frozen=True)
class Match:
    """``art``: "adresse" (the very number), "bereich" (first standing number of a range), "offen" (not found).

    ``position`` is the row of the address table, -1 where open; ``candidates`` are texts for people.
    """

    art: str
    position: int
    candidates: tuple[str, ...] = ()


def normal_street(name: str) -> str:
    """One spelling per street: "Gerresheimer Str." = "Gerresheimerstraße" = "gerresheimer strasse"."""
    text = name.lower().translate(UMLAUTS)
    text = re.sub(r"\bst\.\s*", "sankt ", text)
    text = re.sub(r"str(\.|asse)?(?=\s|-|$)", "str", text)
    text = re.sub(r"(?<=[a-z])pl\.(?=\s|$)", "platz", text)
    return re.sub(r"[^a-z0-9]", "", text)


def split_address(text: str) -> tuple[str, str]:
    """("Musterstr.", "12a") of "Musterstr. 12a"; the number is empty where none stands at the end."""
    found = ADDRESS.match(" ".join(text.split()))
    return (found["street"], found["number"]) if found else (" ".join(text.split()), "")


def numbers_of(text: str) -> list[tuple[int, str]]:
    """House numbers that a text means, first the one it names: "12a" -> [(12, "a")]; "227-231" -> 227, 229, 231 (one side of the street)."""
    found = NUMBER.match(text.strip().lower())
    if not found:
        return []
    first, suffix = int(found["first"]), found["suffix"] or ""
    last, last_suffix = found["last"], found["last_suffix"] or ""
    if last is None:
        # "12a-c": letters of one number.
        letters = range(ord(suffix), ord(last_suffix) + 1) if suffix and last_suffix else ()
        return [(first, suffix), *((first, chr(letter)) for letter in letters if chr(letter) != suffix)]
    if not first < int(last) <= first + WIDEST_RANGE:
        return [(first, suffix)]
    step = 2 if (int(last) - first) % 2 == 0 else 1
    return [(first, suffix), *((number, "") for number in range(first + step, int(last) + 1, step))]


class AddressTable:
    """The town's addresses, ready to be searched: parallel sequences of street names, numbers and suffixes ("" = none)."""

    def __init__(self, streets: Sequence[str], numbers: Sequence[int], suffixes: Sequence[str]) -> None:
        spelling = {name: normal_street(name) for name in dict.fromkeys(streets)}
        self.names: dict[str, str] = {}
        for name, normal in spelling.items():
            self.names.setdefault(normal, name)
        self.positions: dict[tuple[str, int, str], int] = {}
        self.on_street: dict[str, list[int]] = defaultdict(list)
        self.numbers, self.suffixes = np.asarray(numbers, dtype=int), list(suffixes)
        for position, (street, number, suffix) in enumerate(zip(streets, self.numbers.tolist(), self.suffixes, strict=True)):
            self.positions.setdefault((spelling[street], number, suffix), position)
            self.on_street[spelling[street]].append(position)

    def find(self, address: str) -> Match:
        """The address a text names, or candidates: the nearest numbers of the street, or of the streets spelled most alike."""
        street, number = split_address(address)
        normal, wanted = normal_street(street), numbers_of(number)
        hits = [self.positions.get((normal, *one), -1) for one in wanted]
        if hits and hits[0] >= 0:
            return Match("adresse", hits[0])
        standing = [hit for hit in hits if hit >= 0]
        if standing:
            return Match("bereich", standing[0])
        return Match("offen", -1, self._candidates(normal, wanted))

    def _candidates(self, normal: str, wanted: list[tuple[int, str]]) -> tuple[str, ...]:
        streets = [normal] if normal in self.on_street else get_close_matches(normal, self.on_street, CANDIDATES, ALIKE)
        if not wanted:
            return tuple(self.names[street] for street in streets)
        number, suffix = wanted[0]
        ranked = sorted(
            (-SequenceMatcher(None, normal, street).ratio(), abs(int(self.numbers[p]) - number), self.suffixes[p] != suffix, street, p)
            for street in streets
            for p in self.on_street[street]
        )
        # The best number of each likely street; on one street the nearest ones.
        best: dict[str, list[int]] = defaultdict(list)
        for *_, street, p in ranked:
            best[street].append(p)
        each = CANDIDATES if len(best) == 1 else 1
        return tuple(f"{self.names[street]} {self.numbers[p]}{self.suffixes[p]}" for street, ps in best.items() for p in ps[:each])
