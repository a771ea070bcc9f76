"""What the command line says by itself is German, in help and in errors."""

from __future__ import annotations

import ast
import re
from datetime import date
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from orchestration.cli import main
from orchestration.german import SAID, Day

ENGLISH = re.compile(r"\b(Usage|Options|Commands|Error|Try|Show this|Missing|Invalid|default|required|COMMAND|ARGS|INTEGER|QUERY|OPTIONS|choose|did you)\b", re.I)


@pytest.mark.parametrize("command", [None, *main.commands])
def test_help(command: str | None) -> None:
    said = CliRunner().invoke(main, [*filter(None, [command]), "--help"])
    assert said.exit_code == 0 and "Diese Hilfe zeigen." in said.output
    assert not ENGLISH.search(said.output), said.output


def test_the_list_of_commands_cuts_no_sentence() -> None:
    assert "..." not in CliRunner().invoke(main, ["--help"]).output.partition("Befehle:")[2]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ("freigabe", "Es fehlt '--zielgruppe'. Möglich sind:\n\ttraeger,\n\toeffentlich"),
        ("freigabe --zielgruppe alle", "'--zielgruppe': 'alle' gibt es nicht; möglich sind 'traeger', 'oeffentlich'."),
        ("freigabe --zielgruppe", "Nach '--zielgruppe' fehlt der Wert."),
        ("freigabe --zielgruppe traeger --datum morgen", "'--datum': 'morgen' ist kein Tag; bitte so: 31.12.2026 oder 2026-12-31."),
        ("freigabe --simuliert=ja", "Die Angabe '--simuliert' steht allein, ohne Wert."),
        ("freigabe --rollen A", "Die Angabe '--rollen' gibt es nicht. Gemeint '--rolle'?"),
        ("frei", "Den Befehl 'frei' gibt es nicht. Gemeint 'freigabe'?"),
        ("erklaere einwohner", "Es fehlt 'GEBIET'."),
        ("erklaere einwohner 01 heute", "'JAHR': 'heute' ist keine ganze Zahl."),
        ("status jetzt bitte", "Überzählig: jetzt bitte"),
        ("run --ausgabe 2026", "--ausgabe: Eine Ausgabe heißt nach ihrem Monat, etwa 2026-03."),
    ],
)
def test_wrong_use(call: str, sentence: str) -> None:
    said = CliRunner().invoke(main, call.split())
    assert said.exit_code == 2
    assert said.stderr.rstrip().endswith(f"Fehler: {sentence}")
    assert not ENGLISH.search(said.stderr), said.stderr


@pytest.mark.parametrize("text", ["31.12.2026", "2026-12-31"])
def test_a_day(text: str) -> None:
    assert Day().convert(text, None, None) == date(2026, 12, 31)


def test_click_still_says_what_is_translated() -> None:
    """Another version with other words would speak English again."""
    texts = {
        node.value
        for path in Path(click.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert not SAID.keys() - texts
