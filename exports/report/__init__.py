"""The Sozialreport of one audience: a static site and a PDF, from that audience's mart in a release and nothing else.

Must not read the sealed zone, and computes nothing that a reader of the published mart could not compute as well.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SITE = "bericht"
PDF = "sozialreport.pdf"
#: The editor's paragraphs as this report shows them: what people approve is what they saw.
PARAGRAPHS = "redaktion.json"


@dataclass(frozen=True)
class Level:
    """A level of area as city.yml declares it; ``profile``: each of its areas gets a page of its own."""

    id: str
    name: str
    plural: str
    profile: bool


@dataclass(frozen=True)
class Edition:
    """What a report says about itself. ``approval`` is the recorded discussion; without one it is a draft."""

    release_id: str
    name: str | None
    created: str
    town: str
    audience: str
    simulated: bool
    levels: tuple[Level, ...]
    approval: dict[str, Any] | None = None

    @property
    def draft(self) -> bool:
        return self.approval is None


def build(mart: Path, target: Path, edition: Edition, paragraphs: dict[str, str]) -> list[Path]:
    """Write site, PDF and paragraphs below ``target`` (its old content goes) and return the files.

    ``paragraphs``: area id (``stadt`` for the town) -> Markdown. Same mart, edition and paragraphs: same bytes.
    """
    from exports.report import pdf, site
    from exports.report.mart import read
    from exports.report.view import View

    draft = target.with_name(f".{target.name}-neu")
    shutil.rmtree(draft, ignore_errors=True)
    (draft / SITE).mkdir(parents=True)
    view = View(read(mart, edition.levels), edition)
    site.write(view, paragraphs, draft / SITE)
    (draft / PDF).write_bytes(pdf.render(view, paragraphs))
    # Only what stands on a page: a file of a wrong name would leave without anybody having seen it.
    pages = {"stadt", *(area.id for level in view.mart.profiles for area in view.mart.areas[level.id])}
    shown = {area: text for area, text in paragraphs.items() if area in pages}
    (draft / PARAGRAPHS).write_text(json.dumps(shown, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")
    # Whole or not at all: a reader of the old report keeps it until the new one is complete.
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)
    return sorted(path for path in target.rglob("*") if path.is_file())
