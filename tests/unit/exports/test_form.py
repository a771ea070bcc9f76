"""The form for the organisations: locked where it identifies, free where it asks, and readable by the door when filled."""

from __future__ import annotations

from pathlib import Path

import duckdb
import openpyxl
import pytest

from exports.formats import FORM_SHEET, feedback_form
from sources.model import SHIPPED_CITIES
from tests.unit.sources.town import AREA_FILES, Door

OFFERS = """create view zeilen as select * from (values
    ('sozialamt-beratung-1', 'Caritas', 'Beratung Mitte', 'Markt 1', null, 'Mo 9-12'),
    ('sozialamt-jugend-2', 'AWO', '=Jugendtreff', 'Markt 2', 30, null)) as t (ort_id, traeger, name, anschrift, plaetze, oeffnungszeiten)"""


@pytest.fixture
def form(tmp_path: Path) -> Path:
    with duckdb.connect() as db:
        db.execute(OFFERS)
        return feedback_form(db, tmp_path / "rueckmeldung_angebote.xlsx", {"stadt": "Teststadt", "release": "0001-x"})


def test_only_the_asked_columns_are_free(form: Path) -> None:
    sheet = openpyxl.load_workbook(form)[FORM_SHEET]
    assert sheet.protection.sheet
    free = {sheet.cell(1, cell.column).value for cell in sheet[2] if not cell.protection.locked}
    assert free == {"Gibt es (ja/nein)", "Name richtig", "Anschrift richtig", "Plätze richtig", "Öffnungszeiten richtig", "Anmerkung"}
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


def test_a_town_without_offers_gets_a_form_without_rows(tmp_path: Path) -> None:
    with duckdb.connect() as db:
        db.execute(OFFERS + " where false")
        form = feedback_form(db, tmp_path / "leer.xlsx", {"stadt": "Teststadt", "release": "0001-x"})
    assert openpyxl.load_workbook(form)[FORM_SHEET].max_row == 1


def test_a_filled_form_passes_the_door(form: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(form)
    sheet = book[FORM_SHEET]
    head = {cell.value: cell.column for cell in sheet[1]}
    # Ordered by organisation: AWO, then Caritas.
    sheet.cell(2, head["Gibt es (ja/nein)"]).value = "nein"
    sheet.cell(3, head["Plätze richtig"]).value = 24
    sheet.cell(3, head["Anmerkung"]).value = "Öffnet im Sommer später."
    door = Door(tmp_path / "tuer")
    text = (SHIPPED_CITIES / "hilden-simuliert" / "traeger_rueckmeldung.yml").read_text(encoding="utf-8")
    door.declare("traeger_rueckmeldung", text, nach=["gebiete"])
    door.deliver(AREA_FILES)
    target = door.deliveries / "traeger_rueckmeldung"
    target.mkdir(parents=True)
    book.save(target / "rueckmeldung_angebote_2024-02-01.xlsx")
    assert door.accept().refused == []
    assert sorted(door.raw("traeger_rueckmeldung", "ort_id, angebot, angebot_gibt_es, plaetze_richtig, anmerkung")) == [
        ("sozialamt-beratung-1", "Beratung Mitte", None, 24, "Öffnet im Sommer später."),
        ("sozialamt-jugend-2", "=Jugendtreff", "nein", None, None),
    ]
