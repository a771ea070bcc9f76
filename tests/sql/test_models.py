"""The models on nothing, on three rows each (dbt unit tests), and on a register counted once; and whether all are described."""

from __future__ import annotations

import json
import shutil

import pytest

from orchestration.dbt import MANIFEST, parsed_project
from warehouse.settings import Settings

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


@pytest.fixture(scope="module")
def nothing(make_lager):
    """Everything built on empty tables: the warehouse, node -> status, and relation -> its columns."""
    lager, columns = make_lager(), {}

    def look(event):
        """At the end, but before what lies in memory is gone with the command."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        if event.info.name == "CommandCompleted":
            found = DuckDBConnectionManager.env().conn.cursor().execute("select database_name, schema_name, table_name, column_name from duckdb_columns() where not internal")
            for *relation, column in found.fetchall():
                columns.setdefault(tuple(relation), set()).add(column)

    lager.town(STADT, ["stadt", "sozialraum"], [VERSION])
    # One command: what lies in memory is gone with it, and a unit test asks the models before it for their columns.
    return lager, lager.dbt("build", callbacks=[look]), columns


def test_everything_builds_on_empty_tables_and_every_unit_test_holds(nothing):
    lager, results, _ = nothing
    assert {name: status for name, status in results.items() if status not in ("success", "pass")} == {}
    assert lager.rows("select count(*) from marts.fct_indikatorwert") == [(0,)]
    assert results["kern_reicht_so_weit_wie_die_kette"] == "pass"


def undescribed(manifest, columns):
    """What the project does not describe of what was built, and what it describes without its being there: relation or relation.column."""
    nodes = [node for node in [*manifest["nodes"].values(), *manifest["sources"].values()] if node["resource_type"] in ("model", "seed", "source")]
    described = {(node["database"], node["schema"], node.get("alias") or node["identifier"]): node for node in nodes}
    wrong = {relation[-1] for relation in columns.keys() ^ described.keys()}
    for relation, node in described.items():
        told = {name for name, column in node["columns"].items() if column["description"].strip()}
        wrong |= {f"{relation[-1]}.{column}" for column in columns.get(relation, set()) - told | node["columns"].keys() - columns.get(relation, set())}
        wrong |= set() if node["description"].strip() else {relation[-1]}
    return wrong


def test_every_layer_is_described_to_its_last_column(nothing):
    """The released mart carries these words as comments (test_run.py); here all that is not released, seeds and what lies in memory too."""
    lager, _, columns = nothing
    manifest = json.loads((parsed_project(lager.home, Settings()) / MANIFEST).read_text(encoding="utf-8"))
    assert len(columns) > 200 and {schema for _, schema, _ in columns} == {"seeds", "staging", "intermediate", "marts", "schutz", "exporte"}
    assert undescribed(manifest, columns) == set()
    # It can fail: for words and relations that are missing, in the warehouse and in memory, and for a column that is gone.
    nodes = manifest["nodes"]
    nodes["seed.sozialraum.status"]["columns"]["zeichen"]["description"] = " "
    nodes["model.sozialraum.fct_kennzahl"]["description"] = ""
    nodes["model.sozialraum.int_wege__kennzahl"]["columns"]["gestern"] = {"description": "Gab es einmal."}
    del nodes["model.sozialraum.int_haushalt__paar"]["columns"]["kern2_nr"], nodes["model.sozialraum.stg_wege__weg"]
    assert undescribed(manifest, columns) == {"status.zeichen", "fct_kennzahl", "int_wege__kennzahl.gestern", "int_haushalt__paar.kern2_nr", "stg_wege__weg"}


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
