"""The parsed project is kept once per state of the code, whoever comes first."""

from __future__ import annotations

from pathlib import Path

from orchestration.dbt import MANIFEST, PARSED, _keep


def parsed(folder: Path, text: str) -> Path:
    folder.mkdir()
    for name in (MANIFEST, PARSED):
        (folder / name).write_text(text)
    return folder


def test_the_first_stays_and_older_states_of_the_code_go(tmp_path: Path) -> None:
    shelf = tmp_path / "target"
    old, new = shelf / ("a" * 64), shelf / ("b" * 64)
    assert _keep(parsed(tmp_path / "1", "erster"), old) == old
    # Another process had parsed the same at the same time: what is there is read by others already and stays.
    assert _keep(parsed(tmp_path / "2", "zweiter"), old) == old
    assert {path.name for path in shelf.iterdir()} == {old.name} and (old / MANIFEST).read_text() == "erster"
    assert _keep(parsed(tmp_path / "3", "neuer Code"), new) == new
    assert {path.name for path in shelf.iterdir()} == {new.name} and (new / PARSED).read_text() == "neuer Code"
