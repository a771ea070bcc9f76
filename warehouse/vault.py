"""Encrypted originals of persons: AES-256-GCM in chunks, key in a file outside the data home.

Whoever copies the data home cannot read them. Plain bytes never reach a disk: they are read from where they came and handed
out in memory only. Every chunk is bound to its place and the last one says so, so that nothing can be cut off or moved
(the STREAM construction of Hoang, Reyhanitabar, Rogaway, Vizár 2015).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse.paths import PRIVATE, Home
from warehouse.settings import OTHERS_MAY_READ, Settings, SettingsError, key_folder

MAGIC = b"SRWV1\n"
ID_BYTES, SALT_BYTES, TAG_BYTES, KEY_BYTES = 8, 16, 16, 32
CHUNK = 1 << 20
SUFFIX = ".aesgcm"


class VaultError(Exception):
    """An encrypted file that cannot be read; the text is one German sentence."""


def key_file(home: Home, settings: Settings) -> Path:
    """Where the keys of the encrypted archive lie: beside the key of the matching codes, never in the data home."""
    return settings.archivschluesseldatei or key_folder() / f"{home.root.name}-{home.mark}.archivschluessel"


def load_keys(home: Home, settings: Settings, *, make: bool = False) -> dict[bytes, bytes]:
    """{id: key}, the current one first. SettingsError where others may read the file or it is missing."""
    path = key_file(home, settings)
    if path.resolve().is_relative_to(home.root.resolve()):
        raise SettingsError(f"Die Schlüsseldatei {path.name} liegt im Datenverzeichnis; bitte an einen Ort außerhalb legen (archivschluesseldatei in sozialraum.yml).")
    if not path.exists():
        if not make:
            raise SettingsError(f"Die Schlüsseldatei {path.name} fehlt; ohne sie sind die verschlüsselten Originale nicht lesbar, bitte aus der Sicherung holen.")
        path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
        _write_keys(path, {secrets.token_bytes(ID_BYTES): secrets.token_bytes(KEY_BYTES)})
    if path.stat().st_mode & OTHERS_MAY_READ:
        raise SettingsError(f"Die Schlüsseldatei {path.name} ist für andere lesbar; bitte mit chmod 600 schützen.")
    lines = (line.split() for line in path.read_text(encoding="ascii").splitlines() if line.strip())
    return {bytes.fromhex(name): bytes.fromhex(key) for name, key in lines}


def _write_keys(path: Path, keys: dict[bytes, bytes]) -> None:
    parts = path.with_name(f".{path.name}.tmp")
    parts.unlink(missing_ok=True)
    descriptor = os.open(parts, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("".join(f"{name.hex()} {key.hex()}\n" for name, key in keys.items()))
        file.flush()
        os.fsync(file.fileno())
    os.replace(parts, path)


def _cipher(key: bytes, salt: bytes):  # type: ignore[no-untyped-def]
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    # A key per file: nonces then only have to be unique within it.
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, b"sozialraum archiv").derive(key))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def encrypt(chunks: Iterator[bytes], target: Path, keys: dict[bytes, bytes]) -> None:
    """Write a stream encrypted under the current key; ``target`` appears whole or not at all, readable by its owner only."""
    name, key = next(iter(keys.items()))
    salt = secrets.token_bytes(SALT_BYTES)
    cipher, header = _cipher(key, salt), MAGIC + name + salt
    parts = target.with_name(f".{target.name}.tmp")
    with os.fdopen(os.open(parts, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(header)
        number, waiting = 0, next(chunks, b"")
        for chunk in chunks:
            file.write(cipher.encrypt(_nonce(number, False), waiting, header))
            number, waiting = number + 1, chunk
        file.write(cipher.encrypt(_nonce(number, True), waiting, header))
        file.flush()
        os.fsync(file.fileno())
    os.replace(parts, target)


def encrypt_file(source: Path, target: Path, keys: dict[bytes, bytes]) -> None:
    with source.open("rb") as raw:
        encrypt(iter(lambda: raw.read(CHUNK), b""), target, keys)


def decrypt(path: Path, keys: dict[bytes, bytes]) -> Iterator[bytes]:
    """The plain bytes in chunks. VaultError where key or content do not fit."""
    from cryptography.exceptions import InvalidTag

    with path.open("rb") as file:
        header = file.read(len(MAGIC) + ID_BYTES + SALT_BYTES)
        name, salt = header[len(MAGIC) : len(MAGIC) + ID_BYTES], header[len(MAGIC) + ID_BYTES :]
        if not header.startswith(MAGIC) or name not in keys:
            raise VaultError(f"{path.name}: zu dieser verschlüsselten Datei fehlt der Schlüssel; bitte die Schlüsseldatei aus der Sicherung holen.")
        cipher, number = _cipher(keys[name], salt), 0
        sealed = file.read(CHUNK + TAG_BYTES)
        while True:
            following = file.read(CHUNK + TAG_BYTES)
            try:
                yield cipher.decrypt(_nonce(number, not following), sealed, header)
            except InvalidTag:
                raise VaultError(f"{path.name}: die verschlüsselte Datei wurde verändert oder abgeschnitten; bitte aus der Sicherung holen.") from None
            if not following:
                return
            sealed, number = following, number + 1


@contextmanager
def opened(path: Path, keys: dict[bytes, bytes]) -> Iterator[Path]:
    """A path under which this process reads the plain bytes; they lie in memory and are gone afterwards."""
    descriptor = os.memfd_create(path.name, os.MFD_CLOEXEC)
    try:
        for chunk in decrypt(path, keys):
            view = memoryview(chunk)
            while view:
                view = view[os.write(descriptor, view) :]
        yield Path(f"/proc/{os.getpid()}/fd/{descriptor}")
    finally:
        os.close(descriptor)


def rotate(home: Home, settings: Settings) -> int:
    """New key; every encrypted file is written again under it, then the old keys go. May be broken off and repeated at any time."""
    keys = load_keys(home, settings, make=True)
    path = key_file(home, settings)
    keys = {secrets.token_bytes(ID_BYTES): secrets.token_bytes(KEY_BYTES)} | keys
    _write_keys(path, keys)
    count = 0
    for sealed in sorted(home.sealed_archive.rglob(f"*{SUFFIX}")):
        encrypt(decrypt(sealed, keys), sealed, keys)
        count += 1
    _write_keys(path, dict([next(iter(keys.items()))]))
    return count
