"""Paragraphs that people write: Markdown files per area and edition in the data home. Reads them; never writes one.

``<home>/redaktion/<edition>/<area>.md``; an edition without a name, or without a folder of its own, reads ``aktuell``. HTML and pictures are not taken
over, links keep their text only: no page of a report leads out of it.
"""

from __future__ import annotations

import re
from collections.abc import Container
from pathlib import Path
from typing import Any

EDITORIAL = "redaktion"
CURRENT = "aktuell"
SCHEME = re.compile(r"\b(?:https?|ftp|file)://", re.IGNORECASE)


def folder_of(home: Path, edition: str | None) -> Path:
    """Where the paragraphs of an edition lie."""
    own = home / EDITORIAL / (edition or CURRENT)
    return own if own.is_dir() else home / EDITORIAL / CURRENT


def paragraphs(home: Path, edition: str | None) -> dict[str, str]:
    """Area id (``stadt`` for the town) -> Markdown, of that edition; empty where nobody wrote anything."""
    return {path.stem: _text(path.read_bytes()).strip() for path in sorted(folder_of(home, edition).glob("*.md"))}


def _text(data: bytes) -> str:
    """UTF-8, or what Windows' editor wrote instead."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def misplaced(home: Path, edition: str | None, shown: Container[str]) -> list[str]:
    """A sentence per file of the editor that stands on no page, by its name or because of where it lies; ``shown``: areas with a text on theirs."""
    folder = folder_of(home, edition)
    there = [path for path in (*folder.glob("*"), *(home / EDITORIAL).glob("*")) if path.is_file() and not path.name.startswith((".", "~"))]
    wrong = {
        path.relative_to(home): f"liegt in keinem Ordner; bitte nach {EDITORIAL}/{CURRENT}/ oder in den Ordner einer Ausgabe legen" if path.parent != folder
        else "steht auf keiner Seite; eine Datei heißt nach ihrem Gebiet (stadt.md, 01.md, 0101.md)"
        for path in there if path.parent != folder or path.suffix != ".md" or path.stem not in shown
    }  # fmt: skip
    return [f"{path}: {why}." for path, why in sorted(wrong.items())]


def _tokens(markdown: str) -> tuple[Any, list[Any]]:
    """Parsed paragraphs, lists, emphasis and headings; of links and pictures the text stays, of bare addresses the name."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("zero").enable(["list", "emphasis", "heading", "newline", "link", "image"])
    tokens = parser.parse(SCHEME.sub("", markdown))
    for token in tokens:
        if token.type.startswith("heading"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
        if token.children:
            token.children = [child for child in token.children if child.type not in ("link_open", "link_close")]
            for child in token.children:
                if child.type == "image":
                    child.type, child.tag = "text", ""
    return parser, tokens


def html(markdown: str) -> str:
    """Paragraphs, emphasis and lists as HTML; headings start at level 3, below those of the page."""
    parser, tokens = _tokens(markdown)
    return parser.renderer.render(tokens, parser.options, {})


def plain(markdown: str) -> list[str]:
    """The paragraphs as plain text, for the PDF."""
    return ["".join(child.content or " " for child in token.children or () if child.type in ("text", "softbreak")) for token in _tokens(markdown)[1] if token.type == "inline"]
