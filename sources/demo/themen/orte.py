"""The places of the town and the lists that name them: offices, the doctors' association and OpenStreetMap, each with its own gaps.

Places stand at real addresses or in the middle of real blocks and stay where they are from year to year; lists differ in
spelling, misprints and completeness, as lists do. Holds no person.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
import shapely

from sources.demo.draws import draw, generator
from sources.demo.themen.tabellen import Cell, write_xlsx
from sources.demo.town import OPEN, REGISTER_START
from sources.demo.world import World

#: First end of year of the lists; before, nobody kept them.
FIRST_LISTS = 2020
WGS84, UTM = 4326, 25832
#: Places of a kind in a town of 56,000, as counted by hand on the maps of towns of that size.
KINDS = {
    "kita": 36, "grundschule": 8, "weiterfuehrend": 7, "beratungsstelle": 14, "begegnungsstaette": 11, "jugendzentrum": 7, "pflegeheim": 6,
    "hausarzt": 32, "kinderarzt": 6, "facharzt": 30, "zahnarzt": 28, "apotheke": 13, "supermarkt": 24, "spielplatz": 64, "sportanlage": 17, "bibliothek": 2,
}  # fmt: skip
#: Kinds in the open: in the middle of a block, not at a house.
OPEN_AIR = ("spielplatz", "sportanlage")
#: Share of places that open after the first year, and that close before the last.
OPENS_LATER, CLOSES = 0.12, 0.06
PERIOD = (2016, 2024)
#: Share of places that OpenStreetMap knows, how far off it puts them (m), and share of its entries without a name.
OSM_KNOWS, OSM_OFF_M, OSM_NAMELESS = {"supermarkt": 1.0, "apotheke": 0.9, "spielplatz": 0.7}, 12.0, 0.05
OSM_KNOWS_ELSE = 0.55
OSM_TAGS = {
    "apotheke": ("amenity", "pharmacy"), "hausarzt": ("amenity", "doctors"), "zahnarzt": ("amenity", "dentist"), "bibliothek": ("amenity", "library"),
    "begegnungsstaette": ("amenity", "community_centre"), "supermarkt": ("shop", "supermarket"), "spielplatz": ("leisure", "playground"), "sportanlage": ("leisure", "pitch"),
}  # fmt: skip
#: Share of addresses in lists with a misprint nobody can undo without looking, and with an old-fashioned abbreviation.
MISPRINT, ABBREVIATED = 0.04, 0.5
SUPPORTERS = ("Stadt Hilden (simuliert)", "Diakonie", "Caritas", "Arbeiterwohlfahrt", "Der Paritätische", "Deutsches Rotes Kreuz", "Elterninitiative")
PET_NAMES = ("Sonnenschein", "Regenbogen", "Spatzennest", "Waldwichtel", "Pusteblume", "Villa Kunterbunt", "Löwenzahn", "Kleeblatt", "Mäuseburg", "Zwergenland")
CHAINS = ("Frischmarkt", "Kaufgut", "Billigkorb", "Landkost")
PHARMACIES = ("Adler", "Löwen", "Rosen", "Markt", "Bären", "Hirsch", "Linden", "Sonnen", "Einhorn", "Kronen", "Park", "Post", "Neue")
SPECIALITIES = ("Augenheilkunde", "Frauenheilkunde", "Orthopädie", "Hals-Nasen-Ohren", "Haut", "Innere Medizin", "Neurologie", "Psychotherapie")
ADVICE = ("Erziehungsberatung", "Schuldnerberatung", "Suchtberatung", "Migrationsberatung", "Sozialberatung", "Schwangerenberatung", "Seniorenberatung")


@dataclass(frozen=True)
class Places:
    """Parallel arrays over places; ``address`` is -1 in the open air, years are those of the first and the first missing list."""

    kind: np.ndarray
    number: np.ndarray
    address: np.ndarray
    block: np.ndarray
    xy: np.ndarray
    name: np.ndarray
    detail: np.ndarray
    supporter: np.ndarray
    capacity: np.ndarray
    opens: np.ndarray
    closes: np.ndarray
    spelled: np.ndarray

    def standing(self, year: int, *kinds: str) -> np.ndarray:
        return np.flatnonzero(np.isin(self.kind, kinds) & (self.opens <= year) & (self.closes > year))


_built: WeakKeyDictionary[World, Places] = WeakKeyDictionary()


def places(world: World) -> Places:
    """All places of the town in all years; the same for the whole life of a world."""
    if world not in _built:
        _built[world] = _build(world)
    return _built[world]


def _build(world: World) -> Places:
    rng = generator(world.seed, 0, "places")
    houses = world.addresses
    lasting = (houses.valid_to == OPEN) & (houses.valid_from <= REGISTER_START)
    middle = shapely.get_coordinates(shapely.point_on_surface(world.areas.blocks))
    rows: dict[str, list[object]] = {name: [] for name in Places.__dataclass_fields__}
    for kind, wanted in KINDS.items():
        count = max(1, round(wanted * world.scale))
        if kind in OPEN_AIR:
            block = draw(rng, np.sqrt(world.areas.share), count)
            address, xy = np.full(len(block), -1), np.round(middle[block], 2)
        else:
            address = draw(rng, np.where(lasting, houses.dwellings.astype(float), 0), count)
            block, xy = houses.block[address], houses.xy[address]
        for number, (house, inside, place) in enumerate(zip(address.tolist(), block.tolist(), xy, strict=True), 1):
            later, closing = rng.random() < OPENS_LATER, rng.random() < CLOSES
            # The last of a kind neither comes late nor goes.
            fixed = number == 1
            name, detail = _named(rng, kind, number, houses.street_names[houses.street[house]] if house >= 0 else world.areas.names["hilden2020"][world.areas.sozialraum["hilden2020"][inside]])
            rows["kind"].append(kind)
            rows["number"].append(number)
            rows["address"].append(house)
            rows["block"].append(inside)
            rows["xy"].append(place)
            rows["name"].append(name)
            rows["detail"].append(detail)
            rows["supporter"].append(SUPPORTERS[int(rng.integers(len(SUPPORTERS)))])
            rows["capacity"].append({"pflegeheim": int(rng.integers(60, 121)), "jugendzentrum": int(rng.integers(30, 81))}.get(kind, 0))
            rows["opens"].append(int(rng.integers(PERIOD[0] + 1, PERIOD[1])) if later and not fixed else 0)
            rows["closes"].append(int(rng.integers(PERIOD[0] + 3, PERIOD[1] + 1)) if closing and not later and not fixed else 9999)
            rows["spelled"].append(_spelled(rng, world, house))
    return Places(**{name: np.array(values, dtype=float if name == "xy" else object if isinstance(values[0], str) else int) for name, values in rows.items()})


def _named(rng: np.random.Generator, kind: str, number: int, where: str) -> tuple[str, str]:
    match kind:
        case "kita":
            return f"Kita {PET_NAMES[(number - 1) % len(PET_NAMES)]} {where}", ""
        case "grundschule":
            return f"Grundschule {where}", "Grundschule"
        case "weiterfuehrend":
            form = ("Gymnasium", "Gesamtschule", "Realschule", "Gymnasium", "Sekundarschule", "Hauptschule", "Gesamtschule")[(number - 1) % 7]
            return f"{form} {where}", form
        case "beratungsstelle":
            return f"{ADVICE[(number - 1) % len(ADVICE)]} {where}", ADVICE[(number - 1) % len(ADVICE)]
        case "hausarzt":
            return f"Hausarztpraxis {where}", "Allgemeinmedizin"
        case "facharzt":
            return f"Facharztpraxis {where}", SPECIALITIES[int(rng.integers(len(SPECIALITIES)))]
        case "kinderarzt":
            return f"Kinderarztpraxis {where}", "Kinder- und Jugendmedizin"
        case "zahnarzt":
            return f"Zahnarztpraxis {where}", "Zahnmedizin"
        case "apotheke":
            return f"{PHARMACIES[(number - 1) % len(PHARMACIES)]}-Apotheke", ""
        case "supermarkt":
            return CHAINS[(number - 1) % len(CHAINS)], ""
        case _:
            title = {"begegnungsstaette": "Nachbarschaftstreff", "jugendzentrum": "Jugendzentrum", "pflegeheim": "Seniorenzentrum", "bibliothek": "Stadtbibliothek", "spielplatz": "Spielplatz", "sportanlage": "Sportplatz"}[kind]
            return f"{title} {where} {number}" if kind in OPEN_AIR else f"{title} {where}", ""


def _spelled(rng: np.random.Generator, world: World, house: int) -> str:
    """The address as a clerk types it: abbreviated, sometimes a range, now and then a misprint."""
    dice, letter = rng.random(2), int(rng.integers(1, 5))
    if house < 0:
        return ""
    houses = world.addresses
    street, number, suffix = houses.street_names[houses.street[house]], int(houses.number[house]), int(houses.suffix[house])
    if dice[0] < ABBREVIATED:
        street = street.replace("straße", "str.").replace("Straße", "Str.")
    if dice[1] < MISPRINT:
        street = street[:letter] + street[letter + 1 :]
    ending = f" {chr(ord('a') + suffix - 1)}" if suffix else (f"-{number + 4}" if number % 9 == 0 else "")
    return f"{street} {number}{ending}"


def write_lines(path: Path, rows: Iterable[Sequence[object]], *, encoding: str = "utf-8", before: str = "", quote: int = csv.QUOTE_MINIMAL) -> Path:
    """A CSV file with semicolons, as offices export it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as file:
        file.write(before)
        csv.writer(file, delimiter=";", lineterminator="\n", quoting=quote).writerows(rows)  # type: ignore[arg-type]
    return path


def metres(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")


def write(target: Path, world: World) -> list[Path]:
    """The lists of one end of year, from the first that were kept."""
    if world.year < FIRST_LISTS:
        return []
    all_places = places(world)
    return [
        _office(target / "orte" / f"einrichtungen_{world.year}.csv", world, all_places),
        _parks(target / "orte" / f"spielplaetze_{world.year}.csv", world, all_places),
        _doctors(target / "praxen" / f"praxen_{world.year}.xlsx", world, all_places),
        _osm(target / "osm" / f"osm_{world.year}1231.geojson", world, all_places),
    ]


def _office(path: Path, world: World, here: Places) -> Path:
    """Social office: every facility with its supporter, addresses as typed, no coordinates."""
    kinds = {"beratungsstelle": "Beratung", "begegnungsstaette": "Begegnung", "jugendzentrum": "Jugend", "pflegeheim": "Pflege", "bibliothek": "Bibliothek"}
    rows: list[list[object]] = [["Nr", "Art", "Bezeichnung", "Schwerpunkt", "Träger", "Anschrift", "Plätze", "Öffnungszeiten", "Seit", "Bis", "Vertraulich"]]
    for n in here.standing(world.year, *kinds).tolist():
        since = f"01.01.{here.opens[n]}" if here.opens[n] else ""
        hours = "Mo-Fr 08:00-16:00" if here.kind[n] == "beratungsstelle" else ""
        rows.append([f"{here.kind[n][:3].upper()}{here.number[n]:03d}", kinds[here.kind[n]], here.name[n], here.detail[n], here.supporter[n], here.spelled[n], int(here.capacity[n]) or "", hours, since, "", "nein"])
    # A refuge is in the list without an address, as it should be.
    rows.append(["SH001", "Schutz", "Frauenhaus", "", SUPPORTERS[3], "", "", "", "", "", "ja"])
    return write_lines(path, rows, encoding="cp1252")


def _parks(path: Path, world: World, here: Places) -> Path:
    rows: list[list[object]] = [["Objekt", "Art", "Name", "Rechtswert", "Hochwert", "Fläche in m²"]]
    for n in here.standing(world.year, *OPEN_AIR).tolist():
        rows.append([f"{here.kind[n][:3].upper()}{here.number[n]:03d}", here.kind[n].capitalize(), here.name[n], metres(here.xy[n, 0]), metres(here.xy[n, 1]), 400 + 37 * int(here.number[n] % 40)])
    return write_lines(path, rows)


def _doctors(path: Path, world: World, here: Places) -> Path:
    rows: list[list[Cell]] = [[f"Ärzte, Zahnärzte und Apotheken in Hilden (SIMULIERT), Stand 31.12.{world.year}"], ["Lfd. Nr.", "Gruppe", "Fachgebiet", "Praxis", "Straße", "PLZ"]]
    groups = {"hausarzt": "Hausärzte", "kinderarzt": "Kinderärzte", "facharzt": "Fachärzte", "zahnarzt": "Zahnärzte", "apotheke": "Apotheken"}
    for n in here.standing(world.year, *groups).tolist():
        rows.append([f"{here.kind[n][0].upper()}{here.number[n]}", groups[here.kind[n]], here.detail[n] or None, here.name[n], here.spelled[n], "40721"])
    rows.append(["Quelle: Verzeichnis der Kammern und der Kassenärztlichen Vereinigung; je Praxis eine Zeile."])
    return write_xlsx(path, {"Verzeichnis": rows})


def _osm(path: Path, world: World, here: Places) -> Path:
    """OpenStreetMap's view: a part of the places, a little off, named as mappers name them."""
    from methods.geometry import transform

    rng = generator(world.seed, 0, "openstreetmap")
    known, nameless = rng.random(len(here.kind)), rng.random(len(here.kind)) < OSM_NAMELESS
    xy = here.xy + rng.normal(0, OSM_OFF_M, here.xy.shape)
    longitude, latitude = transform(xy[:, 0], xy[:, 1], UTM, WGS84)
    features = []
    for n in here.standing(world.year, *OSM_TAGS).tolist():
        if known[n] >= OSM_KNOWS.get(here.kind[n], OSM_KNOWS_ELSE):
            continue
        key, value = OSM_TAGS[here.kind[n]]
        tags = {"amenity": None, "shop": None, "leisure": None} | {key: value}
        name = None if nameless[n] else here.name[n].replace("-Apotheke", " Apotheke").replace("praxis", "praxis am")
        hours = "Mo-Sa 08:00-20:00" if value == "supermarket" else None
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [round(float(longitude[n]), 7), round(float(latitude[n]), 7)]},
                "properties": {"osm_id": f"node/{900_000 + n}", "name": name, **tags, "operator": None, "opening_hours": hours},
            }
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
