"""The files of a release, in a run and whenever they are written again. Computes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from exports.catalogue import CATALOGUE, write_catalogue
from exports.contract import Contract, load_contracts
from exports.write import write_files
from orchestration.resources import Workplace
from warehouse.processes import Job

EXPORTED = ("fct_indikatorwert",)


def write_release(place: Workplace, folders: dict[str, Path], release_id: str, inputs: dict[str, Any], made: datetime, beside: Iterable[Job] = ()) -> list[Path]:
    """All files of several audiences (audience -> folder with its ``mart.duckdb``) into ``folder/exports``, and what the jobs ``beside`` write."""
    return write_files(folders, EXPORTED, load_contracts(), _about(place, release_id, inputs, made), place.city.stadt.simuliert, place.settings.threads, beside)


def written(folder: Path) -> bool:
    """Whether all packages lie there: their catalogue comes last."""
    return (folder / "exports" / CATALOGUE).is_file()


def write_packages(place: Workplace, folder: Path, audience: str, release_id: str, inputs: dict[str, Any], made: datetime, wanted: Callable[[Contract], bool]) -> None:
    """Some packages of an audience again, and the catalogue of all that lie beside them."""
    contracts = [contract for contract in load_contracts() if contract.zielgruppe == audience]
    chosen = [contract for contract in contracts if wanted(contract)]
    if chosen:
        facts = _about(place, release_id, inputs, made)
        write_files({audience: folder}, (), chosen, facts, place.city.stadt.simuliert, place.settings.threads)
        write_catalogue(contracts, folder / "exports", facts | {"zielgruppe": audience})


def _about(place: Workplace, release_id: str, inputs: dict[str, Any], made: datetime) -> dict[str, str]:
    """What every package says of its origin."""
    # Late: the report's words bring scipy with them.
    from exports.report.wording import day

    used = [row for row in place.ledger.deliveries("angenommen") if row["lieferung_id"] in inputs["lieferungen"]]
    names = {source.quelle: source.name for source in place.city.quellen}
    dates = sorted({row["stichtag"] for row in used})
    return {
        "release": release_id,
        "stadt": place.city.stadt.name,
        "ags": place.city.stadt.ags,
        "epsg": str(place.city.stadt.epsg),
        "erstellt": made.isoformat(),
        "stichtage": f"{day(dates[0])} bis {day(dates[-1])}" if dates else "keine",
        "quellen": "; ".join(sorted({f"{names.get(row['quelle_id'], row['quelle_id'])}, zuletzt {day(max(r['stichtag'] for r in used if r['quelle_id'] == row['quelle_id']))}" for row in used})),
        "simuliert": "ja" if place.city.stadt.simuliert else "nein",
    }
