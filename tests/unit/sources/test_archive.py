"""Archives of CSV files (GTFS), texts that mean nothing, and a delimiter at the end of the header."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from sources.model import Format, Quelle, Tabelle
from sources.read import SourceFile, create_table, read_files
from warehouse.connect import connect

HEAD = {
    "quelle": "fahrplan", "name": "F", "herausgeber": "V", "lizenz": "CC0", "rechtsgrundlage": "veröffentlicht", "abschottung": False,
    "personenbezug": False, "rhythmus": "jaehrlich", "stichtag": {"datum": "2024-12-31"},
}  # fmt: skip


def read(path: Path, fmt: dict[str, Any], columns: list[dict[str, Any]], **more: Any) -> tuple[list[tuple[Any, ...]], dict[int, str]]:
    """Rows and refusals of one file."""
    table = {"tabelle": "t", "dateien": path.name, "format": fmt, "schluessel": [columns[0]["ziel"]], "spalten": columns} | more
    quelle = Quelle.model_validate(HEAD | {"tabellen": [table]})
    tabelle: Tabelle = quelle.tabellen[0]
    with connect() as db:
        create_table(db, "t", tabelle)
        _, refused = read_files(db, "t", quelle, tabelle, [SourceFile(path, path.name, 0, 0, ((0, ()),))], path.parent / "tmp")
        names = ", ".join(c["ziel"] for c in columns)
        return db.execute(f"select {names} from t order by rowid").fetchall(), refused


STOPS = [{"name": "stop_id", "ziel": "ort_nr", "klasse": "schluessel"}, {"name": "stop_lat", "ziel": "y", "typ": "dezimal", "klasse": "zahl"}]


def feed(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def test_one_member_of_an_archive(tmp_path: Path) -> None:
    path = feed(tmp_path / "g.zip", {"stops.txt": "\ufeffstop_id,stop_name,stop_lat\n007,Markt,51.5\n008,\"Am Bach, Ost\",\n", "trips.txt": "x\n"})
    rows, refused = read(path, {"art": "zip", "ebene": "stops.txt"}, STOPS, ignoriert=["*"])
    assert refused == {}
    assert rows == [("007", 51.5), ("008", None)]
    assert list((tmp_path / "tmp").iterdir()) == [], "nothing unpacked is left"


def test_archive_without_the_member(tmp_path: Path) -> None:
    _, refused = read(feed(tmp_path / "g.zip", {"trips.txt": "x\n"}), {"art": "zip", "ebene": "stops.txt"}, STOPS)
    assert refused == {0: "g.zip: im Archiv fehlt die Datei „stops.txt“; bitte vollständig neu ausgeben."}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half", b"stop_id,stop_lat\n1,2\n"])
def test_what_is_no_archive(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "g.zip").write_bytes(content)
    _, refused = read(tmp_path / "g.zip", {"art": "zip", "ebene": "stops.txt"}, STOPS)
    assert refused == {0: "g.zip: Die Datei ist kein lesbares ZIP-Archiv; bitte neu ausgeben."}


def test_an_archive_names_its_member() -> None:
    with pytest.raises(ValueError, match="art zip braucht ebene"):
        Format(art="zip")


@pytest.mark.parametrize("end", ["", ";"])
def test_directory_of_the_land(tmp_path: Path, end: str) -> None:
    """sep= first, a delimiter after the last name, rows with or without one, the text null for unknown."""
    path = tmp_path / "s.csv"
    path.write_text(f'sep=;\nNr;Rechts;\n"106525";"356438"{end}\n"100000";"null"{end}\n', encoding="utf-8")
    columns = [{"name": "Nr", "ziel": "ort_nr", "klasse": "schluessel"}, {"name": "Rechts", "ziel": "x", "typ": "dezimal", "klasse": "zahl"}]
    rows, refused = read(path, {"trennzeichen": ";", "vorspann": 1, "leer": ["null"]}, columns)
    assert refused == {}
    assert rows == [("106525", 356438.0), ("100000", None)]
