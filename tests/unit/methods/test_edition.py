"""From rows of components to what a report may say about an area."""

import numpy as np
import pytest

from methods.edition import indices
from methods.index import NO_DIFFERENCE, composite, status
from methods.comparison import FDR_LEVEL

AREAS = ["a", "b", "c", "d", "e"]


def rows(counts, years=(2020,), **catalogue):
    """counts: year -> indicator -> five numerators (None: not there) of 11,200 residents each."""
    found = []
    settings = {"verfahren": "z", "klassen": "status", "ankerjahr": np.nan, "mindestens": 1, "ordnet_gefaelle": True, "vorzeichen": 1.0} | catalogue
    for year in years:
        for indicator, numerators in counts[year].items():
            there = any(x is not None for x in numerators)
            for area, x in zip(AREAS, numerators, strict=True):
                found.append({
                    "index_id": "i", "gebietsstand": "g", "ebene": "raum", "jahr": year, "stichtag": f"{year}-12-31", "raumeinheit_id": area, "lieferung_id": "l",
                    "indikator_id": indicator, "gruppe": indicator, "gewicht": 1.0, "zaehler": np.nan if x is None else float(x), "nenner": 11_200.0, "designeffekt": 2.0,
                    "wert": np.nan if x is None else settings["vorzeichen"] * x / 112, "vorhanden": there, **settings,
                })  # fmt: skip
    return {name: np.array([row[name] for row in found], dtype=object if isinstance(found[0][name], str) else None) for name in found[0]}


def shown(found, column):
    return dict(zip(found["raumeinheit_id"], found[column], strict=True))


def test_index_and_class_are_those_of_the_method():
    counts = [500, 700, 900, 1100, 1900]
    found = indices(rows({2020: {"x": counts}}))
    expected = composite(np.array(counts)[:, None] / 112)
    np.testing.assert_allclose(found["wert"], expected)
    assert found["klasse"] == status(expected).tolist()
    # 1,900 of 11,200 against 500 to 1,100: nothing but the worst class, whatever is drawn.
    assert shown(found, "aussage")["e"] == "sehr niedrig" and shown(found, "klasse_wahrscheinlichkeit")["e"] > 0.99
    assert max(found["p_homogenitaet"]) < 1e-10


def test_equal_areas_are_called_equal_whatever_their_index():
    found = indices(rows({2020: {"x": [1000, 1010, 990, 1005, 995]}}))
    assert set(found["aussage"]) == {NO_DIFFERENCE} and min(found["p_homogenitaet"]) > FDR_LEVEL
    assert set(found["klasse"]) != {"mittel"}  # the classes alone would have told a story


def test_a_missing_component_is_named_and_a_missing_value_leaves_the_area_out():
    found = indices(rows({2020: {"x": [500, 700, 900, 1100, 1900], "y": [None] * 5, "z": [500, 700, None, 1100, 1900]}}))
    assert set(found["bestandteile"]) == {2} and set(found["fehlende_bestandteile"]) == {"y"}
    assert shown(found, "klasse")["c"] is None and np.isnan(shown(found, "wert")["c"])
    assert shown(found, "aussage")["c"] == "nicht berechenbar"


def test_too_few_components_make_no_index():
    found = indices(rows({2020: {"x": [1, 2, 3, 4, 5]}}, mindestens=2))
    assert np.isnan(found["wert"]).all() and set(found["aussage"]) == {"nicht berechenbar"}


def test_rates_without_counts_have_classes_and_no_probability():
    given = rows({2020: {"x": [500, 700, 900, 1100, 1900], "y": [1, 2, 3, 4, 9]}})
    given["zaehler"][:] = np.nan
    found = indices(given)
    assert shown(found, "klasse")["e"] == "sehr niedrig" and np.isnan(found["klasse_wahrscheinlichkeit"]).all()
    assert shown(found, "klasse_ohne_einen")["e"] == 1 and shown(found, "klasse_gewichte")["e"] == 1


def test_the_anchored_index_sees_that_everybody_got_worse():
    base, later = [500, 700, 900, 1100, 1300], [1500, 1700, 1900, 2100, 2300]
    found = indices(rows({2015: {"x": base}, 2020: {"x": later}}, years=(2015, 2020), ankerjahr=2015.0))
    now = np.array(found["jahr"]) == 2020
    np.testing.assert_allclose(np.array(found["wert_verankert"])[~now], np.array(found["wert"])[~now], atol=1e-12)
    # Relative to each other nothing changed; measured at 2015 (mean 900, SD 283) all are beyond 1.5.
    np.testing.assert_allclose(np.array(found["wert"])[now], np.array(found["wert"])[~now], atol=1e-12)
    assert np.array(found["klasse_verankert"])[now].tolist() == ["sehr niedrig"] * 5
    assert np.array(found["aussage_verankert"])[now].tolist() == ["sehr niedrig"] * 5


@pytest.mark.parametrize("method", ["exp", "minmax"])
def test_other_scales_have_no_classes(method):
    found = indices(rows({2020: {"x": [500, 700, 900, 1100, 1900]}}, verfahren=method))
    assert not np.isnan(found["wert"]).any() and set(found["klasse"]) == {None}
    assert np.argmax(found["wert"]) == 4


def test_the_same_rows_give_the_same_draws():
    given = rows({2020: {"x": [500, 700, 900, 1100, 1200]}})
    assert indices(given)["klasse_wahrscheinlichkeit"] == indices(given)["klasse_wahrscheinlichkeit"]
