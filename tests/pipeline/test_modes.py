"""A town without a statistics office works from tables: every indicator that both ways can give is equal."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.pipeline.conftest import Town

#: What tables of age, sex and nationality cannot carry; the README lists the same.
LOST = {"anteil_wohndauer_5_plus", "anteil_wohndauer_10_plus", "anteil_migrationshintergrund", "anteil_migrationshintergrund_0_17"} | {
    f"anteil_im_umkreis_{kind}" for kind in ("apotheke", "haltestelle", "hausarzt", "spielplatz", "supermarkt")
}
#: Lists with addresses leave a few cases unplaced, tables place everybody; only the town's numbers are equal.
WRITTEN_ADDRESSES = ("Sozialamt der Stadt", "Wohngeldstelle der Stadt", "Jugendamt der Stadt")
#: Denominators of the year before are on other boundaries in 2020, which only the register can cross.
OF_THE_YEAR_BEFORE = "nenner_bezug = 'vorjahr'"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town(tmp_path_factory.mktemp("tabellen") / "data")
    town.run("--city", "hilden-aggregat")
    return town


@pytest.fixture(scope="module")
def both(demo: Town, tables: Town) -> duckdb.DuckDBPyConnection:
    db = duckdb.connect()
    for name, town in (("register", demo), ("tabellen", tables)):
        db.execute(f"attach '{town.current / 'mart.duckdb'}' as {name} (read_only)")
    return db


def from_persons(both: duckdb.DuckDBPyConnection) -> set[str]:
    """Indicators over households and migration background formed from the register: the catalogue names the way in ``quelle``."""
    found = {name for (name,) in both.execute("select indikator_id from register.dim_indikator where quelle like 'Melderegister (Bestand), %'").fetchall()}
    assert {"haushalte", "anteil_einwanderungsgeschichte"} <= found
    return found


def test_values_are_equal(both: duckdb.DuckDBPyConnection) -> None:
    """All columns that carry numbers, on the boundaries valid at each date."""
    columns = "zaehler, nenner, wert, ki_unten, ki_oben, rest_wert, diff, diff_ki_unten, diff_ki_oben, vergleich, conf_status"
    key = "raumeinheit_id, gebietsstand, ebene, stichtag, indikator_id"
    rows = f"select {key}, {columns} from {{}}.fct_indikatorwert where gebietsstand_am_stichtag and indikator_id not in {tuple(sorted(LOST | from_persons(both)))}"
    rows += f" and indikator_id not in (select indikator_id from {{}}.dim_indikator where quelle in {WRITTEN_ADDRESSES} or {OF_THE_YEAR_BEFORE} or indikator_id = 'mindestsicherungsquote')"
    only = both.execute(f"select count(*) from (({rows.format('register', 'register')} except {rows.format('tabellen', 'tabellen')}) union all ({rows.format('tabellen', 'tabellen')} except {rows.format('register', 'register')}))").fetchone()
    assert only == (0,)
    compared = both.execute(f"select count(*) from ({rows.format('tabellen', 'tabellen')}) where wert is not null").fetchone()
    assert compared[0] > 5_000


def test_what_is_lost_is_known_and_printed(both: duckdb.DuckDBPyConnection, tables: Town) -> None:
    empty = "select indikator_id from {}.fct_indikatorwert group by all having count(wert) = 0"
    lost = {name for (name,) in both.execute(f"{empty.format('tabellen')} except {empty.format('register')}").fetchall()}
    assert lost == LOST | from_persons(both)
    printed = tables.run("--city", "hilden-aggregat").stdout
    assert "Wohndauer ab 5 Jahren" in printed
    assert "Wohndauer ab 10 Jahren" in printed
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert all(name in readme for name in LOST)


def test_register_is_refused_with_the_legal_reason(tables: Town, small_deliveries: Path) -> None:
    register = next((small_deliveries / "melderegister_bestand").iterdir())
    inbox = tables.root / "inbox" / "melderegister_bestand"
    inbox.mkdir(parents=True)
    (inbox / register.name).write_bytes(register.read_bytes())
    before = tables.state()
    done = tables.call("run", "--city", "hilden-aggregat")
    assert done.returncode == 1
    assert "abgeschotteten Statistikstelle" in done.stdout
    assert "§ 16" in done.stdout
    assert tables.state() == before
