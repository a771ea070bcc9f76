"""Puts what was accepted into its place: rows, quarantine, archive. A delivery counts when the ledger says so, and not before.

A whole delivery lies ready under a hidden name first; the ledger entry decides; then it takes its place. What a killed run
left is brought to its end or removed, whichever the ledger says.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sources.find import ID_LENGTH, Delivery
from sources.model import Quelle
from sources.read import SourceFile
from warehouse import vault
from warehouse.ledger import Ledger
from warehouse.paths import PRIVATE, Home
from warehouse.settings import Settings
from warehouse.version import file_hash

PARQUET = "format parquet, compression zstd, compression_level 1"
READY = ".neu-"
STAMP = "regelwerk"
QUARANTINE = "quarantaene"
RAW = "roh"


class Store:
    """The sealed zone and the archive, for one round at the door."""

    def __init__(self, home: Home, ledger: Ledger, settings: Settings) -> None:
        self.home, self.ledger, self.settings = home, ledger, settings

    def settle(self, delivery_id: str) -> None:
        """Put the rows of an accepted delivery into their places; may be broken off and repeated at any time."""
        parts = self.home.raw / f"{READY}{delivery_id}"
        tables = json.loads((parts / STAMP).read_text(encoding="utf-8"))
        for kind, zone in ((RAW, self.home.raw), (QUARANTINE, self.home.quarantine)):
            for old in zone.glob(f"*/delivery={delivery_id}"):
                if old.parent.name not in tables[kind]:
                    shutil.rmtree(old)
            fresh = sorted((parts / kind).iterdir()) if (parts / kind).is_dir() else []
            # Where this finds nothing ready it has settled that table before.
            for folder in fresh:
                final = zone / folder.name / f"delivery={delivery_id}"
                shutil.rmtree(final, ignore_errors=True)
                final.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
                folder.rename(final)
        shutil.rmtree(parts)

    # originals

    def archive(self, delivery: Delivery, received: str, *, encrypted: bool) -> None:
        """The bytes as received and a description; copied, so that nobody who still holds the file can change them.

        ``encrypted`` puts them into the sealed zone under the archive's key, which is how persons are archived.
        """
        folder = (self.home.sealed_archive if encrypted else self.home.archive) / delivery.quelle_id
        final, parts = folder / delivery.lieferung_id, folder / f".tmp-{delivery.lieferung_id}"
        if final.is_dir():
            # Looked at again out of this very archive.
            return
        shutil.rmtree(parts, ignore_errors=True)
        parts.mkdir(parents=True, mode=PRIVATE)
        keys = vault.load_keys(self.home, self.settings, make=True) if encrypted else {}
        for file in delivery.files:
            target = parts / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            if encrypted:
                vault.encrypt_file(file.path, target.with_name(target.name + vault.SUFFIX), keys)
            else:
                shutil.copyfile(file.path, target)
        described = {
            "lieferung_id": delivery.lieferung_id,
            "stichtag": delivery.stichtag.isoformat(),
            "gebietsstand": delivery.gebietsstand,
            "eingang": received,
            "sha256": delivery.sha256,
            "zeilen": delivery.zeilen,
            "dateien": listed(delivery),
        }
        (parts / "delivery.json").write_text(json.dumps(described, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        parts.rename(final)

    @contextmanager
    def originals(self, quelle: Quelle, entry: dict[str, Any], found: Delivery) -> Iterator[Delivery | None]:
        """A delivery whose files are those of the archive, None where it has none; decrypted ones lie in memory only."""
        plain, sealed = (zone / quelle.quelle / entry["lieferung_id"] for zone in (self.home.archive, self.home.sealed_archive))
        with ExitStack() as stack:
            files = []
            for file in found.files:
                if plain.is_dir():
                    path = plain / file.name
                elif sealed.is_dir():
                    path = stack.enter_context(vault.opened(sealed / (file.name + vault.SUFFIX), vault.load_keys(self.home, self.settings)))
                else:
                    yield None
                    return
                status = path.stat()
                files.append(replace(file, path=path, size=status.st_size, mtime_ns=status.st_mtime_ns))
                if file_hash(path) != file.sha256:
                    yield None
                    return
            yield replace(found, files=tuple(files))

    # what killed runs left, and what is out of date

    def sweep(self, quelle: Quelle, only: str | None = None) -> None:
        """Bring to an end what the ledger accepted, remove what it does not know: parts and whole deliveries without an entry.

        Of all deliveries of a source, or of the ``only`` one while others still lie ready.
        """
        entries = {row["lieferung_id"]: row for row in self.ledger.deliveries("angenommen", quelle.quelle)}
        mine = re.compile(re.escape(only) if only else rf"{re.escape(quelle.quelle)}-\d{{4}}-\d{{2}}-\d{{2}}-[0-9a-f]{{{ID_LENGTH}}}")
        for parts in self.home.raw.glob(f"{READY}{quelle.quelle}-*"):
            delivery_id = parts.name.removeprefix(READY)
            if not mine.fullmatch(delivery_id):
                continue
            # A folder without a whole stamp is either not finished, or settled and half removed: no rows are left in it then.
            try:
                stamp = json.loads((parts / STAMP).read_text(encoding="utf-8"))["stempel"]
            except (OSError, ValueError):
                stamp = None
            if delivery_id in entries and stamp and stamp == entries[delivery_id]["pruefungen"].get("stempel"):
                self.settle(delivery_id)
            else:
                shutil.rmtree(parts)
        raw = [(folder, folder.name.removeprefix("delivery=")) for zone in (self.home.raw, self.home.quarantine) for folder in zone.glob("*/delivery=*")]
        archived = [(folder, folder.name) for zone in (self.home.archive, self.home.sealed_archive) for folder in zone.glob(f"{quelle.quelle}/*")]
        profiles = [(path, path.stem) for path in self.home.profiles.glob(f"{quelle.quelle}/*.json")]
        for path, delivery_id in raw + archived + profiles:
            if mine.fullmatch(delivery_id) and delivery_id not in entries:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for zone in (self.home.archive, self.home.sealed_archive):
            for folder in zone.glob(f"{quelle.quelle}/.tmp-{only or '*'}"):
                shutil.rmtree(folder)


def listed(delivery: Delivery) -> list[dict[str, Any]]:
    return [{"datei": file.name, "groesse": file.size, "sha256": file.sha256, "tabellen": [[index, dict(values)] for index, values in file.tables]} for file in delivery.files]


def from_entry(entry: dict[str, Any]) -> Delivery:
    """A delivery as the ledger knows it; its files have no place."""
    files = tuple(
        SourceFile(Path(file["datei"]), file["datei"], file["groesse"], 0, tuple((index, tuple(sorted(values.items()))) for index, values in file.get("tabellen", [])), file["sha256"])
        for file in entry["dateien"]
    )
    return Delivery(
        entry["quelle_id"], date.fromisoformat(entry["stichtag"]), entry["gebietsstand"], files, entry["lieferung_id"], entry["sha256"],
        entry["zeilen"], entry["zeilen_quarantaene"],
    )  # fmt: skip


def active_folders(home: Home, entries: Iterable[dict[str, Any]], table: str) -> list[Path]:
    """Raw folders of a table that belong to active deliveries, oldest reference date first."""
    rows = sorted((r for r in entries if r["aktiv"]), key=lambda r: r["stichtag"])
    folders = [home.raw / table / f"delivery={row['lieferung_id']}" for row in rows]
    return [folder for folder in folders if folder.is_dir()]


def age_in_days(entry: dict[str, Any], now: datetime) -> int:
    return (now - datetime.fromisoformat(entry["eingang"])).days


