"""What the simulated town delivers: the declared format, valid pointers, the same bytes, and nothing of the truth."""

from __future__ import annotations

import hashlib
import re
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyogrio
import pytest

from sources.demo import simulate
from sources.demo.themen.amtlich import own_cases
from sources.model import SHIPPED_CITIES, load_city

SMALL = {"residents": 3_000, "seed": 11, "stichtage": [date(2015, 12, 31), date(2017, 12, 31)]}
DATE_TYPES = {"datum": r"\d\d\.\d\d\.\d{4}", "datum_unscharf": r"\d\d\.\d\d\.\d{4}"}


def fingerprints(folder):
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()}


def as_dates(column):
    return pc.strptime(column, format="%d.%m.%Y", unit="s").cast(pa.date32())


@pytest.fixture(scope="module")
def small_tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tabellen")
    simulate(folder, modus="tabellen", **SMALL)
    return folder


@pytest.fixture(scope="module")
def small_register(tmp_path_factory):
    folder = tmp_path_factory.mktemp("register")
    simulate(folder, **SMALL)
    return folder


# ---- format -----------------------------------------------------------------------------------------------------


def declared_tables(city, source):
    return next(q for q in load_city(SHIPPED_CITIES / city).quellen if q.quelle == source).tabellen


@pytest.mark.parametrize(
    ("city", "source"), [("hilden-simuliert", "melderegister_bestand"), ("hilden-simuliert", "adressen"), ("hilden-aggregat", "bevoelkerung_tabellen")]
)
def test_csv_files_are_as_declared(simulated_town, small_tables, city, source):
    (table,) = declared_tables(city, source)
    folder = small_tables if source == "bevoelkerung_tabellen" else simulated_town.target
    pattern = re.sub(r"\{(\w+)\}", r"\\d+", table.dateien)
    files = [path for path in sorted(folder.rglob("*.csv")) if re.fullmatch(pattern, path.relative_to(folder).as_posix())]
    assert len(files) == {"melderegister_bestand": 10, "adressen": 1, "bevoelkerung_tabellen": 2}[source]
    for path in (files[0], files[-1]):
        assert simulated_town.header(path) == [column.name for column in table.spalten]
        rows = simulated_town.read(path)
        assert rows.num_rows >= table.zeilen_minimum
        for column in table.spalten:
            values = rows[column.name]
            if column.pflicht:
                assert values.null_count == 0, column.name
            if column.werte:
                assert set(values.unique().to_pylist()) - {None} <= set(column.werte), column.name
            pattern = column.muster or DATE_TYPES.get(column.typ)
            if pattern:
                assert pc.all(pc.match_substring_regex(values, f"^({pattern})$")).as_py() in (True, None), column.name
            if column.minimum is not None:
                numbers = pc.cast(pc.replace_substring(values, table.format.dezimal, "."), pa.float64())
                assert column.minimum <= pc.min(numbers).as_py()
                assert column.maximum is None or pc.max(numbers).as_py() <= column.maximum
        keys = {column.ziel: column.name for column in table.spalten}
        assert rows.group_by([keys[key] for key in table.schluessel]).aggregate([]).num_rows == rows.num_rows


def test_geopackages_are_as_declared(simulated_town):
    city = load_city(SHIPPED_CITIES / "hilden-simuliert")
    for file, version in (("raumgliederung_20150101.gpkg", "hilden2015"), ("raumgliederung_20200101.gpkg", "hilden2020")):
        path = simulated_town.target / "raumgliederung" / file
        above = {None}
        for table in declared_tables("hilden-simuliert", "raumgliederung"):
            meta, _, geometry, fields = pyogrio.raw.read(path, layer=table.format.ebene)
            data = dict(zip(meta["fields"], fields, strict=True))
            assert {*data, "geometry"} == {column.name for column in table.spalten}
            assert meta["crs"] == f"EPSG:{table.format.epsg}"
            assert len(geometry) == table.zeilen_genau.get(version, 500)
            assert len(set(data["schluessel"])) == len(geometry)
            assert city.gebietsstand_am(data["gueltig_von"][0].astype("datetime64[D]").item()) == version
            assert set(data.get("gehoert_zu", [None])) <= above
            above = set(data["schluessel"])


def test_everything_says_that_it_is_simulated(simulated_town):
    assert "SIMULIERT" in (simulated_town.target / "SIMULIERT.txt").read_text(encoding="utf-8")
    for path in sorted((simulated_town.target / "raumgliederung").glob("*.gpkg")):
        assert b"SIMULIERT" in path.read_bytes()


def test_truth_is_not_among_the_deliveries(simulated_town, tmp_path):
    files = {path.relative_to(simulated_town.target).parts[0] for path in simulated_town.target.rglob("*") if path.is_file()}
    declared = {path.stem for path in (SHIPPED_CITIES / "hilden-simuliert").glob("*.yml")}
    assert {"SIMULIERT.txt", "adressen", "melderegister_bestand", "raumgliederung"} <= files
    assert not any("wahrheit" in str(path).lower() for path in simulated_town.target.rglob("*"))
    assert files - {"SIMULIERT.txt"} <= declared | {"zensus"}
    with pytest.raises(ValueError, match="Wahrheit"):
        simulate(tmp_path, truth=tmp_path / "wahrheit", **SMALL)


# ---- bytes ------------------------------------------------------------------------------------------------------


def test_same_seed_same_bytes(small_register, small_tables, tmp_path):
    simulate(tmp_path / "register", **SMALL)
    assert fingerprints(tmp_path / "register") == fingerprints(small_register)
    simulate(tmp_path / "tabellen", modus="tabellen", **SMALL)
    assert fingerprints(tmp_path / "tabellen") == fingerprints(small_tables)


def test_another_seed_other_people_on_the_same_ground(small_register, tmp_path):
    simulate(tmp_path, **(SMALL | {"seed": 12}))
    one, other = fingerprints(small_register), fingerprints(tmp_path)
    same = {name for name in one if one[name] == other[name]}
    # The ground, and what is fixed with it.
    assert {"raumgliederung/raumgliederung_20150101.gpkg", "raumgliederung/raumgliederung_20200101.gpkg"} <= same
    assert not any(name.startswith(("melderegister", "adressen", "sgb", "umfrage")) for name in same)


def test_a_date_does_not_depend_on_which_others_are_asked_for(small_register, tmp_path):
    simulate(tmp_path, **(SMALL | {"stichtage": [date(2017, 12, 31)]}))
    name = "melderegister_bestand/bestand_20171231.csv"
    assert fingerprints(tmp_path)[name] == fingerprints(small_register)[name]


@pytest.mark.parametrize("wrong", [{"stichtage": [date(2016, 6, 30)]}, {"stichtage": [date(2014, 12, 31)]}, {"modus": "karten"}, {"residents": 10}])
def test_what_cannot_be_simulated_is_refused(tmp_path, wrong):
    with pytest.raises(ValueError, match="imul"):
        simulate(tmp_path / "ziel", **(SMALL | wrong))
    assert not (tmp_path / "ziel").exists()


def test_numbers_scale(small_register, simulated_town):
    rows = simulated_town.read(small_register / "melderegister_bestand" / "bestand_20171231.csv")
    # 2016 ends on 3,000; 2017 adds the scaled 498 - 731 + 2,270 - 1,985: 26 - 38 + 118 - 103 = 3
    assert pc.sum(pc.equal(rows["Wohnungsart"], "H")).as_py() == 3_003


# ---- two modes --------------------------------------------------------------------------------------------------


def test_tables_are_the_sum_of_the_register(small_tables, small_register, simulated_town):
    """Ages by the register's convention: unknown day = first of the month, unknown month = 1 January."""
    for year in (2015, 2017):
        rows = simulated_town.read(small_register / "melderegister_bestand" / f"bestand_{year}1231.csv")
        rows = rows.filter(pc.equal(rows["Wohnungsart"], "H"))
        tables = simulated_town.read(small_tables / "bevoelkerung_tabellen" / f"bevoelkerung_{year}1231.csv")
        counts = pc.cast(tables["Anzahl"], pa.int64()).to_numpy()
        assert counts.sum() == rows.num_rows
        # on 31 December everybody has had this year's birthday: the year alone gives the age, with every convention
        age = year - pc.cast(pc.utf8_slice_codeunits(rows["Geburtsdatum"], 6, 10), pa.int64()).to_numpy()
        foreign = pc.not_equal(rows["Staat1"], "000").to_numpy()
        table_age = pc.cast(tables["AlterVon"], pa.int64()).to_numpy()
        table_sex = np.array(tables["Geschlecht"].to_pylist())
        table_foreign = np.array(tables["Staatsangehoerigkeit"].to_pylist()) == "nichtdeutsch"
        sex = np.array(rows["Geschlecht"].to_pylist())
        for years in range(table_age.max() + 1):
            for kind in "mwd":
                for abroad in (False, True):
                    expected = ((age == years) & (sex == kind) & (foreign == abroad)).sum()
                    assert counts[(table_age == years) & (table_sex == kind) & (table_foreign == abroad)].sum() == expected
        assert tables["AlterVon"].equals(tables["AlterBis"])


def test_tables_have_every_combination_once(small_tables, simulated_town):
    tables = simulated_town.read(small_tables / "bevoelkerung_tabellen" / "bevoelkerung_20171231.csv")
    # 20 Sozialräume, ages 0 to 110, three sexes, two nationalities
    assert tables.num_rows == 20 * 111 * 3 * 2
    assert len(tables["Sozialraum"].unique()) == 20


# ---- the register -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", [2015, 2020, 2024])
def test_pointers_lead_to_residents_and_back(simulated_town, year):
    rows = simulated_town.main_residents(year)
    number = rows["Personennummer"].to_numpy()
    place = {key: i for i, key in enumerate(number)}
    assert len(place) == rows.num_rows
    spouse, status = rows["EhegatteNr"].to_pylist(), rows["Familienstand"].to_pylist()
    lost = 0
    for i, key in enumerate(spouse):
        if key is not None:
            other = place[key]
            assert other != i and status[i] in ("VH", "LP")
            assert spouse[other] in (number[i], None)
            lost += spouse[other] is None
    assert 100 < lost < 1_000  # pointers are missing now and then
    birth_year = pc.cast(pc.utf8_slice_codeunits(rows["Geburtsdatum"], 6, 10), pa.int64()).to_numpy()
    with_parent = 0
    for column in ("Elternteil1Nr", "Elternteil2Nr"):
        for i, key in enumerate(rows[column].to_pylist()):
            if key is not None:
                assert year - birth_year[i] < 18
                assert 14 <= birth_year[i] - birth_year[place[key]] <= 75
                with_parent += 1
    minors = (year - birth_year < 18).sum()
    assert with_parent > 1.5 * minors


@pytest.mark.parametrize("year", [2015, 2024])
def test_dates_of_moving_in_fit_life_and_house(simulated_town, year):
    rows = simulated_town.register(year)
    key = ["Strassenschluessel", "Hausnummer", "Zusatz"]
    addresses = simulated_town.addresses()
    at = {value: i for i, value in enumerate(zip(*(addresses[name].to_pylist() for name in key), strict=True))}
    house = np.array([at[value] for value in zip(*(rows[name].to_pylist() for name in key), strict=True)])
    begins, ends = (np.array(as_dates(addresses[name]), dtype="datetime64[D]") for name in ("Gueltig_von", "Gueltig_bis"))
    address, town = (np.array(as_dates(rows[name]), dtype="datetime64[D]") for name in ("EinzugAdresse", "EinzugGemeinde"))
    assert (address >= town).all()
    assert (address <= np.datetime64(f"{year}-12-31")).all()
    assert (np.isnat(ends[house]) | (ends[house] > np.datetime64(f"{year}-12-31"))).all()
    assert (begins[house] <= np.datetime64(f"{year}-12-31")).all()
    # who was born in a year moved in no earlier
    born = pc.cast(pc.utf8_slice_codeunits(rows["Geburtsdatum"], 6, 10), pa.int64()).to_numpy()
    assert (town.astype("datetime64[Y]").astype(int) + 1970 >= born).all()


def test_secondary_residences_do_not_count(simulated_town):
    rows = simulated_town.register(2016)
    secondary = rows.num_rows - simulated_town.main_residents(2016).num_rows
    assert 0.01 < secondary / rows.num_rows < 0.05
    assert rows.num_rows > len(rows["Personennummer"].unique()) > simulated_town.main_residents(2016).num_rows


def test_what_makes_a_register_difficult_is_there(simulated_town):
    rows = simulated_town.main_residents(2016)
    no_day = pc.sum(pc.match_substring_regex(rows["Geburtsdatum"], r"^00\.(0[1-9]|1)")).as_py()
    no_month = pc.sum(pc.starts_with(rows["Geburtsdatum"], "00.00.")).as_py()
    assert 20 < no_day < no_month < 1_000
    assert {row["values"]: row["counts"] for row in pc.value_counts(rows["Sperrvermerk"]).to_pylist()}.keys() == {None, "51", "52"}
    assert 10 < pc.sum(pc.equal(rows["Sperrvermerk"], "51")).as_py() < 300
    assert rows["Bemerkung"].null_count < rows.num_rows
    assert set(rows["DeutschArt"].unique().to_pylist()) == {None, "1", "2", "3", "4"}
    german = pc.equal(rows["Staat1"], "000")
    assert pc.sum(pc.and_(german, pc.is_null(rows["DeutschArt"]))).as_py() == 0
    assert pc.sum(pc.and_(pc.invert(german), pc.is_valid(rows["DeutschArt"]))).as_py() == 0


def test_couples_and_their_children_share_names(simulated_town):
    rows = simulated_town.main_residents(2016)
    names = dict(zip(rows["Personennummer"].to_pylist(), rows["Familienname"].to_pylist(), strict=True))
    couples = [(name, names[key]) for name, key in zip(rows["Familienname"].to_pylist(), rows["EhegatteNr"].to_pylist(), strict=True) if key]
    assert 0.7 < np.mean([one == other for one, other in couples]) < 0.95
    # two strangers hardly ever share one
    _, counts = np.unique(rows["Familienname"].to_pylist(), return_counts=True)
    assert ((counts / counts.sum()) ** 2).sum() < 0.004
    assert pc.sum(pc.is_valid(rows["Geburtsname"])).as_py() > 5_000


def test_numbers_of_persons_stay_with_them(simulated_town):
    """The same number in two extracts is the same person: born in the same month, of the same sex."""
    now, later = (simulated_town.main_residents(year).select(["Personennummer", "Geburtsdatum", "Geschlecht"]) for year in (2016, 2017))
    both = now.join(later, "Personennummer", join_type="inner", right_suffix="_2017")
    assert both.num_rows > 54_000
    assert both["Geburtsdatum"].equals(both["Geburtsdatum_2017"]) and both["Geschlecht"].equals(both["Geschlecht_2017"])


def test_households_move_together(simulated_town):
    """Moves of 2018: most who move do so with somebody of the same day and the same way."""
    events = simulated_town.true("bewegungen")
    moves = events.filter(pc.and_(pc.equal(events["jahr"], 2018), pc.equal(events["ereignis"], "umzug")))
    groups = moves.group_by(["datum", "block_von", "block_nach"]).aggregate([("personennummer", "count")])
    sizes = groups["personennummer_count"].to_numpy()
    assert sizes[sizes > 1].sum() > 0.5 * moves.num_rows
    days = moves["datum"].to_numpy()
    assert days.max() - days.min() > timedelta(days=350)


@pytest.mark.parametrize(("women", "told"), [(10, "10"), (9, "."), (8, "."), (7, "7"), (2, "."), (0, "0")])
def test_offices_tell_neither_few_nor_what_few_are_left_beside(tmp_path, women, told):
    [file] = own_cases(tmp_path, 2020, "22221", "Empfänger", {"Empfänger": 10, "Empfängerinnen": women}, {"Empfängerinnen": "Empfänger"})
    lines = [line.split(";") for line in file.read_text(encoding="latin-1").splitlines()]
    assert [line[-1] for line in lines if line[7] == "05158016"] == ["10", told]
