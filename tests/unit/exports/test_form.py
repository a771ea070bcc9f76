"""The form for the organisations: locked where it identifies, free where it asks, and readable by the door when filled."""

from __future__ import annotations

from pathlib import Path

import duckdb
import openpyxl
import pytest

from exports.formats import FORM_SHEET, feedback_forms
from sources.model import SHIPPED_CITIES
from tests.unit.sources.town import AREA_FILES, Door

OFFERS = """create view zeilen as select * from (values
    ('sozialamt-beratung-1', 'Caritas', 'Beratung Mitte', 'Markt 1', null, 'Mo 9-12'),
    ('sozialamt-jugend-2', 'Der Paritätische', '=Jugendtreff', 'Markt 2', 30, null)) as t (ort_id, traeger, name, anschrift, plaetze, oeffnungszeiten)"""


@pytest.fixture
def forms(tmp_path: Path) -> list[Path]:
    with duckdb.connect() as db:
        db.execute(OFFERS)
        return feedback_forms(db, tmp_path, "rueckmeldung_angebote", {"stadt": "Teststadt", "release": "0001-x", "simuliert": "ja"})


def test_every_organisation_gets_its_own_and_reads_first_what_to_do(forms: list[Path]) -> None:
    assert [path.name for path in forms] == ["rueckmeldung_angebote_caritas.xlsx", "rueckmeldung_angebote_der-paritaetische.xlsx"]
    for path, own in zip(forms, ("Beratung Mitte", "=Jugendtreff"), strict=True):
        book = openpyxl.load_workbook(path)
        assert book.sheetnames == ["Hinweise", FORM_SHEET] and book.active.title == "Hinweise"
        text = " ".join(str(cell.value) for cell in book["Hinweise"]["A"])
        assert text.startswith("SIMULIERT") and f"{path.stem}_JJJJ-MM-TT.xlsx" in text
        assert [row[2] for row in book[FORM_SHEET].iter_rows(min_row=2, values_only=True)] == [own]


def test_only_the_asked_columns_are_free(forms: list[Path]) -> None:
    sheet = openpyxl.load_workbook(forms[0])[FORM_SHEET]
    assert sheet.protection.sheet
    free = {sheet.cell(1, cell.column).value for cell in sheet[2] if not cell.protection.locked}
    assert free == {"Gibt es (ja/nein)", "Name richtig", "Anschrift richtig", "Plätze richtig", "Öffnungszeiten richtig", "Anmerkung"}
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


def test_a_town_without_offers_gets_a_form_without_rows(tmp_path: Path) -> None:
    with duckdb.connect() as db:
        db.execute(OFFERS + " where false")
        (form,) = feedback_forms(db, tmp_path, "leer", {"stadt": "Teststadt", "release": "0001-x"})
    assert openpyxl.load_workbook(form)[FORM_SHEET].max_row == 1


def test_two_filled_forms_of_one_day_pass_the_door(forms: list[Path], tmp_path: Path) -> None:
    door = Door(tmp_path / "tuer")
    text = (SHIPPED_CITIES / "hilden-simuliert" / "traeger_rueckmeldung.yml").read_text(encoding="utf-8")
    door.declare("traeger_rueckmeldung", text, nach=["gebiete"])
    door.deliver(AREA_FILES)
    target = door.deliveries / "traeger_rueckmeldung"
    target.mkdir(parents=True)
    answers = ({"Plätze richtig": 24, "Anmerkung": "Öffnet im Sommer später."}, {"Gibt es (ja/nein)": "nein"})
    for form, answer in zip(forms, answers, strict=True):
        book = openpyxl.load_workbook(form)
        sheet = book[FORM_SHEET]
        head = {cell.value: cell.column for cell in sheet[1]}
        for column, value in answer.items():
            sheet.cell(2, head[column]).value = value
        book.save(target / f"{form.stem}_2024-02-01.xlsx")
    assert door.accept().refused == []
    assert sorted(door.raw("traeger_rueckmeldung", "ort_id, angebot, angebot_gibt_es, plaetze_richtig, anmerkung")) == [
        ("sozialamt-beratung-1", "Beratung Mitte", None, 24, "Öffnet im Sommer später."),
        ("sozialamt-jugend-2", "=Jugendtreff", "nein", None, None),
    ]
