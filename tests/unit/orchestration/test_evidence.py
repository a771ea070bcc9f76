"""Who gets what, wozu and for how long: nothing without purpose, everything declared appears, every measure is where it is said to be."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

import pytest

from exports.contract import load_contracts
from exports.evidence import MEASURES, RISKS, gaps, matrix, periods, recipients, write
from orchestration.evidence import check, described, feeds
from orchestration.failures import PermanentFailure
from sources.model import SHIPPED_CITIES, City, available_cities, load_city
from warehouse.publish import AUDIENCES

REPOSITORY = Path(__file__).resolve().parents[3]
MODELS = REPOSITORY / "dbt_project" / "models"
TOWN = load_city(SHIPPED_CITIES / "hilden-simuliert")


def manifest() -> dict:
    """What the documents need of dbt's manifest, read from the SQL itself: a quoted name of a model is a reference."""
    texts = {path.stem: re.sub(r"adapter\.get_relation\(.*?\)", "", path.read_text(encoding="utf-8")) for path in sorted(MODELS.rglob("*.*")) if path.suffix in (".sql", ".py")}
    return {"nodes": {
        f"model.{name}": {"name": name, "resource_type": "model", "raw_code": text, "depends_on": {"nodes": [f"model.{other}" for other in re.findall(r"['\"](\w+)['\"]", text) if other in texts and other != name]}}
        for name, text in texts.items()
    }}  # fmt: skip


FEEDS = feeds(TOWN, manifest())
EXPORTS = {path.stem: AUDIENCES for path in (MODELS / "exports").rglob("*.sql")}
SOURCES = [described(quelle) for quelle in TOWN.quellen]


@pytest.mark.parametrize("town", sorted(available_cities(SHIPPED_CITIES)))
def test_everything_shipped_has_a_purpose(town: str) -> None:
    sources = [described(quelle) for quelle in load_city(SHIPPED_CITIES / town).quellen]
    assert gaps(sources, load_contracts(), EXPORTS, AUDIENCES) == []
    assert [row["quelle"] for row in periods(sources) if row["rohdaten"].startswith("OHNE FRIST")] == []


def test_a_recipient_without_purpose_or_basis_is_a_gap() -> None:
    first, *others = load_contracts()
    for key, said in (("zweck", "keine Angabe zum Zweck"), ("rechtsgrundlage", "keine Rechtsgrundlage")):
        [found] = gaps(SOURCES, [first.model_copy(update={key: " "}), *others], EXPORTS, AUDIENCES)
        assert first.empfaenger in found and said in found


def test_an_export_nobody_has_a_contract_for_is_a_gap() -> None:
    [found] = gaps(SOURCES, load_contracts(), EXPORTS | {"exp_neu__tabelle": ("verwaltung",)}, AUDIENCES)
    assert found.startswith("Den Export exp_neu__tabelle nennt kein Vertrag")
    assert any("exp_analyse__definitionsvergleich" in text for text in gaps(SOURCES, [c for c in load_contracts() if c.empfaenger != "analyse"], EXPORTS, AUDIENCES))
    assert ["oeffentlich" in text for text in gaps(SOURCES, [c for c in load_contracts() if c.zielgruppe != "oeffentlich"], {}, AUDIENCES)] == [True]


def test_a_source_with_persons_says_what_for_and_about_whom() -> None:
    persons = next(source for source in SOURCES if source.personenbezug)
    for key in ("zweck", "betroffene"):
        assert gaps([replace(persons, **{key: None})], load_contracts(), EXPORTS, AUDIENCES) == [f"Die Quelle {persons.quelle} hat Personenbezug, aber {key} fehlt; bitte in ihrer Deklaration ergänzen."]
    assert len(gaps([replace(persons, rechtsgrundlage="")], load_contracts(), EXPORTS, AUDIENCES)) == 1


def test_a_gap_stops_the_build() -> None:
    """What a run asks before it builds: the shipped town passes, one whose source lost its purpose does not."""
    nodes = {f"model.{name}": {"name": name, "resource_type": "model", "fqn": ["sozialraum", "exports", name], "config": {"meta": {"zielgruppen": list(audiences)}}} for name, audiences in EXPORTS.items()}
    check(TOWN, {"nodes": nodes})
    quellen = tuple(quelle.model_copy(update={"zweck": None}) if quelle.quelle == "sgb12" else quelle for quelle in TOWN.quellen)
    with pytest.raises(PermanentFailure, match="Die Quelle sgb12 hat Personenbezug, aber zweck fehlt"):
        check(TOWN.model_copy(update={"quellen": quellen}), {"nodes": nodes})


def test_the_matrix_follows_the_models() -> None:
    rows = matrix(SOURCES, recipients(load_contracts(), {"fct_aussage": ("intern", "oeffentlich")}), FEEDS)
    behind = {(row["empfaenger"], row["gegenstand"]): {r["quelle"] for r in rows if (r["empfaenger"], r["gegenstand"]) == (row["empfaenger"], row["gegenstand"])} for row in rows}
    assert behind["analyse", "fct_aussage"] == {"interviews"}
    assert {"melderegister_bestand", "sgb12", "kita"} <= behind["analyse", "fct_indikatorwert"]
    assert "umfrage" in behind["analyse", "fct_umfrage"] and "interviews" not in behind["analyse", "fct_umfrage"]
    # What an audience sees in its mart and report is handed out too.
    assert ("zielgruppe_oeffentlich", "fct_aussage") in behind
    assert ("zielgruppe_traeger", "fct_aussage") not in behind
    assert all(row["zweck"] and row["rechtsgrundlage"] and row["quelle_rechtsgrundlage"] for row in rows)


def test_a_new_source_appears_by_itself(tmp_path: Path) -> None:
    """A copy of a declaration under another name: in the record, with its periods, and behind the exports its raw table feeds."""
    folder = tmp_path / "hilden-simuliert"
    folder.mkdir()
    for path in TOWN.folder.glob("*.yml"):
        (folder / path.name).write_bytes(path.read_bytes())
    text = (folder / "sgb12.yml").read_text(encoding="utf-8").replace("quelle: sgb12", "quelle: neue_hilfe").replace("name: SGB XII", "name: Neue Hilfe", 1)
    (folder / "neue_hilfe.yml").write_text(text, encoding="utf-8")
    city: City = load_city(folder)
    sources = [described(quelle) for quelle in city.quellen]
    write(tmp_path / "nachweise", "Hilden", True, sources, recipients(load_contracts(), {}), feeds(city, manifest()), [], (5, 2, 0.05))
    assert "Neue Hilfe" in (tmp_path / "nachweise" / "verarbeitungsverzeichnis.md").read_text(encoding="utf-8")
    with (tmp_path / "nachweise" / "zweckmatrix.csv").open(encoding="utf-8", newline="") as file:
        assert {row["empfaenger"] for row in csv.DictReader(file) if row["quelle"] == "neue_hilfe"} >= {"analyse", "verwaltungsvorstand"}


def test_documents_say_what_the_declarations_say(tmp_path: Path) -> None:
    files = write(tmp_path, "Hilden", True, SOURCES, recipients(load_contracts(), {"fct_aussage": AUDIENCES}), FEEDS, [{"thema": "*", "zielgruppe": "traeger", "mindestzahl": "3", "grund": "Grundregel"}], (5, 2, 0.05))
    assert sorted({path.suffix for path in files}) == [".csv", ".html", ".md"]
    record = (tmp_path / "verarbeitungsverzeichnis.md").read_text(encoding="utf-8")
    for quelle in TOWN.quellen:
        assert quelle.rechtsgrundlage in record
        if quelle.personenbezug:
            assert f"| Zweck | {quelle.zweck} |" in record and f"Rohdaten: {quelle.aufbewahrung.rohdaten_tage} Tage nach Eingang" in record
    assert "| Religion (wird nicht gelesen) | Religion |" in record
    assert "Aussage im Wortlaut, nur wo geprueft = 'ja' and freigegeben = 'ja'" in record
    assessment = (tmp_path / "folgenabschaetzung.md").read_text(encoding="utf-8")
    assert all(measure.text in assessment for measure in MEASURES) and all(name in assessment for name, *_ in RISKS)
    assert all(contract.name in assessment for contract in load_contracts())
    page = (tmp_path / "folgenabschaetzung.html").read_text(encoding="utf-8")
    assert page.startswith('<!doctype html>\n<html lang="de">') and page.count("<h1>") == 1 and "http" not in page
    # Same declarations, same bytes.
    again = tmp_path / "noch"
    write(again, "Hilden", True, SOURCES, recipients(load_contracts(), {"fct_aussage": AUDIENCES}), FEEDS, [{"thema": "*", "zielgruppe": "traeger", "mindestzahl": "3", "grund": "Grundregel"}], (5, 2, 0.05))
    assert {p.name: p.read_bytes() for p in files} == {p.name: p.read_bytes() for p in again.iterdir()}


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.ort)
def test_each_measure_is_enforced_where_it_says(measure) -> None:  # type: ignore[no-untyped-def]
    path, _, symbol = measure.ort.partition(":")
    text = (REPOSITORY / path).read_text(encoding="utf-8")
    assert not symbol or re.search(rf"^\s*(def|class) {symbol}\b|^{symbol}\b", text, re.MULTILINE)
    assert measure.ziel in {goal for _, _, goals, _ in RISKS for goal in goals}
