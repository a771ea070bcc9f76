"""What a cell probably should say: only where it can mean one thing, in the marks and from the level of its column."""

from __future__ import annotations

import pytest
from tests.unit.sources.town import ADDRESSES, AREA_FILES, COUNTS, Door, GOOD_COUNTS, NOW, REGISTER_HEADER, REGISTER_ROWS

from sources.validate import _number_suggestion


@pytest.mark.parametrize(
    ("text", "whole", "mark", "suggestion"),
    [
        ("5.5", True, ".", ""), ("12,5", True, ",", ""), ("NaN", False, ",", ""), ("12.5", False, ",", "12,5"), ("12,5", False, ".", "12.5"),
        ("1.234", True, ",", ""), ("12,0", True, ",", "12"), ("1 234", True, ",", "1234"), ("k. A.", True, ",", ""),
    ],
)  # fmt: skip
def test_number(text: str, whole: bool, mark: str, suggestion: str) -> None:
    assert _number_suggestion(text, whole=whole, mark=mark) == suggestion


@pytest.mark.parametrize(("find", "put", "suggestion"), [("02;b", "2;b", "„02“ (führende Nullen)"), ("12,5;", "12.5;", "12,5"), (";5;", ";5.5;", "")])
def test_suggestion_of_a_delivery(door: Door, find: str, put: str, suggestion: str) -> None:
    door.declare("zahlen", COUNTS.replace(", vollstaendig: true", ""))
    door.deliver(AREA_FILES | {"zahlen/zahlen_2023.csv": GOOD_COUNTS.replace(find, put, 1)})
    report = door.accept()
    findings = [f for found in report.findings.values() for f in found]
    assert [f.vorschlag for f in findings] == [suggestion]


@pytest.mark.parametrize("year", [2035, 3000])
def test_reference_date_in_the_future(door: Door, year: int) -> None:
    door.declare("zahlen", COUNTS)
    door.deliver(AREA_FILES | {f"zahlen/zahlen_{year}.csv": GOOD_COUNTS})
    assert [r.sentence for r in door.accept().refused] == [f"zahlen 31.12.{year}: zahlen/zahlen_{year}.csv: Der Stichtag liegt in der Zukunft (heute ist der {NOW:%d.%m.%Y}); bitte den Dateinamen prüfen."]
    door.declare("zahlen", COUNTS, ankuendigung=True)
    assert [d.quelle_id for d in door.accept().accepted] == ["zahlen"]


def test_endless_number_is_none(door: Door) -> None:
    door.declare("zahlen", COUNTS)
    door.deliver(AREA_FILES | {"zahlen/zahlen_2023.csv": GOOD_COUNTS.replace("12,5", "1e999")})
    assert "Zeile 2, Spalte „Anteil“" in door.accept().refused[0].sentence


def test_moved_in_after_the_reference_date(door: Door) -> None:
    door.declare_register()
    rows = REGISTER_ROWS.replace("01.05.2010;01.05.2009", "01.05.2024;01.05.2009", 1)
    door.deliver(AREA_FILES | {"adressen/adressen_20231231.csv": ADDRESSES, "melderegister_bestand/bestand_20231231.csv": REGISTER_HEADER + rows})
    assert "ein Einzug liegt nach dem Stichtag" in door.accept().refused[0].sentence
