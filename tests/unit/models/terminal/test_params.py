"""What the parameters refuse, and what they say."""

import pytest
from pydantic import ValidationError

from twin.models.terminal.params import TerminalParams
from twin.params import GRADES, Params, field_facts


def complaint(**values):
    with pytest.raises(ValidationError) as caught:
        TerminalParams.model_validate(values, context={"from_file": True})
    return str(caught.value)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"opening": ["08:30-11:30", "11:00-16:30"]}, "11:00-16:30 begins before 08:30-11:30 ends"),
        ({"opening": []}, "at least 1 item"),
        ({"lanes": {"A": {"count": 0}}}, "every group has 0 lanes"),
        ({"lanes": {"A": {"count": -3}}}, "greater than or equal to 0"),
        ({"lanes": {"A": {"count": 3, "opening": ["08:30-10:00"]}}}, "none is open at the last closing, 16:30"),
        ({"lanes": {"A": {"count": 3, "opening": []}}}, "lanes that never open"),
        ({"lanes": {"A": {"count": 3}}, "conpas": {"reserved_lane": True}}, "no lane of kind reserved"),
        (
            {"lanes": {"A": {"count": 3, "kind": "reserved"}}, "conpas": {"reserved_lane": True}},
            "leaves ordinary trucks no lane",
        ),
        ({"lane_closures": {"w": {"lanes": "Z", "count": 1, "hours": "09:00-15:00"}}}, "no group of lanes is named"),
        ({"service": {"mean": "-2 min"}}, "greater than 0"),
        ({"service": {"mean": 150}}, "150 has no unit"),
        ({"conpas": {"booked_share": "70 %", "booked_share_cap": "50 %"}}, "70% is above its cap of 50%"),
        ({"conpas": {"quota": {"slots": {"12:00": 50}}}}, "12:00 is not the start of a slot"),
        ({"demand": {"hourly": {"08:00": -5}}}, "-5 trucks at 28800 s"),
        (
            {"demand": {"kinds": {"laden_out": "0 %", "laden_in": "0 %", "empty_out": "0 %", "empty_in": "0 %"}}},
            "all 0",
        ),
    ],
)
def test_wrong_values_are_refused_with_the_value(values, words):
    assert words in complaint(**values)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"lanes": {"A": {"count": 2}, "T": {"count": 1, "kind": "trouble"}}}, "go together"),
        ({"trouble": {"at": "gate_lane"}}, "go together"),
        ({"lanes": {"W": {"count": 2, "kind": "oversize"}}}, "none is open at the last closing"),
        (
            {"lanes": {"A": {"count": 2}, "W": {"count": 1, "kind": "oversize", "opening": ["08:30-11:30"]}}},
            "oversize trucks need one",
        ),
        (
            {"lanes": {"A": {"count": 2}, "T": {"count": 1, "kind": "trouble", "opening": ["08:30-11:30"]}},
             "trouble": {"at": "gate_lane"}},
            "trucks in trouble need one",
        ),
        ({"jockey_difference": 1}, "jockey_difference"),
    ],
)  # fmt: skip
def test_lanes_that_some_trucks_could_never_use_are_refused(values, words):
    assert words in complaint(**values)


def test_a_switch_may_be_true_false_or_a_mapping():
    params = TerminalParams.model_validate(
        {"conpas": {"quota": True, "checked_documents": False, "approach_signal": {"lead": "20 min"}}, "yard": False},
        context={"from_file": True},
    )
    assert params.conpas.quota
    assert params.conpas.quota.per_slot == 180.0
    assert not params.conpas.checked_documents
    assert params.conpas.approach_signal.lead_s == 1200.0
    assert params.yard is False


def test_the_estimate_counts_the_trucks_of_the_day():
    assert TerminalParams().estimate_agents() == 2300.0
    assert TerminalParams.model_validate({"demand": {"day_total": 1000.0, "factor": 2.0}}).estimate_agents() == 2000.0


def groups(kind):
    found = [kind]
    for field in kind.model_fields.values():
        for part in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(part, type) and issubclass(part, Params):
                found += groups(part)
    return found


def test_every_default_has_a_source_and_a_grade():
    for group in groups(TerminalParams):
        for name, field in group.model_fields.items():
            facts = field_facts(field)
            nested = isinstance(field.default, Params)
            assert nested or facts["grade"] in GRADES, (group, name)
            assert nested or len(facts["source"]) > 4, (group, name)
