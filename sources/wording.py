"""How names and reasons that others gave may stand in a German sentence."""

from __future__ import annotations

import errno
import os
import unicodedata
from collections.abc import Iterable

#: Reasons of the operating system, which itself says them in the language of the machine.
REASONS = {
    errno.ENOSPC: "kein Platz mehr auf dem Datenträger",
    errno.EDQUOT: "die zugeteilte Speichermenge ist erschöpft",
    errno.EFBIG: "eine Datei würde größer, als hier erlaubt ist",
    errno.EACCES: "die Rechte fehlen",
    errno.EPERM: "die Rechte fehlen",
    errno.EROFS: "der Datenträger lässt kein Schreiben zu",
    errno.ENOENT: "eine Datei oder ein Ordner ist nicht da",
    errno.ENOTDIR: "wo ein Ordner sein muss, liegt eine Datei",
    errno.EISDIR: "wo eine Datei sein muss, liegt ein Ordner",
    errno.EEXIST: "wo etwas angelegt werden soll, liegt schon etwas",
    errno.ENOTEMPTY: "ein Ordner ist nicht leer",
    errno.ENAMETOOLONG: "ein Name ist zu lang",
    errno.ELOOP: "Verweise führen im Kreis",
    errno.EBUSY: "eine Datei ist in Gebrauch",
    errno.EMFILE: "zu viele Dateien sind geöffnet",
    errno.ENFILE: "zu viele Dateien sind geöffnet",
    errno.EIO: "der Datenträger meldet einen Fehler",
    errno.ESTALE: "das Netzlaufwerk ist nicht mehr verbunden",
    errno.ETIMEDOUT: "keine Antwort in der vorgesehenen Zeit",
    errno.ECONNREFUSED: "die Verbindung wurde abgelehnt",
    errno.ECONNRESET: "die Verbindung ist abgebrochen",
    errno.EHOSTUNREACH: "der Rechner ist nicht erreichbar",
    errno.ENETUNREACH: "das Netz ist nicht erreichbar",
}
#: Names that a sentence lists; more are counted.
LISTED = 10


def shown(name: str) -> str:
    """A file's or a column's name as it may stand in a sentence: no control or direction characters, no broken encoding, not endless."""
    clean = "".join("?" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn") else c for c in name)
    return clean if len(clean) <= 120 else clean[:117] + "…"


def listed(names: list[str]) -> str:
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" und {more} weitere" if more > 0 else "")


def together(names: Iterable[str]) -> str:
    """Several files in one name, "einwohner_2020_*.csv (5 Dateien)"; empty where there are none."""
    several = sorted(set(names))
    if len(several) < 2:
        return "".join(map(shown, several))
    head = os.path.commonprefix(several)
    tail = os.path.commonprefix([name[len(head) :][::-1] for name in several])[::-1]
    return f"{shown(head + '*' + tail)} ({len(several)} Dateien)"


def os_reason(error: OSError) -> str:
    """Why the operating system did not do something; with its number where the reason is a rare one."""
    return REASONS.get(error.errno or 0) or f"das Betriebssystem meldet Fehler {error.errno or 'ohne Nummer'}"
