"""Every SQL model that computes has a dbt unit test; who computes is read from its text."""

from __future__ import annotations

import re

import yaml

from warehouse.paths import REPOSITORY

MODELS = REPOSITORY / "dbt_project" / "models"
COMMENT = re.compile(r"--[^\n]*|\{#.*?#\}", re.S)
ARITHMETIC = re.compile(r"\b(?:sum|avg|median|quantil|power|sqrt|round)\s*\(|(?<!select)(?<!distinct)(?<![,.])\s[*/]\s(?!exclude|from\b)")


def test_every_model_with_arithmetic_has_a_unit_test() -> None:
    tested = {test["model"] for file in MODELS.rglob("*.yml") for test in (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get("unit_tests", [])}
    computing = {file.stem for file in MODELS.rglob("*.sql") if ARITHMETIC.search(COMMENT.sub("", file.read_text(encoding="utf-8")))}
    assert len(computing) > 30
    assert computing - tested == set()
