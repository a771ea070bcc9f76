"""Berlin from its published files to its report, by the command a town types."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.pipeline.conftest import Town

#: Largest page.
PAGE_BYTES = 2_000_000


@pytest.fixture(scope="module")
def berlin(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town(tmp_path_factory.mktemp("berlin") / "data")
    done = town.run("--city", "berlin", "--deliveries", str(real_data / "berlin"))
    print(next(line for line in done.stdout.splitlines() if line.startswith("Dauer")))
    return town


@pytest.fixture(scope="module")
def site(berlin: Town) -> Path:
    return berlin.current / "reports" / "bericht"


def test_profiles_of_districts_and_regions_until_2020(site: Path) -> None:
    levels = Counter(page.stem.split("-")[1] for page in site.glob("gebiet-*.html"))
    assert levels == {"bezirk": 12, "bezirksregion": 138}


def test_no_page_is_larger_than_a_phone_likes(site: Path) -> None:
    assert {page.name: page.stat().st_size for page in site.rglob("*.*") if page.stat().st_size > PAGE_BYTES} == {}


def test_maps_show_all_planning_areas_of_2020_and_those_of_2021_stand_in_tables(site: Path) -> None:
    page = (site / "indikator-anteil_65_plus.html").read_text(encoding="utf-8")
    maps = {level: len(re.findall("<path", part)) for level, part in re.findall(r'<svg[^>]*data-ebene="([a-z]+)"(.*?)</svg>', page, re.S)}
    assert maps == {"bezirk": 12, "bezirksregion": 138, "planungsraum": 448}
    assert "ohne Karte" in page and "keine Umrisse geliefert" in " ".join(re.sub("<[^>]+>", " ", page).split())


def test_published_counts_are_not_protected_and_the_release_can_be_proved(berlin: Town) -> None:
    release = json.loads((berlin.current / "release.json").read_text())
    assert not release["simuliert"]
    with berlin.mart() as mart:
        assert mart.execute("select count(*) > 0, count(*) filter (status_id = 'geheim_schutz') from fct_kennzahl").fetchone() == (True, 0)
    verified = berlin.call("verify")
    assert verified.returncode == 0 and "Alles stimmt" in verified.stdout, verified.stdout
