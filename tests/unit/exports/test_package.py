"""The marts of an audience as files are a package like those of the contracts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from exports.write import write_files


def test_the_mart_itself_is_a_data_package_with_checksums(make_mart: Callable[..., Path], tmp_path: Path) -> None:
    from frictionless import Package

    folder = tmp_path / "verwaltung"
    folder.mkdir()
    (folder / "mart.duckdb").symlink_to(make_mart())
    facts = {"release": "0001-x", "stadt": "Probe", "ags": "05158016", "epsg": "25832", "erstellt": "2021-01-01T00:00:00+00:00", "stichtage": "x", "quellen": "eine", "simuliert": "ja"}
    files = write_files({"verwaltung": folder}, ("fct_indikatorwert",), [], facts, True, 1)
    target = folder / "exports" / "verwaltung"
    names = {path.name for path in target.iterdir()}
    assert {path for path in files if path.parent == target} == set(target.iterdir())
    sums = dict(reversed(line.split("  ")) for line in (target / "pruefsummen.sha256").read_text(encoding="utf-8").splitlines())
    assert sums == {name: hashlib.sha256((target / name).read_bytes()).hexdigest() for name in names - {"pruefsummen.sha256"}}
    package = Package(str(target / "datapackage.json"))
    assert package.validate().valid and {r.path for r in package.resources} == {"fct_indikatorwert.parquet", "fct_indikatorwert.csv", "fct_indikatorwert_excel.csv"}
    assert "SIMULIERT" in (package.description or "")
    said = json.loads((target / "datapackage.json").read_text(encoding="utf-8"))
    assert (said["release"], said["stichtage"]) == ("0001-x", ["2024-12-31"])
    assert said["lieferungen"] == [{"quelle": "probe", "stichtag": "2024-12-31", "lieferung": "l1"}]
    fields = {r["path"]: {field["name"]: field["type"] for field in r["schema"]["fields"]} for r in said["resources"] if r["path"].endswith(".csv")}
    assert fields["fct_indikatorwert.csv"]["wert"] == "number" and fields["fct_indikatorwert_excel.csv"]["raumschluessel"] == "string"
    # In the catalogue too, beside the packages of the contracts.
    assert "fct_indikatorwert.parquet" in (folder / "exports" / "katalog.ttl").read_text(encoding="utf-8")
