"""Encrypted originals: readable with the key only, whole or not at all, rotated without loss."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse import vault
from warehouse.paths import Home
from warehouse.settings import Settings, SettingsError, check_secrets

PLAIN = bytes(range(256)) * 12_000  # three chunks


@pytest.fixture
def place(tmp_path: Path) -> tuple[Home, Settings]:
    home = Home(tmp_path / "daten")
    home.prepare("teststadt")
    return home, Settings(archivschluesseldatei=tmp_path / "schluessel" / "archiv")


def sealed(home: Home, settings: Settings, content: bytes = PLAIN) -> Path:
    source, target = home.root / "x.csv", home.sealed_archive / f"x.csv{vault.SUFFIX}"
    source.write_bytes(content)
    vault.encrypt_file(source, target, vault.load_keys(home, settings, make=True))
    return target


@pytest.mark.parametrize("size", [0, 1, vault.CHUNK - 1, vault.CHUNK, vault.CHUNK + 1, len(PLAIN)])
def test_round_trip(place: tuple[Home, Settings], size: int) -> None:
    path = sealed(*place, PLAIN[:size])
    keys = vault.load_keys(*place)
    assert b"".join(vault.decrypt(path, keys)) == PLAIN[:size]
    with vault.opened(path, keys) as readable:
        assert readable.read_bytes() == PLAIN[:size]
    assert path.stat().st_mode & 0o077 == 0 and vault.key_file(*place).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[: vault.CHUNK + 46], lambda b: b[:40] + bytes([b[40] ^ 1]) + b[41:], lambda b: b + b"x"])
def test_cut_or_changed_files_are_noticed(place: tuple[Home, Settings], damage) -> None:  # type: ignore[no-untyped-def]
    path = sealed(*place)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(vault.VaultError):
        b"".join(vault.decrypt(path, vault.load_keys(*place)))


def test_rotation_keeps_content_and_ends_the_old_key(place: tuple[Home, Settings]) -> None:
    path = sealed(*place)
    old, before = vault.load_keys(*place), path.read_bytes()
    assert vault.rotate(*place) == 1
    new = vault.load_keys(*place)
    assert len(new) == 1 and not new.keys() & old.keys()
    assert b"".join(vault.decrypt(path, new)) == PLAIN and path.read_bytes() != before
    with pytest.raises(vault.VaultError):
        list(vault.decrypt(path, old))


def test_secrets_that_others_may_read_stop_everything(place: tuple[Home, Settings]) -> None:
    home, settings = place
    sealed(home, settings)
    check_secrets(home, settings)
    vault.key_file(home, settings).chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        check_secrets(home, settings)
    with pytest.raises(SettingsError, match="chmod 600"):
        vault.load_keys(home, settings)


def test_a_suppliers_login_that_others_may_read_stops_everything(place: tuple[Home, Settings], tmp_path: Path) -> None:
    login = tmp_path / "id_lieferant"
    login.write_text("geheim")
    login.chmod(0o600)
    check_secrets(*place, [login])
    login.chmod(0o640)
    with pytest.raises(SettingsError, match="id_lieferant"):
        check_secrets(*place, [login])


def test_key_in_the_data_home_is_refused(place: tuple[Home, Settings]) -> None:
    home, _ = place
    with pytest.raises(SettingsError, match="außerhalb"):
        vault.load_keys(home, Settings(archivschluesseldatei=home.root / "schluessel"), make=True)
