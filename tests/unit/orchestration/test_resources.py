"""What the steps of a run share."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.failures import PermanentFailure
from orchestration.resources import Workplace
from sources.model import SHIPPED_CITIES, load_city
from warehouse.paths import Home
from warehouse.settings import Settings


def test_a_run_has_one_moment(tmp_path: Path) -> None:
    """The files of a real town's release say when it was made, and so does its release.json: a rebuild knows only that."""
    place = Workplace(load_city(SHIPPED_CITIES / "berlin"), Home(tmp_path), Settings())
    assert not place.city.stadt.simuliert and place.receipt == place.receipt


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    """Three releases: an ordinary one that is no longer kept, and an edition made twice."""
    place = Workplace(load_city(SHIPPED_CITIES / "hilden-simuliert"), Home(tmp_path), Settings())
    place.home.prepare("hilden-simuliert")
    for number, edition in ((1, None), (2, "2026-01"), (12, "2026-01")):
        place.ledger.record_release(release_id=f"{number:04d}-ab", nummer=number, erstellt="2026-01-02T02:00:00+00:00", ausgabe=edition, eingaben={"lieferungen": {}}, zielgruppen=["verwaltung"])
        if edition:
            (place.home.published / f"{number:04d}-ab").mkdir()
    place.home.current.symlink_to("0012-ab")
    return place


@pytest.mark.parametrize(("named", "found"), [(None, "0012-ab"), ("2", "0002-ab"), ("0002", "0002-ab"), ("0002-ab", "0002-ab"), ("2026-01", "0012-ab"), ("1", "0001-ab")])
def test_a_release_is_named_by_id_number_or_edition(place: Workplace, named: str | None, found: str) -> None:
    assert place.entry(named)["release_id"] == found


@pytest.mark.parametrize(("named", "said"), [("1", "0001-ab ist nicht mehr aufbewahrt"), ("3", "Veröffentlichung 3 gibt es nicht"), ("..", "gibt es nicht"), ("None", "gibt es nicht"), ("2026-02", "gibt es nicht")])
def test_a_release_that_is_not_there_is_one_sentence(place: Workplace, named: str, said: str) -> None:
    with pytest.raises(PermanentFailure, match=said):
        place.kept(named)


def test_before_the_first_release(tmp_path: Path) -> None:
    place = Workplace(load_city(SHIPPED_CITIES / "berlin"), Home(tmp_path), Settings())
    place.home.prepare("berlin")
    with pytest.raises(PermanentFailure, match="noch nichts veröffentlicht"):
        place.entry()
