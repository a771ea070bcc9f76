"""The coarse gate against an attacker who combines every published count linearly, over both area versions.

The attacker's equations are built from the released tables; what he must not find out comes from the sealed cells.
"""

from __future__ import annotations

import numpy as np
import pytest

LEVELS = ["stadt", "stadtbereich", "sozialraum", "block"]
RELEASED = LEVELS[:3]
#: Block -> Sozialraum before and after; blocks 7 and 8 move, 8 is small.
BEFORE = {1: "0101", 2: "0101", 3: "0102", 4: "0102", 5: "0201", 6: "0201", 7: "0201", 8: "0202", 9: "0202", 10: "0203"}
AFTER = BEFORE | {7: "0202", 8: "0203"}
RESIDENTS = {1: 150, 2: 120, 3: 90, 4: 25, 5: 200, 6: 180, 7: 60, 8: 9, 9: 160, 10: 140}
SMALL = (1, 2)
#: A target lies in the span of the published rows when least squares leaves nothing of it.
TOLERANCE = 1e-8


def build(lager, veroeffentlicht=False):
    random = np.random.default_rng(7)
    for version, blocks, start in (("alt", BEFORE, "2015-01-01"), ("neu", AFTER, "2020-01-01")):
        delivery = lager.announce("raumgliederung", start, version)
        rows = [("stadt", "s", None)] + [("stadtbereich", b, "s") for b in ("01", "02")]
        rows += [("sozialraum", r, r[:2]) for r in sorted(set(blocks.values()))] + [("block", f"{b:04d}", r) for b, r in blocks.items()]
        lager.deliver("raumeinheit", delivery, [dict(ebene=e, raumeinheit_id=i, uebergeordnet_id=p, gebietsstand=version, name=i) for e, i, p in rows])
    register = lager.announce("melderegister_bestand", "2020-12-31", "neu", veroeffentlicht=veroeffentlicht)
    persons = [
        dict(
            person_key=f"{block}-{n}", block_id=f"{block:04d}", wohnungsart="H", alter=int(random.integers(0, 95)),
            geschlecht=str(random.choice(["w", "m"])), staatsangehoerigkeit1=str(random.choice(["000", "163"], p=[0.95, 0.05])),
            einzug_adresse=f"{2020 - int(random.integers(0, 30))}-06-01",
        )
        for block, size in RESIDENTS.items() for n in range(size)
    ]  # fmt: skip
    lager.deliver("melderegister_bestand", register, persons)
    lager.town(LEVELS, RELEASED, [("alt", "2015-01-01", "2019-12-31"), ("neu", "2020-01-01", None)])
    assert lager.build() == {}
    return lager


@pytest.fixture(scope="module")
def released(make_lager):
    return build(make_lager())


def attack(lager, published):
    """Which counts of 1 or 2 an attacker computes from `published` (area version, level, area, Kennzahl).

    Unknowns are persons per piece of the two area versions and per combination of Kennzahlen they belong to; targets are
    all Kennzahlen, and all pairs of them (both, first without second), in every released area and every piece.
    """
    cells = lager.rows(
        """
        select zellen.raumeinheit_id, list_sort(list(distinct zuordnung.kennzahl_id)), any_value(zellen.anzahl)
        from intermediate.int_bevoelkerung__zellen as zellen
        inner join intermediate.int_bevoelkerung__zuordnung as zuordnung using (zelltyp_nr)
        inner join marts.dim_kennzahl as kennzahl on zuordnung.kennzahl_id = kennzahl.kennzahl_id and kennzahl.mass = 'personen'
        group by zellen.raumeinheit_id, zellen.zelltyp_nr
        """
    )
    sums = {}
    for block, counts, number in cells:
        key = (AFTER[int(block)], BEFORE[int(block)], tuple(counts))
        sums[key] = sums.get(key, 0) + number
    unknowns, size = list(sums), np.array(list(sums.values()), dtype=float)
    lies = {"neu": [k[0] for k in unknowns], "alt": [k[1] for k in unknowns]}
    counted = {name: np.array([name in k[2] for k in unknowns]) for k in unknowns for name in k[2]}

    def inside(version, level, area):
        length = {"stadt": 0, "stadtbereich": 2, "sozialraum": 4}[level]
        return np.array([r[:length] == (area if length else "") for r in lies[version]])

    rows = np.array([inside(v, level, area) & counted.get(name, False) for v, level, area, name in published], dtype=float)
    places = {(v, level, area): inside(v, level, area) for v, level, area, _ in published}
    places |= {piece: np.array([k[:2] == piece for k in unknowns]) for piece in {k[:2] for k in unknowns}}
    groups = {name: mask for name, mask in counted.items()}
    groups |= {f"{a} ohne {b}": counted[a] & ~counted[b] for a in counted for b in counted if a != b}
    targets = {(place, group): (p & g).astype(float) for place, p in places.items() for group, g in groups.items() if (p & g).astype(float) @ size in SMALL}
    assert targets, "ohne kleine Zahlen prüft der Angriff nichts"
    wanted = np.array(list(targets.values()))
    fitted = np.linalg.lstsq(rows.T, wanted.T, rcond=None)[0]
    left = np.abs(rows.T @ fitted - wanted.T).max(axis=0)
    return [name for name, rest in zip(targets, left, strict=True) if rest < TOLERANCE]


def test_nothing_small_follows_from_what_is_released(released):
    everything = released.rows("select gebietsstand, ebene, raumeinheit_id, kennzahl_id from marts.fct_kennzahl where ebene <> 'block' and gliederung is not null")
    visible = released.rows(
        "select gebietsstand, ebene, raumeinheit_id, kennzahl_id from schutz.exp_freigabe__fct_kennzahl where zielgruppe = 'oeffentlich' and wert is not null and gliederung is not null"
    )
    persons = {k for (k,) in released.rows("select kennzahl_id from marts.dim_kennzahl where mass = 'personen'")}
    everything, visible = ([row for row in rows if row[3] in persons] for rows in (everything, visible))
    # The attack finds small groups where nothing is protected, so finding none means something.
    assert len(attack(released, everything)) > 20
    assert attack(released, visible) == []
    assert 0.3 < len(visible) / len(everything) < 1


def test_what_is_withheld_says_why_and_nothing_is_missing(released):
    withheld = released.rows("select distinct conf_status, obs_status, zeichen, wert is null from schutz.exp_freigabe__fct_kennzahl where status_id like 'geheim%' order by all")
    # One status: which of them are small themselves is nobody's business.
    assert withheld == [("C", "Q", ".", True)]
    assert released.rows("select count(*) from schutz.exp_freigabe__fct_kennzahl where ebene = 'block'") == [(0,)]
    assert released.rows("select count(*) from schutz.exp_freigabe__dim_raumeinheit where ebene = 'block'") == [(0,)]
    # One third of the released rows belongs to each audience, and each has every row of the mart above the block.
    assert released.rows("select count(*) from schutz.exp_freigabe__fct_indikatorwert where zielgruppe = 'traeger'") == released.rows("select count(*) from marts.fct_indikatorwert where ebene <> 'block'")


def test_a_published_source_needs_no_gate(make_lager):
    lager = build(make_lager(), veroeffentlicht=True)
    assert lager.rows("select count(*) from schutz.exp_freigabe__fct_kennzahl where wert between 1 and 2")[0][0] > 0
    assert lager.rows("select count(*) from schutz.exp_freigabe__fct_kennzahl where conf_status <> 'F'") == [(0,)]
