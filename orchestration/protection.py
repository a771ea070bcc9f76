"""What the command line says about protection: attacks on a release, and how much of it can be seen. Decides nothing."""

from __future__ import annotations

import time

from rich.markup import escape
from rich.table import Table

from orchestration.failures import PermanentFailure
from orchestration.files import written
from orchestration.report import german, out
from orchestration.resources import Workplace
from warehouse import publish
from warehouse.attack import leaks
from warehouse.connect import connect

#: Groupings named per audience; the rest is in fct_schutz_vorschlag.
PROPOSALS = 12


def attack_report(place: Workplace, release_id: str | None) -> int:
    """Attack what each audience got or waits for; prints every finding with its sum and returns how many there are."""
    release_id = place.entry(release_id)["release_id"]
    folders = {audience: publish.part_of(place.home, release_id, audience) for audience in publish.AUDIENCES}
    folders = {audience: folder for audience, folder in folders.items() if (folder / "mart.duckdb").is_file()}
    if not folders:
        raise PermanentFailure(f"Die Veröffentlichung {release_id} ist nicht mehr aufbewahrt; ./sozialraum status zeigt, welche es noch gibt.")
    total = 0
    for audience, folder in folders.items():
        start = time.perf_counter()
        target = place.target(audience, folder, release_id)
        found = leaks(*target)
        out.print(f"{audience}: {len(found)} Befunde, Mindestzahl {target[1]}, {german(time.perf_counter() - start, 1)} s", soft_wrap=True)
        if not written(folder):
            out.print("  Nur der Mart: Bericht und Pakete gibt es noch nicht; ./sozialraum bericht schreibt ihren Entwurf, und die Freigabe greift sie an, bevor sie jemand bekommt.", soft_wrap=True)
        for finding in found:
            out.print("  " + escape(finding), soft_wrap=True)
        total += len(found)
    return total


def share_report(place: Workplace) -> None:
    """Share of values published per audience and level, and the groupings that would raise it."""
    mart = place.home.published / place.kept()["release_id"] / "mart.duckdb"
    table = Table("Zielgruppe", "Ebene", "Werte", "gesperrt", "veröffentlicht", title="Anteil der veröffentlichten Indikatorwerte")
    for column in table.columns[2:]:
        column.justify = "right"
    with connect(mart, read_only=True) as db:
        rows = db.execute(
            """select zielgruppe, ebene, sum(werte), sum(gesperrt) from fct_schutz_quote
               group by zielgruppe, ebene, ebene_rang order by list_position(['verwaltung', 'traeger', 'oeffentlich'], zielgruppe), ebene_rang"""
        ).fetchall()
        for audience, level, values, withheld in rows:
            table.add_row(audience, level, german(values), german(withheld), f"{german(100 * (1 - withheld / values), 1)} %")
        out.print(table)
        profile = Table("Zielgruppe", "Ebene", "Werte", "gesperrt", "veröffentlicht", title="Davon die Werte der Profile im Sozialreport")
        for column in profile.columns[2:]:
            column.justify = "right"
        for audience, level, values, withheld in db.execute(
            """select zielgruppe, ebene, werte, gesperrt from fct_schutz_profil
               order by list_position(['verwaltung', 'traeger', 'oeffentlich'], zielgruppe), ebene_rang"""
        ).fetchall():
            profile.add_row(audience, level, german(values), german(withheld), f"{german(100 * (1 - withheld / values), 1)} %")
        out.print(profile)
        for audience, level, indicator, withheld, proposal in db.execute(
            """select zielgruppe, ebene, indikator_id, gesperrt, vorschlag from fct_schutz_vorschlag
               qualify row_number() over (partition by zielgruppe order by gesperrt desc, ebene, indikator_id) <= $most
               order by list_position(['verwaltung', 'traeger', 'oeffentlich'], zielgruppe), gesperrt desc, ebene, indikator_id""",
            {"most": PROPOSALS},
        ).fetchall():
            out.print(f"{audience}, {level}: {indicator} ({german(withheld)} gesperrt). {proposal}", soft_wrap=True)
