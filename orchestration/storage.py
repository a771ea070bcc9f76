"""Dagster's event log in SQLite, with one open connection per file instead of new ones per event. Stores nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import StaticPool


class EventLog(SqliteEventLogStorage):
    """A run writes about a thousand events; opening, syncing and closing the files for each took a tenth of the whole run.

    Each event still is one transaction that survives the death of the process. Only a power cut may cost the last
    ones: the ledger, not this log, is the evidence.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._engines: dict[str, Engine] = {}
        self._there: set[tuple[str, str]] = set()
        super().__init__(*arguments, **named)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> EventLog:
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            if shard not in self._engines:
                engine = create_engine(self.conn_string_for_shard(shard), poolclass=StaticPool, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False})
                event.listen(engine, "connect", _without_sync_per_commit)
                self._initdb(engine)
                self._engines[shard] = engine
            with self._engines[shard].connect() as connection, connection.begin():
                yield connection

    def has_table(self, table_name: str) -> bool:
        return self._stays(("table", table_name), super().has_table, table_name)

    def has_secondary_index(self, name: str) -> bool:
        return self._stays(("index", name), super().has_secondary_index, name)

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        return self._stays(("column", column_name), super()._has_asset_key_col_on_connection, conn, column_name)

    def _stays(self, what: tuple[str, str], is_there: Callable[..., bool], *arguments: Any) -> bool:
        """Asked for every event; what is there stays there."""
        if what not in self._there and is_there(*arguments):
            self._there.add(what)
        return what in self._there

    def dispose(self) -> None:
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()


def _without_sync_per_commit(connection: Any, _: Any) -> None:
    """In the write-ahead mode that Dagster sets, a commit is safe without waiting for the disk."""
    connection.execute("pragma synchronous = normal")
