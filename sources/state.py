"""What dbt reads besides the deliveries: an empty Parquet of every raw table, and small tables about deliveries and the town."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from sources.model import City, Quelle
from sources.read import quoted
from sources.store import PARQUET
from warehouse.connect import literal
from warehouse.ledger import Ledger
from warehouse.paths import Home

EMPTY = "_leer"


def _note(home: Home, table: str) -> Path:
    return home.raw / table / f"delivery={EMPTY}" / "spalten.json"


def _written(home: Home, table: str) -> dict[str, str] | None:
    """Columns of the empty table that lies there; None where there is none whole."""
    try:
        kinds: dict[str, str] = json.loads(_note(home, table).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return kinds if (_note(home, table).with_name("leer.parquet")).is_file() else None


def _provisional(quelle: Quelle, entry: dict[str, Any]) -> bool:
    """The figures of a delivery are provisional: by the source, or because they came so soon after their reference date."""
    waited = (datetime.fromisoformat(entry["eingang"]).date() - date.fromisoformat(entry["stichtag"])).days
    return quelle.vorlaeufig or (quelle.vorlaeufig_tage is not None and waited < quelle.vorlaeufig_tage)


def write_state(db: duckdb.DuckDBPyConnection, city: City, home: Home, ledger: Ledger, columns: dict[str, dict[str, str]], now: datetime) -> None:
    """Write ``_quellenstand``, ``_gebietsstand``, ``_stadt`` and the empty tables; each appears whole or stays as it was."""
    stadt = city.stadt
    home.raw.mkdir(parents=True, exist_ok=True)
    for table, kinds in columns.items():
        if _written(home, table) == kinds:
            continue
        nothing = ", ".join(f"null::{kind} as {quoted(name)}" for name, kind in (kinds | {"zeile": "BIGINT", "datei": "VARCHAR"}).items())
        _write_parquet(db, home.raw / table / f"delivery={EMPTY}" / "leer.parquet", f"select {nothing} limit 0")
        _note(home, table).write_text(json.dumps(kinds), encoding="utf-8")
    quellen = {q.quelle: q for q in city.quellen}
    deliveries = [row for row in ledger.deliveries("angenommen") if row["quelle_id"] in quellen]
    told = {name for release in ledger.releases() if release["ausgabe"] for name in release["eingaben"]["lieferungen"]}
    _write_rows(
        db, home,
        "_quellenstand",
        "quelle_id varchar, lieferung_id varchar, stichtag date, gebietsstand varchar, eingang timestamp, sha256 varchar, zeilen bigint,"
        " zeilen_quarantaene bigint, status varchar, aktiv boolean, simuliert boolean, veroeffentlicht boolean, rechtsgrundlage varchar,"
        " jahresstichtag varchar, vorlaeufig boolean, mindestzahl integer, dateien varchar[], in_ausgabe boolean",
        [
            [
                row["quelle_id"], row["lieferung_id"], row["stichtag"], row["gebietsstand"], datetime.fromisoformat(row["eingang"]).replace(tzinfo=None),
                row["sha256"], row["zeilen"], row["zeilen_quarantaene"], "angenommen" if row["aktiv"] else "ersetzt", row["aktiv"], stadt.simuliert,
                quellen[row["quelle_id"]].veroeffentlicht, quellen[row["quelle_id"]].rechtsgrundlage, quellen[row["quelle_id"]].jahresstichtag,
                _provisional(quellen[row["quelle_id"]], row), quellen[row["quelle_id"]].mindestzahl or stadt.mindestzahl,
                [file["datei"] for file in row["dateien"]], row["lieferung_id"] in told,
            ]
            for row in sorted(deliveries, key=lambda row: row["lieferung_id"])
        ],
    )  # fmt: skip
    _write_rows(
        db, home,
        "_quelle",
        "quelle_id varchar, name varchar, themen varchar[], rhythmus varchar, jahresstichtag varchar, seit date, verzug_tage integer",
        [[q.quelle, q.name, list(q.themen), q.rhythmus, q.jahresstichtag, q.seit, q.verzug_tage] for q in city.quellen],
    )  # fmt: skip
    today = now.date()
    _write_rows(
        db, home,
        "_lieferplan",
        "quelle_id varchar, name varchar, rhythmus varchar, jahresstichtag varchar, seit date, verzug_tage integer, heute date",
        [[q.quelle, q.name, q.rhythmus, q.jahresstichtag, q.seit, q.verzug_tage, today] for q in city.quellen if stadt.statistikstelle or not q.abschottung],
    )  # fmt: skip
    _write_rows(
        db, home,
        "_gebietsstand",
        "gebietsstand varchar, gueltig_von date, gueltig_bis date, aktuell boolean",
        [[g.id, g.gueltig_von, g.gueltig_bis, g.gueltig_von <= today <= (g.gueltig_bis or today)] for g in stadt.gebietsstaende],
    )  # fmt: skip
    public = [e.id for e in stadt.ebenen if not e.intern]
    _write_rows(
        db, home,
        "_stadt",
        "stadt varchar, name varchar, ags varchar, simuliert boolean, statistikstelle boolean, mindestzahl integer, ebenen varchar[], veroeffentlichungsebenen varchar[], epsg integer",
        [[stadt.stadt, stadt.name, stadt.ags, stadt.simuliert, stadt.statistikstelle, stadt.mindestzahl, [e.id for e in stadt.ebenen], public, stadt.epsg]],
    )  # fmt: skip


def _write_rows(db: duckdb.DuckDBPyConnection, home: Home, name: str, columns: str, rows: list[list[Any]]) -> None:
    db.execute(f"create or replace temp table stand ({columns})")
    if rows:
        import pyarrow as pa

        # Thousands of values as parameters cost more to plan than all else here.
        db.register("_stand", pa.table({f"c{place}": pa.array(values) for place, values in enumerate(zip(*rows, strict=True))}))
        db.execute("insert into stand select * from _stand").fetchall()
        db.unregister("_stand")
    _write_parquet(db, home.raw / f"{name}.parquet", "select * from stand")


def _write_parquet(db: duckdb.DuckDBPyConnection, target: Path, query: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    parts = target.with_name(f".{target.name}.tmp")
    db.execute(f"copy ({query}) to {literal(str(parts))} ({PARQUET})")
    parts.replace(target)
