"""Shared by all tests: where the real data lie, and a data home of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

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
