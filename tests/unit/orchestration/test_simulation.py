"""The simulated town lives in a process of its own: what it tells, what it fails at, and what is left of it then."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import sources.demo
from orchestration import run
from orchestration.failures import PermanentFailure
from warehouse.paths import Home
from warehouse.settings import Settings


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    monkeypatch.setattr(run, "_dagster_ahead", lambda environment: None)
    home = Home(tmp_path)
    home.prepare("modellstadt")
    said: list[str] = []
    stadt = SimpleNamespace(stadt="modellstadt", simulation="register")
    return SimpleNamespace(home=home, inbox=home.inbox, city=SimpleNamespace(stadt=stadt), settings=Settings(), deliveries=None, echo=said.append, said=said)


def test_progress_deliveries_and_truth_come_back(place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    def simulate(target: Path, *, modus: str, truth: Path, progress: Callable[[str], None]) -> None:
        progress(f"{modus} in {'einem eigenen' if os.getpid() != own else 'demselben'} Prozess")
        for folder in (target, truth):
            folder.mkdir(parents=True)
            (folder / "SIMULIERT.txt").write_text("erfunden", encoding="utf-8")

    own = os.getpid()
    monkeypatch.setattr(sources.demo, "simulate", simulate)
    run._simulate(place)
    assert place.said[1:] == ["register in einem eigenen Prozess"]
    # The mark goes to the home as a whole, the truth where nobody else reads it.
    assert (place.home.root / "SIMULIERT.txt").is_file() and list(place.inbox.iterdir()) == []
    assert (place.home.sealed / "wahrheit" / "SIMULIERT.txt").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("failure", "expected", "text"),
    [(lambda: (_ for _ in ()).throw(OSError(28, "kein Platz")), OSError, "kein Platz"), (lambda: os.kill(os.getpid(), signal.SIGKILL), PermanentFailure, "von außen beendet")],
    ids=["fails", "is killed"],
)
def test_what_it_fails_at_is_told_and_nothing_comes_in(place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, failure: Callable, expected: type, text: str) -> None:
    def simulate(target: Path, **_: object) -> None:
        target.mkdir()
        (target / "halb.csv").touch()
        failure()

    monkeypatch.setattr(sources.demo, "simulate", simulate)
    with pytest.raises(expected, match=text):
        run._simulate(place)
    assert list(place.inbox.iterdir()) == []
