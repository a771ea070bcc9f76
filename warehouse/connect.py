"""The only place that opens DuckDB. Every connection has bounded memory and spills into the sealed zone."""

from __future__ import annotations

from pathlib import Path

import duckdb

from warehouse.paths import Home
from warehouse.settings import Settings


def literal(value: object) -> str:
    """A value as an SQL literal: numbers as they are, all else as text, which may hold quotes."""
    return str(value) if isinstance(value, (int, float)) else "'" + str(value).replace("'", "''") + "'"


def connect(database: Path | str = ":memory:", *, home: Home | None = None, settings: Settings | None = None, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a database; with ``home`` and ``settings`` threads, memory and spill folder follow them.

    Raises duckdb.IOException where another process holds the file for writing.
    """
    config: dict[str, str | int] = {}
    if settings is not None:
        config |= {"threads": settings.threads, "memory_limit": settings.memory_limit}
    if home is not None:
        config["temp_directory"] = str(home.tmp)
    connection = duckdb.connect(str(database), read_only=read_only, config=config)
    # DuckDB's own progress bar would write into the answer of whoever asks.
    connection.execute("set enable_progress_bar = false")
    return connection
