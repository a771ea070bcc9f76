"""The answer to the supplier: what was received, what is wrong in which cell and what to do, as one page and one workbook.

Built from findings alone, which hold no value of a personal column. What suppliers wrote is shown as text and never becomes
a formula or markup.
"""

from __future__ import annotations

import html
import shutil
from datetime import datetime
from pathlib import Path

from sources.find import Delivery
from sources.findings import Finding
from sources.model import Quelle
from sources.wording import shown
from warehouse.paths import Home

GRADES = {"ablehnen": "zu berichtigen", "quarantaene": "Zeile wartet in Quarantäne", "warnen": "bitte prüfen"}
COLUMNS = ("Was", "Datei", "Zeile", "Spalte", "Befund", "Was zu tun ist", "Vorschlag")
#: Findings on the page; the workbook has all that were looked up.
ON_PAGE = 200
STYLE = (
    "body{font-family:sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;line-height:1.45;color:#1a1a1a}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}th,td{border:1px solid #767676;padding:.35rem .5rem;text-align:left;vertical-align:top}"
    "th{background:#eee}.ergebnis{font-size:1.15rem;font-weight:bold}"
)


def write(home: Home, quelle: Quelle, delivery: Delivery, status: str, sentence: str, findings: list[Finding], received: str) -> Path:
    """Write ``rueckmeldung.html`` for a delivery, and ``.xlsx`` where something was found; the folder appears whole and replaces an earlier one."""
    final = home.feedback / quelle.quelle / delivery.lieferung_id
    parts = final.with_name(f".neu-{final.name}")
    shutil.rmtree(parts, ignore_errors=True)
    parts.mkdir(parents=True)
    order = {name: place for place, name in enumerate(GRADES)}
    ordered = sorted(findings, key=lambda f: order[f.grad])
    outcome = _outcome(delivery, status)
    (parts / "rueckmeldung.html").write_text(_page(quelle, delivery, outcome, sentence, ordered, received), encoding="utf-8")
    if findings or sentence:
        # Whom nothing was found wrong with gets no list to work through; writing hundreds of those costs seconds.
        _workbook(parts / "rueckmeldung.xlsx", quelle, delivery, outcome, sentence, ordered, received)
    shutil.rmtree(final, ignore_errors=True)
    parts.rename(final)
    return final


def _outcome(delivery: Delivery, status: str) -> str:
    if status == "abgelehnt":
        return "Nicht angenommen: bitte berichtigen und vollständig neu liefern."
    if delivery.zeilen_quarantaene:
        return f"Angenommen; {delivery.zeilen_quarantaene} von {delivery.zeilen_gelesen} Zeilen warten in Quarantäne, bis sie berichtigt sind."
    return "Angenommen."


def _facts(quelle: Quelle, delivery: Delivery, received: str) -> list[tuple[str, str]]:
    facts = [
        ("Lieferung", f"{quelle.name}, Stichtag {delivery.stichtag:%d.%m.%Y}"),
        ("Kennung", delivery.lieferung_id),
        ("Eingang (UTC)", f"{datetime.fromisoformat(received):%d.%m.%Y %H:%M}"),
        ("Zeilen", f"{delivery.zeilen_gelesen} gelesen, {delivery.zeilen} übernommen, {delivery.zeilen_quarantaene} in Quarantäne, {delivery.zeilen_entfallen} nach Vereinbarung entfallen"),
    ]
    return facts + [("Datei", f"{shown(file.name)} ({file.size} Bytes, SHA-256 {file.sha256[:16]}…)") for file in delivery.files]


def _row(finding: Finding) -> tuple[str, str, int | None, str, str, str, str]:
    return GRADES[finding.grad], finding.datei, finding.zeile, finding.spalte, finding.text, finding.rat, finding.vorschlag


def _page(quelle: Quelle, delivery: Delivery, outcome: str, sentence: str, findings: list[Finding], received: str) -> str:
    facts = "".join(f"<tr><th scope='row'>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>" for name, value in _facts(quelle, delivery, received))
    head = "".join(f"<th scope='col'>{name}</th>" for name in COLUMNS)
    rows = "".join("<tr>" + "".join(f"<td>{html.escape('' if v is None else str(v))}</td>" for v in _row(f)) + "</tr>" for f in findings[:ON_PAGE])
    more = f"<p>{len(findings) - ON_PAGE} weitere Befunde stehen in rueckmeldung.xlsx.</p>" if len(findings) > ON_PAGE else ""
    table = f"<h2>Befunde</h2><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}" if findings else "<p>Keine Befunde.</p>"
    reason = f"<p>{html.escape(sentence)}</p>" if sentence else ""
    return (
        f"<!DOCTYPE html><html lang='de'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>Rückmeldung {html.escape(delivery.name)}</title>"
        f"<style>{STYLE}</style></head><body><main><h1>Rückmeldung zu einer Lieferung</h1><p class='ergebnis'>{html.escape(outcome)}</p>{reason}"
        f"<table><tbody>{facts}</tbody></table>{table}</main></body></html>\n"
    )


def _workbook(path: Path, quelle: Quelle, delivery: Delivery, outcome: str, sentence: str, findings: list[Finding], received: str) -> None:
    # Imported here: most runs have nothing to report.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)

    def text(sheet: object, value: object, *, bold: bool = False) -> WriteOnlyCell:
        cell = WriteOnlyCell(sheet, value=None)
        if isinstance(value, int):
            cell.value = value
        elif value is not None:
            # Told to be a text, or "=1+1" would be a formula.
            cell.value = "".join(c for c in str(value) if c in "\t\n" or ord(c) >= 32)
            cell.data_type = "s"
        if bold:
            cell.font = Font(bold=True)
        return cell

    overview = book.create_sheet("Überblick")
    overview.column_dimensions["A"].width, overview.column_dimensions["B"].width = 18, 110
    for name, value in [("Ergebnis", outcome), *([("Grund", sentence)] if sentence else []), *_facts(quelle, delivery, received)]:
        overview.append([text(overview, name, bold=True), text(overview, value)])
    sheet = book.create_sheet("Befunde")
    for letter, width in zip("ABCDEFG", (22, 40, 9, 22, 80, 60, 40), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    sheet.append([text(sheet, name, bold=True) for name in COLUMNS])
    for finding in findings:
        sheet.append([text(sheet, value) for value in _row(finding)])
    book.save(path)

