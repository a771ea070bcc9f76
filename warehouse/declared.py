"""What people wrote into a YAML file, and what is wrong with it in German. Knows pydantic's and YAML's errors, and no file."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic import ValidationError

TEXT, LIST, DATE = "erwartet wird Text (Ziffern in Anführungszeichen)", "erwartet wird eine Liste", "erwartet wird ein Datum wie 2024-12-31"
WHOLE, NUMBER, BOOL = "erwartet wird eine ganze Zahl", "erwartet wird eine Zahl", "erwartet wird true oder false"
#: Kind of pydantic's error -> our words, with fields of its context.
WORDS = {
    "missing": "der Schlüssel fehlt", "extra_forbidden": "unbekannter Schlüssel", "string_type": TEXT, "path_type": TEXT, "tuple_type": LIST, "list_type": LIST,
    "int_type": WHOLE, "int_parsing": WHOLE, "int_from_float": WHOLE, "float_type": NUMBER, "float_parsing": NUMBER, "bool_type": BOOL, "bool_parsing": BOOL,
    "date_type": DATE, "date_parsing": DATE, "date_from_datetime_parsing": DATE, "date_from_datetime_inexact": DATE,
    "dict_type": "erwartet werden Schlüssel mit Werten", "model_type": "erwartet werden Schlüssel mit Werten", "model_attributes_type": "erwartet werden Schlüssel mit Werten",
    "literal_error": "erlaubt ist nur {expected}", "greater_than_equal": "mindestens {ge}", "less_than_equal": "höchstens {le}", "too_short": "mindestens {min_length} Einträge",
    "string_pattern_mismatch": "passt nicht zum Muster {pattern}",
}  # fmt: skip


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The loader written in C reads a town ten times as fast."""


def _once(loader: Any, node: Any, deep: bool = False) -> dict[Any, Any]:
    keys = [key.value for key, _ in node.value]
    if doubled := next((key for key, _ in node.value if keys.count(key.value) > 1), None):
        raise Unreadable(f", Zeile {doubled.start_mark.line + 1}: der Schlüssel {doubled.value} steht mehrfach da")
    loader.flatten_mapping(node)
    return yaml.constructor.SafeConstructor.construct_mapping(loader, node, deep)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _once)


class Unreadable(ValueError):
    """No YAML; the text says in German what it is instead, beginning with the line where it is known."""


def read(data: bytes) -> Any:
    """The content of a YAML file, None for an empty one; Unreadable where it is none, or a key stands in it twice."""
    try:
        return yaml.load(data.decode("utf-8"), Loader=_Loader)
    except UnicodeDecodeError:
        raise Unreadable(": nicht in UTF-8 geschrieben; bitte so speichern") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Unreadable(f"{f', Zeile {mark.line + 1}' if mark else ''}: kein gültiges YAML; bitte Einrückung und Doppelpunkte prüfen") from None
    except Unreadable:
        raise
    except ValueError:
        raise Unreadable(": ein Datum darin gibt es nicht") from None


def wrong(error: ValidationError) -> str:
    """The first thing that does not fit: keys from the top, entries of lists counted from 1, and why."""
    first = error.errors()[0]
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"]) or "Datei"
    context = {name: str(value).replace(" or ", " oder ") for name, value in first.get("ctx", {}).items()}
    said = WORDS[first["type"]].format(**context) if first["type"] in WORDS else context.get("error", first["msg"])
    return f"{where}: {said}"
