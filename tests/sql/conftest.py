"""A sealed zone of one's own for SQL tests: raw tables written by hand, dbt in this process, results by SQL.

Must not use the door: what the door writes is tested elsewhere, here only what dbt makes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from orchestration.dbt import invoke
from sources.model import SHIPPED_CITIES, load_city, raw_tables
from warehouse.connect import connect
from warehouse.paths import Home
from warehouse.settings import Settings

NOTHING_RELEASED = (
    "select ''::varchar as zielgruppe, null::date as stichtag, ''::varchar as kennzahl_id, ''::varchar as gebietsstand,"
    " ''::varchar as ebene, ''::varchar as raumeinheit_id, null::double as wert, false as zuletzt limit 0"
)
RECEIPT = "2025-02-03 02:00:00"
PASSED = {"success", "pass"}


def _given(column: str, frame: pd.DataFrame) -> str:
    return f'"{column}"' if column in frame else "null"


class Lager:
    """Raw zone and warehouse below one folder."""

    def __init__(self, root: Path, target: Path) -> None:
        self.home, self.target = Home(root), target
        self.home.prepare("test")
        self.raw, self.db = self.home.raw, self.home.warehouse_db
        self.tables = raw_tables([load_city(folder.parent) for folder in sorted(SHIPPED_CITIES.glob("*/city.yml"))])
        self.deliveries: list[dict[str, Any]] = []
        for table in self.tables:
            self.deliver(table, "_leer", [])

    def deliver(self, table: str, delivery: str, rows: pd.DataFrame | list[dict[str, Any]]) -> None:
        """Write rows as the door would: declared columns and types, what is not named is unknown."""
        frame = pd.DataFrame(rows)
        folder = self.raw / table / f"delivery={delivery}"
        folder.mkdir(parents=True, exist_ok=True)
        number = len(list(folder.glob("*.parquet"))) + 1
        columns = self.tables[table] | {"zeile": "bigint", "datei": "varchar"}
        chosen = ", ".join(f'cast({_given(c, frame)} as {kind}) as "{c}"' for c, kind in columns.items())
        with connect() as database:
            if len(frame):
                database.register("frame", frame)
            source = "frame" if len(frame) else "(select 1) limit 0"
            database.execute(f"copy (select {chosen} from {source}) to '{folder}/{number}.parquet' (format parquet)")

    def announce(self, quelle: str, stichtag: str, gebietsstand: str, *, aktiv: bool = True, veroeffentlicht: bool = False) -> str:
        """Enter a delivery and return its id."""
        lieferung = f"{quelle}-{stichtag}-{len(self.deliveries):012d}"
        self.deliveries.append(
            dict(quelle_id=quelle, lieferung_id=lieferung, stichtag=date.fromisoformat(stichtag), gebietsstand=gebietsstand, aktiv=aktiv, veroeffentlicht=veroeffentlicht)
        )
        return lieferung

    def town(self, ebenen: list[str], published: list[str], versions: list[tuple[str, str, str | None]]) -> None:
        """Write down town, area versions and deliveries."""
        with connect() as database:
            self._copy(database, "_stadt", f"select 'test' as stadt, 'Test' as name, '00000000' as ags, true as simuliert, true as statistikstelle, 3 as mindestzahl, {ebenen}::varchar[] as ebenen, {published}::varchar[] as veroeffentlichungsebenen, 25832 as epsg")
            self._copy(database, "_freigegeben", NOTHING_RELEASED)
            rows = " union all ".join(
                f"select '{name}' as gebietsstand, date '{start}' as gueltig_von, cast({f'{end!r}' if end else 'null'} as date) as gueltig_bis, {str(end is None).lower()} as aktuell" for name, start, end in versions
            )
            self._copy(database, "_gebietsstand", rows)
            empty = "select cast(null as varchar) as quelle_id, cast(null as varchar) as lieferung_id, cast(null as date) as stichtag, cast(null as varchar) as gebietsstand, true as aktiv, true as veroeffentlicht"
            database.execute(f"create table stand as {empty} limit 0")
            for delivery in self.deliveries:
                database.execute("insert into stand values (?, ?, ?, ?, ?, ?)", list(delivery.values()))
            self._copy(
                database,
                "_quellenstand",
                f"select quelle_id, lieferung_id, stichtag, gebietsstand, timestamp '{RECEIPT}' as eingang, 'abc' as sha256, cast(0 as bigint) as zeilen, cast(0 as bigint) as zeilen_quarantaene,"
                " case when aktiv then 'angenommen' else 'ersetzt' end as status, aktiv, true as simuliert, veroeffentlicht, 'Test' as rechtsgrundlage, '12-31' as jahresstichtag, false as vorlaeufig, 3 as mindestzahl, ['test.csv'] as dateien, false as in_ausgabe from stand",
            )
            nothing = "select cast(null as varchar) as quelle_id, cast(null as varchar) as name, cast([] as varchar[]) as themen, cast(null as varchar) as rhythmus"
            self._copy(database, "_lieferplan", nothing.replace("cast([] as varchar[]) as themen, ", "") + ", cast(null as varchar) as jahresstichtag, cast(null as date) as seit, cast(null as integer) as verzug_tage, date '2025-02-03' as heute limit 0")
            self._copy(database, "_quelle", nothing + ", cast(null as varchar) as jahresstichtag, cast(null as date) as seit, cast(null as integer) as verzug_tage limit 0")

    def _copy(self, database: duckdb.DuckDBPyConnection, name: str, rows: str) -> None:
        database.execute(f"copy ({rows}) to '{self.raw}/{name}.parquet' (format parquet)")

    def dbt(self, *arguments: str, callbacks: list[Callable[[Any], None]] | None = None) -> dict[str, str]:
        """Run dbt and return node -> status; fails where dbt itself does not come to an end."""
        results = invoke(self.home, Settings(threads=2, memory_limit="2GB"), list(arguments), callbacks=callbacks, target=self.target).results
        return {result.node.name: str(result.status) for result in results}

    def build(self) -> dict[str, str]:
        """Everything but unit tests; returns what did not pass."""
        return {node: status for node, status in self.dbt("build", "--exclude-resource-type", "unit_test").items() if status not in PASSED}

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with connect(self.db, read_only=True) as database:
            return database.execute(sql, list(values)).fetchall()


@pytest.fixture(scope="session")
def make_lager(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Lager]:
    """A new sealed zone per call; all share one parsed project."""
    target = tmp_path_factory.mktemp("dbt_target")
    return lambda: Lager(tmp_path_factory.mktemp("lager"), target)
