"""The demo town's survey, elections, plan and official totals in the published mart, held against what was simulated."""

from __future__ import annotations

import csv

import openpyxl
import pytest

from tests.pipeline.conftest import ABOVE, SYMBOLS, VACANT


def rows(town, sql, *values):
    with town.mart() as mart:
        return mart.execute(sql, list(values)).fetchall()


def test_survey_shares_are_whole_weighted_and_sized(demo):
    found = rows(demo, "select umfrage, ebene, frage_id, raumeinheit_id, mehrfach, sum(wert), min(n), count(*) - count(wert) from fct_umfrage group by all")
    assert {row[0] for row in found} == {"Einwohnerbefragung 2019", "Einwohnerbefragung 2023"}
    assert {row[1] for row in found} == {"stadt", "stadtbereich", "sozialraum"}
    for *_, several, total, n, hidden in found:
        assert (hidden == 0) == (n >= 30)
        if not several and not hidden:
            assert total == pytest.approx(100)
    assert rows(demo, "select count(*) from fct_umfrage where wert not between ki_unten and ki_oben or deff < 1 or ruecklauf not between 20 and 60") == [(0,)]
    # Who lives in deprived areas is less content, as simulated.
    unhappy = dict(rows(demo, "select raumeinheit_id, sum(wert) from fct_umfrage where ebene = 'stadtbereich' and frage_id = 'q1' and antwort in ('unzufrieden', 'sehr unzufrieden') group by all"))
    assert len(unhappy) == 5


def test_weights_reach_the_margins_of_the_register(demo):
    with demo.sealed() as sealed:
        off = sealed.execute(
            """select p.lieferung_id, p.rand, p.klasse, sum(g.gewicht) as gewichtet, any_value(r.anzahl) as register
               from intermediate.int_umfrage__person p join intermediate.int_umfrage__gewicht g using (lieferung_id, befragte)
               join intermediate.int_umfrage__rand r using (lieferung_id, rand, klasse)
               where list_contains(string_split(g.raender, ', '), p.rand) group by all having abs(gewichtet - register) > 1e-4 * register"""
        ).fetchall()
        assert off == []
        assert sealed.execute("select distinct raender from intermediate.int_umfrage__gewicht").fetchall() == [("alter_geschlecht, staatsangehoerigkeit, raum_sozialraum",)]


def test_nobody_votes_twice_or_gets_lost_between_districts_and_areas(demo):
    with demo.sealed() as sealed:
        delivered = dict(sealed.execute("select lieferung_id, sum(waehler) from staging.stg_wahlen__ergebnis group by all").fetchall())
        carried = sealed.execute("select lieferung_id, ebene, sum(waehler) from marts.fct_wahlbeteiligung group by all").fetchall()
    assert len(delivered) == 7 and len(carried) == 21
    for delivery, _, voters in carried:
        assert voters == pytest.approx(delivered[delivery], rel=1e-9)
    quality = {(level, kind) for level, kind in rows(demo, "select distinct ebene, uebertragung from fct_wahlbeteiligung")}
    assert ("stadt", "exakt") in quality and {("sozialraum", "gewichtet"), ("sozialraum", "geschaetzt")} <= quality
    assert rows(demo, "select count(*) from fct_wahlbeteiligung where uebertragung = 'exakt' and abs(anteil_exakt - 100) > 1e-6") == [(0,)]


def test_official_totals_stand_beside_the_register_with_a_reason(demo):
    found = rows(demo, "select abgleich_id, count(*), bool_and(innerhalb), bool_and(grund <> ''), max(abs(differenz)) > 0 from fct_abgleich where kennzahl_id = 'einwohner' group by all order by all")
    assert found == [("fortschreibung_zensus", 1, True, True, True), ("register_fortschreibung", 9, True, True, True), ("register_zensus", 1, True, True, True)]
    assert rows(demo, "select count(*) from fct_referenzwert where gebiet_art in ('kreis', 'land', 'bund') and wert is null") == [(0,)]


def test_statistics_of_the_very_cases_equal_the_delivery(demo):
    found = rows(demo, "select year(stichtag), count(*), min(differenz), max(differenz), bool_and(innerhalb) from fct_abgleich where abgleich_id = 'deckungsgleich' group by all order by all")
    assert found == [(year, 14, 0, 0, True) for year in range(2015, 2024)]


def test_late_and_missing_are_visible(demo):
    late = rows(demo, "select quelle_id, stichtag::varchar, stand from fct_lieferplan where stand in ('ueberfaellig', 'ausstehend') and quelle_id in ('planung', 'genesis')")
    assert sorted(late) == [("genesis", "2024-12-31", "ausstehend"), ("planung", "2024-12-31", "ueberfaellig")]
    out = demo.call("status").stdout
    assert "überfällig  Planungskreislauf" in out and "Bevölkerungsstand und Leistungen (amtliche Statistik, simuliert) zum" not in out


def test_only_released_statements_leave(demo):
    assert rows(demo, "select count(*) > 0, bool_and(freigegeben and geprueft), count(*) - count(aussage) from fct_aussage") == [(True, True, 0)]
    with demo.sealed() as sealed:
        assert sealed.execute("select count(*) > 0, count(aussage) from marts.fct_aussage where not freigegeben").fetchall() == [(True, 0)]


def test_plan_and_networks(demo):
    assert rows(demo, "select distinct runde from fct_planungsthema order by 1") == [("Planungsrunde",), ("Stadtteilarbeitskreis",), ("Trägerrunde",)]
    assert rows(demo, "select count(*) from fct_massnahme where kosten_eur is null and kosten_eur_zeichen <> '...'") == [(0,)]
    assert rows(demo, "select count(*) from fct_beschluss where massnahme_id is not null and titel is null") == [(0,)]
    listed = dict(rows(demo, "select stichtag, count(*) from fct_netzwerk where art = 'Verein' group by all"))
    counted = dict(rows(demo, "select stichtag, wert from fct_kennzahl where kennzahl_id = 'vereine' and ebene = 'stadt' and gebietsstand_am_stichtag and wert is not null"))
    assert listed == counted and len(listed) == 7


def test_every_table_symbol_survives_from_the_cell_to_the_file(later_small, later_deliveries):
    """One Sozialraum per symbol in the dwellings of 2020: what stood in the cell is what the exported row says."""
    sheet = openpyxl.load_workbook(later_deliveries / "wohnungen" / "wohnungsbestand_2020.xlsx").worksheets[0]
    places = {sheet.cell(line, 1).value: (sheet.cell(line, VACANT).value, *SYMBOLS[sheet.cell(line, VACANT).value]) for line in range(ABOVE + 1, ABOVE + 1 + len(SYMBOLS))}
    assert len(places) == len({cell for cell, *_ in places.values()}) == len(SYMBOLS)
    with later_small.mart() as mart:
        counts = {area: (status, wert is not None) for area, status, wert in mart.execute(
            "select raumeinheit_id, status_id, wert from fct_kennzahl where kennzahl_id = 'wohnungen_leer' and stichtag = date '2020-12-31' and ebene = 'sozialraum'").fetchall()}  # fmt: skip
    exported = {}
    for file in sorted((later_small.current / "exports").rglob("fct_indikatorwert.csv")):
        with file.open(encoding="utf-8-sig", newline="") as text:
            exported |= {row["raumeinheit_id"]: row for row in csv.DictReader(text) if row["indikator_id"] == "leerstandsquote" and row["stichtag"] == "2020-12-31" and row["ebene"] == "sozialraum"}
    for area, (cell, status, has_number) in places.items():
        assert counts[area] == (status, has_number), cell
        assert (exported[area]["wert"] != "") == has_number, cell
        if not has_number:
            assert exported[area]["status_id"] == status, cell
