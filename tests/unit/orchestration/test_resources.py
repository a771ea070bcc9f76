"""What the steps of a run share."""

from __future__ import annotations

from pathlib import Path

from orchestration.resources import Workplace
from sources.model import SHIPPED_CITIES, load_city
from warehouse.paths import Home
from warehouse.settings import Settings


def test_a_run_has_one_moment(tmp_path: Path) -> None:
    """The files of a real town's release say when it was made, and so does its release.json: a rebuild knows only that."""
    place = Workplace(load_city(SHIPPED_CITIES / "berlin"), Home(tmp_path), Settings())
    assert not place.city.stadt.simuliert and place.receipt == place.receipt
