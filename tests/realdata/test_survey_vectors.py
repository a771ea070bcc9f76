"""Survey estimates against the published results of the R package laeken on its own EU-SILC style file."""

from pathlib import Path

import pandas as pd
import pytest

from methods.survey import at_risk_of_poverty, gini

EUSILC = Path(__file__).parents[3] / "shared" / "data" / "umfrage-eusilc" / "eusilc.csv"

pytestmark = pytest.mark.skipif(not EUSILC.is_file(), reason="../shared/data/umfrage-eusilc fehlt")


@pytest.fixture(scope="module")
def persons():
    return pd.read_csv(EUSILC, usecols=["eqIncome", "rb050"])


def test_at_risk_of_poverty_rate(persons):
    assert round(100 * at_risk_of_poverty(persons.eqIncome, persons.rb050), 5) == 14.44422


def test_gini(persons):
    assert round(100 * gini(persons.eqIncome, persons.rb050), 5) == 26.48962
