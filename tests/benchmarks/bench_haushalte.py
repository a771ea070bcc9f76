"""``./sozialraum bench haushalte``: households and migration background from the register against the simulated truth.

The rule sees what passes the door; the truth, kept apart, is joined to its result here and nowhere else.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

#: What is to be reached on a clean register and on one with the usual defects: households (pairwise F1), types, migration.
TARGETS = {False: (0.97, 0.95, 0.98), True: (0.93, 0.93, 0.93)}
YEARS = (2016, 2020, 2024)
#: Types as planners count them: a couple or a parent with children of any age.
COARSE = {"paar_mit_minderjaehrigen": "paar_mit_kindern", "paar_mit_erwachsenem_kind": "paar_mit_kindern", "elternteil_mit_erwachsenem_kind": "alleinerziehend"}

PAIRS = """
    with teil as (select {by} as stichtag, (stichtag, wahr) as wahr, (stichtag, gebildet) as gebildet, count(*) as n from vergleich group by all),
    w as (select stichtag, sum(n * (n - 1) / 2) as paare from (select stichtag, wahr, sum(n) as n from teil group by all) group by all),
    g as (select stichtag, sum(n * (n - 1) / 2) as paare from (select stichtag, gebildet, sum(n) as n from teil group by all) group by all),
    b as (select stichtag, sum(n * (n - 1) / 2) as paare from teil group by all)
    select stichtag, b.paare / g.paare, b.paare / w.paare, 2 * b.paare / (w.paare + g.paare) from b join w using (stichtag) join g using (stichtag) order by stichtag"""
SHARES = """
    select {by} as stichtag, count(*), avg((typ = typ_wahr)::int), avg((fein = fein_wahr)::int), avg((migration = migration_wahr)::int), avg(((migration = 'ohne') = (migration_wahr = 'ohne'))::int)
    from vergleich group by all order by stichtag"""


@dataclass(frozen=True)
class Quality:
    """Shares in [0, 1]; ``day`` is None for all reference dates together."""

    day: date | None
    persons: int
    precision: float
    recall: float
    f1: float
    types: float  # persons whose household has the right type
    fine_types: float
    migration: float  # persons in the right one of four classes
    background: float  # ... or with and without only


@dataclass(frozen=True)
class Measured:
    """One variant of the register; the last quality is that of all dates together."""

    defects: bool
    qualities: list[Quality]
    wrong: list[tuple[str, str, int]]  # true type, type found, persons
    seconds: float


def measure(folder: Path, residents: int, days: list[date], *, defects: bool, threads: int = 2, memory: str = "4GB") -> Measured:
    """Simulate into ``folder``, let the register in, form households, compare. Leaves the environment as it is."""
    from orchestration.dbt import invoke
    from sources.accept import accept_all
    from sources.demo import simulate
    from sources.model import SHIPPED_CITIES, load_city
    from warehouse.ledger import Ledger
    from warehouse.paths import Home
    from warehouse.settings import Settings

    deliveries, truth, key = folder / "lieferungen", folder / "wahrheit", folder / "schluessel"
    simulate(deliveries, residents=residents, stichtage=days, truth=truth, defects=defects)
    key.write_text(secrets.token_hex(32), encoding="ascii")
    key.chmod(0o600)
    settings = Settings(threads=threads, memory_limit=memory, schluesseldatei=key)
    home = Home(folder / "daten")
    home.prepare("hilden-simuliert")
    report = accept_all(load_city(SHIPPED_CITIES / "hilden-simuliert"), home, Ledger(home.ledger), settings, deliveries, move=False)
    assert not report.refused, report.refused
    start = time.perf_counter()
    results = invoke(home, settings, ["run", "--select", "+int_haushalt__person"], target=folder / "dbt").results
    seconds = time.perf_counter() - start
    failed = [result.node.name for result in results if str(result.status) != "success"]
    assert not failed, failed
    return Measured(defects, *_compare(home.warehouse_db, truth, bytes.fromhex(key.read_text())), seconds)


def _compare(warehouse: Path, truth: Path, master: bytes) -> tuple[list[Quality], list[tuple[str, str, int]]]:
    from sources import minimise
    from warehouse.connect import connect, literal

    def coarse(column: str) -> str:
        cases = " ".join(f"when {literal(fine)} then {literal(name)}" for fine, name in COARSE.items())
        return f"case {column} {cases} else {column} end"

    with connect() as db:
        db.execute(f"attach {literal(str(warehouse))} as lager (read_only)")
        db.execute("create table wahrheit (stichtag date, person_key varchar, wahr bigint, typ varchar, migration varchar)")
        for (day,) in db.execute("select distinct stichtag from lager.intermediate.int_haushalt__person order by 1").fetchall():
            minimise.set_key(db, minimise.key_of(master, day))
            code = minimise.code_sql("person", "personennummer")
            persons = literal(str(truth / "truth_personen.parquet"))
            db.execute(f"insert into wahrheit select stichtag, {code}, haushalt_id, haushaltstyp, migration from {persons} where stichtag = ?", [day])
        db.execute(
            f"""create table vergleich as
                select stichtag, wahr, haushalt_id as gebildet, haushaltstyp as fein, wahrheit.typ as fein_wahr, {coarse("haushaltstyp")} as typ, {coarse("wahrheit.typ")} as typ_wahr,
                       person.migration, wahrheit.migration as migration_wahr
                from lager.intermediate.int_haushalt__person as person full join wahrheit using (stichtag, person_key)"""
        )
        qualities = []
        for by in ("stichtag", "date '9999-12-31'"):
            pairs = db.execute(PAIRS.format(by=by)).fetchall()
            shares = db.execute(SHARES.format(by=by)).fetchall()
            qualities += [Quality(day if by == "stichtag" else None, persons, *found, *right) for (day, *found), (_, persons, *right) in zip(pairs, shares, strict=True)]
        wrong = db.execute("select typ_wahr, typ, count(*) from vergleich where typ_wahr is distinct from typ group by all order by 3 desc, 1, 2 limit 6").fetchall()
    return qualities, wrong


def main(residents: int) -> None:
    """Print both variants; works in temporary folders that are removed."""
    from rich.table import Table

    from orchestration.report import Progress, german, out

    def percent(share: float) -> str:
        return german(100 * share, 2)

    days = [date(year, 12, 31) for year in YEARS]
    for defects, targets in TARGETS.items():
        name = "Register mit den üblichen Mängeln" if defects else "Register wie es sein soll"
        with tempfile.TemporaryDirectory(prefix="sozialraum-haushalte-") as folder, Progress() as progress:
            progress.say(name)
            measured = measure(Path(folder), residents, days, defects=defects)
        table = Table("Stichtag", "Personen", "Genauigkeit", "Vollständigkeit", "F1 der Paare", "Haushaltstyp", "Typ fein", "Migration", "mit/ohne", title=f"{name} ({german(measured.seconds, 1)} s)")
        for q in measured.qualities:
            day = f"{q.day:%d.%m.%Y}" if q.day else "zusammen"
            table.add_row(day, german(q.persons), *(percent(v) for v in (q.precision, q.recall, q.f1, q.types, q.fine_types, q.migration, q.background)))
        table.add_row("Ziel", "", "", "", percent(targets[0]), percent(targets[1]), "", percent(targets[2]), "")
        out.print(table)
        out.print("Häufigste Verwechslungen (wahr, gebildet, Personen): " + "; ".join(f"{true} als {found} {german(count)}" for true, found, count in measured.wrong))
