"""The part of the attack that reads sentences: alternative texts, tables of years and the text of PDF files.

A number counts as told when a reader can say of what, where and when it is: an indicator by its name beside it, a place by
its name, its link or the page, a year beside it or above it. What cannot be placed so is left alone. Knows the published
names and nothing of what writes the files.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from duckdb import DuckDBPyConnection

NUMBER = r"-?\d+(?:\.\d{3})*(?:,\d+)?"
YEAR = r"(?:19|20)\d\d"
#: "Name: fällt (2020: 9,3 %, 2024: 8,4 %)": years with their numbers in the brackets behind a name.
YEARS = re.compile(rf"[^()■]{{0,90}}\(([^()]*{YEAR}: {NUMBER}[^()]*)\)")
PAIR = re.compile(rf"\b({YEAR}): ({NUMBER})")
#: "Name 2024: höher als in der übrigen Stadt (9,2 gegenüber 3,1, Prozent)".
BESIDE_THE_REST = re.compile(rf"(?: ({YEAR}))?:[^()■]{{0,60}}\(({NUMBER})[^()]{{0,25}} gegenüber [^()]*\)")
#: A row of a table "Name (%) 14,4 12,7 bis 16,4".
ROW = re.compile(rf"(?: \([^()]*\))? ({NUMBER})(?: {NUMBER} bis {NUMBER})")
#: "14,2 % Name, 2024"; a sign in place of the number ends the search, before it stands the year of another.
BEFORE, AFTER = re.compile(rf"({NUMBER})(?: [^\W\d]\S{{0,12}}| %){{0,3}} $"), re.compile(rf", ({YEAR})\b")
COMPARED = re.compile(rf"\b({YEAR}) im Vergleich mit")
TEXTS = re.compile(r'(?:aria-label|alt|title)="([^"]*\d[^"]*)"|<(?:p|li|figcaption|desc|title)\b[^>]*>((?:(?!</(?:p|li|figcaption|desc|title)>).)*)</', re.S)
TABLE = re.compile(r"<table[^>]*>\s*<caption[^>]*>(.*?)</caption>\s*<thead>(.*?)</thead>\s*<tbody[^>]*>(.*?)(?:</tbody>|</table>)", re.S)
FACT = re.compile(rf'<dt><a href="indikator-([^"]+)\.html">[^<]*</a></dt><dd>({NUMBER})\b(?:(?!</dd>).)*?<span>({YEAR})</span>', re.S)
ON_MAP = re.compile(rf'<a href="gebiet-([^"-]+)-([^".]+)\.html"[^>]*aria-label="[^":]*: ({NUMBER})')
RANKED = re.compile(rf'<th scope="row"><a href="gebiet-([^"-]+)-([^".]+)\.html">[^<]*</a></th>\s*<td class="z[^"]*">({NUMBER})')
#: On a page of a PDF file: a change of font, a string (which may hold brackets in pairs), the end of a run.
PLAIN = rb"[^\\()]|\\."
PAIRED = rb"(?:" + PLAIN + rb"|\((?:" + PLAIN + rb"|\((?:" + PLAIN + rb")*\))*\))*"
SHOWN = re.compile(rb"/(\w+) [\d.]+ Tf|\((" + PAIRED + rb")\)|\b(ET)\b", re.S)
ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)", re.S)
SIGNS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b""}
TAG = re.compile(r"<[^>]+>")
#: Beside a name it belongs to a longer word.
JOINED = re.compile(r"[\w-]")

if TYPE_CHECKING:
    from pypdf import PageObject

Place = tuple[str, str]


@dataclass(frozen=True)
class Names:
    """Published names: indicators, areas (where a name stands for one only), the town, and age groups by (from, to, sex)."""

    indicators: dict[str, str]
    areas: dict[str, Place]
    town: Place | None
    groups: dict[tuple[int | None, int | None, str | None], str]
    mention: re.Pattern[str]
    heading: re.Pattern[str]
    #: Published values of all years by (indicator, level, area).
    values: dict[tuple[str, str, str], list[float]] = field(default_factory=dict)

    def is_published(self, indicator: str, place: Place, number: str) -> bool:
        """The number, rounded as it is written, is the published value of some year."""
        digits = len(number.partition(",")[2])
        value = float(number.replace(".", "").replace(",", "."))
        return any(abs(round(shown, digits) - value) < 10.0 ** -(digits + 3) for shown in self.values.get((indicator, *place), ()))

    @cached_property
    def longest(self) -> list[str]:
        """Names of areas, the longest first."""
        return sorted(self.areas, key=len, reverse=True)

    def area_before(self, text: str) -> Place | None:
        """The area that a text ends with: "Meide · " or "Meide, "."""
        if not text.endswith((" · ", ", ")):
            return None
        words = text[:-2].rstrip()
        return next((self.areas[name] for name in self.longest if words.endswith(name) and not JOINED.match(words[: -len(name)][-1:])), None)

    def area_after(self, text: str) -> Place | None:
        """The area that a text begins with; the longest name counts."""
        text = text.lstrip()
        if text.startswith("ganze Stadt"):
            return self.town
        return next((self.areas[name] for name in self.longest if text.startswith(name) and not JOINED.match(text[len(name) :])), None)


def names(db: DuckDBPyConnection, version: str) -> Names:
    """Names as the mart gives them, areas of one version."""
    indicators = {name: key for key, name in db.execute("select indikator_id, name from dim_indikator where name is not null order by 1").fetchall()}
    rows = db.execute(f"select name, ebene, raumeinheit_id, ebene_rang from dim_raumeinheit where gebietsstand = ({version}) and name is not null order by all").fetchall()
    places: dict[str, set[Place]] = {}
    for name, level, key, _ in rows:
        places.setdefault(name, set()).add((level, key))
    town = next(((level, key) for _, level, key, rank in rows if rank == 1), None)
    groups = {(low, high, sex): key for key, low, high, sex in db.execute("select kennzahl_id, alter_von, alter_bis, geschlecht from dim_kennzahl where mass = 'personen' and staatsangehoerigkeit is null and migrationshintergrund is null and wohndauer_ab is null order by 1").fetchall()}
    either = "|".join(map(re.escape, sorted(indicators, key=lambda name: (-len(name), name)))) or "(?!)"
    levels = "|".join(sorted({re.escape(level.capitalize()) for _, level, *_ in rows})) or "(?!)"
    values: dict[tuple[str, str, str], list[float]] = {}
    for indicator, level, key, value in db.execute(f"select indikator_id, ebene, raumeinheit_id, wert from fct_indikatorwert where gebietsstand = ({version}) and wert is not null").fetchall():
        values.setdefault((indicator, level, key), []).append(value)
    return Names(indicators, {name: next(iter(found)) for name, found in places.items() if len(found) == 1}, town, groups, re.compile(rf"(?<![\w-])(?:{either})(?![\w-])"), re.compile(rf"\b({levels}) (\S+)"), values)


def said(text: str, known: Names, place: Place | None, year: int | None = None) -> Iterator[tuple[str, Place, int, str]]:
    """Indicator, place, year and number of every statement in a text of one line about ``place``, unless it names another."""
    marks = list(known.mention.finditer(text))
    for at, mark in enumerate(marks):
        behind = text[mark.end() : marks[at + 1].start() if at + 1 < len(marks) else None]
        before = text[marks[at - 1].end() if at else 0 : mark.start()]
        indicator, here = known.indicators[mark.group()], known.area_before(before) or place
        if found := YEARS.match(behind):
            # On one page in columns the place stands behind the brackets.
            there = known.area_after(behind[found.end() :]) or here
            if there:
                yield from ((indicator, there, int(when), number) for when, number in PAIR.findall(found.group(1)))
        elif found := BESIDE_THE_REST.match(behind):
            there, when = known.area_after(behind[found.end() :]) or here, found.group(1) or year
            # Without a year of its own a number may be that of another year, which stands beside it for everybody.
            if there and when and (found.group(1) or not known.is_published(indicator, there, found.group(2))):
                yield indicator, there, int(when), found.group(2)
        elif (found := AFTER.match(behind)) and (number := BEFORE.search(before)) and here:
            yield indicator, here, int(found.group(1)), number.group(1)
        elif (found := ROW.match(behind)) and here and year and not known.is_published(indicator, here, found.group(1)):
            yield indicator, here, year, found.group(1)


def of_page(file: Path, name: str, known: Names, today: str) -> Iterator[tuple]:
    """Rows for ``gezeigt``: what a page of the report says in texts, tables of years, facts, maps and its age pyramid."""
    page = file.read_text(encoding="utf-8")
    kind, _, rest = file.stem.partition("-")
    place: Place | None = known.town
    indicator = rest if kind == "indikator" else None
    if kind == "gebiet":
        level, _, key = rest.partition("-")
        place = (level, key)
    shown = re.search(rf'data-jahr="({YEAR})"', page)
    if indicator and shown:
        for level, key, number in (*ON_MAP.findall(page), *RANKED.findall(page)):
            yield name, indicator, today, level, key, None, int(shown.group(1)), number, None
    for pair in TEXTS.findall(page):
        text = _plain(pair[0] or pair[1])
        for what, (level, key), year, number in said(text, known, place, int(shown.group(1)) if shown else None):
            yield name, what, today, level, key, None, year, number, None
    if place:
        for what, number, year in FACT.findall(page):
            yield name, what, today, *place, None, int(year), number, None
    for caption, head, body in TABLE.findall(page):
        columns = [_plain(cell) for cell in re.findall(r"<th\b[^>]*>(.*?)</th>", head, re.S)]
        if columns and columns[0] == "Jahr":
            for what, (level, key), year, number in _years(_plain(caption), columns, body, indicator, place, known):
                yield name, what, today, level, key, None, year, number, None
        elif columns and columns[0] == "Alter" and place and (day := re.search(r"Altersaufbau[^<>\"]* am (\d\d)\.(\d\d)\.(\d{4})", page)):
            for what, number, sex in _ages(columns, body, known):
                yield f"{name} (Altersaufbau, {sex})", what, today, *place, "-".join(reversed(day.groups())), int(day.group(3)), str(number), float(number)


def _years(caption: str, columns: list[str], body: str, indicator: str | None, place: Place | None, known: Names) -> Iterator[tuple[str, Place, int, str]]:
    """A table with a row per year: of one indicator in one place beside the town, or in a column per area."""
    if named := known.mention.match(caption):
        indicator = known.indicators[named.group()]
    else:
        place = next((known.areas[name] for name in known.longest if caption.startswith(f"{name},") or caption == name), place)
    if indicator is None:
        return
    for year, cells in re.findall(rf'<th scope="row">({YEAR})</th>(.*?)</tr>', body, re.S):
        for column, cell in zip(columns[1:], re.findall(r"<td\b[^>]*>(.*?)</td>", cells, re.S), strict=False):
            where = place if column in ("Wert", "95-%-Bereich") else known.areas.get(column, known.town)
            if where and (number := re.match(NUMBER, _plain(cell))):
                yield indicator, where, int(year), number.group()


def _ages(columns: list[str], body: str, known: Names) -> Iterator[tuple[str, int, str]]:
    """Counts of an age pyramid by the group they give away: where only one sex is counted, the other is the rest of all."""
    for label, cells in re.findall(r'<th scope="row">([^<]*)</th>(.*?)</tr>', body, re.S):
        ages = re.match(r"(\d+)(?: bis (\d+)| (?:und|Jahre und) )", label)
        if not ages:
            continue
        low, high = int(ages.group(1)), int(ages.group(2)) if ages.group(2) else None
        numbers = {}
        for column, cell in zip(columns[1:], re.findall(r"<td\b[^>]*>(.*?)</td>", cells, re.S), strict=False):
            if column in ("männlich", "weiblich", "alle anderen") and re.fullmatch(NUMBER, _plain(cell)):
                numbers[column] = int(_plain(cell).replace(".", ""))
        total = known.groups.get((low, high, None))
        for sex, number in numbers.items():
            other = "m" if sex == "weiblich" else "w"
            if group := known.groups.get((low, high, sex[0])) or known.groups.get((low, high, other)):
                yield group, number, sex
        if total and len(numbers) == 2:
            yield total, sum(numbers.values()), "zusammen"


def of_pdf(file: Path, name: str, known: Names, today: str) -> Iterator[tuple]:
    """Rows for ``gezeigt``: what the text of a PDF file says; a page about an area says so in its heading, and the next ones go on with it."""
    from pypdf import PdfReader

    place, year = known.town, None
    for page in PdfReader(file).pages:
        text = " ".join(re.sub(r"(?<=\w)- *\n(?=\w)", "-", _words(page) or page.extract_text()).split())
        where = next(((level.lower(), key) for level, key in known.heading.findall(text) if (level.lower(), key) in known.areas.values()), None)
        place = where or place
        found = COMPARED.search(text)
        year = int(found.group(1)) if found else year
        for what, (level, key), when, number in said(text, known, place, year):
            yield name, what, today, level, key, None, when, number, None


def _words(page: PageObject) -> str:
    """The text of a page whose fonts say which character a glyph stands for, one line per run; "" where one does not.

    pypdf reads every operator of a page, and most of them draw maps: this takes a tenth of the time.
    """
    contents, fonts = page.get_contents(), page["/Resources"].get_object().get("/Font", {})
    letters: dict[bytes, dict[bytes, str]] = {}
    for name, font in fonts.get_object().items() if fonts else ():
        if "/ToUnicode" not in (font := font.get_object()) or font.get("/Encoding") != "/Identity-H":
            return ""
        letters[name[1:].encode()] = _letters(font["/ToUnicode"].get_data())
    runs, known = [""], {}
    for font, text, end in SHOWN.findall(contents.get_data() if contents is not None else b""):
        if font:
            known = letters.get(font, {})
        elif end:
            runs.append("")
        else:
            codes = ESCAPED.sub(_byte, text)
            runs[-1] += "".join(known.get(codes[at : at + 2], "") for at in range(0, len(codes), 2))
    return "\n".join(runs)


def _letters(table: bytes) -> dict[bytes, str]:
    """Glyph -> characters of a ToUnicode table."""
    found = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", table, re.S):
        for code, text in re.findall(rb"<(\w+)>\s*<(\w+)>", block):
            found[bytes.fromhex(code.decode())] = bytes.fromhex(text.decode()).decode("utf-16-be")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", table, re.S):
        for first, last, text in re.findall(rb"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            for step in range(int(last, 16) - int(first, 16) + 1):
                found[(int(first, 16) + step).to_bytes(2, "big")] = chr(int(text, 16) + step)
    return found


def _byte(escaped: re.Match[bytes]) -> bytes:
    """A character that a PDF string writes with a backslash."""
    sign = escaped.group(1)
    return bytes([int(sign, 8)]) if sign[:1].isdigit() else SIGNS.get(sign, sign)


def _plain(cell: str) -> str:
    return " ".join(html.unescape(TAG.sub(" ", cell)).split())
