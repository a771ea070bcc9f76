"""How long person-level things stay: deletes originals and raw rows when their source's time is over, with evidence.

Evidence is an entry in the chain naming delivery, kind, files and rule, written before anything goes: a killed run repeats the
deletion, it never forgets it. Rows go only when their counts lie frozen. Time is what it is told, so that a test can let years pass.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sources.model import Quelle
from warehouse import frozen
from warehouse.ledger import Ledger
from warehouse.paths import Home

ORIGINALS, ROWS = "originale", frozen.ROWS
WAREHOUSE = ("warehouse.duckdb", "warehouse.duckdb.wal")


def due(quelle: Quelle, home: Home, ledger: Ledger, now: datetime) -> Iterator[tuple[dict[str, Any], str, list[Any], str]]:
    """What has to go: (delivery, kind, folders, rule). Rows whose counts no release has frozen yet wait for the next one."""
    if not quelle.personenbezug:
        return
    keep = quelle.aufbewahrung
    for entry in ledger.deliveries(quelle_id=quelle.quelle):
        age = (now - datetime.fromisoformat(entry["eingang"])).days
        originals = home.sealed_archive / quelle.quelle / entry["lieferung_id"]
        days = max(keep.originale_tage, keep.quarantaene_tage if entry["zeilen_quarantaene"] else 0)
        if keep.rohdaten_tage is not None:
            days = min(days, keep.rohdaten_tage)
        if originals.is_dir() and (age >= days or not entry["aktiv"] and age >= keep.originale_tage):
            yield entry, ORIGINALS, [originals], f"{days} Tage nach Eingang"
        if keep.rohdaten_tage is not None and age >= keep.rohdaten_tage:
            folders = [*person_rows(quelle, home, entry["lieferung_id"])]
            if folders and frozen.settled(home, ledger, entry):
                yield entry, ROWS, folders, f"{keep.rohdaten_tage} Tage nach Eingang"


def person_rows(quelle: Quelle, home: Home, lieferung_id: str) -> list[Any]:
    """Folders with rows of persons of a delivery, in the raw zone and in quarantine."""
    return sorted(f for zone in (home.raw, home.quarantine) for f in zone.glob(f"*/delivery={lieferung_id}") if f.parent.name in quelle.personentabellen)


def enforce(quelle: Quelle, home: Home, ledger: Ledger, now: datetime) -> list[tuple[str, str, str]]:
    """Delete what is due; returns what went: (delivery, kind, rule)."""
    went = []
    for entry, kind, folders, rule in list(due(quelle, home, ledger, now)):
        ledger.link(
            frozen.DELETED,
            {"lieferung_id": entry["lieferung_id"], "art": kind, "regel": rule, "sha256": entry["sha256"], "dateien": sum(1 for f in folders for p in f.rglob("*") if p.is_file())},
            now.isoformat(),
        )
        if kind == ROWS:
            forget_warehouse(home)
        for folder in folders:
            shutil.rmtree(folder)
        went.append((entry["lieferung_id"], kind, rule))
    return went


def forget_warehouse(home: Home) -> None:
    """Models keep rows between runs, and a database file keeps what was deleted in it: the file goes, the next run makes a new one."""
    for name in WAREHOUSE:
        (home.sealed / name).unlink(missing_ok=True)
