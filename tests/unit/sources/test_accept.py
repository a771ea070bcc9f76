"""Finding, fingerprinting, archiving, replacing: what the door does with files, whatever is in them."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from orchestration.report import _lying
from sources.accept import accept_source, path_pattern, pending, refused_still, rules_version, scan
from sources.find import lying
from sources.model import SHIPPED_CITIES, load_city, raw_tables
from tests.unit.sources.town import ADDRESSES, AREA_FILES, COUNTS, GOOD_COUNTS, NOW, REGISTER_HEADER, REGISTER_ROWS, Door


@pytest.fixture
def town(door: Door) -> Door:
    door.declare("zahlen", COUNTS)
    door.deliver(AREA_FILES | {"zahlen/zahlen_2023.csv": GOOD_COUNTS})
    return door


def state(door: Door, columns: str = "*") -> list[tuple[object, ...]]:
    return duckdb.execute(f"select {columns} from '{door.home.raw / '_quellenstand.parquet'}' order by lieferung_id, eingang").fetchall()


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_delivery_id_is_the_hash_of_names_and_bytes(town: Door) -> None:
    delivery = town.accept().accepted[-1]
    inner = hashlib.sha256(GOOD_COUNTS.encode("latin-1")).hexdigest()
    outer = hashlib.sha256(json.dumps([["zahlen/zahlen_2023.csv", inner]]).encode()).hexdigest()
    assert (delivery.sha256, delivery.lieferung_id, delivery.zeilen) == (outer, f"zahlen-2023-12-31-{outer[:12]}", 3)
    assert state(town, "quelle_id, stichtag::varchar, gebietsstand, eingang, sha256, zeilen, status, aktiv, simuliert")[-1] == (
        "zahlen", "2023-12-31", "neu", NOW.replace(tzinfo=None), outer, 3, "angenommen", True, False,
    )  # fmt: skip


def test_second_round_changes_nothing(town: Door) -> None:
    town.accept()
    before = snapshot(town.home.sealed)
    assert pending(town.city, town.ledger, town.deliveries) == []
    report = town.accept()
    assert (report.accepted, report.refused, [d.quelle_id for d in report.unchanged]) == ([], [], ["gebiete", "zahlen"])
    assert snapshot(town.home.sealed) == before


def test_known_files_are_not_read_again(town: Door) -> None:
    town.accept()
    file = town.deliveries / "zahlen/zahlen_2023.csv"
    status = file.stat()
    file.write_bytes(b"#" * status.st_size)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    # Same size and time: only reading could tell, and nobody reads.
    assert [d.quelle_id for d in town.accept().unchanged] == ["gebiete", "zahlen"]
    os.utime(file)
    assert [d.quelle_id for d in pending(town.city, town.ledger, town.deliveries)] == ["zahlen"]
    assert len(town.accept().refused) == 1


def test_touched_file_with_the_same_bytes_is_unchanged(town: Door) -> None:
    town.accept()
    os.utime(town.deliveries / "zahlen/zahlen_2023.csv")
    report = town.accept()
    assert (len(report.unchanged), report.accepted) == (2, [])


def test_newer_delivery_for_the_same_period_replaces_the_older(town: Door) -> None:
    first = town.accept().accepted[-1].lieferung_id
    town.deliver({"zahlen/zahlen_2023.csv": GOOD_COUNTS.replace("01;a;5", "01;a;6")})
    second = town.accept().accepted[-1].lieferung_id
    rows = {row[0]: row[1:] for row in state(town, "lieferung_id, status, aktiv") if str(row[0]).startswith("zahlen")}
    assert rows == {first: ("ersetzt", False), second: ("angenommen", True)}
    assert {row[0] for row in town.raw("testzahlen", "delivery")} == {first, second}


def test_refused_stays_refused_without_being_read(town: Door) -> None:
    town.deliver({"zahlen/zahlen_2023.csv": GOOD_COUNTS.replace("01;a;5", "01;z;5")})
    sentence = town.accept().refused[0].sentence
    assert pending(town.city, town.ledger, town.deliveries) == []
    again = town.accept()
    assert [r.sentence for r in again.refused] == [sentence] and "lesen" not in again.seconds
    # Other rules, another look.
    town.declare("zahlen", COUNTS.replace("werte: [a, b]", "werte: [a, b, z]"))
    assert [d.quelle_id for d in town.accept().accepted] == ["zahlen"]


def test_archive_holds_the_bytes_and_a_description(town: Door) -> None:
    delivery = town.accept().accepted[-1]
    folder = town.home.archive / "zahlen" / delivery.lieferung_id
    assert (folder / "zahlen/zahlen_2023.csv").read_bytes() == GOOD_COUNTS.encode("latin-1")
    described = json.loads((folder / "delivery.json").read_text())
    assert described["sha256"] == delivery.sha256 and described["zeilen"] == 3 and described["stichtag"] == "2023-12-31"
    # A folder of deliveries is not ours: what happens there later does not reach the archive.
    (town.deliveries / "zahlen/zahlen_2023.csv").write_text("x")
    assert (folder / "zahlen/zahlen_2023.csv").read_bytes() == GOOD_COUNTS.encode("latin-1")


def test_folder_is_left_alone_and_inbox_is_emptied(town: Door) -> None:
    town.deliver({"zahlen/zahlen_2022.csv": "Unfug", "notiz.txt": "x"})
    before = snapshot(town.deliveries)
    town.accept()
    assert snapshot(town.deliveries) == before
    # The same folder as inbox: accepted files go, refused and undeclared ones stay for their owner.
    town.accept(move=True)
    assert sorted(snapshot(town.deliveries)) == ["notiz.txt", "zahlen/zahlen_2022.csv"]
    assert list(refused_still(town.city, town.ledger, town.deliveries).values()) and (town.deliveries / "gebiete").is_dir()
    (town.deliveries / "zahlen/zahlen_2022.csv").write_text(GOOD_COUNTS)
    assert refused_still(town.city, town.ledger, town.deliveries) == {}


def test_a_table_of_another_number_is_no_slip(town: Door) -> None:
    """Many files alike are one sentence, and nobody is told to give the fourth table the name of the third."""
    town.declare("zahlen", COUNTS.replace("zahlen_{jahr}.csv", "zahlen-t3-{jahr}.csv"))
    town.deliver({f"zahlen/zahlen-t4-{year}.csv": "x" for year in (2021, 2022)} | {"zahlen/zahlem-t3-2022.csv": "x"})
    assert [sentence for sentence in lying(town.city, town.deliveries) if "zahle" in sentence and "zahlen_20" not in sentence] == [
        "zahlen/zahlem-t3-2022.csv: nicht deklariert, liegen gelassen; am nächsten kommt „zahlen/zahlen-t3-{jahr}.csv“ (Quelle zahlen): wenn sie das ist, bitte so benennen und im selben Format liefern.",
        "zahlen/zahlen-t4-202*.csv (2 Dateien): nicht deklariert, liegen gelassen; keine Quelle erwartet eine solche Datei, bitte umbenennen oder eine Quelle dafür deklarieren.",
    ]


def test_undeclared_unfinished_and_outside_files(town: Door, tmp_path: Path) -> None:
    (tmp_path / "fremd.csv").write_text(GOOD_COUNTS)
    town.deliver({"liesmich.txt": "x", "zahlen/Zahlen_2022.csv": "x", "zahlen/zahlen_2021.csv.part": "x", ".versteckt": "x"})
    (town.deliveries / "zahlen/zahlen_2020.csv").symlink_to(tmp_path / "fremd.csv")
    os.mkfifo(town.deliveries / "zahlen/zahlen_2019.csv")
    report = town.accept()
    # Names are case-sensitive; a pipe is no file.
    assert [p.name for p in report.undeclared] == ["liesmich.txt", "Zahlen_2022.csv", "zahlen_2019.csv"]
    assert [p.name for p in report.left] == ["zahlen_2020.csv", "zahlen_2021.csv.part"]
    assert [d.stichtag.year for d in report.accepted] == [2024, 2023]


def test_everything_that_lies_there_is_said_with_what_to_do(town: Door, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    town.deliver({"liesmich.txt": "x", "zahlen/zahlen_2022.xlsx": "x", "zahlen/zahlen_2021.csv.part": "x", ".versteckt/x.csv": "x", "zahlen/.zahlen_2018.csv": "x"})
    (town.deliveries / "zahlen/zahlen_2020.csv").symlink_to("/etc/passwd")
    (town.deliveries / "zahlen/zeile\num.csv").write_text("x")
    # As a run says it at its end, which goes source by source and came upon none of it.
    _lying(SimpleNamespace(city=town.city, inbox=town.deliveries), most=9)  # type: ignore[arg-type]
    assert capsys.readouterr().out.splitlines() == [
        "zahlen/zahlen_2020.csv: ein Verweis, der aus dem Ordner hinaus oder ins Leere führt, liegen gelassen; bitte die Datei selbst hineinlegen.",
        "zahlen/zahlen_2021.csv.part: dem Namen nach noch nicht fertig geschrieben (.part), liegen gelassen; wenn sie vollständig ist, bitte ohne diese Endung benennen.",
        "liesmich.txt: nicht deklariert, liegen gelassen; keine Quelle erwartet eine solche Datei, bitte umbenennen oder eine Quelle dafür deklarieren.",
        "zahlen/zahlen_2022.xlsx: nicht deklariert, liegen gelassen; am nächsten kommt „zahlen/zahlen_{jahr}.csv“ (Quelle zahlen): wenn sie das ist, bitte so benennen und im selben Format liefern.",
        "zahlen/zeile?um.csv: nicht deklariert, liegen gelassen; der Name enthält Steuerzeichen oder ist nicht lesbar, bitte umbenennen.",
        ".versteckt, zahlen/.zahlen_2018.csv: versteckt (der Name beginnt mit einem Punkt), liegen gelassen; Lieferungen bitte ohne den Punkt benennen.",
    ]


def test_file_that_grows_is_left(town: Door) -> None:
    found = scan(town.city, town.deliveries)
    file = found.files["zahlen"][0]
    with file.path.open("a") as growing:
        growing.write("04;a;1;;;\n")
    from sources.accept import Door as Round

    with Round(town.city, town.home, town.ledger, town.settings, town.deliveries, move=False, now=NOW) as late:
        late.found = found
        assert late.accept(town.city.quelle("gebiete")).accepted
        report = late.accept(town.city.quelle("zahlen"))
    assert (report.accepted, report.refused, report.left) == ([], [], [file.path])


def test_paths_match_below_any_folder() -> None:
    berlin = load_city(SHIPPED_CITIES / "berlin").quelle("einwohner")
    pattern = path_pattern(berlin, berlin.tabellen[0])
    name = "einwohner/berlin-lor-population-2015-01-csv/berlin-lor-population-2015-01-t1-districts.csv"
    for path in (name, f"inbox/einwohner/{name}"):
        match = pattern.fullmatch(path)
        assert match and match["_name"] == name and (match["jahr"], match["halbjahr"], match["ebene"]) == ("2015", "01", "districts")
    assert not pattern.fullmatch(name.replace("2015-01-t1", "2016-01-t1"))  # one year twice, not two years
    assert not pattern.fullmatch(name.replace("districts", "streets"))
    assert not pattern.fullmatch("x" + name)


def test_killed_between_rename_and_ledger(town: Door) -> None:
    report = town.accept()
    delivery = report.accepted[-1]
    expected = snapshot(town.home.raw)
    # As after SIGKILL before the ledger entry: folders are there, the entry is not; parts of a second one lie around.
    town.ledger._db.execute("delete from lieferung where quelle_id = 'zahlen'")
    parts = town.home.raw / ".neu-zahlen-2022-12-31-000000000000" / "testzahlen"
    parts.mkdir(parents=True)
    (town.home.raw / "testzahlen" / "delivery=zahlen-2022-12-31-000000000000").mkdir()
    (town.home.archive / "zahlen" / "zahlen-2022-12-31-000000000000").mkdir()
    again = town.accept()
    assert [d.lieferung_id for d in again.accepted] == [delivery.lieferung_id]
    assert snapshot(town.home.raw) == expected
    assert sorted(p.name for p in (town.home.raw / "testzahlen").iterdir()) == ["delivery=_leer", f"delivery={delivery.lieferung_id}"]
    assert not parts.parent.exists() and len(list((town.home.archive / "zahlen").iterdir())) == 1


def test_one_source_at_a_time(town: Door) -> None:
    def source(name: str) -> list[str]:
        report = accept_source(name, town.city, town.home, town.ledger, town.settings, town.deliveries, move=False, now=NOW)
        return [d.quelle_id for d in report.accepted]

    assert (source("gebiete"), source("zahlen"), source("zahlen")) == (["gebiete"], ["zahlen"], [])
    assert [row[0] for row in state(town, "quelle_id")] == ["gebiete", "zahlen"]


def test_every_raw_table_exists_with_its_types(town: Door) -> None:
    town.accept()
    cities = [load_city(p.parent) for p in SHIPPED_CITIES.glob("*/city.yml")]
    for table, columns in raw_tables([town.city, *cities]).items():
        described = duckdb.execute(f"describe select * from read_parquet('{town.home.raw / table / 'delivery=_leer' / 'leer.parquet'}', hive_partitioning = false)").fetchall()
        assert {row[0]: row[1] for row in described} == columns | {"zeile": "BIGINT", "datei": "VARCHAR"}
    assert duckdb.execute(f"select * from '{town.home.raw / '_gebietsstand.parquet'}' order by 1").fetchall()[1][3] is True
    assert duckdb.execute(f"select stadt, mindestzahl, ebenen, veroeffentlichungsebenen from '{town.home.raw / '_stadt.parquet'}'").fetchall() == [
        ("teststadt", 3, ["stadt", "sozialraum", "block"], ["stadt", "sozialraum"])
    ]


def test_checks_come_with_numbers(town: Door) -> None:
    report = town.accept()
    checks = {c.name: c for c in report.checks[report.accepted[-1].lieferung_id]}
    assert checks["testzahlen.anzahl.bereich"].zahlen == {"zeilen": 3, "verstoesse": 0}
    assert checks["testzahlen.zeilen"].zahlen == {"zeilen": 3, "minimum": 1, "maximum": 10}
    assert checks["testzahlen.raumeinheit_id.vollstaendig.sozialraum"].success
    stored = town.ledger.deliveries()[-1]["pruefungen"]
    assert len(stored["ergebnisse"]) == len(checks) and stored["regelwerk"] == rules_version(
        town.city, town.city.quelle("zahlen"), [report.accepted[0].lieferung_id]
    )


def extract(rows: int) -> str:
    template = REGISTER_ROWS.splitlines()[1]
    return REGISTER_HEADER + "".join(template.replace("1000000002", str(1_000_000_000 + i)).replace("Luedenscheidt", f"L{i % 997}") + "\n" for i in range(rows))


def test_rows_of_persons_change_places_in_steps_and_none_is_lost(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sources.write.SHUFFLED_AT_ONCE", 40_000)
    rows = 150_000  # more than one row group of DuckDB (122,880)
    door.declare_register()
    door.settings = door.settings.model_copy(update={"threads": 2})
    door.deliver(AREA_FILES | {"adressen/adressen_20231231.csv": ADDRESSES, "melderegister_bestand/bestand_20231231.csv": extract(rows)})
    assert not door.accept().refused
    files = sorted((door.home.raw / "melderegister_bestand").glob("delivery=melde*/*.parquet"))
    numbers = "select count(*), count(distinct person_key), count(distinct zeile), min(zeile), max(zeile) from read_parquet(?)"
    assert len(files) == 4 and duckdb.execute(numbers, [[str(file) for file in files]]).fetchall() == [(rows, rows, rows, 1, rows)]


def test_what_does_not_fit_into_memory_is_not_spilled(door: Door) -> None:
    door.declare_register()
    door.deliver(AREA_FILES | {"adressen/adressen_20231231.csv": ADDRESSES})
    door.accept()
    door.settings = door.settings.model_copy(update={"memory_limit": "24MB"})
    door.deliver({"melderegister_bestand/bestand_20231231.csv": extract(80_000)})
    report = door.accept()
    assert [r.sentence for r in report.refused] == [
        "melderegister_bestand 31.12.2023: Der Arbeitsspeicher reicht für diese Lieferung nicht; bitte memory_limit in sozialraum.yml erhöhen."
    ]
    assert [p for p in door.home.tmp.rglob("*") if p.is_file()] == []
    door.settings = door.settings.model_copy(update={"memory_limit": "1GB"})
    assert [d.zeilen for d in door.accept().accepted] == [80_000]
