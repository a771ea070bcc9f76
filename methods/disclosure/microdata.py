"""How well the persons of a sample hide among each other: k-anonymity, l-diversity, uniqueness, and which coarsening helps.

Pure functions on columns of codes. Sweeney (2002) for k, Machanavajjhala et al. (2007) for distinct l. pyCANON computes the same
and pins pandas 2.3 and numpy 2.0, so it cannot be installed beside this project; what it says of one table is a test vector here.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

Column = Sequence[object]


@dataclass(frozen=True)
class Assessment:
    """What an attacker meets who knows the quasi-identifiers of somebody in the sample."""

    persons: int
    #: Equivalence classes: groups of persons alike in all quasi-identifiers.
    classes: int
    #: Size of the smallest class; 0 without persons.
    k: int
    #: Persons alone in their class.
    unique: int
    #: Per sensitive column the fewest different known values in any class; None where no class has a known value.
    diversity: Mapping[str, int | None]
    #: Positions of persons whose class is smaller than asked for or has too few different values of a sensitive column.
    at_risk: tuple[int, ...]

    @property
    def share_at_risk(self) -> float:
        return len(self.at_risk) / self.persons if self.persons else 0.0


def assess(quasi: Sequence[Column], sensitive: Mapping[str, Column], k: int, diversity: int, persons: int) -> Assessment:
    """Classes of ``persons`` persons by their quasi-identifiers; a missing value is a value of its own there.

    Of a sensitive column only known values count, so that silence does not pass for diversity; a class in which nobody
    answered gives nothing away.
    """
    members: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for person in range(persons):
        members[tuple(column[person] for column in quasi)].append(person)
    lowest = dict.fromkeys(sensitive)
    at_risk: list[int] = []
    for group in members.values():
        uniform = False
        for name, column in sensitive.items():
            values = len({column[person] for person in group} - {None})
            if values:
                lowest[name] = values if lowest[name] is None else min(lowest[name], values)
                uniform |= values < diversity
        if len(group) < k or uniform:
            at_risk += group
    sizes = [len(group) for group in members.values()]
    return Assessment(persons, len(sizes), min(sizes, default=0), sizes.count(1), lowest, tuple(sorted(at_risk)))


def culprits(quasi: Mapping[str, Column], sensitive: Mapping[str, Column], k: int, diversity: int, persons: int) -> list[tuple[str, int]]:
    """Per quasi-identifier how many persons would still be at risk without it, the most telling first."""
    left = {name: len(assess([c for other, c in quasi.items() if other != name], sensitive, k, diversity, persons).at_risk) for name in quasi}
    return sorted(left.items(), key=lambda item: (item[1], item[0]))


def passing(levels: Mapping[str, Sequence[Column]], sensitive: Mapping[str, Column], k: int, diversity: int, share: float, persons: int) -> list[tuple[dict[str, int], Assessment]]:
    """The finest combinations of levels at which at most ``share`` of the persons stay at risk.

    ``levels``: per quasi-identifier its columns from fine to coarse. A combination is left out where one that is as fine or
    finer everywhere passes too. Ordered by how little they coarsen, then by how few persons stay at risk.
    """
    names = list(levels)
    found: list[tuple[tuple[int, ...], Assessment]] = []
    for chosen in sorted(product(*(range(len(levels[name])) for name in names)), key=lambda chosen: (sum(chosen), chosen)):
        if any(all(finer <= mine for finer, mine in zip(known, chosen, strict=True)) for known, _ in found):
            continue
        result = assess([levels[name][level] for name, level in zip(names, chosen, strict=True)], sensitive, k, diversity, persons)
        if result.share_at_risk <= share:
            found.append((chosen, result))
    found.sort(key=lambda item: (sum(item[0]), len(item[1].at_risk), item[0]))
    return [(dict(zip(names, chosen, strict=True)), result) for chosen, result in found]
