"""What Berlin's published files become for readers."""

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
def site(berlin_town: Town) -> Path:
    return berlin_town.current / "reports" / "bericht"


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


def test_published_counts_are_not_protected_and_the_release_can_be_proved(berlin_town: Town) -> None:
    release = json.loads((berlin_town.current / "release.json").read_text())
    assert not release["simuliert"]
    with berlin_town.mart() as mart:
        assert mart.execute("select count(*) > 0, count(*) filter (status_id = 'geheim_schutz') from fct_kennzahl").fetchone() == (True, 0)
    verified = berlin_town.call("verify")
    assert verified.returncode == 0 and "Alles stimmt" in verified.stdout, verified.stdout
