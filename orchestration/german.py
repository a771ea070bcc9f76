"""What the command line says by itself, in German: Click's words in help and errors, and how a day is written."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click
from click import core, decorators, exceptions, formatting, parser, types

#: Click's text -> ours, with the same fields. Click translates through gettext, but ships no languages.
SAID = {
    "Usage:": "Aufruf:",
    "Options": "Angaben",
    "Commands": "Befehle",
    "Show this message and exit.": "Diese Hilfe zeigen.",
    "default: {default}": "Vorgabe: {default}",
    "required": "nötig",
    "Aborted!": "Abgebrochen.",
    "Error: {message}": "Fehler: {message}",
    "Try '{command} {option}' for help.": "Hilfe zeigt: {command} {option}",
    "Missing command.": "Der Befehl fehlt.",
    "Missing argument": "Es fehlt",
    "Missing option": "Es fehlt",
    "Invalid value: {message}": "{message}",
    "Invalid value for {param_hint}: {message}": "{param_hint}: {message}",
    "Choose from:\n\t{choices}": "Möglich sind:\n\t{choices}",
    "{value!r} is not one of {choices}.": "{value!r} gibt es nicht; möglich sind {choices}.",
    "{value!r} is not a valid {number_type}.": "{value!r} ist keine ganze Zahl.",
    "{value} is not in the range {range}.": "{value} liegt nicht im Bereich {range}.",
    "No such option {name!r}.": "Die Angabe {name!r} gibt es nicht.",
    "No such command {name!r}.": "Den Befehl {name!r} gibt es nicht.",
    "Did you mean {possibility}?": "Gemeint {possibility}?",
    "(Did you mean one of: {possibilities}?)": "Gemeint eines von {possibilities}?",
    "Option {name!r} requires an argument.": "Nach {name!r} fehlt der Wert.",
    "Option {name!r} does not take a value.": "Die Angabe {name!r} steht allein, ohne Wert.",
    "Got unexpected extra argument ({args})": "Überzählig: {args}",
    "Got unexpected extra arguments ({args})": "Überzählig: {args}",
}


def _said(text: str) -> str:
    return SAID.get(text, text)


def _said_of(one: str, several: str, count: int) -> str:
    return _said(one if count == 1 else several)


for module in (core, decorators, exceptions, formatting, parser, types):
    for name, ours in (("_", _said), ("ngettext", _said_of)):
        if hasattr(module, name):
            setattr(module, name, ours)


class Command(click.Command):
    """A command whose usage line is German, and whose first sentence stands whole in the list of commands."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **{"options_metavar": "[ANGABEN]"} | named)

    def get_short_help_str(self, limit: int = 1_000) -> str:
        return super().get_short_help_str(1_000)


class Day(click.ParamType):
    """A date as people here write it, or as machines do."""

    name = "tag"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        for shape in ("%Y-%m-%d", "%d.%m.%Y"):
            try:
                return datetime.strptime(value, shape).date()
            except ValueError:
                continue
        self.fail(f"{value!r} ist kein Tag; bitte so: 31.12.2026 oder 2026-12-31.", param, ctx)
