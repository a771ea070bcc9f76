"""Deliveries of the simulated town, damaged by seeded generators: nearly all of it is refused or quarantined, nothing crashes.

Takes whatever sources are declared and delivered, and every delivery of theirs: a quarter of the damages, a different one
for each source, and with SOZIALRAUM_LANGE_TESTS=1 all forty per source. SOZIALRAUM_MUTATIONEN sets another number; what is
not found is printed and, where it is too much, listed in the failure.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from tests.unit.sources.mutate import CLASSES, damage, repeat_all, repeat_block, shift_values

from sources.accept import accept_all, accept_source, scan
from sources.demo import simulate
from sources.find import Delivery, group
from sources.model import SHIPPED_CITIES, City, Quelle, load_city
from warehouse.ledger import Ledger
from warehouse.paths import Home
from warehouse.settings import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALL = 40
EACH = int(os.environ.get("SOZIALRAUM_MUTATIONEN", ALL if "SOZIALRAUM_LANGE_TESTS" in os.environ else ALL // 4))
FOUND = 0.99
#: Enough that counts of an area that stay the same, or stand beside another area, are not chance.
RESIDENTS = 57_748
#: Written by hand from a form that a release contains.
NOT_DELIVERED = {"traeger_rueckmeldung"}
#: Classes that only an earlier delivery in the same area version can show.
BESIDE = (shift_values, repeat_all, repeat_block)


class Town:
    def __init__(self, root: Path, town: str, modus: str) -> None:
        self.city: City = load_city(SHIPPED_CITIES / town)
        self.base, self.work = root / "lieferungen", root / "verdorben"
        simulate(self.base, modus=modus, residents=RESIDENTS, stichtage=[date(y, 12, 31) for y in range(2019, 2024)])  # type: ignore[arg-type]
        self.home = Home(root / "daten")
        self.home.prepare(town)
        self.ledger = Ledger(self.home.ledger)
        key = root / "schluessel"
        key.write_text("00" * 32)
        key.chmod(0o600)
        self.settings = Settings(threads=2, memory_limit="2GB", schluesseldatei=key)
        self.first = accept_all(self.city, self.home, self.ledger, self.settings, self.base, move=False, now=NOW)

    def deliveries(self, quelle_id: str) -> list[Delivery]:
        return group(self.city, self.city.quelle(quelle_id), scan(self.city, self.base).files.get(quelle_id, []))[0]

    def copy(self, delivery: Delivery) -> Delivery:
        shutil.rmtree(self.work, ignore_errors=True)
        files = []
        for file in delivery.files:
            path = self.work / file.path.relative_to(self.base)
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.path, path)
            files.append(replace(file, path=path))
        return replace(delivery, files=tuple(files))


@pytest.fixture(scope="module", params=[("hilden-simuliert", "register"), ("hilden-aggregat", "tabellen")], ids=lambda p: p[0])
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Town:
    return Town(tmp_path_factory.mktemp("mutationen"), *request.param)


def test_unchanged_deliveries_raise_no_alarm(town: Town) -> None:
    assert [r.sentence for r in town.first.refused] == []
    assert not [f for found in town.first.findings.values() for f in found if f.grad != "warnen"]


def test_damage_is_found(town: Town) -> None:
    tried, applied, missed, crashed = Counter(), Counter(), [], []
    # The tables of the other town are the same deliveries.
    sources = [q for q in town.city.quellen if town.city.stadt.stadt != "hilden-aggregat" or q.quelle == "bevoelkerung_tabellen"]
    known = {q.quelle: town.deliveries(q.quelle) for q in sources}
    pairs = {q: [(next((e for e in reversed(all_) if e.stichtag < one.stichtag), None), one) for one in all_] for q, all_ in known.items() if all_}

    def attempt(quelle: Quelle, number: int) -> None:
        """One class of damage on one delivery; where the class does not apply to it, nothing."""
        kind, rng = CLASSES[number % len(CLASSES)], random.Random(f"{quelle.quelle}-{number}")
        earlier, sound = rng.choice(pairs[quelle.quelle])
        if kind in BESIDE and (earlier is None or earlier.gebietsstand != sound.gebietsstand):
            return
        spoiled = town.copy(sound)
        if not damage(quelle, spoiled, earlier, kind, rng) or all(a.path.read_bytes() == b.path.read_bytes() for a, b in zip(spoiled.files, sound.files, strict=True)):
            return
        tried[quelle.quelle] += 1
        applied[kind] += 1
        report = accept_source(quelle.quelle, town.city, town.home, town.ledger, town.settings, town.work, move=False, now=NOW)
        name = f"{quelle.quelle} {sound.stichtag.year} {kind.__name__} ({number})"
        crashed.extend(f"{name}: {r.sentence}" for r in report.refused if "unerwarteter" in r.sentence)
        if not report.refused and not any(d.zeilen_quarantaene for d in report.accepted):
            missed.append(name)
        for delivery in report.accepted:
            town.ledger._db.execute("delete from lieferung where lieferung_id = ?", (delivery.lieferung_id,))

    delivered = [q for q in sources if q.quelle in pairs]
    for place, quelle in enumerate(sources):
        # Every source starts with another class, so that few damages per source still are most classes.
        for number in range(place * EACH, place * EACH + EACH * 12) if quelle in delivered else ():
            if tried[quelle.quelle] < EACH:
                attempt(quelle, number)
    for number in range(20 * len(CLASSES)) if len(delivered) > 1 else ():
        for quelle in delivered:
            # A class that applies to few deliveries may not have had its turn.
            if CLASSES[number % len(CLASSES)] not in applied:
                attempt(quelle, number)
    print(f"{sum(tried.values())} Veränderungen, nicht gefunden: {missed}; je Klasse", {kind.__name__: count for kind, count in applied.items()})
    assert crashed == []
    if len(delivered) > 1:
        assert {q.quelle for q in sources} - tried.keys() == NOT_DELIVERED
        assert set(CLASSES) == applied.keys()
    assert [name for name, count in tried.items() if count < EACH] == []
    assert len(missed) <= (1 - FOUND) * sum(tried.values()), f"{len(missed)} von {sum(tried.values())} nicht gefunden: {missed}"
