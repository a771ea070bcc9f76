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
from sources.model import SHIPPED_CITIES, City, load_city
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
    for place, quelle in enumerate(town.city.quellen):
        if town.city.stadt.stadt == "hilden-aggregat" and quelle.quelle != "bevoelkerung_tabellen":
            continue  # the same deliveries as in the other town
        known = town.deliveries(quelle.quelle)
        pairs = [(next((e for e in reversed(known) if e.stichtag < one.stichtag), None), one) for one in known]
        # Every source starts with another class, so that few damages per source still are all classes.
        for number in range(place * EACH, place * EACH + EACH * 12) if pairs else ():
            kind, rng = CLASSES[number % len(CLASSES)], random.Random(f"{quelle.quelle}-{number}")
            if tried[quelle.quelle] >= EACH:
                break
            earlier, sound = rng.choice(pairs)
            if kind in BESIDE and (earlier is None or earlier.gebietsstand != sound.gebietsstand):
                continue
            spoiled = town.copy(sound)
            if not damage(quelle, spoiled, earlier, kind, rng) or all(a.path.read_bytes() == b.path.read_bytes() for a, b in zip(spoiled.files, sound.files, strict=True)):
                continue
            tried[quelle.quelle] += 1
            applied[kind] += 1
            report = accept_source(quelle.quelle, town.city, town.home, town.ledger, town.settings, town.work, move=False, now=NOW)
            name = f"{quelle.quelle} {sound.stichtag.year} {kind.__name__} ({number})"
            crashed += [f"{name}: {r.sentence}" for r in report.refused if "unerwarteter" in r.sentence]
            if not report.refused and not any(d.zeilen_quarantaene for d in report.accepted):
                missed.append(name)
            for delivery in report.accepted:
                town.ledger._db.execute("delete from lieferung where lieferung_id = ?", (delivery.lieferung_id,))
    print(f"{sum(tried.values())} Veränderungen, nicht gefunden: {missed}; je Klasse", {kind.__name__: count for kind, count in applied.items()})
    assert crashed == []
    if town.city.stadt.stadt != "hilden-aggregat":
        assert {q.quelle for q in town.city.quellen} - tried.keys() == NOT_DELIVERED
        assert len(applied) >= 12 and (set(CLASSES) == applied.keys() or EACH < ALL)
    assert [name for name, count in tried.items() if count < EACH] == []
    assert len(missed) <= (1 - FOUND) * sum(tried.values()), f"{len(missed)} von {sum(tried.values())} nicht gefunden: {missed}"
