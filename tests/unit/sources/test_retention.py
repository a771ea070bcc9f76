"""Retention on a clock that we move: originals and raw rows of persons go when their time is over, and the chain says so."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta

import pytest
import yaml
from tests.unit.sources.town import ADDRESSES, AREA_FILES, NOW, REGISTER_HEADER, REGISTER_ROWS, Door

from orchestration import verify
from orchestration.doctor import encryption
from orchestration.resources import Workplace
from sources import retention
from sources.model import Aufbewahrung
from warehouse import frozen, publish, vault
from warehouse.connect import connect


@pytest.fixture
def register(door: Door) -> Door:
    door.declare_register()
    path = door.declarations / "melderegister_bestand.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8")) | {"aufbewahrung": {"originale_tage": 30, "rohdaten_tage": 365}}
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    door.deliver(AREA_FILES | {"adressen/adressen_20231231.csv": ADDRESSES, "melderegister_bestand/bestand_20231231.csv": REGISTER_HEADER + REGISTER_ROWS})
    door.accept(move=True)
    return door


def after(door: Door, days: int) -> tuple[int, int, int]:
    """(things deleted, originals left, raw files left) that many days after receipt."""
    went = retention.enforce(door.city.quelle("melderegister_bestand"), door.home, door.ledger, NOW + timedelta(days=days))
    raw = [p for p in (door.home.raw / "melderegister_bestand").glob("delivery=melde*/*") if p.is_file()]
    return len(went), len(list(door.home.sealed_archive.rglob(f"*{vault.SUFFIX}"))), len(raw)


def place(door: Door) -> Workplace:
    return Workplace(door.city, door.home, door.settings)


def release(door: Door) -> None:
    """A release that froze the counts of everything that is in; of which models does not matter here."""
    with connect(door.home.warehouse_db) as db:
        db.execute("create table person as select 1 as person_key, 'x' as lieferung_id")
    frozen.freeze(door.home, door.ledger, "0001-x", {}, [row for row in door.ledger.deliveries() if row["aktiv"]], NOW.isoformat())
    door.ledger.record_release(release_id="0001-x", nummer=1, erstellt=NOW.isoformat(), ausgabe=None, eingaben={"lieferungen": {}}, zielgruppen=[])


def test_rows_wait_until_their_counts_are_frozen(register: Door) -> None:
    assert after(register, 365) == (1, 0, 1)
    release(register)
    assert after(register, 365) == (1, 0, 0)
    # With the rows goes the database that was made from them: it keeps deleted rows.
    assert not register.home.warehouse_db.exists()


def test_originals_never_outlive_the_rows(register: Door) -> None:
    with pytest.raises(ValueError, match="Originale dürfen die Rohdaten nicht überleben"):
        Aufbewahrung(originale_tage=31, rohdaten_tage=30)


def test_verify_finds_persons_that_should_be_gone(register: Door) -> None:
    release(register)
    rows = next((register.home.raw / "melderegister_bestand").glob("delivery=melde*"))
    name = rows.name.removeprefix("delivery=")
    shutil.copytree(rows, register.home.root / "kopie")
    after(register, 365)
    assert list(verify.findings(place(register))) == []
    shutil.copytree(register.home.root / "kopie", rows)
    assert [f"sealed/raw/melderegister_bestand/delivery={name} ist noch da" in f for f in verify.findings(place(register))] == [True]
    shutil.rmtree(rows)
    with connect(register.home.warehouse_db) as db:
        db.execute(f"create table person as select 1 as person_key, '{name}' as lieferung_id")
    assert ["das Warehouse hält noch Personen in person" in f for f in verify.findings(place(register))] == [True]


def test_time_passes(register: Door) -> None:
    release(register)
    assert after(register, 29) == (0, 1, 1)
    assert after(register, 30) == (1, 0, 1)
    assert after(register, 31) == (0, 0, 1)
    assert after(register, 365) == (1, 0, 0)
    evidence = [json.loads(row["angaben"]) for row in register.ledger.chain() if row["ereignis"] == "geloescht"]
    assert [(e["art"], e["regel"], e["dateien"]) for e in evidence] == [("originale", "30 Tage nach Eingang", 2), ("rohdaten", "365 Tage nach Eingang", 1)]
    assert list(verify.findings(place(register))) == []


def test_sources_without_persons_keep_everything(register: Door) -> None:
    assert retention.enforce(register.city.quelle("gebiete"), register.home, register.ledger, NOW + timedelta(days=10_000)) == []


def test_verify_finds_every_tampering(register: Door) -> None:
    work = place(register)
    assert list(verify.findings(work)) == []
    original = next(p for p in register.home.archive.rglob("*.csv"))
    content = original.read_bytes()
    original.write_bytes(content + b"x")
    assert ["im Archiv ist nicht, was angenommen wurde" in f for f in verify.findings(work)] == [True]
    original.write_bytes(content)
    sealed = next(register.home.sealed_archive.rglob(f"*{vault.SUFFIX}"))
    sealed.write_bytes(sealed.read_bytes()[:-1])
    assert ["verändert oder abgeschnitten" in f for f in verify.findings(work)] == [True]
    sealed.unlink()
    assert ["fehlt im Archiv" in f for f in verify.findings(work)] == [True]
    register.ledger._db.execute("update lieferung set sha256 = 'x' where quelle_id = 'adressen'")
    assert any("das Verzeichnis sagt etwas anderes als die Kette" in f for f in verify.findings(work))


def test_chain_only_grows(register: Door) -> None:
    db = register.ledger._db
    for attempt in ("update kette set wer = 'x'", "delete from kette where nummer = 1"):
        with pytest.raises(Exception, match="nur fortgeschrieben"):
            db.execute(attempt)
    # Who can change the file can drop the trigger; the hashes still tell.
    db.execute("drop trigger kette_bleibt")
    db.execute("update kette set angaben = replace(angaben, 'angenommen', 'abgelehnt') where nummer = 2")
    assert list(verify.broken_links(register.ledger.chain()))[0].startswith("Kette: Eintrag 2")
    db.execute("drop trigger kette_waechst")
    db.execute("delete from kette where nummer = 2")
    assert list(verify.broken_links(register.ledger.chain())) == ["Kette: nach Nummer 1 folgt 3, Einträge fehlen."]


def test_doctor_tells_encrypted_from_plain(register: Door, tmp_path) -> None:  # type: ignore[no-untyped-def]
    def mount(kind: str, device: str) -> str:
        return f"22 1 8:1 / {tmp_path} rw - {kind} {device} rw\n21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"

    blocks = tmp_path / "block"
    (blocks / "dm-0" / "dm").mkdir(parents=True)
    (blocks / "dm-0" / "dm" / "uuid").write_text("CRYPT-LUKS2-0123-luks")
    (blocks / "dm-1" / "slaves" / "dm-0").mkdir(parents=True)
    states = [encryption(register.home.sealed, mount(kind, device), blocks)[0] for kind, device in
              (("ext4", "/dev/dm-0"), ("ext4", "/dev/dm-1"), ("ext4", "/dev/sdb1"), ("ecryptfs", "/home/.ecryptfs"), ("overlay", "overlay"))]  # fmt: skip
    assert states == ["gut", "gut", "Mangel", "gut", "Hinweis"]


def test_verify_finds_what_the_ledger_does_not_know(register: Door) -> None:
    """Tampering with the ledger alone: dates, verdicts, approvals, entries that are cut off together with their part of the chain."""
    work, db = place(register), register.ledger._db
    draft = publish.begin(work.home, work.ledger, work.inputs(), None)
    (draft.folder / "exports").mkdir()
    (draft.folder / "exports" / "a.csv").write_text("1")
    with connect(draft.folder / "mart.duckdb") as mart:
        mart.execute("create table fct_kennzahl (lieferung_id varchar, wert double, status_id varchar, stichtag date, kennzahl_id varchar, gebietsstand varchar, ebene varchar, raumeinheit_id varchar); create table fct_quellenstand (lieferung_id varchar, quelle_id varchar, stichtag date, aktiv boolean, veroeffentlicht boolean)")
    released = publish.finish(draft, work.home, work.ledger, keep=5, now=NOW, facts={})
    assert list(verify.findings(work)) == []

    def changed(statement: str, back: str) -> list[str]:
        db.executescript(statement)
        found = list(verify.findings(work))
        db.executescript(back)
        assert list(verify.findings(work)) == []
        return found

    for column, value in (("stichtag", "2011-01-01"), ("eingang", "2011-01-01T00:00:00+00:00"), ("gebietsstand", "x"), ("meldung", "x"), ("pruefungen", "{}")):
        db.execute(f"create temp table vorher as select lieferung_id, {column} as war from lieferung")
        found = changed(f"update lieferung set {column} = '{value}' where quelle_id = 'adressen'", f"update lieferung set {column} = (select war from vorher where vorher.lieferung_id = lieferung.lieferung_id); drop table vorher")
        assert [("sagt etwas anderes als die Kette" in text) for text in found] == [True], column
    found = changed(
        f"insert into freigabe values (1, '{released.name}', 'oeffentlich', '2025-01-01', 'niemand', 'keine', 0, '2025-01-01')", "delete from freigabe"
    )
    assert ["steht im Verzeichnis, aber nicht in der Kette" in text for text in found] == [True]
    content = (released / "mart.duckdb").read_bytes()
    (released / "mart.duckdb").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert ["mart.duckdb wurde verändert" in text for text in verify.findings(work)] == [True]
    (released / "mart.duckdb").write_bytes(content)
    # Whoever cuts the end off the chain must take the ledger's rows as well; the files still tell.
    db.executescript("drop trigger kette_waechst; delete from kette where nummer = (select max(nummer) from kette); delete from release")
    assert [text for text in verify.findings(work)] == [f"Veröffentlichung {released.name}: liegt da, steht aber nicht im Verzeichnis."]
    db.executescript("delete from kette; delete from lieferung")
    assert {text.split(":")[0] for text in verify.findings(work)} == {"Archiv", f"Veröffentlichung {released.name}"}
