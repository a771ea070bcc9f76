"""What the report says from which verdict, and what it must never say."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from exports.report import editorial, wording
from exports.report.mart import HIGHER, LOWER, OPEN, SIMILAR
from methods.trend import FALLING, NO_TREND, NOT_COMPUTABLE, RISING

ENDS = (2020, 12.0), (2024, 13.46)


def test_every_verdict_has_its_words() -> None:
    assert wording.TREND == {RISING: "steigt", FALLING: "fällt", NO_TREND: "keine nachweisbare Veränderung", NOT_COMPUTABLE: "lässt sich nicht sagen"}
    assert set(wording.COMPARISON) == set(wording.COMPARISON_SIGN) == {HIGHER, LOWER, SIMILAR, OPEN}
    assert len(set(wording.TREND_SIGN.values())) == len(set(wording.COMPARISON_SIGN.values())) == 4


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (RISING, "Anteil X: steigt nachweisbar von 12,0\u202f% (2020) auf 13,5\u202f% (2024)."),
        # The five years say so, their two ends do not: nobody falls "from 12 to 13,5".
        (FALLING, "Anteil X: fällt nachweisbar (2020: 12,0\u202f%, 2024: 13,5\u202f%)."),
        (NO_TREND, "Anteil X: keine nachweisbare Veränderung (2020: 12,0\u202f%, 2024: 13,5\u202f%)."),
        (NOT_COMPUTABLE, "Anteil X: Ob sich etwas verändert hat, lässt sich nicht sagen."),
    ],
)
def test_trend_sentence(verdict: str, said: str) -> None:
    assert wording.trend_sentence("Anteil X", "Prozent", verdict, *ENDS) == said


def test_the_untestable_is_never_no_change() -> None:
    texts = [
        wording.trend_sentence("Anteil X", "Prozent", NOT_COMPUTABLE, *ENDS),
        wording.trends([NOT_COMPUTABLE] * 3, [], []),
        wording.comparison_sentence("Anteil X", "Prozent", OPEN, 12.0, 13.0),
        wording.overview([OPEN, OPEN], [], []),
    ]
    for text in texts:
        assert "nicht sagen" in text
        assert "keine" not in text.lower() and "kein " not in text.lower() and "unverändert" not in text


def test_comparison_sentence() -> None:
    assert wording.comparison_sentence("Anteil X", "Prozent", HIGHER, 12, 10.04) == "Anteil X: nachweisbar höher (12,0\u202f% gegenüber 10,0\u202f% im Rest der Stadt)."
    assert wording.comparison_sentence("Anteil X", "Prozent", SIMILAR, 12, 10) == "Anteil X: kein nachweisbarer Unterschied zum Rest der Stadt."


def test_overview_counts_and_names() -> None:
    said = wording.overview([HIGHER, LOWER, SIMILAR, SIMILAR, OPEN], ["A"], ["B"])
    assert said == (
        "Von vier prüfbaren Indikatoren weichen zwei nachweisbar vom Rest der Stadt ab. Höher: A. Niedriger: B. Bei zwei ist kein Unterschied nachweisbar. "
        "Bei einem weiteren lässt es sich nicht sagen, weil Zahlen fehlen oder kein Test möglich ist."
    )
    assert wording.overview([SIMILAR] * 3, [], []) == "Bei allen drei prüfbaren Indikatoren ist kein Unterschied zum Rest der Stadt nachweisbar; das heißt nicht, dass es keinen gibt."
    assert wording.overview([HIGHER], ["A"], []) == "Von einem prüfbaren Indikator weicht einer nachweisbar vom Rest der Stadt ab. Höher: A."


def test_trends_counts_and_names() -> None:
    assert wording.trends([RISING, FALLING, NO_TREND, NOT_COMPUTABLE], ["A"], ["B"]) == (
        "In den letzten fünf Jahren steigt nachweisbar: A. Es fällt nachweisbar: B. Bei einem Indikator ist keine Veränderung nachweisbar. Bei einem lässt es sich nicht sagen."
    )
    assert wording.trends([NO_TREND] * 2 + [NOT_COMPUTABLE], [], []) == (
        "In den letzten fünf Jahren ist bei allen zwei prüfbaren Indikatoren keine Veränderung nachweisbar. Bei einem lässt es sich nicht sagen."
    )


@pytest.mark.parametrize(("verdict", "polarity", "word"), [(HIGHER, 1, "günstiger"), (HIGHER, -1, "ungünstiger"), (LOWER, -1, "günstiger"), (HIGHER, 0, ""), (SIMILAR, -1, ""), (OPEN, 1, "")])
def test_a_judgement_needs_a_difference_and_a_declared_polarity(verdict: str, polarity: int, word: str) -> None:
    assert wording.judged(verdict, polarity) == word


@pytest.mark.parametrize(("value", "digits", "text"), [(1234.56, 1, "1.234,6"), (-0.04, 1, "0,0"), (-2.5, 1, "−2,5"), (math.nan, 1, ""), (None, 0, ""), (58439, 0, "58.439")])
def test_numbers_in_german(value: float | None, digits: int, text: str) -> None:
    assert wording.number(value, digits) == text


def test_editorial_keeps_text_and_nothing_that_leads_out() -> None:
    written = "## Lage\n\nEin *neuer* Absatz mit [Verweis](https://example.org) <script>alert(1)</script> und ![Bild](https://example.org/a.png).\n\n- eins\n- zwei"
    shown = editorial.html(written)
    assert "<h4>Lage</h4>" in shown and "<em>neuer</em>" in shown and "<li>" in shown
    assert "Verweis" in shown and "Bild" in shown
    assert "<script" not in shown and "<a " not in shown and "<img" not in shown and "//" not in shown
    assert editorial.plain("Ein **wichtiger** Satz.\n\nNoch einer.") == ["Ein wichtiger Satz.", "Noch einer."]


def test_files_of_the_editor_that_stand_on_no_page(tmp_path: Path) -> None:
    for name in ("2026-01/stadt.md", "2026-01/0199.md", "2026-01/01.txt", "2026-01/.DS_Store", "aktuell/0198.md", "stadt.md"):
        path = tmp_path / "redaktion" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("Text")
    wrong = editorial.misplaced(tmp_path, "2026-01", {"stadt": "Text"})
    assert [sentence.partition(":")[0] for sentence in wrong] == ["redaktion/2026-01/01.txt", "redaktion/2026-01/0199.md", "redaktion/stadt.md"]
    assert "liegt in keinem Ordner" in wrong[-1]
    assert [sentence.partition(":")[0] for sentence in editorial.misplaced(tmp_path, None, {})] == ["redaktion/aktuell/0198.md", "redaktion/stadt.md"]
    assert editorial.misplaced(tmp_path / "leer", None, {}) == []
