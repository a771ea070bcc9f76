"""An attack on a finished release, with nothing but its files: what could a reader find or compute?

Shares no code with the gate models, and uses only what lies in the audience's folder. It knows these ways: a small
count as such, a group within a group, what is left of a total when all parts but the hidden ones are taken away,
a rate whose counts are hidden, and two area versions of the same date laid over each other.
"""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

from duckdb import DuckDBPyConnection

from warehouse.connect import connect, literal

#: Two polygons count as one inside the other when this share of the smaller lies in the larger (drawing noise).
INSIDE = 0.999

ATTRIBUTES = ("geschlecht", "staatsangehoerigkeit", "migrationshintergrund")

#: Counts that need protection, from sources that are not public anyway.
COUNTED = """
create temp table gezaehlt as
select f.*, d.alter_von, d.alter_bis, d.wohndauer_ab, d.geschlecht, d.staatsangehoerigkeit, d.migrationshintergrund
from fct_kennzahl f join dim_kennzahl d using (kennzahl_id) join fct_quellenstand q using (lieferung_id)
where d.geschuetzt and d.mass in ('personen', 'anzahl') and not q.veroeffentlicht
"""

SMALL = "select kennzahl_id, ebene, raumeinheit_id, stichtag, wert from gezaehlt where wert between 1 and $least - 1"

WITHIN = f"""
select gross.kennzahl_id || ' − ' || klein.kennzahl_id, gross.ebene, gross.raumeinheit_id, gross.stichtag, gross.wert - klein.wert
from gezaehlt gross join gezaehlt klein using (raumeinheit_id, ebene, gebietsstand, stichtag, lieferung_id, gliederung)
where coalesce(gross.alter_von, 0) <= coalesce(klein.alter_von, 0)
  and (gross.alter_bis is null or klein.alter_bis <= gross.alter_bis)
  and coalesce(gross.wohndauer_ab, -1) <= coalesce(klein.wohndauer_ab, -1)
  {"".join(f"and (gross.{a} is null or gross.{a} = klein.{a}) " for a in ATTRIBUTES)}
  and gross.wert - klein.wert between 1 and $least - 1
"""

REMAINDER = """
with teil as (
    select g.*, r.uebergeordnet_id
    from gezaehlt g join dim_raumeinheit r using (raumeinheit_id, gebietsstand, ebene)
),
rest as (
    select kennzahl_id, gebietsstand, stichtag, uebergeordnet_id, ebene, sum(wert) as bekannt, count(*) - count(wert) as verdeckt
    from teil group by all having verdeckt > 0
)
select rest.kennzahl_id, rest.ebene, rest.uebergeordnet_id, rest.stichtag, g.wert - coalesce(bekannt, 0)
from rest join gezaehlt g
  on g.raumeinheit_id = rest.uebergeordnet_id and g.kennzahl_id = rest.kennzahl_id and g.gebietsstand = rest.gebietsstand
 and g.stichtag = rest.stichtag and g.ebene <> rest.ebene
where g.wert is not null and (verdeckt = 1 or g.wert - coalesce(bekannt, 0) between 1 and $least - 1)
"""

RATE = """
select i.indikator_id, i.ebene, i.raumeinheit_id, i.stichtag, coalesce(i.zaehler, i.wert)
from {rows} i join dim_indikator d using (indikator_id) join fct_quellenstand q using (lieferung_id)
where not q.veroeffentlicht and not exists (
    -- Counts of dwellings or places are nobody's secret.
    select 1 from dim_kennzahl k where not k.geschuetzt and list_contains(regexp_extract_all(d.zaehler, '[a-z][a-z0-9_]*'), k.kennzahl_id)
) and (
    (i.conf_status <> 'F' and (i.wert is not null or i.ki_unten is not null or i.rest_wert is not null or i.diff is not null))
    or (i.ki_methode = 'wilson' and (i.zaehler between 1 and $least - 1 or i.nenner - i.zaehler between 1 and $least - 1))
)
"""


def leaks(folder: Path, least: int, levels: set[str]) -> list[str]:
    """Attack the mart and the files of one audience; returns one German sentence per finding, empty when it holds.

    ``least`` is the smallest count that may be seen, ``levels`` are the levels of area the audience may see.
    """
    found = []
    with connect(folder / "mart.duckdb", read_only=True) as db:
        for table in ("dim_raumeinheit", "fct_kennzahl", "fct_indikatorwert", "fct_index"):
            for (level,) in db.execute(f"select distinct ebene from {table}").fetchall():
                if level not in levels:
                    found.append(f"{table} enthält die Ebene {level}, die diese Zielgruppe nicht sehen darf")
        db.execute(COUNTED)
        ways = {"kleine Zahl": SMALL, "Gruppe in der Gruppe": WITHIN, "Rest der Summe": REMAINDER, "Rate": RATE.format(rows="fct_indikatorwert")}
        for file in sorted(folder.glob("exports/*/fct_indikatorwert.parquet")):
            ways[f"Rate in {file.name}"] = RATE.format(rows=f"read_parquet({literal(file)})")
        for way, attack in ways.items():
            rows = db.execute(attack, {"least": least} if "$least" in attack else None).fetchall()
            found += [f"{way}: {what}, {level} {area} am {day:%d.%m.%Y}" for what, level, area, day, _ in rows]
        found += _overlaps(db, least)
    return found


def _overlaps(db: DuckDBPyConnection, least: int) -> list[str]:
    """Areas of two versions, one inside the other: is what lies between them a small count?"""
    versions = [v for (v,) in db.execute("select distinct gebietsstand from gezaehlt where wert is not null order by 1").fetchall()]
    if len(versions) < 2:
        return []
    import shapely

    areas = db.execute("select gebietsstand, ebene, raumeinheit_id, geometrie from dim_raumeinheit where geometrie is not null order by all").fetchall()
    shapes = {(version, level, area): shapely.from_wkt(text) for version, level, area, text in areas}
    pairs = []
    for old, new in permutations(versions, 2):
        inner = [(key, shape) for key, shape in shapes.items() if key[0] == old]
        outer = [(key, shape) for key, shape in shapes.items() if key[0] == new]
        tree = shapely.STRtree([shape for _, shape in outer])
        for key, shape in inner:
            for hit in tree.query(shape):
                other, around = outer[hit]
                if shape.area < around.area and shape.intersection(around).area > INSIDE * shape.area:
                    pairs.append((*key, *other))
    if not pairs:
        return []
    db.execute("create temp table paar (g1 varchar, e1 varchar, r1 varchar, g2 varchar, e2 varchar, r2 varchar)")
    db.executemany("insert into paar values (?, ?, ?, ?, ?, ?)", pairs)
    rows = db.execute(
        """select a.kennzahl_id, a.raumeinheit_id, a.gebietsstand, b.raumeinheit_id, b.gebietsstand, a.stichtag
           from paar join gezaehlt a on (a.gebietsstand, a.ebene, a.raumeinheit_id) = (g1, e1, r1)
                     join gezaehlt b on (b.gebietsstand, b.ebene, b.raumeinheit_id) = (g2, e2, r2) and b.stichtag = a.stichtag and b.kennzahl_id = a.kennzahl_id
           where b.wert - a.wert between 1 and $least - 1""",
        {"least": least},
    ).fetchall()
    return [f"Zwei Gebietsstände: {k}, {r2} ({g2}) ohne {r1} ({g1}) am {day:%d.%m.%Y}" for k, r1, g1, r2, g2, day in rows]
