"""What the door found about a delivery: graded, placed, with a suggestion. Holds no value of a personal column."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Grad = Literal["ablehnen", "quarantaene", "warnen"]
#: Findings of one delivery that the ledger keeps; the supplier's report and the quarantine have them all.
KEPT = 60


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or noticeable; ``text`` and ``rat`` together are one German sentence."""

    grad: Grad
    #: Short name of the rule, by which the declaration can let it pass (``vergleich.zulassen``).
    befund: str
    text: str
    rat: str
    datei: str = ""
    spalte: str = ""
    #: Line of the file, None where the finding is about more than a row.
    zeile: int | None = None
    vorschlag: str = ""
    anzahl: int = 1

    @property
    def sentence(self) -> str:
        return f"{self.text}; {self.rat}."

    def entry(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value not in ("", None)}


def entries(findings: list[Finding]) -> list[dict[str, Any]]:
    """What the ledger keeps: the gravest first."""
    order = {"ablehnen": 0, "quarantaene": 1, "warnen": 2}
    return [finding.entry() for finding in sorted(findings, key=lambda f: order[f.grad])[:KEPT]]
