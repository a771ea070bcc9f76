"""Fetches what a supplier lays out: from a file share, by SFTP, by https. Puts into the inbox what is new, and nothing else.

New is what has a fingerprint that no delivery in the ledger has. Nothing is deleted at the supplier's, nothing is judged
here: the door does that with whatever lies in the inbox.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from sources.model import Bezug, Quelle
from sources.wording import os_reason
from warehouse.ledger import Ledger

CHUNK = 1 << 20
LARGEST_FILE = 4 << 30
TIMEOUT_SECONDS = 60
#: Plain http is for tests on the own machine.
OWN_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})

#: A file at the supplier's: its name and how to read it.
Offer = tuple[str, Callable[[], Iterator[bytes]]]


class FetchFailed(Exception):
    """Nothing could be fetched; the text is one German sentence without access data."""


def fetch(quelle: Quelle, inbox: Path, ledger: Ledger) -> list[Path]:
    """New files of a source, now in ``inbox/<source>/``. FetchFailed where the supplier cannot be reached or refuses."""
    if quelle.bezug is None:
        return []
    known = {file["sha256"] for delivery in ledger.deliveries(quelle_id=quelle.quelle) for file in delivery["dateien"]}
    target = inbox / quelle.quelle
    fetched = []
    try:
        with OFFERS[quelle.bezug.art](quelle.bezug) as offers:
            for name, chunks in offers:
                if path := _keep_if_new(target, name, chunks(), known):
                    fetched.append(path)
    except OSError as error:
        raise FetchFailed(f"{quelle.name}: Der Bezug über {quelle.bezug.art} ging nicht ({os_reason(error) if error.errno else type(error).__name__}); bitte Adresse und Rechte prüfen.") from None
    return fetched


def _keep_if_new(folder: Path, name: str, chunks: Iterator[bytes], known: set[str]) -> Path | None:
    """Write a file beside its final name and rename it when it is whole and new; the door leaves ``.part`` files alone."""
    folder.mkdir(parents=True, exist_ok=True)
    part, digest, size = folder / f"{name}.part", hashlib.sha256(), 0
    try:
        with part.open("wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > LARGEST_FILE:
                    raise FetchFailed(f"{name}: Die Datei ist größer als {LARGEST_FILE >> 30} GiB; bitte von Hand liefern.")
                digest.update(chunk)
                file.write(chunk)
        if digest.hexdigest() in known:
            return None
        final = folder / name
        os.replace(part, final)
        return final
    finally:
        part.unlink(missing_ok=True)
        if not any(folder.iterdir()):
            folder.rmdir()


def _read(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk


@contextmanager
def _share(bezug: Bezug) -> Iterator[Iterator[Offer]]:
    folder = Path(bezug.adresse)
    yield ((path.name, lambda path=path: _read(path.open("rb"))) for path in sorted(folder.iterdir()) if path.is_file() and fnmatchcase(path.name, bezug.muster))


@contextmanager
def _https(bezug: Bezug) -> Iterator[Iterator[Offer]]:
    import requests

    address = urlsplit(bezug.adresse)
    if address.scheme != "https" and address.hostname not in OWN_MACHINE:
        raise FetchFailed(f"Der Bezug von {address.hostname} ist nicht verschlüsselt; bitte eine https-Adresse angeben.")
    name = unquote(PurePosixPath(address.path).name)
    try:
        with requests.get(bezug.adresse, stream=True, timeout=TIMEOUT_SECONDS) as answer:
            if not answer.ok:
                raise FetchFailed(f"{address.hostname} antwortet mit {answer.status_code} auf {address.path}; bitte die Adresse prüfen.")
            yield iter([(name, lambda: answer.iter_content(CHUNK))])
    except requests.RequestException as error:
        raise FetchFailed(f"{address.hostname} ist nicht erreichbar ({type(error).__name__}); bitte Adresse und Netz prüfen.") from None


@contextmanager
def _sftp(bezug: Bezug) -> Iterator[Iterator[Offer]]:
    """Only to hosts whose key is known (``known_hosts``), only with a key file; no password is ever stored."""
    import paramiko

    address = urlsplit(bezug.adresse)
    client = paramiko.SSHClient()
    try:
        client.load_system_host_keys(str(bezug.known_hosts) if bezug.known_hosts else None)
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        client.connect(
            address.hostname or "", address.port or 22, username=address.username, key_filename=str(bezug.schluesseldatei) if bezug.schluesseldatei else None,
            timeout=TIMEOUT_SECONDS, look_for_keys=False, allow_agent=False,
        )  # fmt: skip
        sftp = client.open_sftp()
        names = sorted(name for name in sftp.listdir(address.path) if fnmatchcase(name, bezug.muster))
        yield ((name, lambda name=name: _read(sftp.open(str(PurePosixPath(address.path) / name), "rb"))) for name in names)
    except paramiko.SSHException as error:
        raise FetchFailed(f"{address.hostname} lässt sich über SFTP nicht öffnen ({type(error).__name__}); bitte Schlüssel und known_hosts prüfen.") from None
    finally:
        client.close()


OFFERS = {"ordner": _share, "https": _https, "sftp": _sftp}
