"""The composite index against every published class of the Berlin MSS (tables 1 and 2-1)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from methods.index import composite, dynamics, status, status_dynamics

MSS = Path(__file__).parents[3] / "shared" / "data" / "berlin" / "mss"
TABLE = "berlin-lor-monitoring-social-urban-development-{}-00-{}.csv"

pytestmark = pytest.mark.skipif(not MSS.is_dir(), reason="../shared/data/berlin/mss fehlt")


def edition(year):
    """Classified areas with their published classes and the shares S and D. Editions from 2019 on have no S2 and D2."""
    published, shares = (pd.read_csv(MSS / TABLE.format(year, table), dtype={"id": str}) for table in ("1", "2-1"))
    areas = published.merge(shares, on="id", validate="one_to_one")
    return areas, *(areas.filter(regex=rf"^{kind}\d_").to_numpy() for kind in "sd")


@pytest.mark.parametrize("year, areas, indicators", [(2015, 435, 4), (2017, 436, 4), (2021, 536, 3)])
def test_every_class_of_every_edition(year, areas, indicators):
    published, s, d = edition(year)
    assert s.shape == d.shape == (areas, indicators)
    s, d = composite(s), composite(d)
    assert (status(s) == published.status_index_klasse.str.strip()).all()
    assert (dynamics(d) == published.dynamik_index_klasse.str.strip()).all()
    assert (status_dynamics(s, d) == published.status_dynamik_index.str.strip()).all()


def test_the_sample_standard_deviation_would_flip_one_area():
    published, _, d = edition(2015)
    with_ddof_1 = composite(d) * np.sqrt((len(d) - 1) / len(d))  # S/sd₁(S); the z values lose the same factor
    different = published.id[dynamics(with_ddof_1) != published.dynamik_index_klasse.str.strip()]
    assert different.tolist() == ["07070707"]
