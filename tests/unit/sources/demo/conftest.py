"""One full simulated town for all tests that look at it, read back as a recipient would read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
import pytest

from sources.demo import SimulationSummary, simulate

@dataclass
class SimulatedTown:
    target: Path
    truth: Path
    summary: SimulationSummary
    _registers: dict[int, pa.Table]

    @staticmethod
    def header(path: Path) -> list[str]:
        with path.open(encoding="latin-1") as file:
            return file.readline().rstrip("\n").split(";")

    @classmethod
    def read(cls, path: Path) -> pa.Table:
        """All columns as text, empty = null."""
        text = pa.csv.ConvertOptions(column_types={name: pa.string() for name in cls.header(path)}, strings_can_be_null=True, null_values=[""])
        return pa.csv.read_csv(path, read_options=pa.csv.ReadOptions(encoding="latin-1"), parse_options=pa.csv.ParseOptions(delimiter=";"), convert_options=text)

    def register(self, year: int) -> pa.Table:
        if year not in self._registers:
            self._registers[year] = self.read(self.target / "melderegister_bestand" / f"bestand_{year}1231.csv")
        return self._registers[year]

    def main_residents(self, year: int) -> pa.Table:
        table = self.register(year)
        return table.filter(pc.equal(table["Wohnungsart"], "H"))

    def addresses(self) -> pa.Table:
        return self.read(self.target / "adressen" / "adressen_20241231.csv")

    def true(self, name: str) -> pa.Table:
        return pa.parquet.read_table(self.truth / f"truth_{name}.parquet")

    def counts(self, year: int, version: str, level: str) -> dict[str, dict[str, int]]:
        """Area -> counts of the truth."""
        table = self.true("bestand")
        here = pc.and_(pc.equal(table["stichtag"], pa.scalar(date(year, 12, 31))), pc.equal(table["ebene"], level))
        rows = table.filter(pc.and_(here, pc.equal(table["gebietsstand"], version))).to_pylist()
        return {row["raumeinheit_id"]: row for row in rows}


@pytest.fixture(scope="session")
def simulated_town(tmp_path_factory: pytest.TempPathFactory) -> SimulatedTown:
    folder = tmp_path_factory.mktemp("simuliert")
    summary = simulate(folder / "lieferungen", truth=folder / "wahrheit")
    return SimulatedTown(folder / "lieferungen", folder / "wahrheit", summary, {})
