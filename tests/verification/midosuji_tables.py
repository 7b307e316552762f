"""Figures of the walkers' README, from whole days on the bundled Midosuji.

Run:  python -m tests.verification.midosuji_tables day|trials
"""

from __future__ import annotations

import sys

import numpy as np

from twin.city.editing.edits import apply_edits
from twin.city.keeping.build import find_city
from twin.engine.city_model import CityModel
from twin.models.pedestrian.model import Pedestrian
from twin.models.pedestrian.params import PedestrianParams

TODAY = {"places": {"hours": True}, "crossings": {"cycle": 150.0}}


def whole_day(city, seed=1, **params):
    """Tables of one day from 05:00, and the model."""
    model = Pedestrian(PedestrianParams.model_validate(TODAY | params), city, {})
    city_model = CityModel([model], start_s=18000.0, end_s=86400.0, step_s=600.0, run_seed=np.uint64(seed))
    parts = []
    while not (city_model.now_s >= 86400.0 and model.is_empty()):
        city_model.step()
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


def tell_day(city):
    """Classes, the pavement at Yodoyabashi, the arcade, who stays at once."""
    tables, model = whole_day(city, sample_share=0.2, inside={"residents": 12000.0})
    visits, links, stays = (tables[f"pedestrian_{name}"] for name in ("visits", "links", "stays"))
    minutes = visits["dwell_s"] / 60
    print("share 15 to 180 min", share(tables, (minutes >= 15) & (minutes <= 180)))
    for name in np.unique(visits["class"]):
        mine = (visits["class"] == name) & (visits["counted"] > 0)
        people = visits["people"][mine]
        print(
            f"{name:15s} {people.sum():7.0f} people, median {np.median(minutes[mine]):5.1f} min, "
            f"walk {np.median(visits['walked_m'][mine]):5.0f} m, no stop "
            f"{np.average(visits['stays_count'][mine] == 0, weights=people):.2f}, "
            f"one stop {np.average(visits['stays_count'][mine] == 1, weights=people):.2f}"
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


def edit(name, change, start, end, **values):
    where = {"street": "御堂筋", "names": ["御堂筋"], "start": [start], "end": [end], "sides": ["east", "west"]}
    if change == "lanes_to_pavement":
        where["lanes"] = "side"
    return {"measure": name, "key": f"measures.{name}", "change": change, "where": where, "values": values}


def tell_trials(city):
    """Widening and seats between Nagahori and the river, a quarter of the visitors, two days each."""
    section = "長堀通", "宗右衛門町通"
    step1 = edit("step1", "lanes_to_pavement", *section, pavement_width_m=14.0, furniture_m=3.0)
    rest = edit("rest", "lanes_to_pavement", "北浜通", "長堀通", pavement_width_m=15.0, furniture_m=3.0)
    seats = edit("seats", "add_seats", *section, seats=420)
    on_section = list(apply_edits(city, [seats]).city.street_life[0].links)
    beside = [p.id for p in city.places if 34.6695 < p.lat_deg < 34.6752 and abs(p.lon_deg - 135.50035) < 0.0006]
    variants = {"today": [], "step1": [step1], "all": [step1, rest], "seats": [seats], "both": [step1, seats]}
    print("share, head count, walked km on the section, stays beside it, minutes stayed, crowded min, there, worth min")
    for name, edits in variants.items():
        found = []
        for seed in (1, 2):
            tables, _ = whole_day(apply_edits(city, edits).city, seed, sample_share=0.25)
            visits, links, stays = (tables[f"pedestrian_{n}"] for n in ("visits", "links", "stays"))
            stayed = (visits["dwell_s"] >= 900) & (visits["dwell_s"] <= 10800)
            here = np.isin(links["link_index"], on_section)
            at = np.isin(stays["place"], beside)
            known = np.isfinite(visits["worth_min"])
            found.append([
                share(tables, stayed),
                visits["people"][stayed & (visits["counted"] > 0)].sum(),
                (links["entries_count"] * city.walk.length_m[links["link_index"]])[here].sum() / 1000,
                stays["arrivals_count"][at].sum(),
                stays["person_s"][at].sum() / 60,
                links["crowded_person_s"].sum() / 60,
                links["crowded_person_s"][here].sum() / 60,
                np.average(visits["worth_min"][known], weights=visits["people"][known]),
            ])  # fmt: skip
        print(name, np.mean(found, axis=0).round(4).tolist())


if __name__ == "__main__":
    from pathlib import Path

    bundled = find_city("osaka_midosuji", Path())
    {"day": tell_day, "trials": tell_trials}[sys.argv[1] if len(sys.argv) > 1 else "day"](bundled)
