"""What the run of the simulated town says about its values: intervals, comparisons, trends, and the way back to a delivery."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from methods import intervals
from orchestration import explain
from tests.pipeline.conftest import Town
from warehouse.paths import Home

DERIVED = {
    "fct_vergleich": ["wert", "rest_wert", "diff", "diff_ki_unten", "diff_ki_oben", "p", "p_bereinigt", "auffaellig", "trichter_95_unten", "trichter_998_oben"],
    "fct_trend": ["wert", "steigung", "p", "p_bereinigt", "vorzeichen_stabil"],
    "fct_geglaettet": ["wert_geglaettet", "wert_geglaettet_unten", "wert_geglaettet_oben", "gewicht_eigen", "wert_drei_jahre"],
}


#: Town values of 2024 (where the offices publish later: the newest) between which those of a town in North Rhine-Westphalia lie.
PLAUSIBLE = {
    "wohnflaeche_je_einwohner": (38, 55), "einwohner_je_wohnung": (1.7, 2.3), "leerstandsquote": (0.3, 6), "haushaltsgroesse": (1.8, 2.2),
    "durchschnittsalter": (42, 48), "geburtenziffer": (6, 11), "sterbeziffer": (9, 15), "zuzugsquote": (25, 80), "einwohnerdichte": (5, 40),
    "anteil_0_17": (13, 20), "anteil_65_plus": (18, 28), "anteil_nichtdeutsche": (8, 25), "sgb2_quote": (4, 16), "arbeitslosenanteil": (3, 9),
    "grundsicherung_alter_quote": (2, 8), "kita_betreuungsquote_u3": (20, 50), "wahlbeteiligung_bund": (65, 85), "anteil_im_umkreis_haltestelle": (40, 100),
}  # fmt: skip


@pytest.mark.parametrize("indicator", sorted(PLAUSIBLE))
def test_town_values_are_plausible(demo: Town, indicator: str) -> None:
    """A wrong unit stays within every rule of the door; people see it at once."""
    with demo.mart() as mart:
        [(value,)] = mart.execute("select wert from fct_indikatorwert where ebene = 'stadt' and ist_jahreswert and wert is not null and indikator_id = ? order by jahr desc, gebietsstand desc limit 1", [indicator]).fetchall()
    low, high = PLAUSIBLE[indicator]
    assert low < value < high


def test_every_yearly_value_is_compared_and_followed(demo: Town) -> None:
    with demo.sealed() as warehouse:
        for table in ("fct_vergleich", "fct_trend"):
            missing = warehouse.execute(
                f"""select count(*) from marts.fct_indikatorwert wert join marts.dim_raumeinheit using (raumeinheit_id, gebietsstand, ebene)
                    anti join marts.{table} using (raumeinheit_id, gebietsstand, ebene, stichtag, indikator_id)
                    where ist_jahreswert and ebene <> 'block' and not nicht_zuordenbar"""
            ).fetchone()
            assert missing == (0,), table
        # Five points or nothing: 2015 to 2018 cannot have a trend, and none is called unchanged.
        assert warehouse.execute("select distinct richtung from marts.fct_trend where jahr < 2019").fetchall() == [("nicht_berechenbar",)]
        assert warehouse.execute("select count(distinct richtung) from marts.fct_trend where jahr >= 2019").fetchone()[0] >= 3
        # Nothing is called different that the adjusted test does not carry, and nothing untested is called similar.
        assert warehouse.execute("select count(*) from marts.fct_vergleich where auffaellig is distinct from case when p is not null then p_bereinigt <= 0.05 end").fetchone() == (0,)
        assert warehouse.execute("select count(*) from marts.fct_vergleich where (p is null) <> (richtung = 'nicht_berechenbar')").fetchone() == (0,)
        alone, together = warehouse.execute("select count(*) filter (p <= 0.05), count(*) filter (auffaellig) from marts.fct_vergleich").fetchone()
        assert 0 < together < alone


def test_design_effects_widen_the_intervals(demo: Town) -> None:
    with demo.mart() as mart:
        x, n, low, high, effect, origin = mart.execute(
            """select zaehler, nenner, ki_unten, ki_oben, designeffekt, designeffekt_quelle from fct_indikatorwert
               where indikator_id = 'anteil_nichtdeutsche' and ebene = 'sozialraum' and jahr = 2024 and gebietsstand_am_stichtag and wert is not null order by raumeinheit_id limit 1"""
        ).fetchone()
        declared = mart.execute("select designeffekt, designeffekt_quelle from fct_indikatorwert where indikator_id = 'kinderarmut_bg' and ebene = 'stadt' and jahr = 2024 and ist_jahreswert").fetchone()
    # Foreigners share their household more often than not, but not always: less than Σs²/Σs, much more than one.
    assert origin == "gemessen" and 1.5 < effect < 2.5
    assert declared == (2.2, "katalog")
    assert (low / 100, high / 100) == pytest.approx(tuple(intervals.wilson(x, n, deff=effect)), rel=1e-12)
    assert high - low > 1.2 * 100 * (intervals.wilson(x, n).high - intervals.wilson(x, n).low)


def test_the_measured_design_effect_of_recipients_is_that_of_their_benefit_units(demo: Town) -> None:
    """Σs²/Σs over Bedarfsgemeinschaften of 1 to 4 and of 5 and more persons, the latter at their mean size."""
    with demo.sealed() as warehouse:
        sizes = warehouse.execute(
            """select max(wert) from marts.fct_kennzahl where ebene = 'stadt' and stichtag = '2024-12-31' and kennzahl_id in ('sgb2_bg_1_person', 'sgb2_bg_2_personen', 'sgb2_bg_3_personen', 'sgb2_bg_4_personen', 'sgb2_bg_5_und_mehr', 'sgb2_personen')
               group by kennzahl_id order by kennzahl_id"""
        ).fetchall()
        (effect,) = warehouse.execute("select designeffekt from marts.fct_indikatorwert where indikator_id = 'sgb2_quote' and ebene = 'stadt' and stichtag = '2024-12-31' limit 1").fetchone()
    one, two, three, four, more, persons = (size for (size,) in sizes)
    rest = persons - one - 2 * two - 3 * three - 4 * four
    assert effect == pytest.approx((one + 4 * two + 9 * three + 16 * four + rest**2 / more) / persons, abs=1e-4)


def test_smoothed_values_keep_the_sum_and_lie_nearer_to_the_town(demo: Town) -> None:
    with demo.sealed() as warehouse:
        wrong, groups = warehouse.execute(
            """with summen as (
                   select indikator_id, gebietsstand, ebene, jahr, sum(wert_geglaettet / 100 * nenner) as geschaetzt, sum(zaehler) as gezaehlt, count(*) - count(wert_geglaettet) as fehlt
                   from marts.fct_geglaettet join marts.fct_indikatorwert using (raumeinheit_id, gebietsstand, ebene, stichtag, indikator_id, jahr) group by all)
               select count(*) filter (abs(geschaetzt - gezaehlt) > 1e-6 * gezaehlt), count(*) from summen where fehlt = 0 and gezaehlt > 0"""
        ).fetchone()
    assert wrong == 0 and groups > 500


def test_the_index_says_what_it_lacks_and_how_sure_it_is(demo: Town) -> None:
    with demo.mart() as mart:
        rows = mart.execute("select klasse, klasse_wahrscheinlichkeit, aussage, bestandteile from fct_index where index_id = 'hilden_belastung' and jahr = 2024 and ebene = 'sozialraum' and wert is not null").fetchall()
    assert len(rows) >= 20
    assert all(0 <= probability <= 1 for _, probability, _, _ in rows)
    # A class is only said where it holds in the bootstrap.
    assert all(probability >= 0.7 for klasse, probability, said, _ in rows if said == klasse)
    assert any(said != klasse for klasse, _, said, _ in rows)


@pytest.mark.parametrize("table", DERIVED)
def test_what_is_withheld_stays_withheld_in_everything_made_of_it(published_small: Town, table: str) -> None:
    with published_small.mart() as mart:
        shown = " or ".join(f"abgeleitet.{column} is not null" for column in DERIVED[table])
        hidden = "(select * from fct_indikatorwert where ist_jahreswert and status_id = 'geheim_schutz')"
        count, seen = mart.execute(
            f"""select count(*), count(*) filter ({shown}) from {table} abgeleitet semi join {hidden} gesperrt using (raumeinheit_id, gebietsstand, ebene, stichtag, indikator_id)"""
        ).fetchone()
        assert count > 0 and seen == 0
        assert mart.execute(f"select count(*) from {table} abgeleitet semi join {hidden} gesperrt using (raumeinheit_id, gebietsstand, ebene, stichtag, indikator_id) where status_id <> 'geheim_schutz'").fetchone() == (0,)
        assert mart.execute("select count(*) from fct_ungleichheit where isolation is not null and (gebietsstand, teilebene, indikator_id, jahr) in (select (gebietsstand, ebene, indikator_id, jahr) from fct_indikatorwert where ist_jahreswert and status_id = 'geheim_schutz')").fetchone() == (0,)


def test_erklaere_follows_a_value_to_its_delivery(demo: Town) -> None:
    with demo.mart() as mart:
        value, effect, delivery, print_ = mart.execute(
            """select wert, designeffekt, lieferung_id, sha256 from fct_indikatorwert join fct_quellenstand using (lieferung_id)
               where indikator_id = 'anteil_65_plus' and raumeinheit_id = '0101' and jahr = 2024 and gebietsstand_am_stichtag"""
        ).fetchone()
    said = demo.call("erklaere", "anteil_65_plus", "0101", "2024").stdout
    for part in (f"{value:.2f}".replace(".", ","), delivery, print_, "bestand_20241231.csv", "alter_65_plus / einwohner_alter_bekannt", "nachgerechnet, stimmt", f"Designeffekt {effect:.2f} (in der Lieferung gemessen)".replace(".", ",", 1), "Mindestnenner 30"):
        assert part in said, part


@pytest.mark.parametrize(
    ("what", "area", "year", "parts"),
    [
        ("hilden_belastung", "0101", "2024", ("nachgerechnet, stimmt", "anteil_wohndauer_5_plus", "Sagen darf man", "Fingerabdruck sha256")),
        ("sterbeziffer_standardisiert", "Hilden (simuliert)", "2024", ("Europastandardbevölkerung 2013", "Dobson", "nicht altersbereinigt", "Fingerabdruck sha256")),
        ("einwohner_alter_bekannt", "0101", "2024", ("gezählt aus register", "bestand_20241231.csv")),
        ("q1", "Hilden (simuliert)", "2023", ("sehr zufrieden", "Wilson-Bereich mit n wirksam", "Fingerabdruck sha256")),
    ],
)
def test_erklaere_follows_every_kind_of_value(demo: Town, what: str, area: str, year: str, parts: tuple[str, ...]) -> None:
    said = demo.call("erklaere", what, area, year).stdout
    for part in parts:
        assert part in said, (part, said)


def test_erklaere_follows_one_value_of_every_indicator(demo: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn by a hash, quarters too: explain() itself refuses a value that does not follow from its numbers."""
    with demo.mart() as mart:
        drawn = mart.execute(
            """select indikator_id, raumeinheit_id, jahr, gebietsstand, ebene, stichtag, wert from fct_indikatorwert where wert is not null
               qualify row_number() over (partition by indikator_id, ist_jahreswert order by hash(raumeinheit_id, stichtag, gebietsstand, ebene)) = 1 order by all"""
        ).fetchall()
    assert len(drawn) > 150
    for indicator, area, year, version, level, day, value in drawn:
        paper = Console(file=io.StringIO(), width=400)
        monkeypatch.setattr(explain, "out", paper)
        explain.explain(Home(demo.root), indicator, area, year, version, level, day)
        said = paper.file.getvalue()
        assert explain.number(value) in said.splitlines()[0] and "Fingerabdruck sha256" in said, (indicator, said)
        rounded = {"durchschnittsalter": "gerundet: ", "sterbeziffer_standardisiert": "auf ganze gerundet"}.get(indicator)
        assert (rounded or "nachgerechnet, stimmt") in said, (indicator, said)


def test_every_published_value_follows_from_published_counts(demo: Town) -> None:
    """What erklaere fills into the formula, for all values at once."""
    with demo.mart() as mart:
        formulas = [
            (indicator, role, sign, count)
            for indicator, *sides in mart.execute("select indikator_id, zaehler, nenner from dim_indikator").fetchall()
            for role, side in zip(("zaehler", "nenner"), sides, strict=True)
            for sign, count in explain.terms(side)
        ]
        mart.execute("create temp table formel (indikator_id varchar, rolle varchar, vorzeichen integer, kennzahl_id varchar)")
        mart.executemany("insert into formel values (?, ?, ?, ?)", formulas)
        found = mart.execute(
            """with wert as (select row_number() over () as nr, * from fct_indikatorwert where wert is not null),
            seite as (
                select nr, rolle, count(*) as glieder, count(zahl.wert) as gezeigt, sum(vorzeichen * zahl.wert) as summe
                from wert join formel using (indikator_id)
                left join fct_kennzahl zahl on zahl.kennzahl_id = formel.kennzahl_id and zahl.raumeinheit_id = wert.raumeinheit_id and zahl.gebietsstand = wert.gebietsstand
                    and zahl.ebene = wert.ebene and zahl.stichtag = case when rolle = 'nenner' then coalesce(stichtag_nenner, wert.stichtag) else wert.stichtag end
                group by all
            )
            select case when oben.nr is null then 'geliefert' when glieder_fehlen then 'versiegelt' when wert.ki_methode = 'dsr' then 'standardisiert'
                        when abs(faktor * oben.summe / coalesce(unten.summe, 1) - wert.wert) <= 1e-9 * greatest(1, abs(wert.wert)) then 'stimmt' else 'falsch' end as urteil,
                   count(*), list_sort(list(distinct indikator_id))
            from wert join dim_indikator using (indikator_id)
            left join (from seite where rolle = 'zaehler') oben on oben.nr = wert.nr
            left join (from seite where rolle = 'nenner') unten on unten.nr = wert.nr
            cross join lateral (select oben.glieder > oben.gezeigt or coalesce(unten.glieder > unten.gezeigt, false) as glieder_fehlen)
            group by all"""
        ).fetchall()
    verdicts = {verdict: (number, indicators) for verdict, number, indicators in found}
    assert set(verdicts) == {"stimmt", "versiegelt", "standardisiert"}, verdicts
    assert verdicts["stimmt"][0] > 50_000 and verdicts["versiegelt"][1] == ["durchschnittsalter"] and verdicts["standardisiert"][1] == ["sterbeziffer_standardisiert"]


def test_erklaere_takes_a_day(demo: Town) -> None:
    said = demo.call("erklaere", "anteil_bg_mit_kindern", "01", "2024", "--stichtag", "30.06.2024").stdout
    assert "Stichtag 30.06.2024" in said and "nachgerechnet, stimmt" in said
    assert "Für den 30.05.2024 gibt es" in demo.call("erklaere", "anteil_bg_mit_kindern", "01", "2024", "--stichtag", "30.05.2024").stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("anteil_65_pluss", "0101", "2024"), "anteil_65_plus"),
        (("anteil_65_plus", "9999", "2024"), "Die Raumeinheit 9999 gibt es in diesem Stand nicht"),
        (("anteil_65_plus", "0101", "1999"), "von 2015 bis 2024"),
    ],
)
def test_erklaere_says_what_there_is_instead(demo: Town, arguments: tuple[str, ...], sentence: str) -> None:
    done = demo.call("erklaere", *arguments)
    assert done.returncode == 1 and sentence in done.stderr and "Traceback" not in done.stderr


def test_erklaere_does_not_show_what_is_withheld(published_small: Town) -> None:
    with published_small.mart() as mart:
        indicator, area, year, version = mart.execute("select indikator_id, raumeinheit_id, jahr, gebietsstand from fct_indikatorwert where ist_jahreswert and status_id = 'geheim_schutz' and ebene = 'sozialraum' and not starts_with(raumeinheit_id, 'nz') order by all limit 1").fetchone()
    said = published_small.call("erklaere", indicator, area, str(year), "--gebietsstand", version).stdout
    assert "hält den Wert zurück" in said and "kein Wert (.)" in said and "nachgerechnet" not in said
