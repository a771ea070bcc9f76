"""The deletion run: what every run does on its way, as a command of its own, with its evidence shown."""

from __future__ import annotations

from datetime import date, datetime, time

from orchestration.failures import PermanentFailure
from orchestration.resources import Workplace
from sources import retention
from warehouse.paths import private_files


def delete_due(place: Workplace, day: date | None = None) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Delete what is due; returns (delivery, kind, rule) of what went and the deliveries whose counts are not frozen yet.

    ``day`` moves the clock of a simulated town; PermanentFailure for any other.
    """
    if day is not None and not place.city.stadt.simuliert:
        raise PermanentFailure("--am gibt es nur für eine simulierte Stadt; sonst gilt die Uhr.")
    now = datetime.combine(day, time(), place.receipt.tzinfo) if day else place.receipt
    went, waiting = [], []
    with place.locked(), private_files():
        for quelle in place.city.quellen:
            went += retention.enforce(quelle, place.home, place.ledger, now)
            keep = quelle.aufbewahrung.rohdaten_tage
            waiting += [
                row["lieferung_id"] for row in place.ledger.deliveries("angenommen")
                if row["quelle_id"] == quelle.quelle and keep is not None and (now - datetime.fromisoformat(row["eingang"])).days >= keep
                and retention.person_rows(quelle, place.home, row["lieferung_id"])
            ]  # fmt: skip
    return went, waiting
