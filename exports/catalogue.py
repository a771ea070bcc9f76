"""What is in the packages, for machines: a Frictionless Data Package per recipient and DCAT-AP.de 3.0 for the whole.

Describes files that are already written; computes nothing about their content.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from exports.contract import Contract, Table
from exports.formats import AREA_KEY, AREA_KEY_MEANING, has_area_key

MEDIA = {
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".gpkg": "application/geopackage+sqlite3",
    ".qml": "application/xml",
    ".json": "application/json",
    ".pdf": "application/pdf",
}
FIELD_TYPES = {"varchar": "string", "double": "number", "bigint": "integer", "integer": "integer", "boolean": "boolean", "date": "date"}
#: Symbols that stand in the place of a number in the CSV for Excel.
SYMBOLS = ["", "-", ".", "*", "/", "( )", "...", "x", "p", "r"]


class Head(Protocol):
    """What a package says of itself; a contract says it."""

    @property
    def empfaenger(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def zweck(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def lizenz(self) -> str: ...


@dataclass(frozen=True)
class Handout:
    """The marts of an audience as files: no agreement with a recipient, but a package like all others."""

    zielgruppe: str
    lizenz: str
    rechtsgrundlage: str
    name: str = "Indikatorwerte zum Weiterrechnen"
    zweck: str = "Alle Werte, die für diese Zielgruppe freigegeben sind oder zur Freigabe liegen, in einer Tabelle. Der ganze Mart liegt als mart.duckdb neben dem Ordner exports."
    version: str = "1.0"
    rhythmus: str = "je Veröffentlichung"

    @property
    def empfaenger(self) -> str:
        return self.zielgruppe


def handout(audience: str, contracts: list[Contract]) -> Handout:
    """Under the terms of the audience's contracts; without any, for use in the house only."""
    first = next((c for c in contracts if c.zielgruppe == audience), None)
    return Handout(audience, first.lizenz if first else "nur für den dienstlichen Gebrauch", first.rechtsgrundlage if first else "keine")


def write_data_package(head: Head, folder: Path, files: dict[Path, tuple[Table | str, str]], facts: dict[str, str], deliveries: list[tuple[str, date, str]]) -> Path:
    """``datapackage.json`` beside the files it describes; ``deliveries``: source, reference date and id of each that the release is made from."""
    package: dict[str, Any] = {
        "profile": "data-package",
        "name": head.empfaenger.replace("_", "-"),
        "id": f"{facts['release']}/{head.empfaenger}",
        "title": head.name,
        "description": head.zweck + (" SIMULIERT: erfundene Daten der Modellstadt." if facts.get("simuliert") == "ja" else ""),
        "version": head.version,
        "created": facts["erstellt"],
        "licenses": [{"name": head.lizenz}],
        "sources": [{"title": source} for source in facts["quellen"].split("; ")],
        # The standard has no place for these, but allows others beside its own.
        "release": facts["release"],
        "stichtage": sorted({f"{day:%Y-%m-%d}" for _, day, _ in deliveries}),
        "lieferungen": [{"quelle": source, "stichtag": f"{day:%Y-%m-%d}", "lieferung": delivery} for source, day, delivery in deliveries],
        "resources": [_resource(path, table, form) for path, (table, form) in sorted(files.items())],
    }
    path = folder / "datapackage.json"
    path.write_text(json.dumps(package, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def _resource(path: Path, table: Table | str, form: str) -> dict[str, Any]:
    """``table`` is the agreed table, or the name of a mart handed out as it is."""
    content = path.read_bytes()
    described: dict[str, Any] = {
        "name": path.name.lower().replace(".", "-").replace("_", "-"),
        "path": path.name,
        "title": table if isinstance(table, str) else table.titel,
        "format": path.suffix[1:],
        "mediatype": MEDIA[path.suffix],
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }
    if path.suffix != ".csv" or isinstance(table, str):
        return described | {"type": "file"}
    german = form == "excel_csv"
    fields: list[dict[str, Any]] = []
    if german and has_area_key(column.name for column in table.spalten):
        fields.append({"name": AREA_KEY, "title": AREA_KEY, "type": "string", "description": AREA_KEY_MEANING})
    for column in table.spalten:
        field: dict[str, Any] = {"name": column.name, "title": column.name, "type": FIELD_TYPES[column.typ], "description": column.beschreibung}
        if german and field["type"] == "number":
            field["decimalChar"] = ","
        if german and field["type"] == "date":
            field["format"] = "%d.%m.%Y"
        if field["type"] == "boolean":
            field |= {"trueValues": ["ja"], "falseValues": ["nein"]} if german else {"trueValues": ["true"], "falseValues": ["false"]}
        fields.append(field)
    return described | {
        "profile": "tabular-data-resource",
        "encoding": "utf-8",
        "dialect": {"delimiter": ";" if german else ",", "lineTerminator": "\r\n"},
        "schema": {"fields": fields, **({"primaryKey": list(table.schluessel)} if table.schluessel else {}), "missingValues": SYMBOLS if german else [""]},
    }


# DCAT-AP.de

#: Written last of all that an audience gets.
CATALOGUE = "katalog.ttl"
DCATDE = "http://dcat-ap.de/def/dcatde/"
GEOCODING = "http://dcat-ap.de/def/politicalGeocoding/"
LICENCES = {"dl-de/by-2-0": "http://dcat-ap.de/def/licenses/dl-by-de/2.0", "dl-de/zero-2-0": "http://dcat-ap.de/def/licenses/dl-zero-de/2.0"}
NOT_TO_PASS_ON = "http://dcat-ap.de/def/licenses/other-closed"
CONTRIBUTOR = "http://dcat-ap.de/def/contributors/"
ACCESS = "http://publications.europa.eu/resource/authority/access-right/"
THEME = "http://publications.europa.eu/resource/authority/data-theme/SOCI"
FREQUENCY = "http://publications.europa.eu/resource/authority/frequency/"
FREQUENCIES = {"monatlich": "MONTHLY", "jaehrlich": "ANNUAL", "je Veröffentlichung": "IRREG"}
FILE_TYPE = "http://publications.europa.eu/resource/authority/file-type/"
FILE_TYPES = {".csv": "CSV", ".parquet": "PARQUET", ".xlsx": "XLSX", ".gpkg": "GPKG", ".json": "JSON", ".pdf": "PDF"}


def write_catalogue(contracts: list[Contract], target: Path, facts: dict[str, str]) -> Path:
    """``katalog.ttl``: one dataset per contract and one for the audience's marts as files, one distribution per data file, with political geocoding and attribution.

    Addresses in it are relative to the catalogue, so that it stays true wherever the folder is put.
    """
    from rdflib import DCAT, DCTERMS, FOAF, RDF, XSD, Graph, Literal, Namespace, URIRef

    dcatde = Namespace(DCATDE)
    spdx = Namespace("http://spdx.org/rdf/terms#")
    base = f"urn:sozialraum:{facts['ags']}:{facts['release']}:"
    graph = Graph()
    for prefix, space in (("dcat", DCAT), ("dct", DCTERMS), ("foaf", FOAF), ("dcatde", dcatde), ("spdx", spdx)):
        graph.bind(prefix, space)
    publisher = URIRef(base + "herausgeber")
    graph.add((publisher, RDF.type, FOAF.Organization))
    graph.add((publisher, FOAF.name, Literal(facts["stadt"], lang="de")))
    catalogue = URIRef(base + "katalog")
    graph.add((catalogue, RDF.type, DCAT.Catalog))
    graph.add((catalogue, DCTERMS.title, Literal(f"Sozialräumliche Daten: {facts['stadt']}", lang="de")))
    marked = " SIMULIERT: erfundene Daten der Modellstadt." if facts.get("simuliert") == "ja" else ""
    graph.add((catalogue, DCTERMS.description, Literal(f"Datenpakete aus dem Sozialraum-Warehouse, Stand {facts['release']}.{marked}", lang="de")))
    graph.add((catalogue, DCTERMS.publisher, publisher))
    # The audience's marts as files have no contract; they are listed where they were written.
    own = [handout(facts["zielgruppe"], contracts)] if (target / facts["zielgruppe"]).is_dir() else []
    for contract in [*contracts, *own]:
        dataset = URIRef(base + contract.empfaenger)
        graph.add((catalogue, DCAT.dataset, dataset))
        graph.add((dataset, RDF.type, DCAT.Dataset))
        graph.add((dataset, DCTERMS.title, Literal(contract.name, lang="de")))
        graph.add((dataset, DCTERMS.description, Literal(contract.zweck + marked, lang="de")))
        graph.add((dataset, DCTERMS.identifier, Literal(f"{facts['ags']}/{contract.empfaenger}")))
        graph.add((dataset, DCTERMS.publisher, publisher))
        graph.add((dataset, dcatde.contributorID, URIRef(CONTRIBUTOR + "kommune" + facts["ags"])))
        graph.add((dataset, dcatde.politicalGeocodingURI, URIRef(f"{GEOCODING}municipalityKey/{facts['ags']}")))
        graph.add((dataset, dcatde.politicalGeocodingLevelURI, URIRef(f"{GEOCODING}Level/municipality")))
        graph.add((dataset, dcatde.legalBasis, Literal(contract.rechtsgrundlage, lang="de")))
        graph.add((dataset, DCAT.theme, URIRef(THEME)))
        graph.add((dataset, DCTERMS.accrualPeriodicity, URIRef(FREQUENCY + FREQUENCIES.get(contract.rhythmus, "IRREG"))))
        graph.add((dataset, DCTERMS.accessRights, URIRef(ACCESS + ("PUBLIC" if contract.zielgruppe == "oeffentlich" else "RESTRICTED"))))
        graph.add((dataset, DCTERMS.modified, Literal(facts["erstellt"], datatype=XSD.dateTime)))
        graph.add((dataset, URIRef("http://www.w3.org/ns/dcat#version"), Literal(contract.version)))
        for path in sorted((target / contract.empfaenger).iterdir()):
            if path.suffix not in FILE_TYPES or path.name == "datapackage.json":
                continue
            distribution = URIRef(f"{base}{contract.empfaenger}:{path.name}")
            graph.add((dataset, DCAT.distribution, distribution))
            graph.add((distribution, RDF.type, DCAT.Distribution))
            graph.add((distribution, DCTERMS.title, Literal(path.name)))
            graph.add((distribution, DCAT.accessURL, URIRef(f"{contract.empfaenger}/{path.name}")))
            graph.add((distribution, DCTERMS.license, URIRef(LICENCES.get(contract.lizenz, NOT_TO_PASS_ON))))
            graph.add((distribution, dcatde.licenseAttributionByText, Literal(f"{facts['stadt']}, Sozialraum-Warehouse, {facts['release']}", lang="de")))
            graph.add((distribution, DCTERMS.format, URIRef(FILE_TYPE + FILE_TYPES[path.suffix])))
            graph.add((distribution, DCAT.mediaType, URIRef("https://www.iana.org/assignments/media-types/" + MEDIA[path.suffix])))
            graph.add((distribution, DCAT.byteSize, Literal(path.stat().st_size, datatype=XSD.nonNegativeInteger)))
            checksum = URIRef(f"{distribution}#sha256")
            graph.add((distribution, spdx.checksum, checksum))
            graph.add((checksum, RDF.type, spdx.Checksum))
            graph.add((checksum, spdx.algorithm, spdx.checksumAlgorithm_sha256))
            graph.add((checksum, spdx.checksumValue, Literal(hashlib.sha256(path.read_bytes()).hexdigest(), datatype=XSD.hexBinary)))
    file = target / CATALOGUE
    file.write_text(graph.serialize(format="turtle"), encoding="utf-8")
    return file
