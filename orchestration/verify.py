"""Proves the trail, from the chain to the files and back: chain unbroken, ledger as the chain says, archive as received,
releases as published and traceable, and nothing there that the ledger does not know. Changes nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestration import withdrawal
from orchestration.resources import Workplace
from warehouse import frozen, vault
from warehouse.connect import connect, literal
from warehouse.ledger import BEGINNING, approval_facts, delivery_facts, link_hash, release_facts
from warehouse.publish import contents
from warehouse.settings import SettingsError
from warehouse.version import file_hash


def broken_links(chain: list[dict[str, Any]]) -> Iterator[str]:
    """One sentence per entry that does not follow from the one before."""
    before = BEGINNING
    for number, row in enumerate(chain, 1):
        if row["nummer"] != number:
            yield f"Kette: nach Nummer {number - 1} folgt {row['nummer']}, Einträge fehlen."
            return
        if row["vorher"] != before or row["hash"] != link_hash(row):
            yield f"Kette: Eintrag {number} ({row['ereignis']} vom {row['zeit'][:10]}) wurde verändert."
            return
        before = row["hash"]


def findings(place: Workplace) -> Iterator[str]:
    """Everything that does not hold, as sentences; nothing where all is well."""
    ledger, home = place.ledger, place.home
    chain = ledger.chain()
    yield from broken_links(chain)
    said: dict[str, dict[str, Any]] = {}
    gone: set[str] = set()
    releases: dict[str, dict[str, Any]] = {}
    approved: list[dict[str, Any]] = []
    known_bytes: dict[str, str] = {}
    for row in chain:
        facts = json.loads(row["angaben"])
        if row["ereignis"] in ("angenommen", "abgelehnt", "nachgetragen"):
            said[facts["lieferung_id"]] = facts
            known_bytes[facts["lieferung_id"]] = facts["sha256"]
        elif row["ereignis"] == "geloescht" and facts["art"] == "originale":
            gone.add(facts["lieferung_id"])
        elif row["ereignis"] == "veroeffentlicht":
            releases[facts["release_id"]] = facts
        elif row["ereignis"] == "freigegeben":
            approved.append(facts)
    entries = {row["lieferung_id"]: row for row in ledger.deliveries()}
    for name, row in entries.items():
        if name not in said:
            yield f"Lieferung {name}: steht im Verzeichnis, aber nicht in der Kette."
        elif not _as_said(delivery_facts(row), said[name]):
            yield f"Lieferung {name}: das Verzeichnis sagt etwas anderes als die Kette."
        elif row["status"] == "angenommen":
            yield from _originals(place, row, name in gone)
    for name in said.keys() - entries.keys():
        yield f"Lieferung {name}: steht in der Kette, aber nicht mehr im Verzeichnis."
    for zone in (home.archive, home.sealed_archive):
        # What lies under a name with a dot is being put there.
        for folder in (f for f in sorted(zone.glob("*/*")) if not f.name.startswith(".") and f.name not in entries):
            yield f"Archiv: {folder.relative_to(home.root)} gehört zu keiner Lieferung des Verzeichnisses."
    yield from frozen.tampered(home, chain)
    yield from _persons_left(place, frozen.deleted(chain))
    yield from withdrawal.left_over(place)
    listed = {row["release_id"]: row for row in ledger.releases()}
    for name, release in listed.items():
        if name not in releases or not _as_said(release_facts(release), releases[name]):
            yield f"Veröffentlichung {name}: das Verzeichnis sagt etwas anderes als die Kette."
        for delivery, digest in release["eingaben"].get("lieferungen", {}).items():
            if known_bytes.get(delivery) != digest:
                yield f"Veröffentlichung {name}: die Lieferung {delivery} lässt sich nicht zurückverfolgen."
    for name in releases.keys() - listed.keys():
        yield f"Veröffentlichung {name}: steht in der Kette, aber nicht mehr im Verzeichnis."
    recorded = [approval_facts(row) for row in ledger.approvals()]
    for row in recorded:
        if not any(_as_said(row, facts) for facts in approved):
            yield f"Freigabe von {row['release_id']} für {row['zielgruppe']}: steht im Verzeichnis, aber nicht in der Kette."
    for facts in approved:
        if not any(_as_said(row, facts) for row in recorded):
            yield f"Freigabe von {facts['release_id']} für {facts['zielgruppe']}: steht in der Kette, aber nicht im Verzeichnis."
    hashes = {row["nummer"]: row["hash"] for row in chain} | {0: BEGINNING}
    for shelf in (home.published, *sorted((home.published / "freigegeben").glob("*"))):
        for folder in (f for f in sorted(shelf.glob("*")) if not f.is_symlink() and (f / "release.json").is_file() and not f.name.startswith(".")):
            yield from _published(folder, f"Veröffentlichung {folder.relative_to(home.published)}", listed.get(folder.name), hashes)


def _as_said(row: dict[str, Any], facts: dict[str, Any]) -> bool:
    """Whether the ledger says what the chain says; an entry of an older version of this program says less."""
    row = json.loads(json.dumps(row))
    return all(row.get(name) == fact for name, fact in facts.items())


def _published(folder: Path, what: str, release: dict[str, Any] | None, hashes: dict[int, str]) -> Iterator[str]:
    """A folder that readers see: known to the ledger, made from what it says, and no byte other than published."""
    if release is None:
        yield f"{what}: liegt da, steht aber nicht im Verzeichnis."
        return
    written = json.loads((folder / "release.json").read_text(encoding="utf-8"))
    if written["eingaben"] != release["eingaben"]:
        yield f"{what}: release.json nennt andere Eingaben als das Verzeichnis."
    if "kette" in written and hashes.get(written["kette"]["nummer"]) != written["kette"]["hash"]:
        yield f"{what}: die Kette, wie sie damals war, ist nicht mehr da; es fehlen Einträge, oder sie wurde neu geschrieben."
    places = {"mart": "mart.duckdb wurde verändert", "dateien": "Dateien unter exports/ wurden verändert", "berichte": "Dateien unter reports/ wurden verändert"}
    yield from (f"{what}: {places[name]}." for name, now in contents(folder).items() if name in written and written[name] != now)


def _persons_left(place: Workplace, gone: set[str]) -> Iterator[str]:
    """Rows of persons that the chain says are deleted and that are still somewhere."""
    home = place.home
    persons = {quelle.quelle: quelle.personentabellen for quelle in place.city.quellen}
    for entry in place.ledger.deliveries():
        name = entry["lieferung_id"]
        if name not in gone:
            continue
        tables = persons.get(entry["quelle_id"])
        rows = [folder for zone in (home.raw, home.quarantine) for folder in zone.glob(f"*/delivery={name}") if tables is None or folder.parent.name in tables]
        yield from (f"Lieferung {name}: laut Kette gelöscht, aber {folder.relative_to(home.root)} ist noch da." for folder in sorted(rows))
        if (home.sealed_archive / entry["quelle_id"] / name).exists():
            yield f"Lieferung {name}: die Rohdaten sind gelöscht, das Original liegt noch im Archiv."
    if gone and home.warehouse_db.is_file():
        with connect(home.warehouse_db, read_only=True) as db:
            tables_of_persons = db.execute(
                f"""select schema_name, table_name from duckdb_columns() group by all
                    having bool_or(column_name = 'lieferung_id') and bool_or(column_name in ({", ".join(map(literal, sorted(frozen.PERSONS)))}))
                       and (schema_name, table_name) in (select (schema_name, table_name) from duckdb_tables()) order by all"""
            ).fetchall()
            for schema, table in tables_of_persons:
                for (name,) in db.execute(f"select distinct lieferung_id from {schema}.{table} where lieferung_id in ({', '.join(map(literal, sorted(gone)))}) order by 1").fetchall():
                    yield f"Lieferung {name}: laut Kette gelöscht, aber das Warehouse hält noch Personen in {table}."


def _originals(place: Workplace, row: dict[str, Any], deleted: bool) -> Iterator[str]:
    plain, sealed = (zone / row["quelle_id"] / row["lieferung_id"] for zone in (place.home.archive, place.home.sealed_archive))
    if not plain.is_dir() and not sealed.is_dir():
        persons = next((q.personenbezug for q in place.city.quellen if q.quelle == row["quelle_id"]), True)
        # Originals of persons are kept only where retention says so, and go when it says so.
        if not persons and not deleted:
            yield f"Lieferung {row['lieferung_id']}: das Original fehlt im Archiv."
        return
    for file in row["dateien"]:
        try:
            digest = file_hash(plain / file["datei"]) if plain.is_dir() else _sealed_hash(place, sealed / (file["datei"] + vault.SUFFIX))
        except FileNotFoundError:
            yield f"Lieferung {row['lieferung_id']}: {file['datei']} fehlt im Archiv."
            continue
        except (vault.VaultError, SettingsError) as error:
            yield f"Lieferung {row['lieferung_id']}: {error}"
            continue
        if digest != file["sha256"]:
            yield f"Lieferung {row['lieferung_id']}: {file['datei']} im Archiv ist nicht, was angenommen wurde."


def _sealed_hash(place: Workplace, path: Path) -> str:
    digest = hashlib.sha256()
    for chunk in vault.decrypt(path, vault.load_keys(place.home, place.settings)):
        digest.update(chunk)
    return digest.hexdigest()
