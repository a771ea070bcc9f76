"""Where a Sozialreport is built and for whom: the draft of a run, again from a release, or final on approval."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.failures import PermanentFailure
from orchestration.files import write_release, written
from orchestration.resources import Workplace
from warehouse import publish
from warehouse.processes import Job

FOLDER = "reports"


def reports(place: Workplace, folders: dict[str, Path], release_id: str, edition: str | None, created: datetime, approval: dict[str, Any] | None = None) -> list[Job]:
    """The jobs that write reports of several audiences (audience -> folder with its ``mart.duckdb``) into ``folder/reports``.

    A draft takes the editor's paragraphs as they stand in the data home now; an approved one those of the draft that
    people discussed, its own or the administration's, so that nothing unseen leaves with it.
    """
    from exports.report import Edition, Level, build
    from exports.report.editorial import paragraphs

    stadt = place.city.stadt
    levels = tuple(Level(e.id, e.name, e.plural, e.profil) for e in stadt.ebenen if not e.intern)
    jobs = []
    for audience, folder in folders.items():
        target = folder / FOLDER
        text = paragraphs(place.home.root, edition) if approval is None else discussed(place, release_id, folder)
        jobs.append((build, folder / "mart.duckdb", target, Edition(release_id, edition, f"{created:%d.%m.%Y}", stadt.name, audience, stadt.simuliert, levels, approval), text))
    return jobs


def discussed(place: Workplace, release_id: str, folder: Path) -> dict[str, str]:
    """The editor's paragraphs of the draft in an audience's folder, else of the administration's; none where there is no draft."""
    from exports.report import PARAGRAPHS

    drafts = (folder, publish.part_of(place.home, release_id, publish.AUTOMATIC))
    seen = next((path for path in (draft / FOLDER / PARAGRAPHS for draft in drafts) if path.is_file()), None)
    return json.loads(seen.read_text(encoding="utf-8")) if seen else {}


def misplaced(place: Workplace, entry: dict[str, Any]) -> list[str]:
    """A sentence per file of the editor that stands on no page of a release's report."""
    from exports.report.editorial import misplaced as lying

    return lying(place.home.root, entry["ausgabe"], discussed(place, entry["release_id"], place.home.published / entry["release_id"]))


def write_part(place: Workplace, folders: dict[str, Path], packages: dict[str, Path], entry: dict[str, Any], approval: dict[str, Any] | None = None) -> None:
    """Reports (``folders``) and packages (``packages``) of an older release (its entry in the ledger) from the marts there; audience -> folder."""
    created = datetime.fromisoformat(entry["erstellt"])
    write_release(place, packages, entry["release_id"], entry["eingaben"], created, reports(place, folders, entry["release_id"], entry["ausgabe"], created, approval))


@contextmanager
def of_this_version(release_id: str) -> Iterator[None]:
    """PermanentFailure where a release does not have what this version of the program reads."""
    try:
        yield
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise PermanentFailure(
            f"Die Veröffentlichung {release_id} entstand mit einer anderen Fassung des Programms und lässt sich nicht mehr schreiben; bitte ./sozialraum run und die neue besprechen."
        ) from error


def rebuild(place: Workplace, release_id: str | None) -> list[Path]:
    """The drafts of a release again, with the editor's paragraphs of now; packages where some wait that nobody wrote yet. Returns the report folders.

    What was approved is frozen and stays. PermanentFailure where there is no such release, or it cannot be written any more.
    """
    with place.locked():
        entry = place.kept(release_id)
        release_id = entry["release_id"]
        main = place.home.published / release_id
        approved = {approval["zielgruppe"] for approval in place.ledger.approvals(release_id)}
        # Where it waits, and never where others read, whatever a killed approval left there.
        waiting = place.home.sealed / "freigabe" / release_id
        folders = {audience: main if audience == publish.AUTOMATIC else waiting / audience for audience in publish.AUDIENCES if audience not in approved}
        folders = {audience: folder for audience, folder in folders.items() if (folder / "mart.duckdb").is_file()}
        bare = {audience: folder for audience, folder in folders.items() if not written(folder)} if place.made(entry) else {}
        try:
            with of_this_version(release_id):
                write_part(place, folders, bare, entry)
        finally:
            # What waits for approval gets its release.json with it.
            publish.describe_again(main, {"berichte": publish.checksums(main / FOLDER)})
        return [folder / FOLDER for folder in folders.values()]
