"""The QGIS style of a layer: classes that a reader of the legend can check, grey for no value, names with units."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from exports.formats import _qml


def style(values: list[float], unit: str = "Prozent") -> ElementTree.Element:
    text = _qml(["fid", "name", "quote"], {"name": "Gebiet", "quote": 'Quote "A" & B (Prozent)'}, "quote", unit, sorted(set(values)))
    return ElementTree.fromstring(text.split("\n", 1)[1])


def rules(root: ElementTree.Element) -> list[tuple[str, str]]:
    return [(rule.attrib["filter"], rule.attrib["label"]) for rule in root.iter("rule")]


def test_five_classes_and_grey_for_no_value() -> None:
    """1 to 10: quantiles at 2.8, 4.6, 6.4 and 8.2."""
    found = rules(style([float(v) for v in range(1, 11)]))
    assert [label for _, label in found] == ["unter 2,8 %", "2,8 bis unter 4,6 %", "4,6 bis unter 6,4 %", "6,4 bis unter 8,2 %", "8,2 % und mehr", "kein Wert"]
    assert found[1][0] == '"quote" >= 2.8 AND "quote" < 4.6' and found[-1][0] == "ELSE"


@pytest.mark.parametrize(("values", "labels"), [([14.94], ["14,9 %", "kein Wert"]), ([], ["kein Wert"]), ([1.0, 1.01], ["1,0 %", "kein Wert"])])
def test_few_values_leave_no_empty_class(values: list[float], labels: list[str]) -> None:
    assert [label for _, label in rules(style(values))] == labels


def test_columns_are_called_by_name_and_unit() -> None:
    root = style([1.0, 2.0])
    assert [(a.attrib["index"], a.attrib["field"], a.attrib["name"]) for a in root.iter("alias")] == [("0", "fid", ""), ("1", "name", "Gebiet"), ("2", "quote", 'Quote "A" & B (Prozent)')]
    assert {s.attrib["name"] for s in root.iter("symbol")} == {r.attrib["symbol"] for r in root.iter("rule")}
    (label,) = root.iter("text-style")
    assert root.attrib["labelsEnabled"] == "1" and label.attrib["fieldName"] == """coalesce("name", '') || '\n' || coalesce(format_number("quote", 1, 'de'), 'kein Wert')"""
