"""Which counts each audience does not get to see: rules, earlier releases and the system of equations together.

Audiences are protected one after the other, from the least strict on: what one does not see, no stricter one sees.
Earlier releases to the same or a stricter audience are facts. A count shown before with the same number stays shown.
Where a correction changes a count shown before by fewer persons than the minimum, the new count is withheld like a
small one, because old and new side by side would show the persons between them; a larger change is a new count.
Reads no files and knows no source.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from methods.disclosure.release import KEY, STOCK, Each, Release, formula, protect_release, release

AUDIENCES = ("verwaltung", "traeger", "oeffentlich")
"""From the least strict to the strictest."""
COLUMNS = ("zielgruppe", "stichtag", "kennzahl_id", "gebietsstand", "ebene", "raumeinheit_id", "conf_status", "grund")
SMALL, OTHER, CORRECTION = "Fallzahl unter der Mindestzahl", "sonst ließe sich eine gesperrte Fallzahl errechnen", "Korrektur um weniger Personen als die Mindestzahl"
CARRIERS = "zu wenige Haushalte dahinter, oder einzelne tragen fast alles"
LARGEST = 3
"""So many of the largest contributions of a cell are known; dominanz_n is at most that."""
UPPER_LEVEL = 3.0
"""Above the finest level a loss counts so many times: planners look there first."""
VALID_THEN = 4.0
"""So much more counts an area of the version that was valid at the date."""
IN_PROFILE = 3.0
"""And so much more one that the profiles of the report show: that is what planners use most."""
MOST_USES = 3
NO_PARTS = pd.DataFrame({"zerlegung_id": [], "kennzahl_id": [], "teil_id": [], "vollstaendig": []})
PERSON = ["alter_von", "alter_bis", "geschlecht", "staatsangehoerigkeit", "migrationshintergrund", "wohndauer_ab"]


def pattern(
    counts: pd.DataFrame,
    fragments: pd.DataFrame,
    areas: pd.DataFrame,
    kennzahlen: pd.DataFrame,
    parts: pd.DataFrame | None,
    rules: pd.DataFrame,
    formulas: pd.DataFrame,
    earlier: pd.DataFrame,
    profile: pd.DataFrame | None = None,
    carriers: pd.DataFrame | None = None,
    contributions: pd.DataFrame | None = None,
    rests: pd.DataFrame | None = None,
    each: Each = map,
) -> pd.DataFrame:
    """One row (COLUMNS) per audience and withheld count; conf_status A primary, D secondary.

    counts: KEY, wert (persons), mindestzahl (the source's own), veroeffentlicht (by the supplier), amtlich (told to everybody by
    others, so nobody can protect it or hide something behind it). fragments: stichtag, kennzahl_id, bruchstueck_id, wert, teil_von (list of
    gebietsstand, ebene, teil_von). areas: gebietsstand, ebene, raumeinheit_id, uebergeordnet_id, ebene_rang, gueltig_von, gueltig_bis. rules: per
    kennzahl_id and zielgruppe mindestzahl, komplement, null_geschuetzt, hundert_prozent, einzelfall. formulas: which
    indicator uses which count. earlier: zielgruppe, KEY, wert (missing: withheld), zuletzt. profile: indikator_id,
    gebietsstand, ebene, stichtag of what the report's profiles show, to be kept before anything else.
    carriers: kennzahl_id (persons) and haushalte_id (the count of the households behind them); persons of fewer households
    than the rule's mindesthaushalte are primary, however many they are. contributions: KEY, rang (1 the largest, up to LARGEST),
    beitrag (persons of one household in this count; fragments as in counts, with their bruchstueck_id as raumeinheit_id); a count
    that few households dominate by the rule's dominanz_n, dominanz_k or p_prozent is primary as well (``dominated``). rests: rest_id,
    kennzahl_id, vorzeichen: what is left of the whole of a share (1) beside its part (-1), a small group like any other. each: as in ``protect_release``.
    Unprotectable (a ValueError) when what is known already, of earlier releases or of others, leaves nothing that would protect a count.
    """
    if counts.empty:
        return pd.DataFrame({column: [] for column in COLUMNS})
    parts = NO_PARTS if parts is None else parts
    table, tree, overlaps = _inputs(counts, fragments, areas, formulas, profile)
    # Residents and age groups stay on their line even where declared parts (forms of housing, say) break them down as well.
    persons = kennzahlen[kennzahlen[PERSON].notna().any(axis=1) | (kennzahlen["kennzahl_id"] == STOCK)]
    behind = np.zeros(len(table)) if carriers is None else _households(table, carriers)
    largest = np.zeros((len(table), LARGEST)) if contributions is None else _largest(table, contributions)
    left = {} if rests is None else _rests(rests)
    withheld = pd.DataFrame({name: [] for name in KEY})
    found, solved = [], {}
    for audience in AUDIENCES:
        rule = rules[rules["zielgruppe"] == audience].set_index("kennzahl_id")
        known = earlier[earlier["zielgruppe"].isin(AUDIENCES[AUDIENCES.index(audience) :])]
        per_count = rule.reindex(table["kennzahl_id"])

        def setting(name: str) -> np.ndarray:
            return per_count[name].to_numpy(float) if name in per_count else np.full(len(table), np.nan)

        own = table.assign(
            minimum=np.maximum(setting("mindestzahl"), table["minimum"]),
            komplement=setting("komplement"),
            null_geschuetzt=setting("null_geschuetzt"),
            hundert=setting("hundert_prozent"),
        )
        households, n, k, p = map(setting, ("mindesthaushalte", "dominanz_n", "dominanz_k", "p_prozent"))
        few = ((behind >= 1) & (behind < households)) | dominated(table["wert"].to_numpy(float), largest, n, k, p)
        few &= (table["wert"] >= own["minimum"]).to_numpy()
        own["minimum"] = np.where(few, table["wert"] + 1, own["minimum"])
        # The same rules and the same past give the same pattern: no need to search twice.
        same = pd.util.hash_pandas_object(own, index=False).sum(), bool(rule["einzelfall"].any()), pd.util.hash_pandas_object(known.drop(columns="zielgruppe").drop_duplicates(), index=False).sum()
        if same not in solved:
            solved[same] = _protect(release(own, tree, overlaps, persons, parts, left), known, withheld, own[own["frei"] > 0], bool(rule["einzelfall"].any()), each)
        rows = solved[same]
        withheld = rows[KEY]
        carried = pd.MultiIndex.from_frame(rows[KEY]).isin(pd.MultiIndex.from_frame(table.loc[few, KEY]))
        found.append(rows.assign(zielgruppe=audience, grund=np.where(carried, CARRIERS, rows["grund"])))
    result = pd.concat(found, ignore_index=True)[list(COLUMNS)]
    return result.sort_values(list(COLUMNS)).reset_index(drop=True)


def _inputs(counts, fragments, areas, formulas, profile) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Counts and fragments in one table, the area tree, and which fragment lies in which area."""
    uses = formulas.drop_duplicates().groupby("kennzahl_id").size().clip(upper=MOST_USES)
    finest = areas[areas["ebene"].isin(counts["ebene"].unique())]["ebene_rang"].max()
    upper = set(areas.loc[areas["ebene_rang"] < finest, "ebene"])
    valid = counts.merge(areas[["gebietsstand", "ebene", "raumeinheit_id", "gueltig_von", "gueltig_bis"]], on=["gebietsstand", "ebene", "raumeinheit_id"], how="left")
    day = pd.to_datetime(valid["stichtag"])
    then = (pd.to_datetime(valid["gueltig_von"]) <= day) & ~(pd.to_datetime(valid["gueltig_bis"]) < day)
    in_profile = np.zeros(len(counts), bool)
    if profile is not None and len(profile):
        key = ["stichtag", "gebietsstand", "ebene", "kennzahl_id"]
        used = profile.merge(formulas, on="indikator_id")[key].drop_duplicates()
        in_profile = (counts[key].assign(stichtag=counts["stichtag"].astype(str)).merge(used.assign(stichtag=used["stichtag"].astype(str)), on=key, how="left", indicator=True)["_merge"] == "both").to_numpy()
    shown = counts[[*KEY, "wert"]].assign(
        minimum=counts["mindestzahl"].astype(float),
        frei=(counts["veroeffentlicht"] | counts["amtlich"]).astype(float),
        basis=(counts["kennzahl_id"] == STOCK).astype(float),
        gewicht=counts["kennzahl_id"].map(uses).fillna(1.0).to_numpy() * np.where(counts["ebene"].isin(upper), UPPER_LEVEL, 1.0) * np.where(then, VALID_THEN, 1.0) * np.where(in_profile, IN_PROFILE, 1.0),
    )
    least = counts.groupby(["stichtag", "kennzahl_id"], as_index=False)["mindestzahl"].max().rename(columns={"mindestzahl": "minimum"})
    pieces = fragments[["stichtag", "kennzahl_id", "bruchstueck_id", "wert"]].merge(least, on=["stichtag", "kennzahl_id"], how="inner")
    pieces = pieces.rename(columns={"bruchstueck_id": "raumeinheit_id"}).assign(gebietsstand="", ebene="", frei=0.0, basis=0.0, gewicht=0.0)
    pieces = pieces[pieces.set_index(["stichtag", "kennzahl_id"]).index.isin(counts[~counts["veroeffentlicht"]].set_index(["stichtag", "kennzahl_id"]).index)]
    table = pd.concat([shown, pieces], ignore_index=True)
    above = areas[["gebietsstand", "ebene", "raumeinheit_id", "ebene_rang"]]
    tree = areas.merge(above, left_on=["gebietsstand", "uebergeordnet_id"], right_on=["gebietsstand", "raumeinheit_id"], suffixes=("", "_oben"))
    tree = tree[tree["ebene_rang_oben"] + 1 == tree["ebene_rang"]].rename(columns={"ebene_oben": "obere_ebene"})
    lies = fragments.drop_duplicates("bruchstueck_id")
    overlaps = pd.DataFrame(
        [{"raumeinheit_id": piece, **dict(place)} for piece, places in zip(lies["bruchstueck_id"], lies["teil_von"], strict=True) for place in places],
        columns=["raumeinheit_id", "gebietsstand", "ebene", "teil_von"],
    )
    return table, tree, overlaps


def _rests(rests: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Name of every rest -> its counts with their signs; of several alike one, and none that is a count itself."""
    signs = rests.groupby(["rest_id", "kennzahl_id"])["vorzeichen"].sum()
    found = {}
    for _, members in signs[signs != 0].groupby(level="rest_id", sort=True):
        expression = {kennzahl: int(sign) for (_, kennzahl), sign in members.items()}
        if len(expression) > 1:
            found[formula(expression)] = expression
    return found


def _households(table: pd.DataFrame, carriers: pd.DataFrame) -> np.ndarray:
    """Households behind every count of persons, 0 where nobody counts them."""
    key = ["stichtag", "gebietsstand", "ebene", "raumeinheit_id", "haushalte_id"]
    wanted = table[KEY].merge(carriers[["kennzahl_id", "haushalte_id"]], on="kennzahl_id", how="left")
    counted = table.rename(columns={"kennzahl_id": "haushalte_id", "wert": "haushalte"})[[*key, "haushalte"]]
    return wanted.merge(counted[counted["haushalte_id"].isin(carriers["haushalte_id"])], on=key, how="left")["haushalte"].fillna(0).to_numpy(float)


def _largest(table: pd.DataFrame, contributions: pd.DataFrame) -> np.ndarray:
    """The largest contributions to every count, one column per rank; 0 where nobody delivers them."""
    wide = contributions.assign(stichtag=contributions["stichtag"].astype(table["stichtag"].dtype)).set_index([*KEY, "rang"])["beitrag"].unstack("rang")
    return wide.reindex(index=pd.MultiIndex.from_frame(table[KEY]), columns=range(1, LARGEST + 1)).fillna(0).to_numpy(float)


def dominated(total: np.ndarray, largest: np.ndarray, n: np.ndarray, k: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Which counts a few contributors dominate: the n largest carry more than k % (dominance), or the rest is less than p % of the
    largest, so that the second largest, who knows the own number, could estimate the largest that closely (p % rule).

    largest: one column per rank, the largest first, 0 where unknown. A missing number switches its rule off.
    """
    known = largest[:, 0] > 0
    of_n = np.where(np.arange(largest.shape[1]) < n[:, None], largest, 0).sum(axis=1)
    return known & ((of_n > k / 100 * total) | (total - largest[:, :2].sum(axis=1) < p / 100 * largest[:, 0]))


def _protect(system: Release, known: pd.DataFrame, withheld: pd.DataFrame, public: pd.DataFrame, singletons: bool, each: Each) -> pd.DataFrame:
    names, cells = system.names, system.cells
    count = len(cells)
    place = names.set_index(KEY)["spalte"]

    def columns_of(rows: pd.DataFrame) -> np.ndarray:
        mask = np.zeros(count, bool)
        if len(rows):
            mask[place.reindex(pd.MultiIndex.from_frame(rows[KEY])).dropna().astype(int)] = True
        return mask

    known = known.assign(stichtag=known["stichtag"].astype(names["stichtag"].dtype)) if len(known) else known
    at = place.reindex(pd.MultiIndex.from_frame(known[KEY])).to_numpy() if len(known) else np.zeros(0)
    shown = ~np.isnan(at.astype(float)) & known["wert"].notna().to_numpy() if len(known) else np.zeros(0, bool)
    column, before = at[shown].astype(int), known["wert"].to_numpy(float)[shown] if len(known) else np.zeros(0)
    change = np.abs(cells["wert"].to_numpy()[column] - before)
    same, corrected = np.zeros(count, bool), np.zeros(count, bool)
    same[column[change == 0]] = True
    small = (change > 0) & (change < cells["required_width"].to_numpy()[column])
    corrected[column[small]] = True
    # Of what everybody knows no correction tells more. Beside it the numbers shown before may not all stay where one is corrected:
    # with the sum known, and all others unchanged, the corrected one would follow.
    told = columns_of(public)
    if corrected.any():
        kinds = pd.MultiIndex.from_frame(names[["stichtag", "kennzahl_id"]])
        both = kinds[corrected[names["spalte"]]].intersection(kinds[told[names["spalte"]]])
        same[names["spalte"][kinds.isin(both)]] = False
    corrected &= ~told
    must = columns_of(withheld) & ~told
    primary = cells["primary"] | corrected
    system = replace(system, cells=cells.assign(primary=primary, frozen=cells["frozen"] & ~corrected & ~must, basis=cells["basis"] & ~corrected & ~must))
    last = columns_of(known[known["wert"].isna() & known["zuletzt"]]) if len(known) else np.zeros(count, bool)
    outcome = protect_release(system, before=(last | must) & ~(same & ~corrected) & ~primary.to_numpy(), fixed=same & ~corrected & ~must, singletons=singletons, each=each)
    suppressed = outcome.suppressed | must
    rows = names[~names["verborgen"] & suppressed[names["spalte"]]].copy()
    first = cells["primary"].to_numpy()[rows["spalte"]]
    changed = corrected[rows["spalte"]]
    rows["conf_status"] = np.where(first | changed, "A", "D")
    rows["grund"] = np.where(first, SMALL, np.where(changed, CORRECTION, OTHER))
    return rows
