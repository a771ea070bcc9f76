"""From persons to numbers: between a raw table of persons and anything that leaves stands a model whose counts are frozen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sources.model import SHIPPED_CITIES, available_cities, load_city

MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models"
TEXT = {path.stem: re.sub(r"adapter\.get_relation\(.*?\)", "", path.read_text(encoding="utf-8")) for path in MODELS.rglob("*.*") if path.suffix in (".sql", ".py")}
#: Some models name others in a list and refer to them in a loop: every quoted name of a model counts.
NEEDS = {name: set(re.findall(r"['\"](\w+)['\"]", text)) & TEXT.keys() - {name} for name, text in TEXT.items()}
#: je_lieferung marks a model as frozen where it is not told otherwise.
FROZEN = {name for name, text in TEXT.items() if "'eingefroren'" in text or "je_lieferung()" in text}
LEAVES = {path.stem for folder in ("marts", "gate", "exports") for path in (MODELS / folder).rglob("*.sql")}


def persons() -> set[str]:
    """Raw tables of persons of every shipped town."""
    return {table for folder in available_cities(SHIPPED_CITIES).values() for quelle in load_city(folder).quellen for table in quelle.personentabellen}


def unfrozen_path(name: str, tables: set[str]) -> list[str] | None:
    """Models from a raw table of persons to this one without a frozen one between them; None where there is no such path."""
    if any(re.search(rf"roh\(\s*['\"]{table}['\"]", TEXT[name]) for table in tables):
        return [name]
    for other in NEEDS[name] - FROZEN:
        if path := unfrozen_path(other, tables):
            return [*path, name]
    return None


def test_there_are_persons_to_guard() -> None:
    assert {"melderegister_bestand", "melderegister_bewegung", "sozialleistung", "umfrage_antwort", "interview_segment"} <= persons()
    assert "umfrage_codebuch" not in persons()
    assert unfrozen_path("int_haushalt__person", persons()) is not None


@pytest.mark.parametrize("model", sorted(LEAVES))
def test_whatever_leaves_can_be_built_without_persons(model: str) -> None:
    assert unfrozen_path(model, persons()) is None


@pytest.mark.parametrize("model", sorted(FROZEN))
def test_frozen_models_take_their_frozen_rows_back(model: str) -> None:
    assert "eingefrorene_zeilen(" in TEXT[model]
