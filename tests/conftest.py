"""Shared by all tests: where the real data lie, a data home of one's own, and a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

CHROMIUM = "/usr/bin/chromium"
REPOSITORY = Path(__file__).resolve().parent.parent
REAL_DATA = REPOSITORY.parent / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real public files; tests that need it skip where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip("../shared/data fehlt: echte öffentliche Dateien liegen nicht im Repository")
    return REAL_DATA


@pytest.fixture
def private_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keys and settings of a test lie in its own folder, never in the developer's."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config"


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """Chromium without a window."""
    if not Path(CHROMIUM).exists() and shutil.which("chromium") is None:
        if os.environ.get("SOZIALRAUM_CI"):
            pytest.fail("In der CI muss Chromium da sein; .ci/run installiert es.")
        pytest.skip("Chromium ist nicht installiert; ohne ihn lassen sich die Seiten nicht im Browser prüfen.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium") or CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-quic"])
        yield chromium
        chromium.close()
