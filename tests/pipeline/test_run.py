"""The main job as a whole: what it publishes, that it repeats itself exactly, and that nothing disturbs readers."""

from __future__ import annotations

import json
import shutil
import signal
import time
from datetime import date
from pathlib import Path

import pytest

from exports.contract import load_contracts
from sources.demo import simulate
from sources.model import SHIPPED_CITIES
from tests.pipeline.conftest import LONG, Town


def test_first_run_ends_with_table_and_paths(demo: Town) -> None:
    """What came in, what was rejected, areas, years, indicators, seconds per stage, and where it lies."""
    end = (demo.root.parent / "ende.txt").read_text(encoding="utf-8")
    register = next(line for line in end.splitlines() if "melderegister_bestand" in line)
    accepted, refused, rows, quarantined, held = (cell.strip() for cell in register.replace("┃", "│").split("│")[2:7])
    assert (accepted, refused, quarantined, held) == ("10", "0", "0", "10")
    assert int(rows.replace(".", "")) > 570_000
    with demo.mart() as mart:
        indicators = mart.execute("select count(distinct indikator_id) from fct_indikatorwert where wert is not null").fetchone()[0]
    assert indicators >= 28
    for said in ("1 Stadt, 5 Stadtbereiche, 22 Sozialräume", "10 (2015 bis 2024)", f"Indikatoren {indicators}", "Annehmen", "Modelle", "simulierte Daten", str(demo.current / "mart.duckdb"), str(demo.current / "exports")):
        assert said in end


def test_second_run_says_that_nothing_is_new(demo: Town) -> None:
    assert "nichts Neues" in demo.run().stdout


def test_second_run_reads_and_publishes_nothing(demo: Town) -> None:
    before = (demo.state().keys(), demo.current.resolve(), (demo.root / "sealed" / "warehouse.duckdb").stat().st_mtime_ns)
    demo.run()
    assert before == (demo.state().keys(), demo.current.resolve(), (demo.root / "sealed" / "warehouse.duckdb").stat().st_mtime_ns)


def test_release_says_what_went_in(demo: Town) -> None:
    release = json.loads((demo.current / "release.json").read_text())
    assert release["simuliert"] is True
    assert release["entwurf"] is True
    assert release["zielgruppen"] == ["verwaltung"]
    assert sum(name.startswith("melderegister_bestand-") for name in release["eingaben"]["lieferungen"]) == 10
    assert {f"verwaltung/fct_indikatorwert{kind}" for kind in (".parquet", ".csv", "_excel.csv")} <= set(release["dateien"])
    assert all((demo.current / "exports" / name).is_file() for name in release["dateien"])


def test_published_mart_opens_in_the_storage_version_of_older_clients(demo: Town) -> None:
    with demo.mart() as mart:
        tags = dict(mart.execute("select database_name, tags from duckdb_databases()").fetchall())
    assert tags["mart"]["storage_version"].startswith("v1.2.0")


def test_only_the_administration_is_served_by_a_run(demo: Town) -> None:
    served = {Path(name).parts[2] for name in demo.state() if "exports" in Path(name).parts}
    assert served - {"verwaltung", "katalog.ttl"} <= {contract.empfaenger for contract in load_contracts() if contract.zielgruppe == "verwaltung"}
    assert not (demo.root / "published" / "freigegeben").exists()
    waiting = demo.root / "sealed" / "freigabe" / demo.current.resolve().name
    assert {str(path.relative_to(waiting)) for path in waiting.rglob("*") if path.is_file()} == {"traeger/mart.duckdb", "oeffentlich/mart.duckdb"}


def test_what_is_published_may_be_read_and_what_is_sealed_may_not(demo: Town, tmp_path: Path) -> None:
    """By whom the administrator's umask says, whichever process wrote it."""
    (tmp_path / "offen").touch()
    (tmp_path / "ordner").mkdir()
    modes = {True: (tmp_path / "ordner").stat().st_mode, False: (tmp_path / "offen").stat().st_mode}
    assert {str(path) for path in demo.current.resolve().rglob("*") if path.stat().st_mode != modes[path.is_dir()]} == set()
    assert (demo.root / "sealed").stat().st_mode & 0o077 == 0


def exports(town: Town) -> dict[str, bytes]:
    """Every file of the current release that leaves as an export, and what waits for approval."""
    waiting = town.root / "sealed" / "freigabe" / town.current.resolve().name
    return {str(p.relative_to(base)): p.read_bytes() for base in (town.current.resolve(), waiting) for p in sorted(base.rglob("*")) if p.is_file() and "exports" in p.relative_to(base).parts}


def test_same_inputs_give_equal_exports(empty: Town, published_small: Town, small_deliveries: Path) -> None:
    """Byte for byte, in another home, for every audience."""
    empty.run("--deliveries", str(small_deliveries))
    assert empty.call("bericht").returncode == 0
    first, second = exports(published_small), exports(empty)
    assert first.keys() == second.keys() and [name for name in first if first[name] != second[name]] == []
    assert {Path(name).parts[0] for name in first} == {"exports", "traeger", "oeffentlich"}


def test_excel_csv_has_bom_semicolon_comma_and_symbols(demo: Town) -> None:
    raw = (demo.current / "exports" / "verwaltung" / "fct_indikatorwert_excel.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    header, *rows = raw[3:].decode("utf-8").split("\r\n")
    value = header.split(";").index("wert")
    values = {row.split(";")[value] for row in rows if row}
    assert any("," in text for text in values)
    assert "" not in values  # a missing value shows its symbol
    machine = (demo.current / "exports" / "verwaltung" / "fct_indikatorwert.csv").read_bytes()
    assert not machine.startswith(b"\xef\xbb\xbf")
    assert machine.count(b"\r\n") == raw.count(b"\r\n")


@pytest.mark.parametrize("moment", ["angenommen", "Modelle und Prüfungen: 50"])
def test_an_interrupted_run_says_so(empty: Town, small_deliveries: Path, moment: str) -> None:
    process = empty.start("run", "--deliveries", str(small_deliveries))
    assert process.stderr is not None
    while moment not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1 and said.splitlines()[-1] == "Fehler: Abgebrochen; der veröffentlichte Stand ist unverändert."
    assert not empty.current.exists()


#: Lines of progress after which a run is killed: at the door, among the models, with the files of the release half written.
MOMENTS = ["31.12.2020: angenommen", "Modelle und Prüfungen: 50", "Veröffentlichung: Dateien", "Veröffentlichung: Angriff"]


def test_killed_runs_leave_the_published_state_and_the_next_completes(town: Town, later_small: Town, later_deliveries: Path) -> None:
    """SIGKILL in every stage, one after the other in the same home: readers notice nothing, the end is that of an undisturbed run."""
    before = town.state()
    for moment in MOMENTS:
        process = town.start("run", "--deliveries", str(later_deliveries))
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line)
            if moment in line:
                break
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert moment in lines[-1], lines
        assert town.state() == before, moment
    town.run("--deliveries", str(later_deliveries))
    assert not [p for p in (town.root / "published").iterdir() if p.name.startswith(".entwurf")]
    assert town.current.resolve().name == later_small.current.resolve().name
    assert exports(town) == exports(later_small)


def releases(town: Town) -> list[Path]:
    return [folder for folder in (town.root / "published").iterdir() if (folder / "release.json").exists() and not folder.is_symlink()]


def test_reader_is_not_disturbed_and_second_run_waits(town: Town, small_deliveries: Path) -> None:
    reader = town.mart()
    count = reader.execute("select count(*) from fct_indikatorwert").fetchone()
    first = town.start("run", "--deliveries", str(small_deliveries), "--ausgabe", "2026-01")
    time.sleep(0.5)
    second = town.start("run", "--deliveries", str(small_deliveries), "--ausgabe", "2026-02")
    outputs = [p.communicate(timeout=1800) for p in (first, second)]
    assert [p.returncode for p in (first, second)] == [0, 0], outputs
    assert "anderer Lauf" in outputs[0][1] + outputs[1][1]
    assert reader.execute("select count(*) from fct_indikatorwert").fetchone() == count
    assert len(releases(town)) == 3
    newest = json.loads((town.current / "release.json").read_text())["ausgabe"]
    again = town.run("--deliveries", str(small_deliveries), "--ausgabe", newest).stdout
    assert "nichts Neues" in again and f"(Ausgabe {newest}, Entwurf" in again and len(releases(town)) == 3
    assert "│ Ausgabe 2026-01 " in (shown := town.call("status").stdout) and "│ Ausgabe 2026-02 " in shown


@LONG
@pytest.mark.parametrize(("residents", "years"), [(2_500, (2023, 2024)), (6_000, (2019, 2020, 2021)), (9_000, (2022, 2023, 2024)), (20_000, (2017, 2018, 2019, 2020)), (30_000, (2018, 2019, 2020)), (120_000, (2019, 2020))])
def test_towns_of_any_size_publish(empty: Town, residents: int, years: tuple[int, ...]) -> None:
    """With all sources, before, within and after the change of boundaries: in small ones hardly anything may be shown, but the run ends."""
    deliveries = empty.root.parent / "lieferungen"
    simulate(deliveries, modus="register", residents=residents, stichtage=[date(year, 12, 31) for year in years])
    if not (deliveries / "wahlbezirke").is_dir():
        # Polling districts came before those years, and without them the door takes no turnout.
        shutil.rmtree(deliveries / "wahlen", ignore_errors=True)
    said = empty.run("--deliveries", str(deliveries)).stdout
    assert f"({years[0]} bis" in said and (empty.current / "reports" / "bericht" / "index.html").is_file()


@LONG
def test_two_first_runs_at_once(empty: Town) -> None:
    runs = [empty.start("run"), empty.start("run")]
    said = [process.communicate(timeout=1800) for process in runs]
    assert [process.returncode for process in runs] == [0, 0], said
    assert "anderer Lauf" in "".join(err for _, err in said)
    assert len(releases(empty)) == 1


def test_sql_reads_only(demo: Town) -> None:
    asked = demo.call("sql", "--format", "json", "select count(*) as anzahl from dim_indikator")
    assert json.loads(asked.stdout)[0]["anzahl"] > 20
    refused = demo.call("sql", "create table x as select 1")
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    outside = demo.call("sql", f"select * from read_text('{demo.root / 'ledger.sqlite'}')")
    assert outside.returncode == 1


def test_status_shows_deliveries_runs_and_releases(demo: Town) -> None:
    shown = demo.call("status", "--alles").stdout
    assert demo.call("status").stdout.splitlines()[1] == "Der veröffentlichte Stand ist aktuell."
    for word in ("melderegister_bestand", "31.12.2024", "Letzte Läufe", "0001-", "wartet auf Freigabe für", "traeger, oeffentlich", "ist aktuell"):
        assert word in shown
    noticed = [line for line in shown.splitlines() if line.startswith("Hinweis")]
    assert noticed and len(set(noticed)) == len(noticed)


def test_refused_delivery_leaves_the_published_state(town: Town) -> None:
    before = town.state()
    bad = town.root.parent / "schlecht" / "melderegister_bestand"
    bad.mkdir(parents=True)
    (bad / "bestand_20211231.csv").write_bytes(b"Personennummer;Familienname\r\n0000000001;Geheimname\r\n")
    done = town.call("run", "--deliveries", str(bad.parent))
    assert done.returncode == 1
    assert "abgelehnt" in done.stdout
    assert "bestand_20211231.csv" in done.stdout
    assert "Geheimname" not in done.stdout + done.stderr
    assert "asset check" not in done.stdout + done.stderr
    # As long as it lies there, nobody takes the silence of the next run for an agreement.
    again = town.call("run", "--deliveries", str(bad.parent))
    assert again.returncode == 1 and "nichts Neues" in again.stdout and "(liegt noch da)" in again.stdout and "bestand_20211231.csv" in again.stdout
    assert "(liegt noch da)" in town.call("status", "--deliveries", str(bad.parent)).stdout
    shutil.rmtree(bad)
    assert town.call("run", "--deliveries", str(bad.parent)).returncode == 0
    assert town.state() == before


def test_a_restored_copy_carries_on(town: Town, published_small: Town, small_deliveries: Path) -> None:
    """A copy of the data home at another place, with its key named, is the town as it was; deliveries read in place have no archive's key."""
    [key] = (published_small.root.parent / "config" / "sozialraum").iterdir()
    (town.root / "sozialraum.yml").write_text(f"schluesseldatei: {key}\n", encoding="utf-8")
    before = town.state()
    assert "nichts Neues" in town.run("--deliveries", str(small_deliveries)).stdout
    verified = town.call("verify")
    assert verified.returncode == 0, verified.stdout
    assert town.state() == before


def test_an_own_town_is_told_to_begin_with_its_areas(empty: Town, small_deliveries: Path) -> None:
    """The copy that the README describes, and a delivery that waits for another."""
    own = empty.root / "staedte" / "meinestadt"
    shutil.copytree(SHIPPED_CITIES / "hilden-simuliert", own)
    lines = (own / "city.yml").read_text(encoding="utf-8").replace("stadt: hilden-simuliert", "stadt: meinestadt").splitlines(keepends=True)
    (own / "city.yml").write_text("".join(line for line in lines if not line.startswith("simulation")), encoding="utf-8")
    for command in (["run"], ["freigabe", "--zielgruppe", "oeffentlich", "--simuliert"]):
        forgotten = empty.call(*command, "--city", "meinestadt")
        assert forgotten.returncode == 1 and "simuliert gibt es nur bei den mitgelieferten Modellstädten" in forgotten.stderr
    (own / "city.yml").write_text("".join(line for line in lines if not line.startswith("simul")), encoding="utf-8")
    shutil.copytree(small_deliveries / "wohnungen", empty.root / "inbox" / "wohnungen")
    done = empty.call("run", "--city", "meinestadt")
    assert done.returncode == 1 and "Raumgliederung" in done.stderr and str(empty.root / "inbox" / "raumgliederung") in done.stderr
    assert "Zuerst wird raumgliederung gebraucht" in done.stdout and str(empty.root / "rueckmeldungen") in done.stdout
    assert not empty.current.exists()


def test_unknown_town_is_one_sentence(empty: Town) -> None:
    done = empty.call("run", "--city", "entenhausen")
    assert done.returncode == 1
    assert "entenhausen" in done.stderr
    assert "Traceback" not in done.stderr


def test_published_mart_is_described(demo: Town) -> None:
    with demo.mart() as mart:
        bare = mart.execute("select table_name, column_name from duckdb_columns() where comment is null and not internal").fetchall()
    assert bare == []


