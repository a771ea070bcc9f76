"""A mart table as files for others: Parquet, CSV for machines, CSV for German Excel. Same table in, same bytes out.

Reads an audience's mart only; what is not in it cannot get into a file.
"""

from __future__ import annotations

from pathlib import Path

from duckdb import DuckDBPyConnection

from warehouse.connect import connect, literal

CHUNK = 1 << 20
UTF8_BOM = b"\xef\xbb\xbf"
NUMERIC = ("DOUBLE", "FLOAT", "DECIMAL")


def write_exports(mart: Path, target: Path, tables: tuple[str, ...], facts: dict[str, str], simulated: bool) -> list[Path]:
    """Write each table as ``.parquet``, ``.csv`` and ``_excel.csv`` into ``target`` and return the files.

    ``facts`` (release id, town, audience) go into the Parquet metadata next to the columns' descriptions. Every row
    says in its last column ``simuliert`` whether it comes from simulated deliveries: a CSV has no other place for it.
    """
    target.mkdir(parents=True, exist_ok=True)
    files = []
    with connect() as db:
        db.execute(f"attach {literal(mart)} as mart (read_only)")
        db.execute("set threads = 1")  # one writer: row groups and bytes do not depend on timing
        for table in tables:
            db.execute(f"create or replace temp view {table} as select *, {simulated} as simuliert from mart.{table} order by all")
            described = dict(db.execute("select column_name, comment from duckdb_columns() where database_name = 'mart' and table_name = ? and comment is not null", [table]).fetchall())
            files += [
                _parquet(db, table, target / f"{table}.parquet", facts | described),
                _machine_csv(db, table, target / f"{table}.csv"),
                _excel_csv(db, table, target / f"{table}_excel.csv"),
            ]
    return files


def _parquet(db: DuckDBPyConnection, table: str, path: Path, metadata: dict[str, str]) -> Path:
    pairs = ", ".join(f"{literal(key)}: {literal(value)}" for key, value in sorted(metadata.items()))
    db.execute(f"copy (from {table}) to {literal(path)} (format parquet, compression zstd, kv_metadata {{{pairs}}})")
    return path


def _machine_csv(db: DuckDBPyConnection, table: str, path: Path) -> Path:
    """RFC 4180: comma, dot, CRLF, UTF-8 without BOM; an empty field is unknown, its reason stands in the status columns."""
    return _csv(db, f"from {table}", path, ",", b"")


def _excel_csv(db: DuckDBPyConnection, table: str, path: Path) -> Path:
    """As German Excel opens it by double click: names before keys, semicolon, decimal comma, BOM; for a missing value its symbol."""
    columns = {name: kind for name, kind, *_ in db.execute(f"describe {table}").fetchall()}
    shown = []
    for name, kind in columns.items():
        if kind.startswith(NUMERIC):
            text = f"replace(cast(zeile.\"{name}\" as varchar), '.', ',')"
            shown.append(f'coalesce({text}, zeichen) as "{name}"' if name == "wert" else f'{text} as "{name}"')
        elif kind == "BOOLEAN":
            shown.append(f"case when zeile.\"{name}\" then 'ja' else 'nein' end as \"{name}\"")
        elif kind == "DATE":
            shown.append(f"strftime(zeile.\"{name}\", '%d.%m.%Y') as \"{name}\"")
        else:
            shown.append(f'zeile."{name}"')
    names = "raum.name as raum, indikator.name as indikator, indikator.einheit"
    joined = f"""{table} as zeile left join mart.dim_raumeinheit as raum using (raumeinheit_id, gebietsstand, ebene)
                 left join mart.dim_indikator as indikator using (indikator_id)"""
    return _csv(db, f"select {names}, {', '.join(shown)} from {joined} order by all", path, ";", UTF8_BOM)


def _csv(db: DuckDBPyConnection, rows: str, path: Path, delimiter: str, prefix: bytes) -> Path:
    plain = path.with_suffix(".lf")
    db.execute(f"copy ({rows}) to {literal(plain)} (format csv, header, delimiter '{delimiter}')")
    with plain.open("rb") as source, path.open("wb") as target:
        target.write(prefix)
        while chunk := source.read(CHUNK):
            target.write(chunk.replace(b"\n", b"\r\n"))
    plain.unlink()
    return path
