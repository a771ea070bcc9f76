"""Extracts of survey answers: refused with what would pass, recorded with purpose and people, never from a register."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from orchestration import microdata
from orchestration.approval import Discussion
from orchestration.failures import PermanentFailure
from orchestration.resources import Workplace
from sources.model import SHIPPED_CITIES, Mikrodaten, Quelle, available_cities, load_city
from warehouse.connect import connect
from warehouse.paths import Home
from warehouse.settings import Settings

SURVEY, REGISTER = "umfrage-2023-11-30-aaaaaaaaaaaa", "melderegister_bestand-2023-12-31-bbbbbbbbbbbb"
TALK = Discussion(date(2025, 1, 2), ("Statistikstelle", "Datenschutz"), "Zweck geprüft, keine Einwände.")
PURPOSE = "Einsamkeit nach Altersgruppen auswerten"
#: (persons, area, age group, sex, nationality): two areas of the same district; of the last kind there are only two.
KINDS = [(20, "0101", "18", "w", "deutsch"), (20, "0101", "30", "m", "deutsch"), (20, "0102", "18", "m", "deutsch"), (20, "0102", "30", "w", "deutsch"), (18, "0102", "65", "w", "deutsch"), (2, "0101", "65", "w", "nichtdeutsch")]


@pytest.fixture
def place(tmp_path: Path, private_config: Path) -> Workplace:
    home = Home(tmp_path / "daten")
    home.prepare("hilden-simuliert")
    place = Workplace(load_city(SHIPPED_CITIES / "hilden-simuliert"), home, Settings(threads=1, mikrodaten_zurueckgehalten=0))
    for name, quelle in ((SURVEY, "umfrage"), (REGISTER, "melderegister_bestand")):
        place.ledger.record_delivery(
            lieferung_id=name, quelle_id=quelle, stichtag=name[-23:-13], gebietsstand="hilden2020", eingang=datetime(2025, 1, 1, tzinfo=UTC).isoformat(), sha256="x", zeilen=1, zeilen_quarantaene=0,
            status="angenommen", meldung=None, pruefungen={}, dateien=[], zeilen_gelesen=1, zeilen_entfallen=0,
        )  # fmt: skip
    persons = [(f"p{n:03}", *kind[1:], str(1 + n % 3)) for n, kind in enumerate(k for k in KINDS for _ in range(k[0]))]
    answers = [(*person[:5], question, code if question == "q7" else "1", "true") for person in persons for question in ("q1", "q7") for code in [person[5]]]
    answers.append(("abgebrochen", "0101", "18", "w", "deutsch", "q1", "1", "false"))
    with connect() as db:
        db.execute("create table a (befragte varchar, raumeinheit_id varchar, altersgruppe varchar, geschlecht varchar, staatsangehoerigkeit varchar, frage varchar, code varchar, abgeschlossen varchar)")
        db.executemany("insert into a values (?, ?, ?, ?, ?, ?, ?, ?)", answers)
        for table, rows in (
            ("umfrage_antwort", "a"),
            ("umfrage_codebuch", "(values ('q1', 'Wie?', '1', 'gut', 'nein'), ('q7', 'Gesund?', '1', 'ja', 'nein'), ('q7', 'Gesund?', '3', 'weiß nicht', 'ja')) t (frage, fragetext, code, bedeutung, fehlend)"),
            ("raumeinheit", "(values ('0101', '01', 'hilden2020'), ('0102', '01', 'hilden2020')) t (raumeinheit_id, uebergeordnet_id, gebietsstand)"),
        ):
            folder = home.raw / table / f"delivery={SURVEY if table != 'raumeinheit' else 'raumgliederung'}"
            folder.mkdir(parents=True)
            db.execute(f"copy (from {rows}) to '{folder}/0.parquet' (format parquet)")
        db.execute(f"attach '{home.warehouse_db}' as lager; create schema lager.intermediate")
        db.execute(f"create table lager.intermediate.int_umfrage__gewicht as select distinct '{SURVEY}' as lieferung_id, befragte, case altersgruppe when '18' then 2::double else 3::double end as gewicht from a")
    return place


def read(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_refusal_names_what_fails_and_what_passes(place: Workplace) -> None:
    """The two foreigners of 65 are alone together; age or nationality does not matter once the other is left out, area and age coarser does."""
    with pytest.raises(PermanentFailure) as refused:
        microdata.extract(place, SURVEY, PURPOSE, TALK, {})
    text = str(refused.value)
    assert "2 von 100 Befragten (2,0 %)" in text and "kleinste Gruppe 2 statt 5, 0 eindeutig" in text
    assert "Zulässig wäre: --vergroebern" in text and "staatsangehoerigkeit=ohne" in text and "raum=stadtbereich" in text
    assert not place.home.microdata.exists()
    assert [row for row in place.ledger.chain() if row["ereignis"] == microdata.EVENT] == []


def test_what_is_proposed_passes(place: Workplace) -> None:
    done = microdata.extract(place, SURVEY, PURPOSE, TALK, {"raum": "stadtbereich", "staatsangehoerigkeit": "ohne"})
    assert (done.persons, done.withheld, done.assessment.k, done.assessment.unique) == (100, 0, 20, 0)
    rows = read(done.folder, "daten.csv")
    assert list(rows[0]) == ["nummer", "raum", "alter", "geschlecht", "gewicht", "q1", "q7"]
    assert {row["raum"] for row in rows} == {"01"}
    # Codes stay codes, also those that mean "don't know"; who broke off is not there.
    assert {row["q7"] for row in rows} == {"1", "2", "3"}
    assert [row["nummer"] for row in rows] == [str(n) for n in range(1, 101)]
    # 22 women of 65 weigh 3, 20 men of 18 weigh 2: one weight per group of persons alike.
    assert {(row["alter"], row["geschlecht"], row["gewicht"]) for row in rows} == {("18", "w", "2.0"), ("18", "m", "2.0"), ("30", "m", "3.0"), ("30", "w", "3.0"), ("65", "w", "3.0")}
    assert "p001" not in (done.folder / "daten.csv").read_text(encoding="utf-8")
    assert ("q7", "3", "ja") in {(row["variable"], row["code"], row["fehlend"]) for row in read(done.folder, "codebuch.csv")}
    assert done.folder.parent == place.home.microdata and done.folder.stat().st_mode & 0o077 == 0


def test_people_and_purpose_stand_in_the_chain(place: Workplace) -> None:
    done = microdata.extract(place, SURVEY, PURPOSE, TALK, {"raum": "stadtbereich", "staatsangehoerigkeit": "ohne"})
    [record] = [json.loads(row["angaben"]) for row in place.ledger.chain() if row["ereignis"] == microdata.EVENT]
    assert record["zweck"] == PURPOSE and record["rollen"] == ["Statistikstelle", "Datenschutz"] and record["stufen"]["raum"] == "stadtbereich"
    assert set(record["dateien"]) == {"daten.csv", "codebuch.csv", "pruefung.json", "LIESMICH.md"}
    assert PURPOSE in (done.folder / "LIESMICH.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("purpose", "talk", "said"), [("", TALK, "Der Zweck fehlt"), (PURPOSE, Discussion(TALK.day, ("Statistikstelle",), TALK.comments), "zwei verschiedene Rollen"), (PURPOSE, Discussion(None, TALK.roles, TALK.comments), "Das Datum")])
def test_nothing_without_purpose_and_discussion(place: Workplace, purpose: str, talk: Discussion, said: str) -> None:
    with pytest.raises(PermanentFailure, match=said):
        microdata.extract(place, SURVEY, purpose, talk, {"raum": "ohne", "staatsangehoerigkeit": "ohne"})


def test_some_may_be_left_out_where_the_setting_allows_it(place: Workplace) -> None:
    place.settings = Settings(threads=1, mikrodaten_zurueckgehalten=0.02)
    done = microdata.extract(place, SURVEY, PURPOSE, TALK, {})
    assert (done.persons, done.withheld, done.assessment.k) == (98, 2, 18)
    assert {row["staatsangehoerigkeit"] for row in read(done.folder, "daten.csv")} == {"deutsch"}


def test_two_extracts_count_together(place: Workplace) -> None:
    """Nationality in one and area in the other: equal answers would join them, so the second is refused for what both tell."""
    microdata.extract(place, SURVEY, PURPOSE, TALK, {"raum": "stadtbereich", "staatsangehoerigkeit": "ohne"})
    with pytest.raises(PermanentFailure, match="Frühere Auszüge derselben Befragung zählen mit"):
        microdata.extract(place, SURVEY, PURPOSE, TALK, {"raum": "ohne", "alter": "ohne"})


def test_registers_are_never_given_out(place: Workplace) -> None:
    with pytest.raises(PermanentFailure, match="nie aus Registern und Sozialdaten"):
        microdata.extract(place, REGISTER, PURPOSE, TALK, {})
    for folder in available_cities(SHIPPED_CITIES).values():
        for quelle in load_city(folder).quellen:
            if quelle.abschottung or any(tabelle.personal for tabelle in quelle.tabellen):
                declared = Mikrodaten(tabelle="x", codebuch="y", rechtsgrundlage="z", person="p", merkmale={}, sensibel=("q",))
                with pytest.raises(ValueError, match="nie aus Registern und Sozialdaten"):
                    Quelle.model_validate(quelle.model_dump() | {"mikrodaten": declared.model_dump()})


def test_after_deletion_there_are_only_counts(place: Workplace) -> None:
    import shutil

    shutil.rmtree(place.home.raw / "umfrage_antwort")
    with pytest.raises(PermanentFailure, match="nach Ablauf der Aufbewahrung gelöscht"):
        microdata.extract(place, SURVEY, PURPOSE, TALK, {})
