"""Places addresses as people write them by the town's own directory: block, how well it was found, nearest candidates.

Knows spelling and house numbers, no service and no coordinates. What is not clearly one block stays unplaced; nothing is
guessed from similar names, they are only named as candidates for the one who looks.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
#: "str", "str." and "strasse" at the end of a name or before a blank.
STREET = re.compile(r"str(?:\.|asse)?(?=$|[\s-])")
PART = r"\d{1,4}\s*(?:[a-z]\b)?"
WRITTEN = re.compile(rf"^(?P<street>.*?[^\d\s,])[\s,]*(?P<number>{PART}(?:\s*[-–/+]\s*{PART})?)(?P<rest>.*)$", re.IGNORECASE)
#: What may follow the house number: postcode and town, or one of them.
REST = re.compile(r"^[\s,]*(?:\d{5}\b)?\s*(?P<town>[^\W\d].*)?$")
NUMBER = re.compile(r"^(\d{1,4})\s*([a-z])?(?:\s*[-–/+]\s*(\d{1,4})\s*([a-z])?)?$")
CANDIDATES, ALIKE = 3, 0.75
EXACT, RANGE, WITHOUT_SUFFIX, UNKNOWN, ELSEWHERE = "genau", "bereich", "ohne_zusatz", "offen", "auswaerts"


@dataclass(frozen=True)
class Placed:
    """Where an address lies: block or None, quality (one of the words above), names of the nearest candidates."""

    block_id: str | None
    quality: str
    candidates: str | None = None


@lru_cache(maxsize=1 << 14)
def street_key(name: str) -> str:
    """A street name without what differs between people: case, umlauts, blanks, hyphens, "str." for "straße"."""
    folded = name.strip().casefold().translate(UMLAUTS)
    return re.sub(r"[^a-z0-9]", "", STREET.sub("strasse", folded))


@lru_cache(maxsize=1 << 12)
def _alike(key: str, keys: tuple[str, ...]) -> list[str]:
    """Misspelt streets come again with every date, and looking for what they could mean takes long."""
    return difflib.get_close_matches(key, keys, CANDIDATES, ALIKE)


class Directory:
    """The addresses of one town on one day: rows of (street name, number, suffix, block)."""

    def __init__(self, rows: Iterable[tuple[str, str, str, str]], town: str | None = None) -> None:
        self._town = street_key(town) if town else None
        self._names: dict[str, str] = {}
        self._blocks: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
        self._numbers: dict[str, list[int]] = defaultdict(list)
        for name, number, suffix, block in rows:
            key = street_key(name)
            self._names.setdefault(key, name)
            self._blocks[key, int(number)][suffix.lower()] = block
            self._numbers[key].append(int(number))

    def place(self, text: str) -> Placed:
        written = WRITTEN.match(" ".join(text.split()))
        rest = REST.match(written["rest"]) if written else None
        if written is None or rest is None:
            return Placed(None, UNKNOWN, self._names.get(street_key(text)))
        town = rest["town"]
        if town and self._town and not street_key(town).startswith(self._town):
            return Placed(None, ELSEWHERE)
        key = street_key(written["street"])
        written_number = written["number"].strip()
        number = NUMBER.match(written_number.casefold())
        if key not in self._names:
            return Placed(None, UNKNOWN, self._similar(key, written_number))
        if number is None:
            return Placed(None, UNKNOWN, self._names[key])
        first, suffix, last = int(number[1]), number[2] or "", number[3]
        if last is not None and int(last) > first:
            # "227-231": one building over several numbers, all on one side and in one block.
            blocks = {b for n in range(first, int(last) + 1, 2) for b in self._blocks.get((key, n), {}).values()}
            return Placed(blocks.pop(), RANGE) if len(blocks) == 1 else Placed(None, UNKNOWN, self._near(key, first))
        here = self._blocks.get((key, first), {})
        if suffix in here:
            return Placed(here[suffix], EXACT)
        if len(set(here.values())) == 1:
            return Placed(next(iter(here.values())), WITHOUT_SUFFIX)
        return Placed(None, UNKNOWN, self._near(key, first))

    def _similar(self, key: str, number: str) -> str | None:
        names = [self._names[k] for k in _alike(key, tuple(self._names))]
        return "; ".join(f"{name} {number}" for name in names) or None

    def _near(self, key: str, number: int) -> str:
        near = sorted(set(self._numbers[key]), key=lambda n: (abs(n - number), n))[:CANDIDATES]
        return "; ".join(f"{self._names[key]} {n}" for n in near)
