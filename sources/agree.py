"""Whether figures agree with each other: parts with their total, the same fact in two tables or two sources.

What should agree is learned, not declared: where nearly all parts add up, those that do not are named. Works on profiles.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from sources.compare import NAMED, delivered
from sources.findings import Finding
from sources.model import Quelle, Tabelle
from sources.wording import shown

#: Share of comparisons that have to agree before the others count as errors.
NEARLY_ALL = 0.8
#: Comparisons below which agreement proves nothing.
ENOUGH = 5
WHOLE = 1e-6

#: level -> area -> column -> sum
Levels = dict[str, dict[str, dict[str, float]]]


def _levels(quelle: Quelle, profile: dict[str, Any]) -> dict[str, tuple[Tabelle, Levels]]:
    """Whole-number columns of a delivery per raw table, level and area; several declarations of one raw table together."""
    found: dict[str, tuple[Tabelle, Levels]] = {}
    for tabelle in quelle.tabellen:
        described = profile["tabellen"].get(tabelle.kennung)
        if not described or "gruppen" not in described or tabelle.personal:
            continue
        by = described["gruppe"]
        whole = {s.ziel for s in tabelle.spalten if s.typ in ("ganzzahl", "zahlzeichen")}
        levels = found.setdefault(tabelle.tabelle, (tabelle, defaultdict(dict)))[1]
        for key, (_, _, *sums) in described["gruppen"].items():
            parts = key.split("/")
            level = parts[by.index("ebene")] if "ebene" in by and len(parts) == len(by) else str(tabelle.konstanten.get("ebene", ""))
            levels[level][parts[-1]] = {c: v for c, v in zip(described["zahlen"], sums, strict=True) if c in whole and v is not None}
    return found


@dataclass
class Sums:
    """Totals of one level beside the sums of their parts on another: (area, column, parts, stated)."""

    lower: str
    upper: str
    #: The list of areas says whose parts they are; a single figure for a whole (of the Land?) is only taken for the total.
    listed: bool
    exact: list[tuple[str, str, float, float]] = field(default_factory=list)
    #: Suppressed parts are not negative: the others may stay below the total, never exceed it.
    beyond: list[tuple[str, str, float, float]] = field(default_factory=list)


def _differs(parts: float, total: float) -> bool:
    return abs(parts - total) > WHOLE * max(1, abs(total))


def totals(parents: dict[tuple[str, str], str], quelle: Quelle, profile: dict[str, Any]) -> list[Finding]:
    """Areas whose parts, across the files of the delivery, do not add up to what is stated for them; ``parents``: (level, area) -> area above."""
    findings: list[Finding] = []
    any_level = {area: parent for (_, area), parent in parents.items()}
    for tabelle, found in _levels(quelle, profile).values():
        # What the supplier could place nowhere has no key; only the whole town has it as a part.
        unplaced = [areas[""] for areas in found.values() if "" in areas]
        levels = {level: rest for level, areas in found.items() if (rest := {area: sums for area, sums in areas.items() if area})}
        pairs = []
        for lower, areas in levels.items():
            for upper, stated in levels.items():
                if upper == lower or len(stated) >= len(areas):
                    continue
                children = defaultdict(list)
                above = {area: _above(parents.get((lower, area)), any_level, stated) for area in areas}
                listed = all(above.values())
                for area, parent in above.items():
                    parent = parent or (next(iter(stated)) if len(stated) == 1 else None)
                    if parent in stated:
                        children[parent].append(area)
                if sum(map(len, children.values())) == len(areas):
                    pairs.append(_add_up(Sums(lower, upper, listed), areas, stated, children, unplaced if len(stated) == 1 else []))
        # A column that adds up between other levels is one that should here, too.
        proven = {column for pair in pairs for _, column, parts, total in pair.exact if not _differs(parts, total)}
        enough = sum(len(pair.exact) for pair in pairs) >= ENOUGH
        for pair in pairs if enough else ():
            if not pair.listed and len(pair.exact) < ENOUGH:
                continue
            findings += _wrong_totals(tabelle, delivered(quelle, tabelle, profile), pair, proven)
    # One wrong figure contradicts every level below and above it; the first sentence is enough.
    return findings[:NAMED]


def _above(parent: str | None, any_level: dict[str, str], stated: Any) -> str | None:
    """The area among ``stated`` that an area lies in, however many levels between."""
    seen: set[str] = set()
    while parent and parent not in stated and parent not in seen:
        seen.add(parent)
        parent = any_level.get(parent)
    return parent if parent in stated else None


def _add_up(pair: Sums, areas: Any, stated: Any, children: dict[str, list[str]], unplaced: list[dict[str, float]]) -> Sums:
    for parent, members in children.items():
        for column, total in stated[parent].items():
            parts = [*(areas[m].get(column) for m in members), *(sums.get(column) for sums in unplaced)]
            known = [p for p in parts if p is not None]
            if len(known) == len(parts):
                pair.exact.append((parent, column, sum(known), total))
            elif known and min(known) >= 0 and sum(known) > total and _differs(sum(known), total):
                pair.beyond.append((parent, column, sum(known), total))
    return pair


def _wrong_totals(tabelle: Tabelle, file: str, pair: Sums, proven: set[str]) -> list[Finding]:
    per_column: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for _, column, parts, total in pair.exact:
        per_column[column][0] += 1
        per_column[column][1] += _differs(parts, total)
    # A column that never adds up (a median, a rank) is none that should.
    wrong = [w for w in pair.exact if _differs(*w[2:]) and (per_column[w[1]][1] <= (1 - NEARLY_ALL) * per_column[w[1]][0] or per_column[w[1]][0] < ENOUGH)]
    if len(pair.exact) < ENOUGH:
        wrong = [w for w in wrong if w[1] in proven]
    wrong += [w for w in pair.beyond if w[1] in proven]
    if not wrong or len(wrong) > (1 - NEARLY_ALL) * len(pair.exact) + 1:
        return []
    names = {s.ziel: s.name for s in tabelle.spalten}
    listed = "; ".join(f"{pair.upper} {shown(area)}, Spalte „{names[column]}“: Teile {parts:.0f}, angegeben {total:.0f}" for area, column, parts, total in wrong[:NAMED])
    return [
        Finding("ablehnen", "teilsummen", f"{file}: die Ebene {pair.lower} ergibt nicht die Ebene {pair.upper}: {listed}",
                "bitte die Summe und ihre Teile prüfen", datei=file, spalte=names[wrong[0][1]], anzahl=len(wrong))
    ]  # fmt: skip


def tables(quelle: Quelle, profile: dict[str, Any]) -> list[Finding]:
    """Columns of the same name in two tables of the delivery that agree nearly everywhere, and where they do not."""
    found = list(_levels(quelle, profile).items())
    findings = []
    for place, (name, (tabelle, levels)) in enumerate(found):
        for other_name, (_, other_levels) in found[place + 1 :]:
            findings += _same_fact(tabelle, delivered(quelle, tabelle, profile), levels, name, other_levels, other_name, "ablehnen")
    return findings[:NAMED]


def sources(quelle: Quelle, profile: dict[str, Any], others: list[tuple[str, dict[str, Any]]]) -> list[Finding]:
    """Columns that another source delivers under the same name for the same date; which of the two is wrong nobody knows here."""
    findings = []
    for tabelle, levels in _levels(quelle, profile).values():
        columns = {column for areas in levels.values() for sums in areas.values() for column in sums}
        for other_id, other in others:
            for described_name, described in other["tabellen"].items():
                if "gruppen" not in described or columns.isdisjoint(described["zahlen"]):
                    continue
                areas = {key.split("/")[-1]: dict(zip(described["zahlen"], sums, strict=True)) for key, (_, _, *sums) in described["gruppen"].items()}
                findings += _same_fact(tabelle, delivered(quelle, tabelle, profile), levels, tabelle.tabelle, {"": areas}, f"{other_id} ({described_name.partition(':')[0]})", "warnen")
    return findings[:NAMED]


def _same_fact(tabelle: Tabelle, file: str, levels: Levels, name: str, other_levels: Any, other_name: str, grad: Any) -> list[Finding]:
    findings = []
    columns = {c for areas in levels.values() for sums in areas.values() for c in sums}
    names = {s.ziel: s.name for s in tabelle.spalten}
    for column in sorted(columns):
        pairs = [
            (area, sums[column], other[area][column])
            for level, areas in levels.items()
            for other_level, other in other_levels.items()
            if other_level in ("", level) or level == ""
            for area, sums in areas.items()
            if column in sums and area in other and other[area].get(column) is not None
        ]
        differ = [p for p in pairs if abs(p[1] - p[2]) > WHOLE * max(1, abs(p[1]))]
        if len(pairs) >= ENOUGH and differ and len(differ) <= (1 - NEARLY_ALL) * len(pairs):
            listed = "; ".join(f"{shown(area)}: {mine:.0f} gegen {theirs:.0f}" for area, mine, theirs in differ[:NAMED])
            findings.append(
                Finding(grad, "widerspruch", f"{file}: {name}, Spalte „{names.get(column, column)}“ widerspricht {other_name} bei {len(differ)} von {len(pairs)} Raumeinheiten ({listed})",
                        "bitte klären, welche Angabe gilt", datei=file, spalte=names.get(column, column), anzahl=len(differ))
            )  # fmt: skip
    return findings
