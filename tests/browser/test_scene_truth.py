"""What is drawn is what was simulated: positions and counts of a page against the tables of its run."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.browser.conftest import Opened
from tests.browser.surfaces import DRAWN, Surfaces
from twin import api
from twin.engine.ids import origins_of, serials_of
from twin.experiments.study import StudyOptions, go_on, start
from twin.results.run_folder import Run
from twin.viz.map_layers import build_scene
from twin.viz.run_view import read_run_view
from twin.viz.scene_3d import write_scene
from twin.viz.trips import standing_between_drives, trip_starts

pytestmark = pytest.mark.browser

#: Name, trip and place of everybody under way, whether drawn there or as one of a queue or column.
PLACES = """(() => window.__twin.scene.motions.map((m) => [m.fact.name, Array.from({ length: m.count }, (_, k) =>
  [m.columns.id_origin[m.row[k]], m.columns.id_serial[m.row[k]] >>> 0, ...m.lonLatOf(k)])]))()"""
LEGEND = """(() => Object.fromEntries([...document.querySelectorAll("#rows .row")].map((row) =>
  [row.id.slice(7), [...row.querySelectorAll(".count, .states b")].map((value) => value.textContent)])))()"""
METRES = 111_319.5
INSTANTS = 20


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The weekday until nine; or the run that SCENE_RUN names."""
    if "SCENE_RUN" in os.environ:
        return Run(Path(os.environ["SCENE_RUN"]))
    scenario = Path(__file__).parents[2] / "scenarios" / "osaka_weekday.yaml"
    plan, city = api.plan_and_city(api.load(scenario, replications=1))
    end = 9 * 3600.0
    clock = {**plan.content["clock"], "end_s": end, "latest_s": end, "then": "stop"}
    first = plan.content["variants"][:1]
    plan = replace(plan, content={**plan.content, "clock": clock, "drawn": {}, "variants": first})
    folder, options = tmp_path_factory.mktemp("truth") / "study", StudyOptions(workers=1)
    study = go_on(start(plan, city, folder, options), folder, options)
    return Run(study.folder / "runs" / first[0]["name"] / "000")


@pytest.fixture(scope="module")
def seen(run):
    return read_run_view(run)


@pytest.fixture(scope="module")
def page(chromium, seen, tmp_path_factory):
    file = write_scene(seen, tmp_path_factory.mktemp("truth") / "page.html", lang="en")
    found = Opened(chromium, file.as_uri() + "#flat")
    yield found
    found.context.close()


@pytest.fixture(scope="module")
def instants(seen):
    return np.random.Generator(np.random.Philox(14)).uniform(0.25, 1.0, INSTANTS) * (seen.to_s - seen.from_s)


def under_way(seen, at_s):
    """(body, id) -> longitude and latitude by the table, of trips with a path; and how many in each state."""
    traces = standing_between_drives(seen.traces)
    starts = trip_starts(traces)
    first, last = starts[:-1], starts[1:] - 1
    found, states = {}, {}
    for a, b in zip(first, last, strict=True):
        if b > a and traces.time_s[a] <= at_s <= traces.time_s[b]:
            rows = slice(a, b + 1)
            lon, lat = (np.interp(at_s, traces.time_s[rows], v[rows]) for v in (traces.lon_deg, traces.lat_deg))
            body = seen.bodies[traces.body[a]]
            found[body, int(traces.id[a]), int(traces.trip[a])] = (float(lon), float(lat))
            row = a + int(np.searchsorted(traces.time_s[rows], at_s, side="right")) - 1
            states.setdefault(body, []).append(int(traces.state[min(row, b)]))
    return found, states


def test_everybody_is_within_a_metre_of_the_tables_at_every_instant(page, seen, instants):
    compared = 0
    for t in instants:
        page.ask("(t) => window.__twin.timebar.set(t)", float(t))
        truth, _ = under_way(seen, seen.from_s + page.ask("window.__twin.timebar.t"))
        # A second of slack in time is met by none: the clock of the page is the clock of the table.
        for body, rows in page.ask(PLACES):
            told = {who[1]: place for who, place in truth.items() if who[0] == body}
            ids = np.array(list(told), np.uint64)
            named = zip(origins_of(ids).tolist(), serials_of(ids).tolist(), told.values(), strict=True)
            place = {(origin, serial): at for origin, serial, at in named}
            assert len(rows) == len(place), (body, t)
            if not rows:
                continue
            away = np.array([np.subtract(at, place[origin, serial]) for origin, serial, *at in rows])
            scale = METRES * np.array([np.cos(np.radians(seen.places[0].lat_deg)), 1.0])
            assert np.hypot(*(away * scale).T).max() < 1.0, (body, t)
            compared += len(rows)
    assert compared > 20 * INSTANTS


def test_counts_of_the_legend_are_those_of_the_tables(page, seen, instants):
    facts = {body["name"]: body for body in page.ask("window.__twin.scene.facts.bodies")}
    queue = seen.tables["terminal_queue"]
    for t in instants:
        page.ask("(t) => window.__twin.timebar.set(t)", float(t))
        at_s = seen.from_s + page.ask("window.__twin.timebar.t")
        _, states = under_way(seen, at_s)
        legend = page.ask(LEGEND)
        for name, body in facts.items():
            own = states.get(name, [])
            each = [str(own.count(code)) for code in range(len(body["states"]))]
            assert [n.replace(",", "") for n in legend[body["key"]]] == [str(len(own)), *each], (name, t)
        row = np.flatnonzero(queue["time_s"] <= at_s)
        last = row[np.lexsort((queue["change"][row], queue["time_s"][row]))][-1:]
        # Before the first truck of the day the table has no row.
        told = [
            int(queue[n][last].sum()) for n in ("trucks_in_line", "trucks_on_road", "trucks_in_yards", "trucks_inside")
        ]
        shown = [int(n.split(" ")[0].replace(",", "")) for n in legend["queue"]]
        assert shown == told, t


def test_people_are_on_pavements_and_vehicles_on_their_side_of_the_street(page, seen, instants):
    surfaces = Surfaces.of(seen, build_scene(seen))
    seen_count, wrong = 0, []
    for t in instants:
        page.ask("(t) => window.__twin.timebar.set(t)", float(t))
        for name, rows in page.ask(DRAWN):
            if not rows:
                continue
            faults = surfaces.faults(name, [row[:3] for row in rows])
            wrong += [(name, str(fault), round(float(t))) for fault in faults[faults != ""]]
            if name != "walker":
                wrong += [(name, "on the wrong side", round(float(t)))] * int(surfaces.wrong_side(rows).sum())
            seen_count += len(rows)
    assert seen_count > 10 * INSTANTS
    assert len(wrong) <= 0.001 * seen_count, wrong[:10]


def test_squares_rides_and_bays_tell_what_the_tables_say(page, seen, instants):
    compared = set()
    for t in instants:
        page.ask("(t) => window.__twin.timebar.set(t)", float(t))
        at_s = seen.from_s + page.ask("window.__twin.timebar.t")
        legend = page.ask(LEGEND)
        told = {
            key: [int(n.replace(",", "")) for n in legend[key]] for key in ("density", "arcs", "bays") if key in legend
        }
        _, states = under_way(seen, at_s)
        if "density" in told:
            assert told["density"][0] == len(states.get("walker", [])), t
        if "arcs" in told:
            requests, stops = seen.tables["transit_requests"], seen.tables["transit_stops"]
            ids = {place.id for place in seen.places}
            known = stops["stop_index"][[str(stop) in ids for stop in stops["stop"]]]
            boarded = (requests["pickup_s"] <= at_s) & (requests["pickup_s"] > at_s - 3600.0)
            boarded &= np.isfinite(requests["dropoff_s"])
            boarded &= np.isin(requests["from_stop"], known) & np.isin(requests["to_stop"], known)
            assert told["arcs"][0] == requests["party"][boarded].sum(), t
        if "bays" in told:
            stands = seen.tables["kerb_stands"]
            there = (stands["mode"] == "bay") & (stands["from_s"] <= at_s) & (at_s < stands["to_s"])
            taken = len(np.unique(stands["bay"][there]))
            assert told["bays"] == [taken, taken, int(seen.tables["kerb_pockets"]["bays"].sum()) - taken], t
        compared |= {key for key, numbers in told.items() if numbers[0]}
    assert {"density", "arcs"} & compared or "bays" in compared
