"""Berlin's residents carried to the 542 Planungsräume of 2021, held against the count the MSS 2021 published.

The weights are made in a folder in which the MSS does not exist: what measures them cannot have entered them.
"""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from methods.boundaries import (
    FLAGS, GROUP_PRIOR, SLIVER, carry, compose, drift, from_links, misallocated, rake, resting_on_change, sliver_evidence,
    without_slivers,
)

TARGET = 0.005  # issue 4, point 6
BEFORE, LATER = "2020-02", ("2021-01", "2021-02", "2022-01", "2022-02")  # 31.12.2020; 30.06. and 31.12. of two years
YEARS = (2021.5, 2022.0, 2022.5, 2023.0)
MOVED = "09041403"  # cut out of 09041301 on 1.1.2019
AGES = ["below_6", "6_15", "15_18", "18_27", "27_45", "45_55", "55_65", "above_65"]


@pytest.fixture(scope="module")
def berlin(real_data, tmp_path_factory):
    """Residents and areal crosswalk, read from a folder without the MSS."""
    home = tmp_path_factory.mktemp("berlin")
    for folder in ("einwohner", "geo"):
        (home / folder).symlink_to(real_data / "berlin" / folder)
    assert not (home / "mss").exists()

    def residents(half_year, table="t2"):
        name = f"berlin-lor-population-{half_year}"
        path = home / "einwohner" / f"{name}-csv" / f"{name}-{table}-planning-areas.csv"
        return pd.read_csv(path, dtype={"id": str}).set_index("id").sort_index()

    links = pd.read_csv(home / "geo" / "lor_crosswalk_2006_to_2021_areal_gentriduck.csv", dtype={0: str, 1: str})
    before, later = residents(BEFORE), {half_year: residents(half_year) for half_year in LATER}
    first = later[LATER[0]]
    areal = from_links(before.index, first.index, links.plr_id_pre2021, links.plr_id_2021, links.weight)
    clean = without_slivers(areal, before.inhabitants)
    raked = {half_year: rake(clean, before.inhabitants, later[half_year].inhabitants) for half_year in LATER}
    return SimpleNamespace(
        home=home, residents=residents, before=before, later=later, first=first, areal=areal, raked=raked, weights=raked[LATER[0]]
    )


@pytest.fixture(scope="module")
def published(real_data, berlin):
    """Residents on 31.12.2020 on the 536 areas of the MSS 2021, unknown on the six it leaves out."""
    path = real_data / "berlin" / "mss" / "berlin-lor-monitoring-social-urban-development-2021-00-2-1.csv"
    counts = pd.read_csv(path, dtype={"id": str}).set_index("id").inhabitants
    assert len(counts) == 536 and set(counts.index) < set(berlin.first.index)
    return counts.reindex(berlin.first.index).to_numpy()


def test_misallocated(berlin, published):
    residents = berlin.before.inhabitants
    by_area = misallocated(published, carry(berlin.areal, residents))
    by_people = misallocated(published, carry(berlin.weights, residents))
    print(f"\nfalsch zugeordnet, 31.12.2020: nach Fläche {by_area:.3%}, nach Einwohnern {by_people:.3%}")
    assert by_area == pytest.approx(0.0517, abs=5e-5)
    assert by_people <= 0.0014 < TARGET  # measured 0.130 %; more would be a step back
    for crosswalk in (berlin.areal, berlin.weights):
        assert carry(crosswalk, residents).sum() == pytest.approx(residents.sum(), rel=1e-9)


def test_exact_areas_are_exact(berlin, published):
    """Where only slivers were dropped the carried count is the published one, to the person."""
    exact = (berlin.weights.flags == "exact") & ~np.isnan(published)
    wrong = np.abs(carry(berlin.weights, berlin.before.inhabitants) - published)[exact] > 1e-6
    shares = {flag: carry(berlin.weights, berlin.before.inhabitants)[berlin.weights.flags == flag].sum() for flag in FLAGS}
    print("\nEinwohner:", {flag: f"{share / berlin.before.inhabitants.sum():.1%}" for flag, share in shares.items()})
    print(f"genau: {exact.sum()} Planungsräume, davon {wrong.sum()} mit abweichender Zahl")
    assert exact.sum() >= 290 and wrong.sum() <= 2
    assert shares["estimated"] == 0


def test_the_tolerance_for_slivers_is_the_last_before_people_are_lost(berlin):
    tolerances = [0.005, SLIVER, 0.02, 0.05]
    evidence = sliver_evidence(berlin.areal, berlin.before.inhabitants, berlin.first.inhabitants, tolerances)
    print("\nEinwohner in Gebieten, deren Zahlen nicht zueinander passen:", dict(zip(tolerances, evidence.round(5).tolist(), strict=True)))
    smaller, chosen, *larger = evidence
    assert chosen - smaller < 0.0001 and min(larger) - chosen > 0.001


@pytest.mark.parametrize(
    ("table", "column"),
    [("t2", "inhabitants_age_below_6"), ("t2", "inhabitants_age_above_65"), ("t2", "inhabitants_foreigners"), ("t1", "inhabitants_with_migration_background")],
)
def test_a_group_goes_by_its_own_weights(berlin, table, column):
    """Against the group's count of a later date (31.12.2021, not used for the weights), scaled to the same total."""
    group, counted, later = (berlin.residents(half_year, table)[column] for half_year in (BEFORE, *LATER[:2]))
    reference = later * (group.sum() / later.sum())
    own = rake(berlin.weights, group, counted, GROUP_PRIOR)
    by_area, by_all, by_own = (misallocated(reference, carry(w, group)) for w in (berlin.areal, berlin.weights, own))
    print(f"\n{column}: nach Fläche {by_area:.2%}, nach allen Einwohnern {by_all:.2%}, nach der Gruppe {by_own:.2%}")
    assert by_own < 0.85 * by_all < by_all < by_area


def test_age_groups_add_up_to_the_town(berlin, published):
    parts = []
    for age in AGES:
        group, counted = (people[f"inhabitants_age_{age}"] for people in (berlin.before, berlin.first))
        parts.append(carry(rake(berlin.weights, group, counted, GROUP_PRIOR), group))
        assert parts[-1].sum() == pytest.approx(group.sum(), rel=1e-9)
    assert misallocated(published, sum(parts)) <= 0.0015  # as good as the weights of all residents


def test_weights_made_without_the_truth_tell_their_own_error(berlin, published):
    """How far weights of later dates stray from the first ones is nearly how far they stray from the truth."""
    residents = berlin.before.inhabitants
    true = [misallocated(published, carry(berlin.raked[half_year], residents)) for half_year in LATER]
    per_year = drift([berlin.raked[half_year] for half_year in LATER], YEARS, residents)
    print(f"\nFehler bei 0,5 bis 2 Jahren Abstand: {[f'{share:.2%}' for share in true]}; Alterung je Jahr {per_year:.2%}")
    assert true == sorted(true)
    assert per_year == pytest.approx((true[-1] - true[0]) / (YEARS[-1] - YEARS[0]), rel=0.35)


def test_expected_error_of_june_2015(berlin):
    """Three versions of areas: 447 until 2018, 448 in 2019 and 2020, 542 from 2021."""
    to_2018, in_2019 = berlin.residents("2018-02").inhabitants, berlin.residents("2019-01").inhabitants
    assert set(in_2019.index) - set(to_2018.index) == {MOVED} and len(to_2018) == 447
    polygons = json.loads((berlin.home / "geo" / "berlin-lor-planning-areas-until-2020.geojson").read_text(encoding="utf-8"))
    land = {area["properties"]["id"]: area["properties"]["area"] for area in polygons["features"]}
    # One polygon is missing from the file; an area that has one successor anyway needs no size.
    assert {"09041301", MOVED} <= set(land)
    came_from = ["09041301" if area == MOVED else area for area in in_2019.index]
    cut = from_links(to_2018.index, in_2019.index, came_from, in_2019.index, [land.get(area, 1) for area in in_2019.index])
    areal, cut = compose(cut, berlin.areal), rake(cut, to_2018, in_2019)
    raked = [compose(cut, berlin.raked[half_year]) for half_year in LATER]
    weights = raked[0]

    residents = berlin.residents("2015-01").inhabitants
    assert list(residents.index) == list(to_2018.index)
    carried = carry(weights, residents)
    share, by_area = resting_on_change(areal, weights, residents), misallocated(carried, carry(areal, residents))
    years_back = YEARS[0] - 2015.5
    print(f"\n2015-06: {share:.1%} der Einwohner in Gebieten, deren Gewichte um mehr als 5 Punkte von der Fläche abweichen;")
    print(f"die Fläche allein legte {by_area:.2%} anders; Alterung {years_back:.0f} Jahre: {years_back * drift(raked, YEARS, residents):.2%}")
    assert carried.shape == (542,) and carried.sum() == pytest.approx(residents.sum(), rel=1e-9)
    assert set(weights.flags) == {"exact", "weighted"}
    assert 0.25 < share < 0.35
