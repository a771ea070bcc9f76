"""A table of ready sentences as one page of paper, PDF/UA-1, set by typst with bundled fonts. Says nothing the table does not say."""

from __future__ import annotations

import json
import tempfile
from datetime import datetime
from pathlib import Path

from duckdb import DuckDBPyConnection

from exports.contract import Contract, Table

TEMPLATE = Path(__file__).parent / "onepage.typ"


def one_page(db: DuckDBPyConnection, contract: Contract, table: Table, path: Path, facts: dict[str, str]) -> Path:
    """Write the view ``zeilen`` (nr, was, wo, wie_sicher, neu) as one A4 page; the same bytes for the same rows."""
    import typst

    rows = db.execute("select was, wo, wie_sicher, neu from zeilen order by nr").fetchall()
    created = datetime.fromisoformat(facts["erstellt"])
    content = {
        "titel": f"{table.titel}: {facts['stadt']}",
        "stadt": facts["stadt"],
        "stand": f"Stand {facts['release']} vom {created:%d.%m.%Y}, Stichtage {facts['stichtage']}",
        "simuliert": facts.get("simuliert") == "ja",
        "zeilen": [{"was": was, "wo": wo, "sicher": sure, "neu": {True: "neu", False: "wie im Vorjahr", None: "Vorjahr nicht prüfbar"}[new]} for was, wo, sure, new in rows],
        "recht": contract.rechtsgrundlage,
    }
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "seite.typ").write_bytes(TEMPLATE.read_bytes())
        (Path(folder) / "daten.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        compiler = typst.Compiler(str(Path(folder) / "seite.typ"), root=folder, ignore_system_fonts=True)
        path.write_bytes(bytes(compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=created)))
    return path
