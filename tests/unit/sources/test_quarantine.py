"""Single wrong rows wait in quarantine with their reason; corrections and newer deliveries let them in. Nothing is counted twice or lost."""

from __future__ import annotations

import html
from datetime import date
from pathlib import Path

import duckdb
import openpyxl
import pytest
from tests.unit.sources.town import ADDRESSES, AREA_FILES, COUNTS, GOOD_COUNTS, NOW, REGISTER_HEADER, REGISTER_ROWS, Door

from sources.accept import pending
from warehouse import vault

#: 40 persons; one of a hundred may wait, so no row may, and one of twenty lets two wait.
PERSONS = "".join(REGISTER_ROWS.splitlines()[1].replace("1000000002", f"2{i:09d}").replace("Luedenscheidt", f"L{i}") + "\n" for i in range(40))
BAD = PERSONS.replace("2000000007;Dr. Mueller L7;;Hugo;m", "2000000007;Dr. Mueller L7;;Hugo;männlich")
COUNT_ROWS = {"zahlen/zahlen_2023.csv": GOOD_COUNTS.replace("02;b;0", "02;c;0")}


def waiting(door: Door, table: str, columns: str) -> list[tuple[object, ...]]:
    files = door.home.quarantine / table / "delivery=*" / "*.parquet"
    return duckdb.execute(f"select {columns} from read_parquet('{files}', hive_partitioning = true) order by zeile").fetchall()


@pytest.fixture
def register(door: Door) -> Door:
    door.declare_register()
    _allow(door, 0.05)
    door.deliver(AREA_FILES | {"adressen/adressen_20231231.csv": ADDRESSES, "melderegister_bestand/bestand_20231231.csv": REGISTER_HEADER + BAD})
    return door


def _allow(door: Door, share: float, **more: object) -> None:
    import yaml

    path = door.declarations / "melderegister_bestand.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["tabellen"][0] |= {"quarantaene_anteil": share} | more
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def test_wrong_row_waits_and_the_others_come_in(register: Door) -> None:
    report = register.accept()
    assert not report.refused
    delivery = report.accepted[-1]
    assert (delivery.zeilen_gelesen, delivery.zeilen, delivery.zeilen_quarantaene, delivery.zeilen_entfallen) == (40, 39, 1, 0)
    assert len(register.raw("melderegister_bestand")) == 39
    # Row 9 of the file: one header line, the eighth person. Only minimised columns are kept, and why.
    assert waiting(register, "melderegister_bestand", "zeile, regeln, familienname_code is not null") == [(9, "melderegister_bestand.geschlecht.werte", True)]
    columns = {row[0] for row in duckdb.execute(f"describe select * from '{next(register.home.quarantine.rglob('*.parquet'))}'").fetchall()}
    assert "familienname" not in columns and "geburtsdatum" not in columns
    state = duckdb.execute(f"select zeilen, zeilen_quarantaene from '{register.home.raw / '_quellenstand.parquet'}' where quelle_id = 'melderegister_bestand'").fetchall()
    assert state == [(39, 1)]


def test_more_wrong_rows_than_may_wait_refuse_the_delivery(register: Door) -> None:
    register.deliver({"melderegister_bestand/bestand_20231231.csv": REGISTER_HEADER + BAD.replace("Hugo;m;", "Hugo;x;")})
    report = register.accept()
    assert "Zeilen 2, 3, 4 und 37 weitere, Spalte „Geschlecht“" in report.refused[0].sentence
    assert register.raw("melderegister_bestand") == [] and not list(register.home.quarantine.rglob("*.parquet"))


def test_counts_do_not_wait_unless_declared(door: Door) -> None:
    """A row with a count that is missing falsifies every sum; so the default for such tables is none."""
    door.declare("zahlen", COUNTS)
    door.deliver(AREA_FILES | COUNT_ROWS)
    assert len(door.accept().refused) == 1
    door.declare("zahlen", COUNTS.replace("zeilen_maximum: 10", "zeilen_maximum: 10\n    quarantaene_anteil: 0.4"))
    report = door.accept()
    assert [(d.zeilen, d.zeilen_quarantaene) for d in report.accepted] == [(2, 1)]
    finding = next(f for f in report.findings[report.accepted[0].lieferung_id] if f.grad == "quarantaene")
    assert (finding.zeile, finding.spalte, finding.befund, finding.vorschlag) == (3, "Art", "werte", "eines von a, b")


def test_correction_lets_the_row_in_by_itself(door: Door) -> None:
    share = COUNTS.replace("zeilen_maximum: 10", "zeilen_maximum: 10\n    quarantaene_anteil: 0.4")
    door.declare("zahlen", share)
    door.deliver(AREA_FILES | COUNT_ROWS)
    door.accept(move=True)
    assert pending(door.city, door.ledger, door.deliveries) == [] and not list(door.deliveries.rglob("*.csv"))
    door.correct("zahlen", "testzahlen", {"aktion": "setzen", "wenn": "zeile = 3", "erwartet": 1, "grund": "c heißt b", "werte": {"art": "b"}, "stichtage": [date(2023, 12, 31)]})
    # The inbox is empty: the bytes come from the archive.
    assert [d.quelle_id for d in pending(door.city, door.ledger, door.deliveries)] == ["zahlen"]
    report = door.accept(move=True)
    assert [(d.zeilen, d.zeilen_quarantaene) for d in report.accepted] == [(3, 0)]
    assert door.raw("testzahlen", "raumeinheit_id, art") == [("01", "a"), ("02", "b"), ("03", None)]
    assert not list(door.home.quarantine.rglob("*.parquet"))
    assert pending(door.city, door.ledger, door.deliveries) == []
    assert len([row for row in door.ledger.deliveries() if row["quelle_id"] == "zahlen"]) == 1


def test_correction_whose_guard_fails_keeps_what_is_in(door: Door) -> None:
    door.declare("zahlen", COUNTS)
    door.deliver(AREA_FILES | {"zahlen/zahlen_2023.csv": GOOD_COUNTS})
    door.accept()
    door.correct("zahlen", "testzahlen", {"aktion": "setzen", "wenn": "art = 'z'", "erwartet": 1, "grund": "z heißt b", "werte": {"art": "b"}})
    report = door.accept()
    assert not report.refused and len(door.raw("testzahlen")) == 3
    assert "trifft 0 statt 1 Zeilen" in report.findings[report.unchanged[-1].lieferung_id][0].text
    assert pending(door.city, door.ledger, door.deliveries) == []


def test_persons_reenter_from_the_encrypted_original(register: Door) -> None:
    register.accept(move=True)
    originals = list(register.home.sealed_archive.rglob(f"*{vault.SUFFIX}"))
    assert len(originals) == 1 and b"Mueller" not in originals[0].read_bytes() and originals[0].stat().st_mode & 0o077 == 0
    _allow(register, 0.05)
    register.correct("melderegister_bestand", "melderegister_bestand", {"aktion": "setzen", "wenn": "zeile = 9", "erwartet": 1, "grund": "ausgeschrieben", "werte": {"geschlecht": "m"}})
    report = register.accept(move=True)
    assert [(d.zeilen, d.zeilen_quarantaene) for d in report.accepted] == [(40, 0)]
    # Nothing waits any more: the next look lets the original go, with evidence.
    register.accept(move=True)
    assert not list(register.home.sealed_archive.rglob(f"*{vault.SUFFIX}"))
    assert [row["ereignis"] for row in register.ledger.chain()][-1] == "geloescht"


def test_newer_delivery_replaces_waiting_rows(register: Door) -> None:
    register.accept()
    register.deliver({"melderegister_bestand/bestand_20231231.csv": REGISTER_HEADER + PERSONS})
    assert [(d.zeilen, d.zeilen_quarantaene) for d in register.accept().accepted] == [(40, 0)]
    assert [row["aktiv"] for row in register.ledger.deliveries() if row["quelle_id"] == "melderegister_bestand"] == [False, True]


def test_rows_that_do_not_add_up_cannot_be_entered(register: Door) -> None:
    register.accept()
    row = register.ledger.deliveries()[-1]
    row.pop("aktiv")
    with pytest.raises(Exception, match="CHECK constraint"):
        register.ledger.record_delivery(**(row | {"zeilen": 38}))


def test_supplier_is_told_cell_and_remedy_without_persons(register: Door, tmp_path: Path) -> None:
    report = register.accept()
    folder = register.home.feedback / "melderegister_bestand" / report.accepted[-1].lieferung_id
    page = html.unescape((folder / "rueckmeldung.html").read_text(encoding="utf-8"))
    assert "1 von 40 Zeilen warten in Quarantäne" in page and "Zeile 9, Spalte „Geschlecht“" in page and "eines von m, w, d" in page
    book = openpyxl.load_workbook(folder / "rueckmeldung.xlsx")
    row = next(r for r in book["Befunde"].iter_rows(min_row=2, values_only=True))
    assert row[:4] == ("Zeile wartet in Quarantäne", "melderegister_bestand/bestand_20231231.csv", 9, "Geschlecht")
    everything = page + str([r for sheet in book for r in sheet.iter_rows(values_only=True)])
    assert not any(secret in everything for secret in ("Mueller", "männlich", "2000000007", "Hugo"))


def test_formula_of_a_supplier_stays_text(door: Door) -> None:
    door.declare("zahlen", COUNTS)
    door.deliver(AREA_FILES | {"zahlen/zahlen_2023.csv": GOOD_COUNTS.replace("02;b;0", "02;=1+1;0")})
    refused = door.accept().refused[0]
    assert refused.delivery is not None
    folder = door.home.feedback / "zahlen" / refused.delivery.lieferung_id
    book = openpyxl.load_workbook(folder / "rueckmeldung.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert any("=1+1" in str(c.value) for c in cells) and all(c.data_type != "f" for c in cells)
    assert "Nicht angenommen" in (folder / "rueckmeldung.html").read_text(encoding="utf-8") and NOW.strftime("%d.%m.%Y") in (folder / "rueckmeldung.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "rows", "said"),
    [(GOOD_COUNTS.replace("Anzahl;", "Zahl;", 1), 0, "es fehlt die Spalte „Anzahl“"), (GOOD_COUNTS.replace("02;b;0", "02;c;0"), 3, "steht nicht in der Werteliste")],
)
def test_report_of_a_refusal_lists_why(door: Door, content: str, rows: int, said: str) -> None:
    door.declare("zahlen", COUNTS)
    door.deliver(AREA_FILES | {"zahlen/zahlen_2023.csv": content})
    refused = door.accept().refused[0]
    assert refused.delivery is not None
    folder = door.home.feedback / "zahlen" / refused.delivery.lieferung_id
    page = html.unescape((folder / "rueckmeldung.html").read_text(encoding="utf-8"))
    assert "Keine Befunde" not in page and f"{rows} gelesen, 0 übernommen" in page
    listed = list(openpyxl.load_workbook(folder / "rueckmeldung.xlsx")["Befunde"].iter_rows(min_row=2, values_only=True))
    assert len(listed) == 1 and listed[0][1] == "zahlen/zahlen_2023.csv" and said in listed[0][4]
