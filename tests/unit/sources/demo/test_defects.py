"""The switch for a register with the usual defects: more is missing, the people are the same, and the same seed gives the same bytes."""

from __future__ import annotations

from datetime import date

import pyarrow.compute as pc
import pytest

from sources.demo import simulate
from sources.demo.defects import misspelt
from tests.unit.sources.demo.conftest import SimulatedTown

SMALL = {"residents": 5_000, "seed": 11, "stichtage": [date(2015, 12, 31), date(2016, 12, 31)]}


@pytest.fixture(scope="module")
def towns(tmp_path_factory):
    """Clean, defective, and defective once more."""
    made = []
    for name, defects in (("sauber", False), ("maengel", True), ("nochmal", True)):
        folder = tmp_path_factory.mktemp(name)
        summary = simulate(folder / "lieferungen", truth=folder / "wahrheit", defects=defects, **SMALL)
        made.append(SimulatedTown(folder / "lieferungen", folder / "wahrheit", summary, {}))
    return made


def test_same_seed_same_bytes_and_the_same_people(towns):
    clean, defective, again = towns
    for path in defective.summary.files:
        assert (defective.target / path).read_bytes() == (again.target / path).read_bytes()
    assert (clean.truth / "truth_personen.parquet").read_bytes() == (defective.truth / "truth_personen.parquet").read_bytes()
    different = {path.parts[0] for path in clean.summary.files if (clean.target / path).read_bytes() != (defective.target / path).read_bytes()}
    assert different == {"melderegister_bestand"}


def test_defects_are_as_frequent_as_declared(towns):
    """Of 5,000: 10 % of each pointer, 2 and 1 % of birth dates, 2 % of dates of moving in, 3 % of names; within four standard errors."""
    clean, defective = (town.main_residents(2016) for town in towns[:2])
    people = clean.num_rows

    def missing(rows, column):
        return rows[column].null_count

    for column in ("EhegatteNr", "Elternteil1Nr"):
        had = people - missing(clean, column)
        lost = (missing(defective, column) - missing(clean, column)) / had
        assert abs(lost - 0.10) < 4 * (0.1 * 0.9 / had) ** 0.5, column
    assert missing(clean, "EinzugAdresse") == 0
    assert abs(missing(defective, "EinzugAdresse") / people - 0.02) < 4 * (0.02 / people) ** 0.5
    unknown = [pc.sum(pc.starts_with(rows["Geburtsdatum"], "00.")).as_py() for rows in (clean, defective)]
    assert abs((unknown[1] - unknown[0]) / people - 0.03) < 4 * (0.03 / people) ** 0.5
    misspelt_share = pc.sum(pc.not_equal(clean["Familienname"], defective["Familienname"])).as_py() / people
    assert abs(misspelt_share - 0.03) < 4 * (0.03 / people) ** 0.5
    assert clean["Geschlecht"].equals(defective["Geschlecht"])


def test_a_defect_stays_with_its_person(towns):
    before, after = (towns[1].main_residents(year).select(["Personennummer", "Familienname", "Geburtsdatum"]) for year in (2015, 2016))
    both = before.join(after, "Personennummer", join_type="inner", right_suffix="_spaeter")
    assert both.num_rows > 4_000
    assert both["Geburtsdatum"].equals(both["Geburtsdatum_spaeter"])
    # names change by marriage, not by typing: far fewer than the 3 % that are misspelt
    assert pc.sum(pc.not_equal(both["Familienname"], both["Familienname_spaeter"])).as_py() < 0.01 * both.num_rows


@pytest.mark.parametrize(
    ("dice", "written"),
    [
        (0.1, "Schnaider"),  # below 0.4 as it sounds: ei -> ai
        (0.5, "Schnider"),  # 997 x 0.5 modulo 3 = 0.50: left out, at 1 + int(0.50 x 7) = 4
        (0.6, "Schhneider"),  # 1.20: doubled, at 1 + int(0.20 x 7) = 2
    ],
)
def test_one_slip_per_name(dice, written):
    assert misspelt("Schneider", dice) == written


def test_letters_change_places():
    """997 x 0.8 = 797.6, modulo 3 = 2.6: exchanged, at 1 + int(0.6 x 7) = 5."""
    assert misspelt("Schneider", 0.8) == "Schnedier"
