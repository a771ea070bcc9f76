"""Count tables per delivery, frozen with each release in the sealed zone: what a release is rebuilt from once the persons are gone.

A table is named by its content, so releases share what did not change. Counts nothing and decides nothing.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from warehouse.connect import connect, literal
from warehouse.ledger import Ledger
from warehouse.paths import PRIVATE, Home, private_files
from warehouse.settings import Settings
from warehouse.version import file_hash

#: Mark of a dbt model that turns persons into counts per delivery (``meta``); its value is ``true`` or the SQL condition of the rows that may stay.
MARK = "eingefroren"
EVENT = "eingefroren"
DELETED = "geloescht"
ROWS = "rohdaten"
HASH_LENGTH = 12
#: Columns that number persons or cases; no frozen table has one.
PERSONS = frozenset({"person_key", "person_nr", "befragte", "fall_key", "haushalt_key", "ehegatte_key", "elternteil1_key", "elternteil2_key", "haushalt_id", "haushalt_nr", "wohnort", "adresse_id"})
NOTHING = "select ''::varchar as modell, ''::varchar as lieferung_id, ''::varchar as datei where false"


def models(manifest: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Marked models of a dbt manifest: name -> (schema, condition)."""
    marked = {}
    for node in manifest["nodes"].values():
        wanted = node["config"].get("meta", {}).get(MARK) if node["resource_type"] == "model" else None
        if wanted:
            marked[node["name"]] = (node["schema"], "true" if wanted is True else wanted)
    return marked


def freeze(home: Home, ledger: Ledger, release_id: str, marked: dict[str, tuple[str, str]], deliveries: Iterable[dict[str, Any]], when: str, settings: Settings | None = None) -> Path:
    """Write down the counts that a release was made from, for the given deliveries of persons, and link them to the chain.

    Returns the list of the release: delivery -> stamp of its rows and model -> (file, sha256, rows).
    """
    home.frozen.mkdir(exist_ok=True, mode=PRIVATE)
    listed: dict[str, Any] = {d["lieferung_id"]: {"stempel": d["pruefungen"].get("stempel"), "tabellen": {}} for d in deliveries}
    settings = settings or Settings()
    with connect(home=home, settings=settings) as db, ThreadPoolExecutor(settings.threads) as pool:
        db.execute("set threads = 1")  # for each table: row groups and bytes do not depend on timing
        db.execute(f"attach {literal(home.warehouse_db)} as lager (read_only)")
        for name, (schema, condition) in sorted(marked.items()):
            table = f"lager.{schema}.{name}"
            if persons := PERSONS & {row[0] for row in db.execute(f"describe {table}").fetchall()}:
                raise ValueError(f"{name} cannot be frozen: {', '.join(sorted(persons))} belongs to persons")
            (home.frozen / name).mkdir(exist_ok=True, mode=PRIVATE)
            for (delivery,) in db.execute(f"select distinct lieferung_id from {table} order by 1").fetchall():
                if delivery in listed:
                    rows = f"select * from {table} where lieferung_id = {literal(delivery)} and ({condition}) order by all"
                    listed[delivery]["tabellen"][name] = pool.submit(_write, db.cursor(), rows, home.frozen / name, delivery)
        for entry in listed.values():
            entry["tabellen"] = {name: written.result() for name, written in entry["tabellen"].items()}
    content = json.dumps({"release_id": release_id, "lieferungen": listed}, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    path = list_of(home, release_id)
    _replace(path, content.encode())
    ledger.link(EVENT, {"release_id": release_id, "sha256": file_hash(path), "lieferungen": len(listed), "tabellen": sum(len(entry["tabellen"]) for entry in listed.values())}, when)
    return path


def _write(db: Any, rows: str, folder: Path, delivery: str) -> dict[str, Any]:
    new = folder / f".{delivery}.parquet"
    count = db.execute(f"copy ({rows}) to {literal(new)} (format parquet, compression zstd)").fetchall()[0][0]
    digest = file_hash(new)
    target = folder / f"{delivery}-{digest[:HASH_LENGTH]}.parquet"
    os.replace(new, target)
    return {"datei": f"{folder.name}/{target.name}", "sha256": digest, "zeilen": count}


def list_of(home: Home, release_id: str) -> Path:
    return home.frozen / f"{release_id}.json"


def read_list(home: Home, release_id: str) -> dict[str, Any]:
    """Delivery -> what is frozen of it with this release; nothing where the release was made before counts were frozen."""
    try:
        return json.loads(list_of(home, release_id).read_text(encoding="utf-8"))["lieferungen"]
    except FileNotFoundError:
        return {}


def deleted(chain: Iterable[dict[str, Any]]) -> set[str]:
    """Deliveries whose rows of persons were deleted, as the chain says."""
    gone = set()
    for row in chain:
        if row["ereignis"] == DELETED:
            facts = json.loads(row["angaben"])
            if facts["art"] == ROWS:
                gone.add(facts["lieferung_id"])
    return gone


def settled(home: Home, ledger: Ledger, delivery: dict[str, Any]) -> bool:
    """Nothing is lost with the rows of this delivery: its counts lie frozen as it stands, or no release builds on it."""
    if not delivery["aktiv"]:
        return True
    releases = ledger.releases()
    return bool(releases) and delivery["pruefungen"].get("stempel") == read_list(home, releases[-1]["release_id"]).get(delivery["lieferung_id"], {"stempel": ""})["stempel"]


def hand_over(home: Home, ledger: Ledger, release_id: str | None = None) -> None:
    """Tell dbt (raw/_eingefroren.parquet) which frozen tables stand for rows that are gone.

    Without a release the newest counts of a delivery hold, with one those that this release was made from.
    """
    gone = deleted(ledger.chain())
    found: dict[tuple[str, str], str] = {}
    for release in [release_id] if release_id else [r["release_id"] for r in ledger.releases()]:
        for delivery, entry in read_list(home, release).items():
            if delivery in gone:
                found |= {(name, delivery): table["datei"] for name, table in entry["tabellen"].items()}
    parts = [NOTHING, *(f"select {literal(name)}, {literal(delivery)}, {literal(str(home.frozen / file))}" for (name, delivery), file in sorted(found.items()))]
    home.raw.mkdir(parents=True, exist_ok=True)
    target = home.raw / "_eingefroren.parquet"
    new = target.with_name(f".{target.name}")
    with private_files(), connect() as db:
        db.execute(f"copy ({' union all '.join(parts)}) to {literal(new)} (format parquet)")
    os.replace(new, target)


def rewrite(home: Home, name: str, delivery: str, condition: str) -> list[tuple[str, str]]:
    """Take rows out of every frozen version of a table of a delivery and out of the lists; returns (release, sha256 of its list).

    ``condition`` is SQL over the rows that go. Only for what must not be kept (a withdrawn statement).
    """
    renamed: dict[str, dict[str, Any]] = {}
    with connect() as db:
        db.execute("set threads = 1")
        for path in sorted((home.frozen / name).glob("*.parquet")):
            if not re.fullmatch(rf"{re.escape(delivery)}-[0-9a-f]{{{HASH_LENGTH}}}", path.stem):
                continue
            source = f"read_parquet({literal(path)})"
            if db.execute(f"select count(*) from {source} where {condition}").fetchall()[0][0]:
                renamed[f"{name}/{path.name}"] = _write(db, f"select * from {source} where ({condition}) is not true order by all", path.parent, delivery)
    changed = []
    for path in sorted(home.frozen.glob("*.json")) if renamed else ():
        content = json.loads(path.read_text(encoding="utf-8"))
        table = content["lieferungen"].get(delivery, {}).get("tabellen", {}).get(name)
        if table and table["datei"] in renamed:
            content["lieferungen"][delivery]["tabellen"][name] = renamed[table["datei"]]
            _replace(path, (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode())
            changed.append((content["release_id"], file_hash(path)))
    for file in renamed:
        (home.frozen / file).unlink()
    return changed


def tampered(home: Home, chain: Iterable[dict[str, Any]]) -> list[str]:
    """Sentences on frozen counts that are not what the chain says."""
    said = {}
    for row in chain:
        if row["ereignis"] == EVENT:
            facts = json.loads(row["angaben"])
            said[facts["release_id"]] = facts["sha256"]
    found, seen = [], set()
    for release, digest in said.items():
        path = list_of(home, release)
        if not path.is_file() or file_hash(path) != digest:
            found.append(f"Veröffentlichung {release}: die Liste ihrer eingefrorenen Zählungen fehlt oder wurde verändert.")
            continue
        for entry in read_list(home, release).values():
            for table in entry["tabellen"].values():
                if table["datei"] not in seen and (not (file := home.frozen / table["datei"]).is_file() or file_hash(file) != table["sha256"]):
                    found.append(f"Veröffentlichung {release}: die eingefrorene Zählung {table['datei']} fehlt oder wurde verändert.")
                seen.add(table["datei"])
    return found


def _replace(path: Path, content: bytes) -> None:
    new = path.with_name(f".{path.name}")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)
