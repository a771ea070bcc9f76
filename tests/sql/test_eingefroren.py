"""Persons counted, frozen, deleted, and counted again from what was frozen: every model downstream holds the same rows."""

from __future__ import annotations

import json
import shutil

import pytest

from orchestration.dbt import MANIFEST, parsed_project
from warehouse import frozen
from warehouse.ledger import Ledger
from warehouse.settings import Settings

WHEN = "2025-02-03T02:00:00+00:00"
SELECTED = ("--exclude-resource-type", "unit_test", "test", "--select", "+int_kennzahl__geliefert", "+fct_umfrage", "+fct_aussage", "+int_bevoelkerung__zellen", "status")


@pytest.fixture(scope="module")
def town(make_lager):
    """Two areas, a block each; a register with two households, an event, a case of SGB XII, a household under AsylbLG, a survey, two statements."""
    lager = make_lager()
    areas = lager.announce("raumgliederung", "2020-01-01", "g")
    rows = [("stadt", "s", None), ("sozialraum", "01", "s"), ("sozialraum", "02", "s"), ("block", "b1", "01"), ("block", "b2", "02")]
    lager.deliver("raumeinheit", areas, [dict(ebene=e, raumeinheit_id=i, uebergeordnet_id=p, gebietsstand="g", name=i) for e, i, p in rows])
    register = lager.announce("melderegister_bestand", "2020-12-31", "g")
    person = dict(wohnungsart="H", geschlecht="w", staatsangehoerigkeit1="000", einzug_adresse="2000-01-01", familienstand="LD")
    lager.deliver("melderegister_bestand", register, [person | dict(person_key=f"p{n}", block_id=f"b{1 + n % 2}", adresse_id=f"a{n % 2}", alter=20 + n, deutsch_art="2" if n == 7 else None) for n in range(60)])
    movements = lager.announce("melderegister_bewegung", "2020-12-31", "g")
    lager.deliver("melderegister_bewegung", movements, [
        dict(person_key="p0", ereignis="GEB", ereignisdatum="2020-05-01", nach_block_id="b1", geschlecht="w", staatsangehoerigkeit1="000", alter=0),
        dict(person_key="p99", ereignis="STE", ereignisdatum="2020-06-01", von_block_id="b2", geschlecht="w", staatsangehoerigkeit1="000", alter=88),
    ])  # fmt: skip
    cases = lager.announce("sgb12", "2020-12-31", "g")
    lager.deliver("sozialleistung", cases, [dict(leistung="sgb12", fall_key="f1", art="HLU", kapitel="3", alter=30, geschlecht="w", block_id="b1")])
    refugees = lager.announce("asylblg", "2020-12-31", "g")
    lager.deliver("sozialleistung", refugees, [dict(leistung="asylblg", fall_key=f"g{n}", haushalt_key="h", art="§ 3", alter=30, geschlecht="w", block_id="b1") for n in range(4)])
    survey = lager.announce("umfrage", "2020-11-30", "g")
    answers = [dict(befragte=str(n), raumeinheit_id=f"0{1 + n % 2}", altersgruppe=("18", "30", "45", "65")[n % 4], geschlecht="w", staatsangehoerigkeit="deutsch", frage="q1", code=str(n % 3), abgeschlossen="true") for n in range(400)]
    lager.deliver("umfrage_antwort", survey, answers)
    lager.deliver("umfrage_codebuch", survey, [dict(frage="q1", fragetext="Wie?", code=str(c), bedeutung=f"so {c}", fehlend="nein") for c in range(3)])
    lager.deliver("umfrage_feld", survey, [dict(umfrage="Befragung", angeschrieben=1000, neutral=200)])
    talks = lager.announce("interviews", "2020-06-30", "g")
    segment = dict(dokument="I1", art="Interview", ebene="sozialraum", raumeinheit_id="01", gruppe="Ältere", thema="Wege")
    lager.deliver("interview_segment", talks, [segment | dict(segment="1", aussage="Weit.", geprueft="ja", freigegeben="ja"), segment | dict(segment="2", geprueft="nein", freigegeben="nein")])
    lager.town(["stadt", "sozialraum", "block"], ["stadt", "sozialraum"], [("g", "2020-01-01", None)])
    lager.persons = {"melderegister_bestand": register, "melderegister_bewegung": movements, "sozialleistung": cases, "umfrage_antwort": survey, "interview_segment": talks}
    return lager


def content(lager) -> dict[str, list]:
    tables = ("int_haushalt__kennzahl", "int_haushalt__migration_kennzahl", "int_haushalt__designeffekt", "int_bevoelkerung__register_zellen", "int_bewegung__kennzahl", "int_bewegung__sterbealter",
              "int_soziales__kennzahl", "int_soziales__beitrag", "int_umfrage__teilnahme", "int_umfrage__summe", "int_kennzahl__geliefert")  # fmt: skip
    found = {name: lager.rows(f"select * from intermediate.{name} order by all") for name in tables}
    return found | {"fct_umfrage": lager.rows("select * from marts.fct_umfrage order by all"), "fct_aussage": lager.rows("select * from marts.fct_aussage where freigegeben order by all")}


def test_counts_outlive_the_persons(town):
    marked = frozen.models(json.loads((parsed_project(town.home, Settings()) / MANIFEST).read_text(encoding="utf-8")))
    build = (*SELECTED, *(f"+{name}" for name in marked))
    town.dbt("build", *build)
    before = content(town)
    assert [name for name, rows in before.items() if not rows] == []
    assert before.keys() - {"int_kennzahl__geliefert", "fct_umfrage", "fct_aussage"} <= marked.keys()
    ledger = Ledger(town.home.ledger)
    frozen.freeze(town.home, ledger, "r1", marked, [{"lieferung_id": name, "aktiv": True, "pruefungen": {}} for name in town.persons.values()], WHEN)
    ledger.record_release(release_id="r1", nummer=1, erstellt=WHEN, ausgabe=None, eingaben={}, zielgruppen=[])
    for table, delivery in town.persons.items():
        ledger.link(frozen.DELETED, {"lieferung_id": delivery, "art": frozen.ROWS}, WHEN)
        shutil.rmtree(town.raw / table / f"delivery={delivery}")
    town.db.unlink()
    frozen.hand_over(town.home, ledger)
    town.dbt("build", *build)
    assert content(town) == before
    assert town.rows("select count(*) from intermediate.int_haushalt__person") == [(0,)]
    # And once more on the kept tables: nothing is added twice.
    town.dbt("build", *build)
    assert content(town) == before
