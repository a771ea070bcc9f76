"""Contracts with those who receive data: who gets what, for what purpose, in which form, under which version.

One YAML file per recipient under ``contracts/``. This module gives it types and refuses what it does not know; the rows
come from the dbt models it names, the columns are held equal to theirs by a test.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from warehouse import declared

CONTRACTS = Path(__file__).parent / "contracts"
#: Column hash of every version ever agreed: recipient -> version -> hash.
VERSIONS = CONTRACTS / "versionen.json"

#: Symbols that can be all there is to say of a column's missing numbers (seeds/status.csv).
SYMBOLS = frozenset({".", "x", "..."})

Form = Literal["parquet", "csv", "excel_csv", "xlsx", "geopackage", "punkte", "jsonstat", "formular", "tagesordnung", "pdf"]
Typ = Literal["varchar", "double", "bigint", "integer", "boolean", "date"]


def _plain(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", value):
        raise ValueError("nur Kleinbuchstaben, Ziffern und Unterstrich, am Anfang ein Buchstabe")
    return value


Name = Annotated[str, AfterValidator(_plain)]


class ContractError(ValueError):
    """A contract that does not hold; the text is one German sentence naming file and key."""


class Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(Declared):
    name: Name
    typ: Typ
    beschreibung: str
    einheit: str | None = None
    #: What stands for people where a number is missing: the column with the symbol of the row, or the one symbol that always holds.
    fehlt: str | None = None
    #: Decimals for people; without it those of the unit.
    stellen: int | None = None


class Table(Declared):
    """One table of a package: the dbt model it comes from is ``exp_<empfaenger>__<name>``."""

    name: Name
    titel: str
    beschreibung: str
    #: Which rows: levels of area and years, in words for the reader of the package.
    ebenen: tuple[str, ...]
    jahre: str
    schluessel: tuple[Name, ...]
    formate: tuple[Form, ...]
    spalten: tuple[Column, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _keys_are_columns(self) -> Table:
        unknown = set(self.schluessel) - {c.name for c in self.spalten}
        if unknown:
            raise ValueError(f"Schlüssel nennt unbekannte Spalten: {sorted(unknown)}")
        return self

    @model_validator(mode="after")
    def _symbols_are_columns_or_symbols(self) -> Table:
        for column in self.spalten:
            if column.fehlt and column.fehlt not in {*SYMBOLS, *(c.name for c in self.spalten)}:
                raise ValueError(f"fehlt von {column.name} ist weder ein Zeichen ({' '.join(sorted(SYMBOLS))}) noch eine Spalte der Tabelle: {column.fehlt}")
        return self


class Contract(Declared):
    empfaenger: Name
    name: str
    zweck: str
    rechtsgrundlage: str
    #: Audience whose gate the rows passed.
    zielgruppe: Literal["verwaltung", "traeger", "oeffentlich"]
    schutzklasse: str
    version: Annotated[str, Field(pattern=r"^\d+\.\d+$")]
    #: How the recipient hears of a change.
    aenderungen: str
    rhythmus: str
    lizenz: str
    #: Marts handed out as they are, one Parquet file each; their columns are those of the dbt contract of the mart.
    marts: tuple[Name, ...] = ()
    tabellen: tuple[Table, ...]

    def model_of(self, table: Table) -> str:
        return f"exp_{self.empfaenger}__{table.name}"

    @cached_property
    def columns_hash(self) -> str:
        """Fingerprint of everything a receiving tool relies on: tables, keys, column names and types, in order."""
        relied_on = [[t.name, list(t.schluessel), [[c.name, c.typ, c.einheit] for c in t.spalten]] for t in self.tabellen] + [["mart", name] for name in self.marts]
        return hashlib.sha256(json.dumps(relied_on).encode()).hexdigest()[:16]


def load_contracts(folder: Path = CONTRACTS) -> list[Contract]:
    """All contracts by recipient; ContractError names the file and the key that does not fit."""
    contracts = []
    shared: dict[str, Any] = declared.read((folder / "_spalten.yaml").read_bytes())
    for path in sorted(folder.glob("*.yml")):
        try:
            raw = declared.read(path.read_bytes())
            for table in raw.get("tabellen", []):
                table["spalten"] = [shared[c] | {"name": c} if isinstance(c, str) else c for c in table.get("spalten", [])]
            contract = Contract.model_validate(raw)
        except declared.Unreadable as error:
            raise ContractError(f"{path.name}{error}.") from None
        except KeyError as error:
            raise ContractError(f"{path.name}: die Spalte {error.args[0]} steht nicht in _spalten.yaml; bitte dort ergänzen oder hier ausschreiben.") from None
        except ValidationError as error:
            raise ContractError(f"{path.name}: {declared.wrong(error)}.") from None
        if contract.empfaenger != path.stem:
            raise ContractError(f"{path.name}: der Empfänger heißt darin {contract.empfaenger}; Dateiname und empfaenger müssen gleich sein.")
        contracts.append(contract)
    return contracts
