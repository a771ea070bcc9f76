"""Files that are not plain CSV, as text cells: one reader per kind, one table of a file per call.

A reader knows the file format and nothing of towns, sources or types: it finds the declared header, takes the rows up to
the declared end and returns every cell as it stands. Nothing is typed, cleaned or guessed here.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from sources.model import Format

#: A workbook cell that an empty area of a sheet cannot exceed; what is larger is not a table.
MOST_COLUMNS, MOST_ROWS = 500, 200_000
#: Cells up to which a sheet is taken whole; one cell in its last corner would make it 17 billion.
DENSE = 5_000_000
#: Rows that a sheet can have, and cells that need not say where they stand: read row by row, which takes most memory per cell.
MOST_SHEET_ROWS, MOST_UNPLACED = 1 << 20, 500_000
#: Bytes of a CSV read cell by cell, and characters of one of its lines: tables per area are far smaller.
LARGEST_CSV, LONGEST_LINE = 32 << 20, 1 << 20
#: Longest piece of a sheet's text that is looked for across two steps.
PLACE_LENGTH = 200
#: A cell of a sheet and, where it says so first of all as every common program does, where it stands.
CELL = re.compile(rb"""<(?:[a-z]{1,9}:)?c(?:\s{1,9}r\s{0,9}=\s{0,9}["']([A-Z]{1,3})([0-9]{1,9})["']|[\s/>])""")
ERROR = re.compile(rb"""\bt\s{0,9}=\s{0,9}["']e["']""")
#: A formula that ends its cell, so that no value is stored with it.
UNCOUNTED = re.compile(rb"(?:</(?:[a-z]{1,9}:)?f>|<(?:[a-z]{1,9}:)?f(?:\s[^<>]{0,100})?/>)(?:<(?:[a-z]{1,9}:)?v\s?/>|<v></v>)?</(?:[a-z]{1,9}:)?c>")
#: Stands in a row where the cell holds such a formula; no text of a file can be this.
NO_VALUE = "\0"
CHUNK = 1 << 20
#: What ``zipfile`` raises at an archive that is broken, encrypted, or packed in a way it does not know.
BROKEN_ARCHIVE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


#: Encodings in which every byte is a character: what was saved in UTF-8 reads as other characters there, without an error.
ONE_BYTE = ("iso-8859-1", "cp1252")


#: Further cells would vanish without a word.
TOO_WIDE = f"das Blatt hat Angaben jenseits von Spalte {MOST_COLUMNS}; was nicht zur Tabelle gehört, bitte löschen"


class Unreadable(Exception):
    """The file is not of its declared kind; the text says what is wrong, without the file's name."""


@dataclass(frozen=True)
class Cells:
    """One table of a file: column names, rows of text, and for each row the line of the file it stands on."""

    header: list[str]
    rows: list[list[str | None]]
    lines: list[int]


def as_text(value: Any) -> str | None:
    """A cell as a person would type it: whole numbers without decimals, dates in ISO form, nothing for nothing."""
    match value:
        case None:
            return None
        case bool():
            return "ja" if value else "nein"
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == datetime.min.time():
            return value.date().isoformat()
        case datetime() | date():
            return value.isoformat()
        case _:
            return str(value).replace("\xa0", " ").strip() or None


def table_of(lines: Iterator[list[str | None]], fmt: Format, *, whole: bool = False) -> Cells:
    """Header and rows of a sheet: after ``vorspann`` lines, ``kopfzeilen`` lines of header, up to ``ende`` or the last line.

    A header of several lines is joined by " | "; a cell that is empty there takes its left neighbour's text in all but
    the last line, as merged cells are meant. Empty lines are no rows. Nothing is left out in silence: a cell beside the
    table, a row below its end and, where rows are ``whole``, one with too few cells are Unreadable.
    """
    for _ in range(fmt.vorspann):
        if next(lines, None) is None:
            raise Unreadable(f"die Datei endet vor der Kopfzeile in Zeile {fmt.vorspann + 1}")
    head = [next(lines, None) for _ in range(fmt.kopfzeilen)]
    if any(line is None for line in head):
        raise Unreadable(f"die Datei endet vor der Kopfzeile in Zeile {fmt.vorspann + fmt.kopfzeilen}")
    width = max(len(line) for line in head if line is not None)
    filled: list[list[str]] = []
    for place, line in enumerate(head):
        cells = [*(line or []), *[None] * (width - len(line or []))]
        if place < fmt.kopfzeilen - 1:
            for column in range(1, width):
                cells[column] = cells[column] or cells[column - 1]
        filled.append([" ".join(cell.split()) if cell else "" for cell in cells])
    header = [" | ".join(part for part in parts if part) for parts in zip(*filled, strict=True)]
    while header and not header[-1]:
        header.pop()
    end = re.compile(fmt.ende) if fmt.ende else None
    table = Cells(header, [], [])
    last = 0
    for number, line in enumerate(lines, fmt.vorspann + fmt.kopfzeilen + 1):
        ends = end and line and line[0] and end.match(line[0])
        if last or ends:
            # Footnotes fill a cell or two; more than half of the columns is a row of the table.
            if not ends and 1 < sum(cell is not None for cell in line) > len(header) / 2:
                raise Unreadable(f"nach der Schlusszeile {last} steht in Zeile {number} noch eine Zeile der Tabelle; sie ginge verloren")
            last = last or number
            continue
        row = [*line[: len(header)], *[None] * (len(header) - len(line))]
        beside = next((place for place, cell in enumerate(line[len(header) :], len(header)) if cell is not None), None)
        if beside is not None:
            raise Unreadable(f"Zeile {number}: rechts neben der Tabelle steht noch etwas (Spalte {letters(beside)}), die Kopfzeile nennt dort keine Spalte")
        if not any(cell is not None for cell in row):
            continue
        if whole and len(line) < len(header):
            raise Unreadable(f"Zeile {number}: zu wenige Spalten")
        if NO_VALUE in row:
            raise Unreadable(
                f"Zelle {letters(row.index(NO_VALUE))}{number}: die Formel hat keinen gespeicherten Wert; "
                "Formeln durch Werte ersetzen oder die Datei in Excel öffnen und speichern"
            )
        table.rows.append(row)
        table.lines.append(number)
        if len(table.rows) > MOST_ROWS:
            raise Unreadable(f"die Tabelle hat mehr als {MOST_ROWS} Zeilen")
        if len(table.rows) * len(header) > DENSE:
            raise Unreadable(f"die Tabelle hat mehr als {DENSE} Zellen")
    return table


def letters(column: int) -> str:
    """Name of a column of a sheet, counted from 0."""
    name, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def read_xlsx(path: Path, fmt: Format) -> Cells:
    """One sheet of a workbook (``ebene`` names it, else the first); merged cells hold their text in the upper left one."""
    try:
        whole = _fits(path)
    except (*BROKEN_ARCHIVE, OSError):
        raise Unreadable("die Datei ist keine Excel-Arbeitsmappe (.xlsx)") from None
    return _read_dense(path, fmt) if whole else _read_sparse(path, fmt)


def _read_dense(path: Path, fmt: Format) -> Cells:
    """All cells of the sheet at once, which is seven times as fast."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        if not book.sheet_names:
            raise Unreadable("die Arbeitsmappe hat kein Blatt")
        if fmt.ebene and fmt.ebene not in book.sheet_names:
            raise Unreadable(f"es fehlt das Blatt „{fmt.ebene}“")
        sheet = book.get_sheet_by_name(fmt.ebene or book.sheet_names[0])
        rows = sheet.to_python(skip_empty_area=False)
        merged = sheet.merged_cell_ranges or []
    except (CalamineError, ValueError, OSError):
        raise Unreadable("die Datei ist keine Excel-Arbeitsmappe (.xlsx)") from None
    except BaseException as error:
        # How a panic of the library comes out; it is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise Unreadable("die Arbeitsmappe ist beschädigt") from None
    if any(value not in ("", None) for row in rows for value in row[MOST_COLUMNS:]):
        raise Unreadable(TOO_WIDE)
    table = table_of(([as_text(value) for value in row[:MOST_COLUMNS]] for row in rows), fmt)
    first, held = fmt.vorspann + fmt.kopfzeilen, set(table.lines)
    for (top, left), (bottom, right) in merged:
        # In the header merged cells are understood; below they hold one value for what are several cells.
        if top >= first and left < len(table.header) and any(line in held for line in range(top + 1, min(bottom, top + MOST_ROWS) + 2)):
            raise Unreadable(f"die Zellen {letters(left)}{top + 1} bis {letters(right)}{bottom + 1} sind verbunden; Verbindung aufheben und jede Zelle füllen")
    return table


def _read_sparse(path: Path, fmt: Format) -> Cells:
    """Row by row: for sheets whose last cell lies far beyond their table, and for those with errors (#NV) or formulas

    without a value, which the other takes for empty.
    """
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, data_only=True, read_only=True)
        formulas = openpyxl.load_workbook(path, read_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError, EOFError, openpyxl.utils.exceptions.InvalidFileException):
        raise Unreadable("die Datei ist keine Excel-Arbeitsmappe (.xlsx)") from None
    try:
        if fmt.ebene and fmt.ebene not in book.sheetnames:
            raise Unreadable(f"es fehlt das Blatt „{fmt.ebene}“")
        sheets = [one[fmt.ebene] if fmt.ebene else one.worksheets[0] for one in (book, formulas)]
        for sheet in sheets:
            sheet.reset_dimensions()
        return table_of(map(_with_formulas, *(sheet.iter_rows() for sheet in sheets)), fmt)
    finally:
        book.close()
        formulas.close()


def _with_formulas(row: Sequence[Any], formulas: Sequence[Any]) -> list[str | None]:
    """The text of each cell; a formula that came to an empty text is empty, one without a value is not."""
    if any(cell.value not in ("", None) for cell in row[MOST_COLUMNS:]):
        raise Unreadable(TOO_WIDE)
    return [
        NO_VALUE if cell.value is None and formula.data_type == "f" and cell.data_type == "n" else as_text(cell.value)
        for cell, formula in zip(row[:MOST_COLUMNS], formulas, strict=False)
    ]


def _fits(path: Path) -> bool:
    """Whether no sheet has an error or a formula without a value in a cell, a cell that does not say where it stands, or a rectangle of more than ``DENSE`` cells.

    By what is written in it, read in steps. Unreadable where it has more rows or cells than either way to read it can take.
    """
    fits = True
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            row = column = 1
            rows = cells = placed = 0
            rest = b""
            with archive.open(member) as stream:
                while chunk := stream.read(CHUNK):
                    text = rest + chunk
                    places = CELL.findall(text)
                    row = max(row, *(int(digits or 1) for _, digits in places), 1)
                    column = max(column, *map(_column, {letters for letters, _ in places}), 1)
                    # What lies in the rest was counted with the step before.
                    known = CELL.findall(rest)
                    rows += text.count(b"<row") - rest.count(b"<row")
                    cells += len(places) - len(known)
                    placed += sum(letters != b"" for letters, _ in places) - sum(letters != b"" for letters, _ in known)
                    if rows > MOST_SHEET_ROWS or cells > DENSE or cells - placed > MOST_UNPLACED:
                        raise Unreadable(f"ein Blatt hat mehr als {DENSE} Zellen oder nennt ihre Plätze nicht; kleine Tabellen je Gebiet sind verlangt")
                    fits = fits and row * column <= DENSE and not ERROR.search(text) and not UNCOUNTED.search(text)
                    rest = text[-PLACE_LENGTH:]
            fits = fits and cells == placed
    return fits


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def is_utf8(path: Path) -> bool:
    """Whether a file has characters of several bytes and all of them are UTF-8, which no text in another encoding is by chance.

    Ends at the first other one, which is the first umlaut of nearly every file in another encoding.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    several = False
    try:
        with path.open("rb") as raw:
            while chunk := raw.read(CHUNK):
                # Far faster than decoding, and all there is in most of a file.
                if chunk.isascii() and not decoder.getstate()[0]:
                    continue
                several = True
                if raw.tell() <= CHUNK and chunk.startswith(codecs.BOM_UTF8):
                    return True
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return several


def nul_line(path: Path) -> int | None:
    """The first line of a text file with a null byte, which no text has: a disk or a transfer lost what stood there."""
    line = 1
    with path.open("rb") as raw:
        while chunk := raw.read(CHUNK):
            if (place := chunk.find(b"\0")) >= 0:
                return line + chunk.count(b"\n", 0, place)
            line += chunk.count(b"\n")
    return None


def read_csv_cells(path: Path, fmt: Format) -> Cells:
    """A small CSV with a header of several lines, footnotes after the table, or columns without a name ("Spalte 1")."""
    encoding = {"utf-8": "utf-8-sig"}.get(fmt.kodierung, fmt.kodierung)
    if path.stat().st_size > LARGEST_CSV:
        raise Unreadable(f"die Datei ist größer als {LARGEST_CSV >> 20} MB, sie ist keine Tabelle je Gebiet")
    if fmt.kodierung in ONE_BYTE and is_utf8(path):
        raise Unreadable(f"die Datei ist in UTF-8 gespeichert, erwartet ist {fmt.kodierung.upper()}")
    try:
        with path.open(encoding=encoding, newline="") as text:
            table = table_of(_csv_lines(text, fmt), fmt, whole=True)
    except (UnicodeDecodeError, UnicodeError):
        raise Unreadable(f"ein Zeichen passt nicht zur Kodierung {fmt.kodierung.upper()}") from None
    except csv.Error:
        raise Unreadable(f"die Datei ist nicht als CSV mit dem Trennzeichen „{fmt.trennzeichen}“ lesbar") from None
    if fmt.kodierung != "utf-16" and (line := nul_line(path)):
        raise Unreadable(f"in Zeile {line} stehen Nullbytes statt Text, die Datei ist beschädigt")
    return Cells([name or f"Spalte {place}" for place, name in enumerate(table.header, 1)], table.rows, table.lines)


def _csv_lines(text: io.TextIOBase, fmt: Format) -> Iterator[list[str | None]]:
    """Line by line, so that a file that is no table is left after as much of it as a table can have."""

    def bounded() -> Iterator[str]:
        number = 0
        while line := text.readline(LONGEST_LINE):
            number += 1
            if len(line) >= LONGEST_LINE:
                raise Unreadable(f"Zeile {number} ist zu lang, die Datei ist keine Tabelle")
            # Blank lines count, too: a table has few of them.
            if number > 2 * MOST_ROWS:
                raise Unreadable(f"die Datei hat mehr als {2 * MOST_ROWS} Zeilen")
            yield line

    for line in csv.reader(bounded(), delimiter=fmt.trennzeichen):
        yield [cell.strip() or None for cell in line]


CODEBOOK = ("Variable", "Frage", "Code", "Bedeutung", "Fehlend")


def read_sav(path: Path, fmt: Format) -> Cells:
    """An SPSS file: one row per person with codes as codes (user-missing ones too); ``ebene: codebuch`` gives its code book.

    The code book has a row per variable and code (Variable, Frage, Code, Bedeutung, Fehlend = ja where the file declares
    the code missing) and one with an empty code per variable without codes.
    """
    import pyreadstat

    if path.stat().st_size > LARGEST_CSV:
        raise Unreadable(f"die Datei ist größer als {LARGEST_CSV >> 20} MB, sie ist keine Befragung einer Stadt")
    try:
        _, meta = pyreadstat.read_sav(path, metadataonly=True, user_missing=True)
        # Packed, a small file can hold many persons.
        if (meta.number_rows or 0) * meta.number_columns > DENSE:
            raise Unreadable(f"die Datei hat mehr als {DENSE} Angaben, sie ist keine Befragung einer Stadt")
        if fmt.ebene != "codebuch":
            frame, _ = pyreadstat.read_sav(path, user_missing=True, apply_value_formats=False)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, OSError, ValueError):
        raise Unreadable("die Datei ist keine SPSS-Datei (.sav)") from None
    if fmt.ebene != "codebuch":
        rows = [[None if value != value else as_text(value) for value in row] for row in frame.itertuples(index=False, name=None)]
        return Cells(list(map(str, frame.columns)), rows, list(range(1, len(rows) + 1)))
    rows = []
    for name, question in zip(meta.column_names, meta.column_labels, strict=True):
        missing = [(span["lo"], span["hi"]) for span in meta.missing_ranges.get(name, ())]
        for code, label in meta.variable_value_labels.get(name, {}).items() or [(None, None)]:
            left_out = any(low <= code <= high for low, high in missing if isinstance(code, type(low)) or isinstance(code, int | float) and isinstance(low, int | float))
            rows.append([name, question, as_text(code), label, "ja" if left_out else "nein"])
    return Cells(list(CODEBOOK), rows, list(range(1, len(rows) + 1)))


#: Unpacked, a coding project without transcripts is small; what is larger is none.
LARGEST_PROJECT = 64 << 20
#: A code with this name holds marks of a segment (reviewed, released), not themes.
MARKS = "Status"


def read_qdpx(path: Path, fmt: Format) -> Cells:
    """Coded segments of a REFI-QDA project (.qdpx): one row per segment and theme.

    Columns: Dokument, Segment, every variable of the sources, Thema, Aussage (the description the coder wrote, never the
    transcript), and each code below "Status" with ja or nein. A project that still holds transcripts is Unreadable.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_PROJECT:
                raise Unreadable(f"das Projekt ist entpackt größer als {LARGEST_PROJECT >> 20} MiB")
            if any(name.lower().startswith("sources/") and not name.endswith("/") for name in archive.namelist()):
                raise Unreadable("das Projekt enthält Gesprächsprotokolle (Ordner Sources), die nicht ins Haus dürfen; bitte ohne Quelltexte exportieren")
            project = fromstring(archive.read(next(name for name in archive.namelist() if name.endswith(".qde"))))
    except (zipfile.BadZipFile, StopIteration, OSError, EOFError, ParseError, DefusedXmlException):
        raise Unreadable("die Datei ist kein REFI-QDA-Projekt (.qdpx)") from None
    space = project.tag[: project.tag.index("}") + 1] if "}" in project.tag else ""
    if project.find(f".//{space}PlainTextContent") is not None:
        raise Unreadable("das Projekt enthält Gesprächsprotokolle (PlainTextContent), die nicht ins Haus dürfen; bitte ohne Quelltexte exportieren")
    themes = {code.get("guid"): code.get("name") for code in project.iter(f"{space}Code")}
    marks = {code.get("guid"): code.get("name") for group in project.iter(f"{space}Code") if group.get("name") == MARKS for code in group.findall(f"{space}Code")}
    groups = {group.get("guid") for group in project.iter(f"{space}Code") if group.get("name") == MARKS}
    variables = {v.get("guid"): v.get("name") for v in project.iter(f"{space}Variable")}
    mark_names, variable_names = sorted(set(marks.values()), key=str), list(variables.values())
    table = Cells(["Dokument", "Segment", *map(str, variable_names), "Thema", "Aussage", *map(str, mark_names)], [], [])
    for source in project.iter(f"{space}TextSource"):
        known = {}
        for value in source.findall(f"{space}VariableValue"):
            reference = value.find(f"{space}VariableRef")
            text = next((child.text for child in value if child is not reference), None)
            known[variables.get(reference.get("targetGUID") if reference is not None else None)] = as_text(text)
        for number, selection in enumerate(source.findall(f"{space}PlainTextSelection"), 1):
            codes = [reference.get("targetGUID") for reference in selection.iter(f"{space}CodeRef")]
            description = selection.find(f"{space}Description")
            said = as_text(description.text) if description is not None else None
            set_marks = {marks[code] for code in codes if code in marks}
            for code in codes:
                if code in marks or code in groups or code not in themes:
                    continue
                table.rows.append(
                    [source.get("name"), str(number), *(known.get(name) for name in variable_names), themes[code], said,
                     *("ja" if name in set_marks else "nein" for name in mark_names)]
                )  # fmt: skip
                table.lines.append(len(table.rows))
    return table


def melted(table: Cells, fmt: Format) -> Cells:
    """Columns of ``bleiben`` beside one row per cell of all others (``Merkmal``, ``Wert``), line by line; ``weglassen`` are dropped."""

    def is_any(name: str, patterns: Sequence[str]) -> bool:
        return any(name == pattern or fnmatchcase(name, pattern) for pattern in patterns)

    stay = [place for place, name in enumerate(table.header) if is_any(name, fmt.bleiben)]
    turn = [place for place, name in enumerate(table.header) if place not in stay and not is_any(name, fmt.weglassen)]
    result = Cells([*(table.header[place] for place in stay), "Merkmal", "Wert"], [], [])
    for row, line in zip(table.rows, table.lines, strict=True):
        beside = [row[place] for place in stay]
        for place in turn:
            result.rows.append([*beside, table.header[place], row[place]])
            result.lines.append(line)
    return result


def read_table(path: Path, fmt: Format) -> Cells:
    """The declared table of a file as text cells, melted where the declaration says so. Unreadable says what is wrong."""
    table = READERS[fmt.art](path, fmt)
    return melted(table, fmt) if fmt.bleiben else table


READERS: dict[str, Callable[[Path, Format], Cells]] = {"xlsx": read_xlsx, "csv_zellen": read_csv_cells, "sav": read_sav, "qdpx": read_qdpx}
