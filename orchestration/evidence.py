"""Joins what the data protection officer asks for: declarations, contracts and the lineage of the models. Writes the documents
of exports.evidence and stops a build in which something has no purpose."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

from exports.contract import load_contracts
from exports.evidence import Source, gaps, recipients, write
from orchestration.dbt import RAW_CALL
from orchestration.failures import PermanentFailure
from orchestration.resources import Workplace
from sources.model import City, Quelle
from warehouse.publish import AUDIENCES, mart_models
from warehouse.rules import RULES

FOLDER = "nachweise"
#: What becomes of a class of column at the door (sources/minimise.py), in the words of the record.
KINDS = {
    "personenschluessel": "Kennungen (werden zu Codes je Stichtag)",
    "name": "Namen (werden zu Abgleichcodes)",
    "vorname": "Vornamen (werden nicht gelesen)",
    "freitext": "Freitext (wird nicht gelesen)",
    "religion": "Religion (wird nicht gelesen)",
    "geburtsdatum": "Geburtsdatum (wird zu Monat und Alter)",
    "strasse": "Anschrift (wird zu Adress- oder Blockschlüssel)",
    "hausnummer": "Anschrift (wird zu Adress- oder Blockschlüssel)",
    "hausnummernzusatz": "Anschrift (wird zu Adress- oder Blockschlüssel)",
    "anschrift": "Anschrift (wird zu Adress- oder Blockschlüssel)",
    "sperre": "Sperrvermerk",
}
OTHER = "Merkmale"


def described(quelle: Quelle) -> Source:
    """A declared source in the terms of the documents."""
    kinds: dict[str, dict[str, None]] = {}
    for tabelle in quelle.tabellen:
        if tabelle.tabelle in quelle.personentabellen:
            for spalte in tabelle.spalten:
                kinds.setdefault(KINDS.get(spalte.klasse, OTHER), {})[spalte.name] = None
    keep = quelle.aufbewahrung
    single = [f"nach Prüfung, Zweck und Besprechung als Auszug der Statistikstelle (./sozialraum mikrodaten). {quelle.mikrodaten.rechtsgrundlage}"] if quelle.mikrodaten else []
    worded = sorted({f"{spalte.name} im Wortlaut, nur wo {spalte.nur_wenn}" for tabelle in quelle.tabellen for spalte in tabelle.spalten if spalte.nur_wenn})
    return Source(
        quelle.quelle, quelle.name, quelle.herausgeber, quelle.rechtsgrundlage, quelle.abschottung, quelle.personenbezug, quelle.zweck, quelle.betroffene, quelle.besondere_kategorien,
        {kind: tuple(columns) for kind, columns in sorted(kinds.items())}, keep.originale_tage, keep.quarantaene_tage, keep.rohdaten_tage,
        "; ".join([*worded, *single]) or None, quelle.rhythmus,
    )  # fmt: skip


def feeds(city: City, manifest: dict[str, Any]) -> dict[str, frozenset[str]]:
    """dbt model -> sources of this town that it is made from."""
    fills: dict[str, set[str]] = {}
    for quelle in city.quellen:
        for tabelle in quelle.tabellen:
            fills.setdefault(tabelle.tabelle, set()).add(quelle.quelle)
    nodes = manifest["nodes"]

    @cache
    def of(node_id: str) -> frozenset[str]:
        node = nodes.get(node_id)
        if node is None:
            return frozenset()
        own = {source for table in RAW_CALL.findall(node.get("raw_code") or "") for source in fills.get(table, ())}
        return frozenset(own).union(*(of(other) for other in node.get("depends_on", {}).get("nodes", [])))

    return {node["name"]: of(name) for name, node in nodes.items() if node["resource_type"] == "model"}


def check(city: City, manifest: dict[str, Any]) -> None:
    """PermanentFailure with the first of what has no purpose, legal basis or recipient."""
    exports = {n["name"]: tuple(n["config"]["meta"].get("zielgruppen") or ()) for n in manifest["nodes"].values() if n["resource_type"] == "model" and "exports" in n["fqn"]}
    found = gaps([described(q) for q in city.quellen], load_contracts(), exports, AUDIENCES)
    if found:
        raise PermanentFailure(f"{found[0]} (insgesamt {len(found)} Lücken in Zweck und Rechtsgrundlage; der veröffentlichte Stand ist unverändert)")


def write_evidence(place: Workplace, manifest: dict[str, Any], folder: Path) -> list[Path]:
    """All documents of a town into a folder."""
    with RULES.open(encoding="utf-8", newline="") as file:
        rules = list(csv.DictReader(file))
    settings, stadt = place.settings, place.city.stadt
    microdata = (settings.mikrodaten_k, settings.mikrodaten_l, settings.mikrodaten_zurueckgehalten)
    marts = {name: tuple(node["config"]["meta"]["zielgruppen"]) for name, node in mart_models(manifest).items()}
    return write(folder, stadt.name, stadt.simuliert, [described(q) for q in place.city.quellen], recipients(load_contracts(), marts), feeds(place.city, manifest), rules, microdata)
