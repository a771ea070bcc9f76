"""What can go wrong for good, as one type: a sentence for people, no traceback, no retry."""

from __future__ import annotations

import re

UNCHANGED = "der veröffentlichte Stand ist unverändert"

#: Errors whose text was written for people, by name: inside Dagster only the name of an error survives.
FOR_PEOPLE = frozenset({"PermanentFailure", "PublishRefused", "DeclarationError", "SettingsError", "ContractError"})

#: What the operating system says, in German; DuckDB and Dagster pass it on inside texts of their own.
SYSTEM = {
    "No space left on device": f"Der Datenträger ist voll, {UNCHANGED}. Bitte Platz schaffen und den Lauf wiederholen.",
    "database or disk is full": f"Der Datenträger ist voll, {UNCHANGED}. Bitte Platz schaffen und den Lauf wiederholen.",
    "Read-only file system": f"Der Datenträger ist schreibgeschützt, {UNCHANGED}.",
    "Permission denied": f"Im Datenverzeichnis fehlt die Schreibberechtigung, {UNCHANGED}. ./sozialraum status zeigt, wo es liegt.",
    "database disk image is malformed": "Das Verzeichnis der Lieferungen (ledger.sqlite) ist beschädigt; bitte das Datenverzeichnis aus der Sicherung wiederherstellen (README, Sichern).",
    "file is not a database": "Das Verzeichnis der Lieferungen (ledger.sqlite) ist beschädigt; bitte das Datenverzeichnis aus der Sicherung wiederherstellen (README, Sichern).",
    "Could not set lock": f"Ein anderes Programm hält die Datenbank geöffnet, {UNCHANGED}. Bitte schließen und den Lauf wiederholen.",
}


class PermanentFailure(Exception):
    """Trying again will not help; the text is one German sentence saying what to do."""


def explain(error_name: str, text: str) -> str | None:
    """The sentence for an error known by name and text, None where nobody foresaw it."""
    if error_name in FOR_PEOPLE:
        return text
    return next((sentence for mark, sentence in SYSTEM.items() if mark in text), None)


def spoken(trace: str) -> str | None:
    """The last sentence for people in the text of a trace, None where it has none."""
    said = re.findall(rf"^\s*(?:\w+\.)*(?:{'|'.join(sorted(FOR_PEOPLE))}): (.+)$", trace, re.M)
    return said[-1] if said else None


def sentence(error: BaseException | None) -> str | None:
    """The first sentence for people in an error and what caused it."""
    while error is not None:
        if found := explain(type(error).__name__, str(error)):
            return found
        error = error.__cause__ or error.__context__
    return None
