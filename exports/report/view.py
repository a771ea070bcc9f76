"""What each page says, from the mart by rules: the same words and rows for the site and the PDF. No markup but SVG."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from exports.report import Edition, figures, wording
from exports.report.mart import HIGHER, LOWER, Area, Mart, Series
from exports.report.shapes import Drawing, Layer, layer
from methods.trend import FALLING, POINTS, RISING

#: Panels over time on a page, and lines in a list of what stands out: what a reader takes in at once.
PANELS, HEADLINES = 6, 5
GROUPS = {
    "bestand": "Einwohnerbestand", "bevoelkerung": "Bevölkerung", "altersaufbau": "Altersaufbau", "altersgruppen": "Altersgruppen",
    "wohnen": "Wohnen", "mss_status": "Monitoring Soziale Stadtentwicklung: Status", "mss_dynamik": "Monitoring Soziale Stadtentwicklung: Dynamik",
    "haushalte": "Haushalte", "arbeit": "Arbeit", "mindestsicherung": "Mindestsicherung", "kinder_familien": "Kinder und Familien", "bildung": "Bildung",
    "gesundheit": "Gesundheit", "alter": "Leben im Alter", "teilhabe": "Teilhabe", "infrastruktur": "Infrastruktur", "wanderung": "Zu- und Fortzüge",
}  # fmt: skip
KEY_FACTS = ("einwohner", "einwohnerdichte", "durchschnittsalter", "anteil_0_17", "anteil_65_plus")
#: What a town is asked about first; filled up with the first of each group.
CORE = ("anteil_0_17", "anteil_65_plus", "anteil_nichtdeutsche", "anteil_wohndauer_10_plus")


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
        note = None if status["zeichen"] in (None, "-") else status["bedeutung"]
        low, high = float(one["ki_unten"][place, year]), float(one["ki_oben"][place, year])
        return {"text": f"({text})" if status["zeichen"] == "( )" else text, "fehlt": None, "hinweis": note, "span": wording.span(low, high, unit), "wert": value, "unten": low, "oben": high}

    def scale(self, level: str, indicator: str) -> tuple[float, float]:
        """One scale per indicator for a level and the town over all years, so that panels can be compared."""
        parts = [self.mart.of(name, indicator)["wert"].ravel() for name in (level, self.mart.town_level)]
        unit = self.mart.indicator(indicator)["einheit"]
        return figures.scale_of(np.concatenate(parts[:1] if unit in ("Personen",) else parts))

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
            limits = self.scale(area.level, name)
            direction = str(one.trend[area.place])
            #: A mere number of people is not compared: a larger area has more.
            mere = unit == "Personen"
            found.append({
                "indikator": indicator, "name": indicator["name"], "unit": wording.UNIT.get(unit, unit), "jahr": one.years[year], "zelle": cell,
                "rest": wording.number(rest, wording.digits_of(unit)), "rest_wert": rest, "verdict": verdict, "direction": direction,
                "spine": figures.spine(cell["wert"], cell.get("unten", np.nan), cell.get("oben", np.nan), town, one["wert"][:, year], verdict) if not mere else "",
                "spark": figures.spark(one["wert"][area.place, : year + 1], *limits),
                "vergleich": "Anzahl, kein Vergleich" if mere else wording.COMPARISON[verdict], "vergleich_zeichen": "" if mere else wording.COMPARISON_SIGN[verdict],
                "urteil": wording.judged(verdict, int(indicator["polaritaet"] or 0)), "trend": wording.TREND[direction], "trend_zeichen": wording.TREND_SIGN[direction],
            })  # fmt: skip
        return found

    def profile(self, area: Area) -> dict[str, Any]:
        """Everything a profile page says about one area."""
        rows = self.rows(area)
        level = self.mart.level(area.level)
        valued = [row for row in rows if row["zelle"]["fehlt"] is None and row["indikator"]["einheit"] != "Personen"]
        by_group = [(name, [row for row in rows if row["indikator"] in members]) for name, members in self.groups]
        return {
            "area": area, "level": level, "page": area_page(area), "facts": self.facts(area),
            "parent": self.parent(area), "children": [a for below in self.mart.profiles for a in self.mart.areas[below.id] if a.parent == area.id and below.id != area.level],
            "groups": [(name, part) for name, part in by_group if part],
            "overview": wording.overview([r["verdict"] for r in valued], self.named(valued, "verdict", HIGHER), self.named(valued, "verdict", LOWER)),
            "trends": wording.trends([r["direction"] for r in valued], self.named(valued, "direction", RISING), self.named(valued, "direction", FALLING)),
            "rows": rows, "missing": self.missing(rows, area), "age": self.age(area), "panels": self.panels(area), "lage": self.where(area),
            "places": self.places(area), "survey": self.survey(area), "themes": self.themes(area),
        }  # fmt: skip

    @staticmethod
    def named(rows: list[dict[str, Any]], key: str, wanted: str, most: int = 6) -> list[str]:
        """Names of the indicators with that verdict; beyond ``most`` the rest is counted, not listed."""
        names = [row["name"] for row in rows if row[key] == wanted]
        return names if len(names) <= most else [*names[: most - 1], f"{len(names) - most + 1} weitere"]

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
            unit = "" if indicator["einheit"] == "Personen" else wording.UNIT.get(indicator["einheit"], indicator["einheit"])
            found.append({"name": indicator["name"], "text": cell["text"], "unit": "" if cell["fehlt"] else unit, "jahr": str(one.years[one.last]), "page": indicator_page(name)})
        return found

    def missing(self, rows: list[dict[str, Any]], area: Area) -> list[tuple[str, list[str]]]:
        """Reason -> indicators without a value in the newest year, and those without any value on this level."""
        found: dict[str, list[str]] = {}
        for row in rows:
            if row["zelle"]["fehlt"]:
                found.setdefault(row["zelle"]["fehlt"], []).append(f"{row['name']} ({row['jahr']})")
        here = {row["indikator"]["indikator_id"] for row in rows}
        for indicator in self.mart.indicators:
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
        return {"svg": figures.pyramid(self.mart.bands, own, town, label, self.edition.simulated), "table": table, "sexes": ["männlich" if s == "m" else "weiblich" if s == "w" else "Einwohner" for s in sexes],
                "date": self.mart.residents_date, "town": town is not None}  # fmt: skip

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
        town = None if is_town or unit == "Personen" else np.array([whole["wert"][0, column[y]] if y in column else np.nan for y in one.years])
        others = None
        if is_town and self.mart.profiles and unit != "Personen":
            upper = self.mart.of(self.mart.profiles[0].id, name)
            at = {year: i for i, year in enumerate(upper.years)}
            others = np.array([[row[at[y]] if y in at else np.nan for y in one.years] for row in upper["wert"]])
            limits = self.scale(self.mart.profiles[0].id, name)
        if unit == "Personen" and limits is None:
            limits = figures.scale_of(one["wert"][area.place])
        own = one["wert"][area.place]
        known = np.flatnonzero(~np.isnan(own))
        first, last = known[max(0, len(known) - POINTS)], known[-1]
        verdict = str(one.trend[area.place])
        sentence = wording.trend_sentence(indicator["name"], unit, verdict, (one.years[first], float(own[first])), (one.years[last], float(own[last])))
        svg = figures.panel(one.years, own, one["ki_unten"][area.place], one["ki_oben"][area.place], town, others, limits or self.scale(area.level, name), wording.digits_of(unit),
                            f"{area.name}, {sentence} Alle Jahre in der Tabelle.", self.edition.simulated)  # fmt: skip
        table = [{"jahr": y, **self.cell(one, area.place, at, unit), "stadt": wording.number(float(town[at]), wording.digits_of(unit)) if town is not None else ""} for at, y in enumerate(one.years)]
        return {"indikator": indicator, "page": indicator_page(name), "svg": svg, "sentence": sentence, "table": table, "unit": wording.UNIT.get(unit, unit),
                "trend": wording.TREND[verdict], "zeichen": wording.TREND_SIGN[verdict], "stadt": town is not None, "andere": others is not None, "area": area}  # fmt: skip

    def where(self, area: Area) -> str | None:
        """Locator map: on the own level, or on the finest profile level where the own one has no polygons."""
        drawn = self.layers.get(area.level)
        return figures.locator(drawn, {area.place}, f"Lage von {area.name} in der Stadt.", self.edition.simulated) if drawn else None

    # sections that other marts carry ------------------------------------------------------------------------------

    def of_area(self, table: str, area: Area) -> list[dict[str, Any]]:
        """Rows of an optional mart that belong to an area or to one that lies in it."""
        inside = {(area.level, area.id)} | {(a.level, a.id) for level in self.mart.levels for a in self.mart.areas[level.id] if a.parent == area.id}
        return [r for r in self.mart.optional.get(table, ()) if (r.get("ebene"), r.get("raumeinheit_id")) in inside]

    def places(self, area: Area) -> dict[str, Any] | None:
        """Places with a number each on the map and in the list; None where no list of places is published."""
        if "fct_ort" not in self.mart.optional:
            return None
        rows = self.of_area("fct_ort", area)
        drawn, points = self.layers.get(area.level), []
        located = [(no, r) for no, r in enumerate(rows, 1) if r.get("x") is not None and self.drawing and r.get("epsg") == self.drawing.epsg]
        if drawn and located:
            xy = self.drawing.place(np.array([[r["x"], r["y"]] for _, r in located], dtype=float))
            points = [(x, y, str(no)) for (no, _), (x, y) in zip(located, xy, strict=True)]
        svg = figures.point_map(drawn, {area.place}, points, f"{len(points)} Orte in {area.name}; alle in der Tabelle.", self.edition.simulated) if points and drawn else None
        return {"rows": rows, "svg": svg}

    def survey(self, area: Area) -> list[dict[str, Any]] | None:
        """Survey values with n and interval; None where no survey is published."""
        if "fct_umfrage" not in self.mart.optional:
            return None
        return [{**r, "frage": r.get("fragetext"), "text": wording.amount(r.get("wert"), "Prozent"), "span": wording.span(r.get("ki_unten"), r.get("ki_oben"), "Prozent")} for r in self.of_area("fct_umfrage", area)]

    def themes(self, area: Area) -> list[dict[str, Any]] | None:
        """Themes with released statements only; None where none are published."""
        if "fct_thema" not in self.mart.optional:
            return None
        return [{**r, "aussage": r.get("aussage") if r.get("freigegeben") is True else None} for r in self.of_area("fct_thema", area)]

    # the town -----------------------------------------------------------------------------------------------------

    def headlines(self) -> dict[str, Any]:
        """What changed in the town and where areas differ, most striking first, each with its certainty."""
        changes = []
        for indicator in self.shown:
            one = self.mart.of(self.mart.town_level, indicator["indikator_id"])
            if one.last is None or one.trend[0] not in (RISING, FALLING):
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
            if one.last is None:
                continue
            spread = float(np.nanstd(one["wert"][:, one.last])) or np.nan
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

    def index(self) -> dict[str, Any]:
        """Composite index of the newest edition per boundaries; empty with a sentence where none is published."""
        rows = [r for r in self.mart.optional.get("fct_index", ()) if r["klasse"] is not None]
        if not rows:
            return {"tables": [], "years": []}
        tables = []
        for name in sorted({r["index_id"] for r in rows}):
            for version in sorted({r["gebietsstand"] for r in rows if r["index_id"] == name}):
                own = [r for r in rows if r["index_id"] == name and r["gebietsstand"] == version]
                year = max(r["jahr"] for r in own)
                newest = [r for r in own if r["jahr"] == year]
                counts: dict[str, int] = {}
                for r in newest:
                    counts[r["klasse"]] = counts.get(r["klasse"], 0) + 1
                sure = [r["klasse_wahrscheinlichkeit"] for r in newest if r["klasse_wahrscheinlichkeit"] is not None]
                tables.append({"name": name.replace("_", " ").upper().replace("STATUS", "Status").replace("DYNAMIK", "Dynamik"), "jahr": year, "gebietsstand": version, "ebene": newest[0]["ebene"], "alle": len(newest),
                               "klassen": sorted(counts.items(), key=lambda c: (-c[1], c[0])), "sicher": wording.number(100 * float(np.mean(sure)), 0) if sure else None})  # fmt: skip
        return {"tables": tables}
