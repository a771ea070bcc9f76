"""What leaves as files, held against the standards' own tools and the programs people open them with."""

from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
from pathlib import Path

import duckdb
import openpyxl
import pyarrow.parquet as pq
import pyogrio
import pytest

from exports.contract import Contract, load_contracts
from tests.office import as_opened
from tests.pipeline.conftest import ANSWERS, REPOSITORY, Town, forms, packages

CONTRACTS = load_contracts()
SHAPES = REPOSITORY / "tests" / "unit" / "exports" / "dcat_ap_de.shacl.ttl"


def package(town: Town, contract: Contract) -> Path:
    return packages(town, contract.zielgruppe) / contract.empfaenger


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.empfaenger)
def test_every_agreed_file_is_there_and_its_checksum_holds(published_small: Town, contract: Contract) -> None:
    folder = package(published_small, contract)
    names = {path.name for path in folder.iterdir()}
    endings = {"parquet": ".parquet", "csv": ".csv", "excel_csv": "_excel.csv", "xlsx": ".xlsx", "geopackage": ".gpkg", "jsonstat": ".json", "pdf": ".pdf"}
    promised = {table.name + endings[form] for table in contract.tabellen for form in table.formate if form in endings}
    for table in (table for table in contract.tabellen if "formular" in table.formate):
        assert [name for name in names if name.startswith(f"rueckmeldung_{table.name}_")], table.name
    assert promised | {f"{mart}.parquet" for mart in contract.marts} <= names
    sums = dict(reversed(line.split("  ")) for line in (folder / "pruefsummen.sha256").read_text(encoding="utf-8").splitlines())
    assert set(sums) == names - {"pruefsummen.sha256"}
    assert all(hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest for name, digest in sums.items())


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.empfaenger)
def test_frictionless_has_nothing_to_say(published_small: Town, contract: Contract) -> None:
    from frictionless import Package

    described = Package(str(package(published_small, contract) / "datapackage.json"))
    report = described.validate()
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "message"])[:5]
    assert any(resource.type == "table" for resource in described.resources) == any("csv" in table.formate for table in contract.tabellen)


@pytest.mark.parametrize("audience", ["verwaltung", "traeger", "oeffentlich"])
def test_catalogue_conforms_to_dcat_ap_de(published_small: Town, audience: str) -> None:
    import pyshacl
    from rdflib import Graph

    file = packages(published_small, audience) / "katalog.ttl"
    conforms, _, text = pyshacl.validate(Graph().parse(file), shacl_graph=Graph().parse(SHAPES), advanced=False)
    assert conforms, text
    # The shapes can fail: without its licence no distribution passes.
    broken = Graph().parse(data="\n".join(line for line in file.read_text(encoding="utf-8").splitlines() if "dct:license" not in line), format="turtle")
    assert not pyshacl.validate(broken, shacl_graph=Graph().parse(SHAPES))[0]


def test_geopackage_opens_with_every_level_and_indicator(published_small: Town) -> None:
    folder = packages(published_small, "verwaltung") / "stadtplanung"
    file = folder / "raumeinheiten.gpkg"
    layers = dict(pyogrio.list_layers(file))
    assert layers.pop("layer_styles") is None
    info, _, _, data = pyogrio.raw.read(file, layer="layer_styles", read_geometry=False)
    styles = dict(zip(info["fields"], data, strict=True))
    assert {"stadt_hilden2015", "stadtbereich_hilden2015", "sozialraum_hilden2015", "stadt_hilden2020", "stadtbereich_hilden2020", "sozialraum_hilden2020", "orte"} == set(layers)
    info = pyogrio.read_info(file, layer="sozialraum_hilden2020")
    assert (info["features"], info["crs"]) == (22, "EPSG:25832")
    assert "anteil_65_plus" in info["fields"]
    areas, _, _, values = pyogrio.raw.read(file, layer="sozialraum_hilden2020", read_geometry=False)
    cells = dict(zip(areas["fields"], values, strict=True))
    assert not [name for name in cells if f"{name}_zeichen" in cells and any((value != value) != (sign is not None) for value, sign in zip(cells[name], cells[f"{name}_zeichen"], strict=True))]
    with sqlite3.connect(file) as db:
        assert all("SIMULIERT" in text and published_small.current.resolve().name in text for (text,) in db.execute("select description from gpkg_contents where data_type = 'features'"))
    assert {path.stem.removeprefix("raumeinheiten_") for path in folder.glob("*.qml")} == set(layers)
    # QGIS takes the style of a layer from inside the package; the files beside it say the same.
    assert dict(zip(styles["f_table_name"], styles["styleQML"], strict=True)) == {layer: (folder / f"raumeinheiten_{layer}.qml").read_text(encoding="utf-8") for layer in layers}
    assert styles["useAsDefault"].all()


def test_workbook_explains_itself(published_small: Town) -> None:
    book = openpyxl.load_workbook(packages(published_small, "verwaltung") / "jugendhilfe" / "indikatoren.xlsx")
    assert book.sheetnames == ["Hinweise", "Daten", "Metadaten", "Spalten", "Definitionen"]
    data = book["Daten"]
    assert data.freeze_panes == "A2"
    header = [cell.value for cell in data[1]]
    first = {name: cell for name, cell in zip(header, data[2], strict=True)}
    assert first["stichtag"].number_format == "dd.mm.yyyy"
    target = first["indikator_id"].hyperlink.location or first["indikator_id"].hyperlink.target.lstrip("#")
    assert book["Definitionen"][target.split("!")[1]].value == first["indikator_id"].value
    values = [row[header.index("wert")] for row in data.iter_rows(min_row=2, values_only=True)]
    assert None not in values  # a missing value shows its symbol
    assert any(isinstance(value, float) for value in values)
    assert any("SIMULIERT" in str(cell.value) for row in book["Hinweise"] for cell in row)
    assert not any(cell.data_type == "f" for sheet in book for row in sheet.iter_rows() for cell in row)


def test_bytes_do_not_depend_on_the_number_of_workers(published_small: Town, tmp_path: Path) -> None:
    from exports.write import write_files

    facts = {"release": "x", "stadt": "x", "ags": "05158016", "epsg": "25832", "erstellt": "2021-01-01T00:00:00+00:00", "stichtage": "x", "quellen": "x", "simuliert": "ja"}
    written = []
    for workers in (1, 3):
        folders = {audience: tmp_path / str(workers) / audience for audience in ("verwaltung", "traeger", "oeffentlich")}
        for audience, folder in folders.items():
            folder.mkdir(parents=True)
            (folder / "mart.duckdb").symlink_to(packages(published_small, audience).parent / "mart.duckdb")
        files = write_files(folders, ("fct_indikatorwert",), CONTRACTS, facts, True, workers)
        written.append({str(path.relative_to(tmp_path / str(workers))): path.read_bytes() for path in files})
    assert written[0] and written[0] == written[1]


def test_parquet_says_what_and_in_which_unit(published_small: Town) -> None:
    metadata = pq.read_metadata(packages(published_small, "verwaltung") / "jugendhilfe" / "indikatoren.parquet").metadata
    assert metadata[b"release"].decode() == published_small.current.resolve().name
    assert metadata[b"zielgruppe"] == b"verwaltung" and b"leer hei" in metadata[b"wert"]


def read(town: Town, audience: str, model: str, columns: str = "*", where: str = "true") -> list[tuple]:
    with duckdb.connect(str(packages(town, audience).parent / "mart.duckdb"), read_only=True) as mart:
        return mart.execute(f"select {columns} from export.{model} where {where}").fetchall()


def test_no_agreed_table_is_empty_in_the_demo_town(demo: Town) -> None:
    waiting = {"exp_planungsrunde__offen"}  # may be empty: nobody has to comment
    empty = [contract.model_of(table) for contract in CONTRACTS for table in contract.tabellen if not read(demo, contract.zielgruppe, contract.model_of(table), "1", "true limit 1")]
    assert set(empty) <= waiting


def test_marts_leave_as_parquet_with_their_descriptions(published_small: Town) -> None:
    folder = packages(published_small, "verwaltung") / "analyse"
    with published_small.mart() as mart:
        known = dict(mart.execute("select table_name, estimated_size from duckdb_tables() where schema_name = 'main'").fetchall())
    contract = next(c for c in CONTRACTS if c.empfaenger == "analyse")
    assert set(contract.marts) == set(known)
    for name in contract.marts:
        file = pq.read_metadata(folder / f"{name}.parquet")
        assert file.num_rows == known[name]
        columns = {column.encode() for column in pq.read_schema(folder / f"{name}.parquet").names}
        assert columns <= set(file.metadata), name


def test_children_by_single_year_and_area(demo: Town) -> None:
    rows = read(demo, "verwaltung", "exp_jugendhilfe__kinder", "gebietsstand, raumeinheit_id, stichtag, kennzahl_id, wert", "ebene = 'sozialraum'")
    found: dict[tuple, dict[str, float | None]] = {}
    for version, area, day, count, value in rows:
        found.setdefault((version, area, day), {})[count] = value
    years = [f"alter_{age}" for age in range(18)]
    assert len({area for version, area, _ in found if version == "hilden2020"}) == 22
    for counts in found.values():
        assert set(years) <= set(counts)
        for first, last in ((0, 2), (3, 5), (6, 14), (15, 17)):
            whole, parts = counts[f"alter_{first}_{last}"], [counts[name] for name in years[first : last + 1]]
            assert None in (whole, *parts) or whole == sum(parts)
    assert sum(value is not None for counts in found.values() for value in counts.values()) > 0.9 * sum(map(len, found.values()))


def test_age_structure_around_playgrounds_and_stops(demo: Town) -> None:
    rows = read(demo, "verwaltung", "exp_infrastruktur__umkreis", "kategorie, umkreis_m, altersgruppe, gebietsstand, ebene, raumeinheit_id, stichtag, wert")
    found = {key: value for *key_parts, value in rows if (key := tuple(key_parts))}
    ages = ("0 bis 5", "6 bis 14", "15 bis 64", "65 und älter")
    assert {key[:3] for key in found if key[0] in ("spielplatz", "haltestelle")} == {(kind, metres, age) for kind in ("spielplatz", "haltestelle") for metres in (300.0, 500.0) for age in (*ages, "insgesamt")}
    assert sum(value is not None for value in found.values()) > 0.9 * len(found)
    for (kind, metres, age, *place), value in found.items():
        wider, parts = found.get((kind, 500.0, age, *place)), [found.get((kind, metres, a, *place)) for a in ages]
        assert None in (value, wider) or metres > 300 or value <= wider
        assert age != "insgesamt" or None in (value, *parts) or value >= sum(parts)


def test_coverage_by_both_definitions(demo: Town) -> None:
    rows = read(demo, "verwaltung", "exp_jugendhilfe__betreuung", "ebene, altersgruppe, plaetze, kinder, versorgungsquote, betreuungsquote")
    assert {row[1] for row in rows} == {"u3", "ue3"}
    assert all(row[4] == pytest.approx(100 * row[2] / row[3]) for row in rows if None not in row[2:5])
    assert {row[0] for row in rows if row[5] is not None} == {"stadt"}  # children are counted where they are looked after
    assert {row[0] == "stadt": row[1] for row in read(demo, "verwaltung", "exp_jugendhilfe__betreuung", "distinct ebene, betreuung_zeichen")} == {True: None, False: "x"}


def test_what_is_said_to_differ_was_tested(demo: Town) -> None:
    rows = read(demo, "verwaltung", "exp_planungsrunde__veraenderungen", "art, richtung, p_bereinigt, wert - vergleichswert - differenz, differenz")
    assert {(kind, way) for kind, way, *_ in rows} <= {("unterschied", "hoeher"), ("unterschied", "niedriger"), ("trend", "steigend"), ("trend", "fallend")}
    assert rows and all(p is not None and p <= 0.05 for _, _, p, _, _ in rows)
    assert all(check is None or abs(check) < 1e-9 for *_, check, _ in rows)


def test_one_page_for_the_board(demo: Town) -> None:
    from pypdf import PdfReader

    rows = read(demo, "verwaltung", "exp_verwaltungsvorstand__auf_einen_blick", "nr, was, wo, wie_sicher")
    assert 1 <= len(rows) <= 12 and all(None not in row for row in rows)
    pdf = PdfReader(packages(demo, "verwaltung") / "verwaltungsvorstand" / "auf_einen_blick.pdf")
    assert len(pdf.pages) == 1
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"] and pdf.trailer["/Root"]["/Lang"].startswith("de")
    text = " ".join(pdf.pages[0].extract_text().split())
    assert "simulierte Daten" in text and "Entwurf" in text
    assert all(where in text for _, _, where, _ in rows)


def test_the_agenda_leads_to_every_point(demo: Town) -> None:
    book = openpyxl.load_workbook(packages(demo, "verwaltung") / "planungsrunde" / "tagesordnung.xlsx")
    assert book.sheetnames == ["Tagesordnung", "neu", "veraenderungen", "offen", "themen", "massnahmen", "beschluesse"]
    front = list(book["Tagesordnung"].iter_rows())
    assert any("SIMULIERT" in str(row[1].value) for row in front)
    points = {row[1].hyperlink.location.split("!")[0].strip("'"): row[2].value for row in front if row[1].hyperlink}
    assert points == {name: book[name].max_row - 1 for name in book.sheetnames[1:]}
    assert any("sehr sicher" in str(row[3].value) for row in front)
    assert not any(cell.data_type == "f" for sheet in book for row in sheet.iter_rows() for cell in row)


def test_definitions_stand_side_by_side(demo: Town) -> None:
    rows = read(demo, "verwaltung", "exp_analyse__definitionsvergleich", "vergleich_id, indikator_id, wert - bezug_wert, differenz, erklaerung", "indikator_id <> bezug_id")
    assert {"sgb2_quote", "kinderarmut", "betreuung_u3"} <= {row[0] for row in rows if row[3] is not None}
    assert all((row[2] is None) == (row[3] is None) and (row[2] is None or row[2] == pytest.approx(row[3])) for row in rows)
    assert all(("hier" in row[4]) == (row[3] is not None) for row in rows)


def test_filled_forms_come_back_through_the_door(published_small: Town, later_small: Town) -> None:
    """Two organisations answer on one day."""
    keys = []
    for form in forms(published_small)[: len(ANSWERS)]:
        sheet = openpyxl.load_workbook(form)["Angebote"]
        head = {cell.value: cell.column for cell in sheet[1]}
        assert sheet.protection.sheet and sheet.cell(2, head["Schlüssel"]).protection.locked and not sheet.cell(2, head["Anmerkung"]).protection.locked
        keys.append(sheet.cell(2, head["Schlüssel"]).value)
    told = {row[0]: row[1:] for row in read(later_small, "verwaltung", "exp_planungsrunde__offen", "nummer, text, stand", "art = 'rueckmeldung'")}
    assert told == dict(zip(keys, [("Anschrift: Neue Straße 5; Plätze: 12", "zu prüfen"), ("Angebot gibt es nicht mehr", "zu prüfen")], strict=True))


def test_json_stat_has_a_place_for_every_cell(published_small: Town) -> None:
    content = json.loads((packages(published_small, "oeffentlich") / "offene_daten" / "indikatoren.json").read_text(encoding="utf-8"))
    assert (content["version"], content["class"]) == ("2.0", "dataset")
    size = content["size"]
    assert [len(content["dimension"][d]["category"]["index"]) for d in content["id"]] == size
    assert max(map(int, content["value"])) < size[0] * size[1] * size[2]
    with duckdb.connect(str(packages(published_small, "oeffentlich").parent / "mart.duckdb"), read_only=True) as mart:
        known = mart.execute("select count(wert), round(sum(wert), 6) from export.exp_offene_daten__indikatoren").fetchone()
    assert (len(content["value"]), round(sum(content["value"].values()), 6)) == known


def test_no_text_cell_starts_a_formula(tmp_path: Path) -> None:
    from exports import formats

    with duckdb.connect() as db:
        db.execute("create view zeilen as select * from (values ('=1+1', 1.5), ('+49 2103', 2), ('-cmd', 3), ('@x', 4), ('-', 5), ('ruhig', 6)) t (name, wert)")
        plain = list(csv.reader(formats.machine_csv(db, "zeilen", tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()))
        german = list(csv.reader(formats.excel_csv(db, "zeilen", tmp_path / "b.csv").read_text(encoding="utf-8-sig").splitlines(), delimiter=";"))
    assert {row[0] for row in plain[1:]} == {row[0] for row in german[1:]} == {"'=1+1", "'+49 2103", "'-cmd", "'@x", "-", "ruhig"}


@pytest.mark.parametrize("contract", [c for c in CONTRACTS if any("excel_csv" in t.formate for t in c.tabellen)], ids=lambda c: c.empfaenger)
def test_no_key_in_a_csv_for_excel_is_a_bare_number(published_small: Town, contract: Contract) -> None:
    """A double click makes 301 of 0301: areas have a key in front that stays, every other text stays text."""
    for table in (table for table in contract.tabellen if "excel_csv" in table.formate):
        texts = {c.name for c in table.spalten if c.typ == "varchar"} - {"raumeinheit_id"}
        with (package(published_small, contract) / f"{table.name}_excel.csv").open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file, delimiter=";"):
                assert [name for name in texts if row[name].isdigit() and len(row[name]) > 1] == []
                if row.get("raumeinheit_id"):
                    assert row["raumschluessel"] == f"{row['gebietsstand']}/{row['ebene']}/{row['raumeinheit_id']}"


@pytest.mark.parametrize("contract", [c for c in CONTRACTS if any("excel_csv" in t.formate for t in c.tabellen)], ids=lambda c: c.empfaenger)
def test_no_number_is_missing_without_a_symbol(demo_drafts: Town, contract: Contract) -> None:
    for table in (table for table in contract.tabellen if "excel_csv" in table.formate):
        promised = [c.name for c in table.spalten if c.fehlt]
        with (package(demo_drafts, contract) / f"{table.name}_excel.csv").open(encoding="utf-8-sig", newline="") as file:
            assert {name for row in csv.DictReader(file, delimiter=";") for name in promised if not row[name]} == set(), table.name
        if "xlsx" in table.formate:
            head, *lines = openpyxl.load_workbook(package(demo_drafts, contract) / f"{table.name}.xlsx", read_only=True)["Daten"].iter_rows(values_only=True)
            assert {name for name in promised for line in lines if line[head.index(name)] is None} == set(), table.name


def test_numbers_are_numbers_and_keys_stay_in_libreoffice(published_small: Town, tmp_path: Path) -> None:
    rows = as_opened(packages(published_small, "verwaltung") / "jugendhilfe" / "indikatoren_excel.csv", tmp_path)
    bounds = [row["ki_unten"] for row in rows if row["ki_unten"] not in ("x", ".", "*")]
    assert bounds and all(isinstance(value, (int, float)) for value in bounds)
    known = {"/".join(row) for row in read(published_small, "verwaltung", "exp_jugendhilfe__indikatoren", "gebietsstand, ebene, raumeinheit_id")}
    assert {row["raumschluessel"] for row in rows} == known


def test_a_release_announces_what_changed(later_small: Town) -> None:
    text = (later_small.current / "LIESMICH.md").read_text(encoding="utf-8")
    assert f"Veröffentlichung {later_small.current.resolve().name}" in text and "SIMULIERT" in text
    assert "## Was sich seit 0001-" in text and "neue Lieferung melderegister_bestand-2020-12-31" in text and "einwohner" in text
    package = json.loads((later_small.current / "exports" / "jugendhilfe" / "datapackage.json").read_text(encoding="utf-8"))
    assert package["release"] == later_small.current.resolve().name and "2020-12-31" in package["stichtage"]
    assert all(f"| {used['lieferung']} |" in text for used in package["lieferungen"])


def test_same_release_has_nothing_to_compare_and_a_new_delivery_is_named(later_small: Town) -> None:
    same = later_small.call("vergleiche", "1", "1")
    assert same.returncode == 0 and "Kein Wert hat sich geändert" in same.stdout
    missing = later_small.call("vergleiche", "1", "99")
    assert missing.returncode == 1 and "Veröffentlichung 99 gibt es nicht" in missing.stderr and "Traceback" not in missing.stderr
    told = later_small.call("vergleiche", "1", "2").stdout
    assert "neue Lieferung melderegister_bestand-2020-12-31" in told and "nicht mehr dabei" in told
    line = next(line for line in told.splitlines() if line.startswith("│ einwohner "))
    assert int(line.split("│")[4]) > 0  # other values
