"""The Sozialreport on paper: the same words and pictures as the site, set by typst as PDF/UA-1 with bundled fonts.

The core is at most 12 pages: one for the town and at most two per area of the coarsest profile level, less where there
are many; tables of the finer level, sources and method are the annex.
"""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from exports.report import editorial, figures, wording
from exports.report.mart import HIGHER, LOWER, Area
from exports.report.view import View

TEMPLATE = Path(__file__).parent / "templates" / "bericht.typ"
CORE_PAGES = 12
#: Lines that fit on the page of an area, and on half of one.
ROWS, HALF_ROWS = 18, 5
#: Lines per kind of what people say and do, on the second page of an area.
VOICES = 5
EDITOR_LETTERS = 900
FONT = "Libertinus Serif"
#: The site's colours, without variables: typst's SVG reader knows plain rules only.
STYLE = f"""text{{font-family:'{FONT}'}}.raum path{{stroke:#fff;stroke-width:2}}.raum text{{font-size:27px;text-anchor:middle;fill:#1b2a31;font-weight:600}}.k0 path{{fill:#e6eff0;stroke:#7d9aa0}}.k1 path{{fill:#bcd7db}}
.k2 path{{fill:#86b5be}}.k3 path{{fill:#37798a}}.k4 path{{fill:#0e4250}}.k3 text{{fill:#fff}}.k4 text{{fill:#fff}}.ohne path{{fill:#d6d6d4;stroke:#77776f;stroke-dasharray:3 2}}.sim{{font-size:10px;fill:#a8480a}}.gross .sim{{font-size:26px}}
.pyramide .achse{{font-size:15px}}.pyramide .stadt{{stroke-dasharray:none;stroke-width:2}}
.gitter{{stroke:#d3dadc}}.achse{{font-size:11.5px;fill:#52626a}}.achslinie{{stroke:#6a7880}}.band{{fill:#bcd7db}}.eigen{{fill:none;stroke:#0d5162;stroke-width:2.4}}.eigen.punkt{{fill:#0d5162}}
.stadt{{fill:none;stroke:#1b2a31;stroke-width:1.4;stroke-dasharray:5 3}}.andere{{fill:none;stroke:#6a7880;stroke-width:.8}}.balken{{fill:#86b5be}}.balken.rechts{{fill:#d9b48f}}
.alle{{fill:#e4e9ea}}.halb{{fill:#b9c4c8}}.mitte{{stroke:#1b2a31;stroke-width:1.4}}.ki{{stroke:#093945;stroke-width:1.8}}.weicht{{fill:#a8480a}}.gleich{{fill:#fff;stroke:#093945;stroke-width:1.8}}.offen{{fill:#6a7880}}
.umriss{{fill:#e9edec;stroke:#a9b5b8;stroke-width:2}}.hier{{fill:#0d5162;stroke:#fff;stroke-width:2}}"""


def render(view: View, paragraphs: dict[str, str]) -> bytes:
    """The PDF of a release's mart; the same bytes for the same input."""
    import typst

    mart, edition = view.mart, view.edition
    upper = mart.profiles[0] if mart.profiles else None
    areas = mart.areas[upper.id] if upper else []
    half = 1 + len(areas) > CORE_PAGES
    content = {
        "titel": f"Sozialreport {edition.town}", "stadt": edition.town, "ausgabe": edition.name or "", "stand": f"Stand {edition.release_id} vom {edition.created}, Gebietsstand {mart.version}",
        "entwurf": edition.draft, "simuliert": edition.simulated, "zielgruppe": {"verwaltung": "die Verwaltung", "traeger": "die Träger", "oeffentlich": "die Öffentlichkeit"}[edition.audience],
        "freigabe": f"Freigegeben am {wording.day(edition.approval['datum'])} von {', '.join(edition.approval['rollen'])}{' (simulierte Besprechung)' if edition.approval.get('simuliert') else ''}." if edition.approval else "",
        "erste": _town(view, paragraphs), "ebene": upper.plural if upper else "", "halb": half, "gebiete": [_area(view, area, half, paragraphs) for area in areas], "anhang": _annex(view),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "bericht.typ").write_bytes(TEMPLATE.read_bytes())
        (root / "daten.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        compiler = typst.Compiler(str(root / "bericht.typ"), root=folder, ignore_system_fonts=True)
        day = datetime.strptime(edition.created, "%d.%m.%Y").replace(tzinfo=UTC)
        return bytes(compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=day))


def _picture(svg: str, large: bool = False) -> str:
    """A picture of the site as a file of its own: with its namespace and style sheet."""
    head, _, body = svg.partition(">")
    head = head.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return f"{head}><style>{STYLE}</style><g class=\"{'gross' if large else 'klein'}\">{body.removesuffix('</svg>')}</g></svg>"


def _panels(panels: list[dict[str, Any]], most: int) -> list[dict[str, str]]:
    return [{"bild": _picture(p["svg"]), "text": p["sentence"], "name": f"{p['indikator']['name']} ({p['unit']})", "urteil": f"{p['zeichen']} {p['trend']}"} for p in panels[:most]]


def _town(view: View, paragraphs: dict[str, str]) -> dict[str, Any]:
    from exports.report.site import _ranking, legend

    mart, headlines = view.mart, view.headlines()
    indicator, found = view.default, None
    for level in reversed(mart.profiles):
        drawn, data = view.layers[level.id], view.level_values(indicator, level.id)
        if drawn and data:
            year, digits = data["jahre"][-1], wording.digits_of(indicator["einheit"])
            rows = {row["platz"]: row for row in _ranking(view, level.id, data, year, digits)}
            svg = figures.area_map(drawn, False, [rows[a.place]["klasse"] for a in drawn.areas], ["" for _ in drawn.areas], [rows[a.place]["text"] for a in drawn.areas], [None for _ in drawn.areas], "", view.edition.simulated)
            best = [rows[a.place] for a in drawn.areas if rows[a.place]["fehlt"] is None]
            best.sort(key=lambda row: -row["wert"])
            found = {"bild": _picture(svg, True), "titel": f"{indicator['name']} {year} ({wording.UNIT.get(indicator['einheit'], indicator['einheit'])}), {level.plural}", "legende": legend(data["grenzen"], digits),
                     "alt": f"Karte: {indicator['name']} {year}; am höchsten {best[0]['ansage']}; am niedrigsten {best[-1]['ansage']}. Alle Werte im Anhang."}  # fmt: skip
            break
    finest = mart.profiles[-1] if mart.profiles else None
    return {
        "fakten": view.facts(mart.town), "aenderungen": [c["text"] for c in headlines["changes"][:4]] or [headlines["summary"]], "karte": found,
        "unterschiede": [f"{c['area'].name} · {c['text']}" for c in (headlines["areas"][finest.id] if finest else [])[:4]], "ebene": finest.plural if finest else "", "felder": _panels(view.panels(mart.town), 6),
        "redaktion": _editor(paragraphs.get("stadt"), EDITOR_LETTERS // 2),
        "index": _index(view),
    }  # fmt: skip


def _index(view: View) -> str:
    tables = view.index()["tables"]
    if not tables:
        return "Für diese Stadt ist kein zusammengesetzter Index veröffentlicht."
    said = tables[-1]
    return f"{said['name']}, sozialer Status: {said['satz']} Ein Index ordnet Gebiete zueinander, er misst keine Not; mehr dazu auf der Seite der Stadt."


def _voices(view: View, profile: dict[str, Any]) -> list[list[Any]]:
    """Title and lines of what marts beside the indicators say of an area, in short; the site has the whole."""
    found: list[list[Any]] = []
    if (survey := profile["survey"]) and survey["fragen"]:
        lines = [f"{q} {u['antwort']}: {u['text']} % ({u['span']}; n = {u['n']}; Stadt {u['stadt']} %)" for q, rows in survey["fragen"] for u in rows if not u["fehlt"] and not u["mehrfach"]]
        found.append([f"{survey['titel']}, Rücklauf {survey['ruecklauf']} %", lines[:VOICES]])
    if (themes := profile["themes"]) and (themes["stimmen"] or themes["runden"]):
        lines = [f"{v['thema']} ({v['anzahl']}): „{v['zitate'][0]['aussage']}“ ({v['zitate'][0]['gruppe']})" if v["zitate"] else f"{v['thema']} ({v['anzahl']})" for v in themes["stimmen"][:VOICES]]
        lines += ["Im Arbeitskreis: " + "; ".join(f"{r['thema']} ({r['stand']})" for r in themes["runden"][:VOICES])] if themes["runden"] else []
        found.append(["Themen aus Gesprächen, Zahl der Aussagen", lines])
    if measures := profile["measures"]:
        lines = [f"{m['titel']}, {m['wo']}: {m['ziel']}; {m['stand']}; {_money(m)}" for m in measures[:VOICES]]
        found.append(["Maßnahmen", lines])
    if (places := profile["places"]) and places["groups"]:
        found.append(["Orte", [", ".join(f"{g['art']} {len(g['orte'])}" for g in places["groups"])]])
    return found


def _money(measure: dict[str, Any]) -> str:
    """What a measure costs, in words where no amount is recorded."""

    def told(name: str) -> str:
        return str(measure[name]) if measure[f"{name}_eur"] is not None else "stehen noch nicht fest" if measure[f"{name}_eur_zeichen"] == "..." else "nicht angegeben"

    return f"Kosten {told('kosten')}" + (f", davon Drittmittel {told('drittmittel')}" if measure["kosten_eur"] is not None else "")


def _editor(text: str | None, letters: int) -> list[str]:
    """Paragraphs as far as they fit; the whole text stands on the site."""
    found, room = [], letters
    for paragraph in editorial.plain(text or ""):
        if len(paragraph) > room:
            found.append("Mehr dazu auf der Seite des Berichts.")
            break
        found.append(paragraph)
        room -= len(paragraph)
    return found


def _area(view: View, area: Area, half: bool, paragraphs: dict[str, str]) -> dict[str, Any]:
    profile = view.profile(area)
    valued = [row for row in profile["rows"] if row["zelle"]["fehlt"] is None and row["indikator"]["einheit"] not in wording.COUNTS]
    # What differs most comes first; then the catalogue's order.
    apart = profile["striking"]
    chosen = [*apart, *(row for row in valued if row["verdict"] not in (HIGHER, LOWER))][: HALF_ROWS if half else ROWS]
    rows = [{"name": f"{r['name']} ({r['unit']})", "wert": r["zelle"]["text"], "span": r["zelle"]["span"], "rest": r["rest"], "bild": _picture(r["spine"]), "vergleich": f"{r['vergleich_zeichen']} {r['vergleich']}",
             "trend": f"{r['trend_zeichen']} {r['trend']}"} for r in chosen]  # fmt: skip
    age = profile["age"]
    return {
        "name": area.name, "ebene": profile["level"].name, "schluessel": area.id, "fakten": profile["facts"], "blick": profile["overview"], "trends": " ".join([profile["trends"], *profile["index"]]), "stimmen": [] if half else _voices(view, profile), "zeilen": rows, "weitere": len(valued) - len(chosen), "jahr": str(max((r["jahr"] for r in chosen), default="")),
        "lage": _picture(profile["lage"], True) if profile["lage"] else "", "alter": _picture(age["svg"]) if age and not half else "", "alter_text": _age_text(area, age), "stichtag": age["date"] if age else "",
        "felder": [] if half else _panels(profile["panels"], 5), "redaktion": _editor(paragraphs.get(area.id), EDITOR_LETTERS // (3 if half else 1)),
        "kinder": wording.listing([child.name for child in profile["children"]]) if len(profile["children"]) <= 20 else f"{len(profile['children'])} Gebiete, siehe Anhang",
    }  # fmt: skip


def _age_text(area: Area, age: dict[str, Any] | None) -> str:
    """All bars of the pyramid in words: the text alternative on paper."""
    if not age:
        return ""

    def bar(row: dict[str, Any]) -> str:
        sexes = [f"{sex} {count}" for sex, count in zip(age["sexes"], row["counts"], strict=True)] if len(age["sexes"]) > 1 else []
        return f"{row['band']}: {row['anteil']} Prozent" + (f" ({', '.join(sexes)})" if sexes else "")

    return f"Altersaufbau {area.name} am {age['date']}: " + "; ".join(map(bar, age["table"])) + "."


def _annex(view: View) -> dict[str, Any]:
    """Core indicators of the finest profile level, sources and what the words mean."""
    mart = view.mart
    tables = []
    for level in mart.profiles:
        columns = [i for i in view.core if mart.of(level.id, i["indikator_id"]).last is not None]
        rows = []
        for area in mart.areas[level.id]:
            cells = []
            for i in columns:
                one = mart.of(level.id, i["indikator_id"])
                cell = view.cell(one, area.place, one.last, i["einheit"])  # type: ignore[arg-type]
                sign = wording.COMPARISON_SIGN[str(one.verdict[area.place, one.last])] if cell["fehlt"] is None and i["einheit"] not in wording.COUNTS else ""
                cells.append(f"{cell['text']} {sign}".strip())
            rows.append([area.name, *cells])
        heads = [f"{i['name']} ({wording.UNIT.get(i['einheit'], i['einheit'])}, {mart.of(level.id, i['indikator_id']).years[mart.of(level.id, i['indikator_id']).last]})" for i in columns]  # type: ignore[index]
        tables.append({"titel": level.plural, "kopf": [level.name, *heads], "zeilen": rows})
    sources = [[s["quelle"], str(s["lieferungen"]), s["stichtage"], s["eingang"], s["zeilen"]] for s in view.sources()]
    return {"tabellen": tables, "familie": wording.FAMILY, "sicherheit": wording.CERTAINTY, "quellen": sources, "zeichen": [list(sign) for sign in view.signs]}
