"""Nothing reaches welfare organisations or the public by itself: every way round is tried here."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from tests.pipeline.conftest import Town
from warehouse.ledger import Ledger

COMPLETE = ["--datum", "2025-03-01", "--rolle", "Sozialplanung", "--rolle", "Datenschutz", "--besprechung", "Werte gesehen, Freigabe ohne Einwand."]


def approved(town: Town) -> list[Path]:
    return list((town.root / "published" / "freigegeben").rglob("release.json"))


@pytest.mark.parametrize(("missing", "said"), [("--datum", "Das Datum"), ("--rolle", "mindestens zwei verschiedene Rollen"), ("--besprechung", "Das Ergebnis")])
def test_incomplete_discussion_is_refused(town: Town, missing: str, said: str) -> None:
    place = COMPLETE.index(missing)
    done = town.call("freigabe", "--zielgruppe", "oeffentlich", *COMPLETE[:place], *COMPLETE[place + 2 :])
    assert done.returncode == 1
    assert said in done.stderr
    assert approved(town) == []


def test_one_role_twice_is_one_role(town: Town) -> None:
    alone = ["Sozialplanung" if value == "Datenschutz" else value for value in COMPLETE]
    assert "mindestens zwei verschiedene Rollen" in town.call("freigabe", "--zielgruppe", "oeffentlich", *alone).stderr
    assert approved(town) == []


def test_future_discussion_is_refused(town: Town) -> None:
    assert "liegt in der Zukunft" in town.call("freigabe", "--zielgruppe", "oeffentlich", "--datum", "2999-01-01", *COMPLETE[2:]).stderr
    assert approved(town) == []


def test_recorded_discussion_releases_exactly_one_audience(town: Town) -> None:
    done = town.call("freigabe", "--zielgruppe", "oeffentlich", *COMPLETE)
    assert done.returncode == 0, done.stderr
    [record] = approved(town)
    release = json.loads(record.read_text())
    assert release["zielgruppen"] == ["oeffentlich"]
    assert release["entwurf"] is False
    assert release["freigabe"] == {
        "datum": "2025-03-01", "rollen": ["Sozialplanung", "Datenschutz"], "besprechung": "Werte gesehen, Freigabe ohne Einwand.", "simuliert": False,
    }  # fmt: skip
    assert (record.parent / "exports" / "oeffentlich" / "fct_indikatorwert.csv").is_file()
    assert not (town.root / "published" / "freigegeben" / "traeger").exists()


def waiting(town: Town, audience: str) -> Path:
    return town.root / "sealed" / "freigabe" / town.current.resolve().name / audience


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_approval_writes_what_a_run_left_to_it(town: Town) -> None:
    """The same packages that a draft shows, and a report with the administration's paragraphs, where nobody asked for a draft."""
    shown = files(waiting(town, "oeffentlich") / "exports")
    for name in ("exports", "reports"):
        shutil.rmtree(waiting(town, "oeffentlich") / name)
    (town.root / "redaktion" / "aktuell").mkdir(parents=True)
    (town.root / "redaktion" / "aktuell" / "stadt.md").write_text("Niemand hat ihn besprochen.", encoding="utf-8")
    assert "Nur der Mart" in town.call("angriff", "1").stdout.partition("oeffentlich: ")[2]
    assert (done := town.call("freigabe", "--zielgruppe", "oeffentlich", "--release", "1", *COMPLETE)).returncode == 0, done.stderr
    assert "Der Absatz stadt.md steht jetzt nicht so da wie im besprochenen Entwurf" in done.stdout
    folder = approved(town)[0].parent
    mode = (town.current / "release.json").stat().st_mode
    assert {path.stat().st_mode for path in folder.rglob("*") if path.is_file()} == {mode}
    assert shown and files(folder / "exports") == shown
    assert "Niemand hat ihn besprochen." not in (folder / "reports" / "bericht" / "index.html").read_text(encoding="utf-8")
    assert town.call("verify").returncode == 0


def refused(town: Town, said: str, *more: str) -> None:
    done = town.call("freigabe", "--zielgruppe", "oeffentlich", *more, *COMPLETE)
    assert done.returncode == 1 and said in done.stderr, done.stdout + done.stderr
    assert "Besprechung" not in town.call("status").stdout
    assert [path.name for path in waiting(town, "oeffentlich").parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("where", ["mart", "file"])
def test_what_gives_something_away_is_not_released(town: Town, where: str) -> None:
    if where == "mart":
        with duckdb.connect(str(waiting(town, "oeffentlich") / "mart.duckdb")) as mart:
            mart.execute("update fct_kennzahl set wert = 1 where kennzahl_id = 'einwohner' and ebene = 'sozialraum'")
    else:
        file = waiting(town, "oeffentlich") / "exports" / "oeffentlich" / "fct_indikatorwert.csv"
        with file.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        secret = next(row for row in rows if row["status_id"] == "geheim_schutz")
        secret |= {"zaehler": "1", "nenner": "100", "wert": "1.0"}
        with file.open("w", encoding="utf-8", newline="") as lines:
            (writer := csv.DictWriter(lines, rows[0])).writeheader()
            writer.writerows(rows)
    refused(town, "Freigabe für oeffentlich verweigert")
    assert approved(town) == []


def test_an_older_release_is_held_against_newer_ones_that_went_before(town: Town) -> None:
    newer = town.root / "published" / "freigegeben" / "oeffentlich" / "0002-spaeter"
    shutil.copytree(waiting(town, "oeffentlich"), newer)
    with duckdb.connect(str(newer / "mart.duckdb")) as mart:
        mart.execute("update fct_kennzahl set wert = wert + 1 where kennzahl_id = 'einwohner' and ebene = 'stadt'")
    ledger = Ledger(town.root / "ledger.sqlite")
    [release] = ledger.releases()
    ledger.record_release(**{name: release[name] for name in ("erstellt", "ausgabe", "eingaben", "zielgruppen")}, release_id=newer.name, nummer=2)
    refused(town, "Zwei Veröffentlichungen (0002-spaeter)", "--release", release["release_id"])
    assert approved(town) == []


def test_what_another_version_made_is_not_completed_by_this_one(town: Town) -> None:
    """Neither packages that nobody wrote then, nor from a mart that lacks what they read; the published draft stays in order."""
    folder = waiting(town, "oeffentlich")
    with duckdb.connect(str(folder / "mart.duckdb")) as mart:
        mart.execute("drop table export.exp_offene_daten__indikatoren")
    shutil.rmtree(folder / "exports")
    assert "entstand mit einer anderen Fassung" in town.call("bericht").stderr
    assert town.call("verify").returncode == 0
    refused(town, "entstand mit einer anderen Fassung")
    with sqlite3.connect(town.root / "ledger.sqlite") as ledger:
        ledger.execute("update release set eingaben = json_set(eingaben, '$.code', 'frueher')")
    refused(town, "entstand mit einer anderen Fassung des Programms oder der Deklarationen")
    # The editor's words still find their way into the drafts.
    assert (done := town.call("bericht")).returncode == 0, done.stderr
    assert approved(town) == []


def test_simulated_approval_says_so(town: Town) -> None:
    assert town.call("freigabe", "--zielgruppe", "traeger", "--simuliert").returncode == 0
    assert json.loads(approved(town)[0].read_text())["freigabe"]["simuliert"] is True
    assert "traeger (simuliert)" in town.call("status").stdout


def test_unknown_release_is_refused(town: Town) -> None:
    done = town.call("freigabe", "--zielgruppe", "oeffentlich", "--release", "0009-000000000000", *COMPLETE)
    assert done.returncode == 1
    assert "gibt es nicht" in done.stderr


@pytest.mark.parametrize("release", ["../freigabe/{}", "{0}/../{0}", ".."])
def test_no_path_gets_round_the_release_id(town: Town, release: str) -> None:
    name = release.format(town.current.resolve().name)
    assert town.call("freigabe", "--zielgruppe", "traeger", "--release", name, *COMPLETE).returncode == 1
    assert not (town.root / "published" / "freigegeben").exists()


def test_discussion_before_the_release_is_refused(town: Town) -> None:
    assert "liegt vor der Veröffentlichung" in town.call("freigabe", "--zielgruppe", "traeger", "--datum", "1999-01-01", *COMPLETE[2:]).stderr
    assert approved(town) == []


def test_no_run_edition_schedule_or_sensor_releases(town: Town, small_deliveries: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The jobs as schedules, the sensor and the command line start them, with every tag they could carry."""
    for name, value in town.environment().items():
        monkeypatch.setenv(name, value)
    import dagster as dg

    from orchestration.definitions import build_definitions
    from orchestration.resources import workplace

    assert approved(town) == []
    # The town was published by the nightly job; now the same again with nothing new, and the monthly one.
    definitions = build_definitions(workplace(None, small_deliveries))
    for job, edition, number in (("nachtlauf", {}, "0001-"), ("monatsausgabe", {"sozialraum/ausgabe": "2026-01"}, "0002-")):
        tags = edition | {"zielgruppe": "oeffentlich", "freigabe": "ja"}
        with dg.DagsterInstance.ephemeral() as instance:
            assert definitions.resolve_job_def(job).execute_in_process(instance=instance, tags=tags).success
        assert approved(town) == []
        assert town.current.resolve().name.startswith(number)
    # What people come together to discuss lies ready for all of them.
    assert all((waiting(town, audience) / name).is_dir() for audience in ("traeger", "oeffentlich") for name in ("exports", "reports"))
    repository = definitions.get_repository_def()
    schedules = {schedule.name: schedule for schedule in repository.schedule_defs}
    with dg.DagsterInstance.ephemeral() as instance:
        moment = dg.build_schedule_context(instance=instance, scheduled_execution_time=datetime(2026, 2, 2, 3, tzinfo=UTC))
        nightly, monthly = (schedules[name].evaluate_tick(moment) for name in ("nachts", "monatlich"))
        # Everything is in and published: the night has nothing to do, the edition comes in any case, the sensor sees nothing.
        assert nightly.run_requests == [] and "Nichts Neues" in nightly.skip_message
        assert [(r.run_key, dict(r.tags)["sozialraum/ausgabe"]) for r in monthly.run_requests] == [("2026-02", "2026-02")]
        looked = repository.sensor_defs[0].evaluate_tick(dg.build_sensor_context(instance=instance, definitions=definitions))
        assert looked.run_requests == [] and "wartet nichts" in looked.skip_message
    assert {schedule.cron_schedule for schedule in schedules.values()} == {"0 2 * * *", "0 3 2 * *"}
    assert {schedule.execution_timezone for schedule in schedules.values()} == {"Europe/Berlin"}
    assert approved(town) == []


def test_flags_of_run_know_no_audience(town: Town) -> None:
    assert "zielgruppe" not in town.call("run", "--help").stdout
    assert town.call("run", "--zielgruppe", "oeffentlich").returncode == 2
