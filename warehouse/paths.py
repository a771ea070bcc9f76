"""Where things lie: one data home, one town in it. Creates folders, reads no content but the owner's name."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PRIVATE = 0o700
#: Of the inbox: persons lie there in clear until a run took them in, and as long as nobody takes away what was refused.
SUPPLIERS = 0o770


@dataclass(frozen=True)
class Home:
    """A data home; every path below it has its name here and nowhere else."""

    root: Path

    inbox = property(lambda self: self.root / "inbox")
    archive = property(lambda self: self.root / "archive")
    sealed = property(lambda self: self.root / "sealed")
    raw = property(lambda self: self.sealed / "raw")
    warehouse_db = property(lambda self: self.sealed / "warehouse.duckdb")
    tmp = property(lambda self: self.sealed / "tmp")
    #: Counts per delivery, frozen with each release: what stays when the persons are deleted.
    frozen = property(lambda self: self.sealed / "zaehlungen")
    #: Approved extracts of survey answers, for the statistics office to hand on.
    microdata = property(lambda self: self.sealed / "mikrodaten")
    quarantine = property(lambda self: self.sealed / "quarantine")
    #: Person-level originals, encrypted, as long as their source's retention says.
    sealed_archive = property(lambda self: self.sealed / "archive")
    #: What deliveries were like, for comparison with the next ones.
    profiles = property(lambda self: self.sealed / "profile")
    #: Reports back to suppliers, one folder per delivery.
    feedback = property(lambda self: self.root / "rueckmeldungen")
    published = property(lambda self: self.root / "published")
    current = property(lambda self: self.published / "current")
    dagster = property(lambda self: self.root / "dagster")
    dbt_target = property(lambda self: self.dagster / "dbt_target")
    logs = property(lambda self: self.root / "logs")
    ledger = property(lambda self: self.root / "ledger.sqlite")
    lock = property(lambda self: self.root / ".lock")
    config = property(lambda self: self.root / "sozialraum.yml")
    own_cities = property(lambda self: self.root / "staedte")
    owner_file = property(lambda self: self.root / ".stadt")

    @property
    def mark(self) -> str:
        """Tells homes of the same name apart where something of theirs lies elsewhere (keys)."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:8]

    @property
    def owner(self) -> str | None:
        """The town this home belongs to, None before its first run."""
        try:
            return self.owner_file.read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None

    def prepare(self, town: str) -> None:
        """Make the folders and write down whose home this is; the sealed ones only for their owner, the inbox for a group of suppliers."""
        for folder in (self.archive, self.published, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            self.inbox.mkdir(parents=True)
            self.inbox.chmod(SUPPLIERS)
        for folder in (self.sealed, self.raw, self.tmp, self.quarantine, self.sealed_archive, self.profiles, self.dagster):
            folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
            folder.chmod(PRIVATE)
        if self.owner is None:
            self.owner_file.write_text(town + "\n", encoding="utf-8")


@contextmanager
def private_files() -> Iterator[None]:
    """What this process makes meanwhile is readable by its owner only: files 0600, folders 0700."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def base_home() -> Home:
    """The home that SOZIALRAUM_HOME names, by default data/ in the checkout."""
    return Home(Path(os.environ.get("SOZIALRAUM_HOME") or REPOSITORY / "data").expanduser().resolve())


def home_of(town: str, base: Home) -> Home:
    """The base home where it is free or belongs to the town, else the town's own folder below it."""
    if base.owner in (None, town):
        return base
    return Home(base.root / "weitere" / town)
