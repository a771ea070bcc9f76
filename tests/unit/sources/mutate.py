"""Seeded damage to deliveries, by class: takes any declared file apart into header and rows, spoils it, writes it again.

Knows declarations, not sources. A class that does not apply to a source (no codes, no numbers) says so by returning False, and
so does one whose damage nobody could tell from a usual year: within what the declaration allows, or in counts too small.
"""

from __future__ import annotations

import csv
import io
import json
import math
import random
import re
import sqlite3
import zipfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from sources.find import Delivery
from sources.formats import READERS
from sources.model import Format, Quelle, Spalte, Tabelle
from sources.read import kept

#: A count this large does not double, and practically does not stay the same, from one year to the next.
LARGE = 60
#: Rows that have to say so.
TOLD = 10


@dataclass
class Sheet:
    """One file as text cells; ``save`` writes it in its own format."""

    path: Path
    tabelle: Tabelle
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    after: list[list[str]] = field(default_factory=list)
    #: Since the delivery before.
    years: float = 1.0
    #: The declaration says that deliveries of this source may repeat each other.
    may_repeat: bool = False
    #: Labels and missing values of an SPSS file.
    spss: Any = None

    @property
    def fmt(self) -> Format:
        return self.tabelle.format

    @property
    def is_text(self) -> bool:
        """Written in an editor's characters, in an archive or not."""
        return self.fmt.art in ("csv", "csv_zellen", "zip")

    def raw(self) -> bytes:
        if self.fmt.art != "zip":
            return self.path.read_bytes()
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(self.fmt.ebene or "")

    def write_raw(self, content: bytes) -> None:
        if self.fmt.art != "zip":
            self.path.write_bytes(content)
            return
        with zipfile.ZipFile(self.path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()} | {self.fmt.ebene or "": content}
        with zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                archive.writestr(name, data)

    def load(self) -> Sheet:
        match self.fmt.art:
            case "csv" | "csv_zellen" | "zip":
                lines = self.raw().decode(self.fmt.kodierung).splitlines(keepends=True)
                start = self.fmt.vorspann + self.fmt.kopfzeilen - 1
                self.before = lines[:start]
                table = list(csv.reader(lines[start:], delimiter=self.fmt.trennzeichen))
                last = next((i for i, row in enumerate(table) if row and self.fmt.ende and re.match(self.fmt.ende, row[0])), len(table))
                self.header, self.rows, self.after = table[0], [row for row in table[1:last] if row], table[last:]
            case "xlsx":
                import openpyxl

                book = openpyxl.load_workbook(self.path)
                sheet = book[self.fmt.ebene] if self.fmt.ebene else book.worksheets[0]
                table = [["" if v is None else str(v) for v in row] for row in sheet.iter_rows(values_only=True)]
                start = self.fmt.vorspann + self.fmt.kopfzeilen
                cells = READERS["xlsx"](self.path, self.fmt)
                self.header, self.rows, self.after = cells.header, table[start : cells.lines[-1]], table[cells.lines[-1] :]
            case "sav" if self.fmt.ebene is None:
                import pyreadstat

                frame, self.spss = pyreadstat.read_sav(self.path, user_missing=True, apply_value_formats=False)
                self.header, self.rows = list(frame.columns), [list(row) for row in frame.itertuples(index=False, name=None)]
            case "geo" if self.path.suffix == ".gpkg":
                with sqlite3.connect(self.path) as db:
                    self.header = [row[1] for row in db.execute(f"pragma table_info({self.fmt.ebene})")]
                    self.rows = [list(row) for row in db.execute(f"select * from {self.fmt.ebene}")]
            case "geo":
                features = json.loads(self.path.read_text(encoding="utf-8"))["features"]
                self.header = list(features[0]["properties"])
                self.rows = [[f["properties"].get(n) for n in self.header] + [f["geometry"]] for f in features]
        return self

    def save(self) -> None:
        match self.fmt.art:
            case "csv" | "csv_zellen" | "zip":
                text = io.StringIO()
                text.writelines(self.before)
                writer = csv.writer(text, delimiter=self.fmt.trennzeichen, lineterminator="\n")
                writer.writerow(self.header)
                writer.writerows([*self.rows, *self.after])
                self.write_raw(text.getvalue().encode(self.fmt.kodierung))
            case "sav" if self.header:
                import pandas as pd
                import pyreadstat

                frame = pd.DataFrame(self.rows, columns=self.header)
                labels = dict(zip(self.spss.column_names, self.spss.column_labels, strict=True))
                # A column with a wrong code is one of texts: SPSS knows no mixed ones, and no ranges and numbers in its code book.
                words = {name for name in frame if any(isinstance(value, str) for value in frame[name])}
                for name in words:
                    frame[name] = [value if isinstance(value, str) else "" if value is None or value != value else f"{value:g}" for value in frame[name]]
                values, ranges = ({name: told for name, told in book.items() if name not in words} for book in (self.spss.variable_value_labels, self.spss.missing_ranges))
                pyreadstat.write_sav(frame, self.path, column_labels=labels, variable_value_labels=values, missing_ranges=ranges)
            case "xlsx":
                import openpyxl

                book = openpyxl.load_workbook(self.path)
                sheet = book[self.fmt.ebene] if self.fmt.ebene else book.worksheets[0]
                start = self.fmt.vorspann + self.fmt.kopfzeilen
                sheet.delete_rows(start + 1, sheet.max_row)
                for column, name in enumerate(self.header, 1):
                    sheet.cell(start, column).value = name.rpartition(" | ")[2]
                for line, row in enumerate([*self.rows, *self.after], start + 1):
                    for column, value in enumerate(row, 1):
                        sheet.cell(line, column).value = _number(value)
                book.save(self.path)
            case "geo" if self.path.suffix == ".gpkg":
                with sqlite3.connect(self.path) as db:
                    for (trigger,) in db.execute("select name from sqlite_master where type = 'trigger'").fetchall():
                        db.execute(f'drop trigger "{trigger}"')
                    old = [row[1] for row in db.execute(f"pragma table_info({self.fmt.ebene})")]
                    for was, now in zip(old, self.header, strict=False):
                        if was != now:
                            db.execute(f'alter table {self.fmt.ebene} rename column "{was}" to "_{now}"')
                    for was, now in zip(old, self.header, strict=False):
                        if was != now:
                            db.execute(f'alter table {self.fmt.ebene} rename column "_{now}" to "{now}"')
                    db.execute(f"delete from {self.fmt.ebene}")
                    marks = ", ".join("?" * len(self.header))
                    db.executemany(f"insert into {self.fmt.ebene} values ({marks})", [[None, *row[1:]] for row in self.rows])
                    db.execute("update gpkg_ogr_contents set feature_count = ? where table_name = ?", (len(self.rows), self.fmt.ebene))
            case "geo":
                document = json.loads(self.path.read_text(encoding="utf-8"))
                document["features"] = [
                    {"type": "Feature", "properties": dict(zip(self.header, row, strict=False)), "geometry": row[-1]} for row in self.rows
                ]
                self.path.write_text(json.dumps(document), encoding="utf-8")

    def columns(self, wanted: Callable[[Spalte], bool]) -> list[int]:
        return [p for s in kept(self.tabelle) if wanted(s) and s.typ != "wkt" for p in self.places(s)]

    def places(self, spalte: Spalte) -> list[int]:
        """Where a column stands; of a crosstab the value stands in all columns that become rows."""
        if self.fmt.bleiben and spalte.name == "Wert":
            return [i for i, name in enumerate(self.header) if not any(fnmatchcase(name, p) for p in (*self.fmt.bleiben, *self.fmt.weglassen))]
        return [self.header.index(spalte.name)] if spalte.name in self.header else []


def _number(value: str) -> object:
    try:
        return float(value) if value not in ("", None) and not str(value).startswith("0") and str(value)[0].isdigit() else value
    except ValueError:
        return value


def _numbers(sheet: Sheet) -> list[int]:
    return sheet.columns(lambda s: s.typ in ("ganzzahl", "dezimal", "zahlzeichen") and s.klasse == "zahl")


def _value(sheet: Sheet, text: object) -> float | None:
    try:
        return float(str(text).replace(sheet.fmt.tausender or "\0", "").replace(",", ".") if sheet.fmt.dezimal == "," else str(text))
    except ValueError:
        return None


def _written(sheet: Sheet, number: float, like: object) -> object:
    if isinstance(like, (int, float)):
        return type(like)(number)
    text = str(int(number)) if float(number).is_integer() else repr(number)
    return text.replace(".", sheet.fmt.dezimal)


def _some(rng: random.Random, rows: list[list[str]], share: float) -> list[int]:
    return sorted(rng.sample(range(len(rows)), min(len(rows), max(3, int(len(rows) * share)))))


def _key(sheet: Sheet, row: list[str]) -> tuple[str, ...]:
    return tuple(str(row[p]) for p in sheet.columns(lambda s: s.ziel in sheet.tabelle.schluessel))


def _by_key(sheet: Sheet, old: Sheet | None) -> dict[tuple[str, ...], list[str]]:
    """Rows of the date before by their key; none where there is no key or no such date."""
    if old is None or not _key(sheet, sheet.header):
        return {}
    return {_key(sheet, row): row for row in old.rows}


def _apart(now: float | None, before: float | None) -> bool:
    """A large count that doubled or halved."""
    if now is None or before is None:
        return False
    return max(now, before) >= LARGE and max(now, before) >= 2 * min(now, before)


# Each class: (sheet, the same file of the delivery before or None, generator) -> applied?
Mutation = Callable[[Sheet, Sheet | None, random.Random], bool]


def cut_bytes(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    raw = sheet.path.read_bytes()
    sheet.path.write_bytes(raw[: int(len(raw) * rng.uniform(0.1, 0.6))])
    return True


def spoil_bytes(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    raw = bytearray(sheet.path.read_bytes())
    start = rng.randrange(len(raw) // 3)
    raw[start : start + len(raw) // 4] = bytes(len(raw) // 4) if rng.random() < 0.5 else rng.randbytes(len(raw) // 4)
    sheet.path.write_bytes(bytes(raw))
    return True


def other_encoding(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    if not sheet.is_text:
        return False
    text = sheet.raw().decode(sheet.fmt.kodierung)
    choices = ["utf-16", "utf-32", "utf-8-sig" if sheet.fmt.kodierung != "utf-8" else "utf-16", "cp500"]
    if not text.isascii():
        choices += ["utf-8" if sheet.fmt.kodierung != "utf-8" else "iso-8859-1"]
    sheet.write_raw(text.encode(rng.choice(choices), errors="replace"))
    return True


def other_delimiter(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    if not sheet.is_text or len(sheet.header) < 2:
        return False
    raw = sheet.raw().replace(sheet.fmt.trennzeichen.encode(), rng.choice([c for c in (b",", b"\t", b"|", b";") if c.decode() != sheet.fmt.trennzeichen]))
    sheet.write_raw(raw)
    return True


def rename_column(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    places = sheet.columns(lambda s: not s.darf_fehlen)
    if not places:
        return False
    place = rng.choice(places)
    sheet.header[place] = sheet.header[place] + "_neu"
    sheet.save()
    return True


def shift_header(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    """The names stand one column beside their values."""
    if not sheet.is_text or len(sheet.header) < 2:
        return False
    sheet.header = sheet.header[1:] + sheet.header[:1]
    sheet.save()
    return True


def new_column(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    """One that nobody declared."""
    if not sheet.header or sheet.fmt.art == "sav" or sheet.path.suffix == ".gpkg" or sheet.fmt.bleiben or any(fnmatchcase("Zusatzangabe", p) for p in sheet.tabelle.ignoriert):
        return False
    place = rng.randint(1, len(sheet.header))
    sheet.header = [*sheet.header[:place], "Zusatzangabe", *sheet.header[place:]]
    sheet.rows = [[*row[:place], str(rng.randrange(100)), *row[place:]] for row in sheet.rows]
    sheet.save()
    return True


def other_decimal(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    """Point for comma, comma for point."""
    mark = sheet.fmt.dezimal
    places = [p for p in sheet.columns(lambda s: s.typ == "dezimal") if sum(mark in str(row[p]) for row in sheet.rows) > len(sheet.rows) / 2]
    if not places or not sheet.is_text:
        return False
    for row in sheet.rows:
        for place in places:
            row[place] = row[place].replace(mark, "." if mark == "," else ",")
    sheet.save()
    return True


def unknown_keys(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    places = sheet.columns(lambda s: s.gebiet is not None or s.ziel in sheet.tabelle.schluessel and s.muster is not None)
    if not places:
        return False
    for row in _some(rng, sheet.rows, 0.05):
        sheet.rows[row][rng.choice(places)] = "X" + str(rng.randrange(100))
    sheet.save()
    return True


def double_rows(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    sheet.rows += [list(sheet.rows[i]) for i in _some(rng, sheet.rows, 0.1)]
    sheet.save()
    return True


def wrong_codes(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    places = sheet.columns(lambda s: s.werte is not None or s.muster is not None)
    if not places:
        return False
    place = rng.choice(places)
    for row in _some(rng, sheet.rows, 0.05):
        sheet.rows[row][place] = "?§"
    sheet.save()
    return True


def scale_column(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    """Another unit: thousands, hundredths, square metres."""
    return _scaled(sheet, old, rng, rng.choice([1000, 100, 10]))


def jump_column(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    """More than the declaration allows for the years between two deliveries."""
    return _scaled(sheet, old, rng, math.ceil(1.25 * (1 + sheet.tabelle.vergleich.summe * sheet.years)) + rng.choice([0, 1, 2]))


def _scaled(sheet: Sheet, old: Sheet | None, rng: random.Random, factor: float) -> bool:
    keys = sheet.columns(lambda s: s.ziel in sheet.tabelle.schluessel)
    places = [p for p in _numbers(sheet) if p not in keys and sum(abs(_value(sheet, r[p]) or 0) for r in sheet.rows) >= LARGE]
    if not places or old is None:
        return False
    place = rng.choice(places)
    for row in sheet.rows:
        number = _value(sheet, row[place])
        if number is not None:
            row[place] = _written(sheet, number * factor, row[place])  # type: ignore[call-overload]
    sheet.save()
    return True


def shift_values(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    """All numbers stand some rows below their keys."""
    places = _numbers(sheet)
    before = _by_key(sheet, old)
    if not places or len(sheet.rows) < 8 or sheet.tabelle.vergleich.vertauschung != "ablehnen":
        return False
    by = rng.randint(1, max(1, len(sheet.rows) // 3))
    moved = [[row[p] for p in places] for row in sheet.rows[-by:] + sheet.rows[:-by]]
    told = sum(
        any(_apart(_value(sheet, value), _value(sheet, was[place])) for place, value in zip(places, values, strict=True))
        for row, values in zip(sheet.rows, moved, strict=True) if (was := before.get(_key(sheet, row)))
    )  # fmt: skip
    if told < max(TOLD, len(sheet.rows) // 3):
        return False
    for row, values in zip(sheet.rows, moved, strict=True):
        for place, value in zip(places, values, strict=True):
            row[place] = value
    sheet.save()
    return True


def repeat_all(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    """The file of the date before, byte for byte."""
    figures = sheet.tabelle.personal or any(s.klasse == "zahl" and s.typ in ("ganzzahl", "zahlzeichen") for s in sheet.tabelle.spalten)
    if old is None or not figures or sheet.may_repeat:
        return False
    sheet.path.write_bytes(old.path.read_bytes())
    return True


def repeat_block(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    """Half of the rows carry the numbers of the date before."""
    places = _numbers(sheet)
    before = _by_key(sheet, old)
    if not places or sheet.may_repeat:
        return False
    large = [
        row for row in sheet.rows
        if (was := before.get(_key(sheet, row))) and any((_value(sheet, row[p]) or 0) >= LARGE and str(row[p]) != str(was[p]) for p in places)
    ]  # fmt: skip
    if len(large) < TOLD:
        return False
    for row in sorted(rng.sample(large, len(large) // 2)):
        for place in places:
            row[place] = before[_key(sheet, row)][place]
    sheet.save()
    return True


def drop_rows(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    """The end of the table is missing, cleanly cut between two rows."""
    if old is None and not sheet.tabelle.zeilen_genau and not any(s.vollstaendig for s in sheet.tabelle.spalten):
        return False
    complete = sheet.tabelle.zeilen_genau or any(s.vollstaendig for s in sheet.tabelle.spalten)
    left = min(0.6, 0.6 if complete else 1 - sheet.tabelle.vergleich.rueckgang * sheet.years)
    # A list of three of which two are missing is not to be told from one that never had them.
    if left < 0.2 or len(sheet.rows) * (1 - left) < TOLD:
        return False
    sheet.rows = sheet.rows[: int(len(sheet.rows) * rng.uniform(0.1, left))]
    sheet.save()
    return True


def swap_columns(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    """Two number columns of clearly different size have changed places."""
    places = _numbers(sheet)
    totals = {p: sum(abs(_value(sheet, r[p]) or 0) for r in sheet.rows) for p in places}
    pairs = [(a, b) for a in places for b in places if a < b and min(totals[a], totals[b]) >= LARGE and max(totals[a], totals[b]) > 1.5 * min(totals[a], totals[b])]
    if not pairs or old is None or sheet.tabelle.vergleich.vertauschung != "ablehnen":
        return False
    a, b = rng.choice(pairs)
    for row in sheet.rows:
        row[a], row[b] = row[b], row[a]
    sheet.save()
    return True


def break_total(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    """One part is larger than before, its total is not."""
    key = next(iter(sheet.columns(lambda s: s.gebiet == "{ebene}")), None)
    if key is None:
        return False
    levels: dict[int, list[list[str]]] = defaultdict(list)
    for row in sheet.rows:
        levels[len(str(row[key] or ""))].append(row)
    adding = []
    for place in _numbers(sheet):
        sums = {length: [_value(sheet, row[place]) for row in rows] for length, rows in levels.items() if length}
        whole = {length: sum(values) for length, values in sums.items() if None not in values}  # type: ignore[arg-type]
        adding += [(place, length) for length in whole if len(sums[length]) > 2 and list(whole.values()).count(whole[length]) > 1 and whole[length] >= LARGE]
    if not adding:
        return False
    place, length = rng.choice(adding)
    row = rng.choice(levels[length])
    row[place] = _written(sheet, (_value(sheet, row[place]) or 0) + rng.randint(1, 50), row[place])  # type: ignore[call-overload]
    sheet.save()
    return True


def empty_required(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    places = sheet.columns(lambda s: s.pflicht)
    if not places:
        return False
    place = rng.choice(places)
    for row in _some(rng, sheet.rows, 0.05):
        sheet.rows[row][place] = None if sheet.fmt.art == "geo" else ""  # type: ignore[call-overload]
    sheet.save()
    return True


def letters_for_numbers(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    places = sheet.columns(lambda s: s.typ not in ("text", "wkt"))
    if not places or sheet.fmt.art == "geo":
        return False
    place = rng.choice(places)
    for row in _some(rng, sheet.rows, 0.05):
        sheet.rows[row][place] = rng.choice(["k. A.", "1O", "12;5" if sheet.fmt.trennzeichen != ";" else "12:5", "=1+1", "31.02.2020"])
    sheet.save()
    return True


def missing_file(sheet: Sheet, old: Sheet | None, rng: random.Random) -> bool:
    """Emptied: a file that is not there at all would not be a delivery."""
    sheet.path.write_bytes(b"")
    return True


CLASSES: tuple[Mutation, ...] = (
    cut_bytes, spoil_bytes, other_encoding, other_delimiter, rename_column, shift_header, unknown_keys, double_rows, wrong_codes, scale_column,
    jump_column, shift_values, repeat_all, repeat_block, drop_rows, swap_columns, empty_required, letters_for_numbers, missing_file,
    new_column, other_decimal, break_total,
)  # fmt: skip


def damage(quelle: Quelle, delivery: Delivery, earlier: Delivery | None, kind: Mutation, rng: random.Random) -> bool:
    """Apply one class to one file of a delivery, chosen by the generator; False where it does not apply to that file."""
    file = rng.choice(delivery.files)
    index = rng.choice(file.tables)[0]
    tabelle = quelle.tabellen[index]
    sheet = Sheet(file.path, tabelle, may_repeat=any(t.vergleich.wiederholung for t in quelle.tabellen)).load()
    old = None
    if earlier is not None:
        same = [f for f in earlier.files if any(i == index and dict(v).get("ebene") == dict(w).get("ebene") for i, v in f.tables for j, w in file.tables if j == index)]
        old = Sheet(same[0].path, tabelle).load() if same else None
        sheet.years = max(1.0, (delivery.stichtag - earlier.stichtag).days / 365)
    return kind(sheet, old, rng)
