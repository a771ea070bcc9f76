"""What changed between two releases, and why: new delivery, new rule, new boundary. Reads published files only."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from warehouse.connect import connect, literal

#: mart -> the columns that identify a row
COMPARED = {
    "fct_indikatorwert": ("gebietsstand", "ebene", "raumeinheit_id", "stichtag", "indikator_id"),
    "fct_kennzahl": ("gebietsstand", "ebene", "raumeinheit_id", "stichtag", "kennzahl_id"),
}
SUBJECT = {"fct_indikatorwert": "indikator_id", "fct_kennzahl": "kennzahl_id"}


@dataclass(frozen=True)
class Change:
    """How the values of one indicator or count differ: rows new, gone, with another value, with another status only."""

    mart: str
    subject: str
    new: int
    gone: int
    changed: int
    status: int
    largest: float | None
    deliveries: tuple[str, ...]


@dataclass
class Comparison:
    """Two releases side by side; every tuple is sorted."""

    before: str
    after: str
    deliveries_new: dict[str, int | None] = field(default_factory=dict)
    deliveries_gone: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    boundaries: int = 0
    changes: tuple[Change, ...] = ()

    @property
    def reasons(self) -> list[str]:
        """Why values may differ, in German."""
        told = [f"neue Lieferung {name}" + (f" ({rows} Zeilen)" if rows is not None else "") for name, rows in self.deliveries_new.items()]
        told += [f"nicht mehr dabei: Lieferung {name}" for name in self.deliveries_gone]
        told += list(self.rules)
        if self.boundaries:
            told.append(f"neue Grenzen: {self.boundaries} Raumeinheiten sind neu, weg oder anders")
        return told


def compare(before: Path, after: Path) -> Comparison:
    """Compare two releases by their folders with ``release.json`` and ``mart.duckdb``, whoever may see them."""
    old, new = (json.loads((folder / "release.json").read_text(encoding="utf-8"))["eingaben"] for folder in (before, after))
    found = Comparison(before.name, after.name)
    with connect() as db:
        for alias, folder in (("alt", before), ("neu", after)):
            db.execute(f"attach {literal(folder / 'mart.duckdb')} as {alias} (read_only)")
        rows = dict(db.execute("select lieferung_id, zeilen from neu.fct_quellenstand").fetchall())
        found.deliveries_new = {name: rows.get(name) for name in sorted(set(new["lieferungen"]) - set(old["lieferungen"]))}
        found.deliveries_gone = tuple(sorted(set(old["lieferungen"]) - set(new["lieferungen"])))
        found.rules = _rules(old, new)
        shape = "raumeinheit_id, gebietsstand, ebene, name, uebergeordnet_id, flaeche_ha, geometrie"
        found.boundaries = _count(
            db,
            f"""select count(distinct (raumeinheit_id, gebietsstand, ebene)) from (
                    (select {shape} from alt.dim_raumeinheit except select {shape} from neu.dim_raumeinheit)
                    union all (select {shape} from neu.dim_raumeinheit except select {shape} from alt.dim_raumeinheit))""",
        )
        found.changes = tuple(change for mart in COMPARED for change in _changes(db, mart))
    return found


def _rules(old: dict[str, Any], new: dict[str, Any]) -> tuple[str, ...]:
    named = {"code": "neue Regel: Programm und Modelle", "deklarationen": "neue Regel: Deklarationen der Stadt"}
    return tuple(text for key, text in named.items() if old[key] != new[key])


def _changes(db: Any, mart: str) -> list[Change]:
    keys, subject = COMPARED[mart], SUBJECT[mart]
    using = ", ".join(keys)
    rows = db.execute(
        f"""with alt as (select {using}, wert, status_id, lieferung_id, true as da from alt.{mart}),
                 neu as (select {using}, wert, status_id, lieferung_id, true as da from neu.{mart}),
                 zeile as (
                     select {subject} as gegenstand, alt.da is null as hinzu, neu.da is null as weg,
                         alt.da and neu.da and (alt.wert is distinct from neu.wert) as anders,
                         alt.da and neu.da and alt.wert is not distinct from neu.wert and alt.status_id <> neu.status_id as status,
                         abs(neu.wert - alt.wert) as betrag, coalesce(neu.lieferung_id, alt.lieferung_id) as lieferung_id
                     from alt full join neu using ({using})
                 )
            select gegenstand, count(*) filter (where hinzu), count(*) filter (where weg), count(*) filter (where anders), count(*) filter (where status),
                max(betrag) filter (where anders), list(distinct lieferung_id order by lieferung_id) filter (where hinzu or weg or anders or status)
            from zeile group by gegenstand having bool_or(hinzu or weg or anders or status) order by gegenstand"""
    ).fetchall()
    return [Change(mart, *row[:6], tuple(name for name in row[6] or () if name)) for row in rows]


def _count(db: Any, query: str) -> int:
    return int(db.execute(query).fetchone()[0])
