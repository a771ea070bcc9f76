"""Every way in which a delivery of three rows can be wrong has its own sentence: file, row or column, rule, remedy."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest
from tests.unit.sources.town import AREA_FILES, COUNTS, GOOD_COUNTS, NOW, Door

from sources.wording import os_reason

FILE = "zahlen 31.12.2023: zahlen/zahlen_2023.csv"
NEW = "bitte in der Quelle berichtigen und neu liefern."
Walk = Callable[[str | bytes], str | None]


def test_good_delivery_passes(counts: Walk, door: Door) -> None:
    assert counts(GOOD_COUNTS) is None
    # 12,5 % and 0,1 % with factor 0.01; empty stays unknown.
    assert door.raw("testzahlen", "raumeinheit_id, art, anzahl, anteil, tag::varchar, kode, zeile, datei") == [
        ("01", "a", 5, 0.125, "2023-12-31", None, 2, "zahlen/zahlen_2023.csv"),
        ("02", "b", 0, None, None, None, 3, "zahlen/zahlen_2023.csv"),
        ("03", None, 7, 0.001, "2023-02-01", None, 4, "zahlen/zahlen_2023.csv"),
    ]


@pytest.mark.parametrize(
    ("find", "put", "sentence"),
    [
        ("Anzahl;Anteil", "Zahl;Anteil", ", Kopfzeile: es fehlt die Spalte „Anzahl“, nicht vereinbart ist die Spalte „Zahl“; bitte die Spalten wie vereinbart"),
        ("Raum;Art", "Raum;Raum", ", Kopfzeile: es fehlt die Spalte „Art“, mehrfach vorhanden: „Raum“; bitte die Spalten wie vereinbart"),
        ("03;;7;0,1;01.02.2023;", "03;;7;0,1", ", Zeile 4: zu wenige Spalten; bitte die Datei neu ausgeben."),
        ("03;;7;0,1;01.02.2023;", "03;;7;0,1;01.02.2023;;;9", ", Zeile 4: zu viele Spalten; bitte die Datei neu ausgeben."),
        ("01;a;5", "01;a;5.5", f", Zeile 2, Spalte „Anzahl“: keine ganze Zahl; {NEW}"),
        ("01;a;5;12,5", "01;a;5;12.5", f", Zeile 2, Spalte „Anteil“: keine Zahl mit Dezimalzeichen „,“; {NEW}"),
        ("01;a;5;12,5", "01;a;5;nan", f", Zeile 2, Spalte „Anteil“: keine Zahl mit Dezimalzeichen „,“; {NEW}"),
        ("31.12.2023", "31.11.2023", f", Zeile 2, Spalte „Tag“: kein Datum der Form TT.MM.JJJJ; {NEW}"),
        ("02;b;0", "02;b;", f", Zeile 3, Spalte „Anzahl“: die Pflichtangabe fehlt; {NEW}"),
        ("02;b;0", "02;c;0", ", Zeile 3, Spalte „Art“ („c“): steht nicht in der Werteliste (a, b); bitte berichtigen oder die Werteliste in zahlen.yml ergänzen."),
        ("02;b;0", "02;b;101", f", Zeile 3, Spalte „Anzahl“ („101“): verlangt ist mindestens 0 und höchstens 100; {NEW}"),
        ("02;b;0;", "02;b;0;1", f", Zeile 3: ein Anteil steht bei Anzahl 0; {NEW}"),
        ("03;;7", "02;;7", ": es fehlen 1 Raumeinheiten der Ebene sozialraum (alt), etwa 03; bitte vollständig neu liefern."),
        ("03;;7", "04;;7", ": es fehlen 1 Raumeinheiten der Ebene sozialraum (alt), etwa 03; bitte vollständig neu liefern."),
        ("03;;7", "03;;7;;;\n04;;7", ", Zeile 5, Spalte „Raum“ („04“): kein Schlüssel der Gebietsliste; bitte Schlüssel und Gebietsstand der Lieferung prüfen."),
        ("03;;7", "03;;7;;;\n03;;7", f", Zeilen 4, 5: der Schlüssel (raumeinheit_id) kommt mehrfach vor; {NEW}"),
    ],
)
def test_sentence(counts: Walk, door: Door, find: str, put: str, sentence: str) -> None:
    door.declare("zahlen", COUNTS, gebietsstand={"*": "alt"})
    wrong = counts(GOOD_COUNTS.replace(find, put, 1))
    assert wrong is not None and wrong.startswith(f"{FILE}{sentence}"), wrong
    assert door.raw("testzahlen") == []


def test_whole_file_refusals(counts: Walk) -> None:
    assert counts(b"") == f"{FILE}: Die Datei ist leer oder hat keine Kopfzeile; bitte vollständig neu liefern."
    assert counts(GOOD_COUNTS.replace(";", ",")) == (
        f"{FILE}, Kopfzeile: nur eine Spalte gefunden, erwartet wird das Trennzeichen „;“; "
        "bitte die Spalten wie vereinbart liefern oder die Deklaration zahlen.yml anpassen."
    )
    only_header = GOOD_COUNTS.splitlines()[0] + "\n"
    assert "0 Zeilen liegen außerhalb der vereinbarten Zahl (ab 1, höchstens 10)" in (counts(only_header) or "")


def test_encoding_names_the_line(counts: Walk) -> None:
    # 0x80 is the euro sign of Windows-1252; ISO-8859-1 has nothing there.
    wrong = counts(GOOD_COUNTS.replace(";x", ";\x80").encode("latin-1"))
    assert wrong == f"{FILE}, Zeile 2: ein Zeichen passt nicht zur Kodierung ISO-8859-1; bitte die Datei neu ausgeben."


@pytest.mark.parametrize(("line", "content"), [(1, GOOD_COUNTS.replace("\n", "\r", 1)), (2, GOOD_COUNTS.replace("\n02", "\r02"))])
def test_mixed_line_ends_are_named(counts: Walk, line: int, content: str) -> None:
    assert counts(content) == (
        f"{FILE}, Zeile {line}: das Zeilenende ist ein anderes als in den übrigen Zeilen (CR statt LF); bitte mit einheitlichen Zeilenenden neu ausgeben."
    )


def test_column_names_are_shown_without_control_characters_and_not_all(counts: Walk) -> None:
    wrong = counts(GOOD_COUNTS.replace("Bemerkung\n", "\x1b[31mRot;" + ";".join(f"S{n}" for n in range(500)) + "\n", 1)) or ""
    assert "\x1b" not in wrong and "„?[31mRot“, „S0“" in wrong and "und 491 weitere" in wrong and len(wrong) < 1200


def test_reasons_of_the_operating_system_are_german() -> None:
    assert os_reason(NotADirectoryError(errno.ENOTDIR, "Not a directory")) == "wo ein Ordner sein muss, liegt eine Datei"
    assert os_reason(OSError(errno.EXDEV, "Invalid cross-device link")) == "das Betriebssystem meldet Fehler 18"
    assert os_reason(OSError("x")) == "das Betriebssystem meldet Fehler ohne Nummer"


def test_row_number_is_the_line_of_the_file(counts: Walk) -> None:
    # A line break inside a cell and a blank line move the third record from line 4 to line 6.
    shifted = GOOD_COUNTS.replace("x\n", '"x\ny"\n\n').replace("03;;7", "03;;x")
    assert (counts(shifted) or "").startswith(f"{FILE}, Zeile 6, Spalte „Anzahl“: keine ganze Zahl")


def test_windows_line_ends_and_padding_pass(counts: Walk, door: Door) -> None:
    assert counts(GOOD_COUNTS.replace("\n", "\r\n").replace("01;a", " 01 ;a ")) is None
    assert door.raw("testzahlen", "raumeinheit_id, art")[0] == ("01", "a")


def test_several_rows_and_rules_in_one_sentence(counts: Walk) -> None:
    wrong = counts(GOOD_COUNTS.replace(";5;", ";x;").replace(";0;", ";y;").replace("03;;7", "03;;z"))
    # All three counts are no numbers; that none is left is no second error.
    assert wrong == f"{FILE}, Zeilen 2, 3, 4, Spalte „Anzahl“: keine ganze Zahl; {NEW}"


def test_missing_and_doubled_files(door: Door) -> None:
    door.deliver({"gebiete/soz_2024.csv": AREA_FILES["gebiete/soz_2024.csv"]})
    assert [r.sentence for r in door.accept().refused] == [
        "gebiete 01.01.2024: Es fehlt die Datei „gebiete/blk_2024.csv“; bitte die Lieferung vollständig abgeben."
    ]
    door.deliver(AREA_FILES | {"kopie/gebiete/soz_2024.csv": AREA_FILES["gebiete/soz_2024.csv"]})
    assert [r.sentence for r in door.accept().refused] == [
        "gebiete 01.01.2024: „gebiete/soz_2024.csv“ liegt mehrfach vor; bitte nur eine Fassung liefern."
    ]


def test_what_has_to_come_first_is_named(door: Door) -> None:
    door.declare("zahlen", COUNTS)
    door.deliver({"zahlen/zahlen_2023.csv": GOOD_COUNTS})
    assert [r.sentence for r in door.accept().refused] == [
        "zahlen 31.12.2023: Zuerst wird gebiete gebraucht; sobald das da ist, wird diese Lieferung von selbst wieder geprüft."
    ]
    # As soon as the list is in, the same bytes are looked at again.
    door.deliver(AREA_FILES)
    report = door.accept()
    assert [d.quelle_id for d in report.accepted] == ["gebiete", "zahlen"] and not report.refused


def test_area_list_missing_is_said_as_such(door: Door) -> None:
    door.declare("zahlen", COUNTS, nach=[])
    door.deliver({"zahlen/zahlen_2023.csv": GOOD_COUNTS})
    assert [r.sentence for r in door.accept().refused] == [
        "zahlen 31.12.2023: Für die Ebene sozialraum im Gebietsstand neu liegt noch keine Gebietsliste vor; bitte zuerst die Raumgliederung liefern."
    ]


def test_file_name_without_a_date(door: Door) -> None:
    door.declare_register()
    door.deliver({"melderegister_bestand/bestand_20231331.csv": "x"})
    refusals = door.accept().refused
    assert [r.sentence for r in refusals] == [
        "melderegister_bestand/bestand_20231331.csv: Der Dateiname nennt kein gültiges Datum; bitte die Datei umbenennen."
    ]


def test_statistics_office(door: Door) -> None:
    from tests.unit.sources.town import CITY, REGISTER_HEADER, REGISTER_ROWS

    door.declare_register()
    door.declare("city", CITY, statistikstelle=False)
    door.deliver({"melderegister_bestand/bestand_20231231.csv": REGISTER_HEADER + REGISTER_ROWS})
    assert [r.sentence for r in door.accept().refused] == [
        "Melderegister, Bestand (simuliert): Einzelangaben dürfen für die Kommunalstatistik nur in einer von der Verwaltung abgeschotteten Statistikstelle "
        "verarbeitet werden (§ 16 Abs. 5 BStatG und Statistikrecht des Landes Nordrhein-Westfalen), Teststadt hat keine; bitte zusammengefasste Tabellen liefern."
    ]
    assert door.raw("melderegister_bestand") == []


def test_one_bad_delivery_does_not_stop_the_others(door: Door) -> None:
    door.declare("zahlen", COUNTS)
    door.deliver(AREA_FILES | {"zahlen/zahlen_2021.csv": GOOD_COUNTS.replace(";7;", ";8;"), "zahlen/zahlen_2022.csv": "Unfug", "zahlen/zahlen_2023.csv": GOOD_COUNTS})
    report = door.accept()
    assert [d.stichtag.year for d in report.accepted if d.quelle_id == "zahlen"] == [2021, 2023]
    assert [r.delivery.stichtag.year for r in report.refused if r.delivery] == [2022]
    assert door.ledger.deliveries("abgelehnt")[0]["eingang"] == NOW.isoformat()


def test_broken_rule_is_not_blamed_on_the_data(counts: Walk, door: Door) -> None:
    door.declare("zahlen", COUNTS, nach=["gebiete"])
    door.declare("zahlen", COUNTS.replace("anteil is null or anzahl > 0", "gibt_es_nicht > 0"))
    wrong = counts(GOOD_COUNTS)
    assert wrong is not None and wrong.startswith("zahlen 31.12.2023: unerwarteter Fehler (BinderException") and "Traceback" not in wrong
    # Not the supplier's fault: the delivery is taken as soon as the declaration is mended.
    door.declare("zahlen", COUNTS)
    assert [d.quelle_id for d in door.accept().accepted] == ["zahlen"]


def test_null_bytes_are_named(counts: Walk) -> None:
    """In a column that nobody reads they would take the rows of a whole sector of the disk with them."""
    wrong = counts(GOOD_COUNTS.replace(";x\n02", ";x\0\0\0\n02"))
    assert wrong == f"{FILE}, Zeile 2: dort stehen Nullbytes statt Text, die Datei ist beschädigt; bitte die Datei neu ausgeben."
