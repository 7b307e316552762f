"""A fifth model in an installed package of its own: no list of ours is edited, nothing of the others moves."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest

from tests.scenarios.test_shipped import SMALL, contents
from twin.results.run_folder import Study

SOURCE = Path(__file__).resolve().parents[1] / "packages" / "ward_office"
OFFICE = "ward_office: {opening: 07:00-09:00, visitors_per_hour: 30 people, clerks: 4}\n"
VARIANTS = """\
measures:
  more_clerks: {label: {ja: 窓口を増やす, en: more clerks}, set: {ward_office.clerks: 8}}
  appointments:
    label: {ja: 来庁予約, en: appointments}
    set: {ward_office.appointments: {booked_share: 60 %, per_slot: 12 people, no_show: 0 %, late_goes_to: rebook}}
  helpers: {label: {ja: 応援, en: helpers}, set: {ward_office.helpers: 4, ward_office.help_if_line: 2 people}}
variants:
  today: {label: {ja: 現況, en: Today}}
  more_clerks: {label: {ja: 窓口を増やす, en: more clerks}, with: [more_clerks]}
  booked: {label: {ja: 来庁予約と応援, en: appointments and helpers}, with: [appointments, helpers]}
"""


def install(source: Path, site: Path) -> Path:
    """Put a package of pure Python where Python looks for packages, with the facts an installer writes beside it."""
    project = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name = project["name"].replace("-", "_")
    for folder in source.iterdir():
        if (folder / "__init__.py").is_file():
            shutil.copytree(folder, site / folder.name)
    facts = site / f"{name}-{project['version']}.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n", encoding="utf-8"
    )
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{key} = {place}" for key, place in points.items()))
    ]
    (facts / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return site


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Environment of a process in which the ward office is installed."""
    return {"PYTHONPATH": str(install(SOURCE, tmp_path_factory.mktemp("site")))}


@pytest.fixture(scope="module")
def runs(tmp_path_factory, installed):
    """The small day as it is, beside an installed model it does not name, and with it in two variants.

    The last keeps its checkpoints, which no table shows and a fork needs.
    """
    import os
    import subprocess
    import sys

    folder = tmp_path_factory.mktemp("runs")
    (folder / "small.yaml").write_bytes(SMALL.read_bytes())
    with_office = SMALL.read_text(encoding="utf-8") + OFFICE + VARIANTS
    (folder / "office.yaml").write_text(with_office, encoding="utf-8")
    done = {}
    kept = ("--checkpoint-every", "60 min", "--keep-checkpoints")
    for out, file, env, more in (
        ("alone", "small", {}, ()),
        ("beside", "small", installed, ()),
        ("office", "office", installed, kept),
    ):
        done[out] = subprocess.run(
            [sys.executable, "-m", "twin", "run", f"{file}.yaml", "--out", out, "--workers", "1", *more],
            cwd=folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**os.environ, "COLUMNS": "200", **env},
            timeout=300,
        )
        assert done[out].returncode == 0, done[out].stderr
    return folder, done


def without_office(name, columns):
    """A table without the rows of the ward office: its visitors in the picture, its lines in the ledger."""
    if name == "traces":
        kept = columns["body"] < 5
    elif name == "ledger":
        kept = columns["model"] != "ward_office"
    else:
        kept = slice(None)
    return {column: values[kept] for column, values in columns.items()}


def test_installing_a_model_that_a_scenario_does_not_name_changes_no_byte(runs):
    folder, _ = runs
    assert contents(folder / "alone") == contents(folder / "beside")


def test_the_four_models_write_the_same_beside_a_fifth(runs):
    folder, _ = runs
    alone, office = Study(folder / "alone").run(), Study(folder / "office").run()
    assert set(office.tables) == {*alone.tables, "ward_office_visits"}
    for name in alone.tables:
        first, second = alone.table(name), without_office(name, office.table(name))
        assert {c: (v.dtype, v.tobytes()) for c, v in first.items()} == {
            c: (v.dtype, v.tobytes()) for c, v in second.items()
        }, name
        same_file = (alone.folder / f"tables/{name}.parquet").read_bytes() == (
            office.folder / f"tables/{name}.parquet"
        ).read_bytes()
        assert same_file or name in ("traces", "ledger"), name
    ours = Study(folder / "alone").columns("kpis")
    theirs = Study(folder / "office").columns("kpis")
    kept = (theirs["variant"] == "today") & ~np.char.startswith(theirs["kpi"].astype(str), "ward_office.")
    assert np.array_equal(ours["value"], theirs["value"][kept], equal_nan=True)
    assert list(ours["kpi"]) == list(theirs["kpi"][kept])


def test_its_kpi_stands_in_the_table_of_the_run_and_in_the_comparison(runs, twin, installed):
    folder, done = runs
    assert "窓口の平均待ち時間" in done["office"].stdout
    shown = twin("compare", folder / "office", env={**installed, "COLUMNS": "200"})
    assert shown.returncode == 0, shown.stderr
    assert "ward_office.wait_mean_min" in shown.stdout
    listed = json.loads(twin("compare", folder / "office", "--json", env=installed).stdout)
    rows = [row for row in listed["differences"] if row["kpi"] == "ward_office.wait_mean_min"]
    assert len(rows) == 2
    assert all(row["mean"] < 0 for row in rows)  # eight clerks for what kept four busy


def test_its_wait_is_that_of_its_rows_and_its_ledger_closes(runs):
    study = Study(runs[0] / "office")
    run = study.run("today")
    visits = run.table("ward_office_visits")
    assert list(np.sort(visits["ticket"])) == list(range(1, len(visits["ticket"]) + 1))
    kpis = study.columns("kpis")
    value = kpis["value"][(kpis["variant"] == "today") & (kpis["kpi"] == "ward_office.wait_mean_min")]
    assert value == pytest.approx(np.mean(visits["call_s"] - visits["arrive_s"]) / 60, rel=1e-9)
    for clerk in range(4):
        at = np.flatnonzero(visits["clerk"] == clerk)
        at = at[np.argsort(visits["call_s"][at])]
        assert np.all(visits["call_s"][at][1:] >= visits["leave_s"][at][:-1])
    ledger = {(r["model"], r["entry"]): r["count"] for r in run.manifest["ledger"]}
    assert ledger["ward_office", "entered"] == len(visits["ticket"]) == ledger["ward_office", "left:served"]


def test_who_has_an_appointment_is_called_before_others_and_helpers_come_while_the_line_is_long(runs):
    study = Study(runs[0] / "office")
    today, booked = (study.run(name).table("ward_office_visits") for name in ("today", "booked"))
    assert not today["booked"].any()
    assert sorted(today["id"]) == sorted(booked["id"])
    first = booked["booked"].astype(bool)
    # Six in ten of some fifty ask, and with these places nearly all find one and keep it.
    assert 0.4 < first.mean() < 0.8
    wait = booked["call_s"] - booked["arrive_s"]
    assert wait[first].mean() < wait[~first].mean()
    assert today["clerk"].max() == 3
    assert booked["clerk"].max() > 3


def test_its_visitors_are_on_the_page_with_their_words_and_elsewhere_under_their_name(runs, twin, installed, tmp_path):
    for env, words in ((installed, "来庁者"), ({}, '"visitor"')):
        page = tmp_path / "page.html"
        shown = twin("view", runs[0] / "office", "--out", page, "--no-open", env=env)
        assert shown.returncode == 0, shown.stderr
        text = page.read_text(encoding="utf-8")
        assert words in text
        assert ("来庁者" in text) == (env == installed)
        assert "歩行者" in text


def test_a_checkpoint_and_a_fork_carry_it_on(runs, twin, installed, tmp_path):
    forked = twin(
        "fork",
        runs[0] / "office",
        "--at",
        "08:00",
        "--set",
        "ward_office.clerks=3",
        "--name",
        "fewer_clerks",
        "--out",
        tmp_path / "forked",
        "--workers",
        "1",
        env=installed,
    )
    assert forked.returncode == 0, forked.stderr
    whole, study = Study(runs[0] / "office").run("today"), Study(tmp_path / "forked")
    unchanged, fewer = study.run(study.variants[0]), study.run("fewer_clerks")
    for name in whole.tables:
        assert (whole.folder / f"tables/{name}.parquet").read_bytes() == (
            unchanged.folder / f"tables/{name}.parquet"
        ).read_bytes(), name
    visits, slow = unchanged.table("ward_office_visits"), fewer.table("ward_office_visits")
    assert sorted(visits["id"]) == sorted(slow["id"])  # one clerk less changes nobody's coming
    wait = {int(i): c - a for i, a, c in zip(visits["id"], visits["arrive_s"], visits["call_s"], strict=True)}
    waits = zip(slow["id"], slow["call_s"] - slow["arrive_s"], strict=True)
    assert all(longer >= wait[int(i)] - 1e-9 for i, longer in waits)
    assert np.mean(slow["call_s"]) > np.mean(visits["call_s"])


def test_a_starter_a_schema_and_a_check_know_it_and_without_it_the_section_is_unknown(twin, installed, tmp_path):
    made = twin("new", "counters", "--folder", tmp_path, "--kind", "ward_office", env=installed)
    assert made.returncode == 0, made.stderr
    assert "ward_office" in json.loads((tmp_path / "scenario.schema.json").read_text(encoding="utf-8"))["properties"]
    found = twin("check", tmp_path / "counters.yaml", "--json", env=installed)
    assert found.returncode == 0, found.stdout + found.stderr
    estimate = json.loads(found.stdout)["estimate"]
    assert estimate["agents"]["today"] == pytest.approx(30 * 8.5)
    missed = twin("check", tmp_path / "counters.yaml")
    assert missed.returncode == 2
    assert "ward_office" in missed.stderr


@pytest.mark.parametrize(
    ("card", "says"),
    [
        ("MODEL = 1\n", "is no card of a model called 'ward_office'"),
        ("import nothing_of_the_sort\n", "cannot be loaded: No module named 'nothing_of_the_sort'"),
        (None, "the body 'walker' is declared by pedestrian and by ward_office"),
    ],
)
def test_a_package_that_is_wrong_is_named_with_the_way_out(card, says, twin, tmp_path):
    site = install(SOURCE, tmp_path / "site")
    init = site / "ward_office" / "__init__.py"
    text = init.read_text(encoding="utf-8").replace('bodies={"visitor"', 'bodies={"walker"') if card is None else card
    init.write_text(text, encoding="utf-8")
    done = twin("run", SMALL, "--out", tmp_path / "out", env={"PYTHONPATH": str(site)})
    assert done.returncode == 5, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert twin("--help", env={"PYTHONPATH": str(site)}).returncode == 0
