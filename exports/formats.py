"""One function per form in which a table leaves: Parquet, two kinds of CSV, workbook, form, GeoPackage, JSON-stat.

Every function takes a relation in DuckDB and writes one file; same rows, same bytes. No text cell can start a formula.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any

from duckdb import DuckDBPyConnection

from exports.contract import Contract, Table
from warehouse.connect import literal

CHUNK = 1 << 20
UTF8_BOM = b"\xef\xbb\xbf"
NUMERIC = ("DOUBLE", "FLOAT", "DECIMAL")
WHOLE = ("BIGINT", "INTEGER")
#: A text that begins so would be computed by a spreadsheet; a dash alone is a table symbol and harmless.
FORMULA = r"^([=+@\t\r]|-.)"
#: A text that a spreadsheet would take for a number or a date when it opens a CSV: 40721, 02, 8-16, 1E5.
MISTAKEN = r"^([0-9]{2,}|[0-9]+([.,:/-][0-9]+)+|[0-9]+[eE][0-9]+)$"
#: Column in front of tables of areas, for spreadsheets only: what identifies an area, in a form that no program takes for a number.
AREA_KEY, AREA_KEY_MEANING = "raumschluessel", "Gebietsstand/Ebene/Schlüssel: zum Verknüpfen; raumeinheit_id verliert in einer Tabellenkalkulation ihre führenden Nullen."
#: Moment written into files that insist on one, so that the same rows give the same bytes.
FILE_TIME = datetime(2025, 1, 1)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def write(form: str, db: DuckDBPyConnection, contract: Contract, table: Table, folder: Path, facts: dict[str, str]) -> list[Path]:
    """Write the view ``zeilen`` in one form; returns the files."""
    match form:
        case "parquet":
            units = {c.name: c.beschreibung + (f" [{c.einheit}]" if c.einheit else "") for c in table.spalten}
            return [parquet(db, "zeilen", folder / f"{table.name}.parquet", facts | units)]
        case "csv":
            return [machine_csv(db, "zeilen", folder / f"{table.name}.csv")]
        case "excel_csv":
            from exports.report.wording import digits_of

            digits = {c.name: c.stellen if c.stellen is not None else digits_of(c.einheit) for c in table.spalten if c.stellen is not None or c.einheit}
            return [excel_csv(db, "zeilen", folder / f"{table.name}_excel.csv", symbols(table), digits)]
        case "xlsx":
            return [workbook(db, contract, table, folder / f"{table.name}.xlsx", facts)]
        case "geopackage":
            return geopackage(db, folder / f"{table.name}.gpkg", int(facts["epsg"]), facts)
        case "punkte":
            return points(db, folder / f"{contract.tabellen[0].name}.gpkg", table, int(facts["epsg"]), facts)
        case "jsonstat":
            return [jsonstat(db, contract, table, folder / f"{table.name}.json", facts)]
        case "formular":
            return feedback_forms(db, folder, f"rueckmeldung_{table.name}", facts)
        case "tagesordnung":
            return [agenda(db, contract, folder / "tagesordnung.xlsx", facts)]
        case "pdf":
            from exports.onepage import one_page

            return [one_page(db, contract, table, folder / f"{table.name}.pdf", facts)]
    raise ValueError(form)


def parquet(db: DuckDBPyConnection, table: str, path: Path, metadata: dict[str, str]) -> Path:
    pairs = ", ".join(f"{literal(key)}: {literal(value)}" for key, value in sorted(metadata.items()))
    db.execute(f"copy (from {table}) to {literal(path)} (format parquet, compression zstd, kv_metadata {{{pairs}}})")
    return path


def machine_csv(db: DuckDBPyConnection, table: str, path: Path) -> Path:
    """RFC 4180: comma, dot, CRLF, UTF-8 without BOM; an empty field is unknown, its reason stands in the status columns."""
    shown = [f"{_harmless(quoted(name))} as {quoted(name)}" if kind == "VARCHAR" else quoted(name) for name, kind in _columns(db, table)]
    return _csv(db, f"select {', '.join(shown)} from {table}", path, ",", b"")


def symbols(table: Table) -> dict[str, str]:
    """Column -> SQL for the symbol that people see where its number is missing; never empty: what has no other reason is unknown."""
    names = {c.name for c in table.spalten}
    return {c.name: f"coalesce({quoted(c.fehlt)}, '.')" if c.fehlt in names else literal(c.fehlt) for c in table.spalten if c.fehlt}


#: Columns in the unit that the row names, in marts and contracts.
IN_UNIT_OF_ROW = frozenset({"wert", "ki_unten", "ki_oben", "rest_wert", "diff", "diff_ki_unten", "diff_ki_oben", "vergleichswert", "bezug_wert", "differenz"})


def _decimals(column: str, digits: int | None) -> str:
    """SQL for a number with that many decimals and a comma; without ``digits`` whole numbers have none and others one. A rounded zero has no sign."""
    form = f"printf('%.{digits}f', {column})" if digits is not None else f"case when {column} = floor({column}) then printf('%.0f', {column}) else printf('%.1f', {column}) end"
    return f"replace(regexp_replace({form}, '^-(0([.]0+)?)$', '\\1'), '.', ',')"


def excel_csv(db: DuckDBPyConnection, table: str, path: Path, missing: Mapping[str, str] = MappingProxyType({}), digits: Mapping[str, int] = MappingProxyType({})) -> Path:
    """As German Excel opens it by double click: semicolon, decimal comma, BOM; the symbol ``missing`` (SQL per column) for a number that is not there.

    Numbers have the decimals of ``digits`` or of the unit of the row, as the report shows them; the exact ones are in the other forms.

    A CSV cannot say that 0301 is a text, so areas have a key in front that looks like none (hilden2020/sozialraum/0301),
    and other texts that would turn into a number or a date get an apostrophe, as those that would start a formula.
    ``raumeinheit_id`` itself stays as everywhere: whoever reads the file by program, the attack too, finds the area by it.
    """
    # Late: the report's words bring scipy with them, and what only lists exports needs neither.
    from exports.report.wording import DIGITS, digits_of

    columns = dict(_columns(db, table))
    shown = [f"gebietsstand || '/' || ebene || '/' || raumeinheit_id as {AREA_KEY}"] if has_area_key(columns) else []
    for name, kind in columns.items():
        column = quoted(name)
        if kind.startswith((*NUMERIC, *WHOLE)):
            if kind.startswith(WHOLE):
                text = f"cast({column} as varchar)"
            elif name not in digits and name in IN_UNIT_OF_ROW and "einheit" in columns:
                units = "".join(f" when {literal(unit)} then {_decimals(column, places)}" for unit, places in sorted(DIGITS.items()))
                text = f"case einheit{units} else {_decimals(column, digits_of(''))} end"
            else:
                text = _decimals(column, digits.get(name))
            shown.append(f"coalesce({text}, {missing[name]}) as {column}" if name in missing else f"{text} as {column}")
        elif kind == "BOOLEAN":
            shown.append(f"case when {column} then 'ja' when not {column} then 'nein' end as {column}")
        elif kind == "DATE":
            shown.append(f"strftime({column}, '%d.%m.%Y') as {column}")
        else:
            text = kind == "VARCHAR" and name != "raumeinheit_id"
            shown.append(f"{_harmless(column, f'{FORMULA}|{MISTAKEN}') if text else column} as {column}")
    return _csv(db, f"select {', '.join(shown)} from {table} order by all", path, ";", UTF8_BOM)


def has_area_key(columns: Iterable[str]) -> bool:
    """Whether the rows of a table belong to areas, so that the CSV for Excel has their key in front."""
    return {"gebietsstand", "ebene", "raumeinheit_id"} <= set(columns)


def _columns(db: DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    return [(name, kind) for name, kind, *_ in db.execute(f"describe select * from {table}").fetchall()]


def _harmless(column: str, dangerous: str = FORMULA) -> str:
    return f"case when regexp_matches({column}, {literal(dangerous)}) then '''' || {column} else {column} end"


def _csv(db: DuckDBPyConnection, rows: str, path: Path, delimiter: str, prefix: bytes) -> Path:
    plain = path.with_suffix(".lf")
    db.execute(f"copy ({rows}) to {literal(plain)} (format csv, header, delimiter '{delimiter}')")
    with plain.open("rb") as source, path.open("wb") as target:
        target.write(prefix)
        while chunk := source.read(CHUNK):
            target.write(chunk.replace(b"\n", b"\r\n"))
    plain.unlink()
    return path


# workbook


#: What a sheet of a workbook holds at most: rows with the header, letters of a cell.
SHEET_ROWS, CELL_LETTERS = 1_048_576, 32_767


class TooLong(ValueError):
    """A table that a workbook cannot hold; the text says what to do."""


def workbook(db: DuckDBPyConnection, contract: Contract, table: Table, path: Path, facts: dict[str, str]) -> Path:
    """A sheet that explains, the data with frozen header and number formats, metadata, the columns, and the definitions
    each indicator links to. Missing values show their symbol.

    openpyxl makes the book; the rows of the data come as XML from DuckDB, because an object per cell takes half a minute.
    """
    import openpyxl
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.hyperlink import Hyperlink

    (count,) = db.execute("select count(*) from zeilen").fetchone()  # type: ignore[misc]
    if count >= SHEET_ROWS:
        raise TooLong(f"{contract.empfaenger}/{table.name}: {count} Zeilen passen nicht in eine Arbeitsmappe (höchstens {SHEET_ROWS - 1}); bitte xlsx aus den Formaten des Vertrags nehmen.")
    book = openpyxl.Workbook(write_only=True)
    book.properties.creator, book.properties.created, book.properties.modified = "Sozialraum-Warehouse", FILE_TIME, FILE_TIME
    bold, head, red, wrapped = Font(bold=True), PatternFill("solid", fgColor="E6EDF2"), Font(bold=True, color="B00020"), Alignment(wrap_text=True, vertical="top")

    def cell(sheet: Any, value: Any, *, font: Any = None, fill: Any = None, form: str | None = None, wrap: bool = False) -> Any:
        made = WriteOnlyCell(sheet, value)
        if isinstance(value, str):
            made.data_type = "s"  # never a formula, whatever it begins with
        if font:
            made.font = font
        if fill:
            made.fill = fill
        if form:
            made.number_format = form
        if wrap:
            made.alignment = wrapped
        return made

    def pairs(title: str, lines: list[tuple[str, str]]) -> None:
        sheet = book.create_sheet(title)
        sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 24, 110
        for label, text in lines:
            sheet.append([cell(sheet, label, font=red if label == "SIMULIERT" else bold, wrap=True), cell(sheet, text, wrap=True)])

    simulated = [("SIMULIERT", "Erfundene Daten der Modellstadt, keine Aussage über wirkliche Menschen oder Orte.")] if facts.get("simuliert") == "ja" else []
    pairs("Hinweise", [
        (table.titel, ""), *simulated, ("Was", table.beschreibung), ("Für", contract.name), ("Zweck", contract.zweck), ("Stadt", facts["stadt"]), ("Ebenen", ", ".join(table.ebenen)), ("Jahre", table.jahre),
        ("Blätter", "Daten: die Zeilen; Metadaten: Stand, Quellen, Recht; Spalten: was jede Spalte heißt" + ("; Definitionen: was jeder Indikator heißt (der Schlüssel im Blatt Daten führt hin)" if any(c.name == "indikator_id" for c in table.spalten) else "")),
        ("Zeichen", "- genau null · . unbekannt oder geheim · * von der Bundesagentur für Arbeit anonymisiert · / unsicher · ... fällt später an · x nicht sinnvoll oder nicht vorgesehen · ( ) eingeschränkt"),
    ])  # fmt: skip

    definitions = db.execute("select indikator_id, name, definition, zaehler, nenner, einheit, quelle from mart.dim_indikator order by indikator_id").fetchall()
    names = [c.name for c in table.spalten]
    line = {row[0]: number for number, row in enumerate(definitions, 2)} if "indikator_id" in names else {}

    data = book.create_sheet("Daten")
    data.freeze_panes = "A2"
    for number, column in enumerate(table.spalten, 1):
        data.column_dimensions[get_column_letter(number)].width = 34 if column.name in ("raum", "indikator", "kennzahl", "name") else 14
    data.append([cell(data, c.name, font=bold, fill=head) for c in table.spalten])
    styles = {"link": cell(data, None, font=Font(color="0B5394", underline="single")).style_id} | {form: cell(data, None, form=form).style_id for form in ("0.00", "dd.mm.yyyy")}
    rows, keys = _sheet_rows(db, table, styles if line else styles | {"link": 0})
    data.auto_filter.ref = f"A1:{get_column_letter(len(names))}{count + 1}"
    if line:
        # Rows of one indicator stand together, so that one link serves them all: a sheet may have 65,530.
        letter, start = get_column_letter(names.index("indikator_id") + 1), 2
        for key, group in groupby(keys):
            end = start + len(list(group)) - 1
            if key in line:
                data._hyperlinks.append(Hyperlink(ref=f"{letter}{start}:{letter}{end}" if end > start else f"{letter}{start}", location=f"Definitionen!A{line[key]}"))
            start = end + 1

    pairs("Metadaten", [
        ("Stand", facts["release"]), ("Erstellt", facts["erstellt"]), ("Stichtage", facts["stichtage"]), *(("Quelle", source) for source in facts["quellen"].split("; ")),
        ("Rechtsgrundlage", contract.rechtsgrundlage), ("Schutzklasse", contract.schutzklasse), ("Vertrag", f"{contract.empfaenger}, Fassung {contract.version}; {contract.aenderungen}"), ("Lizenz", contract.lizenz),
    ])  # fmt: skip
    columns = book.create_sheet("Spalten")
    columns.column_dimensions["A"].width, columns.column_dimensions["C"].width, columns.column_dimensions["D"].width = 24, 18, 100
    columns.append([cell(columns, t, font=bold, fill=head) for t in ("Spalte", "Typ", "Einheit", "Bedeutung")])
    for column in table.spalten:
        columns.append([cell(columns, v) for v in (column.name, column.typ, column.einheit or "", column.beschreibung)])
    if line:
        sheet = book.create_sheet("Definitionen")
        for letter, width in zip("ABCDEFG", (32, 44, 80, 32, 32, 18, 40), strict=True):
            sheet.column_dimensions[letter].width = width
        sheet.append([cell(sheet, t, font=bold, fill=head) for t in ("Schlüssel", "Name", "Definition", "Zähler", "Nenner", "Einheit", "Quelle")])
        for row in definitions:
            sheet.append([cell(sheet, value or "", wrap=at == 2) for at, value in enumerate(row)])
    _save_timeless(book, path, {f"xl/worksheets/sheet{book.sheetnames.index('Daten') + 1}.xml": "".join(rows).encode()})
    return path


def _sheet_rows(db: DuckDBPyConnection, table: Table, styles: dict[str, int]) -> tuple[list[str], list[str]]:
    """The rows of ``zeilen`` as XML of a worksheet from its second row on, and the indicator of each; rows of one indicator together."""
    from openpyxl.utils import get_column_letter

    names, kinds, missing = [c.name for c in table.spalten], dict(_columns(db, "zeilen")), symbols(table)

    def text(value: str, style: int = 0) -> str:
        clean = f"regexp_replace({value}, '[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]', ' ', 'g')"
        safe = f"replace(replace(replace(left({clean}, {CELL_LETTERS}), '&', '&amp;'), '<', '&lt;'), '>', '&gt;')"
        return f"""'"{f' s="{style}"' if style else ''} t="inlineStr"><is><t xml:space="preserve">' || {safe} || '</t></is></c>'"""

    cells = []
    for number, name in enumerate(names, 1):
        column, kind = quoted(name), kinds[name]
        if kind.startswith(NUMERIC):
            content = f"""case when {column} = floor({column}) then '"><v>' else '" s="{styles["0.00"]}"><v>' end || {column} || '</v></c>'"""
        elif kind == "BOOLEAN":
            content = f"""'" t="b"><v>' || cast({column} as integer) || '</v></c>'"""
        elif kind == "DATE":
            content = f"""'" s="{styles["dd.mm.yyyy"]}"><v>' || ({column} - date '1899-12-30') || '</v></c>'"""
        elif kind == "VARCHAR":
            content = text(column, styles["link"] if name == "indikator_id" else 0)
        else:
            content = f"""'"><v>' || {column} || '</v></c>'"""
        if name in missing:
            content = f"coalesce({content}, {text(missing[name])})"
        cells.append(f"""coalesce('<c r="{get_column_letter(number)}' || nr || {content}, '')""")
    key = "indikator_id" if "indikator_id" in names else "null"
    order = ", ".join(map(quoted, [*(["indikator_id"] if "indikator_id" in names else []), *table.schluessel]))
    found = db.execute(
        f"""select '<row r="' || nr || '">' || {" || ".join(cells)} || '</row>', {key}
            from (select *, 1 + row_number() over (order by {order}) as nr from zeilen) order by nr"""
    ).fetchall()
    return [row for row, _ in found], [key for _, key in found]


#: Points of the agenda in their order, as the tables of the contract are called.
AGENDA = ("neu", "veraenderungen", "offen", "themen", "massnahmen", "beschluesse")


def agenda(db: DuckDBPyConnection, contract: Contract, path: Path, facts: dict[str, str]) -> Path:
    """One workbook for a meeting: the first sheet is the agenda with how much there is to each point, linked to the sheet with its rows."""
    import openpyxl
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.hyperlink import Hyperlink

    book = openpyxl.Workbook()
    book.properties.creator, book.properties.created, book.properties.modified = "Sozialraum-Warehouse", FILE_TIME, FILE_TIME
    front, bold, head, wrapped = book.active, Font(bold=True), PatternFill("solid", fgColor="E6EDF2"), Alignment(wrap_text=True, vertical="top")
    front.title = "Tagesordnung"
    for letter, width in zip("ABCD", (6, 42, 14, 100), strict=True):
        front.column_dimensions[letter].width = width
    front.append([None, f"{contract.name}: {facts['stadt']}, Stand {facts['release']}, Stichtage {facts['stichtage']}"])
    front["B1"].font = bold
    if facts.get("simuliert") == "ja":
        front.append([None, "SIMULIERT: erfundene Daten der Modellstadt."])
        front["B2"].font = Font(bold=True, color="B00020")
    front.append([None])
    front.append(["TOP", "Punkt", "Zeilen", "Was"])
    tables = {table.name: table for table in contract.tabellen}
    for number, table in enumerate((tables[name] for name in AGENDA), 1):
        names = [c.name for c in table.spalten]
        signs = symbols(table)
        listed = ", ".join(f"{quoted(name)}, {signs.get(name, 'null')}" for name in names)
        rows = db.execute(f"select {listed} from mart.export.{contract.model_of(table)} order by {', '.join(map(quoted, table.schluessel))}").fetchall()
        sheet = book.create_sheet(table.name)
        sheet.freeze_panes, sheet.auto_filter.ref = "A2", f"A1:{get_column_letter(len(names))}{len(rows) + 1}"
        for at, name in enumerate(names, 1):
            made = sheet.cell(1, at, name)
            made.font, made.fill = bold, head
            sheet.column_dimensions[get_column_letter(at)].width = 34 if name in ("raum", "indikator", "quelle", "titel", "text", "aussage", "sicherheit") else 14
        for line, row in enumerate(rows, 2):
            for at, (value, sign) in enumerate(zip(row[::2], row[1::2], strict=True), 1):
                made = sheet.cell(line, at, sign if value is None else value)
                if isinstance(made.value, str):
                    made.data_type = "s"  # never a formula, whatever it begins with
                elif isinstance(made.value, float):
                    made.number_format = "0.0"
                elif hasattr(made.value, "year"):
                    made.number_format = "dd.mm.yyyy"
        front.append([number, table.titel, len(rows), table.beschreibung + _how_sure(names, [row[::2] for row in rows])])
        link = front.cell(front.max_row, 2)
        link.hyperlink, link.font = Hyperlink(ref=link.coordinate, location=f"'{table.name}'!A1"), Font(color="0B5394", underline="single")
        for made in front[front.max_row]:
            made.alignment = wrapped
    _save_timeless(book, path)
    return path


def _how_sure(names: list[str], rows: list[tuple[Any, ...]]) -> str:
    """Of reported changes: how many are new, and how many of them how sure."""
    if not rows or not {"neu", "sicherheit"} <= set(names):
        return ""
    counted = Counter(row[names.index("sicherheit")] for row in rows)
    return f" Neu: {sum(row[names.index('neu')] is True for row in rows)}. " + "; ".join(f"{count} {text}" for text, count in sorted(counted.items())) + "."


#: Columns of the form as the door reads them back (``traeger_rueckmeldung.yml``): heading, width, free to fill in.
FORM_COLUMNS = (
    ("Schlüssel", 34, False), ("Träger", 28, False), ("Angebot", 36, False), ("Anschrift", 32, False), ("Plätze", 10, False), ("Öffnungszeiten", 28, False),
    ("Gibt es (ja/nein)", 16, True), ("Name richtig", 36, True), ("Anschrift richtig", 32, True), ("Plätze richtig", 14, True), ("Öffnungszeiten richtig", 28, True), ("Anmerkung", 60, True),
)  # fmt: skip
FORM_SHEET = "Angebote"


def feedback_forms(db: DuckDBPyConnection, folder: Path, stem: str, facts: dict[str, str]) -> list[Path]:
    """One form per organisation, named after it, so that nobody fills in another one's and two answers of one day do not bear one name."""
    offers: dict[str, list[tuple[Any, ...]]] = {}
    for row in db.execute("select ort_id, traeger, name, anschrift, plaetze, oeffnungszeiten from zeilen order by traeger, name, ort_id").fetchall():
        offers.setdefault(row[1], []).append(row)
    forms: dict[str, list[tuple[Any, ...]]] = {}
    for organisation, rows in offers.items():
        # Names that differ in signs only share a form: a file name has no room for the difference.
        forms.setdefault(f"{stem}_{_file_name(organisation)}", []).extend(rows)
    return [_feedback_form(folder / f"{name}.xlsx", rows, facts) for name, rows in (forms or {stem: []}).items()]


def _file_name(text: str) -> str:
    """Der Paritätische -> der-paritaetische"""
    plain = unicodedata.normalize("NFKD", text.lower().translate(str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}))).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "ohne-namen"


def _feedback_form(path: Path, rows: list[tuple[Any, ...]], facts: dict[str, str]) -> Path:
    """The offers as recorded in locked cells, beside them free ones to correct and comment; it comes back through the door."""
    import openpyxl
    from openpyxl.styles import Alignment, Font, PatternFill, Protection
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = openpyxl.Workbook()
    book.properties.creator, book.properties.created, book.properties.modified = "Sozialraum-Warehouse", FILE_TIME, FILE_TIME
    hints = book.active
    hints.title = "Hinweise"
    hints.column_dimensions["A"].width = 110
    marked = ["SIMULIERT: erfundene Daten der Modellstadt."] if facts.get("simuliert") == "ja" else []
    for line, text in enumerate((
        *marked,
        f"Ihre Angebote, wie die Stadt ({facts['stadt']}) sie verzeichnet hat, Stand {facts['release']}: Blatt {FORM_SHEET}.",
        "Die gelben Spalten sind frei: tragen Sie nur ein, was anders ist; was stimmt, bleibt leer. Die übrigen sind gesperrt, der Schlüssel ordnet Ihre Antwort zu.",
        "Bitte keine Namen von Klientinnen, Klienten oder Beschäftigten eintragen.",
        f"Zurück an die Sozialplanung unter dem Namen {path.stem}_JJJJ-MM-TT.xlsx (Tag der Rückgabe); sie legt die Dateien eines Tages zusammen in den Eingang traeger_rueckmeldung.",
    ), 1):  # fmt: skip
        made = hints.cell(line, 1, text)
        made.alignment, made.font = Alignment(wrap_text=True), Font(bold=True, color="B00020") if text in marked else Font()
    sheet = book.create_sheet(FORM_SHEET)
    sheet.freeze_panes = "D2"
    head, free, open_cell = PatternFill("solid", fgColor="E6EDF2"), PatternFill("solid", fgColor="FFF8E1"), Protection(locked=False)
    for number, (title, width, fill_in) in enumerate(FORM_COLUMNS, 1):
        made = sheet.cell(1, number, title)
        made.font, made.fill = Font(bold=True), free if fill_in else head
        sheet.column_dimensions[get_column_letter(number)].width = width
    for line, row in enumerate(rows, 2):
        for number, value in enumerate(row, 1):
            made = sheet.cell(line, number, value)
            if isinstance(value, str):
                made.data_type = "s"  # never a formula, whatever it begins with
        for number, (_, _, fill_in) in enumerate(FORM_COLUMNS, 1):
            if fill_in:
                made = sheet.cell(line, number)
                made.protection, made.fill, made.alignment = open_cell, free, Alignment(wrap_text=True)
    answer = DataValidation(type="list", formula1='"ja,nein"', allow_blank=True)
    number = DataValidation(type="whole", operator="greaterThanOrEqual", formula1="0", allow_blank=True)
    for rule, letter in ((answer, "G"), (number, "J")):
        sheet.add_data_validation(rule)
        rule.add(f"{letter}2:{letter}{max(len(rows), 1) + 1}")
    sheet.protection.sheet = True  # against slips, not against people: no password
    sheet.protection.formatColumns = sheet.protection.formatRows = sheet.protection.autoFilter = False
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(FORM_COLUMNS))}{len(rows) + 1}"
    _save_timeless(book, path)
    return path


def _save_timeless(book: Any, path: Path, rows: dict[str, bytes] | None = None) -> None:
    """openpyxl stamps the moment of saving into properties and archive; the same rows are to give the same bytes.

    ``rows``: part of the archive -> XML of rows that stand below what the book itself has there.
    """
    import zipfile
    from io import BytesIO

    raw = BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                moment = FILE_TIME.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + moment, content)
            if rows and name in rows:
                above, below = content.split(b"</sheetData>")
                content = b"".join((above, rows[name], b"</sheetData>", below))
            info = zipfile.ZipInfo(name, date_time=FILE_TIME.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, content)


# geography


def geopackage(db: DuckDBPyConnection, path: Path, epsg: int, facts: Mapping[str, str] = MappingProxyType({})) -> list[Path]:
    """Areas with one column per indicator, each of its newest year, beside it ``<indicator>_zeichen`` with the symbol where the value is missing; one layer per level and area version, and a QGIS style each."""
    import numpy as np
    import pyogrio
    import shapely

    path.unlink(missing_ok=True)
    styles: dict[str, Path] = {}
    shows: dict[str, str] = {}
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": FILE_TIME.strftime("%Y-%m-%dT%H:%M:%S.000Z")})
    try:
        layers = db.execute("select distinct ebene, gebietsstand from zeilen order by all").fetchall()
        for level, version in layers:
            # Deliveries come at different times: a year with one new indicator must not hide all others.
            newest = f"""
                (select raumeinheit_id, indikator_id, indikator, einheit, jahr, wert, zeichen from zeilen where ebene = {literal(level)} and gebietsstand = {literal(version)}
                 qualify jahr = max(jahr) filter (where wert is not null) over (partition by indikator_id))"""
            wide = f"pivot (select raumeinheit_id, indikator_id, wert from {newest}) on indikator_id using first(wert) group by raumeinheit_id"
            told = db.execute(f"select distinct indikator_id, indikator, jahr, einheit from {newest} order by all").fetchall()
            # An area without a row was not delivered, which the same symbol says as for what is secret.
            signs = ", ".join(f"case when werte.{quoted(name)} is null then coalesce(zeichen.{quoted(name)}, '.') end as {quoted(name + SIGN)}" for name, *_ in told)
            why = f"pivot (select raumeinheit_id, indikator_id, zeichen from {newest}) on indikator_id using first(zeichen) group by raumeinheit_id"
            rows = db.sql(
                f"""select raum.raumeinheit_id, raum.name, raum.flaeche_ha, raum.geometrie, raum.geometrie_epsg, werte.* exclude (raumeinheit_id), {signs}
                    from mart.dim_raumeinheit as raum left join ({wide}) as werte using (raumeinheit_id) left join ({why}) as zeichen using (raumeinheit_id)
                    where raum.ebene = {literal(level)} and raum.gebietsstand = {literal(version)} and raum.geometrie is not null order by 1"""
            ).to_arrow_table()
            if not rows.num_rows:
                continue
            layer = f"{level}_{version}"
            fields = [name for name in rows.column_names if name not in ("geometrie", "geometrie_epsg")]
            pyogrio.raw.write(
                path, geometry=np.array(shapely.to_wkb(_in_crs(rows.column("geometrie").to_pylist(), rows.column("geometrie_epsg").to_pylist(), epsg)), dtype=object),
                field_data=[np.array(rows.column(name).to_pylist(), dtype=object if name in ("raumeinheit_id", "name") or name.endswith(SIGN) else float) for name in fields],
                fields=np.array(fields), layer=layer, driver="GPKG", geometry_type="Unknown", crs=f"EPSG:{epsg}", append=path.exists(),
                layer_options=_of_layer(f"{level.capitalize()} {version}", "Je Indikator das jüngste Jahr mit Werten; Spalten …_zeichen sagen, warum ein Wert fehlt (. unbekannt oder geheim, x nicht sinnvoll, ... fällt später an).", facts),
            )  # fmt: skip
            units = {name: unit for name, _, _, unit in told}
            aliases = AREA_FIELDS | {name: f"{title} {year} ({unit})" for name, title, year, unit in told} | {name + SIGN: f"{title}: Zeichen" for name, title, *_ in told}
            values = {name: sorted({float(v) for v in rows.column(name).to_pylist() if v is not None}) for name in fields if name not in ("raumeinheit_id", "name") and not name.endswith(SIGN)}
            shown = next((name for name in (*SHOWN, *values) if name != "flaeche_ha" and len(values.get(name, ())) > min(len(STEPS), rows.num_rows - 1)), "flaeche_ha")
            style = path.with_name(f"{path.stem}_{layer}.qml")
            style.write_text(_qml(["fid", *fields], aliases, shown, units.get(shown, "ha"), values[shown], f"{aliases[shown]}{_mark(facts)}"), encoding="utf-8")
            styles[layer], shows[layer] = style, aliases[shown]
        if styles:
            _default_styles(path, {layer: style.read_text(encoding="utf-8") for layer, style in styles.items()}, {layer: shown + _mark(facts) for layer, shown in shows.items()})
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    return [path, *styles.values()]


#: End of the name of a column that says why the value beside it is missing.
SIGN = "_zeichen"


def _mark(facts: Mapping[str, str]) -> str:
    return " · SIMULIERT" if facts.get("simuliert") == "ja" else ""


def _of_layer(title: str, description: str, facts: Mapping[str, str]) -> dict[str, str]:
    """What a layer says of itself in ``gpkg_contents``: its title, what it holds, the release, and that it is invented where it is."""
    return {"IDENTIFIER": title + _mark(facts), "DESCRIPTION": description + (f" Stand {facts['release']}, Stichtage {facts['stichtage']}." if facts else "") + (" SIMULIERT: erfundene Daten der Modellstadt." if _mark(facts) else "")}


def points(db: DuckDBPyConnection, path: Path, table: Table, epsg: int, facts: Mapping[str, str]) -> list[Path]:
    """The rows of ``zeilen`` that have a position (``laenge``, ``breite`` in degrees) as one more layer of a GeoPackage, coloured by ``kategorie_name``."""
    import numpy as np
    import pyogrio
    import shapely
    from pyproj import Transformer

    rows = db.sql(f"select * from zeilen where laenge is not null and breite is not null order by {', '.join(map(quoted, table.schluessel))}").to_arrow_table()
    xy = Transformer.from_crs(4326, epsg, always_xy=True).transform(rows.column("laenge").to_numpy(), rows.column("breite").to_numpy())
    fields = [c.name for c in table.spalten]
    kinds = {"double": float, "boolean": bool}
    data = [np.array([None if v is None else f"{v:%Y-%m-%d}" for v in rows.column(c.name).to_pylist()] if c.typ == "date" else rows.column(c.name).to_pylist(), dtype=kinds.get(c.typ, object)) for c in table.spalten]
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": FILE_TIME.strftime("%Y-%m-%dT%H:%M:%S.000Z")})
    try:
        pyogrio.raw.write(
            path, geometry=np.array(shapely.to_wkb(shapely.points(*xy)), dtype=object), field_data=data, fields=np.array(fields), layer=table.name, driver="GPKG", geometry_type="Point",
            crs=f"EPSG:{epsg}", append=path.exists(), layer_options=_of_layer(table.titel, table.beschreibung, facts),
        )  # fmt: skip
        style = path.with_name(f"{path.stem}_{table.name}.qml")
        style.write_text(_qml_of_points(fields, sorted({v for v in rows.column("kategorie_name").to_pylist() if v}), table.titel + _mark(facts)), encoding="utf-8")
        _default_styles(path, {table.name: style.read_text(encoding="utf-8")}, {table.name: table.titel + _mark(facts)})
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    return [path, style]


def _in_crs(texts: list[str], sources: list[int | None], epsg: int) -> Any:
    """Shapes in the town's system; boundaries may have come in another one, degrees for example."""
    import numpy as np
    import shapely
    from pyproj import Transformer

    shapes, given = np.array(shapely.from_wkt(texts), dtype=object), np.array([source or epsg for source in sources])
    for source in sorted({*given.tolist()} - {epsg}):
        change = Transformer.from_crs(source, epsg, always_xy=True).transform
        shapes[given == source] = shapely.transform(shapes[given == source], lambda xy, change=change: np.column_stack(change(xy[:, 0], xy[:, 1])))
    return shapes


#: Five steps of one hue that print in grey and are told apart by colour-blind readers, and the grey of areas without a value.
STEPS, NO_VALUE = ("237,243,248", "190,211,226", "130,172,201", "70,128,169", "22,78,121"), "214,214,212"
#: What a layer shows when it is opened: the first of these with enough different values, else the first column that has them.
SHOWN = ("anteil_0_17", "anteil_65_plus", "einwohnerdichte")
AREA_FIELDS = {"fid": "Nummer", "raumeinheit_id": "Schlüssel", "name": "Gebiet", "flaeche_ha": "Fläche (ha)"}


def _default_styles(path: Path, styles: dict[str, str], shows: dict[str, str]) -> None:
    """The styles once more inside the GeoPackage: QGIS loads a layer's default style from this table, not from a file beside it."""
    import numpy as np
    import pyogrio

    def texts(values: list[str]) -> Any:
        return np.array(values, dtype=object)

    none = texts([""] * len(styles))
    columns = {
        "f_table_catalog": none, "f_table_schema": none, "f_table_name": texts(list(styles)), "f_geometry_column": texts(["geom"] * len(styles)), "styleName": texts(["Sozialraum"] * len(styles)),
        "styleQML": texts(list(styles.values())), "styleSLD": none, "useAsDefault": np.ones(len(styles), dtype=bool), "description": texts([shows[layer] for layer in styles]),
        "owner": none, "ui": none, "update_time": np.full(len(styles), np.datetime64(FILE_TIME, "ms")),
    }  # fmt: skip
    pyogrio.raw.write(path, geometry=None, field_data=list(columns.values()), fields=np.array(list(columns)), layer="layer_styles", driver="GPKG", geometry_type=None, append=True, layer_options={"FID": "id"})


def _qml(fields: list[str], aliases: dict[str, str], column: str, unit: str, values: list[float], heading: str = "") -> str:
    """A QGIS style: under a heading five classes with equal numbers of areas, grey for no value, name and value as label, columns called by their German names with unit."""
    from xml.sax.saxutils import quoteattr

    import numpy as np

    from exports.report.wording import UNIT, digits_of, number

    digits, short = digits_of(unit), UNIT.get(unit, unit)
    quantiles = np.quantile(values, np.arange(1, len(STEPS)) / len(STEPS)).tolist() if values else []
    # A limit at or below the lowest value would leave the class under it empty.
    limits = sorted({limit for q in quantiles if (limit := round(q, digits)) > values[0] and limit <= values[-1]})
    field, said = f'"{column}"', [f"{number(limit, digits)}" for limit in limits]
    if limits:
        classes = [(f"{field} < {limits[0]:.10g}", f"unter {said[0]} {short}")]
        classes += [(f"{field} >= {low:.10g} AND {field} < {high:.10g}", f"{a} bis unter {b} {short}") for low, high, a, b in zip(limits, limits[1:], said, said[1:], strict=False)]
        classes += [(f"{field} >= {limits[-1]:.10g}", f"{said[-1]} {short} und mehr")]
    else:
        classes = [(f"{field} IS NOT NULL", f"{number(values[0], digits)} {short}")] if values else []
    colours = [STEPS[round(at * (len(STEPS) - 1) / max(1, len(classes) - 1))] for at in range(len(classes))]
    entries = [*zip(classes, colours, strict=True), (("ELSE", "kein Wert"), NO_VALUE)]
    rules = "".join(f'<rule key="klasse{at}" symbol="{at}" filter={quoteattr(rule)} label={quoteattr(label)}/>' for at, ((rule, label), _) in enumerate(entries))
    if heading:
        rules = f'<rule key="kopf" label={quoteattr(heading)}>{rules}</rule>'
    symbols = "".join(
        f'<symbol name="{at}" type="fill"><layer class="SimpleFill"><Option type="Map"><Option name="color" type="QString" value="{colour},255"/>'
        '<Option name="outline_color" type="QString" value="80,80,80,255"/><Option name="outline_width" type="QString" value="0.2"/></Option></layer></symbol>'
        for at, (_, colour) in enumerate(entries)
    )
    why = f'"{column}{SIGN}", ' if column + SIGN in fields else ""
    label = f"""coalesce("name", '') || '\n' || coalesce(format_number({field}, {digits}, 'de'), {why}'kein Wert')"""
    named = "".join(f"<alias index=\"{at}\" field={quoteattr(name)} name={quoteattr(aliases.get(name, ''))}/>" for at, name in enumerate(fields))
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n<qgis version=\"3.22\" styleCategories=\"Symbology|Labeling|Fields\" labelsEnabled=\"1\">\n"
        f'<renderer-v2 type="RuleRenderer" symbollevels="0">\n<rules key="klassen">{rules}</rules>\n<symbols>{symbols}</symbols>\n</renderer-v2>\n'
        f'<labeling type="simple"><settings><text-style fieldName={quoteattr(label)} isExpression="1" fontSize="8" fontSizeUnit="Point" textColor="27,42,49,255" textOpacity="1">'
        '<text-buffer bufferDraw="1" bufferSize="0.7" bufferSizeUnits="MM" bufferColor="255,255,255,255" bufferOpacity="1"/></text-style>'
        '<text-format multilineAlign="1"/><placement placement="1" polygonPlacementFlags="2"/><rendering drawLabels="1"/></settings></labeling>\n'
        f"<aliases>{named}</aliases>\n</qgis>\n"
    )


#: One colour per kind of place, told apart by shape too: QGIS draws them in turn.
POINT_COLOURS, POINT_SHAPES = ("22,78,121", "168,72,10", "60,120,60", "110,60,120", "90,90,90"), ("circle", "square", "triangle", "diamond", "star", "pentagon", "cross_fill")


def _qml_of_points(fields: list[str], kinds: list[str], heading: str) -> str:
    """A QGIS style of places: a symbol per kind, the name as label."""
    from xml.sax.saxutils import quoteattr

    entries = [(f""""kategorie_name" = '{kind.replace("'", "''")}'""", kind) for kind in kinds] + [("ELSE", "andere")]
    rules = "".join(f'<rule key="art{at}" symbol="{at}" filter={quoteattr(rule)} label={quoteattr(label)}/>' for at, (rule, label) in enumerate(entries))
    symbols = "".join(
        f'<symbol name="{at}" type="marker"><layer class="SimpleMarker"><Option type="Map"><Option name="name" type="QString" value="{POINT_SHAPES[at % len(POINT_SHAPES)]}"/>'
        f'<Option name="color" type="QString" value="{POINT_COLOURS[at % len(POINT_COLOURS)]},255"/><Option name="outline_color" type="QString" value="255,255,255,255"/>'
        '<Option name="size" type="QString" value="2.4"/></Option></layer></symbol>'
        for at in range(len(entries))
    )
    aliases = "".join(f'<alias index="{at}" field={quoteattr(name)} name=""/>' for at, name in enumerate(["fid", *fields]))
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n<qgis version=\"3.22\" styleCategories=\"Symbology|Fields\">\n"
        f'<renderer-v2 type="RuleRenderer" symbollevels="0">\n<rules key="arten"><rule key="kopf" label={quoteattr(heading)}>{rules}</rule></rules>\n<symbols>{symbols}</symbols>\n</renderer-v2>\n'
        f"<aliases>{aliases}</aliases>\n</qgis>\n"
    )


# JSON-stat


def jsonstat(db: DuckDBPyConnection, contract: Contract, table: Table, path: Path, facts: dict[str, str]) -> Path:
    """JSON-stat 2.0, dimensions area, year, indicator; a missing cell carries its symbol as status."""
    rows = db.execute("select gebietsstand || '/' || ebene || '/' || raumeinheit_id, raum, jahr, indikator_id, indikator, einheit, wert, zeichen from zeilen").fetchall()
    areas = sorted({(r[0], r[1]) for r in rows})
    years = sorted({r[2] for r in rows})
    indicators = sorted({(r[3], r[4], r[5]) for r in rows})
    place = {key: n for n, (key, _) in enumerate(areas)}, {year: n for n, year in enumerate(years)}, {key: n for n, (key, *_) in enumerate(indicators)}
    values: dict[str, float] = {}
    status: dict[str, str] = {}
    for area, _, year, indicator, _, _, value, symbol in rows:
        at = str((place[0][area] * len(years) + place[1][year]) * len(indicators) + place[2][indicator])
        if value is not None:
            values[at] = value
        if symbol:
            status[at] = symbol
    content = {
        "version": "2.0",
        "class": "dataset",
        "label": table.titel,
        "source": facts["quellen"],
        "updated": facts["erstellt"],
        "note": [table.beschreibung, f"Release {facts['release']}", *(["SIMULIERT: erfundene Daten der Modellstadt."] if facts.get("simuliert") == "ja" else [])],
        "id": ["raum", "jahr", "indikator"],
        "size": [len(areas), len(years), len(indicators)],
        "role": {"geo": ["raum"], "time": ["jahr"], "metric": ["indikator"]},
        "dimension": {
            "raum": {"label": "Raumeinheit (Gebietsstand/Ebene/Schlüssel)", "category": {"index": [k for k, _ in areas], "label": dict(areas)}},
            "jahr": {"label": "Jahr", "category": {"index": [str(y) for y in years]}},
            "indikator": {
                "label": "Indikator",
                "category": {"index": [k for k, *_ in indicators], "label": {k: n for k, n, _ in indicators}, "unit": {k: {"label": u} for k, _, u in indicators}},
            },
        },
        "value": values,
        "status": status,
    }
    path.write_text(json.dumps(content, ensure_ascii=False, sort_keys=False) + "\n", encoding="utf-8")
    return path
