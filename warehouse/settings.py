"""The one configuration file of a data home (``sozialraum.yml``), typed; every key is optional."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from warehouse import declared
from warehouse.paths import Home

KEY_BYTES = 32
OTHERS_MAY_READ = 0o077


class SettingsError(ValueError):
    """A setting that cannot be used; the text is one German sentence."""


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Town to run when --city is not given.
    stadt: str | None = None
    #: Folder with deliveries, read in place; without it the inbox of the data home counts.
    lieferungen: Path | None = None
    #: Folder with the town's own declarations, searched before the shipped ones.
    staedte: Path | None = None
    #: Secret for the matching codes of persons; lies outside the data home.
    schluesseldatei: Path | None = None
    #: Keys of the encrypted originals; lies outside the data home.
    archivschluesseldatei: Path | None = None
    threads: int = Field(default_factory=lambda: len(os.sched_getaffinity(0)), ge=1)
    memory_limit: str = "4GB"
    #: Postgres URL for Dagster's run storage; without it SQLite in the data home.
    dagster_postgres: str | None = None
    #: Fetch sources whose declaration says where they lie (``bezug``); off, a run never reaches out.
    bezug: bool = False
    #: Microdata of surveys: persons at least alike in what others may know (k), different answers at least among them (l),
    #: and the largest share of respondents that may be left out to get there.
    mikrodaten_k: int = Field(default=5, ge=3)
    mikrodaten_l: int = Field(default=2, ge=2)
    mikrodaten_zurueckgehalten: float = Field(default=0.05, ge=0, le=0.2)
    #: How many ordinary releases stay; monthly editions always do.
    releases_behalten: int = Field(default=5, ge=1)


def load_settings(home: Home) -> Settings:
    """Settings of a data home; SettingsError names the file and the key that does not fit."""
    try:
        text = home.config.read_bytes()
    except FileNotFoundError:
        return Settings()
    try:
        return Settings.model_validate(declared.read(text) or {})
    except declared.Unreadable as error:
        raise SettingsError(f"{home.config.name}{error}.") from None
    except ValidationError as error:
        known = f"; bekannt sind {', '.join(Settings.model_fields)}" if error.errors()[0]["type"] == "extra_forbidden" else ""
        raise SettingsError(f"{home.config.name}: {declared.wrong(error)}{known}.") from None


def secret_key(home: Home, settings: Settings) -> bytes:
    """Master key of the matching codes, made on first use and readable by its owner only.

    It lies outside the data home, so that whoever copies the home cannot recompute the codes.
    SettingsError when others may read the file.
    """
    path = settings.schluesseldatei or _default_key_file(home)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if path.stat().st_mode & OTHERS_MAY_READ:
            raise SettingsError(f"Die Schlüsseldatei {path.name} ist für andere lesbar; bitte mit chmod 600 schützen.") from None
    except FileNotFoundError:
        path.parent.mkdir(parents=True, mode=0o700)
        return secret_key(home, settings)
    else:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES))
    return bytes.fromhex(path.read_text(encoding="ascii").strip())


def _default_key_file(home: Home) -> Path:
    return key_folder() / f"{home.root.name}-{home.mark}.schluessel"


def key_folder() -> Path:
    """Where keys lie that no setting places: in the owner's configuration, outside every data home."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "sozialraum"


def open_secrets(home: Home, settings: Settings, logins: Iterable[Path] = ()) -> list[Path]:
    """Files with secrets that others than their owner may read; ``logins`` are keys to log in to suppliers with."""
    keys = [*logins, settings.schluesseldatei or _default_key_file(home), settings.archivschluesseldatei or key_folder() / f"{home.root.name}-{home.mark}.archivschluessel"]
    # A Postgres URL holds a password.
    keys += [home.config] if settings.dagster_postgres else []
    return [path for path in keys if path.is_file() and path.stat().st_mode & OTHERS_MAY_READ]


def check_secrets(home: Home, settings: Settings, logins: Iterable[Path] = ()) -> None:
    """SettingsError while a file with secrets is readable by others: nothing runs until it is protected."""
    if unsafe := open_secrets(home, settings, logins):
        raise SettingsError(f"{', '.join(path.name for path in unsafe)}: Geheimnisse darin sind für andere lesbar; bitte mit chmod 600 schützen, vorher läuft nichts.")
