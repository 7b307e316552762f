"""Draws of assumptions: a Latin hypercube, keyed by seed and key, the same in every variant."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.scenario.test_questions import WAIT
from twin.errors import ScenarioError
from twin.scenario.plan.draws import drawn_of

SPEED = "road_traffic: {speed: {value: 30 km/h, range: [5 m/s, 40 km/h], grade: G, source: toy}}\n"
BODY = (
    "terminal:\n"
    "  service: {value: 2 min, range: [1 min, 3 min], grade: G, source: toy}\n"
    "  lanes: {A: {count: {value: 6, range: [4, 7], grade: G, source: toy}}}\n"
    "variants:\n"
    "  today: {}\n"
    "  quick: {set: {terminal.service: {value: 90 s, range: [80 s, 100 s], grade: G, source: toy}}}\n"
    "  more: {set: {terminal.lanes.A.count: 8}}\n"
    f"questions: [{{id: wait, kpi: {WAIT}}}]\n"
)


def drawn(load, draws=20, body=BODY, **options):
    more = "".join(f", {key}: {value}" for key, value in options.items())
    return drawn_of(load(f"{body}uncertainty: {{assumptions: every_range, draws: {draws}{more}}}\n"))


def minutes(text):
    return float(text.removesuffix(" min"))


def test_each_value_is_drawn_once_from_each_part_of_its_range(load):
    found = [minutes(draw.values["terminal.service"]) for draw in drawn(load).draws]
    assert sorted(int((x - 1.0) / 2.0 * 20) for x in found) == list(range(20))


def test_whole_numbers_stay_whole_and_each_has_the_same_share(load):
    found = [int(draw.values["terminal.lanes.A.count"]) for draw in drawn(load).draws]
    assert [found.count(n) for n in (4, 5, 6, 7)] == [5, 5, 5, 5]


def test_a_range_in_other_units_is_drawn_in_the_unit_of_the_value(load):
    found = [
        float(draw.values["road_traffic.speed"].removesuffix(" km/h")) for draw in drawn(load, body=SPEED + BODY).draws
    ]
    assert 18.0 <= min(found) < 20.0
    assert 38.0 < max(found) <= 40.0


def test_one_assumption_more_leaves_the_draws_of_the_others_as_they_were(load):
    one, two = drawn(load), drawn(load, body=SPEED + BODY)
    for key in ("terminal.service", "terminal.lanes.A.count"):
        assert [d.values[key] for d in one.draws] == [d.values[key] for d in two.draws]
    other = drawn_of(load(BODY + "seed: 99\nuncertainty: {assumptions: every_range, draws: 20}\n"))
    assert [d.values for d in one.draws] != [d.values for d in other.draws]


def test_columns_of_different_keys_do_not_go_together(load):
    found = drawn(load, 200, body=SPEED + BODY).draws
    service = [minutes(d.values["terminal.service"]) for d in found]
    speed = [float(d.values["road_traffic.speed"].removesuffix(" km/h")) for d in found]
    assert abs(np.corrcoef(service, speed)[0, 1]) < 4 / np.sqrt(200)


def test_every_variant_takes_the_same_draw_where_it_has_not_set_the_value_itself(load):
    found = drawn(load)
    models = {entry["name"]: entry["models"]["terminal"] for entry in found.variants}
    for draw in found.draws:
        today, quick, more = (models[draw.made[name]] for name in ("today", "quick", "more"))
        assert today["service_s"] == pytest.approx(60 * minutes(draw.values["terminal.service"]), rel=1e-5)
        assert more["service_s"] == today["service_s"]
        assert today["lanes"]["A"]["count"] == int(draw.values["terminal.lanes.A.count"])
        assert quick["lanes"] == today["lanes"]
        assert more["lanes"]["A"]["count"] == 8
        assert quick["service_s"] != today["service_s"]


def test_each_assumption_is_moved_alone_to_either_end(load):
    found = drawn(load)
    models = {entry["name"]: entry["models"]["terminal"] for entry in found.variants}
    service, lanes = found.ends
    assert (service.key, service.low, service.value, service.high, service.unit) == (
        "terminal.service",
        1.0,
        2.0,
        3.0,
        "min",
    )
    assert models[service.at_low["today"]]["service_s"] == 60.0
    assert models[service.at_high["today"]]["lanes"]["A"]["count"] == 6
    assert models[lanes.at_high["today"]]["lanes"]["A"]["count"] == 7


def test_only_the_keys_named_are_drawn(load):
    found = drawn_of(load(BODY + "uncertainty: {assumptions: [terminal.service], draws: 3}\n"))
    assert [set(draw.values) for draw in found.draws] == [{"terminal.service"}] * 3


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ("uncertainty: {assumptions: [terminal.trucks], draws: 3}\n", "terminal.trucks has no range to draw from"),
        ("uncertainty: {assumptions: [terminal.servise], draws: 3}\n", "terminal.servise has no range to draw from"),
    ],
)
def test_what_has_no_range_cannot_be_drawn(load, lines, what):
    with pytest.raises(ScenarioError, match=what):
        drawn_of(load(BODY + lines))
    with pytest.raises(ScenarioError, match="no value has a range"):
        drawn_of(
            load(
                "terminal:\nvariants: {a: {}, b: {set: {terminal.service: 1 min}}}\n"
                f"questions: [{{id: q, kpi: {WAIT}}}]\nuncertainty: {{assumptions: every_range}}\n"
            )
        )


def test_without_questions_or_assumptions_nothing_is_drawn(load):
    assert drawn_of(load(BODY)).draws == []
    assert drawn_of(load(BODY + "uncertainty: {luck: until_decided}\n")).draws == []
    assert drawn_of(load(BODY.partition("questions")[0] + "uncertainty: {assumptions: every_range}\n")).draws == []
