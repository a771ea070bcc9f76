"""What earlier releases have shown whom: kept with each release in the sealed zone, handed to the next protection.

A release that is no longer kept is still known to whoever read it, so its facts stay. Decides nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

from warehouse.connect import connect, literal
from warehouse.ledger import Ledger
from warehouse.paths import PRIVATE, Home, private_files

COLUMNS = "stichtag, kennzahl_id, gebietsstand, ebene, raumeinheit_id, wert"
KEY = "zielgruppe, stichtag, kennzahl_id, gebietsstand, ebene, raumeinheit_id"
WITHHELD = "geheim_schutz"
NOTHING = """select ''::varchar as zielgruppe, null::date as stichtag, ''::varchar as kennzahl_id, ''::varchar as gebietsstand,
             ''::varchar as ebene, ''::varchar as raumeinheit_id, null::double as wert, 0 as nummer where false"""


def keep(home: Home, release_id: str, marts: dict[str, Path]) -> None:
    """Write down what a release shows each audience, and what it withholds; ``marts`` are the finished files."""
    folder = home.sealed / "schutz"
    folder.mkdir(exist_ok=True, mode=PRIVATE)
    marts = {audience: mart for audience, mart in marts.items() if mart.is_file()}
    if not marts:
        return
    with connect() as db:
        parts = []
        for audience, mart in sorted(marts.items()):
            db.execute(f"attach {literal(mart)} as {audience} (read_only)")
            # Where the supplier has published everything himself there is nothing to remember.
            parts.append(
                f"""select '{audience}' as zielgruppe, {COLUMNS} from {audience}.fct_kennzahl
                    where lieferung_id in (select lieferung_id from {audience}.fct_quellenstand where not veroeffentlicht) and (wert is not null or status_id = '{WITHHELD}')"""
            )
        _write(db, " union all ".join(parts) + " order by all", folder / f"{release_id}.parquet")


def hand_over(home: Home, ledger: Ledger) -> None:
    """Write the facts of all releases to raw/, where dbt reads them: the administration sees every release, others the approved ones.

    Every number ever shown stays a row; whatever the newest release of an audience withheld is marked ``zuletzt``.
    """
    approved = {(a["release_id"], a["zielgruppe"]) for a in ledger.approvals()}
    parts = [NOTHING]
    for release in ledger.releases():
        file = home.sealed / "schutz" / f"{release['release_id']}.parquet"
        if not file.is_file() and (mart := home.published / release["release_id"] / "mart.duckdb").is_file():
            # Published before facts were kept: what is still there can be written down now.
            waiting = {a: home.sealed / "freigabe" / release["release_id"] / a / "mart.duckdb" for a in ("traeger", "oeffentlich")}
            keep(home, release["release_id"], {"verwaltung": mart, **{a: path for a, path in waiting.items() if path.is_file()}})
        audiences = ["verwaltung", *(audience for audience in ("traeger", "oeffentlich") if (release["release_id"], audience) in approved)]
        if file.is_file():
            names = ", ".join(map(literal, audiences))
            parts.append(f"select *, {release['nummer']} as nummer from read_parquet({literal(file)}) where zielgruppe in ({names})")
    with connect() as db:
        rows = f"""
            select {KEY}, wert, max(nummer) = max(max(nummer)) over (partition by zielgruppe) as zuletzt
            from ({" union all ".join(parts)}) group by {KEY}, wert order by all"""
        home.raw.mkdir(parents=True, exist_ok=True)
        _write(db, rows, home.raw / "_freigegeben.parquet")


def _write(db, rows: str, target: Path) -> None:
    new = target.with_name(f".{target.name}")
    with private_files():
        db.execute(f"copy ({rows}) to {literal(new)} (format parquet)")
    os.replace(new, target)
