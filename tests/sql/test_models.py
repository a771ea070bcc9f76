"""The models on nothing, on three rows each (dbt unit tests), and on a register counted once."""

from __future__ import annotations

import shutil

STADT = ["stadt", "sozialraum", "block"]
VERSION = ("g", "2020-01-01", None)


def areas(lager):
    delivery = lager.announce("raumgliederung", "2020-01-01", "g")
    rows = [("stadt", "s", None), ("sozialraum", "r", "s"), ("block", "1", "r"), ("block", "2", "r")]
    lager.deliver("raumeinheit", delivery, [dict(ebene=e, raumeinheit_id=i, uebergeordnet_id=p, gebietsstand="g", name=i, flaeche_ha=f) for (e, i, p), f in zip(rows, (2, 2, 1, 1), strict=True)])


def person(key, block="1", alter=40, wohnungsart="H"):
    return dict(person_key=key, block_id=block, alter=alter, geschlecht="w", staatsangehoerigkeit1="000", wohnungsart=wohnungsart, einzug_adresse="2010-05-01")


def residents(lager):
    return lager.rows("select stichtag::varchar, raumeinheit_id, wert from marts.fct_kennzahl where kennzahl_id = 'einwohner' and ebene in ('stadt', 'block') order by all")


def test_everything_builds_on_empty_tables_and_every_unit_test_holds(make_lager):
    lager = make_lager()
    lager.town(STADT, ["stadt", "sozialraum"], [VERSION])
    # One command: what lies in memory is gone with it, and a unit test asks the models before it for their columns.
    results = lager.dbt("build")
    assert {name: status for name, status in results.items() if status not in ("success", "pass")} == {}
    assert lager.rows("select count(*) from marts.fct_indikatorwert") == [(0,)]
    assert results["kern_reicht_so_weit_wie_die_kette"] == "pass"


def test_a_counted_delivery_is_not_read_again_and_a_replaced_one_leaves(make_lager):
    lager = make_lager()
    areas(lager)
    first = lager.announce("melderegister_bestand", "2020-12-31", "g")
    lager.deliver("melderegister_bestand", first, [person("a"), person("b"), person("c", block=None), person("d", wohnungsart="N")])
    lager.town(STADT, ["stadt", "sozialraum"], [VERSION])
    assert lager.build() == {}
    # Two at home in block 1, one nowhere; the second home does not count; an empty block is a fact.
    assert residents(lager) == [("2020-12-31", "1", 2), ("2020-12-31", "2", 0), ("2020-12-31", "nz_block", 1), ("2020-12-31", "s", 3)]

    # The persons are gone after retention, their counts stay; a second year comes in.
    shutil.rmtree(lager.raw / "melderegister_bestand" / f"delivery={first}")
    second = lager.announce("melderegister_bestand", "2021-12-31", "g")
    lager.deliver("melderegister_bestand", second, [person("x", block="2")])
    lager.town(STADT, ["stadt", "sozialraum"], [VERSION])
    assert lager.build() == {}
    assert residents(lager)[:4] == [("2020-12-31", "1", 2), ("2020-12-31", "2", 0), ("2020-12-31", "nz_block", 1), ("2020-12-31", "s", 3)]
    assert residents(lager)[4:] == [("2021-12-31", "1", 0), ("2021-12-31", "2", 1), ("2021-12-31", "s", 1)]

    lager.deliveries[1]["aktiv"] = False
    lager.town(STADT, ["stadt", "sozialraum"], [VERSION])
    assert lager.build() == {}
    assert {row[0] for row in residents(lager)} == {"2021-12-31"}


def test_a_lost_person_and_two_sources_that_disagree_stop_the_build(make_lager):
    lager = make_lager()
    areas(lager)
    register = lager.announce("melderegister_bestand", "2020-12-31", "g")
    lager.deliver("melderegister_bestand", register, [person("a"), person("b", block="unbekannt")])
    table = lager.announce("bevoelkerung_tabellen", "2020-12-31", "g")
    lager.deliver("bevoelkerung_aggregiert", table, [dict(raumeinheit_id="r", ebene="sozialraum", alter_von=0, alter_bis=None, geschlecht="w", staatsangehoerigkeit="deutsch", anzahl=5)])
    lager.town(STADT, ["stadt", "sozialraum"], [VERSION])
    failed = lager.build()
    assert [name for name in failed if name.startswith("verweist_auf_int_bevoelkerung__zellen")], failed

    shutil.rmtree(lager.raw / "melderegister_bestand" / f"delivery={register}")
    lager.deliver("melderegister_bestand", register, [person("a"), person("b")])
    lager.db.unlink()
    assert lager.build().get("kennzahl_abgleich") == "fail"
