"""What is left of persons: codes that nobody can turn back or join across dates, and nothing else, anywhere."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest
from tests.unit.sources.town import MASTER_KEY, REGISTER_ROWS, Door

from sources import minimise
from sources.accept import AcceptReport
from sources.model import SHIPPED_CITIES, Tabelle

Walk = Callable[..., AcceptReport]
PERSONAL_VALUES = ["Lüdenscheid", "Luedenscheid", "Öztürk", "ztürk", "Meyer", "Erna", "Hugo", "Cem", "ruft oft", "1000000001", "1000000003", "29.02.2004", "2004-02-29"]


def test_codes_equal_python_hmac(register: Walk, door: Door) -> None:
    register({"20231231": REGISTER_ROWS})
    key = hmac.new(MASTER_KEY, b"stichtag 2023-12-31", hashlib.sha256).digest()

    def expected(kind: str, value: str) -> str:
        return hmac.new(key, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()[:32]

    codes = door.raw("melderegister_bestand", "person_key, ehegatte_key, familienname_code, familienname_phonetik_code, geburtsname_code")
    # Kölner Phonetik: mueller -> 657, luedenscheidt -> 52682; the couple agrees although written differently.
    names = (expected("name", "mueller luedenscheidt"), expected("phonetik", "657 52682"))
    assert (expected("person", "1000000001"), expected("person", "1000000002"), *names, expected("name", "meyer")) in codes
    assert (expected("person", "1000000002"), expected("person", "1000000001"), *names, None) in codes


def test_keys_differ_between_reference_dates(register: Walk, door: Door) -> None:
    report = register({"20221231": REGISTER_ROWS, "20231231": REGISTER_ROWS.replace("ruft oft an", "ruft selten an")})
    assert not report.refused, report.refused
    files = door.home.raw / "melderegister_bestand" / "delivery=*" / "*.parquet"
    for column in ("person_key", "ehegatte_key", "familienname_code", "familienname_phonetik_code", "geburtsname_code"):
        assert len(duckdb.execute(f"select distinct delivery from read_parquet('{files}', hive_partitioning = true) where {column} is not null").fetchall()) == 2
        shared = duckdb.execute(f"select count(distinct delivery) from read_parquet('{files}', hive_partitioning = true) group by {column} having {column} is not null").fetchall()
        assert shared and set(shared) == {(1,)}, column


def test_a_line_leads_neither_to_the_next_date_nor_to_the_file(register: Walk, door: Door) -> None:
    """A register is sorted alike every year: its order would join what the codes keep apart."""
    rows = "".join(f"1{number:09d};Öztürk;;Cem;m;00.00.1990;163;{number:03d};;;LD;;H;00100;99;;01.05.2010;01.05.2009;163;;;;;\n" for number in range(1, 301))
    report = register({"20221231": rows, "20231231": rows.replace("Cem", "Can", 1)})
    assert not report.refused, report.refused
    [(pairs, files, years)] = duckdb.execute(
        f"""with zeilen as (
                select delivery, zeile, staatsangehoerigkeit1 as person, row_number() over (partition by delivery order by file_row_number) as stelle
                from read_parquet('{door.home.raw / "melderegister_bestand" / "delivery=*" / "*.parquet"}', hive_partitioning = true, file_row_number = true)
                where delivery <> '_leer'
            )
            select count(*), corr(a.stelle, a.person::int), corr(a.stelle, b.stelle) from zeilen a join zeilen b on a.person = b.person and a.delivery < b.delivery
            having bool_and(a.zeile = a.stelle and b.zeile = b.stelle)"""
    ).fetchall()
    assert pairs == 300 and abs(files) < 0.25 and abs(years) < 0.25


def test_municipalities_shrink_or_become_codes(register: Walk, door: Door) -> None:
    register({"20231231": REGISTER_ROWS})
    key = hmac.new(MASTER_KEY, b"stichtag 2023-12-31", hashlib.sha256).digest()
    known = ("05", hmac.new(key, b"ort:05111000", hashlib.sha256).hexdigest()[:32])
    assert sorted(door.raw("melderegister_bestand", "geburtsort_schluessel, herkunft")) == [known, known, ("163", "163")]


@pytest.mark.parametrize(("place", "land"), [("05158016", "05"), ("5158016", "51"), ("051580016016", "05"), ("Hilden", "Hi"), ("163", "163"), ("000", "000")])
def test_no_municipality_stays_however_it_is_written(place: str, land: str) -> None:
    """The declared pattern may be missing; a state has three digits, and nothing longer stays."""
    tabelle = Tabelle.model_validate({"tabelle": "t", "dateien": "t.csv", "schluessel": ["o"], "spalten": [{"name": name, "ziel": name, "klasse": kind} for name, kind in (("o", "gemeinde"), ("h", "herkunft"))]})
    columns, _ = minimise.minimised(tabelle, date(2023, 12, 31))
    with duckdb.connect() as db:
        minimise.set_key(db, b"k")
        kept, code = db.execute(f"select {columns['o']}, {columns['h']} from (select $1 as o, $1 as h) r", [place]).fetchall()[0]
    assert kept == land and (code == place if len(place) <= 3 else len(code) == 32)


def test_a_list_without_persons_is_empty_and_no_error(register: Walk, door: Door) -> None:
    door.declare("melderegister_bestand", (SHIPPED_CITIES / "hilden-simuliert" / "melderegister_bestand.yml").read_text(encoding="utf-8").replace("    schluessel: [person", "    zeilen_minimum: 0\n    schluessel: [person").replace("[raumgliederung, adressen]", "[gebiete, adressen]"))
    report = register({"20231231": ""})
    assert [r.sentence for r in report.refused] == [] and door.raw("melderegister_bestand") == []


@pytest.mark.parametrize(
    ("born", "stichtag", "month", "age"),
    [
        ("15.06.2000", date(2020, 6, 14), "2000-06", 19),
        ("15.06.2000", date(2020, 6, 15), "2000-06", 20),
        ("29.02.2000", date(2021, 2, 28), "2000-02", 20),
        ("29.02.2000", date(2021, 3, 1), "2000-02", 21),
        ("29.02.2000", date(2024, 2, 28), "2000-02", 23),
        ("29.02.2000", date(2024, 2, 29), "2000-02", 24),
        ("31.12.2020", date(2020, 12, 31), "2020-12", 0),
        ("00.05.1990", date(2020, 5, 1), "1990-05", 30),  # day unknown: the 1st
        ("00.05.1990", date(2020, 4, 30), "1990-05", 29),
        ("00.00.1990", date(2020, 1, 1), "1990", 30),  # month unknown: January
        ("00.00.0000", date(2020, 1, 1), None, None),
    ],
)
def test_month_and_age(register: Walk, door: Door, born: str, stichtag: date, month: str | None, age: int | None) -> None:
    row = REGISTER_ROWS.splitlines()[2].replace("00.00.1990", born)
    report = register({f"{stichtag:%Y%m%d}": row + "\n"})
    assert not report.refused, report.refused
    assert door.raw("melderegister_bestand", 'geburtsmonat, "alter"') == [(month, age)]


def test_lock_hides_the_address_but_not_the_block(register: Walk, door: Door) -> None:
    report = register({"20231231": REGISTER_ROWS})
    assert set(door.raw("melderegister_bestand", "sperre, adresse_id, block_id")) == {("51", None, "0001"), ("", "00100-0001-", "0001"), ("", None, None)}
    checks = report.checks[report.accepted[-1].lieferung_id]
    assert next(c for c in checks if c.name.endswith(".adresse")).zahlen == {"zeilen": 3, "nicht_zuordenbar": 1, "mit_sperre": 1}


def test_address_counts_only_while_it_is_valid(register: Walk, door: Door) -> None:
    # Markt 3 existed until 2015.
    row = REGISTER_ROWS.splitlines()[1].replace(";1;;01.05", ";3;;01.05") + "\n"
    register({"20151231": row, "20161231": row.replace("VH", "LD")})
    assert door.raw("melderegister_bestand", "adresse_id, block_id, delivery[:26]") == [
        ("00100-0003-", "0002", "melderegister_bestand-2015"),
        (None, None, "melderegister_bestand-2016"),
    ]


def test_no_personal_value_is_left_anywhere(register: Walk, door: Door, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    # One good extract, and one for every way of stumbling over a row.
    extracts = {
        "20231231": REGISTER_ROWS,
        "20221231": REGISTER_ROWS.replace("00.00.1990", "77.77.1990"),
        "20211231": REGISTER_ROWS + "1000000003;Öztürk;\n",
        "20201231": REGISTER_ROWS.replace("Öztürk", '"Öztürk'),
        "20191231": REGISTER_ROWS.replace(";LD;", ";Cem;"),
        "20181231": REGISTER_ROWS * 2,
    }
    report = register(extracts)
    door.deliver({"melderegister_bestand/bestand_20171231.csv": REGISTER_ROWS})
    late = door.accept()
    assert len(report.accepted) == 3 and len(report.refused) == 5 and len(late.refused) == 6
    assert "melderegister_bestand 31.12.2017: melderegister_bestand/bestand_20171231.csv, Kopfzeile: es fehlen die Spalten" in " ".join(r.sentence for r in late.refused)
    told = " ".join(r.sentence for r in report.refused + late.refused) + caplog.text + "".join(capfd.readouterr())
    told += "".join(str(row) for row in door.ledger.deliveries()) + str(report.checks)
    kept = b"".join(path.read_bytes() for path in door.home.root.rglob("*") if path.is_file())
    for file in door.home.raw.rglob("*.parquet"):
        kept += str(duckdb.execute(f"select * from '{file}'").fetchall()).encode()
    for value in PERSONAL_VALUES:
        assert value not in told
        assert value.encode() not in kept and value.encode("latin-1") not in kept, value
    assert MASTER_KEY.hex().encode() not in kept


def test_originals_of_persons_are_not_kept(register: Walk, door: Door) -> None:
    report = register({"20231231": REGISTER_ROWS}, move=True)
    assert [d.quelle_id for d in report.accepted] == ["gebiete", "adressen", "melderegister_bestand"]
    assert sorted(p.parent.name for p in door.home.archive.glob("*/*")) == ["adressen", "gebiete"]
    assert [p for p in door.deliveries.rglob("*") if p.is_file()] == []
    entry = door.ledger.delivery(report.accepted[-1].lieferung_id)
    assert entry is not None and entry["zeilen"] == 3 and len(entry["sha256"]) == 64


def test_key_stays_out_of_sql_and_settings(tmp_path: Path) -> None:
    db = duckdb.connect()
    minimise.set_key(db, b"geheim" * 5)
    assert db.execute(f"select {minimise.code_sql('person', 'x')} from (values ('42')) t(x)").fetchall() == [(minimise.code(b"geheim" * 5, "person", "42"),)]
    assert b"geheim".hex() not in minimise.code_sql("person", "x")
    minimise.forget_key(db)
    assert db.execute("select getvariable('aussen')").fetchall() == [(None,)]


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("MÜLLER", "mueller"),
        ("Mu\u0308ller", "mueller"),  # decomposed
        ("Groß", "gross"),
        ("Prof. Dr. med. Weiß-Çelik", "weiss celik"),
        ("d'Árc", "darc"),
        ("von der Heydt", "von der heydt"),
        ("Dr", "dr"),  # a name that looks like a title stays
    ],
)
def test_normalised_names(name: str, normal: str) -> None:
    assert minimise.normalise(name) == normal


def test_secret_that_others_can_read_stops_the_register_only(register: Walk, door: Door) -> None:
    assert door.settings.schluesseldatei is not None
    door.settings.schluesseldatei.chmod(0o644)
    report = register({"20231231": REGISTER_ROWS})
    assert [d.quelle_id for d in report.accepted] == ["gebiete", "adressen"]
    assert [r.sentence for r in report.refused] == [
        "melderegister_bestand 31.12.2023: Die Schlüsseldatei schluessel ist für andere lesbar; bitte mit chmod 600 schützen."
    ]
    # Nothing was wrong with the delivery: it comes in once the file is protected.
    door.settings.schluesseldatei.chmod(0o600)
    assert [d.quelle_id for d in door.accept().accepted] == ["melderegister_bestand"]
