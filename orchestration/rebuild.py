"""Builds a release again from what is still there and holds every file against the published one. Changes nothing outside its own folder.

Rows of persons that are gone are replaced by the counts frozen with that release; deliveries, releases and approvals are those
known when it was made.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from orchestration.dbt import FAILED, Dbt
from orchestration.failures import PermanentFailure
from orchestration.files import write_release
from orchestration.resources import Workplace
from sources.accept import known_tables
from sources.state import write_state
from warehouse import facts, frozen, publish
from warehouse.connect import connect
from warehouse.paths import Home, private_files
from warehouse.publish import Draft

FOLDER = "nachbau"


@dataclass
class Past(Workplace):
    """A workplace at the moment of a release."""

    moment: datetime = datetime.min

    @property
    def receipt(self) -> datetime:
        return self.moment


@dataclass(frozen=True)
class Comparison:
    """What the rebuilt files are to the published ones, as relative paths per kind."""

    release_id: str
    equal: int
    different: tuple[str, ...]
    missing: tuple[str, ...]
    added: tuple[str, ...]
    #: Deliveries whose rows of persons are gone and that came from frozen counts.
    from_counts: int

    @property
    def holds(self) -> bool:
        return bool(self.equal) and not (self.different or self.missing or self.added)


def rebuild(place: Workplace, release_id: str | None = None) -> Comparison:
    """Rebuild a release (by default the current one) and compare all of ``exports/`` byte for byte.

    PermanentFailure where the release is unknown, was made by other code, or its counts were never frozen.
    """
    entry = place.kept(release_id)
    release_id = entry["release_id"]
    if not place.made(entry):
        raise PermanentFailure(f"Die Veröffentlichung {release_id} entstand mit einer anderen Fassung des Programms oder der Deklarationen; der Nachbau braucht dieselbe.")
    gone = frozen.deleted(place.ledger.chain()) & set(entry["eingaben"]["lieferungen"])
    if lacking := sorted(gone - frozen.read_list(place.home, release_id).keys()):
        raise PermanentFailure(f"Von {', '.join(lacking)} sind die Personen gelöscht und keine Zählungen zur Veröffentlichung {release_id} eingefroren.")
    folder = place.home.tmp / FOLDER
    with place.locked(), private_files():
        shutil.rmtree(folder, ignore_errors=True)
        try:
            past = _past(place, folder, entry)
            parts = {audience: publish.part_of(place.home, release_id, audience) / "exports" for audience in publish.AUDIENCES}
            written = {audience: exports for audience, exports in parts.items() if exports.is_dir()}
            _build(past, release_id, written)
            return _compare(past, release_id, written, len(gone))
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _past(place: Workplace, folder: Path, entry: dict) -> Past:
    home = Home(folder)
    home.prepare(place.city.stadt.stadt)
    past = Past(place.city, home, place.settings, None, place.echo, moment=datetime.fromisoformat(entry["erstellt"]))
    past.ledger = place.ledger.as_of(entry["release_id"], home.ledger)
    for delivery in past.ledger.deliveries("angenommen"):
        for rows in place.home.raw.glob(f"*/delivery={delivery['lieferung_id']}"):
            link = home.raw / rows.parent.name / rows.name
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(rows, target_is_directory=True)
    for name in (place.home.frozen.name, "schutz"):
        if (place.home.sealed / name).is_dir():
            (home.sealed / name).symlink_to(place.home.sealed / name, target_is_directory=True)
    with connect(home=home, settings=place.settings) as db:
        write_state(db, place.city, home, past.ledger, known_tables(place.city), past.receipt)
    facts.hand_over(home, past.ledger)
    # Which persons are gone says the chain of today, with which counts says the list of that release.
    frozen.hand_over(home, past.ledger, entry["release_id"])
    past.draft = Draft(entry["release_id"], entry["nummer"], folder / "stand", entry["eingaben"], entry["ausgabe"])
    if past.inputs()["lieferungen"] != entry["eingaben"]["lieferungen"]:
        raise PermanentFailure(f"Die Lieferungen der Veröffentlichung {entry['release_id']} lassen sich nicht wiederherstellen; ./sozialraum verify sagt, was fehlt.")
    return past


def _build(past: Past, release_id: str, written: dict[str, Path]) -> None:
    """Everything again that was ``written`` for somebody."""
    dbt = Dbt(past)
    broken = [r.unique_id for r in dbt.build(past.echo) if r.status in FAILED]
    if broken:
        raise PermanentFailure(f"Der Nachbau von {release_id} ist an {len(broken)} Stelle(n) gescheitert: {', '.join(sorted(broken)[:5])}.")
    folders = {audience: folder for audience, folder in past.draft.audience_folders(past.home).items() if audience in written}
    publish.write_marts(folders, past.home, past.settings, dbt.manifest)
    write_release(past, folders, release_id, past.draft.inputs, past.receipt)


def _compare(past: Past, release_id: str, written: dict[str, Path], from_counts: int) -> Comparison:
    equal, different, missing, added = 0, [], [], []
    for audience, exports in written.items():
        before, after = publish.checksums(exports), publish.checksums(past.draft.audience_folders(past.home)[audience] / "exports")
        equal += sum(before[name] == after.get(name) for name in before)
        different += [f"{audience}/{name}" for name in before if name in after and after[name] != before[name]]
        missing += [f"{audience}/{name}" for name in before if name not in after]
        added += [f"{audience}/{name}" for name in after if name not in before]
    return Comparison(release_id, equal, tuple(different), tuple(missing), tuple(added), from_counts)
