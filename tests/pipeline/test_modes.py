"""A town without a statistics office works from tables: every indicator that both ways can give is equal."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.pipeline.conftest import Town

#: What tables of age, sex and nationality cannot carry; the README lists the same.
LOST = {"anteil_wohndauer_5_plus", "anteil_wohndauer_10_plus", "anteil_migrationshintergrund", "anteil_migrationshintergrund_0_17", "sterbeziffer_standardisiert"} | {
    f"anteil_im_umkreis_{kind}" for kind in ("apotheke", "haltestelle", "hausarzt", "spielplatz", "supermarkt")
}
#: Lists with addresses leave a few cases unplaced, tables place everybody; turnout is spread over the adults of the blocks, which
#: tables do not know. Only the town's numbers are equal.
WRITTEN_ADDRESSES = ("Sozialamt der Stadt", "Wohngeldstelle der Stadt", "Jugendamt der Stadt", "Wahlergebnisse je Stimmbezirk")


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
    """On the boundaries valid at each date, and but for denominators of a year on other boundaries, which only the register can cross."""
    both.execute(f"""
        create or replace temp table paar as
        select indikator_id, r as register, t as tabellen
        from (select * from register.fct_indikatorwert where gebietsstand_am_stichtag) as r
        full join (select * from tabellen.fct_indikatorwert where gebietsstand_am_stichtag) as t using (raumeinheit_id, gebietsstand, ebene, stichtag, indikator_id)
        inner join register.dim_indikator as d using (indikator_id)
        inner join (select gebietsstand, min(gueltig_von) as seit from register.dim_raumeinheit group by all) as grenzen using (gebietsstand)
        where indikator_id not in {tuple(sorted(LOST | from_persons(both)))} and indikator_id <> 'mindestsicherungsquote'
            and (ebene = 'stadt' or d.quelle not in {WRITTEN_ADDRESSES}) and coalesce(r.stichtag_nenner, stichtag) >= grenzen.seit
    """)

    def differing(columns: str, rows: str) -> tuple[int, int]:
        struct = "row({})".format
        pair = [struct(", ".join(f"{side}.{name}" for name in columns.split(", "))) for side in ("register", "tabellen")]
        return both.execute(f"select count(*) filter ({pair[0]} is distinct from {pair[1]}), count(register.wert) from paar where {rows}").fetchone()

    # What is protected depends on all else that is shown: nearly the same.
    differ, values = differing("conf_status", "true")
    assert differ < values / 500
    shown = "register.conf_status = 'F' and tabellen.conf_status = 'F'"
    differ, values = differing("zaehler, nenner, wert, rest_wert, diff, status_id", shown)
    assert differ == 0 and values > 20_000
    # Only the register measures how households cluster; with the catalogue's design effect intervals are equal as well.
    differ, values = differing("ki_unten, ki_oben, diff_ki_unten, diff_ki_oben, vergleich", f"{shown} and register.designeffekt is not distinct from tabellen.designeffekt")
    assert differ == 0 and values > 5_000


def test_what_is_lost_is_known_and_printed(both: duckdb.DuckDBPyConnection, tables: Town) -> None:
    empty = "select indikator_id from {}.fct_indikatorwert group by all having count(wert) = 0"
    lost = {name for (name,) in both.execute(f"{empty.format('tabellen')} except {empty.format('register')}").fetchall()}
    assert lost == LOST | from_persons(both)
    printed = tables.run("--city", "hilden-aggregat").stdout
    assert "Wohndauer ab 5 Jahren" in printed
    assert "Wohndauer ab 10 Jahren" in printed
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert not {name for name in lost if f"`{name}`" not in readme}


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
