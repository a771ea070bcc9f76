"""A published mart of four square areas and six years, small enough to work out by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exports.report import Edition, Level
from warehouse.connect import connect

LEVELS = (Level("stadt", "Stadt", "Stadt", False), Level("raum", "Raum", "Räume", True))
#: Name -> share of the counted group in percent; 10,000 residents each.
SHARES = {"r1": 20.0, "r2": 10.0, "r3": 10.0, "r4": 10.0}
YEARS = range(2019, 2025)
RESIDENTS = 10_000


def _square(x: int, y: int) -> str:
    return f"POLYGON (({x} {y}, {x + 100} {y}, {x + 100} {y + 100}, {x} {y + 100}, {x} {y}))"


@pytest.fixture
def edition() -> Edition:
    return Edition("0001-aaaaaaaaaaaa", None, "03.02.2025", "Probe", "verwaltung", False, LEVELS)


@pytest.fixture
def make_mart(tmp_path: Path) -> Callable[..., Path]:
    """``make(hidden={(area, year), ...}, polygons=True, extra=[sql, ...])`` writes the mart and returns its path."""

    def make(hidden: set[tuple[str, int]] = frozenset(), polygons: bool = True, growth: float = 0.0, first: float = SHARES["r1"], extra: tuple[str, ...] = (), names: dict[str, str] | None = None) -> Path:  # type: ignore[assignment]
        path = tmp_path / "mart.duckdb"
        path.unlink(missing_ok=True)
        with connect(path) as db:
            db.execute("create table dim_raumeinheit (raumeinheit_id varchar, gebietsstand varchar, ebene varchar, name varchar, uebergeordnet_id varchar, gueltig_von date, gueltig_bis date,"
                       " flaeche_ha double, geometrie varchar, geometrie_epsg integer, nicht_zuordenbar boolean, ebene_rang integer)")  # fmt: skip
            places: dict[str, Any] = {"r1": (0, 100), "r2": (100, 100), "r3": (0, 0), "r4": (100, 0)}
            whole = "POLYGON ((0 0, 200 0, 200 200, 0 200, 0 0))" if polygons else None
            db.execute("insert into dim_raumeinheit values ('s', 'g', 'stadt', 'Probe', null, '2015-01-01', null, 4, ?, 25832, false, 1)", [whole])
            for area, at in places.items():
                name = (names or {}).get(area, f"Raum {area}")
                db.execute("insert into dim_raumeinheit values (?, 'g', 'raum', ?, 's', '2015-01-01', null, 1, ?, 25832, false, 2)", [area, name, _square(*at) if polygons else None])
            db.execute("create table dim_status as select * from (values ('wert', null, 'Wert vorhanden'), ('geheim_schutz', '.', 'von uns gesperrt'), ('nicht_geliefert', null, 'nicht geliefert')) t(status_id, zeichen, bedeutung)")
            db.execute("create table dim_indikator as select 'anteil_x' as indikator_id, 'Anteil X' as name, 'X' as kurzname, 'Was X ist.' as definition, 'x' as zaehler, 'einwohner' as nenner, 100.0 as faktor,"
                       " 'Prozent' as einheit, -1 as polaritaet, 'wilson' as ki_methode, 30 as mindestnenner, 'wohnen' as gruppe, 'Probe' as quelle, 'keine' as rechtsgrundlage, 'berechnet' as art")  # fmt: skip
            db.execute("create table dim_kennzahl (kennzahl_id varchar, alter_von integer, alter_bis integer, geschlecht varchar, mass varchar, name varchar)")
            db.execute("create table fct_kennzahl (raumeinheit_id varchar, gebietsstand varchar, ebene varchar, stichtag date, kennzahl_id varchar, wert double, lieferung_id varchar)")
            for low, high in ((0, 17), (18, 64), (65, None), (80, None)):
                name = f"alter_{low}_{'plus' if high is None else high}"
                db.execute("insert into dim_kennzahl values (?, ?, ?, null, 'personen', ?)", [name, low, high, f"Einwohner {low} bis {high or 'älter'}"])
                for area, level in (("s", "stadt"), *((a, "raum") for a in places)):
                    db.execute("insert into fct_kennzahl values (?, 'g', ?, '2024-12-31', ?, ?, 'l1')", [area, level, name, 500 if low == 80 else 2000])
            db.execute("create table fct_quellenstand as select 'probe' as quelle_id, 'l1' as lieferung_id, date '2024-12-31' as stichtag, timestamp '2025-01-02' as eingang, 5 as zeilen, 0 as zeilen_quarantaene,"
                       " true as aktiv, false as simuliert, 'keine' as rechtsgrundlage")  # fmt: skip
            db.execute("create table fct_indikatorwert (raumeinheit_id varchar, gebietsstand varchar, ebene varchar, stichtag date, jahr integer, ist_jahreswert boolean, gebietsstand_am_stichtag boolean,"
                       " indikator_id varchar, zaehler double, nenner double, wert double, ki_unten double, ki_oben double, rest_wert double, diff double, diff_ki_unten double, diff_ki_oben double, status_id varchar, lieferung_id varchar, stichtag_nenner date, guete varchar)")  # fmt: skip
            for year in YEARS:
                counts = {area: round((share + growth * (year - YEARS[0])) * RESIDENTS / 100) for area, share in (SHARES | {"r1": first}).items()}
                total = sum(counts.values())
                for area, level, x, n in (("s", "stadt", total, 4 * RESIDENTS), *((a, "raum", x, RESIDENTS) for a, x in counts.items())):
                    rest = 100 * (total - x) / (3 * RESIDENTS) if level == "raum" else None
                    value = 100 * x / n
                    diff = value - rest if rest is not None else None
                    row = [x, n, value, value - 0.8, value + 0.8, rest, diff, diff - 0.9 if diff is not None else None, diff + 0.9 if diff is not None else None, "wert"]
                    if (area, year) in hidden:
                        row = [None] * 9 + ["geheim_schutz"]
                    db.execute("insert into fct_indikatorwert values (?, 'g', ?, make_date(?, 12, 31), ?, true, true, 'anteil_x', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'l1', make_date(?, 12, 31), 'exact')", [area, level, year, year, *row, year])
            for statement in extra:
                db.execute(statement)
        return path

    return make
