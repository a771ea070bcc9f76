"""What leaves as files: the marts of an audience for analysts, and a package per contract. Same mart in, same bytes out.

Reads an audience's mart only; what is not in it cannot get into a file.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from duckdb import DuckDBPyConnection

from exports import formats
from exports.catalogue import Handout, handout, write_catalogue, write_data_package
from exports.contract import Column, Contract, Table
from warehouse.connect import connect, literal
from warehouse.processes import Job, side_by_side
from warehouse.version import file_hash

CHECKSUMS = "pruefsummen.sha256"


def write_files(folders: dict[str, Path], tables: tuple[str, ...], contracts: list[Contract], facts: dict[str, str], simulated: bool, workers: int, beside: Iterable[Job] = ()) -> list[Path]:
    """All files of all audiences, as many side by side as there are workers; which one is done first changes no byte.

    ``folders``: audience -> folder with its ``mart.duckdb``; files go below ``exports/`` there. ``facts``: release,
    stadt, ags, epsg, erstellt, stichtage, quellen. ``beside``: what else is written from the same marts and takes
    longer than any of these files; each job returns its files.
    """
    jobs = list(beside)
    for audience, folder in folders.items():
        own = facts | {"zielgruppe": audience}
        if tables:
            jobs.append((_write_marts, folder, tables, handout(audience, contracts), own, simulated))
        jobs += [(_write_package, folder, contract, own) for contract in contracts if contract.zielgruppe == audience]
    files = [path for written in side_by_side(workers, jobs) for path in written]
    for audience, folder in folders.items():
        files.append(write_catalogue([c for c in contracts if c.zielgruppe == audience], folder / "exports", facts | {"zielgruppe": audience}))
    return files


def _write_marts(folder: Path, tables: tuple[str, ...], head: Handout, facts: dict[str, str], simulated: bool) -> list[Path]:
    """Each mart as ``.parquet``, ``.csv`` and ``_excel.csv``, with a Data Package and checksums. The facts go into the Parquet metadata next to the columns'
    descriptions; every row says in its last column whether it comes from simulated deliveries: a CSV has no other place for it."""
    target = folder / "exports" / facts["zielgruppe"]
    target.mkdir(parents=True, exist_ok=True)
    files: dict[Path, tuple[Table | str, str]] = {}
    said = {name: facts[name] for name in ("release", "stadt", "zielgruppe")}
    with _reading(folder / "mart.duckdb") as db:
        for table in tables:
            db.execute(f"create temp table {table} as select *, {simulated} as simuliert from mart.{table} order by all")
            described = _described(db, table)
            files |= {
                formats.parquet(db, table, target / f"{table}.parquet", said | described): (table, "parquet"),
                formats.machine_csv(db, table, target / f"{table}.csv"): (_as_table(db, table, table, described), "csv"),
                formats.excel_csv(db, named(table), target / f"{table}_excel.csv", _missing(db, table), MART_DIGITS): (_as_table(db, named(table), table, described), "excel_csv"),
            }
        deliveries = _deliveries(db)
    return _sealed(target, [*files, write_data_package(head, target, files, facts, deliveries)])


#: What ``named`` puts in front of a mart, and the mark of every row.
NAMED = {"raum": "Name des Gebiets.", "indikator": "Name des Indikators.", "einheit": "Einheit des Werts.", "simuliert": "Wahr, wenn die Zahl aus erfundenen Lieferungen der Modellstadt stammt."}
MART_DIGITS = {"designeffekt": 2, "erwarteter_fehler": 3}


def _missing(db: DuckDBPyConnection, table: str) -> dict[str, str]:
    """Column of a mart of values -> SQL for the symbol where its number is missing: that of the value where it is missing too; x for
    bounds where the method has none and for what only some values have; else unknown or secret."""
    columns = {name: kind for name, kind, *_ in db.execute(f"describe {table}").fetchall()}
    if not {"wert", "zeichen", "ki_methode"} <= columns.keys():
        return {}
    bounds = "case ki_methode when 'keine' then 'x' else '.' end"
    beside = {name: bounds if "ki_" in name else "'x'" if name in ("designeffekt", "erwarteter_fehler") else "'.'" for name, kind in columns.items() if kind == "DOUBLE"}
    return {name: f"case when wert is null then coalesce(zeichen, '.') else {symbol} end" for name, symbol in beside.items()}


def _sealed(folder: Path, files: list[Path]) -> list[Path]:
    """The files of a package with the list of their checksums."""
    sums = folder / CHECKSUMS
    sums.write_text("".join(f"{file_hash(path)}  {path.name}\n" for path in sorted(files)), encoding="utf-8")
    return [*sorted(files), sums]


def named(table: str) -> str:
    """A fact with the names of its area and indicator before their keys."""
    return f"""(select raum.name as raum, indikator.name as indikator, indikator.einheit, zeile.* from {table} as zeile
                left join mart.dim_raumeinheit as raum using (raumeinheit_id, gebietsstand, ebene)
                left join mart.dim_indikator as indikator using (indikator_id))"""


def _write_package(audience: Path, contract: Contract, facts: dict[str, str]) -> list[Path]:
    """The folder of one contract below ``exports/``: its tables in the agreed forms, a Data Package, checksums."""
    folder = audience / "exports" / contract.empfaenger
    folder.mkdir(parents=True, exist_ok=True)
    written: dict[Path, tuple[Table | str, str]] = {}
    with _reading(audience / "mart.duckdb") as db:
        for name in contract.marts:  # written in their order, so they keep it
            written[formats.parquet(db, f"mart.{name}", folder / f"{name}.parquet", facts | _described(db, name))] = (name, "parquet")
        for table in contract.tabellen:
            relation = f"mart.export.{contract.model_of(table)}"
            listed = ", ".join(formats.quoted(c.name) for c in table.spalten)
            db.execute(f"create or replace temp table zeilen as select {listed} from {relation} order by {', '.join(formats.quoted(k) for k in table.schluessel)}")
            for form in table.formate:
                for path in formats.write(form, db, contract, table, folder, facts):
                    written.setdefault(path, (table, form))  # a GeoPackage belongs to the table that began it
        deliveries = _deliveries(db)
    return _sealed(folder, [*written, write_data_package(contract, folder, written, facts, deliveries)])


def _deliveries(db: DuckDBPyConnection) -> list[tuple[str, date, str]]:
    """Source, reference date and id of every delivery the release is made from, as far as the audience may know it."""
    return db.execute("select quelle_id, stichtag, lieferung_id from mart.fct_quellenstand where aktiv order by all").fetchall()


def _as_table(db: DuckDBPyConnection, relation: str, name: str, described: dict[str, str]) -> Table:
    """A mart as the catalogue describes tables: no agreement, but columns with types and descriptions."""
    kinds = {column: kind.lower() for column, kind, *_ in db.execute(f"describe select * from {relation}").fetchall()}
    columns = tuple(Column(name=column, typ=kind, beschreibung=described.get(column, NAMED.get(column, column))) for column, kind in kinds.items())  # type: ignore[arg-type]
    return Table(name=name, titel=name, beschreibung=name, ebenen=(), jahre="alle", schluessel=(), formate=("parquet", "csv", "excel_csv"), spalten=columns)


def _described(db: DuckDBPyConnection, table: str) -> dict[str, str]:
    """Column -> description, as the mart carries them."""
    return dict(db.execute("select column_name, comment from duckdb_columns() where database_name = 'mart' and table_name = ? and comment is not null", [table]).fetchall())


def _reading(mart: Path) -> DuckDBPyConnection:
    db = connect()
    db.execute(f"attach {literal(mart)} as mart (read_only)")
    db.execute("set threads = 1")  # one writer: row groups and bytes do not depend on timing
    return db
