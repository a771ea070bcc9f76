"""The declarations of all towns as a set: each can be read, their rules are SQL that runs, and they agree with each other."""

from __future__ import annotations

from pathlib import Path

from datetime import date

import duckdb
import pytest
import yaml

from sources import expectations, minimise
from sources.accept import path_pattern
from sources.corrections import apply_corrections
from sources.model import SHIPPED_CITIES, DeclarationError, Quelle, Tabelle, available_cities, load_city, raw_columns, raw_tables
from sources.read import create_table, kept, quoted
from tests.unit.sources.town import COUNTS, Door

CITIES = [load_city(path) for path in available_cities(SHIPPED_CITIES).values()]
TABLES = [
    pytest.param(quelle, tabelle, id=f"{city.stadt.stadt}-{quelle.quelle}-{index}")
    for city in CITIES
    for quelle in city.quellen
    for index, tabelle in enumerate(quelle.tabellen)
]


def test_towns_agree_on_every_raw_table() -> None:
    tables = raw_tables(CITIES)
    assert {"raumeinheit", "adresse", "melderegister_bestand", "bevoelkerung_aggregiert", "einwohner_t1", "crosswalk", "mss_klassen"} <= set(tables)
    for city in CITIES:
        levels, versions = {e.id for e in city.stadt.ebenen}, {g.id for g in city.stadt.gebietsstaende}
        for quelle in city.quellen:
            assert set(quelle.gebietsstand.values()) <= versions
            for tabelle in quelle.tabellen:
                assert set(tabelle.zeilen_genau) <= levels | versions
                assert {s.gebiet for s in tabelle.spalten if s.gebiet} <= levels | {"{ebene}"}


@pytest.mark.parametrize(("quelle", "tabelle"), TABLES)
def test_rules_corrections_and_minimising_are_sql_that_runs(quelle: Quelle, tabelle: Tabelle) -> None:
    path_pattern(quelle, tabelle)
    db = duckdb.connect()
    create_table(db, "gelesen", tabelle)
    types = {name: kind for name, kind in raw_columns(tabelle).items() if name in tabelle.konstanten}
    constants = "".join(f", null::{kind} as {quoted(name)}" for name, kind in types.items())
    db.execute(f"create temp table zeilen as select *, rowid + 2 as zeile, 0 as _lieferung, null::varchar as _gebietsstand, null::date as _stichtag, '' as datei{constants} from gelesen")
    db.execute("create temp table gebiete (gebietsstand varchar, ebene varchar, raumeinheit_id varchar)")
    if tabelle.korrekturen:
        unguarded = tabelle.model_copy(update={"korrekturen": tuple(k.model_copy(update={"erwartet": 0}) for k in tabelle.korrekturen)})
        assert set(apply_corrections(db, "zeilen", quelle, unguarded, 0, date(2020, 1, 1)).values()) == {0}
    derived = "".join(f", ({sql})::varchar as {quoted(name)}" for name, sql in tabelle.abgeleitet.items())
    db.execute(f"create temp view abgeleitet as select *{derived} from zeilen")
    rules = expectations.rules_of(quelle, tabelle)
    expectations.create_check_view(db, "pruefung", "abgeleitet", tabelle, rules)
    assert expectations.count_violations(db, "pruefung", rules) == {}
    assert len({rule.name for rule in rules}) == len(rules)
    minimise.set_key(db, b"x")
    minimise.prepare_names(db, "zeilen", tabelle)
    minimise.prepare_addresses(db, None, date(2020, 12, 31), tabelle)
    if minimise.written_columns(tabelle):
        minimise.place_written(db, "zeilen", tabelle, minimise.directory(db, None, date(2020, 12, 31), tabelle.ort))
    values, joins = minimise.minimised(tabelle, date(2020, 12, 31))
    db.execute(f"select {', '.join(values.values())} from zeilen r{joins}")
    assert set(values) | set(tabelle.konstanten) | set(tabelle.abgeleitet) == set(raw_columns(tabelle))
    dropped = {s.ziel for s in tabelle.spalten} - {s.ziel for s in kept(tabelle)}
    assert not dropped & set(values)


@pytest.mark.parametrize(
    ("find", "put", "sentence"),
    [
        ("name: Zahlen", "titel: Zahlen", "zahlen.yml: "),
        ("typ: ganzzahl", "typ: zahl", "zahlen.yml: tabellen.1.spalten.3.typ"),
        ("schluessel: [raumeinheit_id]", "schluessel: [raum]", "Schlüssel nennt unbekannte Spalten: ['raum']"),
        ("ziel: art", "ziel: anzahl", "Zielspalten mehrfach vergeben: ['anzahl']"),
        ("werte: [a, b]", "klasse: name", "Spalten mit Personenbezug brauchen personenbezug: true"),
        ("werte: [a, b]", "vollstaendig: true", "vollstaendig braucht gebiet"),
        ("nach: [gebiete]", "nach: [karten]", "nach nennt ['karten']"),
    ],
)
def test_wrong_declaration_is_named(door: Door, find: str, put: str, sentence: str) -> None:
    door.declare("zahlen", COUNTS.replace(find, put, 1))
    with pytest.raises(DeclarationError) as error:
        _ = door.city
    assert sentence in str(error.value) and "\n" not in str(error.value)


def test_unreadable_yaml_is_named(door: Door, tmp_path: Path) -> None:
    (door.declarations / "kaputt.yml").write_text("a: [1\nb: 2\n")
    with pytest.raises(DeclarationError, match=r"kaputt\.yml, Zeile 2: kein gültiges YAML; bitte Einrückung und Doppelpunkte prüfen\."):
        _ = door.city
    assert yaml.safe_load((door.declarations / "gebiete.yml").read_text())["quelle"] == "gebiete"
