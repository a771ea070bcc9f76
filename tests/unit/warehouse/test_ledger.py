"""The ledger keeps what happened: newest delivery wins, a failed transaction leaves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite")


def enter(ledger: Ledger, number: str, received: str, status: str = "angenommen", stichtag: str = "2020-12-31") -> None:
    ledger.record_delivery(
        lieferung_id=f"einwohner-{stichtag}-{number}", quelle_id="einwohner", stichtag=stichtag, gebietsstand="lor2019", eingang=received, sha256=number,
        zeilen=3, zeilen_quarantaene=0, status=status, meldung=None, pruefungen={"regelwerk": "r"}, dateien=[{"datei": "a.csv", "sha256": "x"}], zeilen_gelesen=3, zeilen_entfallen=0,
    )  # fmt: skip


def test_newest_accepted_delivery_of_a_period_counts(ledger: Ledger) -> None:
    enter(ledger, "alt", "2021-01-01T00:00:00")
    enter(ledger, "neu", "2021-02-01T00:00:00")
    enter(ledger, "schlecht", "2021-03-01T00:00:00", status="abgelehnt")
    enter(ledger, "andere", "2021-01-01T00:00:00", stichtag="2021-12-31")
    assert {row["sha256"]: row["aktiv"] for row in ledger.deliveries()} == {"alt": False, "neu": True, "schlecht": False, "andere": True}
    assert [row["sha256"] for row in ledger.deliveries("abgelehnt")] == ["schlecht"]


def test_json_columns_come_back_as_they_went_in(ledger: Ledger) -> None:
    enter(ledger, "a", "2021-01-01T00:00:00")
    row = ledger.delivery("einwohner-2020-12-31-a")
    assert row is not None
    assert row["pruefungen"] == {"regelwerk": "r"}
    assert row["dateien"] == [{"datei": "a.csv", "sha256": "x"}]


def test_failed_transaction_leaves_nothing(ledger: Ledger) -> None:
    with pytest.raises(RuntimeError), ledger.transaction():
        enter(ledger, "a", "2021-01-01T00:00:00")
        raise RuntimeError
    assert ledger.deliveries() == []


def test_file_is_known_only_unchanged(ledger: Ledger) -> None:
    ledger.remember_file("a.csv", 10, 111, "abc")
    assert ledger.known_file("a.csv", 10, 111) == "abc"
    assert ledger.known_file("a.csv", 11, 111) is None
    assert ledger.known_file("a.csv", 10, 112) is None
