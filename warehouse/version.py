"""Fingerprints: of a file, and of what a result depends on besides the deliveries, the code, models and declarations."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from warehouse.paths import REPOSITORY

PARTS = ("sources", "dbt_project", "methods", "exports", "warehouse", "orchestration")
KINDS = {".py", ".sql", ".yml", ".csv", ".j2", ".css", ".js", ".typ", ".md"}
GENERATED = {"target", "logs", "__pycache__"}


def file_hash(path: Path) -> str:
    """sha256 of a file of any size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_fingerprint(*folders: Path) -> str:
    """sha256 over names and contents of all code and declaration files below the folders, in name order."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder)
            if path.suffix in KINDS and path.is_file() and not GENERATED.intersection(name.parts):
                digest.update(f"{name}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@cache
def code_version() -> str:
    """Fingerprint of everything in this checkout that decides over a result."""
    return folder_fingerprint(*(REPOSITORY / part for part in PARTS))
