"""From the sealed warehouse to a published release: copy what passed the gate, verify, flip.

A release is built in a hidden folder and becomes visible by one rename and one symlink flip; a killed run leaves
only the hidden folder, which the next run sweeps. Nothing is computed here, and nothing leaves that the gate
models did not mark for the audience.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from warehouse import facts as facts_of
from warehouse.announce import announce
from warehouse.connect import connect, literal
from warehouse.frozen import PERSONS
from warehouse.ledger import Ledger
from warehouse.paths import Home
from warehouse.settings import Settings
from warehouse.version import file_hash

#: Readable by DuckDB clients from 1.2 on: analysts' tools are older than the writer.
STORAGE_VERSION = "v1.2.0"
GATED = "exp_freigabe__"
DRAFT = ".entwurf-"
HASH_LENGTH = 12
#: Published by itself, as a draft; everybody else needs a recorded release by people.
AUTOMATIC = "verwaltung"
BY_APPROVAL = ("traeger", "oeffentlich")
AUDIENCES = (AUTOMATIC, *BY_APPROVAL)
#: Who may see a column of which field class (``meta: feldklasse`` in the mart's yml); without one a number of persons or
#: cases (frozen.PERSONS) is a key, and everything else an aggregate.
MAY_SEE = {
    "aggregat": frozenset({"intern", *AUDIENCES}),
    "verwaltung": frozenset({"intern", AUTOMATIC}),
    "quasi": frozenset({"intern"}),
    "schluessel": frozenset({"intern"}),
}
#: What an export may read beside marts and gated relations: what the door says of deliveries and the town.
DOOR = "stg_tuer__"


class PublishRefused(Exception):
    """The release is not fit to leave; the text is one German sentence. The published state stays as it was."""


@dataclass(frozen=True)
class Draft:
    """A release in the making."""

    release_id: str
    number: int
    folder: Path
    inputs: dict[str, Any]
    edition: str | None

    def audience_folders(self, home: Home) -> dict[str, Path]:
        """Where the part of each audience is built: the release itself, or the sealed waiting room until people approve."""
        return {audience: self.folder if audience == AUTOMATIC else home.sealed / "freigabe" / self.release_id / audience for audience in AUDIENCES}


def inputs_of(town: str, deliveries: Iterable[dict[str, Any]], code: str, declarations: str) -> dict[str, Any]:
    """Everything a release depends on: active deliveries with fingerprints, code, declarations."""
    return {
        "stadt": town,
        "lieferungen": {d["lieferung_id"]: d["sha256"] for d in deliveries if d["aktiv"]},
        "code": code,
        "deklarationen": declarations,
    }


def inputs_hash(inputs: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def is_current(ledger: Ledger, inputs: dict[str, Any]) -> bool:
    """True when the newest release was made from exactly these inputs."""
    releases = ledger.releases()
    return bool(releases) and releases[-1]["eingaben"] == inputs


def begin(home: Home, ledger: Ledger, inputs: dict[str, Any], edition: str | None) -> Draft:
    """Sweep what a killed run left and open a new draft. Numbers run on; the id also names the inputs."""
    _recover(home, ledger)
    number = max((r["nummer"] for r in ledger.releases()), default=0) + 1
    release_id = f"{number:04d}-{inputs_hash(inputs)[:HASH_LENGTH]}"
    folder = home.published / f"{DRAFT}{release_id}"
    folder.mkdir(parents=True)
    return Draft(release_id, number, folder, inputs, edition)


def _recover(home: Home, ledger: Ledger) -> None:
    """Remove drafts; adopt a release that was flipped before its ledger entry was written, drop one that was not."""
    known = {r["release_id"] for r in ledger.releases()}
    visible = home.current.resolve() if home.current.is_symlink() else None
    for folder in (f for f in home.published.iterdir() if not f.is_symlink()):
        if folder.name.startswith(DRAFT):
            shutil.rmtree(folder)
        elif (folder / "release.json").is_file() and folder.name not in known:
            if folder == visible:
                _enter(ledger, json.loads((folder / "release.json").read_text(encoding="utf-8")))
                known.add(folder.name)
            else:
                shutil.rmtree(folder)
    forget_drafts(home)
    waiting = home.sealed / "freigabe"
    for folder in waiting.iterdir() if waiting.is_dir() else ():
        if folder.name not in known:
            shutil.rmtree(folder)


def _enter(ledger: Ledger, release: dict[str, Any]) -> None:
    ledger.record_release(
        release_id=release["release_id"],
        nummer=release["nummer"],
        erstellt=release["erstellt"],
        ausgabe=release["ausgabe"],
        eingaben=release["eingaben"],
        zielgruppen=release["zielgruppen"],
    )


def mart_models(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Mart name -> dbt node; PublishRefused for a mart without audience, or with a column one of them may not see."""
    marts = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model" and "marts" in node["fqn"]:
            _may_be_seen(node, "Mart")
            marts[node["name"]] = node
    return marts


def _may_be_seen(node: dict[str, Any], kind_of_table: str) -> None:
    """PublishRefused for a table without an audience, and for a column of a field class that one of its audiences may not see."""
    audiences = set(node["config"]["meta"].get("zielgruppen") or ())
    if not audiences:
        raise PublishRefused(f"Der {kind_of_table} {node['name']} nennt keine Zielgruppe; bitte in seiner yml unter meta: zielgruppen ergänzen.")
    if unknown := sorted(audiences - MAY_SEE["aggregat"]):
        raise PublishRefused(f"Der {kind_of_table} {node['name']} nennt die Zielgruppe {unknown[0]}, die es nicht gibt; möglich sind {', '.join(sorted(MAY_SEE['aggregat']))}.")
    for column in node["columns"].values():
        kind = {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}.get("feldklasse", "schluessel" if column["name"] in PERSONS else "aggregat")
        if strangers := sorted(audiences - MAY_SEE.get(kind, frozenset())):
            raise PublishRefused(f"Der {kind_of_table} {node['name']} zeigt {strangers[0]} die Spalte {column['name']} der Feldklasse {kind}; bitte die Spalte entfernen oder seine Zielgruppen einschränken.")


def write_marts(folders: dict[str, Path], home: Home, settings: Settings, manifest: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Copy every mart an audience may see into a new ``mart.duckdb`` in its folder, the audiences side by side; returns the row counts.

    Protected marts come from their gated relation ``exp_freigabe__<mart>``, never from the mart itself. Tables are
    ordered by all their columns that identify a row, and carry the dbt descriptions as comments.
    """
    with connect(home=home, settings=settings) as db, ThreadPoolExecutor(settings.threads) as pool:
        db.execute(f"attach {literal(home.warehouse_db)} as sealed (read_only)")
        for audience, folder in folders.items():
            folder.mkdir(parents=True, exist_ok=True)
            db.execute(f"attach {literal(folder / 'mart.duckdb')} as {audience} (storage_version '{STORAGE_VERSION}')")
        return dict(zip(folders, pool.map(lambda audience: _write_mart(db.cursor(), audience, manifest), folders), strict=True))


def _write_mart(db: DuckDBPyConnection, audience: str, manifest: dict[str, Any]) -> dict[str, int]:
    """One audience's mart into the attached database of its name."""
    gated = {n["name"].removeprefix(GATED): n for n in manifest["nodes"].values() if n["resource_type"] == "model" and n["name"].startswith(GATED)}
    described, counts = [], {}
    # One transaction: two thousand comments one by one would wait for the disk two thousand times.
    db.execute("begin")
    for name, node in sorted(mart_models(manifest).items()):
        meta = node["config"]["meta"]
        if audience not in meta["zielgruppen"]:
            continue
        if meta.get("schutz") and name not in gated:
            raise PublishRefused(f"Der Mart {name} verlangt Schutz, aber {GATED}{name} fehlt.")
        if name in gated:
            source, rows = gated[name], f"select * exclude (zielgruppe) from sealed.{gated[name]['schema']}.{gated[name]['name']} where zielgruppe = ?"
        else:
            source, rows = node, f"select * from sealed.{node['schema']}.{name} where ? is not null"
        counts[name] = db.execute(f"create table {audience}.{name} as {rows} order by all", [audience]).fetchall()[0][0]
        described.append((("main", name), node, source))
    # What the contracts hand out was read from gated relations only; here it waits for the writers of files.
    db.execute(f"create schema {audience}.export")
    for node in sorted(_export_models(manifest), key=lambda node: node["name"]):
        if audience in node["config"]["meta"]["zielgruppen"]:
            db.execute(f"create table {audience}.export.{node['name']} as select * from sealed.{node['schema']}.{node['name']} order by all")
            described.append((("export", node["name"]), node, node))
    _comment(db, audience, described)
    db.execute("commit")
    return counts


def without(mart: Path, target: Path, where: Callable[[set[str]], str | None]) -> list[tuple[str, str]]:
    """Copy a mart of an audience into a new file, leaving out the rows that ``where`` names by a table's columns.

    Written anew, because a database keeps what is deleted in it. Returns (schema, table) of those that lost rows.
    """
    changed = []
    target.unlink(missing_ok=True)
    with connect() as db:
        db.execute("set threads = 1")
        db.execute(f"attach {literal(mart)} as before (read_only)")
        db.execute(f"attach {literal(target)} as after (storage_version '{STORAGE_VERSION}')")
        db.execute("begin")
        for schema, name, comment in db.execute("select schema_name, table_name, comment from duckdb_tables() where database_name = 'before' order by 1, 2").fetchall():
            db.execute(f"create schema if not exists after.{schema}")
            columns = db.execute("select column_name, comment from duckdb_columns() where database_name = 'before' and schema_name = ? and table_name = ? order by column_index", [schema, name]).fetchall()
            condition = where({column for column, _ in columns})
            rows = f"from before.{schema}.{name}" + (f" where ({condition}) is not true" if condition else "")
            db.execute(f"create table after.{schema}.{name} as {rows}")
            if condition and db.execute(f"select count(*) from before.{schema}.{name} where {condition}").fetchall()[0][0]:
                changed.append((schema, name))
            if comment is not None:
                db.execute(f"comment on table after.{schema}.{name} is {literal(comment)}")
            for column, text in columns:
                if text is not None:
                    db.execute(f'comment on column after.{schema}.{name}."{column}" is {literal(text)}')
        db.execute("commit")
    return changed


def _export_models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """dbt models under models/exports; PublishRefused for one without an audience, or that reads past the gate."""
    models = [n for n in manifest["nodes"].values() if n["resource_type"] == "model" and "exports" in n["fqn"]]
    for node in models:
        _may_be_seen(node, "Export")
        for other in (manifest["nodes"].get(name) for name in node.get("depends_on", {}).get("nodes", ())):
            if other and other["resource_type"] == "model" and not _stands_open(other, set(node["config"]["meta"]["zielgruppen"])):
                raise PublishRefused(f"Der Export {node['name']} liest {other['name']} am Schutz vorbei; bitte {GATED}… lesen oder einen Mart ohne Schutz, den seine Zielgruppe sehen darf.")
    return models


def _stands_open(node: dict[str, Any], audiences: set[str]) -> bool:
    """Whether an export for these audiences may read a model: gated, another export of theirs, an unprotected mart of theirs, or the door's."""
    meta = node["config"]["meta"]
    if node["name"].startswith((GATED, DOOR)):
        return True
    return bool({"marts", "exports"} & set(node["fqn"])) and not meta.get("schutz") and audiences <= set(meta.get("zielgruppen") or ())


def _comment(db: DuckDBPyConnection, audience: str, tables: list[tuple[tuple[str, str], dict[str, Any], dict[str, Any]]]) -> None:
    """Tables (schema, name) and their columns as the mart describes them, else as what it was read from does."""
    columns: dict[tuple[str, str], list[str]] = {}
    for *table, column in db.execute("select schema_name, table_name, column_name from duckdb_columns() where database_name = ? order by table_oid, column_index", [audience]).fetchall():
        columns.setdefault(tuple(table), []).append(column)
    for table, mart, source in tables:
        name, said = ".".join((audience, *table)), {**source["columns"], **mart["columns"]}
        db.execute(f"comment on table {name} is {_sentence(mart)}")
        for column in columns[table]:
            if said.get(column, {}).get("description"):
                db.execute(f'comment on column {name}."{column}" is {_sentence(said[column])}')


def _sentence(node: dict[str, Any]) -> str:
    return literal(" ".join(node["description"].split()))


def finish(draft: Draft, home: Home, ledger: Ledger, *, keep: int, now: datetime, facts: dict[str, Any]) -> Path:
    """Write release.json, make the release visible and drop old ones; returns its folder."""
    release = {
        "release_id": draft.release_id,
        "nummer": draft.number,
        "erstellt": now.isoformat(),
        "ausgabe": draft.edition,
        "entwurf": True,
        "zielgruppen": [AUTOMATIC],
        "eingaben": draft.inputs,
        # The newest entry of the chain: one that is cut off before it no longer has it.
        "kette": ledger.head(),
        **contents(draft.folder),
        **facts,
    }
    _write_json(draft.folder / "release.json", release)
    announce(draft.folder, home.published)
    facts_of.keep(home, draft.release_id, {audience: folder / "mart.duckdb" for audience, folder in draft.audience_folders(home).items()})
    folder = home.published / draft.release_id
    os.rename(draft.folder, folder)
    flip(home.current, folder.name)
    _enter(ledger, release)
    _prune(home, ledger, keep)
    return folder


def earlier(home: Home, ledger: Ledger, audience: str, before: str | None = None) -> list[Path]:
    """Folders of what an audience got before, as far as they are kept; ``before`` names a release, without it all."""
    shelf = home.published if audience == AUTOMATIC else home.published / "freigegeben" / audience
    ids = [r["release_id"] for r in ledger.releases()]
    kept = ids[: ids.index(before)] if before in ids else ids
    return [shelf / release_id for release_id in kept if (shelf / release_id / "mart.duckdb").is_file()]


def part_of(home: Home, release_id: str, audience: str) -> Path:
    """Where the part of a release for an audience lies: handed out, or still waiting for people to release it."""
    if audience == AUTOMATIC:
        return home.published / release_id
    approved = home.published / "freigegeben" / audience / release_id
    return approved if approved.is_dir() else home.sealed / "freigabe" / release_id / audience


def approve(home: Home, release_id: str, audience: str, record: dict[str, Any], complete: Callable[[Path], object] = lambda folder: None) -> Path:
    """Hand the waiting part of a release to an audience, with the record of the discussion beside it.

    It lies in a tree of its own (published/freigegeben/<audience>/), so that outsiders need no access to the
    administration's. ``complete`` finishes the copy before anybody sees it. PublishRefused where the release is not waiting for that audience.
    """
    waiting = home.sealed / "freigabe" / release_id / audience
    if waiting.parent.parent != home.sealed / "freigabe" or release_id in ("", ".", "..") or not waiting.is_dir():
        raise PublishRefused(f"Die Veröffentlichung {release_id} wartet nicht auf eine Freigabe für {audience}; ./sozialraum status zeigt, welche es gibt.")
    try:
        base = json.loads((home.published / release_id / "release.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PublishRefused(f"Die Veröffentlichung {release_id} ist nicht mehr aufbewahrt; bitte die aktuelle freigeben.") from None
    shelf = home.published / "freigegeben" / audience
    shelf.mkdir(parents=True, exist_ok=True)
    # Built in the sealed zone: a killed approval leaves nothing where others read.
    draft, folder = home.sealed / "freigabe" / release_id / f"{DRAFT}{audience}", shelf / release_id
    forget_drafts(home)
    try:
        shutil.copytree(waiting, draft)
        complete(draft)
        _write_json(
            draft / "release.json",
            {**base, "entwurf": False, "zielgruppen": [audience], "freigabe": record, **contents(draft)},
        )
        announce(draft, shelf)
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(draft, folder)
    finally:
        forget_drafts(home)
    # Ids begin with the running number: an older release, approved late, does not take the place of a newer one.
    if not (shelf / "current").exists() or (shelf / "current").resolve().name < release_id:
        flip(shelf / "current", release_id)
    return folder


def forget_drafts(home: Home) -> None:
    """Sweep what an approval that was killed left in the sealed zone."""
    for draft in (home.sealed / "freigabe").glob(f"*/{DRAFT}*"):
        shutil.rmtree(draft)


def contents(folder: Path) -> dict[str, Any]:
    """What was handed to an audience, by checksums: for its release.json, and for whoever proves it later."""
    mart = folder / "mart.duckdb"
    return {"mart": file_hash(mart) if mart.is_file() else None, "dateien": checksums(folder / "exports"), "berichte": checksums(folder / "reports")}


def describe_again(folder: Path, changes: dict[str, Any]) -> None:
    """Other facts in the release.json of what was written again."""
    path = folder / "release.json"
    new = path.with_name(f".{path.name}")
    _write_json(new, json.loads(path.read_text(encoding="utf-8")) | changes)
    os.replace(new, path)


def checksums(folder: Path) -> dict[str, str]:
    """Relative path -> sha256 of every file below a folder, in name order."""
    return {str(p.relative_to(folder)): file_hash(p) for p in sorted(folder.rglob("*")) if p.is_file()}


def flip(link: Path, target: str) -> None:
    """Point a symlink to a sibling in one step; readers of the old target keep it."""
    new = link.with_name(f".{link.name}-neu")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    os.replace(new, link)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    with path.open("w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=2, sort_keys=True, default=str)
        file.flush()
        os.fsync(file.fileno())


def _prune(home: Home, ledger: Ledger, keep: int) -> None:
    ordinary = [r["release_id"] for r in ledger.releases() if r["ausgabe"] is None]
    for release_id in ordinary[:-keep]:
        shutil.rmtree(home.published / release_id, ignore_errors=True)
        shutil.rmtree(home.sealed / "freigabe" / release_id, ignore_errors=True)
