"""The rules of disclosure control as the attack needs them: the smallest count each audience may see. Decides nothing."""

from __future__ import annotations

import csv

from warehouse.paths import REPOSITORY

RULES = REPOSITORY / "dbt_project" / "seeds" / "schutzregeln.csv"


def minimum(audience: str, town: int) -> int:
    """The least strict rule of an audience, or the town's own if that is stricter: no count below it may be seen."""
    with RULES.open(encoding="utf-8", newline="") as file:
        return max(town, min(int(row["mindestzahl"]) for row in csv.DictReader(file) if row["zielgruppe"] == audience))
