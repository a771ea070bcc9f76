"""Looks after the house: encryption under sealed/, rights, secrets, space, lock, chain. Says what is; changes nothing."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from orchestration.resources import Workplace
from orchestration.verify import broken_links
from warehouse.settings import OTHERS_MAY_READ, SettingsError, open_secrets
from warehouse.vault import key_file, load_keys

State = Literal["gut", "Hinweis", "Mangel"]
ENOUGH_SPACE = 2 << 30
#: File systems that encrypt by themselves.
ENCRYPTING = ("ecryptfs", "fuse.gocryptfs", "fuse.encfs", "fuse.cryfs", "fuse.securefs")


def examine(place: Workplace) -> Iterator[tuple[State, str]]:
    """(state, German sentence) per point."""
    yield encryption(place.home.sealed)
    yield from _rights(place.home.sealed)
    if any(quelle.personenbezug for quelle in place.city.quellen):
        open_inbox = place.inbox.stat().st_mode & stat.S_IRWXO
        yield ("Mangel", f"{place.inbox.name}/ ist für alle zugänglich, und Personendaten liegen dort im Klartext, bis ein Lauf sie annimmt oder jemand Abgelehntes wegnimmt; bitte chmod o= {place.inbox.name}.") if open_inbox else ("gut", f"{place.inbox.name}/ ist nur für seinen Besitzer und dessen Gruppe zugänglich.")
    unsafe = open_secrets(place.home, place.settings, place.city.logins)
    yield ("Mangel", f"{', '.join(p.name for p in unsafe)}: für andere lesbar; bitte chmod 600.") if unsafe else ("gut", "Geheimnisse sind nur für ihren Besitzer lesbar.")
    if any(place.home.sealed_archive.rglob("*.aesgcm")):
        try:
            load_keys(place.home, place.settings)
            yield "gut", f"Schlüssel der verschlüsselten Originale: {key_file(place.home, place.settings).name}."
        except SettingsError as error:
            yield "Mangel", str(error)
    free = shutil.disk_usage(place.home.root).free
    yield ("gut" if free >= ENOUGH_SPACE else "Mangel"), f"Freier Platz im Datenverzeichnis: {free / (1 << 30):.1f} GB.".replace(".", ",", 1)
    if not os.access(place.home.root, os.W_OK):
        yield "Mangel", "Das Datenverzeichnis ist nicht beschreibbar."
    yield _lock(place.home.lock)
    links = list(broken_links(place.ledger.chain()))
    yield ("Mangel", links[0]) if links else ("gut", "Die Kette der Nachweise ist unversehrt (vollständig prüft ./sozialraum verify).")


def _rights(sealed: Path) -> Iterator[tuple[State, str]]:
    # What waits for approval keeps the rights it will be handed out with; sealed/ itself keeps others away from it.
    waiting = sealed / "freigabe"
    wrong = [path for path in [sealed, *sealed.rglob("*")] if not path.is_symlink() and not path.is_relative_to(waiting) and path.stat().st_mode & OTHERS_MAY_READ]
    inside = [p for p in wrong if p != sealed]
    if sealed in wrong:
        yield "Mangel", "sealed/ ist für andere zugänglich; bitte chmod 700."
    else:
        yield "gut", "sealed/ ist nur für seinen Besitzer zugänglich."
    if inside:
        yield "Hinweis", f"{len(inside)} Dateien oder Ordner in sealed/ haben weitere Rechte als 0600/0700, etwa {inside[0].relative_to(sealed)}; bitte chmod -R go= sealed."


def _lock(path: Path) -> tuple[State, str]:
    if not path.exists():
        return "gut", "Kein Lauf ist an der Arbeit."
    with path.open("r", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return "Hinweis", f"Ein Lauf ist an der Arbeit ({file.read().strip()})."
    return "gut", "Kein Lauf ist an der Arbeit."


def encryption(folder: Path, mountinfo: str | None = None, sys_block: Path = Path("/sys/class/block")) -> tuple[State, str]:
    """Whether the file system below a folder is encrypted, as far as this machine can tell."""
    text = mountinfo if mountinfo is not None else Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    place = os.path.realpath(folder)
    best: tuple[str, str, str] | None = None
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        fields, (kind, device, *_) = left.split(), right.split()
        point = fields[4].replace("\\040", " ")
        if (place == point or place.startswith(point.rstrip("/") + "/")) and (best is None or len(point) >= len(best[0])):
            best = (point, kind, device)
    if best is None:
        return "Hinweis", "Verschlüsselung von sealed/: nicht feststellbar; bitte bei der IT nachfragen."
    point, kind, device = best
    if kind in ENCRYPTING:
        return "gut", f"sealed/ liegt auf einem verschlüsselnden Dateisystem ({kind} auf {point})."
    if _crypted(os.path.basename(os.path.realpath(device)), sys_block):
        return "gut", f"sealed/ liegt auf einem verschlüsselten Datenträger (dm-crypt/LUKS unter {point})."
    if kind in ("overlay", "zfs", "btrfs", "nfs", "nfs4", "cifs", "9p", "virtiofs") or not device.startswith("/dev/"):
        return "Hinweis", f"sealed/ liegt auf {kind} ({point}): ob darunter verschlüsselt wird, ist von hier nicht feststellbar; bitte bei der IT nachfragen."
    return "Mangel", f"sealed/ liegt unverschlüsselt auf {device} ({kind}, {point}); bitte auf einen mit LUKS verschlüsselten Datenträger legen."


def _crypted(name: str, sys_block: Path) -> bool:
    """A block device that is dm-crypt or lies on one."""
    uuid = sys_block / name / "dm" / "uuid"
    if uuid.is_file() and uuid.read_text(encoding="ascii").startswith("CRYPT-"):
        return True
    below = sys_block / name / "slaves"
    return any(_crypted(slave.name, sys_block) for slave in below.iterdir()) if below.is_dir() else False
