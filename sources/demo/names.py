"""Invented people need names: pools of surnames and first names per region of origin, states, places, streets.

Every name can be written in ISO-8859-1, as the register extract has it. Nothing here knows a person.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

COMMON_SHARE = 0.38  # of the Germans who bear one of the common surnames
POOL_SEED = 7

_COMMON = """Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder
Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Schmitz Krause Meier Lehmann Schmid Schulze Maier Köhler
Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther Frank
Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt Stein
Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas Schreiber Graf Schulte Dietrich Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann
Thomas Voigt Sauer Arnold Wolff Pfeiffer Jansen Hermes Kremer Esser Küpper Dahmen Breuer Heinen Pütz Schlösser Odenthal Kirschbaum
Leven Paffrath Tillmann Wirtz Kamp Kluth Hölscher Engels Kürten Grunewald Höhner Rosendahl""".split()
_STEMS = """Acker Ahl Alt Anger Bach Baum Becken Berg Biber Birk Blum Brink Bruch Brunn Buch Burg Busch Dahl Damm Deich Dorn Eber Eich Eisen
Erl Esch Falken Feld Fels Fin Flor Forst Frie Furt Gold Grün Gut Hagen Hain Hammer Hasen Heid Hirsch Hoch Hohl Holz Horst Hütt Kalk Kessel
Kirch Klee Korn Kreuz Kühl Land Laub Lehm Lind Löwen Mark Moor Mühl Nieder Nord Ober Quell Rabe Raus Rhein Ried Rosen Rott Sand Schild
Schlei See Sieg Sonn Stahl Steg Stern Stock Stöck Tann Teich Thal Ulm Vor Wald Weid Weiler Wein Wert Wies Wild Winz Wolfs Zell""".split()
_ENDS = "mann er meier müller hoff kamp berg stein bach feld hausen horst ing brock becker schmidt wald dorf haus holz".split()
_PARTS: dict[str, tuple[str, str]] = {
    "tuerkisch": (
        "Öz Yil Kara Ak Dem Gün Tas Koc Ayd Cel Sah Kap Er Tun Bul Kur Yav Ars Dog Güler Top Sen Bay Kil Pol Uz Alt Can Tek Oru",
        "türk maz taş demir kaya can oglu kan ay dogan er gül soy bas tekin inç",
    ),
    "polnisch": (
        "Kowal Wisn Nowa Wojc Kamin Lewand Zielin Szyman Wozn Dabrow Kozl Jank Mazur Krawc Piotr Grabow Pawl Michal Zajac Wieczor Jablon Majew",
        "ski ewski owski icki czyk owicz ak inski iak",
    ),
    "suedlich": (
        "Ross Ferr Bianch Roman Colomb Ricc Marin Grec Brun Gall Cont Cost Giord Mancin Lombard Morett Papad Nikol Georg Dimitr Konst Silv Perei Garc Ferna",
        "i etti ini ano ello opoulos idis akis eira es ez ato",
    ),
    "suedosteuropa": (
        "Petro Jova Niko Marko Djordje Stoja Ilie Popo Iva Hodzi Kova Babi Juri Vuko Radu Mihai Dumi Stani Krasni Berisha Gashi Krasniq Hoxha",
        "vic vici ku c nov tru escu lic nkovic ri",
    ),
    "arabisch": (
        "Al-Has Al-Ahm Al-Moh Hadd Khal Sal Nass Rahm Kar Naj Ham Yous Ibra Darw Mans Sabb Bark Az Fark Shah",
        "an ad ed im i il ar our ouf iz aoui",
    ),
    "osteuropa": ("Iwan Petr Sidor Kusnez Popow Wolk Moros Kowal Schew Bond Tka Mel Lys Kraw Pawl Fedor Rom Sawt", "ow enko tschenko uk in ew tschuk"),
    "uebrige": ("Sin Kum Pat Sha Ngu Tra Ade Oko Men Wan Ch Ja Sil Joh Brown Wil Tay Dub", "gh ar el rma yen n oye nkwo sah g en son va les or ois"),
}
_FIRST: dict[str, tuple[str, str]] = {  # male, female; for Germans from old to young
    "deutsch": (
        "Heinrich Karl Wilhelm Hans Günter Werner Heinz Horst Gerhard Helmut Manfred Dieter Klaus Jürgen Peter Wolfgang Bernd Rainer Michael"
        " Thomas Andreas Stefan Frank Ralf Jörg Uwe Martin Markus Christian Sven Jan Daniel Sebastian Tobias Florian Philipp Lukas Jonas Tim"
        " Niklas Finn Leon Luis Ben Paul Elias Noah Emil Matteo",
        "Gertrud Elfriede Hildegard Ilse Edith Ursula Ingeborg Helga Gisela Christa Renate Karin Ingrid Monika Brigitte Angelika Gabriele Sabine"
        " Petra Birgit Susanne Martina Andrea Claudia Heike Anja Nicole Stefanie Katrin Sandra Melanie Julia Christina Sarah Katharina Laura Lisa"
        " Anna Lena Lea Johanna Marie Sophie Mia Emma Hannah Emilia Ella Ida",
    ),
    "tuerkisch": (
        "Mehmet Mustafa Ahmet Ali Hasan Hüseyin Ibrahim Ismail Osman Yusuf Murat Ömer Emre Can Deniz Kerem",
        "Fatma Ayse Emine Hatice Zeynep Elif Meryem Sevgi Gülay Özlem Esra Merve Büsra Melek Derya Selin",
    ),
    "polnisch": ("Jan Piotr Krzysztof Andrzej Tomasz Pawel Marcin Adam Jakub Mateusz", "Anna Maria Katarzyna Agnieszka Barbara Ewa Monika Joanna Magdalena Zofia"),
    "suedlich": ("Giuseppe Antonio Giovanni Marco Luca Georgios Dimitrios Nikos Carlos José", "Maria Giulia Francesca Rosa Chiara Eleni Sofia Ioanna Ana Carmen"),
    "suedosteuropa": ("Marko Nikola Stefan Ivan Ion Mihai Andrei Arben Dragan Luka", "Marija Jelena Ana Elena Ioana Mirjana Vesna Arta Ivana Andreea"),
    "arabisch": ("Mohammed Ahmad Omar Khaled Yusuf Ali Hassan Ibrahim Samir Tarek", "Fatima Aisha Maryam Layla Nour Amina Rana Hanan Zahra Salma"),
    "osteuropa": ("Alexander Sergej Dmitri Viktor Andrej Igor Oleg Eugen Wladimir Maxim", "Olga Natalia Irina Svetlana Elena Tatjana Oksana Anastasia Julia Daria"),
    "uebrige": ("Raj Anh Wei John David Samuel Emmanuel Minh Amit Pierre", "Priya Linh Mei Mary Grace Sarah Joy Mai Anita Claire"),
}
REGIONS = tuple(_FIRST)

#: Destatis key of the state, region of its names, share among newcomers of all years.
STATES: tuple[tuple[str, str, float], ...] = (
    ("000", "deutsch", 0.0),
    ("163", "tuerkisch", 17),
    ("152", "polnisch", 12),
    ("137", "suedlich", 8),
    ("134", "suedlich", 5),
    ("475", "arabisch", 7),
    ("154", "suedosteuropa", 5),
    ("130", "suedosteuropa", 4),
    ("170", "suedosteuropa", 4),
    ("150", "suedosteuropa", 3.5),
    ("122", "suedosteuropa", 2.5),
    ("125", "suedosteuropa", 2.5),
    ("166", "osteuropa", 3),
    ("160", "osteuropa", 5),
    ("444", "osteuropa", 5),
    ("161", "suedlich", 2),
    ("153", "suedlich", 2),
    ("252", "arabisch", 4),
    ("438", "arabisch", 3),
    ("423", "arabisch", 2.5),
    ("439", "arabisch", 2),
    ("436", "uebrige", 1.5),
    ("432", "uebrige", 1.2),
    ("479", "uebrige", 1),
    ("238", "uebrige", 1),
    ("232", "uebrige", 0.8),
    ("168", "uebrige", 0.8),
    ("129", "uebrige", 0.8),
)
#: Ethnic German resettlers came from these.
RESETTLER_STATES = ("152", "160", "444", "154")

OWN_AGS = "05158016"
#: Municipalities people come from and were born in, with weights.
PLACES: tuple[tuple[str, float], ...] = (
    ("05158016", 0.0),
    ("05111000", 20), ("05122000", 11), ("05158012", 7), ("05158020", 8), ("05158004", 6), ("05158028", 3), ("05158024", 3),
    ("05158026", 4), ("05158032", 2), ("05158008", 1), ("05158036", 1), ("05124000", 6), ("05315000", 4), ("05316000", 3),
    ("05112000", 2), ("05113000", 2), ("05162024", 2), ("05120000", 1), ("05913000", 1), ("05334002", 1), ("05314000", 1),
    ("05515000", 1), ("11000000", 2), ("02000000", 1), ("09162000", 1), ("06412000", 1), ("08111000", 1), ("14612000", 0.5),
    ("14713000", 0.5), ("03241001", 0.7), ("07315000", 0.5), ("10041100", 0.3), ("12054000", 0.3), ("15003000", 0.4),
)  # fmt: skip

_STREET_STEMS = """Ahorn Akazien Amsel Apfel Bach Beethoven Berg Birken Blumen Brahms Brunnen Buchen Dahlien Distel Dorf Drossel Eichen Eibe
Elb Erlen Eschen Falken Feld Fichten Finken Flieder Forst Garten Ginster Goethe Graben Hain Hasel Heide Heine Hoch Hof Holz Hühner Itter
Jahn Kalk Kastanien Kiefern Kirch Kirsch Klee Kloster Koch Kranich Lärchen Lerchen Lessing Lilien Linden Mai Markt Meisen Mozart Mühlen
Nelken Nord Ost Pappel Pfarr Platanen Quellen Reiher Ring Robinien Rosen Sand Schiller Schloss Schul See Sonnen Stein Süd Tal Tannen
Tulpen Ulmen Veilchen Wald Wasser Weiden West Wiesen Zeder Zeisig""".split()
_STREET_ENDS = ("straße", "weg", "allee", "gasse", "kamp", "pfad", "ring", "hof", "platz")


@dataclass(frozen=True)
class Pools:
    """Surnames of all regions in one list, first names likewise; per region where its part begins and ends."""

    surnames: list[str]
    surname_range: np.ndarray  # (regions, 2)
    surname_until: np.ndarray  # cumulated weights over the whole list, one per name and region
    first_names: list[str]
    first_range: np.ndarray  # (regions, sex, 2)


def build_pools() -> Pools:
    """The same pools for every seed."""
    rng = np.random.Generator(np.random.PCG64(POOL_SEED))
    surnames: list[str] = []
    weights: list[np.ndarray] = []
    ranges = []
    for region in REGIONS:
        if region == "deutsch":
            built = sorted({stem + end for stem in _STEMS for end in _ENDS if not stem.lower().endswith(end)} - set(_COMMON))
            chosen = _COMMON + [built[i] for i in rng.permutation(len(built))]
            common = 1 / (np.arange(len(_COMMON)) + 8)
            rare = rng.lognormal(0, 1, len(built))
            weight = np.concatenate([common / common.sum() * COMMON_SHARE, rare / rare.sum() * (1 - COMMON_SHARE)])
        else:
            stems, ends = (part.split() for part in _PARTS[region])
            chosen = sorted({stem + end for stem in stems for end in ends})
            weight = rng.lognormal(0, 0.7, len(chosen))
        ranges.append((len(surnames), len(surnames) + len(chosen)))
        surnames += [name.encode("latin-1", "ignore").decode("latin-1") for name in chosen]
        weights.append(weight / weight.sum())
    first: list[str] = []
    first_ranges = []
    for region in REGIONS:
        both = []
        for pool in _FIRST[region]:
            names = pool.split()
            both.append((len(first), len(first) + len(names)))
            first += names
        first_ranges.append(both)
    return Pools(surnames, np.array(ranges), np.cumsum(np.concatenate(weights)), first, np.array(first_ranges))


STATE_KEYS = [key for key, _, _ in STATES]
STATE_REGION = np.array([REGIONS.index(region) for _, region, _ in STATES], dtype=np.int8)
STATE_WEIGHT = np.array([weight for _, _, weight in STATES])
PLACE_KEYS = [key for key, _ in PLACES]
PLACE_WEIGHT = np.array([weight for _, weight in PLACES])


def draw_surnames(rng: np.random.Generator, pools: Pools, region: np.ndarray) -> np.ndarray:
    """One surname per entry of ``region``; weights of a region sum to one, so the cumulated ones begin at its number."""
    return np.searchsorted(pools.surname_until, region + rng.random(len(region)), side="right").clip(
        pools.surname_range[region, 0], pools.surname_range[region, 1] - 1
    ).astype(np.int32)


def draw_first_names(rng: np.random.Generator, pools: Pools, region: np.ndarray, sex: np.ndarray, birth_year: np.ndarray) -> np.ndarray:
    """Lists run from old to young names: the year of birth says about where to take one, for Germans at least."""
    low, high = pools.first_range[region, np.minimum(sex, 1)].T
    fashion = np.where(region == 0, (birth_year - 1925) / 100 + rng.normal(0, 0.07, len(region)), rng.random(len(region)))
    return (low + np.floor(np.clip(fashion, 0, 0.999) * (high - low))).astype(np.int32)


def street_names(rng: np.random.Generator, count: int) -> list[str]:
    names = [stem + end for stem in _STREET_STEMS for end in _STREET_ENDS if stem.lower() != end]
    return [names[i] for i in rng.permutation(len(names))[:count]]
