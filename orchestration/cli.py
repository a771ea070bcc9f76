"""The sozialraum command. Parses, calls, prints; imports what a command needs only when it runs."""

from __future__ import annotations

import atexit
import os
import re
import sys
import threading
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import click

from orchestration import german
from orchestration.failures import sentence
from orchestration.german import Day

WRONG_USE = 2


class GermanGroup(click.Group):
    """Turns every failure into one sentence on the terminal; a traceback only where SOZIALRAUM_TRACE asks for it."""

    command_class = german.Command

    def list_commands(self, context: click.Context) -> list[str]:
        """In the order of this file: first what everybody needs."""
        return list(self.commands)

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            raise click.ClickException("Abgebrochen; der veröffentlichte Stand ist unverändert.") from None
        except Exception as error:
            if os.environ.get("SOZIALRAUM_TRACE"):
                raise
            raise click.ClickException(
                sentence(error) or f"Unerwarteter Fehler ({type(error).__name__}); mit SOZIALRAUM_TRACE=1 zeigt derselbe Aufruf die Einzelheiten."
            ) from None


city_option = click.option("--city", "town", metavar="STADT", help="Stadt aus sources/cities oder dem eigenen Ordner. Ohne Angabe: die eingestellte, sonst die Modellstadt.")
deliveries_option = click.option("--deliveries", "deliveries", type=click.Path(path_type=Path), metavar="ORDNER", help="Lieferungen aus diesem Ordner lesen; er bleibt, wie er ist. Ohne Angabe: der Eingang (inbox/).")
release_option = click.option("--release", "release_id", metavar="RELEASE", help="Welche Veröffentlichung: Nummer, Ausgabe oder ganz, wie ./sozialraum status sie zeigt. Ohne Angabe: die aktuelle.")


@click.group(cls=GermanGroup, options_metavar="[ANGABEN]", subcommand_metavar="BEFEHL ...", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """Sozialraum-Warehouse: von der Lieferung zum geprüften Indikator je Sozialraum und Jahr.

    \b
    Zuerst:   ./sozialraum run         Lieferungen annehmen, rechnen, veröffentlichen
    Danach:   ./sozialraum sql "select * from dim_indikator"
              ./sozialraum status      Was ist da, was fehlt, was ist veraltet?
              ./sozialraum ui          Dagster im Browser

    Wo die Daten liegen, sagt SOZIALRAUM_HOME (ohne Angabe: data/ neben diesem Programm). Die einzige
    Einstellungsdatei ist sozialraum.yml in diesem Verzeichnis. Eigene Lieferungen kommen nach inbox/QUELLE/.
    """


@main.command()
@city_option
@deliveries_option
@click.option("--ausgabe", metavar="JJJJ-MM", help="Als nummerierte Ausgabe veröffentlichen, die aufbewahrt wird.")
def run(town: str | None, deliveries: Path | None, ausgabe: str | None) -> None:
    """Annehmen, aufbauen, schützen, veröffentlichen.

    Liest, was im Eingang liegt, und veröffentlicht als Entwurf für die Verwaltung. Ist nichts Neues da, endet der
    Lauf nach Sekunden. Wo keine Stadt eingerichtet ist, entsteht die Modellstadt "Hilden (simuliert)".
    Endet mit 1, wenn eine Lieferung abgelehnt wurde oder abgelehnt noch daliegt, und wenn der Lauf scheiterte.
    """
    if ausgabe is not None and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", ausgabe):
        raise click.BadParameter("Eine Ausgabe heißt nach ihrem Monat, etwa 2026-03.", param_hint="--ausgabe")
    from orchestration.report import Progress, closing_report, nothing_report, refusals
    from orchestration.resources import workplace
    from orchestration.run import execute

    with Progress() as progress:
        place = workplace(town, deliveries, progress.say)
        try:
            did = execute(place, ausgabe)
        except Exception:
            # What the door refused may be why.
            refusals(place)
            raise
    refused = closing_report(place) if did else nothing_report(place)
    sys.exit(1 if refused else 0)


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Die Tests, in zwei Hälften nebeneinander: ganze Läufe und alles andere.

    Die längsten Reihen ganzer Läufe nehmen nur mit SOZIALRAUM_LANGE_TESTS=1 teil.

    Weitere Angaben gehen an pytest, etwa: ./sozialraum test tests/unit -k alter.
    """
    from warehouse.paths import REPOSITORY

    os.chdir(REPOSITORY)
    pytest = [sys.executable, "-m", "pytest"]
    if arguments:
        os.execv(sys.executable, [*pytest, *arguments])
    import shutil
    import subprocess
    import tempfile

    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        others = subprocess.Popen([*pytest, "--ignore=tests/pipeline"], stdout=said, stderr=subprocess.STDOUT)
        runs = subprocess.run([*pytest, "tests/pipeline"], check=False)
        failed = others.wait() or runs.returncode
        said.seek(0)
        shutil.copyfileobj(said, sys.stdout)
    sys.exit(failed)


@main.command()
@city_option
@click.option("--host", metavar="ADRESSE", default="127.0.0.1", show_default=True, help="Adresse, auf der die Oberfläche antwortet.")
@click.option("--port", metavar="PORT", default=3000, show_default=True, help="Port der Oberfläche.")
def ui(town: str | None, host: str, port: int) -> None:
    """Dagster im Browser: Lieferungen, Modelle, Prüfungen, Läufe, Zeitpläne.

    Startet auch den Dienst, der die Zeitpläne ausführt (nachts um 2 Uhr, am 2. des Monats eine Ausgabe) und in den
    Eingang sieht. Ohne Anmeldung: nur auf diesem Rechner oder hinter einem Zugangsschutz betreiben.
    """
    from orchestration.resources import workplace
    from orchestration.run import dagster_environment
    from warehouse.paths import REPOSITORY

    os.environ |= dagster_environment(workplace(town))
    os.chdir(REPOSITORY)
    click.echo(f"Oberfläche: http://{host}:{port}   Ende mit Strg+C")
    # "dagster dev" is superseded by a tool that wants its own project layout; it stays the one command for both services.
    dagster = [sys.executable, "-W", "ignore", "-m", "dagster", "dev", "-m", "orchestration.definitions", "-h", host, "-p", str(port), "--log-level", "warning"]
    os.execv(sys.executable, dagster)


# A query may begin with an SQL comment, which looks like an option.
@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("query", metavar="ABFRAGE")
@city_option
@click.option("--format", "shape", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True, help="Form der Ausgabe.")
def sql(query: str, town: str | None, shape: str) -> None:
    """Eine SQL-Abfrage auf den veröffentlichten Mart, nur lesend.

    \b
    ./sozialraum sql "show tables"
    ./sozialraum sql --format csv "select * from fct_indikatorwert where ist_jahreswert and jahr = 2024"
    """
    from orchestration.report import print_query
    from orchestration.resources import workplace

    print_query(workplace(town).home, query, shape)


@main.command()
@click.argument("indikator")
@click.argument("gebiet")
@click.argument("jahr", type=int)
@city_option
@click.option("--gebietsstand", metavar="STAND", help="Auf welchen Grenzen; ohne Angabe die am Stichtag gültigen.")
@click.option("--ebene", metavar="EBENE", help="Nötig nur, wo Räume zweier Ebenen gleich heißen.")
@click.option("--stichtag", "day", type=Day(), help="Für Werte unter dem Jahr; ohne Angabe der Jahreswert.")
def erklaere(indikator: str, gebiet: str, jahr: int, town: str | None, gebietsstand: str | None, ebene: str | None, day: date | None) -> None:
    """Wie ein veröffentlichter Wert zustande kam: Zählungen, Formel mit Zahlen, Regeln, Lieferungen.

    \b
    ./sozialraum erklaere anteil_65_plus 0101 2024
    ./sozialraum erklaere anteil_nichtdeutsche Hilden 2020 --gebietsstand hilden2015
    ./sozialraum erklaere anteil_bg_mit_kindern 01 2024 --stichtag 30.06.2024
    """
    from orchestration.explain import explain
    from orchestration.resources import workplace

    explain(workplace(town).home, indikator, gebiet, jahr, gebietsstand, ebene, day)


@main.command()
@city_option
@deliveries_option
@click.option("--alles", "everything", is_flag=True, help="Jede Lieferung, jeder Hinweis, jede Datei, die keine Lieferung ist.")
def status(town: str | None, deliveries: Path | None, everything: bool) -> None:
    """Ist der Stand aktuell? Lieferungen, letzte Läufe, Veröffentlichungen, Freigaben, und was wartet."""
    from orchestration.report import status_report
    from orchestration.resources import workplace

    status_report(workplace(town, deliveries), everything)


@main.command()
@city_option
def verify(town: str | None) -> None:
    """Nachweise prüfen: Kette, Fingerabdrücke im Archiv, Rückverfolgung jeder Veröffentlichung. Endet mit 1 bei Abweichung."""
    from orchestration.resources import workplace
    from orchestration.verify import findings
    from warehouse.frozen import deleted

    place = workplace(town)
    found = list(findings(place))
    for text in found:
        click.echo(text)
    if found:
        sys.exit(1)
    accepted = len(place.ledger.deliveries("angenommen"))
    if not place.ledger.chain():
        click.echo(f"Zu prüfen gibt es noch nichts: in {place.home.root} steht keine Lieferung und keine Veröffentlichung.")
        return
    click.echo(f"Alles stimmt: {len(place.ledger.chain())} Einträge der Kette, {accepted} Lieferungen, {len(place.ledger.releases())} Veröffentlichungen.")
    if gone := deleted(place.ledger.chain()):
        click.echo(f"Personen gelöscht: {len(gone)} Lieferungen, nichts davon in Rohzone, Quarantäne, Archiv oder Warehouse; ihre Zählungen sind, wie die Kette sie nennt.")


@main.command()
@city_option
def nachweise(town: str | None) -> None:
    """Was der Datenschutz braucht, aus Deklarationen und Verträgen: Verarbeitungsverzeichnis, Folgenabschätzung, Zweckmatrix, Fristen.

    Schreibt nach nachweise/ im Datenverzeichnis, als HTML und Markdown zum Lesen und CSV für Maschinen. Jede Veröffentlichung
    für die Verwaltung trägt ihren Stand.
    """
    from orchestration.dbt import Dbt
    from orchestration.evidence import FOLDER, write_evidence
    from orchestration.resources import workplace

    place = workplace(town)
    for path in write_evidence(place, Dbt(place).manifest, place.home.root / FOLDER):
        click.echo(path)


@main.command("loeschlauf")
@city_option
@click.option("--am", "day", type=Day(), help="Nur für die Modellstadt: als wäre es dieser Tag. Sonst gilt die Uhr.")
def deletion_run(town: str | None, day: date | None) -> None:
    """Löschen, was nach der Aufbewahrung seiner Quelle fällig ist: Originale und Rohdaten von Personen.

    Jede Löschung steht vorher in der Kette; ihre Zählungen bleiben eingefroren. Jeder Lauf tut das auch von selbst.
    """
    from orchestration.deletion import delete_due
    from orchestration.resources import workplace

    went, waiting = delete_due(workplace(town, echo=click.echo), day)
    for delivery, kind, rule in went:
        click.echo(f"gelöscht: {delivery} ({kind}), {rule}")
    for delivery in waiting:
        click.echo(f"wartet: {delivery}, fällig, aber noch nicht in einer Veröffentlichung eingefroren; der nächste Lauf holt es nach")
    click.echo(f"{len(went)} Löschungen, {len(waiting)} warten. ./sozialraum verify prüft sie, ./sozialraum nachbau beweist, dass der Stand daraus wieder entsteht.")


@main.command("nachbau")
@city_option
@click.argument("release_id", metavar="[RELEASE]", required=False)
def rebuild_release(town: str | None, release_id: str | None) -> None:
    """Eine Veröffentlichung noch einmal bauen und jede Datei unter exports/ Byte für Byte vergleichen.

    Aus den Lieferungen, soweit sie aufbewahrt sind, sonst aus den eingefrorenen Zählungen. Ändert nichts. Endet mit 1 bei Abweichung.
    RELEASE nennt Nummer, Ausgabe oder ganz, wie ./sozialraum status sie zeigt; ohne Angabe die aktuelle.
    """
    from orchestration.rebuild import rebuild
    from orchestration.report import Progress
    from orchestration.resources import workplace

    with Progress() as progress:
        result = rebuild(workplace(town, echo=progress.say), release_id)
    for kind, names in (("anders", result.different), ("fehlt im Nachbau", result.missing), ("nur im Nachbau", result.added)):
        for name in names:
            click.echo(f"{kind}: {name}")
    source = f"{result.from_counts} Lieferungen ohne Personen, aus eingefrorenen Zählungen" if result.from_counts else "alle Lieferungen im Original"
    click.echo(f"{result.release_id}: {result.equal} Dateien Byte für Byte gleich, {len(result.different) + len(result.missing) + len(result.added)} nicht ({source}).")
    sys.exit(0 if result.holds else 1)


@main.command()
@city_option
def doctor(town: str | None) -> None:
    """Betrieb prüfen: Verschlüsselung, Rechte, Geheimnisse, Platz, Sperre, Kette. Endet mit 1 bei einem Mangel."""
    from orchestration.doctor import examine
    from orchestration.resources import workplace

    lacking = False
    for state, text in examine(workplace(town, careful=False)):
        click.echo(f"{state:8} {text}")
        lacking |= state == "Mangel"
    sys.exit(1 if lacking else 0)


@main.command("schluesselwechsel")
@city_option
def rotate_key(town: str | None) -> None:
    """Neuer Schlüssel für die verschlüsselten Originale; alle werden umgeschlüsselt, der alte Schlüssel verfällt."""
    from orchestration.resources import workplace
    from warehouse.ledger import utc_now
    from warehouse.vault import rotate

    place = workplace(town, echo=click.echo)
    with place.locked():
        count = rotate(place.home, place.settings)
        place.ledger.link("schluesselwechsel", {"dateien": count}, utc_now().isoformat())
    click.echo(f"{count} Dateien umgeschlüsselt; bitte die Schlüsseldatei neu sichern.")


@main.command()
@city_option
@release_option
@click.option("--zielgruppe", type=click.Choice(["traeger", "oeffentlich"]), required=True, help="Für wen freigegeben wird.")
@click.option("--datum", type=Day(), help="Tag der Besprechung.")
@click.option("--rolle", "roles", multiple=True, metavar="ROLLE", help="Wer beteiligt war, mehrfach möglich: --rolle Sozialplanung --rolle Datenschutz. Rollen, keine Namen.")
@click.option("--besprechung", "comments", metavar="TEXT", help="Was besprochen und entschieden wurde.")
@click.option("--simuliert", is_flag=True, help="Nur für die Modellstadt: eine erfundene Besprechung eintragen, so gekennzeichnet.")
def freigabe(town: str | None, release_id: str | None, zielgruppe: str, datum: date | None, roles: tuple[str, ...], comments: str | None, simuliert: bool) -> None:
    """Eine Veröffentlichung nach der Besprechung für Träger oder die Öffentlichkeit freigeben.

    Kein Zeitplan und kein Lauf gibt etwas von selbst heraus: nötig sind Datum, mindestens zwei Rollen und das
    Ergebnis der Besprechung. Sie werden festgehalten und stehen in der release.json der Zielgruppe. Was sie bekommt,
    wird dabei fertig geschrieben und angegriffen; wie es aussehen wird, zeigt vorher ./sozialraum bericht.
    """
    from orchestration.approval import Discussion, approve_release
    from orchestration.resources import workplace

    folder, unseen = approve_release(workplace(town, echo=click.echo), release_id, zielgruppe, Discussion(datum, roles, comments or "", simuliert))
    click.echo(f"Freigegeben für {zielgruppe}: {folder}")
    for area in unseen:
        click.echo(f"Der Absatz {area}.md steht jetzt nicht so da wie im besprochenen Entwurf; freigegeben ist, was besprochen war. ./sozialraum bericht baut den Entwurf neu und nennt Dateien, die auf keiner Seite stehen.")


@main.command()
@click.argument("aussage")
@city_option
@click.option("--stichtag", "day", type=Day(), help="Nötig nur, wo es die Aussage zu mehreren Stichtagen gibt.")
@click.option("--grund", "reason", default="", metavar="TEXT", help="Anlass, ohne Namen.")
def widerruf(aussage: str, town: str | None, day: date | None, reason: str) -> None:
    """Eine freigegebene Aussage aus Interviews oder Workshops zurückziehen.

    \b
    ./sozialraum widerruf "Interview 01, Segment 3" --grund "Widerruf der Einwilligung"
    Wortlaut und Freigabe verschwinden aus Rohzone, eingefrorenen Ständen, Warehouse und Originalen; jede Veröffentlichung
    mit ihr, auch freigegebene und wartende, wird ohne sie neu herausgegeben (release.json: widerrufe). Die Kette hält es fest.
    """
    from orchestration.resources import workplace
    from orchestration.withdrawal import withdraw

    statement, touched = withdraw(workplace(town, echo=click.echo), aussage, day, reason)
    for copy in touched:
        click.echo(f"neu herausgegeben: {copy.release_id} für {copy.audience}")
    click.echo(f"Widerrufen: {statement.aussage_id} vom {statement.stichtag}. Wer frühere Dateien hat, muss sie austauschen; beim Lieferanten und in redaktion/ bleibt, was dort steht.")


@main.command()
@city_option
@click.option("--lieferung", "delivery_id", metavar="ID", help="Welche Befragung; ohne Angabe die einzige.")
@click.option("--zweck", "purpose", default="", metavar="TEXT", help="Wofür die Antworten gebraucht werden.")
@click.option("--datum", "day", type=Day(), help="Tag der Besprechung.")
@click.option("--rolle", "roles", multiple=True, metavar="ROLLE", help="Wer beteiligt war, mehrfach: --rolle Statistikstelle --rolle Datenschutz. Rollen, keine Namen.")
@click.option("--besprechung", "comments", metavar="TEXT", help="Was besprochen und entschieden wurde.")
@click.option("--vergroebern", "coarsened", multiple=True, metavar="MERKMAL=STUFE", help="Gröber zeigen, mehrfach möglich: --vergroebern raum=stadtbereich --vergroebern geschlecht=ohne.")
@click.option("--simuliert", is_flag=True, help="Nur für die Modellstadt: eine erfundene Besprechung eintragen, so gekennzeichnet.")
def mikrodaten(town: str | None, delivery_id: str | None, purpose: str, day: date | None, roles: tuple[str, ...], comments: str | None, coarsened: tuple[str, ...], simuliert: bool) -> None:
    """Antworten einer Befragung einzeln herausgeben, nach Prüfung auf Wiedererkennbarkeit, Zweck und Besprechung.

    \b
    Nur Befragungen, nie Register oder Sozialdaten. Der Auszug liegt danach unter sealed/mikrodaten/ für die Statistikstelle:
    daten.csv, codebuch.csv, LIESMICH.md und pruefung.json. Geprüft wird auf mikrodaten_k gleiche Personen und
    mikrodaten_l verschiedene Antworten (sozialraum.yml); was nicht reicht, wird abgelehnt, mit dem, was reichen würde.
    """
    from orchestration.approval import Discussion
    from orchestration.microdata import extract
    from orchestration.resources import workplace

    if wrong := [text for text in coarsened if "=" not in text]:
        raise click.BadParameter(f"{wrong[0]}: erwartet wird MERKMAL=STUFE, etwa raum=stadtbereich.", param_hint="--vergroebern")
    steps = dict(text.split("=", 1) for text in coarsened)
    done = extract(workplace(town, echo=click.echo), delivery_id, purpose, Discussion(day, roles, comments or "", simuliert), steps)
    found = done.assessment
    click.echo(f"Auszug: {done.folder}")
    click.echo(f"{done.persons} Befragte, {done.withheld} zurückgehalten; kleinste Gruppe {found.k}, eindeutig {found.unique}, wenigste verschiedene Antworten " + ", ".join(f"{name} {count}" for name, count in found.diversity.items()))


@main.command()
@city_option
@click.argument("release_id", metavar="[RELEASE]", required=False)
def angriff(town: str | None, release_id: str | None) -> None:
    """Eine Veröffentlichung angreifen: Was lässt sich aus ihren Dateien errechnen?

    Liest nur, was die Zielgruppen bekommen haben oder bekommen sollen, und was sie früher bekamen. Zu jedem Befund steht
    die Rechnung da, die jeder nachrechnen kann. Endet mit 1, wenn etwas gefunden wurde. RELEASE nennt Nummer, Ausgabe
    oder ganz, wie ./sozialraum status sie zeigt; ohne Angabe die aktuelle.
    """
    from orchestration.protection import attack_report
    from orchestration.resources import workplace

    sys.exit(1 if attack_report(workplace(town), release_id) else 0)


@main.command()
@city_option
def schutz(town: str | None) -> None:
    """Wie viel die aktuelle Veröffentlichung je Zielgruppe und Ebene zeigt, und womit mehr ginge."""
    from orchestration.protection import share_report
    from orchestration.resources import workplace

    share_report(workplace(town))


@main.command()
@city_option
@release_option
def bericht(town: str | None, release_id: str | None) -> None:
    """Den Sozialreport einer Veröffentlichung neu bauen: nach Änderungen an den Texten, und vor der Besprechung.

    Texte liegen als Markdown in redaktion/AUSGABE/GEBIET.md im Datenverzeichnis (ohne Ausgabe: redaktion/aktuell,
    für die Stadt stadt.md). Gebaut werden die Entwürfe, auch was Träger und Öffentlichkeit nach der Freigabe bekämen, mit
    Paketen, wo noch keine liegen; ob sich darin etwas errechnen lässt, sagt ./sozialraum angriff. Was freigegeben ist, bleibt.
    """
    from orchestration.bericht import misplaced, rebuild
    from orchestration.resources import workplace

    place = workplace(town, echo=click.echo)
    for folder in rebuild(place, release_id):
        click.echo(f"Bericht: {folder}")
    for sentence in misplaced(place, place.kept(release_id)):
        click.echo(sentence)


@main.command()
@click.argument("vorher", metavar="RELEASE")
@click.argument("nachher", metavar="RELEASE")
@city_option
def vergleiche(vorher: str, nachher: str, town: str | None) -> None:
    """Was sich zwischen zwei Veröffentlichungen geändert hat, und warum.

    RELEASE nennt Nummer, Ausgabe oder ganz, wie ./sozialraum status sie zeigt.
    """
    from orchestration.report import comparison_report
    from orchestration.resources import workplace
    from warehouse.compare import compare

    place = workplace(town)
    comparison_report(compare(*(place.home.published / place.kept(named)["release_id"] for named in (vorher, nachher))))


@main.command()
@click.argument("what", metavar="[lauf|haushalte|schutz]", type=click.Choice(["lauf", "haushalte", "schutz"]), default="lauf")
@click.option("--residents", metavar="ZAHL", type=click.IntRange(min=1_000), help="Einwohner der Modellstadt. Ohne Angabe: 500.000 für lauf, 60.000 für haushalte.")
@click.option("--dates", "dates", metavar="ZAHL", type=click.IntRange(min=1), default=3, show_default=True, help="Zahl der Stichtage (nur lauf).")
@click.option("--tabelle", "tables", multiple=True, metavar="NAME", help="Nur für schutz: diese Tabelle, mehrfach möglich; ohne Angabe alle, das dauert über eine Stunde.")
def bench(what: str, residents: int | None, dates: int, tables: tuple[str, ...]) -> None:
    """Messen an der Modellstadt, in einem eigenen, danach gelöschten Datenverzeichnis.

    \b
    lauf       Zeit und Speicher je Abschnitt, im Verhältnis zu einem blanken DuckDB-Skript über dieselben Dateien
    haushalte  wie gut Haushalte, Haushaltstypen und Migrationshintergrund aus dem Register die simulierte Wahrheit treffen
    schutz     die Tabellen aus ../shared/data/schutz schützen und angreifen, neben den Zahlen anderer Programme
    """
    if what == "schutz":
        from tests.benchmarks.bench_disclosure import main as protect

        sys.exit(protect(list(tables)))
    if what == "haushalte":
        from tests.benchmarks.bench_haushalte import main as compare

        compare(residents or 60_000)
        return
    from tests.benchmarks.bench_run import main as measure

    measure(residents or 500_000, dates)


def _leave(code: Any) -> None:
    """End as Python does, with threads, then exit functions, then output, but without taking apart a million objects one by one."""
    with suppress(KeyboardInterrupt):
        threading._shutdown()
    atexit._run_exitfuncs()
    if not isinstance(code, int | None):
        print(code, file=sys.stderr)
    code = code if isinstance(code, int) else int(code is not None)
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = code or 1
    os._exit(code)


if __name__ == "__main__":
    try:
        main(prog_name="sozialraum")
    except SystemExit as end:
        _leave(end.code)
