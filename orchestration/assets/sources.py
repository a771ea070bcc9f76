"""One asset per declared source: whatever of it waits at the door is accepted or refused. Reads nothing itself."""

import time
from collections.abc import Iterator
from dataclasses import asdict

import dagster as dg

from orchestration.resources import Workplace
from sources.model import City, Quelle

GROUP = "lieferungen"
FETCHED = "bezug"
CHECK = "annahme"


def delivery_key(quelle_id: str) -> dg.AssetKey:
    return dg.AssetKey([GROUP, quelle_id])


def source_assets(city: City) -> list[dg.AssetsDefinition]:
    """The door as assets, in the order that the declarations ask for, and before it what is fetched from suppliers."""
    return [*(_fetch_asset(quelle) for quelle in city.quellen if quelle.bezug), *(_source_asset(quelle) for quelle in city.quellen)]


def _fetch_asset(quelle: Quelle) -> dg.AssetsDefinition:
    @dg.asset(key=dg.AssetKey([FETCHED, quelle.quelle]), group_name=FETCHED, required_resource_keys={"workplace"},
              description=f"Neues von {quelle.name} beim Lieferanten holen, wo die Einstellung bezug es erlaubt.")  # fmt: skip
    def fetched(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from sources.fetch import FetchFailed, fetch

        place: Workplace = context.resources.workplace
        if not place.fetching:
            return dg.MaterializeResult(metadata={"geholt": 0, "grund": "Bezug ist ausgeschaltet (sozialraum.yml: bezug)"})
        began = time.perf_counter()
        with place.stage("Beziehen"):
            try:
                files = fetch(quelle, place.home.inbox, place.ledger)
            except FetchFailed as failed:
                # A supplier that cannot be reached is no reason to leave lying what is already here.
                place.echo(str(failed))
                return dg.MaterializeResult(metadata={"geholt": 0, "grund": str(failed)})
        return dg.MaterializeResult(metadata={"geholt": len(files), "dateien": [path.name for path in files], "sekunden": time.perf_counter() - began})

    return fetched


def _takes_part(run: dg.DagsterRun, quelle: Quelle) -> bool:
    key = delivery_key(quelle.quelle)
    chosen, steps = run.asset_selection, run.step_keys_to_execute
    return (not chosen or key in chosen) and (not steps or key.to_python_identifier() in steps)


def _source_asset(quelle: Quelle) -> dg.AssetsDefinition:
    key = delivery_key(quelle.quelle)

    @dg.asset(
        key=key,
        group_name=GROUP,
        deps=[*(delivery_key(other) for other in quelle.nach), *([dg.AssetKey([FETCHED, quelle.quelle])] if quelle.bezug else [])],
        description=f"{quelle.name} ({quelle.herausgeber}). Rechtsgrundlage: {quelle.rechtsgrundlage}",
        kinds={"duckdb", "parquet"},
        required_resource_keys={"workplace"},
        check_specs=[dg.AssetCheckSpec(CHECK, asset=key, description="Jede neue Lieferung hält ihren Vertrag ein (Great Expectations). Hält nur die Lieferung auf, die ihn verletzt: sie wird abgelehnt, der Lauf geht ohne sie weiter.")],
        metadata={"abschottung": quelle.abschottung, "personenbezug": quelle.personenbezug, "rhythmus": quelle.rhythmus},
    )
    def accept(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        from sources import expectations
        from sources.findings import entries

        place: Workplace = context.resources.workplace
        with place.stage("Annehmen"):
            # One door for all sources of a run: while this step has its turn, what the next ones bring is looked at already.
            door = place.open_door([other for other in place.city.quellen if _takes_part(context.run, other)])
            report = door.accept(quelle)
        place.reports[quelle.quelle] = report
        yield dg.MaterializeResult(
            metadata={
                "angenommen": len(report.accepted),
                "abgelehnt": len(report.refused),
                "unveraendert": len(report.unchanged),
                "zeilen": sum(d.zeilen for d in report.accepted),
                "quarantaene": sum(d.zeilen_quarantaene for d in report.accepted),
                "fingerabdruecke": {d.lieferung_id: d.sha256 for d in report.accepted},
                "sekunden": dict(report.seconds),
            }
        )
        # A refused delivery is no reason to hold back the others: it never came in, so the check warns.
        yield dg.AssetCheckResult(
            check_name=CHECK,
            passed=not report.refused,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "abgelehnt": [refusal.sentence for refusal in report.refused],
                "befunde": {lieferung: entries(found) for lieferung, found in report.findings.items() if found},
                "suite": expectations.VERSION,
                "fingerabdruecke": {d.lieferung_id: d.sha256 for d in report.accepted},
                "pruefungen": {lieferung: [asdict(check) for check in checks] for lieferung, checks in report.checks.items()},
            },
        )

    return accept
