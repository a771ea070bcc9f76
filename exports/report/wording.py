"""German sentences from verdicts. Rules only: no data, no markup, and never more certain than the test behind them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from exports.report.mart import HIGHER, LOWER, OPEN, SIMILAR
from methods.trend import FALLING, NO_TREND, NOT_COMPUTABLE, RISING

#: What a reader is told about five years; a series that could not be tested never becomes "no change".
TREND = {RISING: "steigt", FALLING: "fällt", NO_TREND: "keine nachweisbare Veränderung", NOT_COMPUTABLE: "lässt sich nicht sagen"}
TREND_SIGN = {RISING: "↗", FALLING: "↘", NO_TREND: "○", NOT_COMPUTABLE: "?"}
COMPARISON = {HIGHER: "höher", LOWER: "niedriger", SIMILAR: "kein nachweisbarer Unterschied", OPEN: "lässt sich nicht sagen"}
COMPARISON_SIGN = {HIGHER: "▲", LOWER: "▼", SIMILAR: "○", OPEN: "?"}
#: The one word for what a test bears, and what it means: methods.trend.judge, and the adjusted p-values of the marts per year and set of boundaries.
PROVEN = "nachweisbar"
FAMILY = "über alle Indikatoren, Gebiete und Ebenen desselben Jahres und Gebietsstands (Benjamini und Hochberg)"
CERTAINTY = "„Nachweisbar“ heißt: auch bei der großen Zahl gleichzeitiger Prüfungen. Von allen Unterschieden eines Jahres, die so heißen, sind im Mittel höchstens 5 Prozent falsch, ebenso von allen Entwicklungen."
#: As values carry them; of whom a rate counts stands in its name and definition.
UNIT = {
    "Prozent": "%", "Prozentpunkte": "Pp.", "je 100 Personen": "je 100", "je 100 Einwohner": "je 100", "je 1.000 Einwohner": "je 1.000", "je 10.000 Einwohner": "je 10.000", "je 1.000 Frauen": "je 1.000",
    "je 1.000 unter 65": "je 1.000", "je 1.000 unter 21": "je 1.000", "je 1.000 unter 18": "je 1.000", "je 1.000 Nichtdeutsche": "je 1.000", "je 1.000 unter 18-Jährige": "je 1.000", "je 1.000 unter 15-Jährige": "je 1.000",
    "je 1.000 6- bis 17-Jährige": "je 1.000", "je 1.000 ab 65-Jährige": "je 1.000", "je 1.000 ab 80-Jährige": "je 1.000", "Plätze je 100 Kinder": "je 100", "Kinder je 100 Plätze": "je 100",
    "Personen je Haushalt": "Personen", "Personen je Bedarfsgemeinschaft": "Personen", "Einwohner je ha": "je ha", "Abfahrten je Haltestelle": "Abfahrten", "m² je Einwohner": "m²",
}  # fmt: skip
DIGITS = {"Personen": 0, "Verhältnis": 2, "Haushalte": 0, "Plätze": 0, "Anzahl": 0, "Fälle": 0, "Faktor": 2}
#: Units of mere counts: a larger area has more of them, so they are not compared.
COUNTS = ("Personen", "Haushalte")
#: How the 95-% interval of a value is worked out, by the catalogue's key.
INTERVAL = {
    "wilson": "nach Wilson", "byar": "nach Byar, unter 10 Fällen exakt", "t": "nach der t-Verteilung", "keine": "keiner",
    "dsr": "nach Dobson, für eine direkt altersstandardisierte Rate",
}  # fmt: skip
STANDARDISED = "Direkt altersstandardisiert: die Rate jeder Altersgruppe zählt so viel, wie die Altersgruppe in der Europastandardbevölkerung 2013 ausmacht; die Summe je {faktor} Einwohner. Die Altersgruppen selbst sind nicht veröffentlicht."
#: What the catalogue says where the basis differs between deliveries; a reader gets those of the deliveries used.
PER_DELIVERY = "Rechtsgrundlage je Lieferung"
#: The legend of a map whose areas all have one colour.
ALIKE = "überall derselbe Wert"
MINUS = "−"
NARROW = "\u202f"


def number(value: float | None, digits: int = 1) -> str:
    """1234.5 -> 1.234,5; unknown -> empty. A rounded zero has no sign."""
    if value is None or math.isnan(value):
        return ""
    rounded = round(float(value), digits) + 0.0
    text = f"{abs(rounded):,.{digits}f}".translate(str.maketrans(",.", ".,"))
    return MINUS + text if rounded < 0 else text


def digits_of(unit: str) -> int:
    return DIGITS.get(unit, 1)


def amount(value: float | None, unit: str) -> str:
    """Value with its unit as it stands in running text: 12,3 %; 58.123 Personen."""
    text = number(value, digits_of(unit))
    return f"{text}{NARROW}{UNIT.get(unit, unit)}" if text else ""


def span(low: float | None, high: float | None, unit: str) -> str:
    """95-% interval: 11,2 bis 13,5; empty where there is none."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    return f"{number(low, digits_of(unit))} bis {number(high, digits_of(unit))}"


def chance(share: float | None) -> str:
    """0.798 -> 79: rounded down, so that what is shown is never on the other side of a threshold than what decides."""
    return number(math.floor(round(100 * share, 6)), 0) if share is not None else ""


def day(iso: str) -> str:
    """2025-03-01, as records keep it -> 01.03.2025"""
    return f"{date.fromisoformat(iso):%d.%m.%Y}"


def listing(words: Sequence[str]) -> str:
    """a, b und c"""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} und {words[-1]}" if words else ""


def counted(number_of: int, one: str, many: str = "") -> str:
    """1 -> ``one``; 3, "Gebiete" -> drei Gebiete; from 13 on in figures."""
    small = ("kein", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf")
    if number_of == 1:
        return one
    return f"{small[number_of] if 1 < number_of < len(small) else number(number_of, 0)} {many}".strip()


def fraction(numerator: str, denominator: str | None) -> str:
    """a, b + c -> a / (b + c): a sum keeps together, and before a fraction a factor holds for the whole of it."""
    if not denominator:
        return numerator
    above, below = (f"({part})" if " " in part else part for part in (numerator, denominator))
    return f"{above} / {below}"


def trend_sentence(name: str, unit: str, verdict: str, first: tuple[int, float], last: tuple[int, float]) -> str:
    """One line on the last five years. ``first``/``last``: year and value; the direction is the test's, not the numbers'."""
    if verdict == NOT_COMPUTABLE:
        return f"{name}: Ob sich etwas verändert hat, lässt sich nicht sagen."
    then, now = amount(first[1], unit), amount(last[1], unit)
    sure = f"{PROVEN} " if verdict in (RISING, FALLING) else ""
    # All five years decide; where the two ends alone would say something else, they stand beside each other.
    if (last[1] - first[1]) * {RISING: 1, FALLING: -1}.get(verdict, 0) > 0:
        return f"{name}: {TREND[verdict]} {sure}von {then} ({first[0]}) auf {now} ({last[0]})."
    return f"{name}: {TREND[verdict]} {sure}({first[0]}: {then}, {last[0]}: {now})."


def comparison_sentence(name: str, unit: str, verdict: str, value: float, rest: float) -> str:
    """One line on an area against the rest of the town."""
    if verdict == OPEN:
        return f"{name}: Ob es einen Unterschied zum Rest der Stadt gibt, lässt sich nicht sagen."
    both = f"{amount(value, unit)} gegenüber {amount(rest, unit)} im Rest der Stadt"
    return f"{name}: {PROVEN} {COMPARISON[verdict]} ({both})." if verdict != SIMILAR else f"{name}: {COMPARISON[verdict]} zum Rest der Stadt."


def judged(verdict: str, polarity: int) -> str:
    """What the difference means where the catalogue says so; empty for indicators without polarity or without difference."""
    side = {HIGHER: 1, LOWER: -1}.get(verdict, 0) * polarity
    return {1: "günstiger", -1: "ungünstiger"}.get(side, "")


def overview(verdicts: Sequence[str], higher: Sequence[str], lower: Sequence[str]) -> str:
    """The paragraph that opens a profile: how many indicators differ, which, and for how many it cannot be said."""
    count = {verdict: sum(v == verdict for v in verdicts) for verdict in (HIGHER, LOWER, SIMILAR, OPEN)}
    tested = count[HIGHER] + count[LOWER] + count[SIMILAR]
    if not tested:
        return "Ob sich das Gebiet vom Rest der Stadt unterscheidet, lässt sich mit den veröffentlichten Zahlen nicht sagen."
    differ = count[HIGHER] + count[LOWER]
    if not differ:
        text = f"Bei {_of(tested)} ist kein Unterschied zum Rest der Stadt nachweisbar; das heißt nicht, dass es keinen gibt."
    else:
        text = f"Von {counted(tested, 'einem prüfbaren Indikator', 'prüfbaren Indikatoren')} {'weicht' if differ == 1 else 'weichen'} {counted(differ, 'einer')} nachweisbar vom Rest der Stadt ab."
        text += f" Höher: {listing(higher)}." if higher else ""
        text += f" Niedriger: {listing(lower)}." if lower else ""
        if count[SIMILAR]:
            text += f" Bei {counted(count[SIMILAR], 'einem')} ist kein Unterschied nachweisbar."
    if count[OPEN]:
        text += f" Bei {counted(count[OPEN], 'einem weiteren', 'weiteren')} lässt es sich nicht sagen, weil Zahlen fehlen oder kein Test möglich ist."
    return text


def _of(tested: int) -> str:
    return "dem einen prüfbaren Indikator" if tested == 1 else f"allen {counted(tested, '', 'prüfbaren Indikatoren')}"


def trends(verdicts: Sequence[str], rising: Sequence[str], falling: Sequence[str]) -> str:
    """The same for the last five years."""
    count = {verdict: sum(v == verdict for v in verdicts) for verdict in TREND}
    tested = len(verdicts) - count[NOT_COMPUTABLE]
    if not tested:
        return "Wie sich das Gebiet in den letzten fünf Jahren verändert hat, lässt sich nicht sagen: dafür braucht es fünf aufeinanderfolgende Jahre mit Fallzahlen auf denselben Grenzen."
    parts = []
    if rising:
        parts.append(f"In den letzten fünf Jahren {'steigt' if len(rising) == 1 else 'steigen'} {PROVEN}: {listing(rising)}.")
    if falling:
        parts.append(f"{'Es' if rising else 'In den letzten fünf Jahren'} {'fällt' if len(falling) == 1 else 'fallen'} {PROVEN}: {listing(falling)}.")
    if not parts:
        parts.append(f"In den letzten fünf Jahren ist bei {_of(tested)} keine Veränderung nachweisbar.")
    elif count[NO_TREND]:
        parts.append(f"Bei {counted(count[NO_TREND], 'einem Indikator', 'Indikatoren')} ist keine Veränderung nachweisbar.")
    if count[NOT_COMPUTABLE]:
        parts.append(f"Bei {counted(count[NOT_COMPUTABLE], 'einem')} lässt es sich nicht sagen.")
    return " ".join(parts)
