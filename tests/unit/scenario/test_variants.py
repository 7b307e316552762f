"""Base, measures, variants: merging, inheritance, clashes."""

import pytest

from twin.errors import ScenarioError
from twin.scenario.language.variants import params_with_changes

BODY = """\
terminal: {trucks: 2000, opening: [08:30-11:30, 13:00-16:30], lanes: {A: {count: 6}, B: {count: 2}}}
measures:
  lunch: {label: {ja: 昼休み開放, en: Open at lunch}, cost: 12 million yen, set: {terminal.opening: [08:30-16:30]}}
  lane: {set: {terminal: {lanes: {B: {kind: reserved}}}}}
  quota: {set: {terminal.quota: {slot: 30 min}}}
  flood: {set: {terminal.trucks: 4000, terminal.opening: [05:00-20:00]}}
"""


def fault(load, variants):
    with pytest.raises(ScenarioError) as caught:
        load(BODY + variants)
    return caught.value


def gate(scenario, name):
    return scenario.variants[name].models["terminal"]


def test_mappings_merge_and_lists_and_scalars_replace(load):
    scenario = load(BODY + "variants:\n  today: {}\n  all: {with: [lunch, lane, quota]}\n")
    assert gate(scenario, "today").opening == ((30600.0, 41400.0), (46800.0, 59400.0))
    assert gate(scenario, "all").opening == ((30600.0, 59400.0),)
    assert {k: (v.count, v.kind) for k, v in gate(scenario, "all").lanes.items()} == {
        "A": (6, "ordinary"),
        "B": (2, "reserved"),
    }
    assert gate(scenario, "all").quota.slot_s == 1800.0
    assert gate(scenario, "all").quota.booked == 0.6
    assert gate(scenario, "today").quota is False


def test_a_variant_starts_from_another_and_its_own_changes_come_last(load):
    scenario = load(
        BODY
        + (
            "variants:\n  c: {from: b, set: {terminal.trucks: 10}}\n  b: {from: a, with: [lane]}\n"
            "  a: {with: [lunch], label: 昼}\n"
        )
    )
    assert list(scenario.variants) == ["c", "b", "a"]
    assert scenario.variants["c"].measures == ("lunch", "lane")
    assert gate(scenario, "c").trucks == 10.0
    assert gate(scenario, "c").opening == gate(scenario, "a").opening == ((30600.0, 59400.0),)
    assert gate(scenario, "b").trucks == 2000.0
    assert scenario.variants["a"].label.to_dict() == {"ja": "昼", "en": "昼"}
    assert scenario.variants["b"].label.en == "b"


def test_two_measures_that_set_one_key_differently_are_an_error_naming_both_lines(load):
    (problem,) = fault(load, "variants:\n  a: {with: [lunch, flood]}\n").problems
    assert problem.what == (
        "measures lunch (line 7) and flood (line 10) of variant a both set terminal.opening, to a list and to a list"
    )
    assert "line 12" in problem.where


def test_the_clash_is_found_across_inheritance_too(load):
    text = str(fault(load, "variants:\n  a: {with: [lunch]}\n  b: {from: a, with: [flood]}\n"))
    assert "of variant b both set terminal.opening" in text


def test_a_value_against_a_group_of_keys_clashes(load):
    text = str(fault(load, "  off: {set: {terminal.quota: false}}\nvariants:\n  a: {with: [quota, off]}\n"))
    assert "both set terminal.quota, to a group of keys and to false" in text


def test_measures_that_agree_do_not_clash(load):
    load(BODY + "  again: {set: {terminal.opening: [08:30-16:30]}}\nvariants:\n  a: {with: [lunch, again]}\n")


def test_a_circle_of_variants_is_named(load):
    text = str(fault(load, "variants:\n  a: {from: b}\n  b: {from: c}\n  c: {from: a}\n"))
    assert "variants stand on each other in a circle: a from b from c from a" in text


@pytest.mark.parametrize(
    ("variants", "what", "mend"),
    [
        ("variants: {a: {with: [lnch]}}\n", "variant a names 'lnch', which is no measure", "did you mean lunch?"),
        ("variants: {a: {from: bb}, b: {}}\n", "variant a starts from 'bb', which is no variant", "did you mean b?"),
        (
            "variants: {a: {with: [lunch, lunch]}}\n",
            "variants.a.with: measure 'lunch' is named twice; name it once",
            "",
        ),
        (
            "variants: {a: {set: {terminl.trucks: 3}}}\n",
            "'terminl' is no model; changes are of models' keys",
            "did you mean terminal?",
        ),
        (
            "variants: {a: {set: {terminal..trucks: 3}}}\n",
            "'terminal..trucks' is no key",
            "write keys joined by single dots",
        ),
        ("variants: {a: {set: 3}}\n", "set must be a group of keys", "write set: {model.key: value}"),
        ("  empty: {label: x}\n", "the measure sets nothing", "add set: {terminal.opening: [08:30-16:30]}"),
        (
            "  edit: {from_date: done, set: {terminal.trucks: 3}}\n",
            "from_date is not yet understood by this version",
            "leave it out for now",
        ),
    ],
)
def test_wrong_variants_and_measures_are_named(load, variants, what, mend):
    (problem,) = fault(load, variants).problems
    assert problem.what == what
    assert mend is None or problem.mend == mend


def test_a_fault_in_a_measure_is_told_at_the_measure_and_once(load):
    (problem,) = fault(
        load,
        ("  bad: {set: {terminal.service: 2 hours 3}}\nvariants:\n  a: {with: [bad]}\n  b: {from: a, with: [lane]}\n"),
    ).problems
    assert "line 11, column 33, measures.bad.set.terminal.service" in problem.where


def test_a_measure_nobody_uses_is_checked_all_the_same(load):
    assert "unknown key 'truks'" in str(fault(load, "  idle: {set: {terminal.truks: 3}}\nvariants: {a: {}}\n"))


def test_one_key_set_twice_within_a_measure_is_an_error(load):
    text = str(fault(load, "  m: {set: {terminal.trucks: 1, terminal: {trucks: 2}}}\n"))
    assert "terminal.trucks is set twice, on line 11 and on line 11" in text


def test_costs_are_kept_in_yen(load):
    cost = "{build: 2 million yen, upkeep: 1 million yen/year}"
    scenario = load(BODY + f"  b: {{cost: {cost}, set: {{terminal.trucks: 1}}}}\n")
    assert scenario.measures["lunch"].cost == 12e6
    assert scenario.measures["b"].cost.upkeep_yen_per_year == 1e6


def test_the_same_variant_under_two_names_has_equal_parameters(load):
    scenario = load(BODY + "variants: {a: {with: [lunch]}, b: {with: [lunch]}}\n")
    assert scenario.variants["a"].models == scenario.variants["b"].models


def test_a_fork_changes_a_resolved_variant(load):
    resolved = load(BODY + "variants: {a: {with: [quota]}}\n").variants["a"].resolved
    params = params_with_changes(resolved, {"terminal.lanes.A.count": 5, "terminal.quota.slot": "20 min"})
    assert params["terminal"].lanes["A"].count == 5
    assert params["terminal"].lanes["B"].count == 2
    assert params["terminal"].quota.slot_s == 1200.0


def test_wrong_changes_of_a_fork_name_the_key():
    with pytest.raises(ScenarioError) as caught:
        params_with_changes({"terminal": {}}, {"terminal.trucks": -1, "terminal.servce": "2 min"})
    assert [p.where for p in caught.value.problems] == ["terminal.trucks", "terminal.servce"]
    with pytest.raises(ScenarioError, match="did you mean terminal"):
        params_with_changes({"terminal": {}}, {"terminl.trucks": 1})
