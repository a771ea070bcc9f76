"""Whole runs, as users start them: the command line in a process of its own, in a data home of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import openpyxl
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
#: Not smaller: the fewer people, the more must be withheld, and a run of a town of 4,000 takes twice as long.
SMALL_TOWN = 20_000
SMALL_DATES = [date(2018, 12, 31), date(2019, 12, 31), date(2020, 12, 31)]
#: Enough for whole runs that are about running; everything that is delivered is loaded once, by ``demo``.
CORE = ("raumgliederung", "adressen", "melderegister_bestand", "wohnungen")


#: Several whole runs in a row: a quarter of an hour together, and the fifty kills another one.
LONG = pytest.mark.skipif("SOZIALRAUM_LANGE_TESTS" not in os.environ, reason="mehrere ganze Läufe nacheinander; mit SOZIALRAUM_LANGE_TESTS=1 nehmen sie teil")


@dataclass(frozen=True)
class Town:
    """A data home and the commands that work on it."""

    root: Path

    def environment(self) -> dict[str, str]:
        return os.environ | {"SOZIALRAUM_HOME": str(self.root), "XDG_CONFIG_HOME": str(self.root.parent / "config"), "PYTHONPATH": str(REPOSITORY), "COLUMNS": "160"}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "orchestration.cli", *arguments]
        return subprocess.Popen(command, env=self.environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.root.parent)

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=1800)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = self.call("run", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    @property
    def current(self) -> Path:
        return self.root / "published" / "current"

    def mart(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.current / "mart.duckdb"), read_only=True)

    def sealed(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.root / "sealed" / "warehouse.duckdb"), read_only=True)

    def state(self) -> dict[str, bytes]:
        """Everything that readers can see: path -> content."""
        folder = self.root / "published"
        visible = [p for p in sorted(folder.rglob("*")) if p.is_file() and not any(part.startswith(".") for part in p.relative_to(folder).parts)]
        return {str(p.relative_to(folder)): p.read_bytes() for p in visible}


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """The simulated town as the first command of the README makes it. Tests must leave it as it is."""
    town = Town(tmp_path_factory.mktemp("demo") / "data")
    (town.root.parent / "ende.txt").write_text(town.run().stdout, encoding="utf-8")
    return town


@pytest.fixture(scope="session")
def demo_drafts(tmp_path_factory: pytest.TempPathFactory, demo: Town) -> Town:
    """The simulated town with all drafts to look at. Tests must leave it as it is."""
    shutil.copytree(demo.root, root := tmp_path_factory.mktemp("demo_entwuerfe") / "data", symlinks=True)
    assert (done := Town(root).call("bericht")).returncode == 0, done.stderr
    return Town(root)


@pytest.fixture(scope="session")
def small_deliveries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Deliveries of a small simulated town across the change of boundaries."""
    from sources.demo import simulate

    folder = tmp_path_factory.mktemp("klein") / "lieferungen"
    simulate(folder, modus="register", residents=SMALL_TOWN, stichtage=SMALL_DATES)
    return keep(folder, *CORE, "orte", "praxen", "osm", "nahverkehr")


def keep(deliveries: Path, *sources: str) -> Path:
    """Only the deliveries of these sources stay in the folder."""
    for folder in deliveries.iterdir():
        if folder.is_dir() and folder.name not in sources:
            shutil.rmtree(folder)
    return deliveries


@pytest.fixture(scope="session")
def published_small(tmp_path_factory: pytest.TempPathFactory, small_deliveries: Path) -> Town:
    """The small town after one run, with all drafts to look at. Tests must leave it as it is."""
    town = Town(tmp_path_factory.mktemp("veroeffentlicht") / "data")
    town.run("--deliveries", str(small_deliveries))
    assert (done := town.call("bericht")).returncode == 0, done.stderr
    return town


#: Written into the dwellings of 2020, a Sozialraum each: cell -> status in the export, and whether the number survives beside it.
SYMBOLS = {
    "-": ("nichts_vorhanden", True), "0": ("nichts_vorhanden", True), ".": ("geheim", False), "/": ("unsicher", False), "...": ("spaeter", False),
    "(12)": ("eingeschraenkt", True), "x": ("gesperrt", False), "*": ("geheim_ba", False), "12 r": ("berichtigt", True), "12 p": ("vorlaeufig", True), None: ("leer", False),
}  # fmt: skip
#: Lines above the first Sozialraum there, and the column of the vacant dwellings.
ABOVE, VACANT = 3, 5
#: Written into the first line of the forms of two organisations.
ANSWERS = ({"Anschrift richtig": "Neue Straße 5", "Plätze richtig": 12}, {"Gibt es (ja/nein)": "nein"})


@pytest.fixture(scope="session")
def later_deliveries(tmp_path_factory: pytest.TempPathFactory, small_deliveries: Path, published_small: Town) -> Path:
    """The same, but the newest register comes again without 50 persons, the dwellings of 2020 with every symbol, and two organisations answer."""
    folder = tmp_path_factory.mktemp("spaeter") / "lieferungen"
    shutil.copytree(small_deliveries, folder)
    register = sorted((folder / "melderegister_bestand").iterdir())[-1]
    register.write_bytes(b"".join(register.read_bytes().splitlines(keepends=True)[:-50]))
    path = folder / "wohnungen" / "wohnungsbestand_2020.xlsx"
    book = openpyxl.load_workbook(path)
    for line, cell in enumerate(SYMBOLS, ABOVE + 1):
        book.worksheets[0].cell(line, VACANT).value = cell
    book.save(path)
    (folder / "traeger_rueckmeldung").mkdir()
    for form, answer in zip(forms(published_small), ANSWERS, strict=False):
        book = openpyxl.load_workbook(form)
        head = {cell.value: cell.column for cell in book["Angebote"][1]}
        for column, value in answer.items():
            book["Angebote"].cell(2, head[column]).value = value
        book.save(folder / "traeger_rueckmeldung" / f"{form.stem}_2021-03-01.xlsx")
    return folder


def packages(town: Town, audience: str) -> Path:
    """Where the packages of an audience lie: the draft of the administration, or what waits for its approval."""
    if audience == "verwaltung":
        return town.current / "exports"
    return town.root / "sealed" / "freigabe" / town.current.resolve().name / audience / "exports"


def forms(town: Town) -> list[Path]:
    """What the organisations get to correct, in the newest release."""
    return sorted((packages(town, "traeger") / "traegerrunde").glob("rueckmeldung_angebote_*.xlsx"))


@pytest.fixture(scope="session")
def later_small(tmp_path_factory: pytest.TempPathFactory, published_small: Town, later_deliveries: Path) -> Town:
    """The small town after a second, undisturbed run with newer deliveries. Tests must leave it as it is."""
    shutil.copytree(published_small.root, town_root := tmp_path_factory.mktemp("spaeter_veroeffentlicht") / "data", symlinks=True)
    town = Town(town_root)
    town.run("--deliveries", str(later_deliveries))
    return town


@pytest.fixture
def town(tmp_path: Path, published_small: Town) -> Town:
    """A copy of the published small town, for tests that change it."""
    shutil.copytree(published_small.root, tmp_path / "data", symlinks=True)
    return Town(tmp_path / "data")


@pytest.fixture
def empty(tmp_path: Path) -> Town:
    """A home before its first run."""
    return Town(tmp_path / "data")
