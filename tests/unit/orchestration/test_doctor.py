"""What the doctor finds: each fault of a house by itself, and nothing in a house that is in order."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.doctor import examine
from orchestration.resources import Workplace
from sources.model import SHIPPED_CITIES, load_city
from warehouse.ledger import utc_now
from warehouse.paths import Home
from warehouse.settings import Settings, secret_key


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    place = Workplace(load_city(SHIPPED_CITIES / "hilden-simuliert"), Home(tmp_path / "haus"), Settings())
    place.home.prepare("hilden-simuliert")
    secret_key(place.home, place.settings)
    place.ledger.link("probe", {"zahl": 1}, utc_now().isoformat())
    return place


def found(place: Workplace) -> list[str]:
    """What is not in order but for the encryption of the disk, which is that of the machine."""
    return [f"{state}: {text}" for state, text in list(examine(place))[1:] if state != "gut"]


def test_a_house_in_order(place: Workplace) -> None:
    assert found(place) == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda place: place.home.inbox.chmod(0o775), "Mangel: inbox/ ist für alle zugänglich"),
        (lambda place: place.home.sealed.chmod(0o755), "Mangel: sealed/ ist für andere zugänglich"),
        (lambda place: (place.home.raw / "zeilen").touch(0o644), "Hinweis: 1 Dateien oder Ordner in sealed/"),
        (lambda place: [key.chmod(0o644) for key in (place.home.root.parent / "config" / "sozialraum").iterdir()], "Mangel: "),
        (lambda place: place.ledger._db.executescript("drop trigger kette_bleibt; update kette set angaben = '{}'"), "Mangel: Kette: Eintrag 1"),
    ],
)  # fmt: skip
def test_each_fault_is_told(place: Workplace, fault: Callable[[Workplace], object], said: str) -> None:
    fault(place)
    [told] = found(place)
    assert told.startswith(said)


def test_a_run_at_work_is_told(place: Workplace) -> None:
    with place.home.lock.open("a+", encoding="utf-8") as lock:
        lock.write("Prozess 1")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert found(place) == ["Hinweis: Ein Lauf ist an der Arbeit (Prozess 1)."]
