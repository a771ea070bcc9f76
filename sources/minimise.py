"""What becomes of the columns of persons before anything is written.

Person numbers and pointers become keyed codes, names a pair of matching codes, the birth date month and age, the address
its key and block, or the block alone under an Auskunftssperre, a municipality its Land or a code. Keys differ for every
reference date, so codes of two dates cannot be joined; rows lie in the order of the key, not of the register. What is left
of a person (month of birth, sex, block) may still tell two dates of one apart from others: no model joins them.
Neither key nor value is ever part of an SQL text.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from datetime import date
from pathlib import Path

import duckdb

from sources.geocode import Directory
from sources.model import ADDRESS_PARTS, Tabelle, symbol
from sources.read import kept, quoted
from warehouse.connect import literal

BLOCK = 64  # bytes of a SHA-256 block (RFC 2104)
CODE_LENGTH = 32  # hex digits: HMAC-SHA256 truncated to its left half (RFC 2104, section 5)
KINDS = ("person", "name", "phonetik", "ort")
#: Digits of the key of a state; whatever is longer is within the country, however it is written.
STATE = 3
NAMES_PER_STEP = 10_000
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "oe"})
#: Academic degrees that registers write before the name; they come and go between deliveries.
TITLES = frozenset({"dr", "prof", "dipl", "ing", "med", "phil", "jur", "rer", "nat", "pol", "oec", "mult", "habil", "hc", "univ", "mag"})


def key_of(master: bytes, stichtag: date) -> bytes:
    """Key of one reference date, derived from the master key: codes of different dates have nothing in common."""
    return hmac.digest(master, f"stichtag {stichtag:%Y-%m-%d}".encode(), "sha256")


def code(key: bytes, kind: str, value: str) -> str:
    """The keyed code of a value; ``code_sql`` computes the same inside DuckDB."""
    return hmac.digest(key, f"{kind}:{value}".encode(), "sha256").hex()[:CODE_LENGTH]


def set_key(db: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Give the connection the padded keys as variables, bound and not written into SQL (HMAC after RFC 2104)."""
    padded = key.ljust(BLOCK, b"\0") if len(key) <= BLOCK else hashlib.sha256(key).digest().ljust(BLOCK, b"\0")
    db.execute("set variable aussen = ?", [bytes(b ^ 0x5C for b in padded)])
    for kind in KINDS:
        db.execute(f"set variable innen_{kind} = ?", [bytes(b ^ 0x36 for b in padded) + f"{kind}:".encode()])


def forget_key(db: duckdb.DuckDBPyConnection) -> None:
    for name in ("aussen", *(f"innen_{kind}" for kind in KINDS)):
        db.execute(f"reset variable {name}")


def code_sql(kind: str, value: str) -> str:
    inner = f"unhex(sha256(getvariable('innen_{kind}') || encode({value})))"
    return f"left(sha256(getvariable('aussen') || {inner}), {CODE_LENGTH})"


def shuffled(row: str) -> str:
    """SQL that orders rows by their file and line under the key that is set: the same every time, and unlike any other date's order."""
    return f"sha256(getvariable('aussen') || encode({row}.datei || ':' || {row}.zeile))"


def normalise(name: str) -> str:
    """A name without what differs between registers: case, umlauts, accents, hyphens, academic titles."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", name).casefold().translate(UMLAUTS))
    letters = "".join(c if c.isalnum() else " " for c in folded if not unicodedata.combining(c) and c not in "'’`´")
    words = letters.split()
    return " ".join([w for w in words if w not in TITLES] or words)


def phonetics(normalised: str) -> str:
    """Kölner Phonetik of a normalised name, word by word; empty where it has no letters that sound."""
    import cologne_phonetics

    return " ".join(sound for _, sound in cologne_phonetics.encode(normalised) if sound)


def name_columns(tabelle: Tabelle) -> list[str]:
    return [s.ziel for s in tabelle.spalten if s.klasse == "name"]


def prepare_names(db: duckdb.DuckDBPyConnection, rows: str, tabelle: Tabelle) -> None:
    """Temporary table ``namen`` (name, code, klang): the codes of the distinct names of a relation under the key that is set.

    What a name normalises to and sounds like is computed once per connection, in steps, and kept in ``namensformen``.
    """
    import pyarrow as pa

    db.execute("create temp table if not exists namensformen (name varchar, normal varchar, klang varchar)")
    columns = name_columns(tabelle)
    if not columns:
        return
    every = " union ".join(f"select {quoted(column)} as name from {rows} where {quoted(column)} is not null" for column in columns)
    db.execute(f"create or replace temp table namen as {every}")
    db.execute("create or replace temp table neue_namen as select name from namen anti join namensformen using (name)")
    total = db.execute("select count(*) from neue_namen").fetchall()[0][0]
    for start in range(0, total, NAMES_PER_STEP):
        names = [row[0] for row in db.execute(f"select name from neue_namen where rowid >= {start} and rowid < {start + NAMES_PER_STEP}").fetchall()]
        normal = [normalise(name) for name in names]
        db.register("_namen", pa.table({"name": names, "normal": normal, "klang": [phonetics(n) for n in normal]}))
        db.execute("insert into namensformen select name, nullif(normal, ''), nullif(klang, '') from _namen").fetchall()
        db.unregister("_namen")
    db.execute("drop table neue_namen")
    codes = f"{code_sql('name', 'normal')} as code, {code_sql('phonetik', 'klang')} as klang"
    db.execute(f"create or replace temp table namen as select name, {codes} from namen join namensformen using (name)")


def prepare_addresses(db: duckdb.DuckDBPyConnection, folder: Path | None, stichtag: date, tabelle: Tabelle) -> None:
    """Temporary tables (adresse_id, block_id) from the directory in ``folder``, as far as a table is placed by them: ``adressen`` as
    valid at the reference date, ``adressen_bisher`` with those that were valid before, for events of the year that ends there."""
    wanted = {}
    if any(s.klasse == "strasse" and not s.seite for s in tabelle.spalten):
        wanted["adressen"] = _valid(stichtag)
    if any(s.seite for s in tabelle.spalten):
        wanted["adressen_bisher"] = f"coalesce(gueltig_von, date '0001-01-01') <= date '{stichtag:%Y-%m-%d}'"
    for table, valid in wanted.items():
        db.execute(f"create or replace temp table {table} (adresse_id varchar, block_id varchar)")
        if folder is not None:
            key = _address_key("strassenschluessel", "hausnummer", "zusatz")
            db.execute(
                f"insert into {table} select {key} as id, arg_max(block_id, coalesce(gueltig_von, date '0001-01-01'))"
                f" from read_parquet({literal(str(folder / '*.parquet'))}) where {valid} group by id"
            )


def directory(db: duckdb.DuckDBPyConnection, folder: Path | None, stichtag: date, town: str | None) -> Directory:
    """The town's own directory as valid at a reference date, to place written addresses by; no address of a person is in it."""
    if folder is None:
        return Directory([], town)
    return Directory(
        db.execute(
            f"select strassenname, hausnummer, coalesce(zusatz, ''), block_id from read_parquet({literal(str(folder / '*.parquet'))})"
            f" where {_valid(stichtag)} order by all"
        ).fetchall(),
        town,
    )


def written_columns(tabelle: Tabelle) -> list[str]:
    """Columns that together hold an address as people write it, in their order."""
    return [s.ziel for s in tabelle.spalten if s.klasse == "anschrift"]


def _written(tabelle: Tabelle) -> str:
    return f"concat_ws(' ', {', '.join(f'r.{quoted(column)}' for column in written_columns(tabelle))})"


def place_written(db: duckdb.DuckDBPyConnection, rows: str, tabelle: Tabelle, known: Directory) -> None:
    """Temporary table ``anschriften`` (text, block_id, guete, kandidaten): the distinct written addresses of a relation, each placed once."""
    import pyarrow as pa

    texts = [row[0] for row in db.execute(f"select distinct {_written(tabelle)} as text from {rows} r order by text").fetchall()]
    placed = [known.place(text) for text in texts]
    columns = {"text": texts, "block_id": [p.block_id for p in placed], "guete": [p.quality for p in placed], "kandidaten": [p.candidates for p in placed]}
    db.register("_anschriften", pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}))
    db.execute("create or replace temp table anschriften as select * from _anschriften")
    db.unregister("_anschriften")


def _valid(stichtag: date) -> str:
    return f"date '{stichtag:%Y-%m-%d}' between coalesce(gueltig_von, date '0001-01-01') and coalesce(gueltig_bis, date '9999-12-31')"


def _address_key(street: str, number: str, suffix: str) -> str:
    return f"{street} || '-' || lpad({number}, 4, '0') || '-' || coalesce({suffix}, '')"


def minimised(tabelle: Tabelle, stichtag: date) -> tuple[dict[str, str], str]:
    """SQL of the columns that remain of a table: ({column of the raw table: expression over alias ``r``}, joins)."""
    columns: dict[str, str] = {}
    joins = ""
    if name_columns(tabelle):
        joins += "".join(f" left join namen n{i} on n{i}.name = r.{quoted(column)}" for i, column in enumerate(name_columns(tabelle)))
    by_class = {s.klasse: f"r.{quoted(s.ziel)}" for s in tabelle.spalten if not s.seite}
    for side in dict.fromkeys(s.seite for s in tabelle.spalten if s.seite):
        part = {s.klasse: f"r.{quoted(s.ziel)}" for s in tabelle.spalten if s.seite == side}
        key = _address_key(part["strasse"], part["hausnummer"], part.get("hausnummernzusatz", "null"))
        joins += f" left join adressen_bisher {side} on {side}.adresse_id = {key}"
        columns[f"{side}_block_id"] = f"{side}.block_id"
    if written_columns(tabelle):
        joins += f" left join anschriften s on s.text = {_written(tabelle)}"
        columns |= {"block_id": "s.block_id", "adressguete": "s.guete", "adresskandidaten": "s.kandidaten"}
    for spalte in kept(tabelle):
        value = f"r.{quoted(spalte.ziel)}"
        match spalte.klasse:
            case "personenschluessel":
                columns[spalte.ziel] = f"if({value} is null, null, {code_sql('person', value)})"
            case "name":
                place = name_columns(tabelle).index(spalte.ziel)
                columns[f"{spalte.ziel}_code"] = f"n{place}.code"
                columns[f"{spalte.ziel}_phonetik_code"] = f"n{place}.klang"
            case "geburtsdatum":
                columns |= _birth(value, stichtag)
            case "sperre":
                columns[spalte.ziel] = f"coalesce({value}, '')"
            case "gemeinde":
                columns[spalte.ziel] = f"if(length({value}) > {STATE}, left({value}, 2), {value})"
            case "herkunft":
                columns[spalte.ziel] = f"if(length({value}) > {STATE}, {code_sql('ort', value)}, {value})"
            case part if part in ADDRESS_PARTS or part == "anschrift":
                continue
            case _:
                columns[spalte.ziel] = f"if({spalte.nur_wenn}, {value}, null)" if spalte.nur_wenn else value
                if spalte.typ == "zahlzeichen":
                    columns[symbol(spalte.ziel)] = f"r.{quoted(symbol(spalte.ziel))}"
    if "strasse" in by_class:
        key = _address_key(by_class["strasse"], by_class["hausnummer"], by_class.get("hausnummernzusatz", "null"))
        joins += f" left join adressen a on a.adresse_id = {key}"
        locked = f"{by_class['sperre']} is not null" if "sperre" in by_class else "false"
        columns["adresse_id"] = f"if({locked}, null, a.adresse_id)"
        columns["block_id"] = "a.block_id"
    return columns, joins


def _birth(value: str, stichtag: date) -> dict[str, str]:
    """Month of birth and completed years at the reference date from 'YYYY-MM-DD' whose parts may be 00.

    An unknown day counts as the 1st, an unknown month as January; who was born on 29 February is a year older on
    1 March where there is no 29th (§§ 187, 188 BGB).
    """
    month = f"case when {value} = '0000-00-00' then null when substr({value}, 6, 2) = '00' then left({value}, 4) else left({value}, 7) end"
    turned = f"greatest(substr({value}, 6, 2), '01') || greatest(substr({value}, 9, 2), '01') <= '{stichtag:%m%d}'"
    age = f"if({value} = '0000-00-00', null, ({stichtag.year} - left({value}, 4)::smallint - if({turned}, 0, 1))::smallint)"
    return {"geburtsmonat": month, "alter": age}

