"""The parsed project is kept once per state of the code, whoever comes first; models are built in an order of ours."""

from __future__ import annotations

import traceback
from pathlib import Path

import networkx
from dbt.graph.queue import GraphQueue

from methods.disclosure.protect import Unprotectable
from orchestration.dbt import MANIFEST, PARSED, _keep, _longest_way_first
from orchestration.failures import spoken
from warehouse.publish import PublishRefused


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


def test_what_most_hangs_on_is_built_first() -> None:
    # dbt's own queue asks for the order where _run put ours; were the method renamed, nobody would.
    assert hasattr(GraphQueue, "_get_scores")
    graph = networkx.DiGraph([("lange_1", "lange_2"), ("lange_2", "lange_3"), ("kurz_1", "kurz_2")])
    graph.add_node("allein")
    order = _longest_way_first(GraphQueue, graph)
    assert sorted(graph, key=lambda node: (order[node], node)) == ["lange_1", "kurz_1", "lange_2", "allein", "kurz_2", "lange_3"]


def test_what_a_model_says_to_people_is_found_in_its_trace() -> None:
    try:
        try:
            raise Unprotectable(["a | b"])
        except Unprotectable as error:
            raise PublishRefused("Nicht zu schützen: a | b.") from error
    except PublishRefused:
        assert spoken("Python model failed:\n" + traceback.format_exc()) == "Nicht zu schützen: a | b."
    # What nobody wrote for people may hold anything, also what a row holds.
    assert spoken("duckdb.ConversionException: Could not convert string 'Müller'") is None and spoken("None") is None
