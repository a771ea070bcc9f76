"""Whatever lies in the inbox: one German sentence, no traceback, bounded memory, and the next delivery is processed."""

from __future__ import annotations

import os
import random
import re
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pytest
from tests.unit.sources.town import AREA_FILES, COUNTS, GOOD_COUNTS, Door

from sources.find import at_rest, scan
from sources.formats import Unreadable, read_table
from sources.model import Format
from sources.read import Refused
from warehouse.paths import REPOSITORY

BAD = "zahlen/zahlen_2022.csv"
GOOD = {"zahlen/zahlen_2023.csv": GOOD_COUNTS}


@pytest.fixture
def town(door: Door) -> Door:
    door.declare("zahlen", COUNTS)
    door.deliver(AREA_FILES | GOOD)
    return door


@contextmanager
def memory_of(most: int) -> Iterator[None]:
    """What is done in it takes no more memory at any moment than this beyond what was taken before."""
    Path("/proc/self/clear_refs").write_text("5")
    before = memory_now("VmRSS")
    yield
    assert memory_now("VmHWM") - before < most


def memory_now(name: str) -> int:
    return next(int(line.split()[1]) << 10 for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))


def only_the_bad_one(door: Door) -> str:
    report = door.accept()
    assert [d.stichtag.year for d in report.accepted if d.quelle_id == "zahlen"] == [2023]
    assert len(report.refused) == 1
    sentence = report.refused[0].sentence
    assert "unerwarteter Fehler" not in sentence and "Traceback" not in sentence and "\n" not in sentence and sentence.endswith(".")
    return sentence


GENERATOR = random.Random(7)
CONTENTS = {
    "leer": b"",
    "nullen": bytes(100_000),
    "zufall": GENERATOR.randbytes(200_000),
    "utf8_kaputt": GOOD_COUNTS.encode("utf-8").replace(b";x", b";\xff\xfe\x80"),
    "nul_in_zelle": GOOD_COUNTS.encode("latin-1").replace(b"01;a", b"01\x00;a"),
    "lange_zeile": GOOD_COUNTS.encode("latin-1") + b"01;" + b"a" * 5_000_000,
    "lange_zelle": GOOD_COUNTS.encode("latin-1").replace(b";x", b";" + b"x" * 5_000_000).replace(b"01;a;5", b"01;a;q"),
    "lange_kopfzeile": b"a;" * 1_000_000,
    "anfuehrung_offen": GOOD_COUNTS.encode("latin-1").replace(b";x", b';"x'),
    "nur_umbrueche": b"\n" * 1_000_000,
    "viele_spalten": GOOD_COUNTS.encode("latin-1") + b";" * 1_000_000,
    "zip": b"PK\x03\x04" + bytes(1000),
    "html": b"<html><body>Anmeldung erforderlich</body></html>",
    "utf16": GOOD_COUNTS.encode("utf-16"),
    "formel": GOOD_COUNTS.encode("latin-1").replace(b"02;b", b"02;=cmd|' /C calc'!A0"),
    "abgeschnitten": GOOD_COUNTS.encode("latin-1")[: len(GOOD_COUNTS) // 2],
}


@pytest.mark.parametrize("name", CONTENTS)
def test_any_bytes(town: Door, name: str) -> None:
    town.deliver({BAD: CONTENTS[name]})
    only_the_bad_one(town)


def test_two_gigabytes_of_zeros_are_read_in_pieces(town: Door) -> None:
    path = town.deliveries / BAD
    with path.open("wb") as file:
        file.truncate(2 << 30)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    only_the_bad_one(town)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10 < 300 << 20


WORKBOOK = COUNTS.replace(".csv", ".xlsx").replace('format: {trennzeichen: ";", dezimal: ",", datum: "%d.%m.%Y", kodierung: iso-8859-1}', "format: {art: xlsx}")


@pytest.mark.parametrize("kind", ["bombe", "kein_zip", "kein_buch", "pfade"])
def test_workbooks_that_are_none(door: Door, kind: str) -> None:
    door.declare("zahlen", WORKBOOK)
    door.deliver(AREA_FILES)
    path = door.deliveries / "zahlen/zahlen_2022.xlsx"
    path.parent.mkdir(parents=True)
    if kind == "kein_zip":
        path.write_bytes(b"PK\x03\x04" + os.urandom(1000))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            if kind == "bombe":
                for part in range(6):
                    archive.writestr(f"xl/worksheets/sheet{part}.xml", bytes(100 << 20))
            elif kind == "pfade":
                archive.writestr("../../../../tmp/entkommen.txt", "x")
            else:
                archive.writestr("xl/workbook.xml", "<workbook>")
    report = door.accept()
    assert len(report.refused) == 1 and "unerwarteter" not in report.refused[0].sentence
    assert not Path("/tmp/entkommen.txt").exists()


def sheet_of(path: Path, rows: bytes) -> None:
    """A workbook whose only sheet holds these bytes between its first and its last tag."""
    book = openpyxl.Workbook()
    book.save(path.with_suffix(".leer"))
    with zipfile.ZipFile(path.with_suffix(".leer")) as empty, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in empty.infolist():
            content = empty.read(member)
            if member.filename == "xl/worksheets/sheet1.xml":
                before, after = re.split(rb"<sheetData\s*(?:/>|></sheetData>)", content)
                content = before + b"<sheetData>" + rows + b"</sheetData>" + after
            archive.writestr(member.filename, content)
    path.with_suffix(".leer").unlink()


@pytest.mark.parametrize(
    "rows",
    [b"<row>" + b"<c/>" * 20_000_000 + b"</row>", b"<row/>" * 20_000_000, b"<row>" + b"<c/>" * 16_000 + b"</row>" + b"<row><c><v>1</v></c></row>" * 900_000],
    ids=["zellen_ohne_platz", "zeilen", "breit_und_lang"],
)
def test_workbook_of_more_cells_than_a_table_has(tmp_path: Path, rows: bytes) -> None:
    path = tmp_path / "mappe.xlsx"
    sheet_of(path, rows)
    with memory_of(300 << 20), pytest.raises(Unreadable, match="Zellen oder nennt ihre Plätze nicht"):
        read_table(path, Format(art="xlsx"))


def test_cells_that_do_not_say_where_they_stand_are_read(tmp_path: Path) -> None:
    path = tmp_path / "mappe.xlsx"
    sheet_of(path, b'<row><c t="str"><v>a</v></c><c t="str"><v>b</v></c></row><row><c><v>1</v></c><c><v>2</v></c></row>')
    cells = read_table(path, Format(art="xlsx"))
    assert (cells.header, cells.rows) == (["a", "b"], [["1", "2"]])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "größer als 32 MB"),
        (b"a;b;c\n" + b";;\n" * 8_000_000, "mehr als 400000 Zeilen"),
        (b"a;b;c\n" + b"1;2;3\n" * 5_000_000, "mehr als 200000 Zeilen"),
        (b"a;b;c\n" + b";" * 30_000_000, "Zeile 2 ist zu lang"),
        (b";".join(b"s%d" % n for n in range(1000)) + b"\n" + (b"1;" * 1000 + b"\n") * 15_000, "mehr als 5000000 Zellen"),
    ],
    ids=["zwei_gb", "leere_zeilen", "volle_zeilen", "eine_zeile", "zellen"],
)
def test_cellwise_csv_of_more_than_a_table_has(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "x.csv"
    with path.open("wb") as file:
        file.truncate(2 << 30) if content is None else file.write(content)
    del content
    with memory_of(450 << 20), pytest.raises(Unreadable, match=says):
        read_table(path, Format(art="csv_zellen", trennzeichen=";"))


def test_names_and_nesting(town: Door, tmp_path: Path) -> None:
    folder = town.deliveries
    deep = folder
    for _ in range(200):
        deep = deep / "a"
    deep.mkdir(parents=True)
    (deep / "zahlen_2020.csv").write_text("x")
    for name in (b"zahlen/zahlen_20\xff.csv", b"zahlen/zeile\num.csv", "zahlen/\u202etxt.exe".encode(), b"x" * 250):
        (Path(os.fsdecode(bytes(folder) + b"/" + name))).write_bytes(b"x")
    (folder / "schleife").symlink_to(folder)
    (folder / "zahlen" / "zahlen_2019.csv").symlink_to("/etc/passwd")
    (folder / "zahlen" / "zahlen_2018.csv").symlink_to("nirgends")
    found = scan(town.city, folder)
    assert {p.name for p in found.left} == {"zahlen_2019.csv", "zahlen_2018.csv"}
    report = town.accept()
    assert [d.quelle_id for d in report.accepted] == ["gebiete", "zahlen"] and not report.refused


def test_file_somebody_still_writes_is_left(town: Door) -> None:
    path = town.deliveries / BAD
    writer = subprocess.Popen(
        [sys.executable, "-c", f"import time; f = open({str(path)!r}, 'wb'); f.write({GOOD_COUNTS[:40].encode('latin-1')!r}); f.flush(); print(flush=True); time.sleep(60)"],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert writer.stdout is not None
        writer.stdout.readline()
        report = town.accept(move=True)
        assert report.left == [path] and not report.refused and path.exists()
    finally:
        writer.kill()
        writer.wait()
    # Half a file at rest is a broken file, and said to be one.
    assert len(town.accept(move=True).refused) == 1


def test_file_at_rest_passes_and_one_open_for_writing_does_not(town: Door) -> None:
    file = scan(town.city, town.deliveries).files["zahlen"][0]
    at_rest(file)
    with file.path.open("ab"), pytest.raises(Refused, match="wird noch geschrieben"):
        at_rest(file)


#: Every declared format but the bulk CSV of ``test_any_bytes``, as its declaration names it.
FORMATS = {
    "xlsx": "{art: xlsx}",
    "csv_zellen": '{art: csv_zellen, trennzeichen: ";"}',
    "geo": "{art: geo, epsg: 25832}",
    "zip": "{art: zip, ebene: zahlen.csv}",
    "sav": "{art: sav}",
    "qdpx": "{art: qdpx}",
}
NO_FILES = ("leer", "nullen", "zufall", "html", "zip", "utf8_kaputt", "viele_spalten", "nur_umbrueche")


def other_format(door: Door, form: str) -> Path:
    form_of_counts = 'format: {trennzeichen: ";", dezimal: ",", datum: "%d.%m.%Y", kodierung: iso-8859-1}'
    assert form_of_counts in COUNTS
    door.declare("zahlen", COUNTS.replace(".csv", ".bin").replace(form_of_counts, f"format: {FORMATS[form]}"))
    door.deliver(AREA_FILES)
    return door.deliveries / "zahlen/zahlen_2022.bin"


@pytest.mark.parametrize("content", NO_FILES)
@pytest.mark.parametrize("form", FORMATS)
def test_wrong_content_of_every_format(door: Door, form: str, content: str) -> None:
    """The ending says one thing and the bytes another: a sentence for it, and the list of areas comes in all the same."""
    path = other_format(door, form)
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENTS[content])
    report = door.accept()
    assert [d.quelle_id for d in report.accepted] == ["gebiete"]
    (refusal,) = report.refused
    assert "unerwarteter" not in refusal.sentence and "\n" not in refusal.sentence and refusal.sentence.endswith(".")


def test_member_of_an_archive_that_would_fill_the_disk(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sources.read.UNPACKED_LIMIT", 1 << 20)
    path = other_format(door, "zip")
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zahlen.csv", bytes(2 << 20))
    (refusal,) = door.accept().refused
    assert "ausgepackt größer als" in refusal.sentence
    assert not any(door.home.tmp.iterdir())


@pytest.mark.parametrize("blocked", ["archive", "profiles"])
def test_folder_that_cannot_be_written_to(town: Door, blocked: str) -> None:
    """A file stands where a folder has to be made, which stops root as well. Said, nothing half is left, and mended it passes."""
    place = getattr(town.home, blocked) / "zahlen"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("im Weg")
    report = town.accept()
    assert [d.quelle_id for d in report.accepted] == ["gebiete"]
    (refusal,) = report.refused
    assert "Lesen oder Schreiben ist gescheitert (wo " in refusal.sentence and "bitte Rechte und freien Platz prüfen" in refusal.sentence
    assert not list(town.home.raw.glob(".neu-*")) and not list(town.home.archive.glob("zahlen/*"))
    place.unlink()
    assert [d.quelle_id for d in town.accept().accepted] == ["zahlen"]


def test_full_disk_is_said_and_the_next_delivery_is_processed(tmp_path: Path) -> None:
    """Files may not grow past 20 kB: the large delivery does not fit, the small one does; in a process of its own, because that cannot be undone."""
    code = """
import resource, signal, sys
from pathlib import Path
from tests.unit.sources.town import AREA_FILES, COUNTS, GOOD_COUNTS, Door
door = Door(Path(sys.argv[1]))
large = COUNTS.replace("zahlen/zahlen_", "gross/zahlen_").replace("[raumeinheit_id]", "[raumeinheit_id, anteil]").replace("maximum: 100}", "}").replace("zeilen_maximum: 10", "zeilen_maximum: 100000")
door.declare("gross", large, quelle="gross")
door.declare("zahlen", COUNTS)
rows = "".join(f"0{1 + i % 3};a;{1 + i * 104_729 % 999_983};{i * 7919 % 60_000},{i % 7};;\\n" for i in range(60_000))
door.deliver(AREA_FILES | {"gross/zahlen_2023.csv": "Raum;Art;Anzahl;Anteil;Tag;Bemerkung\\n" + rows, "zahlen/zahlen_2023.csv": GOOD_COUNTS})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
report = door.accept()
print([d.quelle_id for d in report.accepted], [r.sentence for r in report.refused], [p.name for p in door.home.raw.glob(".neu-*")], sep="|")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print([d.quelle_id for d in door.accept().accepted])
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path), "200000"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    accepted, refused, left = first.split("|")
    assert accepted == "['gebiete', 'zahlen']" and "bitte Rechte und freien Platz prüfen" in refused and left == "[]"
    assert second == "['gross']"
