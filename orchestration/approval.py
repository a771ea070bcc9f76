"""Release by people: a recorded discussion before anything goes to welfare organisations or the public."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from orchestration.bericht import discussed, of_this_version, write_part
from orchestration.failures import PermanentFailure
from orchestration.files import written
from orchestration.resources import Workplace
from warehouse import publish
from warehouse.ledger import utc_now

#: Four eyes: a discussion has at least two sides.
MINIMUM_ROLES = 2
SHORTEST_COMMENT = 10


@dataclass(frozen=True)
class Discussion:
    """What people decided: day, roles (no names), result."""

    day: date | None
    roles: tuple[str, ...]
    comments: str
    simulated: bool = False


def _simulated(place: Workplace) -> Discussion:
    if not place.city.stadt.simuliert:
        raise PermanentFailure("--simuliert gibt es nur für eine simulierte Stadt; bitte Datum, Rollen und Besprechung angeben.")
    return Discussion(
        place.receipt.date(), ("Sozialplanung (simuliert)", "Datenschutz (simuliert)"), "Simulierte Besprechung der Modellstadt, keine wirkliche Entscheidung.", True
    )


def checked(place: Workplace, discussion: Discussion) -> tuple[Discussion, list[str]]:
    """The discussion as it is recorded, and its roles; PermanentFailure where day, two roles or result are missing or the day lies in the future."""
    if discussion.simulated:
        discussion = _simulated(place)
    roles = list({r.strip().casefold(): r.strip() for r in discussion.roles if r.strip()}.values())
    if discussion.day is None:
        raise PermanentFailure("Das Datum der Besprechung fehlt; bitte mit --datum JJJJ-MM-TT angeben.")
    if discussion.day > utc_now().date():
        raise PermanentFailure(f"Die Besprechung am {discussion.day:%d.%m.%Y} liegt in der Zukunft; freigegeben wird danach.")
    if len(roles) < MINIMUM_ROLES:
        raise PermanentFailure("Eine Freigabe braucht mindestens zwei verschiedene Rollen; bitte --rolle mehrfach angeben.")
    if len(discussion.comments.strip()) < SHORTEST_COMMENT:
        raise PermanentFailure("Das Ergebnis der Besprechung fehlt; bitte mit --besprechung in einem Satz angeben.")
    return discussion, roles


def approve_release(place: Workplace, release_id: str | None, audience: str, discussion: Discussion) -> tuple[Path, list[str]]:
    """Record the discussion and hand the waiting part of the release to the audience.

    Returns its folder, and the areas whose paragraph as it stands now is not the one that was discussed.
    PermanentFailure where day, roles or result are missing or the day lies in the future; PublishRefused where
    nothing waits for that audience, or what it would get gives something away.
    """
    from exports.report.editorial import paragraphs

    discussion, roles = checked(place, discussion)
    with place.locked():
        release = place.kept(release_id)
        release_id = release["release_id"]
        written_now = paragraphs(place.home.root, release["ausgabe"])
        made = date.fromisoformat(release["erstellt"][:10])
        if discussion.day < made:
            raise PermanentFailure(f"Die Besprechung am {discussion.day:%d.%m.%Y} liegt vor der Veröffentlichung vom {made:%d.%m.%Y}; besprochen wird, was vorliegt.")
        if any(a["zielgruppe"] == audience for a in place.ledger.approvals(release_id)):
            raise PermanentFailure(f"Die Veröffentlichung {release_id} ist für {audience} schon freigegeben und bleibt, wie sie ist; Änderungen kommen mit der nächsten.")
        record = {"datum": discussion.day.isoformat(), "rollen": roles, "besprechung": discussion.comments.strip(), "simuliert": discussion.simulated}
        with place.ledger.transaction():
            place.ledger.record_approval(
                release_id=release_id,
                zielgruppe=audience,
                datum=record["datum"],
                rollen=", ".join(roles),
                besprechung=record["besprechung"],
                simuliert=int(discussion.simulated),
                eingetragen=utc_now().isoformat(),
            )
            folder = publish.approve(place.home, release_id, audience, record, partial(_complete, place, release, audience, record))
    seen = discussed(place, release_id, folder)
    return folder, sorted(area for area in seen.keys() | written_now.keys() if written_now.get(area, "") != seen.get(area, ""))


def _complete(place: Workplace, release: dict[str, Any], audience: str, record: dict[str, Any], folder: Path) -> None:
    """Make what waited complete: its packages where nobody wrote them yet, its final report; and attack it all.

    PublishRefused with the first finding, PermanentFailure where another version of the program would have to write packages.
    """
    from warehouse.attack import leaks_of

    bare = {} if written(folder) else {audience: folder}
    if bare:
        if not place.made(release):
            raise PermanentFailure(f"Die Veröffentlichung {release['release_id']} entstand mit einer anderen Fassung des Programms oder der Deklarationen; bitte ./sozialraum run und die neue besprechen.")
        shutil.rmtree(folder / "exports", ignore_errors=True)
    with of_this_version(release["release_id"]):
        write_part(place, {audience: folder}, bare, release, record)
    # Beside everything that the audience got before, newer releases included.
    (found,) = leaks_of([place.target(audience, folder)], place.settings.threads)
    if found:
        raise publish.PublishRefused(f"Freigabe für {audience} verweigert: {found[0]} (insgesamt {len(found)} Befunde).")
