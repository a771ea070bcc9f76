"""Contracts with recipients: typed, equal to their dbt models, and versioned."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from pathlib import Path

import pytest
import yaml

from exports.catalogue import LICENCES
from exports.contract import CONTRACTS, VERSIONS, ContractError, load_contracts
from exports.formats import IN_UNIT_OF_ROW
from warehouse.paths import REPOSITORY

AGREED = load_contracts()
MODELS = REPOSITORY / "dbt_project" / "models" / "exports"


def declared() -> dict[str, dict]:
    return {model["name"]: model for path in MODELS.glob("*/_*.yml") for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]}


def test_every_contract_has_its_models_and_every_model_its_contract() -> None:
    promised = {contract.model_of(table) for contract in AGREED for table in contract.tabellen}
    assert promised == set(declared())
    assert promised == {path.stem for path in MODELS.glob("*/exp_*.sql")}


@pytest.mark.parametrize("contract", AGREED, ids=lambda c: c.empfaenger)
def test_columns_and_audience_are_those_of_the_models(contract) -> None:
    models = declared()
    for table in contract.tabellen:
        model = models[contract.model_of(table)]
        assert [(c["name"], c["data_type"]) for c in model["columns"]] == [(c.name, c.typ) for c in table.spalten]
        assert model["config"]["meta"] == {"zielgruppen": [contract.zielgruppe], "vertrag": contract.empfaenger}


@pytest.mark.parametrize("contract", AGREED, ids=lambda c: c.empfaenger)
def test_every_model_takes_the_rows_of_its_own_audience_only(contract) -> None:
    """The gate holds every audience's rows; the wrong name would hand out another one's."""
    for table in contract.tabellen:
        text = next(MODELS.glob(f"*/{contract.model_of(table)}.sql")).read_text(encoding="utf-8")
        named = re.findall(r"zielgruppe\s*=\s*'(\w+)'|export_\w+\('(\w+)'", text)
        assert {a or b for a, b in named} <= {contract.zielgruppe}
        assert named or "exp_freigabe__" not in text


@pytest.mark.parametrize("contract", AGREED, ids=lambda c: c.empfaenger)
def test_a_changed_column_needs_a_new_version(contract) -> None:
    """versionen.json keeps what was agreed; another hash under the same version means: raise the version and enter it there."""
    agreed = json.loads(VERSIONS.read_text(encoding="utf-8"))[contract.empfaenger]
    assert agreed.get(contract.version) == contract.columns_hash
    assert max(agreed, key=lambda version: tuple(map(int, version.split(".")))) == contract.version


def marts() -> dict[str, dict]:
    files = (REPOSITORY / "dbt_project" / "models" / "marts").glob("_*.yml")
    return {model["name"]: model for path in files for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])}


def test_analysts_get_every_mart_of_the_administration_under_a_version() -> None:
    """Whole marts are promised too: a changed column of one needs a new version of the contract, entered as ``analyse/marts``."""
    contract = next(c for c in AGREED if c.marts)
    known = marts()
    assert list(contract.marts) == sorted(name for name, model in known.items() if contract.zielgruppe in model["config"]["meta"]["zielgruppen"])
    columns = [[name, [[c["name"], c["data_type"]] for c in known[name]["columns"]]] for name in contract.marts]
    agreed = json.loads(VERSIONS.read_text(encoding="utf-8"))["analyse/marts"]
    assert agreed.get(contract.version) == hashlib.sha256(json.dumps(columns).encode()).hexdigest()[:16]


def test_conditions_name_groups_and_indicators_that_exist() -> None:
    """A group that was renamed would silently empty a package."""
    with (REPOSITORY / "dbt_project" / "seeds" / "indikatoren.csv").open(encoding="utf-8") as file:
        groups = {row["gruppe"] for row in csv.DictReader(file)}
    named = {g for path in MODELS.glob("*/*.sql") for found in re.findall(r"gruppe in \(([^)]*)\)", path.read_text(encoding="utf-8")) for g in re.findall(r"'(\w+)'", found)}
    assert named and named <= groups
    with (REPOSITORY / "dbt_project" / "seeds" / "kennzahlen.csv").open(encoding="utf-8") as file:
        counts = {row["kennzahl_id"] for row in csv.DictReader(file)}
    asked = {k for path in MODELS.glob("*/*.sql") for found in re.findall(r"kennzahl_id in \(([^)]*)\)", path.read_text(encoding="utf-8")) for k in re.findall(r"'(\w+)'", found)}
    assert asked and asked <= counts


def test_another_type_gives_another_hash() -> None:
    contract = AGREED[0]
    table = contract.tabellen[0]
    column = table.spalten[0].model_copy(update={"typ": "bigint"})
    other = contract.model_copy(update={"tabellen": (table.model_copy(update={"spalten": (column, *table.spalten[1:])}), *contract.tabellen[1:])})
    other.__dict__.pop("columns_hash", None)
    assert other.columns_hash != contract.columns_hash


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"version": "eins"}, "amt.yml: version"),
        ({"zielgruppe": "presse"}, "amt.yml: zielgruppe"),
        ({"unbekannt": 1}, "amt.yml: unbekannt"),
        ({"empfaenger": "anders"}, "amt.yml: der Empfänger heißt darin anders"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, change: dict, says: str) -> None:
    raw = yaml.safe_load((CONTRACTS / "offene_daten.yml").read_text(encoding="utf-8")) | {"empfaenger": "amt"} | change
    (tmp_path / "amt.yml").write_text(yaml.safe_dump(raw), encoding="utf-8")
    (tmp_path / "_spalten.yaml").write_text((CONTRACTS / "_spalten.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ContractError, match=says):
        load_contracts(tmp_path)


def test_an_unknown_shared_column_is_named(tmp_path: Path) -> None:
    raw = yaml.safe_load((CONTRACTS / "offene_daten.yml").read_text(encoding="utf-8"))
    raw["tabellen"][0]["spalten"].append("geheimnis")
    (tmp_path / "offene_daten.yml").write_text(yaml.safe_dump(raw), encoding="utf-8")
    (tmp_path / "_spalten.yaml").write_text((CONTRACTS / "_spalten.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ContractError, match="die Spalte geheimnis steht nicht in _spalten.yaml"):
        load_contracts(tmp_path)


#: Numbers that every row has: they say which row it is or come out of the computation that made it.
ALWAYS_THERE = {"jahr", "jahr_von", "nr", "alter_jahre", "umkreis_m", "p_bereinigt"}


@pytest.mark.parametrize("contract", AGREED, ids=lambda c: c.empfaenger)
def test_every_number_that_can_be_missing_says_why(contract) -> None:
    for table in contract.tabellen:
        silent = {c.name for c in table.spalten if c.typ in ("double", "bigint", "integer") and not c.fehlt}
        assert silent <= ALWAYS_THERE, table.name


def test_a_reason_that_is_no_column_is_named(tmp_path: Path) -> None:
    raw = yaml.safe_load((CONTRACTS / "offene_daten.yml").read_text(encoding="utf-8"))
    raw["tabellen"][0]["spalten"].append({"name": "quote", "typ": "double", "beschreibung": "x", "fehlt": "quote_zeichen"})
    (tmp_path / "offene_daten.yml").write_text(yaml.safe_dump(raw), encoding="utf-8")
    (tmp_path / "_spalten.yaml").write_text((CONTRACTS / "_spalten.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ContractError, match="fehlt von quote ist weder ein Zeichen .* quote_zeichen"):
        load_contracts(tmp_path)


@pytest.mark.parametrize("contract", AGREED, ids=lambda c: c.empfaenger)
def test_only_what_is_public_has_a_free_licence(contract) -> None:
    """Data that nobody has approved for the public must not invite to be passed on."""
    assert (contract.lizenz in LICENCES) == (contract.zielgruppe == "oeffentlich")


#: Numbers without a unit: a probability, a year, a running number, a rank on a scale that the description names.
WITHOUT_UNIT = {"p_bereinigt", "jahr", "jahr_von", "nr", "sozialindex"}


@pytest.mark.parametrize("contract", AGREED, ids=lambda c: c.empfaenger)
def test_every_number_has_a_unit_of_its_own_or_of_its_row(contract) -> None:
    for table in contract.tabellen:
        names = {c.name for c in table.spalten}
        in_unit_of_row = {*IN_UNIT_OF_ROW, "zaehler", "nenner"} if "einheit" in names else set()
        bare = {c.name for c in table.spalten if c.typ in ("double", "bigint", "integer") and not c.einheit}
        assert bare <= WITHOUT_UNIT | in_unit_of_row, table.name


def test_years_are_those_of_the_model() -> None:
    """The profile takes the newest five years, and says so in both places where a reader may look."""
    profile = next(t for c in AGREED if c.empfaenger == "traegerrunde" for t in c.tabellen if t.name == "profile")
    assert "- 5" in next(MODELS.glob("*/exp_traegerrunde__profile.sql")).read_text(encoding="utf-8")
    assert "fünf" in profile.beschreibung and "fünf" in profile.jahre
