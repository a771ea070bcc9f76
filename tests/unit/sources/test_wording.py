"""Names of files as sentences show them."""

import pytest

from sources.wording import together


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([], ""),
        (["a/b.csv"], "a/b.csv"),
        (["a/b.csv", "a/b.csv"], "a/b.csv"),
        (["a/t1-city.csv", "a/t1-districts.csv"], "a/t1-*.csv (2 Dateien)"),
        (["aa.csv", "aaa.csv"], "aa*.csv (2 Dateien)"),
        (["x\n1.csv", "x\n2.csv"], "x?*.csv (2 Dateien)"),
    ],
)
def test_several_files_in_one_name(names: list[str], shown: str) -> None:
    assert together(names) == shown
