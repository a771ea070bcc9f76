"""A town of three areas and two years, small enough to check every number by hand."""

from __future__ import annotations

import pytest
from scipy import stats

from methods import comparison, intervals

#: Area -> year -> (residents, of them not German). The town: 2020 400 and 100, 2021 400 and 110.
GOLDEN = {"0101": {2020: (100, 40), 2021: (120, 50)}, "0102": {2020: (200, 50), 2021: (180, 50)}, "0103": {2020: (100, 10), 2021: (100, 10)}}
#: Measured in this register, where everybody lives alone: single draws. The catalogue's declared 2 gives way to it.
DEFF = 1
KEY = "gebietsstand = 'g' and indikator_id = 'anteil_nichtdeutsche' and ebene = 'sozialraum'"


@pytest.fixture(scope="module")
def town(make_lager):
    lager = make_lager()
    areas = lager.announce("raumgliederung", "2020-01-01", "g")
    rows = [("stadt", "s", None)] + [("sozialraum", area, "s") for area in GOLDEN] + [("block", f"b{area}", area) for area in GOLDEN]
    lager.deliver("raumeinheit", areas, [dict(ebene=e, raumeinheit_id=i, uebergeordnet_id=p, gebietsstand="g", name=i) for e, i, p in rows])
    for year in (2020, 2021):
        register = lager.announce("melderegister_bestand", f"{year}-12-31", "g")
        persons = [
            dict(person_key=f"{area}-{n}", block_id=f"b{area}", wohnungsart="H", alter=40, geschlecht="w", staatsangehoerigkeit1="163" if n < foreign else "000", einzug_adresse="2000-01-01")
            for area, years in GOLDEN.items() for residents, foreign in [years[year]] for n in range(residents)
        ]  # fmt: skip
        lager.deliver("melderegister_bestand", register, persons)
    lager.town(["stadt", "sozialraum", "block"], ["stadt", "sozialraum"], [("g", "2020-01-01", None)])
    assert lager.build() == {}
    return lager


def test_values_intervals_and_rest(town):
    rows = town.rows(f"select raumeinheit_id, jahr, zaehler, nenner, wert, ki_unten, ki_oben, rest_wert, diff from marts.fct_indikatorwert where {KEY} and not starts_with(raumeinheit_id, 'nz') order by 1, 2")
    assert [row[:5] for row in rows] == [(a, y, x, n, pytest.approx(100 * x / n)) for a, years in GOLDEN.items() for y, (n, x) in years.items()]
    # 0101 in 2020: 40 of 100; the rest of the town has 60 of 300.
    low, high = intervals.wilson(40, 100)
    assert rows[0][5:] == pytest.approx((100 * low, 100 * high, 20, 20), rel=1e-12)


def test_comparison_is_with_the_rest_and_adjusted_over_the_edition(town):
    found = {a: row for a, *row in town.rows(f"select raumeinheit_id, p, p_bereinigt, richtung, auffaellig, rang, rang_von, trichter_95_unten, trichter_95_oben from marts.fct_vergleich where {KEY} and jahr = 2020")}
    for area, (n, x) in ((area, years[2020]) for area, years in GOLDEN.items()):
        assert found[area][0] == pytest.approx(comparison.two_proportions(x, n, 100 - x, 400 - n, DEFF, DEFF).p, rel=1e-12)
    assert [found[area][4:6] for area in GOLDEN] == [[1, 3], [2, 3], [3, 3]]
    # Funnel of 0101: 25 % ∓ 1.96·√(0.25·0.75/100).
    half = 196 * (0.25 * 0.75 / 100) ** 0.5
    assert found["0101"][6:] == pytest.approx([25 - half, 25 + half], rel=1e-4)
    everything = [p for (p,) in town.rows("select p from marts.fct_vergleich where gebietsstand = 'g' and jahr = 2020 and p is not null")]
    adjusted = stats.false_discovery_control(everything)
    assert found["0101"][1] == pytest.approx(adjusted[everything.index(found["0101"][0])], rel=1e-12)
    assert {a: row[2:4] for a, row in found.items()} == {a: [comparison_word(row), row[1] <= 0.05] for a, row in found.items()}


def comparison_word(row):
    return "aehnlich" if row[1] > 0.05 else "hoeher" if row[4] == 1 else "niedriger"


def test_two_years_are_no_trend(town):
    assert town.rows(f"select distinct richtung, p from marts.fct_trend where {KEY}") == [("nicht_berechenbar", None)]


def test_inequality_by_hand(town):
    # 2020: shares of the 100 foreigners 0.4, 0.5, 0.1, of the 300 others 60, 150, 90 of 300: ½(0.2 + 0 + 0.2).
    ((raw, expected, corrected, isolation, areas),) = town.rows("select dissimilaritaet_roh, dissimilaritaet_zufall, dissimilaritaet, isolation, gebiete from marts.fct_ungleichheit where indikator_id = 'anteil_nichtdeutsche' and jahr = 2020 and teilebene = 'sozialraum'")
    assert raw == pytest.approx(0.2, rel=1e-12) and corrected == pytest.approx(raw - expected, rel=1e-12) and 0 < expected < 0.1
    assert isolation == pytest.approx(0.4 * 0.4 + 0.5 * 0.25 + 0.1 * 0.1, rel=1e-12) and areas == 3


def test_smoothed_shares_keep_the_town(town):
    rows = town.rows(f"select raumeinheit_id, wert_geglaettet, gewicht_eigen, wert_drei_jahre from marts.fct_geglaettet where {KEY} and jahr = 2020 order by 1")
    assert sum(value / 100 * GOLDEN[area][2020][0] for area, value, *_ in rows) == pytest.approx(100, rel=1e-9)
    assert 25 < rows[0][1] < 40 and 10 < rows[2][1] < 25 and all(0 < own < 1 for *_, own, _ in rows)
    assert {three for *_, three in rows} == {None}


def test_the_index_has_too_few_components_in_a_town_without_the_others(town):
    # Everybody is 40 and stays for twenty years: age and stay are equal everywhere, only nothing is known of minors.
    found = town.rows("select distinct bestandteile, fehlende_bestandteile, aussage from marts.fct_index where jahr = 2020 and ebene = 'sozialraum'")
    assert found == [(2, "anteil_nichtdeutsche_0_17", "kein nachweisbarer Unterschied")] or found == [(2, "anteil_nichtdeutsche_0_17", "nicht berechenbar")]
