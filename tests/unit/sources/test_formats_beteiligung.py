"""Readers of crosstabs, SPSS files and coding projects: codes stay codes, marks stay marks, transcripts stay outside."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from sources.demo.themen.beteiligung import qde
from sources.formats import Unreadable, read_table
from sources.model import Format

ROW = ["Interview 01", 1, "Interview", "0101", "Ältere", "Wohnen", "Wohnungen sind zu teuer.", "ja", "ja"]


def test_a_table_export_becomes_rows_and_ends_before_its_footer(tmp_path):
    path = tmp_path / "export.csv"
    path.write_bytes("Tabelle: 1\n;;Stichtag;Stichtag\n;;31.12.2021;31.12.2021\n;;Insgesamt;weiblich\nDG;Bund;3;2\n05;  Land;-;.\n__________\n\"Fuß;note\"\n".encode("latin-1"))
    cells = read_table(path, Format(art="csv_zellen", trennzeichen=";", kodierung="iso-8859-1", vorspann=1, kopfzeilen=3, ende="_____", bleiben=("Spalte 1",), weglassen=("Spalte 2",)))
    head = "Stichtag | 31.12.2021 | "
    assert cells.header == ["Spalte 1", "Merkmal", "Wert"]
    assert cells.rows == [["DG", head + "Insgesamt", "3"], ["DG", head + "weiblich", "2"], ["05", head + "Insgesamt", "-"], ["05", head + "weiblich", "."]]
    assert cells.lines == [5, 5, 6, 6]


def test_spss_codes_and_user_missing_stay_codes(tmp_path):
    path = tmp_path / "u.sav"
    frame = pd.DataFrame({"id": [1.0, 2.0, 3.0], "q1": [1.0, -9.0, None], "q9": ["a", "", "b"]})
    pyreadstat.write_sav(frame, path, column_labels=["Nr", "Wie?", "Was?"], variable_value_labels={"q1": {1: "gut", -9: "keine Angabe"}}, missing_ranges={"q1": [{"lo": -9, "hi": -8}]})
    assert read_table(path, Format(art="sav", bleiben=("id",), weglassen=("q9",))).rows == [["1", "q1", "1"], ["2", "q1", "-9"], ["3", "q1", None]]
    book = read_table(path, Format(art="sav", ebene="codebuch"))
    assert book.header == ["Variable", "Frage", "Code", "Bedeutung", "Fehlend"]
    assert sorted(row for row in book.rows if row[0] == "q1") == [["q1", "Wie?", "-9", "keine Angabe", "ja"], ["q1", "Wie?", "1", "gut", "nein"]]


def project(path: Path, content: str, **further: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("project.qde", content)
        for name, text in further.items():
            archive.writestr(name.replace("__", "/"), text)
    return path


def test_a_coding_project_gives_a_row_per_theme_with_its_marks(tmp_path):
    rows = [ROW, ["Interview 01", 2, "Interview", "0101", "Ältere", "Wege und Verkehr", "Der Bus fehlt.", "ja", "nein"]]
    cells = read_table(project(tmp_path / "p.qdpx", qde(rows)), Format(art="qdpx"))
    assert cells.header == ["Dokument", "Segment", "Art", "Sozialraum", "Gruppe", "Thema", "Aussage", "freigegeben", "geprüft"]
    assert cells.rows == [
        ["Interview 01", "1", "Interview", "0101", "Ältere", "Wohnen", "Wohnungen sind zu teuer.", "ja", "ja"],
        ["Interview 01", "2", "Interview", "0101", "Ältere", "Wege und Verkehr", "Der Bus fehlt.", "nein", "ja"],
    ]


def test_a_project_with_transcripts_stays_outside(tmp_path):
    with pytest.raises(Unreadable, match="Gesprächsprotokolle"):
        read_table(project(tmp_path / "a.qdpx", qde([ROW]), Sources__1="Ja also ich finde"), Format(art="qdpx"))
    inside = qde([ROW]).replace("<PlainTextSelection", "<PlainTextContent>Ja also ich finde</PlainTextContent><PlainTextSelection", 1)
    with pytest.raises(Unreadable, match="Gesprächsprotokolle"):
        read_table(project(tmp_path / "b.qdpx", inside), Format(art="qdpx"))


@pytest.mark.parametrize("content", ["<Project>", '<!DOCTYPE x [<!ENTITY a "b">]><Project>&a;</Project>'])
def test_broken_or_hostile_xml_is_one_sentence(tmp_path, content):
    with pytest.raises(Unreadable, match="kein REFI-QDA-Projekt"):
        read_table(project(tmp_path / "p.qdpx", content), Format(art="qdpx"))


@pytest.mark.parametrize("art", ["sav", "qdpx"])
def test_another_file_under_that_name_is_one_sentence(tmp_path, art):
    path = tmp_path / f"x.{art}"
    path.write_bytes(b"kein Inhalt dieser Art")
    with pytest.raises(Unreadable):
        read_table(path, Format(art=art))


INTERVIEWS = """
quelle: gespraeche
name: Gespräche
herausgeber: Teststadt
lizenz: nicht zur Weitergabe
rechtsgrundlage: Einwilligung.
abschottung: false
personenbezug: true
rhythmus: unregelmaessig
stichtag: {datum: "{jahr}-12-31"}
tabellen:
  - tabelle: interview_segment
    dateien: "gespraeche/segmente_{jahr}.csv"
    format: {art: csv_zellen, trennzeichen: ";"}
    schluessel: [dokument]
    quarantaene_anteil: 0
    spalten:
      - {name: Dokument, ziel: dokument, pflicht: true}
      - {name: Aussage, ziel: aussage, nur_wenn: "freigegeben = 'ja'"}
      - {name: freigegeben, ziel: freigegeben, pflicht: true, werte: [ja, nein]}
    regeln:
      - {name: kein_protokoll, bedingung: "length(aussage) <= 20", meldung: "die Aussage ist ein Protokoll"}
"""


def test_what_nobody_released_is_never_written_and_a_transcript_is_refused_without_quoting_it(door):
    door.declare("gespraeche", INTERVIEWS)
    door.deliver({"gespraeche/segmente_2023.csv": "Dokument;Aussage;freigegeben\na;Offen gesagt;ja\nb;Geheim gesagt;nein\n"}, encoding="utf-8")
    assert door.accept().refused == []
    assert door.raw("interview_segment", "dokument, aussage, freigegeben") == [("a", "Offen gesagt", "ja"), ("b", None, "nein")]
    assert [path.name for path in door.home.root.rglob("*") if path.is_file() and b"Geheim" in path.read_bytes()] == []

    door.deliver({"gespraeche/segmente_2022.csv": "Dokument;Aussage;freigegeben\na;Ja also ich finde, dass;ja\n"}, encoding="utf-8")
    (refusal,) = door.accept().refused
    assert "segmente_2022.csv, Zeile 2: die Aussage ist ein Protokoll" in refusal.sentence and "ich finde" not in refusal.sentence
