"""Known errors of suppliers, mended as corrections.yml says, each with a guard.

A correction states how many rows it hits; any other number means that the supplier changed something, and the delivery
is refused until somebody looked. Nothing is mended that no entry names.
"""

from __future__ import annotations

from datetime import date

import duckdb

from sources.model import CORRECTIONS, Korrektur, Quelle, Tabelle
from sources.read import Refused, castable, kept, quoted
from warehouse.connect import literal


def apply_corrections(db: duckdb.DuckDBPyConnection, rows: str, quelle: Quelle, tabelle: Tabelle, delivery: int, stichtag: date) -> dict[str, int]:
    """Mend the rows of one delivery in the temporary table ``rows``: {reason: rows hit}. Refused where a guard fails."""
    hits = {}
    for correction in tabelle.korrekturen:
        if correction.stichtage and stichtag not in correction.stichtage:
            continue
        where = f"_lieferung = {delivery} and ({correction.wenn})"
        hit = db.execute(f"select count(*) from {rows} where {where}").fetchall()[0][0]
        if hit != correction.erwartet:
            raise Refused(
                f"{tabelle.dateien}: die Korrektur „{correction.grund.rstrip('.')}“ trifft {hit} statt {correction.erwartet} Zeilen, der Lieferant hat die Datei "
                f"also geändert; bitte prüfen und die Korrektur in {CORRECTIONS} anpassen oder streichen."
            )
        _apply(db, rows, tabelle, correction, where)
        hits[correction.grund] = hit
    return hits


def _apply(db: duckdb.DuckDBPyConnection, rows: str, tabelle: Tabelle, correction: Korrektur, where: str) -> None:
    match correction.aktion:
        case "verwerfen":
            db.execute(f"delete from {rows} where {where}")
        case "setzen" | "markieren":
            changes = ", ".join(f"{quoted(name)} = {'null' if value is None else literal(value)}" for name, value in correction.werte.items())
            # What stood there could perhaps not be read; what stands there now can.
            changes += "".join(f", {quoted(s.ziel + '__lesbar')} = true" for s in kept(tabelle) if castable(s) and s.ziel in correction.werte)
            db.execute(f"update {rows} set {changes} where {where}")
        case "skalieren":
            changes = ", ".join(f"{quoted(name)} = {quoted(name)} * {factor!r}" for name, factor in correction.werte.items())
            db.execute(f"update {rows} set {changes} where {where}")
        case "vereinigen":
            _merge(db, rows, tabelle, correction, where)


def _merge(db: duckdb.DuckDBPyConnection, rows: str, tabelle: Tabelle, correction: Korrektur, where: str) -> None:
    """The rows hit go into another one: polygons are united, counts and areas added, the rows themselves vanish."""
    import shapely

    (key, target), *_ = correction.werte.items()
    shape = next(quoted(s.ziel) for s in tabelle.spalten if s.klasse == "geometrie")
    amounts = [quoted(s.ziel) for s in tabelle.spalten if s.klasse == "zahl"]
    others = [quoted(name) for name in ("_lieferung", *tabelle.schluessel) if name != key]
    same = " and ".join(f"ziel.{name} = teil.{name}" for name in others)
    added = ", ".join(f"teil.{name}" for name in amounts) or "null"
    pairs = db.execute(
        f"select ziel.rowid, ziel.{shape}, teil.rowid, teil.{shape}, {added} from {rows} teil left join {rows} ziel"
        f" on ziel.{quoted(key)} = {literal(target)} and {same} where teil.rowid in (select rowid from {rows} where {where}) order by teil.rowid"
    ).fetchall()
    for target_row, target_shape, part_row, part_shape, *values in pairs:
        if target_row is None:
            raise Refused(f"{tabelle.dateien}: die Korrektur „{correction.grund}“ findet das Ziel {target} nicht; bitte die Korrektur prüfen.")
        united = shapely.to_wkt(shapely.union(shapely.from_wkt(target_shape), shapely.from_wkt(part_shape)), rounding_precision=-1)
        sums = "".join(f", {name} = {name} + {value!r}" for name, value in zip(amounts, values, strict=False) if value is not None)
        db.execute(f"update {rows} set {shape} = ?{sums} where rowid = {target_row}", [united])
        db.execute(f"delete from {rows} where rowid = {part_row}")
