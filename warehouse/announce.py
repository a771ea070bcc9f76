"""What a release announces to its readers: ``LIESMICH.md`` beside its packages. Reads the finished files of this release and of
the one before it for the same audience; decides nothing and knows no contract but by what its package says.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from warehouse.compare import Comparison, compare
from warehouse.connect import connect

README = "LIESMICH.md"


def announce(folder: Path, shelf: Path) -> Path | None:
    """Write the announcement of a finished release that is not visible yet. ``shelf``: where the earlier ones of the audience lie, as far as kept. A release without a mart has nothing to announce."""
    if not (folder / "mart.duckdb").is_file():
        return None
    release = json.loads((folder / "release.json").read_text(encoding="utf-8"))
    packages, before = _packages(folder), previous(shelf, release["release_id"])
    lines = [f"# Veröffentlichung {release['release_id']}" + (f": {release['stadt']}" if "stadt" in release else ""), ""]
    if release.get("simuliert"):
        lines += ["**SIMULIERT: erfundene Daten der Modellstadt.**", ""]
    with connect(folder / "mart.duckdb", read_only=True) as mart:
        used = mart.execute("select quelle_id, stichtag, lieferung_id from fct_quellenstand where aktiv order by all").fetchall()
    dates = sorted(day for _, day, _ in used)
    lines += [f"- Erstellt: {datetime.fromisoformat(release['erstellt']):%d.%m.%Y, %H:%M} UTC", f"- Zielgruppe: {', '.join(release['zielgruppen'])}, {_state(release)}", f"- Stichtage: {f'{dates[0]:%d.%m.%Y} bis {dates[-1]:%d.%m.%Y}' if dates else 'keine'}", ""]
    if before is None:
        lines += ["## Was sich geändert hat", "", "Eine frühere Veröffentlichung für diese Zielgruppe ist nicht aufbewahrt; verglichen ist deshalb nichts.", ""]
    else:
        lines += [f"## Was sich seit {before.name} geändert hat", "", "### Daten", "", *_data(before, folder, release["release_id"]), "", "### Verträge", "", *(_contracts(_packages(before), packages) or ["- keine Änderung"]), ""]
    lines += ["## Pakete", "", "| Ordner | Paket | Fassung |", "|---|---|---|", *(f"| exports/{name} | {package['title']} | {package['version']} |" for name, package in packages.items()), ""]
    lines += ["## Lieferungen, aus denen dieser Stand besteht", "", "| Quelle | Stichtag | Lieferung |", "|---|---|---|", *(f"| {source} | {day:%d.%m.%Y} | {delivery} |" for source, day, delivery in used), ""]
    path = folder / README
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _state(release: dict[str, Any]) -> str:
    approval = release.get("freigabe")
    if approval is None:
        return "Entwurf"
    return f"freigegeben nach der Besprechung vom {date.fromisoformat(approval['datum']):%d.%m.%Y} ({', '.join(approval['rollen'])})"


def previous(shelf: Path, release_id: str) -> Path | None:
    """The newest kept release before this one; their ids begin with running numbers."""
    earlier = sorted(f for f in shelf.iterdir() if not f.is_symlink() and f.name[0] != "." and f.name < release_id and (f / "release.json").is_file() and (f / "mart.duckdb").is_file()) if shelf.is_dir() else []
    return earlier[-1] if earlier else None


def _data(before: Path, folder: Path, release_id: str) -> list[str]:
    try:
        found = compare(before, folder)
    except duckdb.Error:
        # Marts of an older program: their tables are built otherwise, and that must not hold up a release.
        return ["- die Tabellen der vorigen Veröffentlichung sind anders aufgebaut; Werte lassen sich nicht einzeln vergleichen"]
    return [f"- {reason}" for reason in found.reasons or ["gleiche Lieferungen, gleiche Regeln, gleiche Grenzen"]] + _values(found, release_id)


def _values(found: Comparison, release_id: str) -> list[str]:
    if not found.changes:
        return ["- kein Wert ist anders"]
    changed, new, gone = (sorted({c.subject for c in found.changes if getattr(c, kind)}) for kind in ("changed", "new", "gone"))
    told = ((changed, "andere Werte als zuvor"), (new, "neue Werte"), (gone, "weggefallene Werte"))
    return [f"- {text} bei {len(names)} Indikatoren und Zählungen: {', '.join(names)}" for names, text in told if names] + [f"- jede Änderung mit ihrer Größe zeigt ./sozialraum vergleiche {found.before} {release_id}"]


def _packages(folder: Path) -> dict[str, dict[str, Any]]:
    """Folder of a package -> what it says of itself."""
    return {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted((folder / "exports").glob("*/datapackage.json"))}


def _contracts(old: dict[str, dict[str, Any]], new: dict[str, dict[str, Any]]) -> list[str]:
    lines = [f"- neues Paket {name}: {new[name]['title']}" for name in sorted(new.keys() - old.keys())] + [f"- nicht mehr dabei: {name}" for name in sorted(old.keys() - new.keys())]
    for name in sorted(old.keys() & new.keys()):
        before, now = _columns(old[name]), _columns(new[name])
        differences = [f"{table}: {text}" for table in sorted(before.keys() | now.keys()) for text in _difference(before.get(table), now.get(table))]
        if old[name]["version"] != new[name]["version"] or differences:
            lines.append(f"- {name}: Fassung {old[name]['version']} → {new[name]['version']}" + (f" ({'; '.join(differences)})" if differences else ""))
    return lines


def _columns(package: dict[str, Any]) -> dict[str, dict[str, str]]:
    """File -> column -> type, of what tells its columns."""
    return {r["path"]: {field["name"]: field["type"] for field in r["schema"]["fields"]} for r in package["resources"] if "schema" in r and not r["path"].endswith("_excel.csv")}


def _difference(old: dict[str, str] | None, new: dict[str, str] | None) -> list[str]:
    if old is None or new is None:
        return ["neu" if old is None else "entfällt"]
    other = sorted(name for name in old.keys() & new.keys() if old[name] != new[name])
    told = (("neue Spalten", sorted(new.keys() - old.keys())), ("entfallene Spalten", sorted(old.keys() - new.keys())), ("anderer Typ", other))
    return [f"{text} {', '.join(names)}" for text, names in told if names]
