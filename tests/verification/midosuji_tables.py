"""Figures of the walkers' README, from whole days on the bundled Midosuji.

Run:  python -m tests.verification.midosuji_tables day                              who walks, passes and stays
      python -m tests.verification.midosuji_tables lines                            the same with exits of other lines
      python -m tests.verification.midosuji_tables trials --pairs 20 --rows FILE    measures beside today
      python -m tests.verification.midosuji_tables event --pairs 20 --rows FILE     an evening of lights, streets closed

Pairs are days with the same luck with and without a measure. Rows that stand in FILE are not done again, so that a
table can be made bit by bit; ``--at-most RUNS`` says how many now.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from twin.city.editing.edits import apply_edits
from twin.city.keeping.build import find_city
from twin.engine.city_model import CityModel
from twin.models.pedestrian.kpis import where
from twin.models.pedestrian.model import Pedestrian
from twin.models.pedestrian.params import PedestrianParams
from twin.results.verdicts import interval_of

TODAY = {"places": {"hours": True}, "crossings": {"cycle": 150.0}}
#: Nagahori to the Dotonbori river, as in the shipped scenarios.
SOUTH = ("長堀通", "宗右衛門町通")
CENTRE = ("本町通", "長堀通")
EVENING = (61200.0, 75600.0)


def whole_day(city, seed=1, trace_share=0.0, **params):
    """Tables of one day from 05:00, and the model."""
    model = Pedestrian(PedestrianParams.model_validate(TODAY | params), city, {})
    clock = {"start_s": 18000.0, "end_s": 86400.0, "step_s": 600.0}
    city_model = CityModel([model], **clock, run_seed=np.uint64(seed), trace_share=trace_share)
    parts = []
    while not (city_model.now_s >= 86400.0 and model.is_empty()):
        city_model.step()
        parts.append(model.drain_tables())
    model.finish()
    parts.append(model.drain_tables())
    names = {name for part in parts for name in part}
    return {
        name: {c: np.concatenate([p[name][c] for p in parts if name in p]) for c in first_of(parts, name)}
        for name in names
    }, model


def first_of(parts, name):
    return next(part[name] for part in parts if name in part)


def share(tables, chosen):
    """Share of the counted people among the chosen, by people."""
    visits = tables["pedestrian_visits"]
    counted = visits["counted"] > 0
    return np.average(chosen[counted], weights=visits["people"][counted])


def tell_day(city, **params):
    """Classes, the pavement at Yodoyabashi, the arcade, who stays at once, who overruns."""
    tables, model = whole_day(city, trace_share=0.5, sample_share=0.2, inside={"residents": 12000.0}, **params)
    visits, links, stays = (tables[f"pedestrian_{name}"] for name in ("visits", "links", "stays"))
    minutes = visits["dwell_s"] / 60
    print("share 15 to 180 min", share(tables, (minutes >= 15) & (minutes <= 180)))
    moving_s = visits["dwell_s"] - visits["stay_s"] - visits["wait_s"] - visits["room_wait_s"]
    pace = visits["walked_m"] / np.maximum(moving_s, 1.0)
    over_s = np.maximum(visits["dwell_s"] - visits["budget_s"], 0.0)
    for name in np.unique(visits["class"]):
        mine = (visits["class"] == name) & (visits["counted"] > 0)
        people = visits["people"][mine]
        print(
            f"{name:15s} {people.sum():7.0f} people, median {np.median(minutes[mine]):5.1f} min, "
            f"walk {np.median(visits['walked_m'][mine]):5.0f} m at {np.median(pace[mine]):.2f} m/s, no stop "
            f"{np.average(visits['stays_count'][mine] == 0, weights=people):.2f}, "
            f"one stop {np.average(visits['stays_count'][mine] == 1, weights=people):.2f}, over their time "
            f"{np.average(over_s[mine] > 0, weights=people):.3f}, 95 % by {np.quantile(over_s[mine], 0.95):.0f} s"
        )
    walk = city.walk
    day = np.bincount(links["link_index"], weights=links["entries_count"], minlength=walk.link_count)
    evening = (links["from_s"] >= 63600) & (links["from_s"] < 66000)
    then = np.bincount(links["link_index"][evening], weights=links["entries_count"][evening], minlength=walk.link_count)
    lat, lon = walk.lat_deg, walk.lon_deg
    a, b = walk.link_from, walk.link_to
    west = (lat[b] > lat[a]) & (np.abs(lon[a] - lon[b]) < 1e-4) & (walk.length_m > 25) & (lon[a] < 135.50096)
    west &= (lon[a] > 135.5006) & ((lat[a] + lat[b]) / 2 > 34.6914) & ((lat[a] + lat[b]) / 2 < 34.694)
    print("Yodoyabashi, west, northbound, 17:40 to 18:20:", then[west].tolist())
    arcade = [
        i for i in range(walk.link_count) if walk.name_index[i] >= 0 and walk.names[walk.name_index[i]] == "心斎橋筋"
    ]
    twin = model.form.world.links.twin
    print("busiest link of the arcade, both ways:", max(day[i] + day[twin[i]] for i in arcade))
    for name, south, north in (("Shinsaibashi", 34.6700, 34.6753), ("Umeda", 34.6985, 34.71)):
        here = [p.id for p in city.places if p.kind == "poi" and south < p.lat_deg < north]
        for hour in (13.0, 18.5):
            now = np.isin(stays["place"], here) & (stays["from_s"] == hour * 3600)
            print(f"staying at once at {name}, {hour:g} h:", round(stays["person_s"][now].sum() / 600))
    told = {(kpi.kpi, kpi.group): kpi.value for kpi in where.compute(tables)}
    stations = {}
    for (kpi, group), heads in told.items():
        if kpi == "pedestrian.exit_count" and group != "all":
            count = stations.setdefault(group.rpartition("-")[0], [0.0, 0.0])
            count[0] += heads
            count[1] += heads * told["pedestrian.exit_share", group]
    for station, (heads, stayed) in stations.items():
        print(f"by {station}: {heads:.0f} people, share {stayed / heads:.3f}")
    for (kpi, group), value in told.items():
        if "border" in kpi or "seat" in kpi:
            print(kpi, group, round(value, 4))


def tell_lines(city):
    """The day with exits of other lines, as ``scenarios/midosuji_lines.yaml`` names them."""
    from twin import api

    plan, _ = api.plan_and_city(api.load(Path(__file__).resolve().parents[2] / "scenarios" / "midosuji_lines.yaml"))
    more = plan.params_of("lines")["pedestrian"].model_dump()["more_exits"]
    tell_day(city, more_exits=more)


def edit(name, change, start, end, span_s=None, **values):
    where = {"street": "御堂筋", "names": ["御堂筋"], "start": [start], "end": [end], "sides": ["east", "west"]}
    if change == "lanes_to_pavement":
        where["lanes"] = "side"
    hours = {} if span_s is None else {"span_s": list(span_s)}
    return {"measure": name, "key": f"measures.{name}", "change": change, "where": where, "values": values, **hours}


def under(name, *ends):
    """A way below Midosuji between two exits, with escalators."""
    link = {"from": {"place": ends[0]}, "to": {"place": ends[1]}, "width_m": 6.0, "depth_m": 6.0, "access": "escalator"}
    return {
        "measure": name,
        "key": f"measures.{name}",
        "change": "underground_link",
        "where": {},
        "values": {"link": link},
    }


def trials():
    """Widening, seats, cafes, planting and ways below ground between Nagahori and the river."""
    step1 = edit("step1", "lanes_to_pavement", *SOUTH, pavement_width_m=14.0, furniture_m=3.0)
    rest = edit("rest", "lanes_to_pavement", "北浜通", "長堀通", pavement_width_m=15.0, furniture_m=3.0)
    seats = edit("seats", "add_seats", *SOUTH, seats=420)
    cafes = edit("cafes", "add_places", *SOUTH, places=6.0, attraction=4.0, seats=20.0, category="food")
    below = [under("below_1", "shinsaibashi-1", "shinsaibashi-2"), under("below_2", "shinsaibashi-7", "shinsaibashi-8")]
    return {
        "today": [],
        "step1": [step1],
        "all": [step1, rest],
        "seats": [seats],
        "cafes": [cafes],
        "below": below,
        "both": [step1, seats],
    }


def events():
    """An evening of lights from Honmachi to Nagahori, and with roadway and pavement closed for it."""
    crowd = {"event": 8.0, "visitors": 45000.0, "extra": 27000.0}
    shut = {"pavement": True, "roadway": True, "span_s": list(EVENING)}
    return {
        "today": [],
        "lights": [edit("lights", "event", *CENTRE, EVENING, **crowd)],
        "closed": [edit("lights", "event", *CENTRE, EVENING, **crowd, closes=shut)],
    }


def figures(city, variant, seed, section, sample_share):
    """What a table shows of one day."""
    tables, _ = whole_day(variant, seed, sample_share=sample_share, inside={"residents": 12000.0})
    visits, links, stays = (tables[f"pedestrian_{n}"] for n in ("visits", "links", "stays"))
    seats = edit("s", "add_seats", *section, seats=1)
    on_section = list(apply_edits(city, [seats]).city.street_life[0].links)
    nodes = np.unique(city.walk.link_to[on_section])
    lat = city.walk.lat_deg[nodes]
    beside = [
        p.id
        for p in city.places
        if p.kind == "poi" and lat.min() < p.lat_deg < lat.max() and abs(p.lon_deg - 135.5003) < 0.0009
    ]
    stayed = (visits["dwell_s"] >= 900) & (visits["dwell_s"] <= 10800)
    # Rows of links move where a measure adds some; those of the map are found by their nodes and way.
    layer = variant.walk
    key_of = [tuple(k) for k in np.column_stack([layer.link_from, layer.link_to, layer.way_id]).tolist()]
    wanted = {
        tuple(k)
        for k in np.column_stack([city.walk.link_from, city.walk.link_to, city.walk.way_id])[on_section].tolist()
    }
    here = np.array([key in wanted for key in key_of])[links["link_index"]]
    at = np.isin(stays["place"], beside) | np.char.startswith(stays["place"], "measure/")
    known = np.isfinite(visits["worth_min"])
    counted = visits["counted"] > 0
    return {
        "share 15-180": float(share(tables, stayed)),
        "share under 15": float(share(tables, visits["dwell_s"] < 900)),
        "people 15-180": float(visits["people"][stayed & counted].sum()),
        "people": float(visits["people"][counted].sum()),
        "walked km there": float((links["entries_count"] * layer.length_m[links["link_index"]])[here].sum() / 1000),
        "stays beside": float(stays["arrivals_count"][at].sum()),
        "h stayed beside": float(stays["person_s"][at].sum() / 3600),
        "crowded min": float(links["crowded_person_s"].sum() / 60),
        "crowded min there": float(links["crowded_person_s"][here].sum() / 60),
        "worth min": float(np.average(visits["worth_min"][known], weights=visits["people"][known])),
    }


def tell_pairs(city, edits_of, section, asked):
    """Do what is missing, then tell means of today and paired differences with 95 % intervals."""
    found = {}
    if asked.rows and asked.rows.is_file():
        for line in asked.rows.read_text(encoding="utf-8").splitlines():
            name, seed, values = json.loads(line)
            found[name, seed] = values
    variants = {name: apply_edits(city, edits).city for name, edits in edits_of.items()}
    for seed in range(1, asked.pairs + 1):
        for name, variant in variants.items():
            if (name, seed) in found or asked.at_most <= 0:
                continue
            asked.at_most -= 1
            found[name, seed] = figures(city, variant, seed, section, asked.sample)
            if asked.rows:
                with asked.rows.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([name, seed, found[name, seed]]) + "\n")
    whole = [s for s in range(1, asked.pairs + 1) if all((name, s) in found for name in variants)]
    print(f"{len(whole)} pairs, {asked.sample:.0%} of the visitors walked")
    for figure in next(iter(found.values()), {}):
        base = np.array([found["today", s][figure] for s in whole])
        parts = [f"{figure:18s} today {base.mean():.5g}"]
        for name in list(variants)[1:]:
            change = np.array([found[name, s][figure] for s in whole]) - base
            span = interval_of(change) if len(whole) > 1 else None
            ends = f" [{span.lo:+.4g}, {span.hi:+.4g}]" if span else ""
            parts.append(f"{name} {change.mean():+.4g}{ends} ({change.mean() / base.mean():+.1%})")
        print("; ".join(parts))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=("day", "lines", "trials", "event"))
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--sample", type=float, default=0.2, help="share of the visitors that are walked")
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--at-most", type=int, default=10_000, help="runs now; those that are missing wait")
    asked = parser.parse_args()
    city = find_city("osaka_midosuji", Path())
    if asked.table == "trials":
        tell_pairs(city, trials(), SOUTH, asked)
    elif asked.table == "event":
        tell_pairs(city, events(), CENTRE, asked)
    else:
        {"day": tell_day, "lines": tell_lines}[asked.table](city)


if __name__ == "__main__":
    main()
