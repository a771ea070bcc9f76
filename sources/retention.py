"""How long person-level things stay: deletes originals and raw rows when their source's time is over, with evidence.

Evidence is an entry in the chain naming delivery, kind, files and rule, written before anything goes: a killed run repeats the
deletion, it never forgets it. Time is what it is told, so that a test can let years pass.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sources.model import Quelle
from warehouse.ledger import Ledger
from warehouse.paths import Home

ORIGINALS, ROWS = "originale", "rohdaten"


def due(quelle: Quelle, home: Home, ledger: Ledger, now: datetime) -> Iterator[tuple[dict[str, Any], str, list[Any], str]]:
    """What has to go: (delivery, kind, folders, rule)."""
    if not quelle.personenbezug:
        return
    keep = quelle.aufbewahrung
    for entry in ledger.deliveries(quelle_id=quelle.quelle):
        age = (now - datetime.fromisoformat(entry["eingang"])).days
        originals = home.sealed_archive / quelle.quelle / entry["lieferung_id"]
        days = max(keep.originale_tage, keep.quarantaene_tage if entry["zeilen_quarantaene"] else 0)
        if originals.is_dir() and (age >= days or not entry["aktiv"] and age >= keep.originale_tage):
            yield entry, ORIGINALS, [originals], f"{days} Tage nach Eingang"
        if keep.rohdaten_tage is not None and age >= keep.rohdaten_tage:
            folders = sorted(folder for zone in (home.raw, home.quarantine) for folder in zone.glob(f"*/delivery={entry['lieferung_id']}"))
            if folders:
                yield entry, ROWS, folders, f"{keep.rohdaten_tage} Tage nach Eingang"


def enforce(quelle: Quelle, home: Home, ledger: Ledger, now: datetime) -> int:
    """Delete what is due; returns how many things went."""
    count = 0
    for entry, kind, folders, rule in list(due(quelle, home, ledger, now)):
        ledger.link(
            "geloescht",
            {"lieferung_id": entry["lieferung_id"], "art": kind, "regel": rule, "sha256": entry["sha256"], "dateien": sum(1 for f in folders for p in f.rglob("*") if p.is_file())},
            now.isoformat(),
        )
        for folder in folders:
            shutil.rmtree(folder)
        count += 1
    return count
