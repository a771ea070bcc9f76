"""What the command line shows: progress while it works, and the tables at its end. Decides nothing."""

from __future__ import annotations

import csv
import json
import re
import sys
import time
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.failures import PermanentFailure
from orchestration.resources import NIGHTLY, Workplace
from sources.accept import refused_still
from sources.find import lying
from warehouse.compare import Comparison
from warehouse.connect import connect
from warehouse.paths import Home
from warehouse.publish import BY_APPROVAL, part_of

#: A log or a pipe has no width of its own; tables must not be cut there.
WIDTH = None if sys.stdout.isatty() else 140
#: Sentences of a kind that are shown unasked.
SHOWN = 4
out = Console(highlight=False, width=WIDTH)
err = Console(stderr=True, highlight=False)


class Progress:
    """A spinner with the current step on a terminal, a line per step with the seconds so far elsewhere."""

    def __enter__(self) -> Progress:
        self._start = time.perf_counter()
        self._status = err.status("Start ...") if err.is_terminal else None
        if self._status:
            self._status.start()
        return self

    def say(self, text: str) -> None:
        if self._status:
            self._status.update(text)
        else:
            err.print(f"{time.perf_counter() - self._start:6.1f} s  {text}", soft_wrap=True)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._status:
            self._status.stop()


def german(number: float, digits: int = 0) -> str:
    """1234567.8 -> 1.234.567,8"""
    return f"{number:,.{digits}f}".translate(str.maketrans(",.", ".,"))


def closing_report(place: Workplace) -> int:
    """The table at the end of a run: what it took in; returns how many refused deliveries there are."""
    table = Table("Quelle", "angenommen", "abgelehnt", "Zeilen", "Quarantäne", "im Bestand", title=f"{place.city.stadt.name}: Lieferungen")
    for column in table.columns[1:]:
        column.justify = "right"
    active = place.ledger.active()
    for quelle in place.city.quellen:
        report = place.reports[quelle.quelle]
        if report.accepted or report.refused:
            rows, quarantined = sum(d.zeilen for d in report.accepted), sum(d.zeilen_quarantaene for d in report.accepted)
            held = sum(d["quelle_id"] == quelle.quelle for d in active)
            table.add_row(quelle.quelle, *map(german, (len(report.accepted), len(report.refused), rows, quarantined, held)))
    _rows(table)
    refused = refusals(place)
    _noticed([(row["lieferung_id"], row) for report in place.reports.values() for d in report.accepted if (row := place.ledger.delivery(d.lieferung_id))])
    _lying(place, [path for report in place.reports.values() for path in report.left])
    if place.released:
        from orchestration.bericht import misplaced

        for sentence in misplaced(place, place.entry()):
            out.print(f"[yellow]Hinweis[/yellow]  {escape(sentence)}", soft_wrap=True)
        _result(place)
        stages = place.durations
        shares = "  ".join(f"{name} {german(seconds, 1)} s" for name, seconds in stages.items())
        out.print(f"Dauer     {shares}  zusammen {german(sum(stages.values()), 1)} s", soft_wrap=True)
        _paths(place.home)
    return refused


def refusals(place: Workplace) -> int:
    """What the door refused, a sentence each, in this run or before it where the files still lie there; and where the supplier's answers lie. Returns how many."""
    now = [refusal for report in place.reports.values() for refusal in report.refused]
    before = refused_still(place.city, place.ledger, place.inbox)
    sentences = [refusal.sentence for refusal in now]
    sentences += [f"{sentence} (liegt noch da)" for delivery, sentence in before.items() if delivery not in {refusal.delivery.lieferung_id for refusal in now}]
    for sentence in sentences:
        out.print(f"[red]abgelehnt[/red]  {escape(sentence)}", soft_wrap=True)
    if sentences:
        out.print(f"Antworten für die Lieferanten: {escape(str(place.home.feedback))}", soft_wrap=True)
    return len(sentences)


def _noticed(rows: list[tuple[str, dict[str, Any]]], most: int | None = SHOWN) -> None:
    """What the door noticed about accepted deliveries: rows in quarantine and warnings of the comparison."""
    lines = [
        f"[yellow]{'Quarantäne' if f['grad'] == 'quarantaene' else 'Hinweis'}[/yellow]  {escape(name)}: {escape(f['text'])}; {escape(f['rat'])}."
        for name, row in rows
        for f in row["pruefungen"].get("befunde", [])
    ]
    for line in lines[:most]:
        out.print(line, soft_wrap=True)
    if most and lines[most:]:
        out.print(f"... und {len(lines) - most} weitere Hinweise (./sozialraum status --alles; je Lieferung auch unter rueckmeldungen/)")


def _lying(place: Workplace, left: Iterable[Path] = (), most: int | None = SHOWN) -> None:
    """What lies in the inbox and is no delivery, whether or not a run came upon it."""
    sentences = lying(place.city, place.inbox, left)
    for sentence in sentences[:most]:
        out.print(escape(sentence), soft_wrap=True)
    if most and sentences[most:]:
        out.print(f"... und {len(sentences) - most} weitere Dateien, die keine Lieferung sind (./sozialraum status --alles)")


def nothing_report(place: Workplace) -> int:
    """What stands where nothing was to do; returns how many refused deliveries still lie there."""
    out.print(f"{place.city.stadt.name}: nichts Neues, der veröffentlichte Stand ist aktuell.")
    refused = refusals(place)
    _lying(place)
    _result(place)
    _paths(place.home)
    return refused


def _result(place: Workplace) -> None:
    with connect(place.home.current / "mart.duckdb", read_only=True) as mart:
        areas = dict(
            mart.execute("select ebene, count(distinct raumeinheit_id) from dim_raumeinheit where gueltig_bis is null and raumeinheit_id not like 'nz\\_%' escape '\\' group by ebene").fetchall()
        )
        years, first, last, indicators, values, protected = mart.execute(
            """select count(distinct jahr), min(jahr), max(jahr), count(distinct indikator_id), count(wert), count(*) filter (where conf_status <> 'F')
               from fct_indikatorwert"""
        ).fetchone()  # type: ignore[misc]
        lost = [name for (name,) in mart.execute(
            """select indikator.name from fct_indikatorwert join dim_indikator indikator using (indikator_id) group by all
               having count(wert) = 0 and count(*) filter (conf_status <> 'F') = 0 order by 1"""
        ).fetchall()]  # fmt: skip
    out.print("Räume     " + ", ".join(f"{german(areas[e.id])} {e.name if areas[e.id] == 1 else e.plural}" for e in place.city.stadt.ebenen if e.id in areas))
    out.print(f"Jahre     {years} ({first} bis {last})   Indikatoren {indicators}   Werte {german(values)}   geschützt {german(protected)}")
    if lost:
        out.print("Ohne Wert, weil die Lieferungen es nicht hergeben: " + "; ".join(lost), soft_wrap=True)


def _paths(home: Home) -> None:
    release = json.loads((home.current / "release.json").read_text(encoding="utf-8"))
    state = (f"Ausgabe {release['ausgabe']}, " if release["ausgabe"] else "") + "Entwurf für " + ", ".join(release["zielgruppen"]) + (", simulierte Daten" if release["simuliert"] else "")
    out.print(f"Stand     {release['release_id']} ({state})")
    out.print(f"Mart      {home.current / 'mart.duckdb'}", soft_wrap=True)
    out.print(f"Exporte   {home.current / 'exports'}", soft_wrap=True)
    out.print(f"Bericht   {home.current / 'reports' / 'bericht' / 'index.html'}   PDF {home.current / 'reports' / 'sozialreport.pdf'}", soft_wrap=True)


def print_query(home: Home, query: str, shape: str) -> None:
    """Run one query on the published mart and print its rows; PermanentFailure with DuckDB's reason where it fails."""
    import duckdb

    mart = home.current / "mart.duckdb"
    if not mart.exists():
        raise PermanentFailure("Es ist noch nichts veröffentlicht; zuerst ./sozialraum run.")
    with connect(mart, read_only=True) as db:
        try:
            db.execute("set enable_external_access = false")  # the published mart, not the files of this machine
            cursor = db.execute(query)
            names = [column[0] for column in (cursor and cursor.description) or ()]
            rows = cursor.fetchall() if names else []
        except duckdb.Error as error:
            raise PermanentFailure(f"Die Abfrage geht nicht: {error}") from None
    if shape == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(names)
        writer.writerows(rows)
    elif shape == "json":
        json.dump([dict(zip(names, row, strict=True)) for row in rows], sys.stdout, ensure_ascii=False, indent=1, default=str)
        print()
    else:
        table = Table(*map(escape, names))
        for row in rows:
            table.add_row(*("" if value is None else escape(str(value)) for value in row))
        out.print(table)
        out.print(f"{german(len(rows))} Zeilen")


def status_report(place: Workplace, everything: bool = False) -> None:
    """Whether the published state is current, then deliveries, runs, releases, approvals and what is overdue or waiting; ``everything``: each of them."""
    from orchestration.run import waiting

    ledger, home = place.ledger, place.home
    out.print(f"[bold]{place.city.stadt.name}[/bold]  Datenverzeichnis {home.root}", soft_wrap=True)
    deliveries = ledger.deliveries()
    if not (deliveries or ledger.runs()):
        out.print("Hier ist noch nichts geschehen: keine Lieferung, kein Lauf. Wo die Daten liegen, sagt SOZIALRAUM_HOME.")
    new = waiting(place)
    if not new and place.up_to_date():
        out.print("Der veröffentlichte Stand ist aktuell.")
    else:
        out.print("Der veröffentlichte Stand ist veraltet oder fehlt; ./sozialraum run bringt ihn auf den neuesten.")
    _deliveries(place, deliveries, everything)
    refusals(place)
    if everything:
        for row in deliveries:
            if row["status"] == "abgelehnt":
                out.print(f"[red]abgelehnt am {_day(row['eingang'])}[/red]  {escape(row['meldung'])}", soft_wrap=True)
    most = None if everything else SHOWN
    _noticed([(row["lieferung_id"], row) for row in deliveries if row["aktiv"]], most)
    # The simulated town lives at the moment its deliveries came in.
    for mark, sentences in (("überfällig", _overdue(home, place.receipt.date())), ("vorläufig", _preliminary(home))):
        for sentence in sentences[:most]:
            out.print(f"[yellow]{mark}[/yellow]  {escape(sentence)}", soft_wrap=True)
        if sentences[most:] and most:
            out.print(f"... und {len(sentences) - most} weitere, {mark} (./sozialraum status --alles)")
    for delivery in new:
        out.print(f"wartet im Eingang: {delivery.name}")
    _lying(place, most=most)
    runs = Table("Beginn (UTC)", "Ende", "Anlass", "Ergebnis", "Sekunden", title="Letzte Läufe")
    for row in ledger.runs():
        seconds = german((datetime.fromisoformat(row["ende"]) - datetime.fromisoformat(row["beginn"])).total_seconds()) if row["ende"] else ""
        runs.add_row(_moment(row["beginn"]), _moment(row["ende"]), _occasion(row["anlass"]), row["ergebnis"] or "läuft oder abgebrochen", seconds)
    _rows(runs)
    _releases(place)


def _deliveries(place: Workplace, deliveries: list[dict[str, Any]], everything: bool) -> None:
    """A row per source, or with ``everything`` per delivery."""
    if everything:
        table = Table("Quelle", "Stichtag", "Eingang", "Zeilen", "Quarantäne", "Stand", title="Lieferungen")
        for row in deliveries:
            state = row["status"] if row["status"] == "abgelehnt" or row["aktiv"] else "ersetzt"
            table.add_row(row["quelle_id"], _day(row["stichtag"]), _day(row["eingang"]), german(row["zeilen"]), german(row["zeilen_quarantaene"]), state)
    else:
        table = Table("Quelle", "im Bestand", "erster Stichtag", "letzter Stichtag", "Zeilen", "Quarantäne", title="Lieferungen")
        for quelle in place.city.quellen:
            if held := [row for row in deliveries if row["quelle_id"] == quelle.quelle and row["aktiv"]]:
                days = sorted(row["stichtag"] for row in held)
                table.add_row(quelle.quelle, german(len(held)), _day(days[0]), _day(days[-1]), *(german(sum(row[of] for row in held)) for of in ("zeilen", "zeilen_quarantaene")))
    _rows(table)


def _occasion(name: str) -> str:
    """What a run was for: recorded is the edition that it made, else Dagster's name of the job."""
    if name == NIGHTLY:
        return "Lauf"
    return f"Ausgabe {name}" if re.fullmatch(r"\d{4}-\d{2}", name) else "einzelne Schritte"


def _day(moment: str) -> str:
    return f"{date.fromisoformat(moment[:10]):%d.%m.%Y}"


def _moment(moment: str | None) -> str:
    return f"{datetime.fromisoformat(moment):%d.%m.%Y %H:%M}" if moment else ""


def _rows(table: Table) -> None:
    if table.row_count:
        out.print(table)


def _releases(place: Workplace) -> None:
    """Releases that somebody still has, and what of them waits for people."""
    table = Table("Veröffentlichung", "Erstellt (UTC)", "Ausgabe", "freigegeben für", "wartet auf Freigabe für", title="Veröffentlichungen")
    current = place.home.current.resolve().name if place.home.current.exists() else None
    approvals, gone = place.ledger.approvals(), 0
    for row in place.ledger.releases():
        release_id = row["release_id"]
        approved = {a["zielgruppe"]: " (simuliert)" if a["simuliert"] else "" for a in approvals if a["release_id"] == release_id}
        waiting = [audience for audience in BY_APPROVAL if audience not in approved and part_of(place.home, release_id, audience).is_dir()]
        kept = (place.home.published / release_id).is_dir()
        if not (kept or approved):
            gone += 1
            continue
        mark = " ← aktuell" if release_id == current else "" if kept else " (für die Verwaltung nicht mehr aufbewahrt)"
        table.add_row(release_id + mark, _moment(row["erstellt"]), row["ausgabe"] or "", ", ".join(f"{audience}{note}" for audience, note in approved.items()), ", ".join(waiting))
    _rows(table)
    if gone:
        out.print(f"Dazu {german(gone)} ältere, die nicht mehr aufbewahrt sind.")


def comparison_report(found: Comparison, shown: int = 40) -> None:
    """Reasons first, then a line per indicator and count whose values differ."""
    out.print(f"[bold]{found.before} → {found.after}[/bold]")
    for reason in found.reasons or ["gleiche Lieferungen, gleiche Regeln, gleiche Grenzen"]:
        out.print(f"Grund     {escape(reason)}", soft_wrap=True)
    if not found.changes:
        out.print("Kein Wert hat sich geändert.")
        return
    table = Table("Indikator oder Kennzahl", "neu", "weg", "anderer Wert", "nur Status", "größte Änderung", "aus Lieferung")
    for column in table.columns[1:6]:
        column.justify = "right"
    ordered = sorted(found.changes, key=lambda change: (-change.changed, -change.new - change.gone, change.subject))
    for change in ordered[:shown]:
        sources = ", ".join(change.deliveries[:2]) + (f" und {len(change.deliveries) - 2} weitere" if len(change.deliveries) > 2 else "")
        largest = "" if change.largest is None else german(change.largest, 2)
        table.add_row(change.subject, *map(german, (change.new, change.gone, change.changed, change.status)), largest, sources)
    out.print(table)
    if len(ordered) > shown:
        out.print(f"... und {len(ordered) - shown} weitere")


def _overdue(home: Home, today: date) -> list[str]:
    """One sentence per delivery that the published plan expected by now and that is not there."""
    if not home.current.exists():
        return []
    with connect(home.current / "mart.duckdb", read_only=True) as mart:
        rows = mart.execute(
            "select name, rhythmus, stichtag, faellig_am from fct_lieferplan where lieferung_id is null and faellig_am < ? order by faellig_am, name", [today]
        ).fetchall()
    return [f"{name} zum Stichtag {day:%d.%m.%Y}: war fällig am {due:%d.%m.%Y} ({rhythm})." for name, rhythm, day, due in rows]


def _preliminary(home: Home) -> list[str]:
    """Which published values rest on preliminary deliveries, one line per indicator and reference date."""
    if not home.current.exists():
        return []
    with connect(home.current / "mart.duckdb", read_only=True) as mart:
        rows = mart.execute(
            """select d.name, f.stichtag, count(*) from fct_indikatorwert f join dim_indikator d using (indikator_id)
               where f.vorlaeufig and f.wert is not null group by all order by all"""
        ).fetchall()
    return [f"{name}, {day:%d.%m.%Y}: {german(count)} Werte" for name, day, count in rows]
