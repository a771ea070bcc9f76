"""Releases become visible whole, survive a kill at any moment, and go when their time is over."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from warehouse import publish
from warehouse.ledger import Ledger
from warehouse.paths import Home

NOW = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.prepare("hilden-simuliert")
    return home


@pytest.fixture
def ledger(home: Home) -> Ledger:
    return Ledger(home.ledger)


def release(home: Home, ledger: Ledger, content: str, edition: str | None = None, keep: int = 5) -> Path:
    draft = publish.begin(home, ledger, {"inhalt": content}, edition)
    for audience in publish.AUDIENCES:
        exports = draft.audience_folders(home)[audience] / "exports"
        exports.mkdir(parents=True)
        (exports / "a.csv").write_text(content)
    return publish.finish(draft, home, ledger, keep=keep, now=NOW, facts={})


def test_numbers_run_on_and_ids_name_the_inputs(home: Home, ledger: Ledger) -> None:
    first, second = release(home, ledger, "x"), release(home, ledger, "y")
    assert first.name.startswith("0001-")
    assert second.name.startswith("0002-")
    assert first.name[5:] != second.name[5:]
    assert home.current.resolve() == second
    assert publish.is_current(ledger, {"inhalt": "y"})
    assert not publish.is_current(ledger, {"inhalt": "x"})


def test_unfinished_draft_is_invisible_and_swept(home: Home, ledger: Ledger) -> None:
    done = release(home, ledger, "x")
    lost = publish.begin(home, ledger, {"inhalt": "y"}, None)
    assert home.current.resolve() == done
    again = publish.begin(home, ledger, {"inhalt": "y"}, None)
    assert again.release_id == lost.release_id
    assert [p.name for p in home.published.iterdir() if p.name.startswith(".entwurf-")] == [again.folder.name]


def test_release_flipped_before_its_ledger_entry_is_adopted(home: Home, ledger: Ledger) -> None:
    """Killed between flip and ledger: readers have seen it, so it happened."""
    done = release(home, ledger, "x")
    ledger._db.execute("delete from release")
    publish.begin(home, ledger, {"inhalt": "y"}, None)
    assert [r["release_id"] for r in ledger.releases()] == [done.name]


def test_release_renamed_but_not_flipped_is_dropped(home: Home, ledger: Ledger) -> None:
    """Killed between rename and flip: nobody has seen it, it never happened."""
    first = release(home, ledger, "x")
    second = release(home, ledger, "y")
    publish.flip(home.current, first.name)
    ledger._db.execute("delete from release where nummer = 2")
    publish.begin(home, ledger, {"inhalt": "y"}, None)
    assert not second.exists()
    assert first.exists()


def test_old_releases_go_editions_stay(home: Home, ledger: Ledger) -> None:
    edition = release(home, ledger, "a", edition="2025-01", keep=2)
    others = [release(home, ledger, name, keep=2) for name in "bcd"]
    assert edition.exists()
    assert [folder.exists() for folder in others] == [False, True, True]
    assert not (home.sealed / "freigabe" / others[0].name).exists()


def test_approval_copies_what_was_discussed_even_after_later_releases(home: Home, ledger: Ledger) -> None:
    discussed = release(home, ledger, "besprochen")
    release(home, ledger, "neuer")
    folder = publish.approve(home, discussed.name, "oeffentlich", {"datum": "2025-01-02"})
    assert (folder / "exports" / "a.csv").read_text() == "besprochen"
    current = home.published / "freigegeben" / "oeffentlich" / "current"
    assert current.resolve() == folder


def test_an_older_release_approved_late_does_not_take_the_place_of_a_newer_one(home: Home, ledger: Ledger) -> None:
    older, newer = release(home, ledger, "aelter"), release(home, ledger, "neuer")
    folders = [publish.approve(home, made.name, "oeffentlich", {"datum": "2025-01-02"}) for made in (newer, older)]
    assert all(folder.is_dir() for folder in folders)
    assert (home.published / "freigegeben" / "oeffentlich" / "current").resolve() == folders[0]


def test_an_approval_that_fails_or_was_killed_leaves_nothing_behind(home: Home, ledger: Ledger) -> None:
    made = release(home, ledger, "a")
    killed = home.sealed / "freigabe" / made.name / f"{publish.DRAFT}traeger"
    killed.mkdir()

    def fails(folder: Path) -> None:
        assert folder.is_dir() and not killed.exists()
        raise publish.PublishRefused("verrät etwas")

    with pytest.raises(publish.PublishRefused, match="verrät etwas"):
        publish.approve(home, made.name, "oeffentlich", {}, fails)
    assert not [path for path in (home.sealed / "freigabe" / made.name).iterdir() if path.name.startswith(".")]
    assert list((home.published / "freigegeben" / "oeffentlich").iterdir()) == []
    killed.mkdir()
    publish.begin(home, ledger, {}, None)
    assert not killed.exists()


def test_a_mart_without_audience_is_refused() -> None:
    node = {"resource_type": "model", "name": "fct_neu", "fqn": ["p", "marts", "fct_neu"], "config": {"meta": {}}}
    with pytest.raises(publish.PublishRefused, match="fct_neu"):
        publish.mart_models({"nodes": {"model.p.fct_neu": node}})


@pytest.mark.parametrize(("kind", "audiences", "refused"), [("quasi", ["verwaltung"], True), ("verwaltung", ["verwaltung", "traeger"], True), ("verwaltung", ["intern", "verwaltung"], False), ("unbekannt", ["intern"], True)])
def test_a_column_of_a_class_its_audience_may_not_see_is_refused(kind: str, audiences: list[str], refused: bool) -> None:
    column = {"name": "alter_genau", "meta": {"feldklasse": kind}}
    node = {"resource_type": "model", "name": "fct_neu", "fqn": ["p", "marts", "fct_neu"], "config": {"meta": {"zielgruppen": audiences}}, "columns": {"alter_genau": column}}
    if refused:
        with pytest.raises(publish.PublishRefused, match="alter_genau"):
            publish.mart_models({"nodes": {"model.p.fct_neu": node}})
    else:
        assert list(publish.mart_models({"nodes": {"model.p.fct_neu": node}})) == ["fct_neu"]


def test_flip_replaces_in_one_step(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        publish.flip(tmp_path / "current", name)
    assert (tmp_path / "current").resolve().name == "b"


@pytest.mark.parametrize("kind", ["quasi", "schluessel"])
def test_an_export_shows_no_class_its_audience_may_not_see(kind: str) -> None:
    """As for marts: what tells persons apart stays inside, whatever contract asks for it."""
    columns = {"alter": {"name": "alter", "meta": {"feldklasse": kind}}}
    node = {"name": "exp_neu__tabelle", "resource_type": "model", "fqn": ["sozialraum", "exports", "exp_neu__tabelle"], "config": {"meta": {"zielgruppen": ["verwaltung"]}}, "columns": columns}
    with pytest.raises(publish.PublishRefused, match=f"Der Export exp_neu__tabelle zeigt verwaltung die Spalte alter der Feldklasse {kind}"):
        publish._export_models({"nodes": {"model.p.exp_neu__tabelle": node}})
    columns["alter"]["meta"]["feldklasse"] = "aggregat"
    assert publish._export_models({"nodes": {"model.p.exp_neu__tabelle": node}}) == [node]


def model(name: str, folder: str, columns: list[str] = (), needs: list[str] = (), **meta: object) -> dict:  # type: ignore[assignment]
    return {"name": name, "resource_type": "model", "fqn": ["sozialraum", folder, name], "config": {"meta": meta}, "columns": {c: {"name": c} for c in columns}, "depends_on": {"nodes": list(needs)}}


def exports(*nodes: dict) -> list[str]:
    return [node["name"] for node in publish._export_models({"nodes": {node["name"]: node for node in nodes}})]


@pytest.mark.parametrize(("meta", "says"), [({}, "nennt keine Zielgruppe"), ({"zielgruppen": []}, "nennt keine Zielgruppe"), ({"zielgruppen": ["verwaltung", "presse"]}, "nennt die Zielgruppe presse, die es nicht gibt")])
def test_an_export_without_an_audience_is_refused(meta: dict, says: str) -> None:
    with pytest.raises(publish.PublishRefused, match=f"Der Export exp_neu__t {says}"):
        exports(model("exp_neu__t", "exports", **meta))
    with pytest.raises(publish.PublishRefused, match=f"Der Mart fct_neu {says}"):
        publish.mart_models({"nodes": {"fct_neu": model("fct_neu", "marts", **meta)}})


@pytest.mark.parametrize("column", ["person_key", "haushalt_id", "adresse_id"])
def test_a_number_of_persons_is_a_key_though_nobody_says_so(column: str) -> None:
    with pytest.raises(publish.PublishRefused, match=f"die Spalte {column} der Feldklasse schluessel"):
        exports(model("exp_neu__t", "exports", ["wert", column], zielgruppen=["verwaltung"]))


@pytest.mark.parametrize(
    ("other", "open_to_it"),
    [
        (model("exp_freigabe__fct_kennzahl", "gate"), True),
        (model("stg_tuer__stadt", "staging"), True),
        (model("fct_offen", "marts", zielgruppen=["intern", "verwaltung", "oeffentlich"]), True),
        (model("fct_offen", "marts", zielgruppen=["intern", "verwaltung"]), False),
        (model("fct_kennzahl", "marts", zielgruppen=["intern", "verwaltung", "oeffentlich"], schutz={"schluessel": ["x"]}), False),
        (model("exp_b__t", "exports", zielgruppen=["verwaltung"]), False),
        (model("int_kennzahl__wert", "intermediate"), False),
        (model("stg_melderegister_bestand__person", "staging"), False),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else str(value),
)
def test_an_export_reads_nothing_past_the_gate(other: dict, open_to_it: bool) -> None:
    node = model("exp_a__t", "exports", needs=[other["name"]], zielgruppen=["oeffentlich"])
    if open_to_it:
        assert "exp_a__t" in exports(node, other)
    else:
        with pytest.raises(publish.PublishRefused, match=f"Der Export exp_a__t liest {other['name']} am Schutz vorbei"):
            exports(node, other)
