"""One planted leak per way to turn a release back into persons, in a town small enough to follow by hand; undamaged it is safe.

Beside these: nested bands and other sums of several tables, singletons and widths in test_disclosure; all of a group and
contributors who dominate in test_release; files that contradict each other in test_attack_files; the demo town in test_gate.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from warehouse.attack import leaks

LEAST, LEVELS = 3, {"stadt", "bereich", "raum"}
#: a and b lie in the north, c and d in the south; in the version after, a has taken a strip of b in.
SCHEMA = """
create table dim_raumeinheit as select gebietsstand, ebene, raumeinheit_id, uebergeordnet_id, ebene_rang, 'POLYGON ((' || x || ' 0, ' || y || ' 0, ' || y || ' 1, ' || x || ' 1, ' || x || ' 0))' as geometrie,
    raumeinheit_id as name, date '2015-01-01' as gueltig_von, false as nicht_zuordenbar
from (values ('stadt', 's', null, 1, 0.0, 4.0), ('bereich', 'nord', 's', 2, 0, 2), ('bereich', 'sued', 's', 2, 2, 4), ('raum', 'a', 'nord', 3, 0, 1), ('raum', 'b', 'nord', 3, 1, 2), ('raum', 'c', 'sued', 3, 2, 3), ('raum', 'd', 'sued', 3, 3, 4))
    t(ebene, raumeinheit_id, uebergeordnet_id, ebene_rang, x, y), (values ('alt')) v(gebietsstand);
create table dim_kennzahl as select *, null::varchar as staatsangehoerigkeit, null::varchar as migrationshintergrund, null::integer as wohndauer_ab from (values
    ('einwohner', null, null, null, 'personen', true), ('weiblich', null, null, 'w', 'personen', true), ('alter_0_17', 0, 17, null, 'personen', true), ('alter_0_5', 0, 5, null, 'personen', true), ('alter_6_17', 6, 17, null, 'personen', true),
    ('geburten', null, null, null, 'anzahl', true), ('sterbefaelle', null, null, null, 'anzahl', true), ('zuzuege', null, null, null, 'anzahl', true), ('fortzuege', null, null, null, 'anzahl', true),
    ('empfaenger', null, null, null, 'anzahl', true), ('lebensjahre', 0, null, null, 'lebensjahre', true)) t(kennzahl_id, alter_von, alter_bis, geschlecht, mass, geschuetzt);
create table dim_indikator as select * from (values ('quote', 'Quote', 'empfaenger', 'einwohner'), ('durchschnittsalter', 'Alter', 'lebensjahre', 'einwohner')) t(indikator_id, name, zaehler, nenner);
create table fct_quellenstand as select * from (values ('l', false), ('amt', true)) t(lieferung_id, veroeffentlicht);
create table fct_kennzahl (kennzahl_id varchar, gebietsstand varchar, ebene varchar, raumeinheit_id varchar, stichtag date, wert double, status_id varchar, lieferung_id varchar, gliederung varchar);
create table fct_indikatorwert (indikator_id varchar, gebietsstand varchar, ebene varchar, raumeinheit_id varchar, stichtag date, jahr integer, ist_jahreswert boolean, zaehler double, nenner double, wert double,
    ki_unten double, ki_oben double, rest_wert double, diff double, ki_methode varchar, conf_status varchar, status_id varchar, lieferung_id varchar, stichtag_nenner date);
create table fct_index as select 'index' as index_id, 'alt' as gebietsstand, 'raum' as ebene, unnest(['a', 'b', 'c', 'd']) as raumeinheit_id, date '2020-12-31' as stichtag, null::double as wert, 'geheim_schutz' as status_id;
"""
#: Per kind a, b, c, d; None is withheld, and the sums are published.
COUNTS = {
    2020: {"einwohner": (100, 120, 140, 90), "weiblich": (50, 61, 72, 44), "alter_0_17": (20, 25, 30, 18), "alter_0_5": (None, None, 12, 7), "alter_6_17": (None, None, 18, 11),
           "geburten": (None, None, None, None), "sterbefaelle": (None, None, None, None), "zuzuege": (11, 8, 12, 6), "fortzuege": (7, 8, 9, 5), "empfaenger": (None, None, 20, 15)},
    2019: {"einwohner": (97, 119, 138, 90), "weiblich": (48, 60, 71, 44)},
}  # fmt: skip
#: What the town knows and nobody else: two births, two recipients and two schoolchildren in a.
HIDDEN = {"geburten": ((2, 5), (6, 4)), "sterbefaelle": ((3, 4), (7, 5)), "empfaenger": ((2, 20), None), "alter_0_5": ((18, 9), None), "alter_6_17": ((2, 16), None)}


def rows() -> list[tuple]:
    found = []
    for year, kinds in COUNTS.items():
        for kind, numbers in kinds.items():
            true = [n if n is not None else h for n, h in zip(numbers, [x for half in HIDDEN.get(kind, (None, None)) for x in (half or (None, None))], strict=True)]
            cells = [("raum", key, shown) for key, shown in zip("abcd", numbers, strict=True)]
            cells += [("bereich", "nord", true[0] + true[1]), ("bereich", "sued", true[2] + true[3]), ("stadt", "s", sum(true))]
            found += [(kind, "alt", level, key, f"{year}-12-31", value, "geheim_schutz" if value is None else "wert", "l", "register" if kind.startswith(("einwohner", "weiblich", "alter")) else None) for level, key, value in cells]
    return found


@pytest.fixture(scope="module")
def safe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sicher")
    with duckdb.connect(str(folder / "mart.duckdb")) as db:
        db.execute(SCHEMA)
        db.executemany("insert into fct_kennzahl values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows())
        for area, residents, count in (("a", 100, None), ("c", 140, 20)):
            value = None if count is None else 100 * count / residents
            status = ("C", "geheim_schutz") if count is None else ("F", "wert")
            db.execute("insert into fct_indikatorwert values ('quote', 'alt', 'raum', ?, '2020-12-31', 2020, true, ?, ?, ?, ?, ?, null, null, 'wilson', ?, ?, 'l', '2020-12-31')", [area, count, residents, value, value and value - 5, value and value + 5, *status])
        db.execute("insert into fct_indikatorwert values ('durchschnittsalter', 'alt', 'raum', 'a', '2020-12-31', 2020, true, null, 100, 41.3, 38.0, 44.6, null, null, 't', 'F', 'wert', 'l', '2020-12-31')")
    return folder


@pytest.fixture
def attack(safe: Path, tmp_path: Path):
    """Plants damage in a copy and says what is found."""

    def run(*damage: str, earlier: list[Path] = []) -> list[str]:  # noqa: B006
        (tmp_path / "exports").mkdir(exist_ok=True)
        (tmp_path / "mart.duckdb").write_bytes((safe / "mart.duckdb").read_bytes())
        with duckdb.connect(str(tmp_path / "mart.duckdb")) as db:
            for statement in damage:
                db.execute(statement)
        return leaks(tmp_path, LEAST, LEVELS, earlier)

    return run


def shown(kind: str, area: str, value: float | None, year: int = 2020, delivery: str = "l") -> str:
    status = "geheim_schutz" if value is None else "wert"
    return f"update fct_kennzahl set wert = {'null' if value is None else value}, status_id = '{status}', lieferung_id = '{delivery}' where kennzahl_id = '{kind}' and raumeinheit_id = '{area}' and year(stichtag) = {year}"


VERSION_AFTER = (
    "insert into dim_raumeinheit select 'neu', ebene, raumeinheit_id, uebergeordnet_id, ebene_rang, case raumeinheit_id when 'a' then 'POLYGON ((0 0, 1.1 0, 1.1 1, 0 1, 0 0))' when 'b' then 'POLYGON ((1.1 0, 2 0, 2 1, 1.1 1, 1.1 0))' else geometrie end, name, date '2020-01-01', false from dim_raumeinheit where gebietsstand = 'alt'",
    "insert into fct_kennzahl select kennzahl_id, 'neu', ebene, raumeinheit_id, stichtag, wert + case raumeinheit_id when 'a' then {strip} when 'b' then -{strip} else 0 end, status_id, lieferung_id, gliederung from fct_kennzahl where kennzahl_id = 'einwohner' and year(stichtag) = 2020",
)

TRAPS = {
    "margin: all but one area of a sum": ("Rest der Summe", shown("empfaenger", "b", 20)),
    "hierarchy: the sum above follows from that of the town": ("Gleichungen", shown("empfaenger", "b", 20), shown("empfaenger", "nord", None), shown("empfaenger", "sued", None)),
    "overlapping areas: what lies between two versions": ("Zwei Gebietsstände", *(text.format(strip=2) for text in VERSION_AFTER)),
    "stock and flow: births follow from two years and the other flows": ("Gleichungen", shown("sterbefaelle", "a", 3), shown("sterbefaelle", "b", 4), shown("geburten", "b", 5), "delete from fct_kennzahl where kennzahl_id = 'geburten' and ebene <> 'raum'"),
    "total minus complement: all but two are women": ("Gruppe in der Gruppe", shown("weiblich", "a", 98)),
    "nested ages: one child between two bands": ("Gruppe in der Gruppe", shown("alter_0_5", "a", 19)),
    "nested ages: a hidden band follows from the other one next door": ("Gleichungen", shown("alter_0_5", "b", 9)),
    "rate beside its denominator": ("Rate", "update fct_indikatorwert set wert = 10 where indikator_id = 'quote' and raumeinheit_id = 'a'"),
    "rate of few, all but one": ("Rate", "update fct_indikatorwert set zaehler = 139 where indikator_id = 'quote' and raumeinheit_id = 'c'"),
    "confidence limits of a hidden rate": ("Rate", "update fct_indikatorwert set ki_unten = 5.5 where indikator_id = 'quote' and raumeinheit_id = 'a'"),
    "index values beside hidden ones": ("Index", "update fct_index set wert = 0.7 where raumeinheit_id = 'c'"),
    "mean of few, times its denominator": ("Mittel", "update fct_indikatorwert set nenner = 8, wert = 37.5 where indikator_id = 'durchschnittsalter'"),
    "persons of one household, more than the minimum, follow from a sum": ("Gleichungen", shown("empfaenger", "b", 15)),
    "public table: the office published the sum": ("Gleichungen", shown("empfaenger", "b", 20), shown("empfaenger", "nord", 22, delivery="amt"), shown("empfaenger", "s", 57, delivery="amt")),
    "level that the audience may not see": ("dim_raumeinheit enthält die Ebene block", "insert into dim_raumeinheit select * replace ('block' as ebene) from dim_raumeinheit where raumeinheit_id = 'a'"),
    "a small count": ("kleine Zahl", shown("empfaenger", "c", 2), shown("empfaenger", "sued", 17), shown("empfaenger", "s", 39)),
}  # fmt: skip


def test_the_town_as_it_is_gives_nothing_away(attack) -> None:
    assert attack() == []
    # A wide strip between two versions is no leak either.
    assert attack(*(text.format(strip=20) for text in VERSION_AFTER)) == []


@pytest.mark.parametrize("trap", TRAPS)
def test_each_trap_is_found(attack, trap: str) -> None:
    way, *damage = TRAPS[trap]
    found = attack(*damage)
    assert any(finding.startswith(way) for finding in found), found


def test_of_those_counted_on_another_day_nobody_is_left(attack) -> None:
    # 138 of the 140 of a year ago, who may be others; fewer than three are few on whatever day the others were counted.
    of_before = "update fct_indikatorwert set zaehler = {}, stichtag_nenner = '2019-12-31' where indikator_id = 'quote' and raumeinheit_id = 'c'"
    assert attack(of_before.format(138)) == []
    assert any(finding.startswith("Rate") for finding in attack(of_before.format(2)))


def test_declared_parts_are_sums_too(attack) -> None:
    # Recipients in c are kind x or kind y: 20 = 18 + 2, of which the small one is withheld.
    parts = [f"insert into fct_kennzahl values ('{kind}', 'alt', 'raum', 'c', '2020-12-31', {value or 'null'}, '{'wert' if value else 'geheim_schutz'}', 'l', null)" for kind, value in (("x", 18), ("y", None))]
    kinds = "insert into dim_kennzahl select unnest(['x', 'y']), null, null, null, 'anzahl', true, null, null, null"
    declared = "create table dim_zerlegung as select 'art' as zerlegung_id, 'empfaenger' as kennzahl_id, unnest(['x', 'y']) as teil_id, {} as vollstaendig"
    assert attack(kinds, *parts) == []
    found = attack(kinds, *parts, declared.format("true"))
    assert any(finding.startswith("Gleichungen: y raum c") and finding.endswith("= 2") for finding in found), found
    # Where a rest may remain, x and what is left of the whole are still two groups: y and the rest share two persons.
    assert attack(kinds, *parts, declared.format("false")) != []
    # Numbers that break the sum somewhere are not additive: nobody can rely on it.
    broken = [f"insert into fct_kennzahl values ('{kind}', 'alt', 'raum', 'd', '2020-12-31', {value}, 'wert', 'l', null)" for kind, value in (("x", 5), ("y", 15))]
    assert attack(kinds, *parts, *broken, declared.format("true")) == []


def official(value: float, known: bool) -> str:
    return f"create table fct_referenzwert as select 'empfaenger' as kennzahl_id, date '2020-12-31' as stichtag, 'stadt' as gebiet_art, '05158016' as gebiet_schluessel, {value}::double as wert, {known} as bekannt"


def test_what_official_statistics_tell_of_the_very_cases_is_used(attack, safe: Path) -> None:
    # The town's total is withheld, and so nobody knows the north's: with it, two remain for a.
    total = (shown("empfaenger", "b", 20), shown("empfaenger", "nord", None), shown("empfaenger", "s", None))
    assert attack(*total) == []
    found = attack(*total, official(57, True))
    assert found and all(finding.startswith("Gleichungen") for finding in found)
    assert any(finding.startswith("Gleichungen: empfaenger raum a") and finding.endswith("= 2") for finding in found), found
    # Our silence about a number that everybody can read gives nothing away, nor does its absence from a delivery.
    assert attack(shown("empfaenger", "s", None), official(57, True)) == []
    missing = shown("empfaenger", "s", None).replace("geheim_schutz", "nicht_geliefert")
    assert attack(*total[:2], missing, official(57, True)) == found
    # Another count of its own (the census beside the register), or a revised one, tells nothing of this one.
    assert attack(*total, official(57, False)) == []
    # A correction by one person that the office tells as well is no secret between two releases.
    one_more = (shown("empfaenger", "c", None), shown("empfaenger", "d", None), shown("empfaenger", "sued", None), shown("empfaenger", "s", 58))
    assert any(finding.startswith("Zwei Veröffentlichungen") for finding in attack(*one_more, earlier=[safe]))
    assert not any(finding.startswith("Zwei Veröffentlichungen") for finding in attack(*one_more, official(58, True), earlier=[safe]))


def test_a_correction_by_one_person_shows_between_two_releases(attack, safe: Path) -> None:
    found = attack(shown("empfaenger", "c", 21), shown("empfaenger", "sued", 36), shown("empfaenger", "s", 58), earlier=[safe])
    assert any(finding.startswith("Zwei Veröffentlichungen") for finding in found)
    assert attack(earlier=[safe]) == []


def test_the_same_cell_has_one_status_in_all_exports(attack, tmp_path: Path) -> None:
    (tmp_path / "exports" / "x").mkdir(parents=True)
    (tmp_path / "exports" / "x" / "t.csv").write_text("kennzahl_id,gebietsstand,ebene,raumeinheit_id,stichtag,wert\nempfaenger,alt,raum,a,2020-12-31,10\n", encoding="utf-8")
    assert any(finding.startswith("Zwei Auskünfte: empfaenger, raum a (alt)") for finding in attack())
