"""Renamed and added columns: taken only where the declaration names them, else the delivery waits and is told the lines to add."""

from __future__ import annotations

import pytest
from tests.unit.sources.town import ADDRESSES, AREA_FILES, COUNTS, GOOD_COUNTS, REGISTER_HEADER, REGISTER_ROWS, Door


def refused(door: Door, content: str) -> str | None:
    door.deliver(AREA_FILES | {"zahlen/zahlen_2023.csv": content})
    return next((r.sentence for r in door.accept().refused), None)


@pytest.mark.parametrize(
    ("find", "put", "line"),
    [
        ("Anzahl;Anteil", "Anzahl_neu;Anteil", "„Anzahl_neu“ statt „Anzahl“? Dann bei ziel anzahl ergänzen: auch: [\"Anzahl_neu\"]"),
        ("Anzahl;Anteil", "Personen;Anteil", "„Personen“ statt „Anzahl“?"),
        (";Bemerkung\n", ";Quelle\n", "ergänzen: ignoriert: [\"Quelle\"]"),
        (";Bemerkung\n", ";Quelle\n", "- {name: \"Quelle\", ziel: quelle, darf_fehlen: true}"),
        (";Bemerkung\n", ";31.03. rot\n", "ziel: spalte_31_03_rot, darf_fehlen: true}"),
        (GOOD_COUNTS.splitlines()[0], GOOD_COUNTS.splitlines()[0].lower(), "„anzahl“ statt „Anzahl“? Dann bei ziel anzahl ergänzen: auch: [\"anzahl\"]"),
    ],
)
def test_message_holds_the_lines_to_add(door: Door, find: str, put: str, line: str) -> None:
    door.declare("zahlen", COUNTS)
    sentence = refused(door, GOOD_COUNTS.replace(find, put, 1))
    assert sentence is not None and line in sentence


def test_declared_alias_is_taken(door: Door) -> None:
    door.declare("zahlen", COUNTS)
    renamed = GOOD_COUNTS.replace("Anzahl;", "Personen;", 1)
    assert refused(door, renamed) is not None
    door.declare("zahlen", COUNTS.replace("ziel: anzahl,", "ziel: anzahl, auch: [Personen],"))
    assert [d.quelle_id for d in door.accept().accepted] == ["zahlen"]
    assert [row[0] for row in door.raw("testzahlen", "anzahl")] == [5, 0, 7]


def test_a_line_of_persons_is_not_quoted_as_header(door: Door) -> None:
    door.declare_register()
    door.deliver(AREA_FILES | {"adressen/adressen_20231231.csv": ADDRESSES, "melderegister_bestand/bestand_20231231.csv": REGISTER_ROWS})
    sentence = door.accept().refused[0].sentence
    assert "Erna" not in sentence and "Müller" not in sentence
    # With a header one can tell which names are names.
    door.deliver({"melderegister_bestand/bestand_20231231.csv": REGISTER_HEADER.replace("Geschlecht", "Sex") + REGISTER_ROWS})
    assert "auch: [\"Sex\"]" in door.accept().refused[0].sentence
