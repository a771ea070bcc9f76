"""What the data protection officer asks for, as tables and documents: who gets what for which purpose, what is processed about
whom, how long, behind which measures. Written from declarations and contracts; states nothing that is not in them or in the code.
"""

from __future__ import annotations

import csv
import html
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exports.contract import Contract

MATRIX = ("empfaenger", "name", "zielgruppe", "gegenstand", "zweck", "rechtsgrundlage", "schutzklasse", "fassung", "quelle", "quelle_personenbezug", "quelle_rechtsgrundlage")
PERIODS = ("quelle", "name", "personenbezug", "originale", "originale_mit_quarantaene", "rohdaten", "zaehlungen")


@dataclass(frozen=True)
class Source:
    """A source as its declaration puts it; the room of sources is not known here."""

    quelle: str
    name: str
    herausgeber: str
    rechtsgrundlage: str
    abschottung: bool
    personenbezug: bool
    zweck: str | None
    betroffene: str | None
    besondere: tuple[str, ...]
    #: Kind of data -> columns of the files.
    kategorien: dict[str, tuple[str, ...]]
    originale_tage: int
    quarantaene_tage: int
    rohdaten_tage: int | None
    einzeldaten: str | None
    rhythmus: str


@dataclass(frozen=True)
class Measure:
    """A technical or organisational measure and the place in the code that enforces it."""

    ziel: str
    text: str
    #: ``path:symbol`` in the repository.
    ort: str


#: Art. 32 GDPR, and what each measure is good for in the assessment.
MEASURES = (
    Measure("Datenminimierung", "Vornamen, Freitext und Religion werden nicht gelesen; Namen werden an der Tür zu Abgleichcodes, Personen- und Fallnummern zu Codes je Stichtag, Geburtstage zu Monat und Alter, Geburts- und Gegenorte zu Land oder Staat.", "sources/minimise.py:minimised"),
    Measure("Datenminimierung", "Anschriften mit Auskunftssperre oder bedingtem Sperrvermerk (§§ 51, 52 BMG) werden auf den Block verkürzt, ebenso alle Anschriften aus Falllisten.", "sources/minimise.py:prepare_addresses"),
    Measure("Zweckbindung", "Quellen, die eine abgeschottete Statistikstelle brauchen, werden ohne sie mit dem Rechtsgrund abgewiesen.", "sources/accept.py:_separation_missing"),
    Measure("Zweckbindung", "Ohne Zweck und Rechtsgrundlage eines Empfängers oder einer Quelle mit Personen wird nichts gebaut.", "exports/evidence.py:gaps"),
    Measure("Zweckbindung", "Personencodes gelten nur für einen Stichtag, Zeilen liegen je Stichtag in anderer Folge, und kein Modell verknüpft zwei Stichtage; ein Verfahren, das es dürfte, gibt es nicht.", "sources/minimise.py:key_of"),
    Measure("Vertraulichkeit", "Die versiegelte Zone ist nur für ihren Besitzer lesbar (0700), neue Dateien darin 0600.", "warehouse/paths.py:private_files"),
    Measure("Vertraulichkeit", "Originale von Personen liegen nur verschlüsselt (AES-GCM), der Schlüssel außerhalb des Datenverzeichnisses.", "warehouse/vault.py:encrypt_file"),
    Measure("Vertraulichkeit", "Solange Geheimnisse für andere lesbar sind, läuft nichts.", "warehouse/settings.py:check_secrets"),
    Measure("Vertraulichkeit", "Was eine Zielgruppe sieht, entscheidet die Feldklasse der Spalte; Merkmale von Personen sieht nur, wer intern arbeitet.", "warehouse/publish.py:MAY_SEE"),
    Measure("Statistische Geheimhaltung", "Kleine Fallzahlen werden gesperrt, mit ihnen alles, woraus sie sich errechnen ließen, über alle Tabellen, Jahre und früheren Stände.", "methods/disclosure/release.py:"),
    Measure("Statistische Geheimhaltung", "Vor jeder Veröffentlichung wird das Ergebnis angegriffen; ein Fund verhindert sie.", "warehouse/attack.py:leaks"),
    Measure("Statistische Geheimhaltung", "Einzelne Antworten gibt es nur aus Befragungen, nach Prüfung auf Wiedererkennbarkeit, mit Zweck und Besprechung.", "orchestration/microdata.py:extract"),
    Measure("Speicherbegrenzung", "Originale und Rohdaten von Personen werden nach ihrer Frist gelöscht; Nachweis in der Kette, Zählungen bleiben eingefroren.", "sources/retention.py:enforce"),
    Measure("Betroffenenrechte", "Eine freigegebene Aussage lässt sich widerrufen; alle Stände werden ohne sie neu herausgegeben.", "orchestration/withdrawal.py:withdraw"),
    Measure("Integrität", "Annahmen, Löschungen, Freigaben und Veröffentlichungen stehen in einer verketteten, nur fortgeschriebenen Liste.", "warehouse/ledger.py:link_hash"),
    Measure("Integrität", "Jede Lieferung wird gegen ihren Vertrag geprüft; was ihn verletzt, wird abgewiesen oder wartet in Quarantäne.", "sources/validate.py:Validation"),
    Measure("Rechenschaft", "An Träger und Öffentlichkeit geht nur, was mindestens zwei Rollen besprochen und freigegeben haben.", "orchestration/approval.py:approve_release"),
    Measure("Rechenschaft", "Die Nachweise werden gegen Archiv, Verzeichnis und Dateien geprüft; auch, dass gelöschte Personen nirgends mehr liegen.", "orchestration/verify.py:findings"),
    Measure("Verfügbarkeit", "Ein Stand wird erst sichtbar, wenn er ganz ist; ein abgebrochener Lauf lässt den alten stehen.", "warehouse/publish.py:finish"),
)
#: Risk -> (what could happen to whom, goals of the measures against it, what remains).
RISKS = (
    ("Wiedererkennen in kleinen Zahlen", "Aus veröffentlichten Zahlen, allein oder zusammen, ließe sich auf eine Person oder einen Haushalt schließen.", ("Statistische Geheimhaltung", "Rechenschaft"), "Wissen, das niemand in das System eingetragen hat (etwa über Nachbarn), kennt der Angriff nicht."),
    ("Zugriff Unbefugter auf Einzeldaten", "Wer die versiegelte Zone lesen kann, sieht Einzeldaten ohne Namen, aber mit Block, Alter und Staatsangehörigkeit.", ("Vertraulichkeit", "Datenminimierung", "Speicherbegrenzung"), "Die Datenbank selbst ist nicht verschlüsselt; sie gehört auf einen verschlüsselten Datenträger (./sozialraum doctor prüft es)."),
    ("Verknüpfung über Jahre oder mit Fachverfahren", "Aus mehreren Stichtagen oder Quellen ließen sich Lebensläufe bilden.", ("Zweckbindung", "Datenminimierung"), "Was die Statistik braucht (Geburtsmonat, Geschlecht, Staatsangehörigkeit, Einzugstage, Block), ähnelt sich von Jahr zu Jahr: wer die versiegelte Zone lesen darf, könnte viele Personen daran wiederfinden. Wer den Hauptschlüssel und die Lieferungen hat, könnte auch Codes neu bilden; der Schlüssel liegt deshalb getrennt."),
    ("Zweckentfremdung", "Daten für die Planung würden für Verwaltungsakte gegen Einzelne benutzt.", ("Zweckbindung", "Vertraulichkeit", "Rechenschaft"), "Was Menschen mit Auszügen tun, sichern nur Vereinbarungen."),
    ("Falsche oder veraltete Angaben", "Gebiete oder Gruppen würden auf falscher Grundlage beurteilt.", ("Integrität", "Verfügbarkeit"), "Fehler, die innerhalb aller erlaubten Werte liegen, findet nur der Vergleich mit anderen Quellen."),
    ("Aussagen gegen den Willen der Befragten", "Ein Zitat bliebe nach dem Widerruf der Einwilligung im Umlauf.", ("Betroffenenrechte", "Rechenschaft"), "Was vor dem Widerruf heruntergeladen oder gedruckt wurde, lässt sich nicht zurückholen."),
)


def gaps(sources: Iterable[Source], contracts: Iterable[Contract], assets: dict[str, tuple[str, ...]], audiences: Iterable[str]) -> list[str]:
    """German sentences on what has no purpose, no legal basis or no recipient; empty where everything has. ``assets``: dbt export model -> its audiences."""
    found, contracts = [], list(contracts)
    for contract in contracts:
        for key in ("zweck", "rechtsgrundlage"):
            if not getattr(contract, key).strip():
                found.append(f"Der Vertrag {contract.empfaenger} nennt keine {'Rechtsgrundlage' if key == 'rechtsgrundlage' else 'Angabe zum Zweck'}; bitte in exports/contracts/{contract.empfaenger}.yml ergänzen.")
    owned = {contract.model_of(table) for contract in contracts for table in contract.tabellen}
    found += [f"Den Export {name} nennt kein Vertrag: ohne Empfänger, Zweck und Rechtsgrundlage geht nichts hinaus." for name in sorted(assets.keys() - owned)]
    found += [f"Für die Zielgruppe {audience} gibt es keinen Vertrag: ihr Mart hätte keinen Zweck." for audience in audiences if audience not in {c.zielgruppe for c in contracts}]
    for source in sources:
        if not source.rechtsgrundlage.strip():
            found.append(f"Die Quelle {source.quelle} nennt keine Rechtsgrundlage; bitte in ihrer Deklaration ergänzen.")
        if source.personenbezug:
            found += [f"Die Quelle {source.quelle} hat Personenbezug, aber {key} fehlt; bitte in ihrer Deklaration ergänzen." for key in ("zweck", "betroffene") if not (getattr(source, key) or "").strip()]
    return found


@dataclass(frozen=True)
class Recipient:
    """Who gets which models, for what, on what basis."""

    empfaenger: str
    name: str
    zielgruppe: str
    zweck: str
    rechtsgrundlage: str
    schutzklasse: str
    fassung: str
    gegenstaende: tuple[str, ...]


def recipients(contracts: Iterable[Contract], marts: dict[str, tuple[str, ...]]) -> list[Recipient]:
    """One per contract, and one per audience for what all of it sees: the marts and the Sozialreport made from them. ``marts``: mart -> audiences."""
    contracts = list(contracts)
    found = [
        Recipient(c.empfaenger, c.name, c.zielgruppe, c.zweck, c.rechtsgrundlage, c.schutzklasse, c.version, (*(c.model_of(table) for table in c.tabellen), *c.marts))
        for c in contracts
    ]
    for audience in dict.fromkeys(c.zielgruppe for c in contracts):
        members = [c for c in contracts if c.zielgruppe == audience]
        joined = [" ".join(dict.fromkeys(getattr(c, key).rstrip(".") + "." for c in members)) for key in ("zweck", "rechtsgrundlage")]
        seen = tuple(sorted(name for name, audiences in marts.items() if audience in audiences))
        found.append(Recipient(f"zielgruppe_{audience}", f"Mart und Sozialreport ({audience})", audience, *joined, members[0].schutzklasse, "", seen))
    return found


def matrix(sources: Iterable[Source], receiving: Iterable[Recipient], feeds: dict[str, frozenset[str]]) -> list[dict[str, str]]:
    """One row per recipient, asset and source behind it; ``feeds``: dbt model -> sources it is made from."""
    known = {source.quelle: source for source in sources}
    return [
        dict(zip(MATRIX, (r.empfaenger, r.name, r.zielgruppe, asset, r.zweck, r.rechtsgrundlage, r.schutzklasse, r.fassung, name, _yes(known[name].personenbezug), known[name].rechtsgrundlage), strict=True))
        for r in receiving for asset in r.gegenstaende for name in sorted(feeds.get(asset, frozenset()) & known.keys())
    ]  # fmt: skip


def periods(sources: Iterable[Source]) -> list[dict[str, str]]:
    """Deletion periods per source; what has none says so."""
    rows = []
    for s in sources:
        kept = ("dauerhaft (kein Personenbezug)",) * 3
        if s.personenbezug:
            originals = f"{s.originale_tage} Tage, verschlüsselt" if s.originale_tage else "nicht aufbewahrt"
            kept = (originals, f"{max(s.originale_tage, s.quarantaene_tage)} Tage, verschlüsselt", f"{s.rohdaten_tage} Tage nach Eingang" if s.rohdaten_tage is not None else "OHNE FRIST: bitte aufbewahrung.rohdaten_tage festlegen")
        rows.append(dict(zip(PERIODS, (s.quelle, s.name, _yes(s.personenbezug), *kept, "zusammengefasst, versiegelt, dauerhaft"), strict=True)))
    return rows


def write(folder: Path, town: str, simulated: bool, sources: list[Source], receiving: list[Recipient], feeds: dict[str, frozenset[str]], rules: list[dict[str, str]], microdata: tuple[int, int, float]) -> list[Path]:
    """All documents as Markdown and HTML, the tables as CSV; same declarations in, same bytes out."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = matrix(sources, receiving, feeds)
    documents = {
        "verarbeitungsverzeichnis": _register(town, simulated, sources, rows),
        "folgenabschaetzung": _assessment(town, simulated, sources, receiving, rules, microdata),
        "zweckmatrix": _matrix_page(town, simulated, receiving, rows, {s.quelle: s.name for s in sources}),
    }
    written = []
    for name, text in documents.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
        (folder / f"{name}.html").write_text(_page(text), encoding="utf-8")
        written += [folder / f"{name}.md", folder / f"{name}.html"]
    activities = [
        {"quelle": s.quelle, "name": s.name, "zweck": s.zweck or "", "rechtsgrundlage": s.rechtsgrundlage, "betroffene": s.betroffene or "", "kategorien": "; ".join(f"{kind}: {', '.join(columns)}" for kind, columns in s.kategorien.items()),
         "besondere_kategorien": "; ".join(s.besondere), "empfaenger": "; ".join(sorted({r["empfaenger"] for r in rows if r["quelle"] == s.quelle})), "rohdaten": p["rohdaten"], "originale": p["originale"]}
        for s, p in zip(sources, periods(sources), strict=True) if s.personenbezug
    ]  # fmt: skip
    measures = [{"ziel": m.ziel, "massnahme": m.text, "durchgesetzt_in": m.ort} for m in MEASURES]
    for name, table in (("zweckmatrix", rows), ("loeschfristen", periods(sources)), ("verarbeitungen", activities), ("massnahmen", measures)):
        written.append(_csv(folder / f"{name}.csv", table))
    return written


def _register(town: str, simulated: bool, sources: list[Source], rows: list[dict[str, str]]) -> str:
    lines = [f"# Verzeichnis von Verarbeitungstätigkeiten (Art. 30 DSGVO): {town}", "", _origin(simulated), "",
             f"Verantwortlich: {town}, Sozialplanung und Statistik (Anschrift, Vertretung und Datenschutzbeauftragte trägt die Stadt ein). Übermittlung in Drittländer: keine; das Programm sendet nichts.", ""]  # fmt: skip
    for number, (source, period) in enumerate(((s, p) for s, p in zip(sources, periods(sources), strict=True) if s.personenbezug), 1):
        recipients = sorted({row["name"] for row in rows if row["quelle"] == source.quelle})
        lines += [
            f"## {number}. {source.name}", "", "| | |", "|---|---|",
            f"| Zweck | {source.zweck} |", f"| Rechtsgrundlage | {source.rechtsgrundlage} |", f"| Nur in abgeschotteter Statistikstelle | {_yes(source.abschottung)} |",
            f"| Betroffene | {source.betroffene} |", f"| Herkunft | {source.herausgeber}, {source.rhythmus} |",
            *(f"| {kind} | {', '.join(columns)} |" for kind, columns in source.kategorien.items()),
            f"| Besondere Kategorien (Art. 9) | {'; '.join(source.besondere) or 'keine'} |",
            f"| Empfänger (zusammengefasst und geschützt) | {'; '.join(recipients) or 'keine'} |",
            f"| Einzelangaben | {source.einzeldaten or 'verlassen den versiegelten Bereich nie'} |",
            f"| Löschung | Originale: {period['originale']}, mit Zeilen in Quarantäne {period['originale_mit_quarantaene']}. Rohdaten: {period['rohdaten']}. Zählungen: {period['zaehlungen']}. |", "",
        ]  # fmt: skip
    others = [s for s in sources if not s.personenbezug]
    lines += ["## Ohne Personenbezug", "", "Zusammengefasste Tabellen, Orte und Geodaten; hier nur der Vollständigkeit halber.", "", "| Quelle | Grundlage |", "|---|---|", *(f"| {s.name} | {s.rechtsgrundlage} |" for s in others), ""]
    return "\n".join([*lines, *_measures()])


def _assessment(town: str, simulated: bool, sources: list[Source], receiving: list[Recipient], rules: list[dict[str, str]], microdata: tuple[int, int, float]) -> str:
    persons = [s for s in sources if s.personenbezug]
    special = [f"{s.name}: {'; '.join(s.besondere)}" for s in persons if s.besondere]
    lines = [
        f"# Datenschutz-Folgenabschätzung (Art. 35 DSGVO), Entwurf: {town}", "", _origin(simulated), "",
        "Dieser Entwurf sagt, was das Programm tut. Eintrittswahrscheinlichkeit, Schwere und die Abwägung beurteilen Menschen: Verantwortliche und Datenschutzbeauftragte.", "",
        "## 1. Was verarbeitet wird und wozu", "", f"{len(persons)} Quellen mit Personenbezug, {len(sources) - len(persons)} ohne; {len(receiving)} Empfänger. Einzeln im Verarbeitungsverzeichnis.", "",
        "| Quelle | Betroffene | Zweck |", "|---|---|---|", *(f"| {s.name} | {s.betroffene} | {s.zweck} |" for s in persons), "",
        "Besondere Kategorien: " + ("; ".join(special) or "keine") + ".", "",
        "## 2. Notwendigkeit und Verhältnismäßigkeit", "",
        "Kleinräumige Zahlen lassen sich nur aus Einzeldaten bilden. Sie werden an der Tür auf das verkürzt, was die Zählungen brauchen; was nicht gebraucht wird, wird nicht gelesen. Empfänger erhalten nur Zusammengefasstes:", "",
        "| Empfänger | Zielgruppe | Zweck | Rechtsgrundlage |", "|---|---|---|---|", *(f"| {c.name} | {c.zielgruppe} | {c.zweck} | {c.rechtsgrundlage} |" for c in receiving), "",
        "Regeln der statistischen Geheimhaltung:", "",
        "| Thema | Zielgruppe | Mindestzahl | Grund |", "|---|---|---|---|", *(f"| {r['thema']} | {r['zielgruppe']} | {r['mindestzahl']} | {r['grund']} |" for r in rules), "",
        f"Einzelne Antworten aus Befragungen: mindestens {microdata[0]} gleiche Befragte, mindestens {microdata[1]} verschiedene Antworten auf heikle Fragen, höchstens {100 * microdata[2]:.0f} % zurückgehalten.", "",
        "Löschfristen:", "", "| Quelle | Originale | Rohdaten |", "|---|---|---|", *(f"| {p['name']} | {p['originale']} | {p['rohdaten']} |" for p in periods(sources) if p["personenbezug"] == "ja"), "",
        "## 3. Risiken für die Betroffenen", "", "| Risiko | Was geschehen könnte | Maßnahmen | Was bleibt | Wahrscheinlichkeit und Schwere |", "|---|---|---|---|---|",
        *(f"| {name} | {what} | {', '.join(goals)} | {left} | (von Menschen zu beurteilen) |" for name, what, goals, left in RISKS), "",
    ]  # fmt: skip
    return "\n".join([*lines, *_measures("## 4. Maßnahmen")])


def _matrix_page(town: str, simulated: bool, receiving: list[Recipient], rows: list[dict[str, str]], names: dict[str, str]) -> str:
    lines = [f"# Wer erhält was, wozu und worauf gestützt: {town}", "", _origin(simulated), ""]
    for contract in receiving:
        mine = [row for row in rows if row["empfaenger"] == contract.empfaenger]
        lines += [f"## {contract.name}", "", f"Zielgruppe {contract.zielgruppe}{', Fassung ' + contract.fassung if contract.fassung else ''}. Zweck: {contract.zweck} Rechtsgrundlage: {contract.rechtsgrundlage}", "", "| Gegenstand | aus den Quellen |", "|---|---|"]
        lines += [f"| {asset} | {'; '.join(names[row['quelle']] for row in mine if row['gegenstand'] == asset)} |" for asset in dict.fromkeys(row["gegenstand"] for row in mine)]
        lines.append("")
    return "\n".join(lines)


def _measures(heading: str = "## Technische und organisatorische Maßnahmen (Art. 32 DSGVO)") -> list[str]:
    return [heading, "", "| Ziel | Maßnahme | durchgesetzt in |", "|---|---|---|", *(f"| {m.ziel} | {m.text} | `{m.ort.rstrip(':')}` |" for m in MEASURES), ""]


def _origin(simulated: bool) -> str:
    return "Aus den Deklarationen der Quellen, den Verträgen der Empfänger und dem Programm erzeugt; wer etwas ändern will, ändert diese." + (" SIMULIERT: erfundene Daten einer Modellstadt." if simulated else "")


def _yes(value: bool) -> str:
    return "ja" if value else "nein"


def _page(markdown: str) -> str:
    from markdown_it import MarkdownIt

    title = html.escape(markdown.partition("\n")[0].lstrip("# "))
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    style = "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff;overflow-wrap:anywhere;hyphens:auto}h1{font-size:1.6rem}h2{font-size:1.25rem}table{border-collapse:collapse;margin:1rem 0;display:block;overflow-x:auto}th,td{border:1px solid #767676;padding:.3rem .6rem;text-align:left;vertical-align:top}thead:not(:has(th:not(:empty))){display:none}"
    return f'<!doctype html>\n<html lang="de">\n<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title><style>{style}</style></head>\n<body><main>\n{body}</main></body>\n</html>\n'


def _csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        if rows:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return path
