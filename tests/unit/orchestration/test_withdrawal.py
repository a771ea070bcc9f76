"""A statement taken back: gone from the sealed zone and from every copy of every release, said in the chain, finished after a kill."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from orchestration import verify, withdrawal
from orchestration.failures import PermanentFailure
from orchestration.resources import Workplace
from sources.model import SHIPPED_CITIES, load_city
from warehouse import frozen, publish
from warehouse.connect import connect
from warehouse.settings import Settings
from warehouse.paths import Home

NOW = datetime(2025, 1, 1, tzinfo=UTC)
DELIVERY, DAY = "interviews-2022-06-30-aaaaaaaaaaaa", "2022-06-30"
ROWS = "(values ('I1', '1', 'Weit weg.', 'ja', 'ja'), ('I1', '2', 'Zu laut.', 'ja', 'ja'), ('I1', '3', null, 'nein', 'nein')) t (dokument, segment, aussage, geprueft, freigegeben)"
MART = f"select dokument || ', Segment ' || segment as aussage_id, date '{DAY}' as stichtag, aussage, true as freigegeben from {ROWS} where aussage is not null"


@pytest.fixture
def place(tmp_path: Path, private_config: Path) -> Workplace:
    home = Home(tmp_path / "daten")
    home.prepare("hilden-simuliert")
    place = Workplace(load_city(SHIPPED_CITIES / "hilden-simuliert"), home, Settings(threads=1))
    place.ledger.record_delivery(
        lieferung_id=DELIVERY, quelle_id="interviews", stichtag=DAY, gebietsstand="hilden2020", eingang=NOW.isoformat(), sha256="x", zeilen=3, zeilen_quarantaene=0,
        status="angenommen", meldung=None, pruefungen={"stempel": "s"}, dateien=[], zeilen_gelesen=3, zeilen_entfallen=0,
    )  # fmt: skip
    raw = home.raw / withdrawal.TABLE / f"delivery={DELIVERY}"
    raw.mkdir(parents=True)
    original = home.sealed_archive / "interviews" / DELIVERY
    original.mkdir(parents=True)
    (original / "projekt.qdpx.aesgcm").write_bytes(b"verschluesselt")
    draft = publish.begin(home, place.ledger, {"lieferungen": {DELIVERY: "x"}}, None)
    with connect() as db:
        db.execute(f"copy (select * from {ROWS}) to '{raw}/0.parquet' (format parquet)")
        db.execute(f"attach '{home.warehouse_db}' as lager")
        db.execute(f"create schema lager.intermediate; create table lager.intermediate.{withdrawal.FROZEN} as select '{DELIVERY}' as lieferung_id, * from ({MART})")
        for audience in publish.AUDIENCES:
            folder = draft.audience_folders(home)[audience]
            # What waits has packages only where somebody wanted to see them.
            (folder / "exports" / "analyse" if audience != "oeffentlich" else folder).mkdir(parents=True, exist_ok=True)
            db.execute(f"attach '{folder}/mart.duckdb' as m; create table m.fct_aussage as {MART}; create table m.fct_kennzahl (lieferung_id varchar, wert double, status_id varchar, stichtag date, kennzahl_id varchar, gebietsstand varchar, ebene varchar, raumeinheit_id varchar)")
            db.execute("create table m.fct_quellenstand (quelle_id varchar, stichtag date, lieferung_id varchar, aktiv boolean, veroeffentlicht boolean); comment on table m.fct_aussage is 'Aussagen'; detach m")
            if audience == publish.AUTOMATIC:
                db.execute(f"copy ({MART}) to '{folder}/exports/analyse/fct_aussage.parquet' (format parquet)")
    frozen.freeze(home, place.ledger, draft.release_id, {withdrawal.FROZEN: ("intermediate", "freigegeben")}, place.ledger.deliveries(), NOW.isoformat())
    publish.finish(draft, home, place.ledger, keep=5, now=NOW, facts={"simuliert": True})
    return place


def texts(place: Workplace) -> dict[str, list[str]]:
    """Where the wording of which statement stands."""
    home = place.home
    files = {
        "roh": home.raw / withdrawal.TABLE / f"delivery={DELIVERY}" / "0.parquet",
        "zaehlungen": next((home.frozen / withdrawal.FROZEN).glob("*.parquet")),
    }
    with connect() as db:
        found = {name: [row[0] for row in db.execute(f"select aussage from read_parquet('{path}') where aussage is not null order by 1").fetchall()] for name, path in files.items()}
        for copy in withdrawal.copies(place):
            with connect(copy.folder / "mart.duckdb", read_only=True) as mart:
                found[copy.audience] = [row[0] for row in mart.execute("select aussage from fct_aussage order by 1").fetchall()]
    return found


def events(place: Workplace) -> list[str]:
    return [row["ereignis"] for row in place.ledger.chain()]


def test_it_leaves_every_place_and_nothing_else_does(place: Workplace) -> None:
    assert set(map(tuple, texts(place).values())) == {("Weit weg.", "Zu laut.")}
    rights = (place.home.current / "mart.duckdb").stat().st_mode
    statement, touched = withdrawal.withdraw(place, "I1, Segment 2", None, "Widerruf der Einwilligung")
    assert (statement.aussage_id, statement.stichtag) == ("I1, Segment 2", DAY)
    assert sorted(copy.audience for copy in touched) == ["oeffentlich", "traeger", "verwaltung"]
    assert texts(place) == {name: ["Weit weg."] for name in ("roh", "zaehlungen", "verwaltung", "traeger", "oeffentlich")}
    # Rows stay as many as came in; the database that held the wording is gone, and so is the original.
    with connect() as db:
        assert db.execute(f"select count(*), count(*) filter (freigegeben = 'ja') from read_parquet('{place.home.raw}/{withdrawal.TABLE}/delivery={DELIVERY}/0.parquet')").fetchall() == [(3, 1)]
    assert not place.home.warehouse_db.exists()
    # Who could read the release before still can; what is sealed is for its owner alone.
    assert (place.home.current / "mart.duckdb").stat().st_mode == rights
    assert (place.home.raw / withdrawal.TABLE / f"delivery={DELIVERY}" / "0.parquet").stat().st_mode & 0o077 == 0
    assert not (place.home.sealed_archive / "interviews" / DELIVERY).exists()
    assert events(place)[-6:] == [withdrawal.WITHDRAWN, frozen.DELETED, frozen.EVENT, *[withdrawal.REISSUED] * 3]
    assert [f for f in verify.findings(place) if "Original" not in f] == []


def test_the_release_says_so_and_keeps_its_descriptions(place: Workplace) -> None:
    """Here the package cannot be written again (its other marts are missing): then it is taken back as a whole, and that is said."""
    withdrawal.withdraw(place, "I1, Segment 2", None, "Widerruf der Einwilligung")
    described = json.loads((place.home.current / "release.json").read_text(encoding="utf-8"))
    assert described["widerrufe"] == [{"aussage_id": "I1, Segment 2", "stichtag": DAY, "pakete_zurueckgezogen": ["analyse"]}]
    assert described["dateien"] == {}
    assert not (place.home.current / "exports" / "analyse" / "fct_aussage.parquet").exists()
    with connect(place.home.current / "mart.duckdb", read_only=True) as mart:
        assert mart.execute("select comment from duckdb_tables() where table_name = 'fct_aussage'").fetchall() == [("Aussagen",)]
    # No byte of it is left in a rewritten database.
    assert b"Zu laut." not in (place.home.current / "mart.duckdb").read_bytes()


@pytest.mark.parametrize(("name", "day", "reason", "said"), [
    ("I1, Segment 9", None, "Widerruf der Einwilligung", "gibt es nicht"), ("I1, Segment 2", date(2020, 1, 1), "Widerruf der Einwilligung", "gibt es nicht"), ("I1, Segment 2", None, " ", "Der Anlass fehlt"),
])  # fmt: skip
def test_it_has_to_exist_and_to_have_a_reason(place: Workplace, name: str, day: date | None, reason: str, said: str) -> None:
    with pytest.raises(PermanentFailure, match=said):
        withdrawal.withdraw(place, name, day, reason)
    assert withdrawal.WITHDRAWN not in events(place)


def test_once_is_enough(place: Workplace) -> None:
    withdrawal.withdraw(place, "I1, Segment 2", None, "Widerruf der Einwilligung")
    with pytest.raises(PermanentFailure, match="schon widerrufen"):
        withdrawal.withdraw(place, "I1, Segment 2", date(2022, 6, 30), "Widerruf der Einwilligung")


def test_a_killed_withdrawal_is_found_and_finished(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(withdrawal, "_issue_again", killed)
        withdrawal.withdraw(place, "I1, Segment 2", None, "Widerruf der Einwilligung")
    assert sum("ist widerrufen, steht aber noch in der Veröffentlichung" in finding for finding in verify.findings(place)) == 3
    withdrawal.carry_out(place)
    assert texts(place)["verwaltung"] == ["Weit weg."]
    count = len(events(place))
    withdrawal.carry_out(place)
    assert len(events(place)) == count


def test_delivered_again_it_stays_away(place: Workplace) -> None:
    raw = place.home.raw / withdrawal.TABLE / f"delivery={DELIVERY}" / "0.parquet"
    shutil.copy(raw, raw.with_name("kopie"))
    withdrawal.withdraw(place, "I1, Segment 2", None, "Widerruf der Einwilligung")
    shutil.move(raw.with_name("kopie"), raw)
    assert any("steht aber noch in der Lieferung" in finding for finding in verify.findings(place))
    for statement in withdrawal.withdrawn(place):
        withdrawal.strip(place, statement)
    assert texts(place)["roh"] == ["Weit weg."]
