"""Finding deliveries: which files of a folder belong to which source and reference date, and what identifies them.

Looks at names, sizes and hashes only; what is in a file is not its business. Names are material, too: whatever a supplier
calls a file, it is shown without control characters and never leads out of the folder.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
import stat
import time
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from sources.model import DATE_PLACEHOLDERS, City, DeclarationError, Quelle, Tabelle
from sources.read import Refused, SourceFile
from sources.wording import listed, shown, together

#: Names under which programs write a file that is not complete yet.
UNFINISHED = re.compile(r"(\.(part|tmp|filepart|partial|crdownload|swp)|~)$", re.IGNORECASE)
ID_LENGTH = 12
#: Folders below the inbox that are looked into; deeper ones are named as undeclared.
DEEPEST = 12
#: Where nobody can be asked whether a file is open for writing: it has to have rested this long, in seconds.
REST = 1.0


@dataclass
class Delivery:
    """All files of one source for one reference date."""

    quelle_id: str
    stichtag: date
    gebietsstand: str
    files: tuple[SourceFile, ...]
    lieferung_id: str = ""
    sha256: str = ""
    zeilen: int = 0
    zeilen_quarantaene: int = 0
    #: Rows of the files, and those that corrections or ``eindeutig`` took out.
    zeilen_gelesen: int = 0
    zeilen_entfallen: int = 0

    @property
    def name(self) -> str:
        return f"{self.quelle_id} {self.stichtag:%d.%m.%Y}"


@dataclass(frozen=True)
class Found:
    """A look into a folder: per source the files it declares, and the rest."""

    files: dict[str, list[SourceFile]]
    undeclared: list[Path]
    left: list[Path]
    #: Files and folders whose name begins with a dot; what is in such a folder is not looked at.
    hidden: list[Path]


def path_pattern(quelle: Quelle, tabelle: Tabelle) -> re.Pattern[str]:
    """Regular expression of ``dateien`` over a relative path; what stands before it in the path does not matter."""
    parts, named = [], set()
    for piece in re.split(r"(\*|\{\w+\})", tabelle.dateien):
        if piece == "*":
            parts.append("[^/]*")
        elif piece.startswith("{"):
            name = piece[1:-1]
            values = quelle.platzhalter.get(name)
            allowed = "|".join(map(re.escape, values)) if values else DATE_PLACEHOLDERS[name]
            parts.append(f"(?P={name})" if name in named else f"(?P<{name}>{allowed})")
            named.add(name)
        else:
            parts.append(re.escape(piece))
    return re.compile(f"(?:.*/)?(?P<_name>{''.join(parts)})")


def scan(city: City, folder: Path) -> Found:
    """Match every file of a folder with the declarations of a town; reads names and sizes, no contents."""
    patterns = [(quelle, index, path_pattern(quelle, tabelle)) for quelle in city.quellen for index, tabelle in enumerate(quelle.tabellen)]
    files: dict[str, list[SourceFile]] = defaultdict(list)
    undeclared, left, hidden = [], [], []
    root = folder.resolve()
    for path in _walk(folder):
        if path.name.startswith("."):
            hidden.append(path)
            continue
        relative = path.relative_to(folder).as_posix()
        try:
            status = path.stat()
            inside = path.resolve().is_relative_to(root)
        except (OSError, RuntimeError):
            left.append(path)
            continue
        if not stat.S_ISREG(status.st_mode) or not _readable_name(relative):
            undeclared.append(path)
            continue
        if UNFINISHED.search(path.name) or not inside:
            left.append(path)
            continue
        matches: dict[str, list[tuple[int, tuple[tuple[str, str], ...]]]] = defaultdict(list)
        name = ""
        for quelle, index, pattern in patterns:
            if match := pattern.fullmatch(relative):
                values = match.groupdict()
                name = values.pop("_name")
                matches[quelle.quelle].append((index, tuple(sorted(values.items()))))
        for quelle_id, tables in matches.items():
            files[quelle_id].append(SourceFile(path, name, status.st_size, status.st_mtime_ns, tuple(tables)))
        if not matches:
            undeclared.append(path)
    return Found(dict(files), undeclared, left, hidden)


def lying(city: City, folder: Path, left: Iterable[Path] = ()) -> list[str]:
    """A sentence for everything in a folder that is no delivery: what it is and what to do. ``left`` are those a run came upon."""
    found = scan(city, folder)
    sentences = [f"{_name(path, folder)}: {_why_left(path)}" for path in sorted({*found.left, *left})]
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in found.undeclared:
        alike[_advice(city, path, folder), re.sub(r"[0-9]+", "0", _name(path, folder))].append(_name(path, folder))
    sentences += [f"{together(names)}: nicht deklariert, liegen gelassen; {advice}" for (advice, _), names in alike.items()]
    if found.hidden:
        sentences.append(f"{listed([_name(path, folder) for path in found.hidden])}: versteckt (der Name beginnt mit einem Punkt), liegen gelassen; Lieferungen bitte ohne den Punkt benennen.")
    return sentences


def _name(path: Path, folder: Path) -> str:
    return shown(str(path.relative_to(folder)) if path.is_relative_to(folder) else path.name)


def _why_left(path: Path) -> str:
    if path.is_symlink():
        return "ein Verweis, der aus dem Ordner hinaus oder ins Leere führt, liegen gelassen; bitte die Datei selbst hineinlegen."
    if ending := UNFINISHED.search(path.name):
        return f"dem Namen nach noch nicht fertig geschrieben ({ending.group(1)}), liegen gelassen; wenn sie vollständig ist, bitte ohne diese Endung benennen."
    return "wird noch geschrieben oder ist nicht lesbar, liegen gelassen; der nächste Lauf sieht sie wieder an."


def _advice(city: City, path: Path, folder: Path) -> str:
    """The declared name that comes nearest to one that no source declares."""
    relative = path.relative_to(folder).as_posix()
    if not _readable_name(relative):
        return "der Name enthält Steuerzeichen oder ist nicht lesbar, bitte umbenennen."
    if not path.is_file():
        return "nur Dateien werden gelesen, und nur in Ordnern, die nicht zu tief liegen."
    # Years and months differ from file to file and say nothing about the kind of file.
    names = {re.sub(r"[{]\w+[}]", "0", t.dateien): (t.dateien, q.quelle) for q in city.quellen for t in q.tabellen if not _of_another_number(t.dateien, relative)}
    near = get_close_matches(re.sub(r"[0-9]+", "0", relative), names, 1)
    if not near:
        return "keine Quelle erwartet eine solche Datei, bitte umbenennen oder eine Quelle dafür deklarieren."
    return "am nächsten kommt „{}“ (Quelle {}): wenn sie das ist, bitte so benennen und im selben Format liefern.".format(*names[near[0]])


def _of_another_number(pattern: str, relative: str) -> bool:
    """Whether a name is a declared one but for a number that is no date: another table of the same kind, and no slip."""
    parts = re.split(r"(\*|\{\w+\}|[0-9]+)", pattern)
    shape = "".join(r"\w*" if part == "*" or part.startswith("{") else r"([0-9]+)" if part.isdigit() else re.escape(part) for part in parts)
    match = re.fullmatch(f"(?:.*/)?{shape}", relative)
    return match is not None and list(match.groups()) != [part for part in parts if part.isdigit()]


def undeclared(city: City, inbox: Path) -> list[Path]:
    """Files of a folder that no source of the town declares."""
    return scan(city, inbox).undeclared


def _readable_name(relative: str) -> bool:
    """Bytes that are no UTF-8 cannot be entered anywhere; control characters would change what people read."""
    return all(unicodedata.category(c) not in ("Cc", "Cf", "Cs") for c in relative)


def _walk(folder: Path) -> Iterator[Path]:
    """Files below a folder in name order, hidden folders as if they were files; not recursive, because a supplier decides about the depth."""
    waiting = [(folder, 0)]
    while waiting:
        parent, depth = waiting.pop()
        try:
            entries = sorted(os.scandir(parent), key=lambda entry: entry.name)
        except OSError:
            continue
        folders = [entry for entry in entries if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")]
        inner = {entry.name for entry in folders}
        yield from (Path(entry.path) for entry in entries if entry.name not in inner)
        if depth < DEEPEST:
            waiting += [(Path(entry.path), depth + 1) for entry in reversed(folders)]
        else:
            yield from (Path(entry.path) for entry in folders)


def group(city: City, quelle: Quelle, files: Iterable[SourceFile]) -> tuple[list[Delivery], list[str]]:
    """Put the files of one source together by reference date, oldest first; sentences about those that name none."""
    by_date: dict[date, list[SourceFile]] = defaultdict(list)
    years: dict[date, str] = {}
    refused = []
    for file in files:
        placeholders = dict(file.tables[0][1])
        try:
            stichtag = _stichtag(quelle, placeholders)
        except ValueError:
            refused.append(f"{shown(file.name)}: Der Dateiname nennt kein gültiges Datum; bitte die Datei umbenennen.")
            continue
        by_date[stichtag].append(file)
        years[stichtag] = placeholders.get("jahr", "*")
    deliveries = []
    for stichtag, members in sorted(by_date.items()):
        try:
            version = quelle.gebietsstand.get(years[stichtag]) or quelle.gebietsstand.get("*") or city.gebietsstand_am(stichtag)
        except DeclarationError as error:
            refused.append(f"{shown(members[0].name)}: {error}")
            continue
        deliveries.append(Delivery(quelle.quelle, stichtag, version, tuple(sorted(members, key=lambda f: f.name))))
    return deliveries, refused


def _stichtag(quelle: Quelle, placeholders: dict[str, str]) -> date:
    values = {name: quelle.platzhalter.get(name, {}).get(value, value) for name, value in placeholders.items()}
    day = date.fromisoformat(quelle.stichtag.datum.format(**values))
    return day.replace(year=day.year + quelle.stichtag.jahr_versatz)


def fingerprint(delivery: Delivery, digests: Iterable[str]) -> Delivery:
    """The delivery with file hashes, its own hash over the sorted (name, hash) list, and its id."""
    files = tuple(replace(file, sha256=digest) for file, digest in zip(delivery.files, digests, strict=True))
    listed = json.dumps([[file.name, file.sha256] for file in files], ensure_ascii=False)
    total = hashlib.sha256(listed.encode()).hexdigest()
    return replace(delivery, files=files, sha256=total, lieferung_id=f"{delivery.quelle_id}-{delivery.stichtag:%Y-%m-%d}-{total[:ID_LENGTH]}")


def still_the_same(file: SourceFile) -> None:
    """Refused where size or time changed since the look into the folder."""
    status = file.path.stat()
    if (status.st_size, status.st_mtime_ns) != (file.size, file.mtime_ns):
        raise Refused(f"{shown(file.name)} wird noch geschrieben.")


def at_rest(file: SourceFile) -> None:
    """Refused while a program has the file open for writing: a copy under way looks like a truncated file."""
    with file.path.open("rb") as opened:
        try:
            # A read lease is granted only where nobody has the file open for writing.
            fcntl.fcntl(opened, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(opened, fcntl.F_SETLEASE, fcntl.F_UNLCK)
            return
        except OSError as error:
            if error.errno == errno.EAGAIN:
                raise Refused(f"{shown(file.name)} wird noch geschrieben.") from None
    # Another owner's file, or a file system without leases (network): rest says less, but something.
    time.sleep(min(REST, max(0.0, REST - (time.time() - file.mtime_ns / 1e9))))
    still_the_same(file)
