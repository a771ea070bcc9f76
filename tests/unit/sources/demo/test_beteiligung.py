"""What the town's people say, plan and vote agrees with who lives where; same world, same bytes."""

from __future__ import annotations

import csv
import hashlib
from datetime import date

import openpyxl
import pyarrow.compute as pc
import pyreadstat

from sources.demo import simulate
from sources.formats import read_table
from sources.model import Format


def lines(path, encoding="latin-1"):
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def test_eligible_voters_are_the_adults_of_the_register(simulated_town):
    rows = lines(simulated_town.target / "wahlen" / "wahl_20210926.csv")
    register = simulated_town.main_residents(2021)
    german = register.filter(pc.equal(register["Staat1"], "000"))
    age = [2021 - int(day[-4:]) for day in german["Geburtsdatum"].to_pylist()]
    assert sum(int(row["Wahlberechtigte"] or 0) for row in rows) == sum(years >= 18 for years in age)
    for row in rows:
        if row["Art"] == "Stimmbezirk":
            assert int(row["Waehler"]) + int(row["Wahlscheine"]) <= int(row["Wahlberechtigte"])
    postal = {row["Nummer"]: int(row["Waehler"]) for row in rows if row["Art"] == "Briefwahlbezirk"}
    cards = {number: sum(int(row["Wahlscheine"]) for row in rows if row["Briefwahlbezirk"] == number) for number in postal}
    assert all(0 < postal[number] <= cards[number] for number in postal)


def test_every_address_has_one_polling_district_but_those_of_the_late_one(simulated_town):
    folder = simulated_town.target / "wahlbezirke"
    listed = lines(folder / "strassenverzeichnis_20200101.csv")
    assert len({(row["Strassenschluessel"], row["Hausnummer"], row["Zusatz"]) for row in listed}) == len(listed)
    agreed = lines(folder / "gewichte_20200101.csv", "utf-8")
    assert len(agreed) > 1 and {row["Stimmbezirk"] for row in agreed}.isdisjoint(row["Stimmbezirk"] for row in listed)
    assert abs(sum(float(row["Gewicht"].replace(",", ".")) for row in agreed) - 1) < 1e-9


def test_official_totals_run_beside_the_register(simulated_town):
    for year in (2016, 2019):
        table = read_table(simulated_town.target / "genesis" / f"12411-01-01-5_{year}.csv", Format(art="csv_zellen", trennzeichen=";", kodierung="iso-8859-1", vorspann=5, kopfzeilen=3, ende="_____", bleiben=("Spalte 1", "Spalte 2")))
        values = {(row[0], row[2].rsplit(" | ", 1)[1]): row[3] for row in table.rows}
        own, registered = int(values["05158016", "Insgesamt"]), simulated_town.summary.residents[date(year, 12, 31)]
        assert 0.985 < own / registered < 0.997
        assert own == int(values["05158016", "männlich"]) + int(values["05158016", "weiblich"])
        assert own < int(values["05158", "Insgesamt"]) < int(values["05", "Insgesamt"]) < int(values["DG", "Insgesamt"])


def test_survey_asks_every_area_and_says_who_is_missing(simulated_town):
    frame, meta = pyreadstat.read_sav(simulated_town.target / "umfrage" / "befragung_2023.sav", user_missing=True)
    assert set(frame["sr"]) == set(simulated_town.counts(2023, "hilden2020", "sozialraum"))
    assert set(frame["q1"]) == {1, 2, 3, 4, 5, -9, -8} and meta.missing_ranges["q1"] == [{"lo": -9, "hi": -8}]
    report = lines(simulated_town.target / "umfrage" / "feldbericht_2023.csv", "utf-8")[0]
    assert 0.25 < len(frame) / int(report["Angeschrieben"]) < 0.45


def test_measures_name_areas_that_exist(simulated_town):
    sheet = openpyxl.load_workbook(simulated_town.target / "planung" / "planung_2023.xlsx", read_only=True)["Maßnahmen"]
    head, *rows = sheet.iter_rows(values_only=True)
    known = {level: set(simulated_town.counts(2023, "hilden2020", level)) for level in ("stadt", "stadtbereich", "sozialraum")}
    assert len(rows) == 18 and all(row[head.index("Raum")] in known[row[head.index("Ebene")]] for row in rows)


def test_same_seed_same_bytes(tmp_path):
    def content(name):
        simulate(tmp_path / name, modus="tabellen", residents=2_000, seed=5, stichtage=[date(2019, 12, 31), date(2023, 12, 31)])
        topics = ("umfrage", "genesis", "netzwerke", "planung", "wahlen")
        return {str(p.relative_to(tmp_path / name)): hashlib.sha256(p.read_bytes()).hexdigest() for topic in topics for p in sorted((tmp_path / name / topic).glob("*"))}

    first = content("a")
    assert len(first) >= 8 and first == content("b")
