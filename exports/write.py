"""What leaves as files: the marts of an audience for analysts, and a package per contract. Same mart in, same bytes out.

Reads an audience's mart only; what is not in it cannot get into a file.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from duckdb import DuckDBPyConnection

from exports import formats
from exports.catalogue import write_catalogue, write_data_package
from exports.contract import Contract, Table
from warehouse.connect import connect, literal

CHECKSUMS = "pruefsummen.sha256"


def write_exports(mart: Path, target: Path, tables: tuple[str, ...], facts: dict[str, str], simulated: bool) -> list[Path]:
    """Write each mart as ``.parquet``, ``.csv`` and ``_excel.csv`` into ``target`` and return the files.

    ``facts`` (release id, town, audience) go into the Parquet metadata next to the columns' descriptions. Every row
    says in its last column ``simuliert`` whether it comes from simulated deliveries: a CSV has no other place for it.
    """
    target.mkdir(parents=True, exist_ok=True)
    files = []
    with _reading(mart) as db:
        for table in tables:
            db.execute(f"create or replace temp view {table} as select *, {simulated} as simuliert from mart.{table} order by all")
            files += [
                formats.parquet(db, table, target / f"{table}.parquet", facts | _described(db, table)),
                formats.machine_csv(db, table, target / f"{table}.csv"),
                formats.excel_csv(db, named(table), target / f"{table}_excel.csv"),
            ]
    return files


def named(table: str) -> str:
    """A fact with the names of its area and indicator before their keys."""
    return f"""(select raum.name as raum, indikator.name as indikator, indikator.einheit, zeile.* from {table} as zeile
                left join mart.dim_raumeinheit as raum using (raumeinheit_id, gebietsstand, ebene)
                left join mart.dim_indikator as indikator using (indikator_id))"""


def write_packages(mart: Path, target: Path, contracts: list[Contract], facts: dict[str, str]) -> list[Path]:
    """One folder per contract below ``target``: its tables in the agreed forms, a Data Package, checksums; beside them
    the catalogue of all. ``facts``: release, stadt, ags, epsg, erstellt, stichtage, quellen."""
    files: list[Path] = []
    with _reading(mart) as db:
        for contract in contracts:
            folder = target / contract.empfaenger
            folder.mkdir(parents=True, exist_ok=True)
            written: dict[Path, tuple[Table | str, str]] = {}
            for name in contract.marts:  # written in their order, so they keep it
                written[formats.parquet(db, f"mart.{name}", folder / f"{name}.parquet", facts | _described(db, name))] = (name, "parquet")
            for table in contract.tabellen:
                relation = f"mart.export.{contract.model_of(table)}"
                listed = ", ".join(formats.quoted(c.name) for c in table.spalten)
                db.execute(f"create or replace temp view zeilen as select {listed} from {relation} order by {', '.join(formats.quoted(k) for k in table.schluessel)}")
                for form in table.formate:
                    written |= {path: (table, form) for path in formats.write(form, db, contract, table, folder, facts)}
            package = write_data_package(contract, folder, written, facts)
            sums = folder / CHECKSUMS
            listed_files = sorted([*written, package])
            sums.write_text("".join(f"{_sha256(path)}  {path.name}\n" for path in listed_files), encoding="utf-8")
            files += [*listed_files, sums]
    if contracts:
        files.append(write_catalogue(contracts, target, facts))
    return files


def _described(db: DuckDBPyConnection, table: str) -> dict[str, str]:
    """Column -> description, as the mart carries them."""
    return dict(db.execute("select column_name, comment from duckdb_columns() where database_name = 'mart' and table_name = ? and comment is not null", [table]).fetchall())


def _reading(mart: Path) -> DuckDBPyConnection:
    db = connect()
    db.execute(f"attach {literal(mart)} as mart (read_only)")
    db.execute("set threads = 1")  # one writer: row groups and bytes do not depend on timing
    return db


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
