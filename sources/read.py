"""Declared format -> typed rows in DuckDB, each with the file and line it came from.

Nothing is guessed: header, delimiter, encoding and types are the declared ones. Names, free text and religion that the
declaration drops are never selected. No message of DuckDB is passed on, because it quotes the row it stumbled over.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import threading
import unicodedata
import warnings
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from sources.formats import BROKEN_ARCHIVE, ONE_BYTE, READERS, Unreadable, is_utf8, nul_line, read_table
from sources.model import DROPPED, RAW_TYPES, Format, Quelle, Spalte, Tabelle, symbol
from sources.wording import listed, shown
from warehouse.connect import literal

if TYPE_CHECKING:
    import pyarrow as pa

#: What an archive may unpack to, and of how many parts it may consist: larger ones are no deliveries.
MOST_UNPACKED, MOST_MEMBERS = 1 << 29, 5_000
#: Columns that no table has.
MOST_COLUMNS = 5_000
#: Similarity of column names from which on one is proposed for the other.
SIMILAR = 0.6
HEADER_LIMIT = 1 << 20  # bytes in which the header line has to end
UNPACKED_LIMIT = 8 << 30  # bytes of one file of an archive
CHUNK = 1 << 20  # bytes per step of a streamed file
#: How a GeoPackage begins, as every SQLite database does.
SQLITE = b"SQLite format 3\0"
#: GDAL asks no other machine: the coordinate system of a GeoJSON may be an address, and it would be called.
NO_NETWORK = {"GDAL_HTTP_PROXY": "127.0.0.1:1", "GDAL_HTTP_CONNECTTIMEOUT": "1", "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{noext}"}
DUCKDB_ENCODING = {"utf-8": "utf-8", "iso-8859-1": "latin-1", "utf-16": "utf-16"}
#: Characters of a path that DuckDB takes for a pattern.
GLOB = frozenset("*?[]{}")
#: Table symbols of German official statistics that stand in place of a number (DIN 55301).
SYMBOLS = ("-", ".", "*", "/", "...", "x", "( )")
#: A number in brackets (limited value) or with the mark of a provisional or corrected one.
NOTED_NUMBER = r"[(]?\s*([-−]?[0-9][0-9 .,]*[0-9]|[-−]?[0-9])\s*(?:[)]|[pr])"
LONE_CR = re.compile(rb"\r(?!\n)")
DATE_PARTS = {"%d": 2, "%m": 2, "%Y": 4}
#: What DuckDB calls a broken line -> what we call it.
REJECTS = {
    "MISSING COLUMNS": "zu wenige Spalten",
    "TOO MANY COLUMNS": "zu viele Spalten",
    "UNQUOTED VALUE": "ein Anführungszeichen ist nicht geschlossen",
    "LINE SIZE OVER MAXIMUM": "die Zeile ist zu lang",
    "INVALID ENCODING": "ein Zeichen passt nicht zur Kodierung",
    "INVALID UNICODE": "ein Zeichen passt nicht zur Kodierung",
}


class Refused(Exception):
    """A delivery that cannot be taken; the text is one German sentence without personal values."""


@dataclass(frozen=True)
class SourceFile:
    """One file of a delivery: where it lies, what it is called within the delivery, which tables it fills."""

    path: Path
    name: str
    size: int
    mtime_ns: int
    #: (index of the table in the declaration, values of the placeholders as in the path)
    tables: tuple[tuple[int, tuple[tuple[str, str], ...]], ...]
    sha256: str = ""


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def kept(tabelle: Tabelle) -> list[Spalte]:
    return [s for s in tabelle.spalten if s.klasse not in DROPPED]


def create_table(db: duckdb.DuckDBPyConnection, table: str, tabelle: Tabelle) -> None:
    """Empty table for the rows of a declaration: typed columns, ``<column>__lesbar`` where a cast can fail, ``_datei``."""
    columns = [f"{quoted(s.ziel)} {RAW_TYPES[s.typ]}" for s in kept(tabelle)]
    columns += [f"{quoted(symbol(s.ziel))} varchar" for s in kept(tabelle) if s.typ == "zahlzeichen"]
    columns += [f"{quoted(s.ziel + '__lesbar')} boolean" for s in kept(tabelle) if castable(s)]
    db.execute(f"create or replace temp table {table} ({', '.join(columns)}, _datei smallint)")


def castable(spalte: Spalte) -> bool:
    return spalte.typ not in ("text", "wkt")


def read_files(
    db: duckdb.DuckDBPyConnection, table: str, quelle: Quelle, tabelle: Tabelle, files: list[SourceFile], tmp: Path
) -> tuple[dict[int, tuple[int, int]], dict[int, str]]:
    """Append files to ``table``, each under its place in the list as ``_datei``.

    Returns {place: (first rowid, rows)} of those that were read and {place: sentence} of those that are not as declared.
    """
    refused: dict[int, str] = {}
    headers: dict[int, list[str]] = {}
    cells: dict[int, dict[str, list[str | None]]] = {}
    for place, file in enumerate(files):
        with _collecting(refused, place):
            if tabelle.format.art == "geo":
                _read_geo(db, table, place, quelle, tabelle, file)
            elif tabelle.format.art == "zip":
                _read_zip(db, table, place, quelle, tabelle, file, tmp)
            elif tabelle.format.art in READERS:
                cells[place] = _read_cells(quelle, tabelle, file)
            else:
                headers[place] = read_header(quelle, tabelle, file)
    # Files with the same header in one statement: planning it costs more than reading a small file.
    same: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, columns in cells.items():
        same[tuple(columns)].append(place)
    for names, places in same.items():
        _insert_cells(db, table, tabelle, list(names), {place: cells[place] for place in places})
    alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, header in headers.items():
        alike[tuple(header)].append(place)
    for header, places in alike.items():
        if not _read_together(db, table, tabelle, {place: files[place] for place in places}, list(header)):
            for place in places:
                with _collecting(refused, place):
                    _read_csv(db, table, place, quelle, tabelle, files[place], list(header), tmp)
    extents = db.execute(f"select _datei, min(rowid), count(*), max(rowid) from {table} group by _datei").fetchall()
    if any(last - first + 1 != rows for _, first, rows, last in extents):
        raise RuntimeError("rows of a file are not contiguous")
    known = {place: (first, rows) for place, first, rows, _ in extents}
    return {place: known.get(place, (0, 0)) for place in range(len(files)) if place not in refused}, refused


@contextmanager
def _collecting(refused: dict[int, str], place: int) -> Iterator[None]:
    try:
        yield
    except Refused as error:
        refused[place] = str(error)


def lines_before(tabelle: Tabelle) -> int:
    """Lines of a file before its first record."""
    return 0 if tabelle.format.art == "geo" else tabelle.format.vorspann + tabelle.format.kopfzeilen


def _insert(table: str, number: str, tabelle: Tabelle, present: Iterable[str], source: str) -> str:
    columns = kept(tabelle)
    cleaned = [f"{_trimmed(s.name, tabelle.format.leer) if s.name in present else 'null::varchar'} as {quoted(s.ziel)}" for s in columns]
    values = [_typed(s, quoted(s.ziel), tabelle.format) for s in columns]
    flags = [f"{quoted(s.ziel)} is null or ({_typed(s, quoted(s.ziel), tabelle.format)}) is not null{_or_symbol(s)}" for s in columns if castable(s)]
    values += [_symbol(quoted(s.ziel)) for s in columns if s.typ == "zahlzeichen"]
    return f"insert into {table} select {', '.join([*values, *flags])}, _datei from (select {', '.join(cleaned)}, {number} as _datei from {source})"


def _trimmed(name: str, empty: tuple[str, ...]) -> str:
    column = quoted(name)
    text = f"if(strpos({column}, ' ') > 0, nullif(trim({column}), ''), {column})"
    return f"if({text} in ({', '.join(map(literal, empty))}), null, {text})" if empty else text


def _typed(spalte: Spalte, raw: str, fmt: Format) -> str:
    """SQL for the typed value, null where the text is not of that type. Python's notion of a number, not DuckDB's."""
    factor = "" if spalte.faktor is None else f" * {spalte.faktor!r}"
    match spalte.typ:
        case "ganzzahl":
            return f"try_cast(if(regexp_full_match({raw}, '[+-]?[0-9]+'), {raw}, null) as bigint){factor}"
        case "dezimal":
            text = raw if fmt.dezimal == "." else f"if(contains({raw}, '.'), null, replace({raw}, ',', '.'))"
            return f"try_cast(if(regexp_full_match({text}, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?'), {text}, null) as double){factor}"
        case "zahlzeichen":
            # "(12)" is 12 of limited value, "12 p" provisional; of the symbols alone only the dash says how many: none.
            plain = f"regexp_replace({raw}, {literal(NOTED_NUMBER)}, '\\1')"
            grouped = f"replace({plain}, {literal(fmt.tausender)}, '')" if fmt.tausender else plain
            number = _typed(spalte.model_copy(update={"typ": "dezimal", "faktor": None}), f"replace({grouped}, '−', '-')", fmt)
            return f"if({raw} in ('-', '–'), 0, {number}){factor}"
        case "datum":
            return f"if(regexp_full_match({raw}, {literal(_date_pattern(fmt.datum))}), try_strptime({raw}, {literal(fmt.datum)})::date, null)"
        case "datum_unscharf":
            year, month, day = (_date_part(raw, fmt.datum, part) for part in ("%Y", "%m", "%d"))
            # Day unknown: 00. Month unknown: the day is unknown too. Year 0000: everything is.
            whole = f"try_cast({year} || '-' || greatest({month}, '01') || '-' || greatest({day}, '01') as date) is not null"
            valid = f"if({year} = '0000', {month} = '00' and {day} = '00', ({month} <> '00' or {day} = '00') and {whole})"
            return f"if(regexp_full_match({raw}, {literal(_date_pattern(fmt.datum))}) and {valid}, {year} || '-' || {month} || '-' || {day}, null)"
        case _:
            return raw


def _symbol(raw: str) -> str:
    """SQL for the table symbol of a cell: null beside a plain number, "" where the cell is empty."""
    noted = f"case when starts_with({raw}, '(') then '( )' else regexp_extract({raw}, '([pr])$', 1) end"
    alone = f"case {raw} when '–' then '-' when '…' then '...' when '()' then '( )' when 'X' then 'x' else {raw} end"
    return (
        f"case when {raw} is null then '' when {alone} in ({', '.join(map(literal, SYMBOLS))}) then {alone}"
        f" when regexp_full_match({raw}, {literal(NOTED_NUMBER)}) then {noted} end"
    )


def _or_symbol(spalte: Spalte) -> str:
    return f" or ({_symbol(quoted(spalte.ziel))}) is not null" if spalte.typ == "zahlzeichen" else ""


def _date_pattern(fmt: str) -> str:
    pattern = "".join("[.]" if c == "." else c for c in fmt)
    for part, width in DATE_PARTS.items():
        pattern = pattern.replace(part, "[0-9]{%d}" % width)
    return pattern


def _date_part(raw: str, fmt: str, part: str) -> str:
    start = fmt[: fmt.index(part)]
    for other, width in DATE_PARTS.items():
        start = start.replace(other, "0" * width)
    return f"substr({raw}, {len(start) + 1}, {DATE_PARTS[part]})"


# CSV


def _read_together(db: duckdb.DuckDBPyConnection, table: str, tabelle: Tabelle, files: dict[int, SourceFile], header: list[str]) -> bool:
    """Several files in one statement; False where that cannot be done or fails, and nothing was appended."""
    paths = [str(file.path) for file in files.values()]
    if len(files) < 2 or tabelle.format.kodierung == "cp1252" or any(GLOB & set(path) for path in paths):
        return False
    listed = f"[{', '.join(map(literal, paths))}]"
    source = _csv_source(listed, DUCKDB_ENCODING[tabelle.format.kodierung], tabelle.format, header, ", filename = '_pfad'")
    number = f"([{', '.join(map(str, files))}])[list_position({listed}, _pfad)]"
    try:
        db.execute(_insert(table, number, tabelle, header, source))
    except duckdb.InvalidInputException:
        return False
    return True


def _read_csv(db: duckdb.DuckDBPyConnection, table: str, place: int, quelle: Quelle, tabelle: Tabelle, file: SourceFile, header: list[str], tmp: Path) -> None:
    fmt = tabelle.format
    problem = False
    with _readable(file.path, fmt, tmp) as (path, encoding):
        try:
            db.execute(_insert(table, str(place), tabelle, header, _csv_source(literal(str(path)), encoding, fmt, header)))
        except duckdb.InvalidInputException:
            problem = True
    if problem:
        raise Refused(_broken_line(db, fmt, file, header, tmp))


def _read_zip(db: duckdb.DuckDBPyConnection, table: str, place: int, quelle: Quelle, tabelle: Tabelle, file: SourceFile, tmp: Path) -> None:
    """One CSV file of an archive, unpacked for the time of reading (a GTFS feed has millions of rows and no persons)."""
    member = str(tabelle.format.ebene)
    tmp.mkdir(parents=True, exist_ok=True)
    unpacked = tmp / f"lesen-{os.getpid()}-{threading.get_ident()}.csv"
    try:
        with zipfile.ZipFile(file.path) as archive:
            if member not in archive.namelist():
                if tabelle.optional:
                    return
                raise Refused(f"{file.name}: im Archiv fehlt die Datei „{member}“; bitte vollständig neu ausgeben.")
            if archive.getinfo(member).file_size > UNPACKED_LIMIT:
                raise Refused(f"{file.name}: {member} ist ausgepackt größer als {UNPACKED_LIMIT >> 30} GB; bitte einen kleineren Ausschnitt liefern.")
            with archive.open(member) as packed, unpacked.open("wb") as out:
                shutil.copyfileobj(packed, out, CHUNK)
        inner = replace(file, path=unpacked, name=f"{file.name}/{member}")
        _read_csv(db, table, place, quelle, tabelle, inner, read_header(quelle, tabelle, inner), tmp)
    except BROKEN_ARCHIVE:
        raise Refused(f"{file.name}: Die Datei ist kein lesbares ZIP-Archiv; bitte neu ausgeben.") from None
    finally:
        unpacked.unlink(missing_ok=True)


def _csv_source(path: str, encoding: str, fmt: Format, header: list[str], extra: str = "") -> str:
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header)
    return (
        f"read_csv({path}, auto_detect = false, header = true, skip = {fmt.vorspann}, delim = {literal(fmt.trennzeichen)}, "
        f"quote = '\"', escape = '\"', encoding = {literal(encoding)}, columns = {{{columns}}}{extra})"
    )


@contextmanager
def _readable(path: Path, fmt: Format, tmp: Path) -> Iterator[tuple[Path, str]]:
    """A name under which DuckDB reads the file as declared: the file, a link to it, or a pipe that transcodes it."""
    if fmt.kodierung != "cp1252" and not GLOB & set(str(path)):
        yield path, DUCKDB_ENCODING[fmt.kodierung]
        return
    tmp.mkdir(parents=True, exist_ok=True)
    link = tmp / f"lesen-{os.getpid()}-{threading.get_ident()}"
    link.unlink(missing_ok=True)
    try:
        if fmt.kodierung == "cp1252":
            with _transcoded(path, link):
                yield link, "utf-8"
        else:
            link.symlink_to(path.resolve())
            yield link, DUCKDB_ENCODING[fmt.kodierung]
    finally:
        link.unlink(missing_ok=True)


@contextmanager
def _transcoded(path: Path, pipe: Path) -> Iterator[None]:
    """Windows-1252 as UTF-8 through a named pipe: bounded memory and nothing of it on disk."""
    os.mkfifo(pipe, 0o600)
    failed: list[Exception] = []

    def feed() -> None:
        try:
            with path.open("rb") as raw, pipe.open("wb") as out:
                while chunk := raw.read(CHUNK):
                    out.write(chunk.decode("cp1252").encode())
        except (UnicodeDecodeError, OSError) as error:
            failed.append(error)

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    try:
        yield
    finally:
        # Where nobody opened the pipe, the writer waits in open(): let it through to its end.
        if feeder.is_alive():
            os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))
        feeder.join()
    if any(isinstance(error, UnicodeDecodeError) for error in failed):
        raise Refused(f"{path.name}: Die Datei ist nicht in Windows-1252 kodiert; bitte mit dieser Kodierung neu ausgeben.")


def read_header(quelle: Quelle, tabelle: Tabelle, file: SourceFile) -> list[str]:
    """Column names of the file in its order; Refused where they are not the declared ones."""
    fmt = tabelle.format
    if fmt.kodierung in ONE_BYTE and is_utf8(file.path):
        # Before any name is read, or "TrÃ¤ger" would be proposed for "Träger".
        raise Refused(
            f"{file.name}: Die Datei ist in UTF-8 gespeichert, erwartet ist {fmt.kodierung.upper()}; "
            f"bitte mit dieser Kodierung neu ausgeben oder kodierung in {quelle.quelle}.yml anpassen."
        )
    with file.path.open("rb") as raw:
        start = raw.read(HEADER_LIMIT)
    text = start.decode({"utf-8": "utf-8-sig"}.get(fmt.kodierung, fmt.kodierung), errors="replace")
    lines = io.StringIO(text, newline=None)
    for _ in range(fmt.vorspann):
        lines.readline()
    first = lines.readline()
    if "\ufffd" in first:
        raise Refused(f"{file.name}, Kopfzeile: ein Zeichen passt nicht zur Kodierung {fmt.kodierung.upper()}; bitte die Datei neu ausgeben.")
    try:
        header = [name.strip() for name in next(csv.reader([first.rstrip("\n")], delimiter=fmt.trennzeichen), [])]
    except csv.Error:
        header = []
    if len(first) >= HEADER_LIMIT - 4 or len(header) > MOST_COLUMNS or "\0" in first:
        raise Refused(f"{file.name}: Die Datei beginnt nicht mit einer Kopfzeile, sie ist keine Tabelle; bitte die Datei neu ausgeben.")
    if fmt.kodierung != "utf-16" and (line := nul_line(file.path)):
        raise Refused(f"{file.name}, Zeile {line}: dort stehen Nullbytes statt Text, die Datei ist beschädigt; bitte die Datei neu ausgeben.")
    # A delimiter at the end of the line opens no column, whether the rows have it too or not.
    while header and not header[-1]:
        header.pop()
    if not any(header):
        raise Refused(f"{file.name}: Die Datei ist leer oder hat keine Kopfzeile; bitte vollständig neu liefern.")
    header = canonical(tabelle, header)
    problem = compare_columns(quelle, tabelle, header)
    if problem and len(header) == 1 and len(tabelle.spalten) > 1:
        problem = f"nur eine Spalte gefunden, erwartet wird das Trennzeichen „{fmt.trennzeichen}“"
    if problem:
        raise Refused(f"{file.name}, Kopfzeile: {problem}; {_drift(quelle, tabelle, header)}.")
    return header


def canonical(tabelle: Tabelle, header: list[str]) -> list[str]:
    """Column names with declared aliases (``auch``) replaced by the declared name, where that itself is not there."""
    names = {alias: s.name for s in tabelle.spalten for alias in s.auch if s.name not in header}
    return [names.get(name, name) for name in header]


def _drift(quelle: Quelle, tabelle: Tabelle, header: list[str]) -> str:
    """What to do about other columns than the declared: the lines for the declaration, where it can be read at all.

    Never guessed: the delivery waits until the declaration says so. Similar names are a proposal.
    """
    declared = {s.name for s in tabelle.spalten}
    known = len({_bare(name) for name in declared} & {_bare(name) for name in header})
    plain = f"bitte die Spalten wie vereinbart liefern oder die Deklaration {quelle.quelle}.yml anpassen"
    # Something else than a header may be a line of a person's data.
    if known < (0.8 if quelle.personenbezug else 0.3) * len(declared):
        return plain
    unknown = [name for name in header if name and name not in declared and not any(fnmatchcase(name, pattern) for pattern in tabelle.ignoriert)]
    missing = [s for s in tabelle.spalten if s.name not in header and not s.darf_fehlen]
    lines = []
    for spalte in missing:
        same = {_bare(name): name for name in unknown}
        close = get_close_matches(_bare(spalte.name), list(same), 1, SIMILAR) or get_close_matches(_bare(spalte.ziel), list(same), 1, SIMILAR)
        if not close and len(missing) == len(unknown) == 1:
            close = list(same)
        if close:
            unknown.remove(same[close[0]])
            lines.append(f"„{same[close[0]]}“ statt „{spalte.name}“? Dann bei ziel {spalte.ziel} ergänzen: auch: [{yaml_text(same[close[0]])}]")
    if unknown:
        lines.append(f"nicht gebraucht? Dann bei {tabelle.tabelle} ergänzen: ignoriert: [{', '.join(map(yaml_text, unknown[:10]))}]")
        first = unknown[0]
        lines.append(f"gebraucht? Dann unter spalten: - {{name: {yaml_text(first)}, ziel: {_target(first)}, darf_fehlen: true}}")
    return plain + (f" ({quelle.quelle}.yml: {'; '.join(lines)})" if lines else "")


def yaml_text(text: str) -> str:
    return json.dumps("".join(c for c in text if c.isprintable())[:80], ensure_ascii=False)


def _bare(name: str) -> str:
    """A column name as our own would be: lower-case ASCII letters, digits and underscores."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss"))
    return re.sub(r"[^a-z0-9]+", "_", plain.encode("ascii", "ignore").decode()).strip("_")


def _target(name: str) -> str:
    """A name for the column that a declaration may carry: it starts with a letter."""
    bare = _bare(name)
    return bare if bare[:1].isalpha() else f"spalte_{bare}".rstrip("_")


def compare_columns(quelle: Quelle, tabelle: Tabelle, header: list[str]) -> str | None:
    """What is wrong with the columns of a file, None when nothing is.

    In a person-level source unknown names are given by position only: without a header they would be a person's data.
    """
    declared = {s.name for s in tabelle.spalten}
    unknown = [
        f"an Stelle {place}" if quelle.personenbezug else f"„{shown(name)}“"
        for place, name in enumerate(header, 1)
        if name not in declared and not any(fnmatchcase(name, pattern) for pattern in tabelle.ignoriert)
    ]
    missing = [f"„{s.name}“" for s in tabelle.spalten if s.name not in header and not s.darf_fehlen]
    doubled = sorted({f"„{name}“" for name in header if header.count(name) > 1 and name in declared})
    parts = []
    if missing:
        parts.append(("es fehlt die Spalte " if len(missing) == 1 else "es fehlen die Spalten ") + listed(missing))
    if unknown:
        parts.append(("nicht vereinbart ist die Spalte " if len(unknown) == 1 else "nicht vereinbart sind die Spalten ") + listed(unknown))
    if doubled:
        parts.append("mehrfach vorhanden: " + listed(doubled))
    if not parts and len(set(header)) < len(header):
        parts.append("Spaltennamen kommen mehrfach vor")
    return ", ".join(parts) or None


def _broken_line(db: duckdb.DuckDBPyConnection, fmt: Format, file: SourceFile, header: list[str], tmp: Path) -> str:
    """Read the file once more leniently, only to say in which line it breaks."""
    advice = "bitte die Datei neu ausgeben"
    try:
        with _readable(file.path, fmt, tmp) as (path, encoding):
            lenient = _csv_source(literal(str(path)), encoding, fmt, header, ", ignore_errors = true, store_rejects = true, rejects_limit = 10")
            db.execute(f"select count(*) from {lenient}").fetchall()
        first = next(iter(db.execute("select line, error_type::varchar from reject_errors order by line limit 1").fetchall()), None)
    except Refused as refused:
        return str(refused)
    except duckdb.Error:
        first = None
    finally:
        for rejects in ("reject_errors", "reject_scans"):
            db.execute(f"drop table if exists {rejects}")
    if first:
        return f"{file.name}, Zeile {first[0]}: {REJECTS.get(first[1], 'die Zeile ist nicht lesbar')}; {advice}."
    line = _undecodable_line(file.path, fmt)
    if line:
        return f"{file.name}, Zeile {line}: ein Zeichen passt nicht zur Kodierung {fmt.kodierung.upper()}; {advice}."
    line = _other_line_end(file.path, fmt)
    if line:
        return f"{file.name}, Zeile {line}: das Zeilenende ist ein anderes als in den übrigen Zeilen (CR statt LF); bitte mit einheitlichen Zeilenenden neu ausgeben."
    return f"{file.name}: Die Datei ist nicht als CSV mit dem Trennzeichen „{fmt.trennzeichen}“ lesbar; {advice}."


def _other_line_end(path: Path, fmt: Format) -> int | None:
    """First line that ends with CR alone in a file whose other lines end with LF, which DuckDB does not read together."""
    if fmt.kodierung == "utf-16":
        return None
    lines, first, rest = 0, None, b""
    with path.open("rb") as raw:
        while chunk := raw.read(CHUNK):
            text = rest + chunk
            # Whether a CR at the end is one alone, the next step shows.
            rest, text = (b"\r", text[:-1]) if text.endswith(b"\r") else (b"", text)
            if first is None and (alone := LONE_CR.search(text)):
                first = lines + text.count(b"\n", 0, alone.start()) + 1
            lines += text.count(b"\n")
    return first if lines else None


def _undecodable_line(path: Path, fmt: Format) -> int | None:
    """First line with bytes that the declared encoding does not have (ISO-8859-1 has no 0x80 to 0x9F)."""
    if fmt.kodierung == "utf-16":
        return None
    with path.open("rb") as raw:
        # A line may be as long as the file.
        for number, line in enumerate(iter(lambda: raw.readline(HEADER_LIMIT), b""), 1):
            if fmt.kodierung == "iso-8859-1":
                if any(0x80 <= byte <= 0x9F for byte in line):
                    return number
                continue
            try:
                line.decode(fmt.kodierung)
            except UnicodeDecodeError:
                return number
    return None


def look_up(file: SourceFile, fmt: Format, records: Iterable[int], spalte: Spalte | None = None) -> dict[int, tuple[int, str | None]]:
    """Where records stand and what one of their cells says: {record: (line of the file, text or None)}; reads the file once.

    ``records`` count like ``zeile``: the header included, blank lines not. Lines differ from them where cells hold line breaks.
    """
    wanted = set(records)
    names = (spalte.name, *spalte.auch) if spalte else ()
    found: dict[int, tuple[int, str | None]] = {record: (record, None) for record in wanted}
    if fmt.art in READERS:
        cells = read_table(file.path, fmt)
        place = next((cells.header.index(name) for name in names if name in cells.header), None)
        for record in wanted:
            row = record - fmt.vorspann - fmt.kopfzeilen - 1
            if 0 <= row < len(cells.rows):
                found[record] = (cells.lines[row], cells.rows[row][place] if place is not None else None)
        return found
    if fmt.art in ("geo", "zip"):
        return found
    with file.path.open(encoding={"utf-8": "utf-8-sig"}.get(fmt.kodierung, fmt.kodierung), errors="replace", newline="") as text:
        for _ in range(fmt.vorspann):
            text.readline(HEADER_LIMIT)
        reader = csv.reader(_bounded_lines(text), delimiter=fmt.trennzeichen)
        seen, place, header = fmt.vorspann, None, None
        # A cell longer than the parser allows: the lines found so far will do.
        with suppress(csv.Error):
            while wanted:
                begins = fmt.vorspann + reader.line_num + 1
                row = next(reader, None)
                if row is None:
                    break
                seen += bool(row)
                if row and header is None:
                    header = [name.strip() for name in row]
                    place = next((header.index(name) for name in names if name in header), None)
                if row and seen in wanted:
                    found[seen] = (begins, row[place] if place is not None and place < len(row) else None)
                    wanted.discard(seen)
    return found


def _bounded_lines(text: io.TextIOBase) -> Iterator[str]:
    while line := text.readline(HEADER_LIMIT):
        yield line


# text cells of other files


def _read_cells(quelle: Quelle, tabelle: Tabelle, file: SourceFile) -> dict[str, list[str | None]]:
    """The declared columns of one file as text."""
    try:
        _no_bomb(file)
        cells = read_table(file.path, tabelle.format)
    except Unreadable as problem:
        raise Refused(f"{file.name}: {problem}; bitte wie vereinbart neu ausgeben.") from None
    except (duckdb.Error, MemoryError, Refused):
        raise
    except Exception:  # noqa: BLE001 - what parsers of such files raise on broken ones has no end
        raise Refused(f"{file.name}: Die Datei ist beschädigt oder nicht vom Format {tabelle.format.art}; bitte neu ausgeben.") from None
    header = canonical(tabelle, cells.header)
    wrong = compare_columns(quelle, tabelle, header)
    if wrong:
        raise Refused(f"{file.name}, Kopfzeile: {wrong}; {_drift(quelle, tabelle, header)}.")
    wanted = {s.name: header.index(s.name) for s in kept(tabelle) if s.name in header}
    return {name: [row[column] for row in cells.rows] for name, column in wanted.items()}


def _insert_cells(db: duckdb.DuckDBPyConnection, table: str, tabelle: Tabelle, names: list[str], files: dict[int, dict[str, list[str | None]]]) -> None:
    """Append the cells of files with the same columns, file after file."""
    import pyarrow as pa

    columns = {name: pa.array([cell for cells in files.values() for cell in cells[name]], pa.string()) for name in names}
    rows = {place: len(next(iter(cells.values()))) for place, cells in files.items()}
    db.register("_zellen", pa.table(columns | {"_stelle": pa.array([place for place, count in rows.items() for _ in range(count)], pa.int16())}))
    try:
        db.execute(_insert(table, "_stelle", tabelle, names, "_zellen")).fetchall()
    finally:
        db.unregister("_zellen")


def _no_bomb(file: SourceFile) -> None:
    """Refused where an archive (workbooks are archives) would unpack to more than a delivery can be."""
    if not zipfile.is_zipfile(file.path):
        return
    with zipfile.ZipFile(file.path) as archive:
        sizes = [member.file_size for member in archive.infolist()]
    if len(sizes) > MOST_MEMBERS or sum(sizes) > MOST_UNPACKED:
        raise Refused(f"{file.name}: Die Datei würde entpackt über {MOST_UNPACKED >> 20} MB groß; bitte ohne überflüssige Blätter neu ausgeben.")


# geometry


def _geo_source(path: Path) -> str:
    """The name under which GDAL opens a file by the driver of a declared format and by no other.

    Left to choose, it takes any content for what it looks like, also for a list of other files or addresses to read (VRT,
    GDALG), wherever they lie. With a prefix pyogrio does not look for archives and addresses in the path, either.
    """
    with path.open("rb") as raw:
        if raw.read(len(SQLITE)) != SQLITE:
            return f"GEOJSON:{path}"
    # Quoted: a colon would begin the name of a layer.
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'GPKG:"{escaped}"'


def _features(tabelle: Tabelle, file: SourceFile) -> tuple[dict[str, Any], pa.Table]:
    """The declared layer as GDAL reads it: what is known about it, and its features with the geometry as WKB."""
    import pyogrio

    source, layer = _geo_source(file.path), tabelle.format.ebene
    # Only where a layer is declared: a GeoJSON has one and would be parsed twice.
    if layer and layer not in [name for name, _ in pyogrio.list_layers(source)]:
        raise Refused(f"{file.name}: es fehlt die Ebene „{layer}“; bitte mit allen vereinbarten Ebenen liefern.")
    return pyogrio.read_arrow(source, layer=layer)


def _read_geo(db: duckdb.DuckDBPyConnection, table: str, place: int, quelle: Quelle, tabelle: Tabelle, file: SourceFile) -> None:
    import pyarrow as pa
    import pyogrio
    import shapely

    fmt = tabelle.format
    pyogrio.set_gdal_config_options(NO_NETWORK)
    try:
        # What the library warns of in English is either refused below or of no account.
        with warnings.catch_warnings(action="ignore"):
            meta, features = _features(tabelle, file)
    except (pa.ArrowException, RuntimeError, OSError, ValueError):
        # pyogrio's own errors are RuntimeErrors.
        raise Refused(f"{file.name}: Die Datei ist nicht als Geodatei lesbar; bitte neu ausgeben.") from None
    crs = {"OGC:CRS84": "EPSG:4326"}.get(meta["crs"], meta["crs"])
    if fmt.epsg and crs != f"EPSG:{fmt.epsg}":
        raise Refused(
            f"{file.name}: Das Koordinatensystem ist {crs or 'nicht angegeben'} statt EPSG:{fmt.epsg}; "
            f"bitte umrechnen oder epsg in {quelle.quelle}.yml anpassen."
        )
    geometry = meta["geometry_name"] or "wkb_geometry"
    names = [name for name in features.column_names if name != geometry]
    if len(names) != len(features.column_names) - 1:
        why = f"eine Eigenschaft heißt „{geometry}“ wie die Geometrie selbst; bitte sie weglassen oder umbenennen" if geometry in features.column_names else "die Objekte haben keine Geometrie; bitte vollständig neu ausgeben"
        raise Refused(f"{file.name}: {why}.")
    if "geometry" in names:
        raise Refused(f"{file.name}: eine Eigenschaft heißt „geometry“ wie die Geometrie selbst; bitte sie weglassen oder umbenennen.")
    stored = features.column(geometry)
    shapes = shapely.from_wkb(stored.to_numpy(zero_copy_only=False), on_invalid="ignore")
    if unreadable := [number for number, (shape, bare) in enumerate(zip(shapes, stored.is_null().to_pylist(), strict=True), 1) if shape is None and not bare]:
        count = "" if len(unreadable) == 1 else f" und {len(unreadable) - 1} weitere"
        raise Refused(
            f"{file.name}, Objekt {unreadable[0]}{count}: die Geometrie ist nicht lesbar, etwa weil ein Ring nicht geschlossen ist; "
            "bitte in der Quelle berichtigen und neu liefern."
        )
    columns = {name: features.column(name) for name in names}
    columns = dict(zip(canonical(tabelle, list(columns)), columns.values(), strict=True))
    columns["geometry"] = pa.array(shapely.to_wkt(shapes, rounding_precision=-1), type=pa.string())
    fid = meta.get("fid_column") or "fid"
    problem = compare_columns(quelle, tabelle, [name for name in columns if name != fid or name in {s.name for s in tabelle.spalten}])
    if problem:
        raise Refused(f"{file.name}: {problem}; {_drift(quelle, tabelle, list(columns))}.")
    wanted = [s.name for s in kept(tabelle) if s.name in columns]
    db.register("_geo", pa.table({name: columns[name] for name in wanted}))
    try:
        as_text = ", ".join(f"{quoted(name)}::varchar as {quoted(name)}" for name in wanted)
        # Fetched to the end: an open result keeps the registered table in use.
        db.execute(_insert(table, str(place), tabelle, wanted, f"(select {as_text} from _geo)")).fetchall()
    finally:
        db.unregister("_geo")
