"""Several deliveries of one source in DuckDB at once: files read, laid out with constants and lines, corrected.

Everything here is temporary and in memory. It decides about nothing; what cannot be read becomes the sentence of its delivery.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from sources.corrections import apply_corrections
from sources.find import Delivery
from sources.model import Quelle, Tabelle, raw_columns
from sources.read import Refused, SourceFile, create_table, kept, lines_before, quoted, read_files
from sources.wording import os_reason, shown, together
from warehouse.settings import SettingsError


class Refusals(dict[int, str]):
    """Place of a delivery in its batch -> the sentence that refuses it; the first one counts."""

    def __init__(self) -> None:
        super().__init__()
        #: Reasons outside the delivery (disk, rights, memory): it is looked at again in the next run.
        self.passing: set[int] = set()

    def add(self, number: int, delivery: Delivery, sentence: str, *, passing: bool = False) -> None:
        if number not in self:
            self[number] = f"{delivery.name}: {sentence}"
            if passing:
                self.passing.add(number)


@contextmanager
def refusing(refusals: Refusals, deliveries: dict[int, Delivery]) -> Iterator[None]:
    """Whatever goes wrong with deliveries becomes their sentence; the others go on."""
    passing = True
    try:
        yield
    except Refused as refused:
        sentence, passing = str(refused), False
    except SettingsError as error:
        sentence = str(error)
    except (duckdb.OutOfMemoryException, MemoryError):
        sentence = "Der Arbeitsspeicher reicht für diese Lieferung nicht; bitte memory_limit in sozialraum.yml erhöhen."
    except OSError as error:
        sentence = f"Lesen oder Schreiben ist gescheitert ({os_reason(error)}); bitte Rechte und freien Platz prüfen."
    except duckdb.IOException:
        sentence = "Lesen oder Schreiben ist gescheitert; bitte Rechte und freien Platz prüfen."
    except Exception as error:  # noqa: BLE001 - the message may quote a row: only its kind and place are told
        place = traceback.extract_tb(error.__traceback__)[-1]
        kind = f"{type(error).__name__}, {Path(place.filename).name}:{place.lineno}"
        sentence = f"unerwarteter Fehler ({kind}) beim Verarbeiten; bitte die Lieferung und die Deklaration prüfen."
    else:
        return
    for number, delivery in deliveries.items():
        refusals.add(number, delivery, sentence, passing=passing)


@dataclass
class Loaded:
    """One file read for one table: its rows are rowid ``start`` .. ``start + rows - 1``."""

    file: SourceFile
    delivery: int
    #: Values of the constant columns, one entry per copy of its rows.
    constants: list[dict[str, str | int | float]]
    start: int = 0
    rows: int = 0


@dataclass
class Rows:
    """What one table declaration of a batch became in DuckDB."""

    index: int
    tabelle: Tabelle
    loaded: list[Loaded] = field(default_factory=list)
    #: Delivery -> rows that ``eindeutig`` and corrections took out.
    dropped: dict[int, int] = field(default_factory=dict)
    #: Deliveries with rows in ``waiting``.
    quarantined: set[int] = field(default_factory=set)

    @property
    def raw(self) -> str:
        return f"gelesen_{self.index}"

    @property
    def view(self) -> str:
        return f"zeilen_{self.index}"

    @property
    def check_view(self) -> str:
        return f"pruefung_{self.index}"

    @property
    def waiting(self) -> str:
        """Table (_lieferung, _datei, zeile, regeln): rows in quarantine."""
        return f"quarantaene_{self.index}"

    def read(self, number: int) -> int:
        """Rows of a delivery's files, each as often as its constants copy it."""
        return sum(load.rows * len(load.constants) for load in self.loaded if load.delivery == number)

    def file_names(self, number: int) -> str:
        return together({load.file.name for load in self.loaded if load.delivery == number}) or self.tabelle.dateien


def read_batch(db: duckdb.DuckDBPyConnection, quelle: Quelle, batch: list[Delivery], refusals: Refusals, tmp: Path) -> list[Rows]:
    """Read the files of all deliveries, table by table; deliveries that cannot be read are in ``refusals``."""
    tables = []
    for index, tabelle in enumerate(quelle.tabellen):
        rows = Rows(index, tabelle)
        for number, delivery in enumerate(batch):
            if number not in refusals:
                rows.loaded += [
                    Loaded(file, number, _constants(quelle, tabelle, delivery, dict(placeholders)))
                    for file in delivery.files
                    for place, placeholders in file.tables
                    if place == index
                ]
        if not rows.loaded:
            continue
        trouble = Refusals()
        with refusing(trouble, {load.delivery: batch[load.delivery] for load in rows.loaded}):
            _read_table(db, quelle, batch, rows, refusals, tmp)
        if trouble:
            _without_the_broken(db, quelle, batch, rows, refusals, tmp)
        if rows.loaded:
            tables.append(rows)
    return tables


def _read_table(db: duckdb.DuckDBPyConnection, quelle: Quelle, batch: list[Delivery], rows: Rows, refusals: Refusals, tmp: Path) -> None:
    create_table(db, rows.raw, rows.tabelle)
    extents, broken = read_files(db, rows.raw, quelle, rows.tabelle, [load.file for load in rows.loaded], tmp)
    for place, sentence in broken.items():
        load = rows.loaded[place]
        refusals.add(load.delivery, batch[load.delivery], sentence)
    for place, (start, count) in extents.items():
        rows.loaded[place].start, rows.loaded[place].rows = start, count
    _lay_out(db, quelle, batch, rows, refusals)


def _without_the_broken(db: duckdb.DuckDBPyConnection, quelle: Quelle, batch: list[Delivery], rows: Rows, refusals: Refusals, tmp: Path) -> None:
    """Reading them together failed: each is tried alone, so that the one that does it holds back no other."""
    loaded = rows.loaded
    for number in sorted({load.delivery for load in loaded} - set(refusals)):
        drop(db, rows)
        rows.loaded = [load for load in loaded if load.delivery == number]
        with refusing(refusals, {number: batch[number]}):
            _read_table(db, quelle, batch, rows, refusals, tmp)
    drop(db, rows)
    rows.loaded = [load for load in loaded if load.delivery not in refusals]
    if rows.loaded:
        with refusing(refusals, {load.delivery: batch[load.delivery] for load in rows.loaded}):
            _read_table(db, quelle, batch, rows, refusals, tmp)
            return
        drop(db, rows)
        rows.loaded = []


def _lay_out(db: duckdb.DuckDBPyConnection, quelle: Quelle, batch: list[Delivery], rows: Rows, refusals: Refusals) -> None:
    """View of the rows with constants, derived columns, file and line; corrected where corrections are declared."""
    tabelle, files = rows.tabelle, f"dateien_{rows.index}"
    types = {name: kind for name, kind in raw_columns(tabelle).items() if name in tabelle.konstanten}
    declared = "".join(f", {quoted(name)} {kind}" for name, kind in types.items())
    db.execute(
        f"create or replace temp table {files} (nummer smallint, _lieferung smallint, _gebietsstand varchar, _stichtag date,"
        f" datei varchar, versatz bigint{declared})"
    )
    entries: list[list[Any]] = []
    for number, load in enumerate(rows.loaded):
        delivery = batch[load.delivery]
        offset = lines_before(tabelle) + 1 - load.start
        for values in load.constants:
            constant = [values[name] for name in types]
            entries.append([number, load.delivery, delivery.gebietsstand, delivery.stichtag, load.file.name, offset, *constant])
    # One statement: DuckDB plans every row of executemany anew.
    marks = f"({', '.join('?' * len(entries[0]))})"
    db.execute(f"insert into {files} values {', '.join([marks] * len(entries))}", [value for entry in entries for value in entry])
    constants = "".join(f", d.{quoted(name)}" for name in types)
    joined = (
        f"select r.*, r.rowid + d.versatz as zeile, d._lieferung, d._gebietsstand, d._stichtag, d.datei{constants}"
        f" from {rows.raw} r join {files} d on d.nummer = r._datei"
    )
    base = f"basis_{rows.index}"
    if tabelle.eindeutig:
        same = ", ".join(["_lieferung", *(quoted(s.ziel) for s in kept(tabelle)), *map(quoted, types)])
        joined = f"select * from ({joined}) qualify row_number() over (partition by {same} order by _datei, zeile) = 1"
    if tabelle.korrekturen or tabelle.eindeutig:
        db.execute(f"create or replace temp table {base} as {joined} order by _datei, zeile")
        for number in sorted({load.delivery for load in rows.loaded} - set(refusals)):
            with refusing(refusals, {number: batch[number]}):
                apply_corrections(db, base, quelle, tabelle, number, batch[number].stichtag)
        left = dict(db.execute(f"select _lieferung, count(*) from {base} group by all").fetchall())
        rows.dropped = {number: rows.read(number) - left.get(number, 0) for number in {load.delivery for load in rows.loaded}}
    else:
        db.execute(f"create or replace temp view {base} as {joined}")
    derived = "".join(f", ({sql})::varchar as {quoted(name)}" for name, sql in tabelle.abgeleitet.items())
    db.execute(f"create or replace temp view {rows.view} as select *{derived} from {base}")


def drop(db: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    for view in (rows.check_view, rows.view):
        db.execute(f"drop view if exists {view}")
    kind = "table" if rows.tabelle.korrekturen or rows.tabelle.eindeutig else "view"
    db.execute(f"drop {kind} if exists basis_{rows.index}")
    for table in (rows.raw, f"dateien_{rows.index}", rows.waiting):
        db.execute(f"drop table if exists {table}")


def complete(quelle: Quelle, delivery: Delivery) -> None:
    """Every declared file is there exactly once; Refused names the first that is missing or doubled."""
    seen: dict[tuple[int, tuple[tuple[str, str], ...]], SourceFile] = {}
    for file in delivery.files:
        for match in file.tables:
            if match in seen:
                raise Refused(f"„{shown(file.name)}“ liegt mehrfach vor; bitte nur eine Fassung liefern.")
            seen[match] = file
    for index, tabelle in enumerate(quelle.tabellen):
        matches = [dict(values) for place, values in seen if place == index]
        if not matches and not tabelle.optional:
            raise Refused(f"Es fehlt die Datei „{tabelle.dateien}“; bitte die Lieferung vollständig abgeben.")
        for name, values in quelle.platzhalter.items():
            if not matches or f"{{{name}}}" in quelle.stichtag.datum or f"{{{name}}}" not in tabelle.dateien:
                continue
            for value in sorted(set(values) - {match[name] for match in matches}):
                missing = tabelle.dateien.format(**(matches[0] | {name: value})) if "*" not in tabelle.dateien else f"{tabelle.dateien} ({name} {value})"
                raise Refused(f"Es fehlt die Datei „{missing}“; bitte die Lieferung vollständig abgeben.")


def _constants(quelle: Quelle, tabelle: Tabelle, delivery: Delivery, placeholders: dict[str, str]) -> list[dict[str, str | int | float]]:
    """Values of the constant columns for one file, one entry per copy of its rows."""
    meanings = {name: quelle.platzhalter.get(name, {}).get(value, value) for name, value in placeholders.items()}
    meanings["gebietsstand"] = delivery.gebietsstand
    copies: list[dict[str, str | int | float]] = [{}]
    for name, value in tabelle.konstanten.items():
        values = value if isinstance(value, tuple) else (value,)
        copies = [copy | {name: v.format(**meanings) if isinstance(v, str) else v} for copy in copies for v in values]
    return copies
