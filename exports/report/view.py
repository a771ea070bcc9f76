"""What each page says, from the mart by rules: the same words and rows for the site and the PDF. No markup but SVG."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from math import isnan
from typing import Any

import numpy as np
import shapely

from exports.report import Edition, figures, wording
from exports.report.mart import HIGHER, LOWER, OTHERS, Area, Mart, Series
from exports.report.shapes import Drawing, Layer, layer
from methods.trend import FALLING, POINTS, RISING

#: Panels over time on a page, and lines in a list of what stands out: what a reader takes in at once.
PANELS, HEADLINES = 6, 5
#: Groups of the catalogue in the order of a reader's questions: who lives here, how, on what means, with what around them.
GROUPS = {
    "bestand": "Einwohner", "altersgruppen": "Altersgruppen", "altersaufbau": "Altersaufbau in Kennzahlen", "bevoelkerung": "Geschlecht und Staatsangehörigkeit", "migration": "Einwanderungsgeschichte",
    "haushalte": "Haushalte und Familien", "bewegung": "Geburten, Sterbefälle, Einbürgerungen", "wanderung": "Zu- und Fortzüge", "wohnen": "Wohnen", "arbeit": "Arbeit", "mindestsicherung": "Mindestsicherung",
    "kinderarmut": "Kinderarmut", "kita": "Kindertagesbetreuung", "bildung": "Schule und Bildung", "jugendhilfe": "Jugendhilfe", "gesundheit": "Gesundheit der Kinder", "alter": "Leben im Alter",
    "infrastruktur": "Ausstattung mit Einrichtungen", "erreichbarkeit": "Wege und Erreichbarkeit", "netzwerke": "Vereine, Engagement, Selbsthilfe", "wahlen": "Wahlbeteiligung", "planung": "Planung",
    "mss_status": "Monitoring Soziale Stadtentwicklung: Status", "mss_dynamik": "Monitoring Soziale Stadtentwicklung: Dynamik",
}  # fmt: skip
INDICES = {"hilden_belastung": "Belastungsindex Hilden", "mss_status": "Statusindex (Monitoring Soziale Stadtentwicklung)", "mss_dynamik": "Dynamikindex (Monitoring Soziale Stadtentwicklung)"}
#: Rows of the table that opens a profile's comparison, statements quoted per theme, areas of an index listed one by one.
STRIKING, QUOTES, LISTED = 12, 2, 40
#: Years after which a newest value is no news any more: an election period.
FRESH = 5
#: The sign of the status of an exact zero, which has a value all the same.
NONE = "-"
KEY_FACTS = ("einwohner", "einwohnerdichte", "durchschnittsalter", "anteil_0_17", "anteil_65_plus")
#: What a town is asked about first; filled up with the first of each group.
CORE = ("anteil_0_17", "anteil_65_plus", "anteil_nichtdeutsche", "sgb2_quote", "arbeitslosenanteil", "anteil_alleinerziehende")


def group_name(group: str) -> str:
    return GROUPS.get(group, group.replace("_", " ").capitalize())


def slug(text: str) -> str:
    """A file name from a key: nothing but letters, digits, minus and underscore."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", text)


def area_page(area: Area) -> str:
    return f"gebiet-{slug(area.level)}-{slug(area.id)}.html"


def indicator_page(indicator: str) -> str:
    return f"indikator-{slug(indicator)}.html"


@dataclass
class View:
    """Mart and edition, ready to be asked for pages."""

    mart: Mart
    edition: Edition
    _scales: dict[tuple[str, str, bool], tuple[float, float]] = field(default_factory=dict)
    _profiles: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    _levels: dict[tuple[str, str], dict[str, Any] | None] = field(default_factory=dict)

    @cached_property
    def drawing(self) -> Drawing | None:
        return Drawing.of([self.mart.town, *(a for level in self.mart.mapped for a in self.mart.areas[level.id])])

    @cached_property
    def layers(self) -> dict[str, Layer | None]:
        return {level.id: layer(self.mart.areas[level.id], self.drawing) for level in self.mart.levels}

    @cached_property
    def shown(self) -> list[dict[str, Any]]:
        """Indicators with at least one value on any level of the report."""
        return [i for i in self.mart.indicators if any(self.mart.of(level.id, i["indikator_id"]).last is not None for level in self.mart.levels)]

    @cached_property
    def groups(self) -> list[tuple[str, list[dict[str, Any]]]]:
        names = list(dict.fromkeys([*(g for g in GROUPS), *sorted(i["gruppe"] for i in self.shown)]))
        found = [(group_name(g), [i for i in self.shown if i["gruppe"] == g]) for g in names]
        return [(name, members) for name, members in found if members]

    @cached_property
    def core(self) -> list[dict[str, Any]]:
        """Indicators for the panels over time: values in at least two years for the town, one per group after the first."""

        def usable(i: dict[str, Any]) -> bool:
            return any((~np.isnan(self.mart.of(level.id, i["indikator_id"])["wert"])).any(axis=0).sum() > 1 for level in self.mart.levels[:2])

        first = [self.mart.indicator(name) for name in CORE if any(i["indikator_id"] == name for i in self.shown)]
        columns = [[i for i in members if i not in first] for _, members in self.groups]
        rest = [column[at] for at in range(max(map(len, columns), default=0)) for column in columns if at < len(column)]
        return [i for i in [*first, *rest] if usable(i)][:PANELS]

    @cached_property
    def default(self) -> dict[str, Any]:
        """The indicator a map opens with."""
        return next((i for i in self.core if i["einheit"] == "Prozent"), self.shown[0])

    def unit(self, indicator: dict[str, Any]) -> str:
        return indicator["einheit"]

    # values -------------------------------------------------------------------------------------------------------

    def cell(self, one: Series, place: int, year: int, unit: str) -> dict[str, Any]:
        """A value as tables show it: number, its interval, or the symbol with what it means."""
        value = float(one["wert"][place, year])
        status = self.mart.statuses.get(one.status[place, year], {"zeichen": None, "bedeutung": "nicht geliefert"})
        if np.isnan(value):
            return {"text": status["zeichen"] or "…", "fehlt": status["bedeutung"], "span": "", "wert": value}
        text = wording.number(value, wording.digits_of(unit))
        note = None if status["zeichen"] in (None, NONE) else status["bedeutung"]
        low, high = float(one["ki_unten"][place, year]), float(one["ki_oben"][place, year])
        return {"text": f"({text})" if status["zeichen"] == "( )" else text, "fehlt": None, "hinweis": note, "span": wording.span(low, high, unit), "wert": value, "unten": low, "oben": high}

    def scale(self, level: str, indicator: str, intervals: bool = True) -> tuple[float, float]:
        """One scale per indicator for a level and the town over all years, so that panels can be compared; ``intervals``: with room for them."""
        if (level, indicator, intervals) not in self._scales:
            self._scales[level, indicator, intervals] = self._scale(level, indicator, intervals)
        return self._scales[level, indicator, intervals]

    def _scale(self, level: str, indicator: str, intervals: bool) -> tuple[float, float]:
        own, unit = self.mart.of(level, indicator), self.mart.indicator(indicator)["einheit"]
        parts = [own["wert"].ravel(), *([] if unit in wording.COUNTS else [self.mart.of(self.mart.town_level, indicator)["wert"].ravel()])]
        return figures.scale_of(np.concatenate(parts), np.concatenate([own["ki_unten"].ravel(), own["ki_oben"].ravel()]) if intervals else None)

    def level_values(self, indicator: dict[str, Any], level: str) -> dict[str, Any] | None:
        """Values of one level as a map needs them: per year and area ``[value, low, high, verdict, rank low, rank high, status]`` or a status."""
        if (level, indicator["indikator_id"]) not in self._levels:
            self._levels[level, indicator["indikator_id"]] = self._level_values(indicator, level)
        return self._levels[level, indicator["indikator_id"]]

    def _level_values(self, indicator: dict[str, Any], level: str) -> dict[str, Any] | None:
        one, digits = self.mart.of(level, indicator["indikator_id"]), wording.digits_of(indicator["einheit"])
        if one.last is None:
            return None

        def short(value: float) -> float | int | None:
            return None if isnan(value) else round(value) if digits == 0 else round(value, digits)

        years = [year for at, year in enumerate(one.years) if not np.isnan(one["wert"][:, at]).all()]
        bracketed = {name for name, row in self.mart.statuses.items() if row["zeichen"] == "( )"}
        values = {}
        for year in years:
            at, rows = one.years.index(year), []
            ranks = [part.tolist() for part in one.ranks[at]] if at in one.ranks else None
            columns = (one[name][:, at].tolist() for name in ("wert", "ki_unten", "ki_oben"))
            for place, (value, low, high, verdict, status) in enumerate(zip(*columns, one.verdict[:, at].tolist(), one.status[:, at].tolist(), strict=True)):
                if isnan(value):
                    rows.append(status)
                    continue
                row = [short(value), short(low), short(high), verdict]
                if ranks is not None and not isnan(ranks[0][place]):
                    row += [int(ranks[0][place]), int(ranks[1][place])]
                if status in bracketed:
                    row = [*row, *[None] * (6 - len(row)), status]
                rows.append(row)
            values[str(year)] = rows
        low, high = self.scale(level, indicator["indikator_id"])
        return {"jahre": years, "grenzen": figures.breaks(one["wert"], digits), "skala": [round(low, 3), round(high, 3)], "werte": values}

    # an indicator -------------------------------------------------------------------------------------------------

    def formula(self, indicator: dict[str, Any]) -> dict[str, str]:
        """How a value is worked out, in words and, where it follows from published counts, in their keys."""
        if indicator["art"] == "gelieferte_rate":
            return {"worte": "Wert wie geliefert; Zähler und Nenner kennt nur der Lieferant.", "schluessel": ""}
        if indicator["ki_methode"] == "dsr":
            return {"worte": wording.STANDARDISED.format(faktor=wording.number(indicator["faktor"], 0)), "schluessel": ""}
        factor = f"{wording.number(indicator['faktor'], 0)} × " if indicator["nenner"] and indicator["faktor"] != 1 else ""
        keys = factor + wording.fraction(indicator["zaehler"], indicator["nenner"])
        return {"worte": re.sub(r"[^\W\d]\w*", lambda key: self.mart.counts.get(key[0]) or key[0], keys), "schluessel": keys}

    def deliveries(self, indicator: dict[str, Any]) -> list[dict[str, Any]]:
        """Of numerators and denominators, by source and day."""
        used = {d for level in self.mart.levels for d in self.mart.of(level.id, indicator["indikator_id"]).delivery.ravel() if isinstance(d, str)}
        used |= self.mart.made_of.get(indicator["indikator_id"], set())
        return [s for s in self.mart.sources if s["lieferung_id"] in used]

    def legal(self, indicator: dict[str, Any]) -> list[str]:
        """The catalogue's legal basis; where that refers to the deliveries, theirs, each once."""
        basis = indicator["rechtsgrundlage"]
        if wording.PER_DELIVERY not in basis:
            return [basis]
        return [basis.partition(wording.PER_DELIVERY)[0].rstrip(", "), *dict.fromkeys(s["rechtsgrundlage"] for s in self.deliveries(indicator) if s["rechtsgrundlage"])]

    # a profile ----------------------------------------------------------------------------------------------------

    def rows(self, area: Area) -> list[dict[str, Any]]:
        """One row per indicator with a value or a reason, newest year of the level."""
        found = []
        for indicator in self.shown:
            name, unit = indicator["indikator_id"], indicator["einheit"]
            one = self.mart.of(area.level, name)
            if one.last is None:
                continue
            year = one.last
            cell = self.cell(one, area.place, year, unit)
            verdict, rest = str(one.verdict[area.place, year]), float(one["rest_wert"][area.place, year])
            whole = self.mart.of(self.mart.town_level, name)
            at_town = whole.years.index(one.years[year]) if one.years[year] in whole.years else None
            town = float(whole["wert"][0, at_town]) if at_town is not None else np.nan
            limits = self.scale(area.level, name, intervals=False)
            direction = str(one.trend[area.place])
            #: A mere number of people is not compared: a larger area has more.
            mere = unit in wording.COUNTS
            found.append({
                "indikator": indicator, "name": indicator["name"], "unit": wording.UNIT.get(unit, unit), "jahr": one.years[year], "zelle": cell,
                "rest": wording.number(rest, wording.digits_of(unit)), "rest_wert": rest, "frisch": one.years[-1] - one.years[year] <= FRESH, "abstand": abs(cell["wert"] - rest) / one.spread, "verdict": verdict, "direction": direction,
                "spine": figures.spine(cell["wert"], cell.get("unten", np.nan), cell.get("oben", np.nan), town, one.quartiles, verdict) if not mere else "",
                "spark": figures.spark(one["wert"][area.place, : year + 1], *limits),
                "vergleich": "Anzahl, kein Vergleich" if mere else wording.COMPARISON[verdict], "vergleich_zeichen": "" if mere else wording.COMPARISON_SIGN[verdict],
                "urteil": wording.judged(verdict, int(indicator["polaritaet"] or 0)), "trend": wording.TREND[direction], "trend_zeichen": wording.TREND_SIGN[direction],
            })  # fmt: skip
        return found

    def profile(self, area: Area) -> dict[str, Any]:
        """Everything a profile says about one area, worked out once for page and paper."""
        if (area.level, area.id) not in self._profiles:
            self._profiles[area.level, area.id] = self._profile(area)
        return self._profiles[area.level, area.id]

    def _profile(self, area: Area) -> dict[str, Any]:
        rows = self.rows(area)
        level = self.mart.level(area.level)
        valued = [row for row in rows if row["zelle"]["fehlt"] is None and row["indikator"]["einheit"] not in wording.COUNTS]
        by_group = [(name, [row for row in rows if row["indikator"] in members]) for name, members in self.groups]
        return {
            "area": area, "level": level, "page": area_page(area), "facts": self.facts(area),
            "parent": self.parent(area), "children": [a for below in self.mart.profiles for a in self.mart.areas[below.id] if a.parent == area.id and below.id != area.level],
            "groups": [(name, part, sum(r["verdict"] == HIGHER for r in part), sum(r["verdict"] == LOWER for r in part)) for name, part in by_group if part],
            "striking": self.most_different(valued), "index": self.index_of(area),
            "overview": wording.overview([r["verdict"] for r in valued], self.named(valued, "verdict", HIGHER), self.named(valued, "verdict", LOWER)),
            "trends": wording.trends([r["direction"] for r in valued], self.named(valued, "direction", RISING), self.named(valued, "direction", FALLING)),
            "rows": rows, "missing": self.missing(rows, area), "age": self.age(area), "panels": self.panels(area), "lage": self.where(area),
            "places": self.places(area), "survey": self.survey(area), "themes": self.themes(area), "measures": self.measures(area), "networks": self.networks(area),
        }  # fmt: skip

    @staticmethod
    def named(rows: list[dict[str, Any]], key: str, wanted: str, most: int = 6) -> list[str]:
        """Names of the indicators with that verdict; beyond ``most`` the rest is counted, not listed."""
        names = [row["name"] for row in rows if row[key] == wanted]
        return names if len(names) <= most else [*names[: most - 1], f"{len(names) - most + 1} weitere"]

    @staticmethod
    def most_different(valued: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Rows that differ demonstrably, those first whose area stands farthest out among all of its level."""
        apart = [row for row in valued if row["verdict"] in (HIGHER, LOWER) and row["frisch"]]
        return sorted(apart, key=lambda row: (-row["abstand"], row["name"]))[:STRIKING]

    def parent(self, area: Area) -> Area | None:
        """The nearest area above that has a page of its own."""
        above = {a.id: a for level in self.mart.levels[1:] for a in self.mart.areas[level.id]}
        known = self.mart.areas
        current = area.parent
        if current in above and self.mart.level(above[current].level).profile:
            return above[current]
        # A level without profiles lies between (Berlin: Prognoseraum): its keys begin with those of the level above.
        for level in reversed(self.mart.profiles):
            for candidate in known[level.id]:
                if level.id != area.level and area.id != candidate.id and area.id.startswith(candidate.id):
                    return candidate
        return None

    def facts(self, area: Area) -> list[dict[str, str]]:
        found = []
        for name in KEY_FACTS:
            if not any(i["indikator_id"] == name for i in self.shown):
                continue
            indicator, one = self.mart.indicator(name), self.mart.of(area.level, name)
            if one.last is None:
                continue
            cell = self.cell(one, area.place, one.last, indicator["einheit"])
            unit = "" if indicator["einheit"] in wording.COUNTS else wording.UNIT.get(indicator["einheit"], indicator["einheit"])
            found.append({"name": indicator["name"], "text": cell["text"], "unit": "" if cell["fehlt"] else unit, "jahr": str(one.years[one.last]), "page": indicator_page(name)})
        return found

    def missing(self, rows: list[dict[str, Any]], area: Area) -> list[tuple[str, list[str]]]:
        """Reason -> indicators without a value in the newest year, and those without any value on this level."""
        found: dict[str, list[str]] = {}
        for row in rows:
            if row["zelle"]["fehlt"]:
                found.setdefault(row["zelle"]["fehlt"], []).append(f"{row['name']} ({row['jahr']})")
        here = {row["indikator"]["indikator_id"] for row in rows}
        # What the town has nowhere stands once, on the page of all indicators.
        for indicator in self.shown:
            if indicator["indikator_id"] not in here:
                one = self.mart.of(area.level, indicator["indikator_id"])
                status = one.status[area.place, -1] if one.years else "nicht_geliefert"
                found.setdefault(self.mart.statuses.get(status, {"bedeutung": "nicht geliefert"})["bedeutung"], []).append(indicator["name"])
        return sorted(found.items())

    def age(self, area: Area) -> dict[str, Any] | None:
        own = self.mart.residents.get((area.level, area.id))
        if not own:
            return None
        town = self.mart.residents.get((self.mart.town_level, self.mart.town.id)) if area.level != self.mart.town_level else None
        sexes = sorted({sex for _, sex in own})
        total, whole = sum(own.values()), sum(town.values()) if town else 0
        table = []
        for at, band in enumerate(self.mart.bands):
            counts = [own[at, sex] for sex in sexes]
            share, town_share = 100 * sum(counts) / total if total else np.nan, 100 * sum(town[at, sex] for sex in sexes) / whole if town and whole else np.nan
            table.append({"band": figures.band_name(band), "counts": [wording.number(c, 0) for c in counts], "anteil": wording.number(share), "stadt": wording.number(town_share)})
        young = sum(c for (at, _), c in own.items() if (self.mart.bands[at]["bis"] or 999) < 18) / total * 100 if total else np.nan
        label = f"Altersaufbau {area.name} am {self.mart.residents_date}: {wording.number(total, 0)} Einwohner, {wording.number(young)} Prozent unter 18 Jahren. Alle Zahlen in der Tabelle darunter."
        return {"svg": figures.pyramid(self.mart.bands, own, town, label, self.edition.simulated), "table": table, "sexes": [figures.SEXES[s] for s in sexes],
                "others": OTHERS in sexes, "date": self.mart.residents_date, "town": town is not None}  # fmt: skip

    def panels(self, area: Area) -> list[dict[str, Any]]:
        return [panel for indicator in self.core if (panel := self.panel(area, indicator)) is not None]

    def panel(self, area: Area, indicator: dict[str, Any], limits: tuple[float, float] | None = None) -> dict[str, Any] | None:
        """One indicator over time for one area, with the town as a dashed line where both have one unit."""
        name, unit = indicator["indikator_id"], indicator["einheit"]
        one, whole = self.mart.of(area.level, name), self.mart.of(self.mart.town_level, name)
        if not one.years or np.isnan(one["wert"][area.place]).all():
            return None
        column = {year: at for at, year in enumerate(whole.years)}
        is_town = area.level == self.mart.town_level
        town = None if is_town or unit in wording.COUNTS else np.array([whole["wert"][0, column[y]] if y in column else np.nan for y in one.years])
        others = None
        if is_town and self.mart.profiles and unit not in wording.COUNTS:
            upper = self.mart.of(self.mart.profiles[0].id, name)
            at = {year: i for i, year in enumerate(upper.years)}
            others = np.array([[row[at[y]] if y in at else np.nan for y in one.years] for row in upper["wert"]])
            limits = self.scale(self.mart.profiles[0].id, name)
        if unit in wording.COUNTS and limits is None:
            limits = figures.scale_of(one["wert"][area.place])
        own = one["wert"][area.place]
        known = np.flatnonzero(~np.isnan(own))
        first, last = known[max(0, len(known) - POINTS)], known[-1]
        verdict = str(one.trend[area.place])
        sentence = wording.trend_sentence(indicator["name"], unit, verdict, (one.years[first], float(own[first])), (one.years[last], float(own[last])))
        shown = one.known
        svg = figures.panel(one.years[shown], own[shown], one["ki_unten"][area.place, shown], one["ki_oben"][area.place, shown], None if town is None else town[shown], None if others is None else others[:, shown], limits or self.scale(area.level, name),
                            f"{area.name}, {sentence} Alle Jahre in der Tabelle.", self.edition.simulated)  # fmt: skip
        table = [{"jahr": y, **self.cell(one, area.place, at, unit), "stadt": wording.number(float(town[at]), wording.digits_of(unit)) if town is not None else ""} for at, y in enumerate(one.years) if shown.start <= at < shown.stop]
        return {"indikator": indicator, "page": indicator_page(name), "svg": svg, "sentence": sentence, "table": table, "unit": wording.UNIT.get(unit, unit),
                "trend": wording.TREND[verdict], "zeichen": wording.TREND_SIGN[verdict], "stadt": town is not None, "andere": others is not None, "area": area}  # fmt: skip

    def where(self, area: Area) -> str | None:
        """Locator map: on the own level, or on the finest profile level where the own one has no polygons."""
        drawn = self.layers.get(area.level)
        return figures.locator(drawn, {area.place}, f"Lage von {area.name} in der Stadt.", self.edition.simulated) if drawn else None

    # sections that other marts carry ------------------------------------------------------------------------------

    @cached_property
    def current(self) -> dict[str, list[dict[str, Any]]]:
        """Rows of the other marts on the report's boundaries, each place, theme and measure as last recorded; tables without rows are left out."""
        known = {name: [r for r in rows if r["gebietsstand"] == self.mart.version] for name, rows in self.mart.optional.items() if name != "fct_index"}

        def newest(name: str, key: str | None) -> None:
            last: dict[Any, Any] = {}
            for r in known.get(name, ()):
                last[r[key] if key else None] = max(r["stichtag"], last.get(r[key] if key else None, r["stichtag"]))
            known[name] = [r for r in known.get(name, ()) if r["stichtag"] == last[r[key] if key else None]]

        known["dim_ort"] = [r for r in known.get("dim_ort", ()) if r["aktuell"]]
        for name, key in (("fct_massnahme", "massnahme_id"), ("fct_planungsthema", "thema_nr"), ("fct_netzwerk", None), ("fct_umfrage", None)):
            newest(name, key)
        return {name: rows for name, rows in known.items() if rows}

    def inside(self, area: Area) -> set[tuple[str, str]]:
        """Keys of an area and of all that lie in it."""
        keys, names = {(area.level, area.id)}, {area.id}
        below = self.mart.levels[1 + [level.id for level in self.mart.levels].index(area.level) :]
        for level in below:
            found = [a for a in self.mart.areas[level.id] if a.parent in names]
            keys |= {(a.level, a.id) for a in found}
            names = {area.id} | {a.id for a in found} or names
        return keys

    def of_area(self, table: str, area: Area) -> list[dict[str, Any]]:
        """Rows of an optional mart that belong to an area or to one that lies in it; for the town only its own."""
        keys = {(area.level, area.id)} if area.level == self.mart.town_level else self.inside(area)
        return [r for r in self.current.get(table, ()) if (r["ebene"], r["raumeinheit_id"]) in keys]

    @cached_property
    def located(self) -> dict[str, tuple[float, float]]:
        """Place -> point on the drawing, for all places with coordinates."""
        rows = [r for r in self.current.get("dim_ort", ()) if r["laenge"] is not None and r["breite"] is not None]
        if not rows or self.drawing is None:
            return {}
        from pyproj import Transformer

        east, north = Transformer.from_crs(4326, self.drawing.epsg, always_xy=True).transform([r["laenge"] for r in rows], [r["breite"] for r in rows])
        return {r["ort_id"]: (float(x), float(y)) for r, (x, y) in zip(rows, self.drawing.place(np.column_stack([east, north])), strict=True)}

    @cached_property
    def kinds(self) -> list[str]:
        """Kinds of places in the town; their numbers are the same in every profile."""
        return sorted({r["kategorie_name"] for r in self.current.get("dim_ort", ())})

    @cached_property
    def reaches(self) -> list[tuple[dict[str, Any], shapely.Geometry, int]]:
        """Kinds of places whose distance says who is supplied, all that lies so near to one of them, across all borders, and how many lie nobody knows where."""
        # Releases from before the distance stood in the mart have none.
        kinds = {r["kategorie_name"]: r for r in self.current.get("dim_ort", ()) if r.get("umkreis_m")} if self.drawing else {}
        found = []
        for name, kind in sorted(kinds.items()):
            places = [self.located.get(r["ort_id"]) for r in self.current["dim_ort"] if r["kategorie_name"] == name]
            found.append((kind, self.drawing.within([p for p in places if p], kind["umkreis_m"]), places.count(None)))
        return found

    def coverage(self, area: Area) -> list[dict[str, Any]]:
        """What of an area, and how many of its people, have a place of each kind at hand."""
        if not (drawn := self.layers.get(area.level)):
            return []
        found, shape = [], shapely.make_valid(drawn.shapes[area.place])
        for kind, near, unknown in self.reaches:
            reached = shapely.intersection(shape, near)
            title = f"{kind['kategorie_name']} in {wording.number(kind['umkreis_m'], 0)} m"
            text = "Lage nicht bekannt" if near.is_empty else f"{wording.number(100 * reached.area / shape.area, 0)} % der Fläche"
            if unknown and not near.is_empty:
                text += f", ohne {unknown} {'Ort' if unknown == 1 else 'Orte'} der Stadt mit unbekannter Lage"
            people = self.mart.series.get((area.level, f"anteil_im_umkreis_{kind['kategorie']}"))
            if people and people.last is not None:
                cell, year = self.cell(people, area.place, people.last, "Prozent"), people.years[people.last]
                text += f"; {cell['text']} % der Einwohner ({year})" if cell["fehlt"] is None else f"; Anteil der Einwohner {year}: {cell['text']} ({cell['fehlt']})"
            found.append({"titel": title, "text": text, "svg": figures.reach_map(drawn, area.place, reached, f"{title}: {text}")})
        return found

    def places(self, area: Area) -> dict[str, Any] | None:
        """Places by kind, each kind with a number for map and list; None where no list of places is published."""
        if "dim_ort" not in self.current:
            return None
        rows = self.of_area("dim_ort", area)
        groups = []
        for no, kind in enumerate(self.kinds, 1):
            own = sorted((r for r in rows if r["kategorie_name"] == kind), key=lambda r: (r["name"] or "", r["ort_id"]))
            if own:
                seats = [r["plaetze"] for r in own if r["plaetze"] is not None]
                groups.append({"nr": no, "art": kind, "orte": own, "namen": self.place_names(own), "stand": f"{max(r['stichtag'] for r in own):%d.%m.%Y}",
                               "plaetze": wording.number(sum(seats), 0) if len(seats) == len(own) else ""})  # fmt: skip
        # The many lie below the few.
        drawn = self.layers.get(area.level)
        points = [(*self.located[o["ort_id"]], str(g["nr"]), f"{g['art']}: {o['name'] or 'ohne Namen'}") for g in sorted(groups, key=lambda g: -len(g["orte"])) for o in g["orte"] if o["ort_id"] in self.located]
        label = f"{len(points)} Orte in {area.name}: " + ", ".join(f"{g['art']} {len(g['orte'])}" for g in groups) + ". Alle Namen in der Liste darunter."
        svg = figures.point_map(drawn, {area.place}, points, label, self.edition.simulated) if points and drawn else None
        everywhere = {(a.level, a.id) for level in self.mart.levels for a in self.mart.areas[level.id]}
        nowhere = sum((r["ebene"], r["raumeinheit_id"]) not in everywhere for r in self.current["dim_ort"])
        return {"groups": groups, "anzahl": len(rows), "svg": svg, "missing": [kind for kind in self.kinds if kind not in {g["art"] for g in groups}], "nowhere": nowhere, "umkreis": self.coverage(area)}

    def place_names(self, rows: list[dict[str, Any]]) -> list[str]:
        """Name, body and places of each; stops of one name on both sides of a road are one entry."""
        counted: dict[str, int] = {}
        for r in rows:
            text = (r["name"] or "ohne Namen") + (f" ({r['traeger']})" if r["traeger"] else "")
            text += f", {wording.number(r['plaetze'], 0)} Plätze" if r["plaetze"] is not None and len(rows) > 1 else ""
            text += "" if r["ort_id"] in self.located else " [Lage nicht bekannt]"
            counted[text] = counted.get(text, 0) + 1
        return [text if n == 1 else f"{text} ({n}-mal)" for text, n in counted.items()]

    def survey(self, area: Area) -> dict[str, Any] | None:
        """The newest survey: one answer per question beside the town's, all answers below; None where no survey is published.

        The answer shown is the same in all areas, so that they can be compared: the town's most frequent one, of two the first.
        """
        rows = self.current.get("fct_umfrage")
        if not rows:
            return None
        own = sorted((r for r in rows if (r["ebene"], r["raumeinheit_id"]) == (area.level, area.id)), key=lambda r: (r["frage_id"], r["fragetext"], r["antwort_code"]))
        town = {(r["fragetext"], r["antwort_code"]): r for r in rows if r["ebene"] == self.mart.town_level}
        questions: dict[str, list[dict[str, Any]]] = {}
        for r in own:
            sign = self.mart.statuses.get(r["status_id"], {"zeichen": "/", "bedeutung": "keine Angabe"})
            whole = town.get((r["fragetext"], r["antwort_code"]))
            questions.setdefault(r["fragetext"].removesuffix(r["antwort"]).strip() if r["mehrfach"] else r["fragetext"], []).append({
                "antwort": r["antwort"], "n": wording.number(r["n"], 0), "text": wording.number(r["wert"]) or sign["zeichen"] or "…", "fehlt": sign["bedeutung"] if r["wert"] is None else None,
                "span": wording.span(r["ki_unten"], r["ki_oben"], "Prozent"), "stadt": wording.number(whole["wert"]) if whole else "", "mehrfach": r["mehrfach"], "stadt_wert": (whole["wert"] if whole else None) or 0.0,
            })  # fmt: skip
        chosen = [(q, found if found[0]["mehrfach"] else [found[0] if len(found) < 3 else max(found, key=lambda f: f["stadt_wert"])]) for q, found in questions.items()]
        first = rows[0]
        return {"titel": first["umfrage"], "stichtag": f"{first['stichtag']:%d.%m.%Y}", "ruecklauf": wording.number(first["ruecklauf"]), "fragen": chosen, "alle": list(questions.items()),
                "befragte": wording.number(max((r["n"] for r in own), default=None), 0), "verdeckt": sum(r["wert"] is None for r in own), "stadt": area.level != self.mart.town_level}  # fmt: skip

    def themes(self, area: Area) -> dict[str, Any] | None:
        """Themes by number of released statements with some of them, and what the rounds discussed; None where neither is published."""
        if not {"fct_aussage", "fct_planungsthema"} & set(self.current):
            return None
        said: dict[str, list[dict[str, Any]]] = {}
        is_town = area.level == self.mart.town_level
        for r in self.current.get("fct_aussage", ()) if is_town else self.of_area("fct_aussage", area):
            # The gate lets nothing else through; whoever builds a report from another mart must not publish it either.
            if r["geprueft"] and r["freigegeben"]:
                said.setdefault(r["thema"], []).append(r)
        voices = []
        for theme, rows in sorted(said.items(), key=lambda t: (-len(t[1]), t[0])):
            by_group = {r["gruppe"]: r for r in sorted(rows, key=lambda r: (r["stichtag"], r["aussage_id"]))}
            quotes = [{"aussage": r["aussage"], "gruppe": r["gruppe"], "jahr": r["stichtag"].year} for r in by_group.values() if r["aussage"]]
            voices.append({"thema": theme, "anzahl": len(rows), "gruppen": wording.listing(sorted(by_group)), "zitate": [] if is_town else quotes[:QUOTES]})
        rounds = [r for r in self.current.get("fct_planungsthema", ()) if r["raumeinheit_id"] is None] if is_town else []
        rounds = [{"runde": r["runde"], "thema": r["thema"], "stand": r["stand"], "datum": f"{r['datum']:%d.%m.%Y}"} for r in sorted([*rounds, *self.of_area("fct_planungsthema", area)], key=lambda r: (r["datum"], r["thema_nr"]), reverse=True)]
        above = self.parent(area)
        return {"stimmen": voices, "runden": rounds, "oben": above if above and not rounds and self.of_area("fct_planungsthema", above) else None,
                "veroeffentlicht": "fct_planungsthema" in self.current}  # fmt: skip

    def measures(self, area: Area) -> list[dict[str, Any]] | None:
        """Measures with aim and money, newest first; None where none are published."""
        if "fct_massnahme" not in self.current:
            return None

        def money(r: dict[str, Any], name: str) -> str:
            return f"{wording.number(r[name], 0)}{wording.NARROW}€" if r[name] is not None else r[f"{name}_zeichen"] or "…"

        names = {(a.level, a.id): a.name for level in self.mart.levels for a in self.mart.areas[level.id]}
        return [
            {**r, "wo": names[r["ebene"], r["raumeinheit_id"]], "zeit": f"{r['beginn']:%m/%Y} bis {r['ende']:%m/%Y}" if r["beginn"] and r["ende"] else "", "kosten": money(r, "kosten_eur"), "drittmittel": money(r, "drittmittel_eur")}
            for r in sorted(self.of_area("fct_massnahme", area), key=lambda r: (r["beginn"] is not None, r["beginn"], r["massnahme_id"]), reverse=True)
        ]

    def networks(self, area: Area) -> list[tuple[str, list[dict[str, Any]]]] | None:
        """Clubs, help among neighbours and self-help by kind; None where none are published."""
        if "fct_netzwerk" not in self.current:
            return None
        found: dict[str, list[dict[str, Any]]] = {}
        for r in sorted(self.of_area("fct_netzwerk", area), key=lambda r: (r["art"], r["name"])):
            found.setdefault(r["art"], []).append(r)
        return list(found.items())

    @cached_property
    def signs(self) -> list[tuple[str, str]]:
        """The signs in tables and what they mean. Nothing at all is printed as a number here, never as the minus of official statistics."""
        known = [(s["zeichen"], s["bedeutung"]) for s in self.mart.statuses.values() if s["zeichen"] not in (None, NONE)]
        return [*known, ("…", "nicht geliefert oder ohne Angabe"), (wording.number(0), "null, oder weniger als die halbe letzte Stelle")]

    # sources ------------------------------------------------------------------------------------------------------

    def sources(self) -> list[dict[str, Any]]:
        """One row per source: how many deliveries, from when to when, what of them counts."""
        found: dict[str, list[dict[str, Any]]] = {}
        for s in self.mart.sources:
            found.setdefault(s["quelle_id"], []).append(s)
        rows = []
        for name, parts in found.items():
            days = sorted(s["stichtag"] for s in parts if s["stichtag"])
            arrived = [s["eingang"] for s in parts if s["eingang"]]
            span = [f"{day:%d.%m.%Y}" for day in dict.fromkeys([days[0], days[-1]])] if days else []
            rows.append({"quelle": name + (" (simuliert)" if any(s["simuliert"] for s in parts) else ""), "lieferungen": len(parts), "stichtage": " bis ".join(span), "eingang": f"{max(arrived):%d.%m.%Y}" if arrived else "",
                         "zeilen": wording.number(sum(s["zeilen"] or 0 for s in parts), 0), "zurueckgestellt": wording.number(sum(s["zeilen_quarantaene"] or 0 for s in parts), 0),
                         "rechtsgrundlage": "; ".join(sorted({s["rechtsgrundlage"] for s in parts if s["rechtsgrundlage"]}))})  # fmt: skip
        return rows

    # the town -----------------------------------------------------------------------------------------------------

    def headlines(self) -> dict[str, Any]:
        """What changed in the town and where areas differ, most striking first, each with its certainty."""
        changes = []
        for indicator in self.shown:
            one = self.mart.of(self.mart.town_level, indicator["indikator_id"])
            if one.last is None or one.trend[0] not in (RISING, FALLING) or one.years[-1] - one.years[one.last] > FRESH:
                continue
            first, last = float(one["wert"][0, one.last - POINTS + 1]), float(one["wert"][0, one.last])
            sentence = wording.trend_sentence(indicator["name"], indicator["einheit"], str(one.trend[0]), (one.years[one.last - POINTS + 1], first), (one.years[one.last], last))
            changes.append((-abs(last / first - 1) if first else 0.0, indicator["indikator_id"], {"text": sentence, "name": indicator["name"], "rest": sentence.removeprefix(indicator["name"]), "zeichen": wording.TREND_SIGN[str(one.trend[0])], "page": indicator_page(indicator["indikator_id"])}))
        verdicts = [str(self.mart.of(self.mart.town_level, i["indikator_id"]).trend[0]) for i in self.shown]
        return {
            "changes": [c for *_, c in sorted(changes, key=lambda c: c[:2])][:HEADLINES], "changed": len(changes),
            "summary": wording.trends(verdicts, [], []) if not changes else None,
            "untested": sum(v not in (RISING, FALLING) and v == "nicht berechenbar" for v in verdicts), "tested": sum(v != "nicht berechenbar" for v in verdicts),
            "areas": {level.id: self.striking(level.id) for level in self.mart.profiles},
        }  # fmt: skip

    def striking(self, level: str) -> list[dict[str, Any]]:
        """Areas whose newest value differs demonstrably from the rest of the town; at most one line per area and indicator."""
        found = []
        for indicator in self.shown:
            one = self.mart.of(level, indicator["indikator_id"])
            if one.last is None or one.years[-1] - one.years[one.last] > FRESH:
                continue
            spread = one.spread
            for area in self.mart.areas[level]:
                verdict = str(one.verdict[area.place, one.last])
                if verdict in (HIGHER, LOWER):
                    value, rest = float(one["wert"][area.place, one.last]), float(one["rest_wert"][area.place, one.last])
                    text = wording.comparison_sentence(indicator["name"], indicator["einheit"], verdict, value, rest)
                    found.append((-abs(value - rest) / spread, area.id, indicator["indikator_id"], {"area": area, "page": area_page(area), "text": text, "zeichen": wording.COMPARISON_SIGN[verdict]}))
        lines, areas, indicators = [], set(), set()
        for *_, area, indicator, line in sorted(found, key=lambda f: f[:3]):
            if area not in areas and indicator not in indicators and len(lines) < HEADLINES:
                lines.append(line)
                areas.add(area)
                indicators.add(indicator)
        return lines

    @cached_property
    def index_rows(self) -> list[dict[str, Any]]:
        """Per index and level the newest edition with a class, on the report's boundaries or newer ones, with the year it was withheld in later."""
        begin = {v["gebietsstand"]: v["von"] for v in self.mart.versions}
        rows = [r for r in self.mart.optional.get("fct_index", ()) if r["gebietsstand"] in begin and begin[r["gebietsstand"]] >= begin[self.mart.version]]
        found = []
        for index in sorted({r["index_id"] for r in rows}):
            for level in self.mart.levels[1:]:
                own = [r for r in rows if r["index_id"] == index and r["ebene"] == level.id]
                editions = sorted({(r["jahr"], r["gebietsstand"] == self.mart.version, r["gebietsstand"]) for r in own if r["klasse"] is not None})
                if editions:
                    year, _, version = editions[-1]
                    later = max(r["jahr"] for r in own if r["gebietsstand"] == version)
                    found.append({"index": index, "level": level, "jahr": year, "version": version, "spaeter": later if later > year else None, "rows": [r for r in own if (r["jahr"], r["gebietsstand"]) == (year, version)]})
        return found

    @staticmethod
    def index_said(row: dict[str, Any]) -> str:
        """What may be said of an area: the mart's own verdict; without one, the class as delivered."""
        return row["aussage"] or row["klasse"] or "nicht berechenbar"

    def index(self) -> dict[str, Any]:
        """Composite index of the newest edition: what may be said per area, counted, and listed where there are few; empty where none is published."""
        tables = []
        for edition in self.index_rows:
            rows, names = edition["rows"], {a.id: a for a in self.mart.areas[edition["level"].id]} if edition["version"] == self.mart.version else {}
            counts: dict[str, int] = {}
            for r in rows:
                counts[self.index_said(r)] = counts.get(self.index_said(r), 0) + 1
            listed = [
                {"area": names[r["raumeinheit_id"]], "aussage": self.index_said(r), "klasse": r["klasse"] or "", "sicher": wording.chance(r["klasse_wahrscheinlichkeit"])}
                for r in sorted(rows, key=lambda r: (r["wert"] is None, -(r["wert"] or 0.0), r["raumeinheit_id"])) if r["raumeinheit_id"] in names
            ] if len(rows) <= LISTED else []  # fmt: skip
            ordered = sorted(counts.items(), key=lambda c: (-c[1], c[0]))
            summary = wording.listing([f"{n} „{said}“" for said, n in ordered])
            tables.append({"name": INDICES.get(edition["index"], edition["index"].replace("_", " ").capitalize()), "jahr": edition["jahr"], "level": edition["level"], "version": edition["version"] if not names else "",
                           "alle": len(rows), "klassen": ordered, "zeilen": listed, "spaeter": edition["spaeter"], "satz": f"{len(rows)} {edition['level'].plural} {edition['jahr']}: {summary}.",
                           "gerechnet": any(r["klasse_wahrscheinlichkeit"] is not None for r in rows)})  # fmt: skip
        return {"tables": tables}

    def index_of(self, area: Area) -> list[str]:
        """One sentence per index on one area."""
        found = []
        for edition in self.index_rows:
            for r in edition["rows"]:
                if (r["ebene"], r["raumeinheit_id"], edition["version"]) == (area.level, area.id, self.mart.version):
                    sure = f" (Klasse „{r['klasse']}“ mit {wording.chance(r['klasse_wahrscheinlichkeit'])} Prozent Wahrscheinlichkeit)" if r["klasse"] and r["klasse_wahrscheinlichkeit"] is not None else ""
                    found.append(f"{INDICES.get(edition['index'], edition['index'])} {edition['jahr']}: sozialer Status {self.index_said(r)}{sure}.")
        return found
