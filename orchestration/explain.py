"""How a published value came about: its counts, formula with the numbers filled in, rules and deliveries, in German.

Reads the published mart and nothing else, so it knows what its reader may know; what the gate withheld stays withheld.
Computes nothing of its own but the check: the formula with the printed numbers must give the printed value.
"""

from __future__ import annotations

import csv
import re
from datetime import date
from typing import Any

import numpy as np
from rich.markup import escape
from rich.table import Table

from methods.index import composite
from orchestration.dbt import PROJECT
from orchestration.failures import PermanentFailure
from orchestration.report import german, out
from warehouse.connect import connect
from warehouse.paths import Home

TERM = re.compile(r"([+-]?)\s*([a-z][a-z0-9_]*)")
#: Relative difference above which formula and published value do not agree.
TOLERANCE = 1e-9
#: Decimal places of what is printed, whole numbers without.
DIGITS = 2
METHODS = {
    "wilson": "Wilson-Bereich eines Anteils",
    "byar": "Byar-Bereich einer Anzahl (unter 10 exakt nach Poisson), durch den Nenner",
    "t": "t-Bereich eines Mittelwerts",
    "dsr": "Dobson-Bereich einer direkt altersstandardisierten Ziffer",
    "keine": "keiner: der Katalog sieht für diesen Indikator keinen vor, oder er ist ohne Fallzahlen geliefert",
}
WITHHELD = ("geheim_schutz",)
#: Stands in a formula for a count that never leaves the sealed zone.
SEALED = "versiegelt"


def terms(formula: str | None) -> list[tuple[int, str]]:
    """"a - b" -> [(1, "a"), (-1, "b")]"""
    return [(-1 if sign == "-" else 1, name) for sign, name in TERM.findall(formula or "")]


def number(value: float | None) -> str:
    if value is None:
        return "unbekannt"
    return german(value) if float(value).is_integer() else german(value, DIGITS)


def worded(verdict: str) -> str:
    """A verdict as a reader writes it: "nicht_berechenbar" -> "nicht berechenbar"."""
    return verdict.replace("_", " ").replace("hoeher", "höher").replace("aehnlich", "ähnlich")


def chance(p: float) -> str:
    return f"p = {german(p, 4)}" if p >= 0.0001 else "p unter 0,0001"


def explain(home: Home, indicator: str, area: str, year: int, version: str | None, level: str | None, day: date | None = None) -> None:
    """Print how the value of an indicator (key) in an area (key or name) and year came about; PermanentFailure where there is none.

    Without a day it is the annual value, of counts, indices and surveys the last of the year.
    """
    path = home.current / "mart.duckdb"
    if not path.exists():
        raise PermanentFailure("Es ist noch nichts veröffentlicht; zuerst ./sozialraum run.")
    with connect(path, read_only=True) as db:
        for known, tell in ((("fct_index", "index_id"), _index), (("fct_umfrage", "frage_id"), _survey), (("fct_kennzahl", "kennzahl_id"), _single_count)):
            table, column = known
            if not _rows(db, "select 1 from dim_indikator where indikator_id = ?", indicator) and _rows(db, f"select 1 from {table} where {column} = ? limit 1", indicator):
                return tell(db, _placed(db, table, column, indicator, area, year, version, level, day))
        value = _find(db, indicator, area, year, version, level, day)
        catalogue = _one(db, "select * from dim_indikator where indikator_id = ?", indicator)
        counts = [_count(db, value, role, sign, name) for role in ("zaehler", "nenner") for sign, name in terms(catalogue[role])]
        _headline(db, value, catalogue)
        _formula(value, catalogue, counts)
        _interval(value, catalogue)
        _comparison(db, value, catalogue)
        _rules(db, value, catalogue)
        _deliveries(db, {value["lieferung_id"], *(count["lieferung_id"] for count in counts)} - {None})


def _rows(db: Any, query: str, *values: Any) -> list[dict[str, Any]]:
    cursor = db.execute(query, list(values))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _one(db: Any, query: str, *values: Any) -> dict[str, Any]:
    rows = _rows(db, query, *values)
    return rows[0] if rows else {}


def _find(db: Any, indicator: str, area: str, year: int, version: str | None, level: str | None, day: date | None) -> dict[str, Any]:
    """The one value that is meant; says what there is where none or several are."""
    if not _rows(db, "select 1 from dim_indikator where indikator_id = ?", indicator):
        near = [row["indikator_id"] for row in _rows(db, "select indikator_id from dim_indikator order by jaro_winkler_similarity(indikator_id, ?) desc, 1 limit 3", indicator)]
        raise PermanentFailure(f"Den Indikator {indicator} gibt es nicht; ähnlich heißen: {', '.join(near)}.")
    choice = [area, area, level, level, version, version]
    if not _rows(db, f"select 1 from dim_raumeinheit raum where {NAMED}", *choice):
        raise PermanentFailure(f"Die Raumeinheit {area} gibt es in diesem Stand nicht; alle zeigt ./sozialraum sql \"select ebene, raumeinheit_id, name from dim_raumeinheit\".")
    found = _rows(
        db,
        f"""select wert.*, raum.name as raum from fct_indikatorwert wert join dim_raumeinheit raum using (raumeinheit_id, gebietsstand, ebene)
            where {NAMED} and indikator_id = ? and jahr = ? and {"ist_jahreswert" if day is None else "stichtag = ?"}
            order by gebietsstand_am_stichtag desc, gueltig_von desc, ebene_rang""",
        *choice, indicator, year, *([day] if day else []),
    )  # fmt: skip
    if not found:
        years = _one(db, f"select min(jahr) as von, max(jahr) as bis from fct_indikatorwert wert join dim_raumeinheit raum using (raumeinheit_id, gebietsstand, ebene) where {NAMED} and indikator_id = ?", *choice, indicator)
        known = f"es gibt ihn von {years['von']} bis {years['bis']}" if years["von"] else "in dieser Raumeinheit gibt es ihn nicht"
        raise PermanentFailure(f"Für {_when(year, day)} gibt es {indicator} hier nicht; {known}.")
    if len({row["ebene"] for row in found}) > 1:
        raise PermanentFailure(f"{area} heißen Räume mehrerer Ebenen ({', '.join(sorted({row['ebene'] for row in found}))}); bitte --ebene angeben.")
    if len({row["raumeinheit_id"] for row in found if row["gebietsstand"] == found[0]["gebietsstand"]}) > 1:
        raise PermanentFailure(f"{area} heißen mehrere Räume; bitte den Schlüssel angeben.")
    return found[0]


#: An area by key or name, with level and area version where given.
NAMED = "(raum.raumeinheit_id = ? or lower(raum.name) = lower(?)) and (? is null or raum.ebene = ?) and (? is null or raum.gebietsstand = ?)"


def _when(year: int, day: date | None) -> str:
    return f"den {day:%d.%m.%Y}" if day else str(year)


def _placed(db: Any, table: str, column: str, key: str, area: str, year: int, version: str | None, level: str | None, day: date | None) -> list[dict[str, Any]]:
    """Rows of one area, newest area version and last date of the year first; PermanentFailure where there are none."""
    found = _rows(
        db,
        f"""select wert.*, raum.name as raum from {table} wert join dim_raumeinheit raum using (raumeinheit_id, gebietsstand, ebene)
            where {NAMED} and {column} = ? and {"jahr" if table == "fct_index" else "year(stichtag)"} = ? and (? is null or wert.stichtag = ?)
            qualify dense_rank() over (order by not (wert.stichtag >= raum.gueltig_von and wert.stichtag <= coalesce(raum.gueltig_bis, wert.stichtag)), wert.stichtag desc, wert.gebietsstand, raum.ebene_rang) = 1""",
        area, area, level, level, version, version, key, year, day, day,
    )  # fmt: skip
    if not found:
        raise PermanentFailure(f"Für {area} und {_when(year, day)} gibt es {key} in diesem Stand nicht.")
    return found


def _where(value: dict[str, Any]) -> None:
    out.print(f"{escape(value['raum'])} ({value['ebene']} {value['raumeinheit_id']}, Gebietsstand {value['gebietsstand']}), Stichtag {value['stichtag']:%d.%m.%Y}", soft_wrap=True)


def _single_count(db: Any, found: list[dict[str, Any]]) -> None:
    value = found[0]
    catalogue = _one(db, "select * from dim_kennzahl where kennzahl_id = ?", value["kennzahl_id"])
    shown = f"{number(value['wert'])} {catalogue['einheit']}" if value["wert"] is not None else f"kein Wert ({value['zeichen'] or 'ohne Zeichen'})"
    out.print(f"[bold]{escape(catalogue['name'])}: {shown}[/bold]", soft_wrap=True)
    _where(value)
    out.print(escape(catalogue["definition"] or ""), soft_wrap=True)
    status = _one(db, "select * from dim_status where status_id = ?", value["status_id"])
    out.print(f"Status {value['status_id']}: {status['bedeutung']}; Güte {value['guete']}" + (f", gezählt aus {value['gliederung']}" if value["gliederung"] else ""), soft_wrap=True)
    _deliveries(db, {value["lieferung_id"]} - {None})


def _survey(db: Any, found: list[dict[str, Any]]) -> None:
    value = found[0]
    out.print(f"[bold]{escape(value['fragetext'])}[/bold]", soft_wrap=True)
    _where(value)
    table = Table("Antwort", "Anteil", "95-%-Bereich", "n", "Designeffekt", "n wirksam")
    for row in found:
        shown = number(row["wert"]) if row["wert"] is not None else f"– ({row['zeichen'] or row['status_id']})"
        limits = f"{number(row['ki_unten'])} bis {number(row['ki_oben'])}" if row["ki_unten"] is not None else ""
        table.add_row(escape(row["antwort"] or ""), shown, limits, number(row["n"]), number(row["deff"]), number(row["n_eff"]))
    out.print(table)
    out.print("Anteil = 100 × Summe der Gewichte der Antwort / Summe der Gewichte aller Antwortenden; Wilson-Bereich mit n wirksam = n / Designeffekt.", soft_wrap=True)
    out.print(f"Gewichte angepasst an: {value['raender'] or 'keine Ränder'}; Rücklauf {number(value['ruecklauf'])} %", soft_wrap=True)
    _deliveries(db, {value["lieferung_id"]} - {None})


def _seed(name: str, column: str, key: str) -> list[dict[str, str]]:
    with (PROJECT / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row[column] == key]


def _index(db: Any, found: list[dict[str, Any]]) -> None:
    """The components of an index with what they add, and the index computed again from what is published."""
    value = found[0]
    recipe, parts = _seed("indexverfahren", "index_id", value["index_id"])[0], _seed("indizes", "index_id", value["index_id"])
    shown = number(value["wert"]) + (f", {value['klasse']}" if value["klasse"] else "") if value["wert"] is not None else f"kein Wert ({value['zeichen'] or 'ohne Zeichen'})"
    out.print(f"[bold]{escape(recipe['name'])}: {shown}[/bold]", soft_wrap=True)
    _where(value)
    out.print(escape(recipe["definition"]), soft_wrap=True)
    rows = _rows(
        db,
        """select raumeinheit_id, indikator_id, wert, zaehler, nenner, lieferung_id from fct_indikatorwert
           where gebietsstand = ? and ebene = ? and jahr = ? and ist_jahreswert and list_contains(?, indikator_id)""",
        value["gebietsstand"], value["ebene"], value["stichtag"].year, [part["indikator_id"] for part in parts],
    )  # fmt: skip
    given = {(row["raumeinheit_id"], row["indikator_id"]): row for row in rows}
    present = [part for part in parts if any(row["wert"] is not None for row in rows if row["indikator_id"] == part["indikator_id"])]
    areas = sorted({row["raumeinheit_id"] for row in rows if not row["raumeinheit_id"].startswith("nz_")})
    if present and areas:
        signed = np.array([[(given.get((area, part["indikator_id"])) or {}).get("wert") for part in present] for area in areas], dtype=float) * [float(part["vorzeichen"]) for part in present]
        known = signed[~np.isnan(signed).any(axis=1)]
        table = Table("Indikator", "Gewicht", "Zähler", "Nenner", "Wert", "Mittel", "Streuung", "z")
        for column, part in enumerate(present):
            row = given.get((value["raumeinheit_id"], part["indikator_id"])) or {"wert": None, "zaehler": None, "nenner": None}
            mean, spread = (known[:, column].mean(), known[:, column].std()) if len(known) else (None, None)
            z = None if row["wert"] is None or not spread else (float(part["vorzeichen"]) * row["wert"] - mean) / spread
            sign = float(part["vorzeichen"])
            table.add_row(part["indikator_id"], part["gewicht"], *(number(row[name]) for name in ("zaehler", "nenner", "wert")), number(None if mean is None else sign * mean), number(spread), number(z))
        out.print(table)
        again = composite(signed, method=recipe["verfahren"], weights=[float(part["gewicht"]) for part in present], groups=[part["gruppe"] for part in present])
        mine = again[areas.index(value["raumeinheit_id"])] if value["raumeinheit_id"] in areas else np.nan
        if value["wert"] is not None and abs(mine - value["wert"]) <= TOLERANCE * max(1, abs(mine)):
            out.print(f"Aus diesen Werten aller {len(known)} Gebiete mit vollständigen Werten: {number(float(mine))}   (nachgerechnet, stimmt)")
        else:
            out.print("Mit den veröffentlichten Zahlen lässt sich der Index nicht nachrechnen: mindestens eine ist nicht gezeigt.")
    if value["fehlende_bestandteile"]:
        out.print(f"Ohne: {value['fehlende_bestandteile']}", soft_wrap=True)
    if value["aussage"]:
        sure = f", Klasse hält in {number(100 * value['klasse_wahrscheinlichkeit'])} % der Ziehungen" if value["klasse_wahrscheinlichkeit"] is not None else ""
        out.print(f"Sagen darf man: {value['aussage']}{sure}", soft_wrap=True)
    _deliveries(db, {row["lieferung_id"] for row in rows if row["raumeinheit_id"] == value["raumeinheit_id"]} | {value["lieferung_id"]} - {None})


def _count(db: Any, value: dict[str, Any], role: str, sign: int, name: str) -> dict[str, Any]:
    """One term of the formula with its count where the value has its own."""
    day = value["stichtag_nenner"] if role == "nenner" and value["stichtag_nenner"] else value["stichtag"]
    known = _one(
        db,
        """select kennzahl.*, dim.name, dim.definition, status.bedeutung from fct_kennzahl kennzahl join dim_kennzahl dim using (kennzahl_id) join dim_status status using (status_id)
           where raumeinheit_id = ? and gebietsstand = ? and ebene = ? and stichtag = ? and kennzahl_id = ?""",
        value["raumeinheit_id"], value["gebietsstand"], value["ebene"], day, name,
    )  # fmt: skip
    missing = {"wert": None, "name": name, "definition": "", "gliederung": None, "bedeutung": "hier nicht vorhanden", "lieferung_id": None, "stichtag": day}
    return (known or missing) | {"rolle": role, "vorzeichen": sign, "kennzahl_id": name}


def _headline(db: Any, value: dict[str, Any], catalogue: dict[str, Any]) -> None:
    shown = f"{number(value['wert'])} {catalogue['einheit']}" if value["wert"] is not None else f"kein Wert ({value['zeichen'] or 'ohne Zeichen'})"
    out.print(f"[bold]{escape(catalogue['name'])}: {shown}[/bold]", soft_wrap=True)
    out.print(f"{escape(value['raum'])} ({value['ebene']} {value['raumeinheit_id']}, Gebietsstand {value['gebietsstand']}), Stichtag {value['stichtag']:%d.%m.%Y}", soft_wrap=True)
    out.print(escape(catalogue["definition"]), soft_wrap=True)


def _side(counts: list[dict[str, Any]], role: str, shown: str) -> str:
    parts = []
    for count in (count for count in counts if count["rolle"] == role):
        sign = " − " if count["vorzeichen"] < 0 else " + " if parts else ""
        parts.append(sign + (SEALED if shown == "wert" and count["wert"] is None else number(count["wert"]) if shown == "wert" else count[shown]))
    text = "".join(parts)
    return f"({text})" if len(parts) > 1 else text


def _never_shown(count: str) -> str:
    """Why a count is only there to compute with and never leaves the sealed zone; empty where it may."""
    return next((row["grund"] for row in _seed("schutzausnahmen", "kennzahl_id", count) if row["art"] == "gesperrt"), "")


def _formula(value: dict[str, Any], catalogue: dict[str, Any], counts: list[dict[str, Any]]) -> None:
    out.print("\n[bold]Rechnung[/bold]")
    if not counts:
        out.print("Der Wert ist so geliefert, ohne Fallzahlen.")
        return
    table = Table("", "Kennzahl", "Zahl", "gezählt am", "aus", "Bedeutung")
    table.columns[2].justify = "right"
    for count in counts:
        shown = number(count["wert"]) if count["wert"] is not None else f"– ({count['bedeutung']})"
        origin = count["gliederung"] or ""
        table.add_row("Zähler" if count["rolle"] == "zaehler" else "Nenner", count["kennzahl_id"], shown, f"{count['stichtag']:%d.%m.%Y}", origin, escape(count["definition"] or ""))
    out.print(table)
    factor = "" if catalogue["faktor"] == 1 else f"{number(catalogue['faktor'])} × "
    divided = bool(catalogue["nenner"])
    words = f"{factor}{_side(counts, 'zaehler', 'kennzahl_id')}" + (f" / {_side(counts, 'nenner', 'kennzahl_id')}" if divided else "")
    filled = f"{factor}{_side(counts, 'zaehler', 'wert')}" + (f" / {_side(counts, 'nenner', 'wert')}" if divided else "")
    if value["ki_methode"] != "dsr":
        out.print(f"Wert = {words}", soft_wrap=True)
    sealed = [count for count in counts if count["wert"] is None]
    if value["wert"] is not None and sealed and all(_never_shown(count["kennzahl_id"]) for count in sealed):
        out.print(f"     = {filled}, gerundet: {number(value['wert'])} {catalogue['einheit']}; so lässt sich nicht zurückrechnen, was versiegelt bleibt", soft_wrap=True)
        for count in sealed:
            out.print(f"     {count['kennzahl_id']}: {escape(_never_shown(count['kennzahl_id']))}", soft_wrap=True)
        return
    if value["wert"] is None or sealed:
        out.print("Mit den veröffentlichten Zahlen lässt sich das nicht nachrechnen: mindestens eine ist nicht gezeigt.")
        return
    if value["ki_methode"] == "dsr":
        crude = catalogue["faktor"] * value["zaehler"] / value["nenner"]
        out.print(f"     nicht altersbereinigt: {filled} = {number(crude)}", soft_wrap=True)
        out.print(
            f"     Wert = {number(catalogue['faktor'])} × Σ wₐ·xₐ/nₐ über die 19 Altersgruppen der Europastandardbevölkerung 2013 (wₐ = 5.000, 5.500, … 1.000 von 100.000),"
            f" auf ganze gerundet: {number(value['wert'])} {catalogue['einheit']}; Sterbefälle und Einwohner je Altersgruppe (Σ xₐ = {number(value['zaehler'])}, Σ nₐ = {number(value['nenner'])}) bleiben versiegelt",
            soft_wrap=True,
        )  # fmt: skip
        return
    top, bottom = (sum(count["vorzeichen"] * count["wert"] for count in counts if count["rolle"] == role) for role in ("zaehler", "nenner"))
    again = catalogue["faktor"] * top / (bottom if divided else 1)
    if abs(again - value["wert"]) > TOLERANCE * max(1, abs(again)):
        raise PermanentFailure(f"Der veröffentlichte Wert {number(value['wert'])} folgt nicht aus seinen Zahlen ({filled} = {number(again)}); bitte melden.")
    out.print(f"     = {filled} = {number(again)} {catalogue['einheit']}   (nachgerechnet, stimmt)", soft_wrap=True)


def _interval(value: dict[str, Any], catalogue: dict[str, Any]) -> None:
    effect = value["designeffekt"] or 1
    text = METHODS[value["ki_methode"]]
    origin = {"gemessen": "in der Lieferung gemessen", "katalog": "im Katalog angenommen"}.get(value["designeffekt_quelle"] or "", "")
    out.print(f"Vertrauensbereich (95 %): {text}" + (f", Designeffekt {number(effect)} ({origin})" if origin else ""), soft_wrap=True)
    if value["ki_unten"] is None:
        return
    if value["ki_methode"] == "wilson":
        out.print(
            f"     mit x = {number(value['zaehler'])} / {number(effect)} = {number(value['zaehler'] / effect)}, n = {number(value['nenner'])} / {number(effect)} = {number(value['nenner'] / effect)}, z = 1,96:"
            " (2x + z² ∓ z·√(z² + 4x(1 − x/n))) / (2(n + z²))", soft_wrap=True,
        )  # fmt: skip
    out.print(f"     {number(value['ki_unten'])} bis {number(value['ki_oben'])} {catalogue['einheit']}; bei Vollzählungen beschreibt er das Risiko dahinter, keinen Zählfehler", soft_wrap=True)


def _comparison(db: Any, value: dict[str, Any], catalogue: dict[str, Any]) -> None:
    key = [value[name] for name in ("raumeinheit_id", "gebietsstand", "ebene", "stichtag", "indikator_id")]
    where = "where raumeinheit_id = ? and gebietsstand = ? and ebene = ? and stichtag = ? and indikator_id = ?"
    compared, changed, smoothed = (_one(db, f"select * from {table} {where}", *key) for table in ("fct_vergleich", "fct_trend", "fct_geglaettet"))
    if compared.get("p") is not None:
        out.print("\n[bold]Vergleich und Veränderung[/bold]")
        out.print(
            f"Übrige Stadt {number(compared['rest_wert'])}, Unterschied {number(compared['diff'])} ({number(compared['diff_ki_unten'])} bis {number(compared['diff_ki_oben'])});"
            f" {chance(compared['p'])}, berichtigt um alle Vergleiche des Jahres {chance(compared['p_bereinigt'])}: {worded(compared['richtung'])}", soft_wrap=True,
        )  # fmt: skip
        if compared["rang"] is not None:
            out.print(f"Rang {compared['rang']} von {compared['rang_von']} (95 %: {compared['rang_unten']} bis {compared['rang_oben']}; 1 = höchster Wert)")
    for level in ("kreis", "land"):
        if compared.get(f"{level}_wert") is not None:
            out.print(f"{level.capitalize()}: {number(compared[f'{level}_wert'])}, {worded(compared[f'{level}_vergleich'])}")
    if changed:
        reach = f"{changed['jahr_von']} bis {changed['jahr']}: {worded(changed['richtung'])}"
        slope = f" ({german(changed['steigung'], DIGITS)} {catalogue['einheit']} je Jahr, berichtigt {chance(changed['p_bereinigt'])})" if changed["p"] is not None else ""
        out.print(reach + slope, soft_wrap=True)
    if smoothed.get("wert_geglaettet") is not None:
        out.print(f"Geschätzt (geglättet, kein gezählter Wert): {number(smoothed['wert_geglaettet'])}; eigenes Gewicht {number(smoothed['gewicht_eigen'])}")


def _rules(db: Any, value: dict[str, Any], catalogue: dict[str, Any]) -> None:
    status = _one(db, "select * from dim_status where status_id = ?", value["status_id"])
    out.print("\n[bold]Regeln[/bold]")
    out.print(f"Status {value['status_id']}: {status['bedeutung']}" + ("; vorläufig" if value["vorlaeufig"] else ""), soft_wrap=True)
    if catalogue["mindestnenner"]:
        met = "" if value["nenner"] is None else " – erreicht" if value["nenner"] >= catalogue["mindestnenner"] else " – nicht erreicht, Aussagewert eingeschränkt"
        out.print(f"Mindestnenner {catalogue['mindestnenner']}{met}")
    if value["status_id"] in WITHHELD:
        out.print("Der Schutz hält den Wert zurück; seine Zahlen werden auch hier nicht gezeigt.")
    error = value["erwarteter_fehler"]
    carried = f"von einem früheren Gebietsstand übergeleitet ({value['guete']})" + (f", erwarteter Fehler {german(100 * error, DIGITS)} % der Menschen" if error is not None else "")
    counted = "auf diesem Gebietsstand gezählt" if value["guete"] == "exact" else f"auf die Gebiete dieses Standes verteilt ({value['guete']})"
    out.print("Gebiet: " + (carried if value["uebergeleitet"] else counted))
    out.print(f"Quelle laut Katalog: {escape(catalogue['quelle'])}; {escape(catalogue['rechtsgrundlage'])}", soft_wrap=True)


def _deliveries(db: Any, ids: set[str]) -> None:
    out.print("\n[bold]Lieferungen[/bold]")
    for delivery in _rows(db, "select * from fct_quellenstand where list_contains(?, lieferung_id) order by lieferung_id", sorted(ids)):
        out.print(f"{delivery['lieferung_id']}: {german(delivery['zeilen'])} Zeilen, {german(delivery['zeilen_quarantaene'])} zurückgestellt, eingegangen {delivery['eingang']:%d.%m.%Y %H:%M} UTC"
                  + (", simuliert" if delivery["simuliert"] else ""), soft_wrap=True)  # fmt: skip
        out.print(f"     Fingerabdruck sha256 {delivery['sha256']}", soft_wrap=True)
        for file in delivery["dateien"]:
            out.print(f"     Datei {escape(file)}", soft_wrap=True)
        out.print(f"     {escape(delivery['rechtsgrundlage'])}", soft_wrap=True)
