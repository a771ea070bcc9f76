"""The published mart as arrays: areas, indicators, yearly series, and what tests say about them.

Reads one published DuckDB file. Must not fill gaps: what is unknown stays NaN, with the status that says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from methods.comparison import FDR_LEVEL, benjamini_hochberg, rank, two_proportions, two_rates
from methods.trend import FALLING, NO_TREND, NOT_COMPUTABLE, RISING, Course, course, judge
from warehouse.connect import connect

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from exports.report import Level

HIGHER, LOWER, SIMILAR, OPEN = "hoeher", "niedriger", "aehnlich", "offen"
#: Correlation of neighbouring years at which the trend test is most careful (methods.trend.inflation: at most ~1.2).
PERSISTENCE = 0.5
#: Ranks are simulated; with more areas than this nobody reads them and they would cost minutes.
RANKED_AREAS = 60
RANK_SEED = 20200101
MEASURES = ("zaehler", "nenner", "wert", "ki_unten", "ki_oben", "rest_wert", "diff", "diff_ki_unten", "diff_ki_oben")
Z95 = 1.959963984540054
#: The words of fct_trend.richtung; anything else is not computable.
GIVEN_TREND = {"steigend": RISING, "fallend": FALLING, "keine_nachweisbare_Veränderung": NO_TREND}
#: Meanings that the glossary of statuses words for those who calculate, here for those who read.
PLAIN = {"ohne_nenner": "in diesem Gebiet gibt es nichts, worauf sich der Wert beziehen könnte"}
#: Beside the marts of every town; each section says what is missing where its mart is not published.
OPTIONAL = ("fct_index", "dim_ort", "fct_umfrage", "fct_aussage", "fct_planungsthema", "fct_massnahme", "fct_netzwerk")


@dataclass(frozen=True)
class Area:
    """One area of the report's boundaries; ``geometry`` is WKT in ``epsg``, or None."""

    id: str
    level: str
    version: str
    name: str
    parent: str | None
    hectares: float | None
    geometry: str | None
    epsg: int | None
    place: int


@dataclass
class Series:
    """Yearly values of one indicator on one level, arrays of shape (areas, years); statuses and deliveries as text."""

    years: list[int]
    measures: dict[str, np.ndarray]
    status: np.ndarray
    delivery: np.ndarray
    verdict: np.ndarray = field(default_factory=lambda: np.empty(0))
    p: np.ndarray = field(default_factory=lambda: np.empty(0))
    trend: np.ndarray = field(default_factory=lambda: np.empty(0))
    ranks: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    #: Verdicts and ranks that the mart publishes itself, shape (areas, years).
    given: dict[str, np.ndarray] = field(default_factory=dict)

    def __getitem__(self, measure: str) -> np.ndarray:
        return self.measures[measure]

    @cached_property
    def known(self) -> slice:
        """Columns from the first to the last year with a value anywhere; other indicators may reach further."""
        at = np.flatnonzero((~np.isnan(self["wert"])).any(axis=0))
        return slice(int(at[0]), int(at[-1]) + 1) if at.size else slice(0, 0)

    @cached_property
    def newest(self) -> np.ndarray:
        """The known values of the newest year with any."""
        values = self["wert"][:, self.last] if self.last is not None else np.empty(0)
        return values[~np.isnan(values)]

    @cached_property
    def spread(self) -> float:
        """Standard deviation over the areas in the newest year; NaN where they are all the same."""
        return (float(self.newest.std()) if self.newest.size else 0.0) or np.nan

    @cached_property
    def quartiles(self) -> tuple[float, float, float, float] | None:
        """Lowest value, quartiles and highest value over the areas in the newest year."""
        return tuple(np.quantile(self.newest, (0, 0.25, 0.75, 1)).tolist()) if self.newest.size else None  # type: ignore[return-value]

    @cached_property
    def last(self) -> int | None:
        """Column of the newest year with a value anywhere; None where there is none."""
        known = np.flatnonzero((~np.isnan(self["wert"])).any(axis=0))
        return int(known[-1]) if known.size else None


@dataclass
class Mart:
    """Everything a report is made from."""

    version: str
    levels: tuple[Level, ...]
    areas: dict[str, list[Area]]
    indicators: list[dict[str, Any]]
    series: dict[tuple[str, str], Series]
    statuses: dict[str, dict[str, Any]]
    sources: list[dict[str, Any]]
    bands: list[dict[str, Any]]
    #: (level, area) -> {(band, sex): residents} at the newest reference date.
    residents: dict[tuple[str, str], dict[tuple[int, str], float]]
    residents_date: str | None
    versions: list[dict[str, Any]]
    #: Newer boundaries without polygons: (version, level, indicator) -> rows of (area id, name, year, value, low, high, status).
    without_map: dict[tuple[str, str, str], list[tuple]]
    withheld: list[dict[str, Any]]
    optional: dict[str, list[dict[str, Any]]]
    #: Count -> its German name.
    counts: dict[str, str]
    #: Indicator -> deliveries its numerators and denominators come from, as far as these counts are published.
    made_of: dict[str, set[str]]
    #: Indicator -> plurals of the levels on which some of its values are not counted but spread from other areas (fct_indikatorwert.guete).
    spread: dict[str, list[str]]

    @property
    def town(self) -> Area:
        return self.areas[self.levels[0].id][0]

    @property
    def town_level(self) -> str:
        return self.levels[0].id

    def of(self, level: str, indicator: str) -> Series:
        return self.series[level, indicator]

    def level(self, name: str) -> Level:
        return next(level for level in self.levels if level.id == name)

    def level_name(self, name: str) -> str:
        """The plural of a level as readers know it; its key where the report does not show that level."""
        return next((level.plural for level in self.levels if level.id == name), name)

    @property
    def profiles(self) -> list[Level]:
        return [level for level in self.levels if level.profile]

    @property
    def mapped(self) -> list[Level]:
        """Levels with a map: those with profiles and the finest, as far as they have areas."""
        chosen = [level for level in self.levels[1:] if level.profile or level is self.levels[-1]]
        return [level for level in chosen if self.areas[level.id]]

    def indicator(self, name: str) -> dict[str, Any]:
        return next(i for i in self.indicators if i["indikator_id"] == name)


def read(path: Path, levels: tuple[Level, ...]) -> Mart:
    """Read a published mart for the declared levels, coarse to fine."""
    with connect(path, read_only=True) as db:
        tables = {name for (name,) in db.execute("select table_name from duckdb_tables()").fetchall()}
        version = _version(db, levels)
        areas = _areas(db, version, levels)
        levels = tuple(level for level in levels if areas[level.id])
        indicators = _rows(db, "select * from dim_indikator order by gruppe, indikator_id")
        series = _series(db, version, levels, areas, indicators, tables)
        bands, residents, day = _residents(db, version)
        mart = Mart(
            version, levels, areas, indicators, series,
            {row["status_id"]: row | {"bedeutung": PLAIN.get(row["status_id"], row["bedeutung"])} for row in _rows(db, "select * from dim_status order by status_id")},
            _rows(db, "select * from fct_quellenstand where aktiv order by quelle_id, stichtag"),
            bands, residents, day,
            _rows(db, """select gebietsstand, ebene, min(ebene_rang) as rang, count(*) as raeume, count(geometrie) as grenzen, min(gueltig_von) as von, max(gueltig_bis) as bis
                         from dim_raumeinheit where not nicht_zuordenbar group by all order by gebietsstand, rang"""),
            _without_map(db, version, levels),
            _rows(db, """select ebene, status_id, count(*) as werte from fct_indikatorwert where ist_jahreswert group by all order by ebene, status_id"""),
            {name: _rows(db, f"select * from {name} order by all") for name in OPTIONAL if name in tables},
            dict(db.execute("select kennzahl_id, name from dim_kennzahl").fetchall()),
            _made_of(db), _spread(db, version, levels),
        )  # fmt: skip
    _judge(mart)
    return mart


def _rows(db: DuckDBPyConnection, query: str, parameters: Any = None) -> list[dict[str, Any]]:
    cursor = db.execute(query, parameters)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _version(db: DuckDBPyConnection, levels: tuple[Level, ...]) -> str:
    """The newest boundaries with values whose areas all have a polygon; where there are none, the newest with values."""
    rows = db.execute(
        """select gebietsstand, count(*) = count(geometrie) as gezeichnet from dim_raumeinheit
           where not nicht_zuordenbar and list_contains($levels, ebene)
             and gebietsstand in (select gebietsstand from fct_indikatorwert where wert is not null)
           group by gebietsstand order by min(gueltig_von) desc""",
        {"levels": [level.id for level in levels]},
    ).fetchall()
    return next((version for version, drawn in rows if drawn), rows[0][0])


def _areas(db: DuckDBPyConnection, version: str, levels: tuple[Level, ...]) -> dict[str, list[Area]]:
    found: dict[str, list[Area]] = {level.id: [] for level in levels}
    rows = db.execute(
        """select raumeinheit_id, ebene, gebietsstand, name, uebergeordnet_id, flaeche_ha, geometrie, geometrie_epsg from dim_raumeinheit
           where gebietsstand = ? and not nicht_zuordenbar order by ebene_rang, raumeinheit_id""",
        [version],
    ).fetchall()
    for row in rows:
        if row[1] in found:
            found[row[1]].append(Area(*row, place=len(found[row[1]])))
    return found


def _series(db: DuckDBPyConnection, version: str, levels: tuple[Level, ...], areas: dict[str, list[Area]], indicators: list[dict[str, Any]], tables: set[str]) -> dict[tuple[str, str], Series]:
    """One row per area, indicator and year: from the report's boundaries, else from others in which key and boundary are the same."""
    keys = "raumeinheit_id, gebietsstand, ebene, stichtag, indikator_id"
    judged = (f"left join (select {keys}, richtung as vergleich_richtung, rang_unten, rang_oben from fct_vergleich) using ({keys})" if "fct_vergleich" in tables else "")
    judged += (f" left join (select {keys}, richtung as trend_richtung from fct_trend) using ({keys})" if "fct_trend" in tables else "")
    added = [*(("vergleich_richtung", "rang_unten", "rang_oben") if "fct_vergleich" in tables else ()), *(("trend_richtung",) if "fct_trend" in tables else ())]
    found = db.execute(
        f"""
        with gleich as (
            select andere.gebietsstand, ebene, raumeinheit_id
            from dim_raumeinheit eigene join dim_raumeinheit andere using (ebene, raumeinheit_id)
            where eigene.gebietsstand = $version and not eigene.nicht_zuordenbar
              and (andere.gebietsstand = $version or andere.geometrie = eigene.geometrie or (eigene.ebene_rang = 1 and andere.geometrie is null))
        )
        select ebene, indikator_id, raumeinheit_id, jahr, status_id, lieferung_id, {", ".join([*MEASURES, *added])}
        from fct_indikatorwert join gleich using (gebietsstand, ebene, raumeinheit_id) {judged}
        where ist_jahreswert and (gebietsstand = $version or gebietsstand_am_stichtag)
        qualify row_number() over (partition by ebene, indikator_id, raumeinheit_id, jahr order by gebietsstand = $version desc, stichtag desc, gebietsstand) = 1
        order by ebene, indikator_id
        """,
        {"version": version},
    ).fetchnumpy()
    numbers = {name: np.ma.filled(found[name].astype(float), np.nan) for name in MEASURES}
    texts = {name: np.where(np.ma.getmaskarray(found[name]), None, np.ma.getdata(found[name]).astype(object)) for name in ("status_id", "lieferung_id", *added)}
    place = {(level.id, area.id): area.place for level in levels for area in areas[level.id]}
    rows = np.array([place.get(key, -1) for key in zip(found["ebene"].tolist(), found["raumeinheit_id"].tolist(), strict=True)], dtype=int)
    keys_of = list(zip(found["ebene"].tolist(), found["indikator_id"].tolist(), strict=True))
    starts = [at for at, key in enumerate(keys_of) if at == 0 or key != keys_of[at - 1]]
    parts = {keys_of[start]: slice(start, end) for start, end in zip(starts, [*starts[1:], len(keys_of)], strict=True)}
    result = {}
    for level in levels:
        own = found["jahr"][found["ebene"] == level.id]
        years = list(range(int(own.min()), int(own.max()) + 1)) if len(own) else []
        shape = (len(areas[level.id]), len(years))
        for indicator in indicators:
            part = parts.get((level.id, indicator["indikator_id"]), slice(0, 0))
            at = (rows[part], found["jahr"][part].astype(int) - (years[0] if years else 0))

            def laid(values: np.ndarray, empty: Any, kind: Any, at: tuple = at, part: slice = part, shape: tuple = shape) -> np.ndarray:
                made = np.full(shape, empty, dtype=kind)
                made[at] = values[part]
                return made

            result[level.id, indicator["indikator_id"]] = Series(
                years, {name: laid(values, np.nan, float) for name, values in numbers.items()}, laid(texts["status_id"], "nicht_geliefert", object), laid(texts["lieferung_id"], None, object),
                given={name: laid(texts[name], None, object) for name in added},
            )  # fmt: skip
    return result


def _made_of(db: DuckDBPyConnection) -> dict[str, set[str]]:
    """A value names one delivery, that of its numerator; the denominator may be another's, and of another day."""
    found: dict[str, set[str]] = {}
    for indicator, delivery in db.execute(
        """
        with tag as (select distinct indikator_id, stichtag, coalesce(stichtag_nenner, stichtag) as stichtag_nenner from fct_indikatorwert where ist_jahreswert and wert is not null),
        teil as (
            select indikator_id, unnest(regexp_extract_all(zaehler, '\\w+')) as kennzahl_id, stichtag from tag join dim_indikator using (indikator_id)
            union
            select indikator_id, unnest(regexp_extract_all(nenner, '\\w+')), stichtag_nenner from tag join dim_indikator using (indikator_id)
        )
        select distinct indikator_id, k.lieferung_id from teil join fct_kennzahl k using (kennzahl_id, stichtag) where k.lieferung_id is not null
        """
    ).fetchall():
        found.setdefault(indicator, set()).add(delivery)
    return found


def _spread(db: DuckDBPyConnection, version: str, levels: tuple[Level, ...]) -> dict[str, list[str]]:
    """Values on the report's boundaries that were delivered for others: areas that lie across them, or boundaries of their time."""
    found: dict[str, list[str]] = {}
    plurals = {level.id: level.plural for level in levels}
    for indicator, level in db.execute("select distinct indikator_id, ebene from fct_indikatorwert where ist_jahreswert and gebietsstand = ? and wert is not null and guete <> 'exact' order by all", [version]).fetchall():
        if level in plurals:
            found.setdefault(indicator, []).append(plurals[level])
    return found


def _judge(mart: Mart) -> None:
    """Tests on the published counts: trend per area, and difference from the rest, each with the false discovery rate held over all that is read side by side in a year."""
    town = {i["indikator_id"]: mart.of(mart.town_level, i["indikator_id"]) for i in mart.indicators}
    if all({"vergleich_richtung", "trend_richtung"} <= set(one.given) for one in mart.series.values()):
        for one in mart.series.values():
            one.trend = np.full(one["wert"].shape[0], NOT_COMPUTABLE)
            _take_given(one)
        return
    # Year -> what is tested in it, over all levels and indicators.
    values: dict[int, list[tuple[Series, int]]] = {}
    courses: dict[int, list[tuple[Series, Course]]] = {}
    for level in mart.levels:
        for indicator in mart.indicators:
            one, whole = mart.of(level.id, indicator["indikator_id"]), town[indicator["indikator_id"]]
            part, deff = indicator["ki_methode"] == "wilson", float(indicator.get("effekt") or 1)
            one.trend = np.full(one["wert"].shape[0], NOT_COMPUTABLE)
            one.verdict = np.full(one["wert"].shape, OPEN, dtype=object)
            one.p = _p_value(one, whole, indicator["ki_methode"], deff) if level.id != mart.town_level else np.full(one["wert"].shape, np.nan)
            for at, year in enumerate(one.years):
                values.setdefault(year, []).append((one, at))
            if part and one.last is not None:
                x, n = _counts(one)
                courses.setdefault(one.years[one.last], []).append((one, course(x[:, : one.last + 1], n[:, : one.last + 1], deff, PERSISTENCE)))
                if level.id != mart.town_level and len(mart.areas[level.id]) <= RANKED_AREAS:
                    drawn = rank(x[:, one.last], n[:, one.last], RANK_SEED, deff)
                    one.ranks[one.last] = (drawn.low, drawn.high)
    for tested in values.values():
        for (one, at), p in zip(tested, _adjusted([one.p[:, at] for one, at in tested]), strict=True):
            low, high, diff = one["diff_ki_unten"][:, at], one["diff_ki_oben"][:, at], one["diff"][:, at]
            apart = (p < FDR_LEVEL) & ((low > 0) | (high < 0) | np.isnan(low))
            one.verdict[:, at] = np.select([np.isnan(p), apart & (diff > 0), apart & (diff < 0)], [OPEN, HIGHER, LOWER], SIMILAR)
    for found in courses.values():
        for (one, tried), p in zip(found, _adjusted([tried.p for _, tried in found]), strict=True):
            one.trend = judge(tried, p)
    for one in mart.series.values():
        _take_given(one)


def _adjusted(parts: list[np.ndarray]) -> list[np.ndarray]:
    """P-values of one family after Benjamini and Hochberg, in the parts they came in."""
    return np.split(benjamini_hochberg(np.concatenate(parts)), np.cumsum([len(part) for part in parts])[:-1])


def _take_given(one: Series) -> None:
    """Where the mart publishes verdicts, they hold, and what it does not judge cannot be said here either."""
    if "vergleich_richtung" in one.given:
        said = one.given["vergleich_richtung"]
        one.verdict = np.select([said == HIGHER, said == LOWER, said == SIMILAR], [HIGHER, LOWER, SIMILAR], OPEN)
        low, high = (np.array(one.given[name], dtype=float) for name in ("rang_unten", "rang_oben"))
        one.ranks = {at: (low[:, at], high[:, at]) for at in range(low.shape[1]) if (~np.isnan(low[:, at])).any()}
    if "trend_richtung" in one.given and one.last is not None:
        said = one.given["trend_richtung"][:, one.last]
        one.trend = np.select([said == name for name in GIVEN_TREND], list(GIVEN_TREND.values()), NOT_COMPUTABLE)


def _counts(one: Series) -> tuple[np.ndarray, np.ndarray]:
    """Numerator and denominator where a share can be tested on them; unknown elsewhere."""
    x, n = one["zaehler"], one["nenner"]
    possible = ~np.isnan(x) & (n > 0) & (x <= n) & ~np.isnan(one["wert"])
    return np.where(possible, x, np.nan), np.where(possible, n, np.nan)


def _p_value(one: Series, whole: Series, method: str, deff: float) -> np.ndarray:
    """Two-sided p-values area against rest of town, shape (areas, years); NaN where no test can be made."""
    if method in ("wilson", "byar") and whole.years:
        x, n = (_counts(one) if method == "wilson" else (one["zaehler"], one["nenner"]))
        column = {year: at for at, year in enumerate(whole.years)}
        at = [column.get(year, -1) for year in one.years]
        town_x, town_n = (np.where(np.array(at) >= 0, whole[name][0, at], np.nan) for name in ("zaehler", "nenner"))
        rest_x, rest_n = town_x - x, town_n - n
        possible = (n > 0) & (rest_n > 0) & (rest_x >= 0) & (x >= 0) & ~np.isnan(one["wert"])
        if method == "wilson":
            possible &= rest_x <= rest_n
        counts = (np.where(possible, value, np.nan) for value in (x, n, rest_x, rest_n))
        return np.asarray((two_proportions if method == "wilson" else two_rates)(*counts, deff, deff).p)
    # Means and survey values: the mart's own interval of the difference carries their variance.
    from scipy.special import ndtr

    half = (one["diff_ki_oben"] - one["diff_ki_unten"]) / 2
    z = np.abs(np.divide(one["diff"] * Z95, half, out=np.full(half.shape, np.nan), where=half > 0))
    return 2 * ndtr(-z)


#: Everybody who is not entered as a woman: men, divers persons and those without an entry.
OTHERS = "andere"


def _residents(db: DuckDBPyConnection, version: str) -> tuple[list[dict[str, Any]], dict[tuple[str, str], dict[tuple[int, str], float]], str | None]:
    """The finest complete age bands from 0 upwards, by sex where both are counted, at the newest reference date."""
    known = {row[1] for row in db.execute("pragma table_info(dim_kennzahl)").fetchall()}
    others = [c for c in ("staatsangehoerigkeit", "migrationshintergrund", "wohndauer_ab") if c in known]
    counts = _rows(db, f"""
        select kennzahl_id, alter_von, alter_bis, coalesce(geschlecht, '') as geschlecht from dim_kennzahl
        where mass = 'personen' and alter_von is not null {"".join(f" and {c} is null" for c in others)}
          and (alter_bis is null or alter_bis > alter_von) and (alter_bis is not null or alter_von > 0) and (kennzahl_id like 'alter\\_%' escape '\\' or geschlecht is not null) order by kennzahl_id""")
    # The catalogue knows counts that this town's deliveries do not give; a chain of bands must not lead through them.
    valued = {row[0] for row in db.execute("select distinct kennzahl_id from fct_kennzahl where gebietsstand = $v and wert is not null", {"v": version}).fetchall()}
    counts = [c for c in counts if c["kennzahl_id"] in valued]
    for sexes in (("m", "w"), (OTHERS, "w"), ("",)):
        #: Age band -> sex -> the counts it is made of, with their signs.
        by_band: dict[tuple[int, int | None], dict[str, dict[str, int]]] = {(c["alter_von"], c["alter_bis"]): {} for c in counts}
        for c in counts:
            by_band[c["alter_von"], c["alter_bis"]][c["geschlecht"]] = {c["kennzahl_id"]: 1}
        # 65 and older less 80 and older are those from 65 to 79.
        open_ended = sorted(low for low, high in by_band if high is None)
        for low, above in zip(open_ended, open_ended[1:], strict=False):
            wide, narrow = by_band[low, None], by_band[above, None]
            by_band.setdefault((low, above - 1), {sex: wide[sex] | dict.fromkeys(narrow[sex], -1) for sex in ("", *sexes) if sex in wide and sex in narrow})
        # Where only women are counted beside everybody, all others are the other side: divers and without an entry as well.
        for by_sex in by_band.values():
            if {"", "w"} <= by_sex.keys():
                by_sex[OTHERS] = by_sex[""] | {count: -sign for count, sign in by_sex["w"].items()}
        bands = _finest([band for band, ids in by_band.items() if all(sex in ids for sex in sexes)])
        if bands:
            cells = {(at, sex): by_band[band][sex] for at, band in enumerate(bands) for sex in sexes}
            ids = {part for parts in cells.values() for part in parts}
            rows = db.execute(
                """with gezaehlt as (select ebene, raumeinheit_id, stichtag, kennzahl_id, wert from fct_kennzahl where gebietsstand = $v and list_contains($ids, kennzahl_id)),
                        tag as (select max(stichtag) as stichtag from gezaehlt where wert is not null)
                   select ebene, raumeinheit_id, kennzahl_id, wert, strftime(stichtag, '%d.%m.%Y') from gezaehlt join tag using (stichtag) where wert is not null""",
                {"v": version, "ids": sorted(ids)},
            ).fetchall()
            if rows:
                found: dict[tuple[str, str], dict[str, float]] = {}
                for level, area, count, value, _ in rows:
                    found.setdefault((level, area), {})[count] = value
                whole = {
                    key: {cell: sum(sign * known[count] for count, sign in parts.items()) for cell, parts in cells.items()} for key, known in found.items() if len(known) == len(ids)
                }
                if whole:
                    return [{"von": low, "bis": high} for low, high in bands], whole, rows[0][4]
    return [], {}, None


def _finest(bands: list[tuple[int, int | None]]) -> list[tuple[int, int | None]]:
    """The longest chain of bands without gap or overlap from age 0 to the open end; empty where there is none."""
    best: dict[int | None, list[tuple[int, int | None]]] = {0: []}
    for low, high in sorted(bands, key=lambda band: (band[0], band[1] or 999)):
        if low in best:
            end = None if high is None else high + 1
            if end not in best or len(best[low]) + 1 > len(best[end]):
                best[end] = [*best[low], (low, high)]
    return best.get(None, [])


def _without_map(db: DuckDBPyConnection, version: str, levels: tuple[Level, ...]) -> dict[tuple[str, str, str], list[tuple]]:
    """Values on newer boundaries of which no polygons were delivered, newest year per level."""
    rows = db.execute(
        """
        with neu as (
            select gebietsstand, ebene from dim_raumeinheit where not nicht_zuordenbar and list_contains($levels, ebene)
              and gueltig_von > (select min(gueltig_von) from dim_raumeinheit where gebietsstand = $version)
            group by all having count(geometrie) < count(*)
        ), wert as (
            select f.*, r.name from fct_indikatorwert f join neu using (gebietsstand, ebene) join dim_raumeinheit r using (gebietsstand, ebene, raumeinheit_id)
            where ist_jahreswert and gebietsstand_am_stichtag and not r.nicht_zuordenbar
        )
        select gebietsstand, ebene, indikator_id, raumeinheit_id, name, jahr, wert, ki_unten, ki_oben, status_id from wert
        qualify jahr = max(jahr) filter (where wert is not null) over (partition by gebietsstand, ebene, indikator_id) order by all
        """,
        {"version": version, "levels": [level.id for level in levels if level.profile or level is levels[-1]]},
    ).fetchall()
    found: dict[tuple[str, str, str], list[tuple]] = {}
    for row in rows:
        found.setdefault(row[:3], []).append(row[3:])
    return found
