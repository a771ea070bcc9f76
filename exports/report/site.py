"""The static site: one HTML file per page, one data file per indicator. Opens from a file share; no page leads out of it.

Pages carry what they show; only the map loads values of other indicators, as scripts, because a page opened from a
file share may not read other files in any other way.
"""

from __future__ import annotations

import json
import shutil
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np

from exports.report import editorial, figures, wording
from exports.report.mart import OPEN
from exports.report.view import NONE, View, area_page, group_name, indicator_page, slug

HERE = Path(__file__).parent
STATIC = ("bericht.css", "bericht.js")
EXCEL = b"\xef\xbb\xbf"
#: A cell that begins with one of these would be a formula for a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(view: View, paragraphs: dict[str, str], target: Path) -> None:
    """All pages and data files of the site into the folder ``target``, which exists and is empty."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    mart, edition = view.mart, view.edition
    environment = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"zahl": wording.number, "menge": wording.amount, "tag": wording.day}
    environment.globals |= {"area_page": area_page, "indicator_page": indicator_page, "group_name": group_name, "edition": edition, "mart": mart, "view": view, "unit": wording.UNIT, "counts": wording.COUNTS, "interval": wording.INTERVAL, "certainty": wording.CERTAINTY, "family": wording.FAMILY,
                            "audience": {"verwaltung": "die Verwaltung", "traeger": "die Träger", "oeffentlich": "die Öffentlichkeit"}[edition.audience]}  # fmt: skip

    def page(template: str, name: str, **content: Any) -> None:
        text = environment.get_template(template).render(page_name=name, **content)
        (target / name).write_text("\n".join(line for line in text.splitlines() if line.strip()) + "\n", encoding="utf-8")

    def editor(area: str) -> str | None:
        return editorial.html(paragraphs[area]) if paragraphs.get(area) else None

    for name in STATIC:
        shutil.copyfile(HERE / "static" / name, target / name)
    (target / "daten").mkdir()
    (target / "daten" / "gebiete.js").write_text(_areas(view), encoding="utf-8")
    for indicator in view.shown:
        name = slug(indicator["indikator_id"])
        (target / "daten" / f"{name}.js").write_text(_values(view, indicator), encoding="utf-8")
        (target / "daten" / f"{name}.csv").write_bytes(_csv(view, indicator))
        page("indikator.html.j2", indicator_page(name), indicator=indicator, karte=_map(view, indicator, False), towns=_towns(view, indicator), panels=_panels(view, indicator),
             deliveries=view.deliveries(indicator), formula=view.formula(indicator), legal=view.legal(indicator), newer=_newer(view, indicator))  # fmt: skip
    page("stadt.html.j2", "index.html", karte=_map(view, view.default, True), headlines=view.headlines(), index=view.index(), panels=view.panels(mart.town), facts=view.facts(mart.town),
         age=view.age(mart.town), editor=editor("stadt"), survey=view.survey(mart.town), themes=view.themes(mart.town), measures=view.measures(mart.town))  # fmt: skip
    for level in mart.profiles:
        for area in mart.areas[level.id]:
            page("gebiet.html.j2", area_page(area), editor=editor(area.id), **view.profile(area))
    page("raeume.html.j2", "raeume.html")
    page("indikatoren.html.j2", "indikatoren.html")
    page("methode.html.j2", "methode.html", withheld=_withheld(view))


def _js(value: Any) -> str:
    """JSON that may stand in a script: no tag can end it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).replace("<", "\\u003c")


def _areas(view: View) -> str:
    areas = {level.id: [[a.id, a.name, area_page(a) if level.profile else None] for a in view.mart.areas[level.id]] for level in view.mart.mapped}
    signs = {name: [row["zeichen"] or "…", row["bedeutung"]] for name, row in view.mart.statuses.items()}
    levels = {level.id: level.plural for level in view.mart.mapped}
    return f"var sozialraum={_js({'daten': {}, 'gebiete': areas, 'zeichen': signs, 'ebenen': levels, 'vergleich': {k: [wording.COMPARISON_SIGN[k], v] for k, v in wording.COMPARISON.items()}, 'gleich': wording.ALIKE})};\n"


def _values(view: View, indicator: dict[str, Any]) -> str:
    levels = {level.id: found for level in view.mart.mapped if (found := view.level_values(indicator, level.id))}
    content = {"name": indicator["name"], "kurz": wording.UNIT.get(indicator["einheit"], indicator["einheit"]), "stellen": wording.digits_of(indicator["einheit"]),
               "seite": indicator_page(indicator["indikator_id"]), "definition": indicator["definition"], "ebenen": levels}  # fmt: skip
    return f'sozialraum.daten["{indicator["indikator_id"]}"]={_js(content)};\n'


def _map(view: View, indicator: dict[str, Any], choose: bool) -> dict[str, Any] | None:
    """Map and ranking as the page shows them before anybody chooses; the script draws the same from the data file."""
    data = {level.id: found for level in view.mart.mapped if (found := view.level_values(indicator, level.id))}
    if not data:
        return None
    with_profile = [level.id for level in view.mart.profiles if level.id in data]
    level = view.mart.level(with_profile[-1] if with_profile else list(data)[-1])
    chosen, digits = data[level.id], wording.digits_of(indicator["einheit"])
    year, unit = chosen["jahre"][-1], wording.UNIT.get(indicator["einheit"], indicator["einheit"])
    rows, maps = _ranking(view, level.id, chosen, year, digits), []
    title = f"{indicator['name']} {year}, {level.plural}"
    for other in view.mart.mapped:
        drawn = view.layers[other.id]
        if drawn is None or other.id not in data and not choose:
            continue
        here = other.id == level.id
        by_place = {row["platz"]: row for row in rows} if here else {}
        classes = [by_place[a.place]["klasse"] if here else "ohne" for a in drawn.areas]
        texts = [by_place[a.place]["ansage"] if here else a.name for a in drawn.areas]
        labels = [by_place[a.place]["text"] if here else "" for a in drawn.areas]
        links = [area_page(a) if other.profile else None for a in drawn.areas]
        maps.append(figures.area_map(drawn, not here, classes, texts, labels, links, f"Karte: {title}" if here else f"Karte: {other.plural}", view.edition.simulated))
    return {
        "indikator": indicator, "choose": choose, "ebene": level, "ebenen": [lv for lv in view.mart.mapped if lv.id in data], "jahr": year, "jahre": chosen["jahre"], "maps": maps, "rows": rows, "unit": unit,
        "title": title, "legend": legend(chosen["grenzen"], digits), "missing": any(row["fehlt"] for row in rows), "drawn": view.layers[level.id] is not None,
    }  # fmt: skip


def legend(limits: list[float], digits: int) -> list[str]:
    """Class names from the lowest up; without limits there is one class."""
    if not limits:
        return [wording.ALIKE]
    texts = [wording.number(limit, digits) for limit in limits]
    return [f"unter {texts[0]}", *(f"{low} bis unter {high}" for low, high in zip(texts, texts[1:], strict=False)), f"{texts[-1]} und mehr"]


def _ranking(view: View, level: str, data: dict[str, Any], year: int, digits: int) -> list[dict[str, Any]]:
    """Areas from the highest value down, those without a value at the end by key."""
    rows = []
    values = data["werte"][str(year)]
    known = [v[0] for v in values if isinstance(v, list)]
    for area, value in zip(view.mart.areas[level], values, strict=True):
        link = area_page(area) if view.mart.level(level).profile else None
        base = {"platz": area.place, "name": area.name, "id": area.id, "link": link}
        if not isinstance(value, list):
            sign = view.mart.statuses.get(value, {"zeichen": None, "bedeutung": "nicht geliefert"})
            rows.append({**base, "wert": -np.inf, "rang": "", "text": sign["zeichen"] or "…", "span": "", "svg": "", "zeichen": "", "vergleich": "", "klasse": "ohne", "fehlt": sign["bedeutung"],
                         "ansage": f"{area.name}: kein Wert, {sign['bedeutung']}"})  # fmt: skip
            continue
        v, low, high, verdict = value[0], *(np.nan if part is None else part for part in value[1:3]), value[3]
        text = wording.number(v, digits)
        text = f"({text})" if len(value) > 6 else text
        place = 1 + sum(k > v for k in known)
        rank = f"{place} ({value[4]}–{value[5]})" if len(value) > 5 and value[4] is not None else str(place)
        span = f"{wording.number(low, digits)} bis {wording.number(high, digits)}" if not np.isnan(low) else ""
        rows.append({**base, "wert": v, "rang": rank, "text": text, "span": span, "svg": figures.interval(v, low, high, tuple(data["skala"])), "zeichen": wording.COMPARISON_SIGN[verdict],
                     "vergleich": wording.COMPARISON[verdict], "klasse": f"k{figures.class_of(v, data['grenzen'])}", "fehlt": None,
                     "ansage": f"{area.name}: {text}" + (f", 95-Prozent-Bereich {span}" if span else "") + (f", {wording.COMPARISON[verdict]}" if verdict != OPEN else "")})  # fmt: skip
    return sorted(rows, key=lambda row: (-row["wert"], row["id"]))


def _towns(view: View, indicator: dict[str, Any]) -> dict[str, Any]:
    """Years x (town and the areas of the coarsest profile level) as a table."""
    areas = [view.mart.town, *(view.mart.areas[view.mart.profiles[0].id] if view.mart.profiles else [])]
    parts = [view.mart.of(a.level, indicator["indikator_id"]) for a in areas]
    years = sorted({y for one in parts for y in one.years[one.known]})
    rows = []
    for year in years:
        cells = []
        for area in areas:
            one = view.mart.of(area.level, indicator["indikator_id"])
            cells.append(view.cell(one, area.place, one.years.index(year), indicator["einheit"]) if year in one.years else {"text": "…", "fehlt": "nicht geliefert", "span": ""})
        rows.append((year, cells))
    return {"areas": areas, "rows": rows}


def _panels(view: View, indicator: dict[str, Any]) -> list[dict[str, Any]]:
    """Small multiples: the town and each area of the coarsest profile level on one scale."""
    if not view.mart.profiles:
        return []
    level = view.mart.profiles[0].id
    limits = None if indicator["einheit"] in wording.COUNTS else view.scale(level, indicator["indikator_id"])
    return [p for a in view.mart.areas[level] if (p := view.panel(a, indicator, limits))]


def _newer(view: View, indicator: dict[str, Any]) -> list[dict[str, Any]]:
    """Tables for newer boundaries without polygons."""
    found, unit = [], indicator["einheit"]
    for (version, level, name), rows in view.mart.without_map.items():
        if name != indicator["indikator_id"]:
            continue
        cells = []
        for area, label, _, value, low, high, status in rows:
            sign = view.mart.statuses.get(status, {"zeichen": None, "bedeutung": "nicht geliefert"})
            text = wording.number(value, wording.digits_of(unit)) if value is not None else sign["zeichen"] or "…"
            cells.append({"id": area, "name": label, "text": text, "fehlt": sign["bedeutung"] if value is None else None, "span": wording.span(low, high, unit)})
        found.append({"version": version, "level": view.mart.level(level), "jahr": rows[0][2], "rows": cells})
    return found


def _withheld(view: View) -> list[dict[str, Any]]:
    """Per level: how many yearly values are published and why others are not."""
    found = []
    for level in view.mart.levels:
        rows = [r for r in view.mart.withheld if r["ebene"] == level.id]
        whole = sum(r["werte"] for r in rows)
        for row in rows:
            status = view.mart.statuses.get(row["status_id"], {"zeichen": None, "bedeutung": row["status_id"]})
            found.append({"ebene": level.plural, "bedeutung": status["bedeutung"], "zeichen": "" if status["zeichen"] == NONE else status["zeichen"] or "", "werte": wording.number(row["werte"], 0), "anteil": wording.number(100 * row["werte"] / whole)})
    return found


def _csv(view: View, indicator: dict[str, Any]) -> bytes:
    """All years and levels as German Excel opens it by double click: semicolon, decimal comma, BOM, symbols for missing values."""
    digits = wording.digits_of(indicator["einheit"])

    def plain(value: float | None) -> str:
        return "" if value is None or isnan(value) else f"{value:.{digits}f}".replace(".", ",")

    lines = ["Indikator;Einheit;Gebietsstand;Ebene;Schlüssel;Gebiet;Jahr;Wert;KI unten;KI oben;Anmerkung;simuliert"]
    name, simulated = _text(indicator["name"]), "ja" if view.edition.simulated else "nein"
    unknown = {"zeichen": None, "bedeutung": "nicht geliefert"}
    for level in view.mart.levels:
        one = view.mart.of(level.id, indicator["indikator_id"])
        measures = [one[part].tolist() for part in ("wert", "ki_unten", "ki_oben")]
        for area in view.mart.areas[level.id]:
            head = ";".join([name, _text(indicator["einheit"]), area.version, level.name, f'"{area.id}"', _text(area.name)])
            for year, value, low, high, status in zip(one.years, *(part[area.place] for part in measures), one.status[area.place].tolist(), strict=True):
                sign = view.mart.statuses.get(status, unknown)
                note = "" if status == "wert" else _text(sign["bedeutung"])
                lines.append(f"{head};{year};{plain(value) or sign['zeichen'] or '…'};{plain(low)};{plain(high)};{note};{simulated}")
    for (version, level_id, indicator_id), rows in view.mart.without_map.items():
        if indicator_id == indicator["indikator_id"]:
            for area_id, label, year, value, low, high, status in rows:
                sign = view.mart.statuses.get(status, {"zeichen": None, "bedeutung": "nicht geliefert"})
                cells = [plain(value) or (sign["zeichen"] or "…"), plain(low), plain(high), _text("" if status == "wert" else sign["bedeutung"]), simulated]
                lines.append(";".join([name, _text(indicator["einheit"]), version, view.mart.level(level_id).name, f'"{area_id}"', _text(label), str(year), *cells]))
    return EXCEL + "\r\n".join([*lines, ""]).encode("utf-8")


def _text(value: str) -> str:
    """A text cell that can neither end its field nor start a formula."""
    safe = f"'{value}" if value.startswith(FORMULA) else value
    return '"' + safe.replace('"', '""') + '"' if any(c in safe for c in ';"\r\n') else safe
