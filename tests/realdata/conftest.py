"""Berlin from its published files, by the command a town types: one run for all that look at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.conftest import Town


@pytest.fixture(scope="session")
def berlin_town(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Berlin after one run. Tests must leave it as it is."""
    town = Town(tmp_path_factory.mktemp("berlin") / "data")
    done = town.run("--city", "berlin", "--deliveries", str(real_data / "berlin"))
    print(next(line for line in done.stdout.splitlines() if line.startswith("Dauer")))
    return town
