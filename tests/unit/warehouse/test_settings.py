"""The one configuration file: unknown keys are named, secrets others can read are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.paths import Home, base_home, home_of
from warehouse.settings import SettingsError, load_settings, secret_key


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "data")
    home.prepare("hilden-simuliert")
    return home


def test_without_a_file_everything_has_a_default(home: Home) -> None:
    settings = load_settings(home)
    assert (settings.stadt, settings.memory_limit, settings.releases_behalten) == (None, "4GB", 5)
    assert settings.threads >= 1


@pytest.mark.parametrize(("text", "named"), [("stdt: hilden", "stdt"), ("threads: viele", "threads"), ("threads: 0", "threads"), ("a: [", "YAML")])
def test_what_does_not_fit_is_named(home: Home, text: str, named: str) -> None:
    home.config.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=named) as error:
        load_settings(home)
    assert "sozialraum.yml" in str(error.value)


def test_key_is_made_once_private_and_outside_the_home(home: Home, private_config: Path) -> None:
    first = secret_key(home, load_settings(home))
    [file] = list(private_config.rglob("*.schluessel"))
    assert secret_key(home, load_settings(home)) == first
    assert len(first) == 32
    assert file.stat().st_mode & 0o777 == 0o600
    assert home.root not in file.parents


def test_key_that_others_may_read_is_refused(home: Home, private_config: Path) -> None:
    secret_key(home, load_settings(home))
    [file] = list(private_config.rglob("*.schluessel"))
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        secret_key(home, load_settings(home))


def test_sealed_folders_are_private(home: Home) -> None:
    for folder in (home.sealed, home.raw, home.tmp, home.quarantine):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_home_belongs_to_its_first_town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOZIALRAUM_HOME", str(tmp_path))
    base = base_home()
    assert home_of("berlin", base) == base
    base.prepare("berlin")
    assert home_of("berlin", base) == base
    assert home_of("hilden-simuliert", base).root == tmp_path / "weitere" / "hilden-simuliert"
