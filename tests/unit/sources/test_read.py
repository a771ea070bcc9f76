"""Formats: encodings, decimal and date forms, header positions, geodata -- as declared, never guessed."""

from __future__ import annotations

import http.server
import json
import threading
from pathlib import Path

import pyarrow as pa
import pyogrio
import pytest
import shapely
import yaml

from sources.formats import is_utf8
from sources.model import Format
from sources.read import SourceFile, look_up
from tests.unit.sources.town import AREA_FILES, COUNTS, GOOD_COUNTS, Door


def walk(door: Door, content: bytes, name: str = "zahlen/zahlen_2023.csv", **form: object) -> list[str]:
    table = yaml.safe_load(COUNTS)["tabellen"][0]
    table["format"] |= form
    table["spalten"][1].pop("werte")
    door.declare("zahlen", COUNTS, tabellen=[table])
    door.deliver(AREA_FILES | {name: content})
    return [r.sentence for r in door.accept().refused]


@pytest.mark.parametrize(("declared", "python"), [("utf-8", "utf-8"), ("utf-8", "utf-8-sig"), ("iso-8859-1", "latin-1"), ("cp1252", "cp1252"), ("utf-16", "utf-16")])
def test_encodings(door: Door, declared: str, python: str) -> None:
    sign = "ü€" if declared != "iso-8859-1" else "üß"
    assert walk(door, GOOD_COUNTS.replace("01;a", f"01;{sign}").encode(python), kodierung=declared) == []
    assert door.raw("testzahlen", "art")[0] == (sign,)
    assert [p for p in door.home.tmp.rglob("*") if not p.is_dir()] == []


@pytest.mark.parametrize(("declared", "byte"), [("utf-8", b"\xff"), ("cp1252", b"\x81")])
def test_wrong_encoding(door: Door, declared: str, byte: bytes) -> None:
    refused = walk(door, GOOD_COUNTS.encode().replace(b"02;b", b"02;" + byte), kodierung=declared)
    assert len(refused) == 1 and "Kodierung" in refused[0] and refused[0].endswith("neu ausgeben.")


@pytest.mark.parametrize("declared", ["iso-8859-1", "cp1252"])
@pytest.mark.parametrize("content", [GOOD_COUNTS.replace(";x", ";Träger für Groß"), "\ufeff" + GOOD_COUNTS], ids=["umlaute", "bom"])
@pytest.mark.parametrize("art", ["csv", "csv_zellen"])
def test_utf8_is_not_read_as_other_characters(door: Door, declared: str, content: str, art: str) -> None:
    """Every byte is a character there: nothing fails, and the raw zone would hold "TrÃ¤ger"."""
    refused = walk(door, content.encode(), kodierung=declared, art=art)
    assert len(refused) == 1 and f"ie Datei ist in UTF-8 gespeichert, erwartet ist {declared.upper()}; bitte" in refused[0]
    assert "Ã" not in refused[0] and "auch:" not in refused[0]


def test_what_is_utf8_and_what_only_looks_like_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sources.formats.CHUNK", 4)
    path = tmp_path / "x"
    for content, expected in {"abcdefg": False, "abcä": True, "abcdefgä": True, "": False}.items():
        path.write_bytes(content.encode())
        assert is_utf8(path) is expected, content
    # Latin-1, a character cut off at the end, both kinds in one file, and one that ends a step early.
    for raw in (b"abc\xe4", b"abcdef\xc3", "ä".encode() + b"\xe4", b"abc\xc3defg"):
        path.write_bytes(raw)
        assert not is_utf8(path), raw


def test_lines_before_the_header(door: Door) -> None:
    assert walk(door, b"Statistik\nStand: 2023\n" + GOOD_COUNTS.encode("latin-1"), vorspann=2) == []
    assert [row[0] for row in door.raw("testzahlen", "zeile")] == [4, 5, 6]


def test_folder_name_that_looks_like_a_pattern(door: Door) -> None:
    assert walk(door, GOOD_COUNTS.encode("latin-1"), name="lieferung[1]*/zahlen/zahlen_2023.csv") == []
    assert len(door.raw("testzahlen")) == 3


def test_physical_line(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('kopf\na;b\n1;"x\ny"\n\n2;z\n', encoding="latin-1")
    file = SourceFile(path, "x.csv", 0, 0, ())
    form = Format(trennzeichen=";", kodierung="iso-8859-1", vorspann=1)
    # zeile counts records: header 2, first 3, second 4; the second stands on line 6.
    assert [line for line, _ in look_up(file, form, (3, 4)).values()] == [3, 6]


GEO = """
tabelle: raumeinheit
dateien: "gebiete/karte_{jahr}.gpkg"
format: {art: geo, ebene: blk, epsg: 25832}
schluessel: [raumeinheit_id]
konstanten: {ebene: block, gebietsstand: [alt, neu]}
spalten:
  - {name: id, ziel: raumeinheit_id, klasse: schluessel, pflicht: true}
  - {name: flaeche, ziel: flaeche_ha, typ: dezimal, klasse: zahl}
  - {name: seit, ziel: gueltig_von, typ: datum}
  - {name: geometry, ziel: geometrie, typ: wkt, klasse: geometrie, pflicht: true}
"""


def geopackage(path: Path, *, layer: str = "blk", crs: str = "EPSG:25832", missing: bool = False) -> None:
    import datetime

    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    shapes = shapely.to_wkb([shapely.box(0, 0, 1, 1), None if missing else shapely.box(1, 0, 2, 1)])
    table = pa.table(
        {"id": ["01", "02"], "flaeche": [0.1, 2.5], "seit": [datetime.date(2015, 1, 1), None], "geometry": pa.array(list(shapes), type=pa.binary())}
    )
    pyogrio.write_arrow(table, path, layer=layer, driver="GPKG", geometry_name="geometry", geometry_type="Polygon", crs=crs)


def geo_walk(door: Door, **form: object) -> list[str]:
    from tests.unit.sources.town import AREAS

    table = yaml.safe_load(GEO)
    table["schluessel"] = ["gebietsstand", "raumeinheit_id"]
    door.declare("gebiete", AREAS, tabellen=[table], platzhalter={})
    geopackage(door.deliveries / "gebiete/karte_2024.gpkg", **form)  # type: ignore[arg-type]
    return [r.sentence for r in door.accept().refused]


def test_geopackage(door: Door) -> None:
    assert geo_walk(door) == []
    rows = door.raw("raumeinheit", "raumeinheit_id, gebietsstand, flaeche_ha, gueltig_von::varchar, geometrie, zeile")
    assert sorted(map(str, rows))[0].startswith("('01', 'alt', 0.1, '2015-01-01', 'POLYGON (")
    assert {row[0] for row in rows} == {"01", "02"} and len(rows) == 4 and {row[5] for row in rows} == {1, 2}


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"layer": "andere"}, "es fehlt die Ebene „blk“"),
        ({"crs": "EPSG:4647"}, "Das Koordinatensystem ist EPSG:4647 statt EPSG:25832; bitte umrechnen oder epsg in gebiete.yml anpassen."),
        ({"missing": True}, "Objekt 2, Spalte „geometry“: die Pflichtangabe fehlt"),
    ],
)
def test_geopackage_refused(door: Door, form: dict[str, object], sentence: str) -> None:
    refused = geo_walk(door, **form)
    assert len(refused) == 1 and sentence in refused[0], refused


def test_geofile_that_is_none(door: Door) -> None:
    from tests.unit.sources.town import AREAS

    door.declare("gebiete", AREAS, tabellen=[yaml.safe_load(GEO)], platzhalter={})
    door.deliver({"gebiete/karte_2024.gpkg": b"kein GeoPackage"})
    assert [r.sentence for r in door.accept().refused] == [
        "gebiete 01.01.2024: gebiete/karte_2024.gpkg: Die Datei ist nicht als Geodatei lesbar; bitte neu ausgeben."
    ]


GEOJSON = """
tabelle: raumeinheit
dateien: "gebiete/karte_{jahr}.geojson"
format: {art: geo, epsg: 4326}
schluessel: [raumeinheit_id]
konstanten: {ebene: block}
spalten:
  - {name: id, ziel: raumeinheit_id, klasse: schluessel, pflicht: true}
  - {name: geometry, ziel: geometrie, typ: wkt, klasse: geometrie}
"""
POINTS = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"id": "01"}, "geometry": {"type": "Point", "coordinates": [7, 51]}}]}


def geojson_walk(door: Door, **years: str | dict[str, object]) -> tuple[list[int], list[str]]:
    """Years that came in and the sentences about the others; content by year (j2023=...)."""
    from tests.unit.sources.town import AREAS

    door.declare("gebiete", AREAS, tabellen=[yaml.safe_load(GEOJSON)], platzhalter={})
    door.deliver({f"gebiete/karte_{year[1:]}.geojson": content if isinstance(content, str) else json.dumps(content) for year, content in years.items()})
    report = door.accept()
    return [d.stichtag.year for d in report.accepted], [r.sentence for r in report.refused]


@pytest.mark.parametrize("kind", ["vrt", "vrt_in_json", "gdalg"])
def test_geofile_does_not_lead_to_other_files(door: Door, tmp_path: Path, kind: str) -> None:
    """GDAL reads what such a file names, wherever it lies on this machine."""
    foreign = tmp_path / "fremd.geojson"
    foreign.write_text(json.dumps(POINTS).replace("01", "geheim"), encoding="utf-8")
    vrt = f"<OGRVRTDataSource><OGRVRTLayer name='fremd'><SrcDataSource>{foreign}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    content = {
        "vrt": vrt,
        "vrt_in_json": json.dumps({"type": "FeatureCollection", "hinweis": vrt, "features": []}),
        "gdalg": json.dumps({"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read {foreign} ! limit 5"}),
    }[kind]
    accepted, refused = geojson_walk(door, j2022=content, j2023=POINTS)
    assert accepted == [2023] and len(refused) == 1
    assert "geheim" not in str(door.raw("raumeinheit")) and "unerwartet" not in refused[0]


def test_geofile_calls_no_other_machine(door: Door) -> None:
    """A GeoJSON may name its coordinate system by an address, and GDAL calls it."""
    called = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            called.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/crs"
        geojson_walk(door, j2023=POINTS | {"crs": {"type": "link", "properties": {"href": address, "type": "ogcwkt"}}})
        server.shutdown()
    assert called == []


@pytest.mark.parametrize("folder", ["a!b", "a:b", "zip:x.zip!", 'a"b\\c'])
def test_geofile_in_a_folder_that_looks_like_an_address(door: Door, folder: str) -> None:
    from tests.unit.sources.town import AREAS

    door.declare("gebiete", AREAS, tabellen=[yaml.safe_load(GEO) | {"schluessel": ["gebietsstand", "raumeinheit_id"]}], platzhalter={})
    # Written elsewhere: pyogrio would take the folder for an address.
    geopackage(door.home.root / "karte_2024.gpkg")
    door.deliver({f"{folder}/gebiete/karte_2024.gpkg": (door.home.root / "karte_2024.gpkg").read_bytes()})
    report = door.accept()
    assert len(report.accepted) == 1, report.refused
    door.declare("gebiete", AREAS, tabellen=[yaml.safe_load(GEOJSON)], platzhalter={})
    door.deliver({f"{folder}/gebiete/karte_2023.geojson": json.dumps(POINTS)})
    report = door.accept()
    assert len(report.accepted) == 1, report.refused


def feature(geometry: object, /, **properties: object) -> dict[str, object]:
    return {"type": "FeatureCollection", "features": [*POINTS["features"], {"type": "Feature", "properties": {"id": "02", **properties}, "geometry": geometry}]}  # type: ignore[misc]


OPEN_RING = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (feature(OPEN_RING), ", Objekt 2: die Geometrie ist nicht lesbar, etwa weil ein Ring nicht geschlossen ist; bitte in der Quelle berichtigen und neu liefern."),
        (feature(None, wkb_geometry="x"), ": eine Eigenschaft heißt „wkb_geometry“ wie die Geometrie selbst; bitte sie weglassen oder umbenennen."),
        (feature(None, geometry="x"), ": eine Eigenschaft heißt „geometry“ wie die Geometrie selbst; bitte sie weglassen oder umbenennen."),
    ],
)
@pytest.mark.filterwarnings("error")
def test_one_broken_geofile_holds_back_no_other(door: Door, content: dict[str, object], sentence: str) -> None:
    accepted, refused = geojson_walk(door, j2021=POINTS, j2022=content, j2023=feature({"type": "Point", "coordinates": [8, 51]}))
    assert accepted == [2021, 2023]
    assert refused == ["gebiete 01.01.2022: gebiete/karte_2022.geojson" + sentence]


def test_unforeseen_error_holds_back_no_other_delivery(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a reader trips over: read together with others, only the delivery that does it is refused."""
    from sources import read

    read_geo = read._read_geo

    def trips(db: object, table: str, place: int, quelle: object, tabelle: object, file: SourceFile) -> None:
        if "2022" in file.name:
            raise ZeroDivisionError
        read_geo(db, table, place, quelle, tabelle, file)  # type: ignore[arg-type]

    monkeypatch.setattr(read, "_read_geo", trips)
    accepted, refused = geojson_walk(door, j2021=POINTS, j2022=POINTS, j2023=feature(None))
    assert accepted == [2021, 2023] and len(refused) == 1 and "2022: unerwarteter Fehler (ZeroDivisionError" in refused[0]
    assert len(door.raw("raumeinheit")) == 3
