"""The gate of today stands once: shipped scenarios, the starter, the map and the README agree on it."""

import re
from pathlib import Path

import pytest

from twin.data import network_path
from twin.models.terminal.params import TerminalParams
from twin.scenario.language.document import Problems, parse_document, plain
from twin.scenario.language.load import load_scenario
from twin.scenario.plan.guesses import guesses_of
from twin.scenario.plan.new import KINDS, starter_text

SCENARIOS = sorted((Path(__file__).resolve().parents[2] / "scenarios").glob("*.yaml"))
WITH_A_GATE = [path for path in SCENARIOS if re.search(r"^terminal:", path.read_text(encoding="utf-8"), re.MULTILINE)]
TODAY = TerminalParams()
#: What makes the gate: no file may state it in its base.
GATE = ("lanes", "service", "move_up", "out_gate", "yard", "trouble", "oversize", "queues", "opening")


def base_of(path):
    """The terminal's section as written, before any measure."""
    problems = Problems(str(path))
    return plain(parse_document(path.read_text(encoding="utf-8"), problems))["terminal"]


def lanes_of(params):
    return sum(group.count for group in params.lanes.values())


@pytest.mark.parametrize("path", WITH_A_GATE, ids=lambda path: path.stem)
def test_a_shipped_scenario_does_not_restate_the_gate_of_today(path):
    base = base_of(path)
    assert not set(base) & set(GATE)


@pytest.mark.parametrize("path", WITH_A_GATE, ids=lambda path: path.stem)
def test_every_variant_of_a_shipped_scenario_has_the_lanes_of_today(path):
    for name, variant in load_scenario(path).variants.items():
        params = variant.models["terminal"]
        assert lanes_of(params) == lanes_of(TODAY) == 16, name
        assert params.service == TODAY.service, name
        assert params.move_up_s == TODAY.move_up_s, name


@pytest.mark.parametrize("path", [p for p in WITH_A_GATE if p.stem.startswith("yumeshima")], ids=lambda path: path.stem)
def test_a_shipped_scenario_says_in_its_first_lines_what_is_guessed(path):
    text = path.read_text(encoding="utf-8")
    head = "\n".join(line for line in text.split("\ntwin: 1")[0].splitlines() if line.startswith("#"))
    assert re.search(r"guess", head, re.IGNORECASE)


@pytest.mark.parametrize("path", WITH_A_GATE, ids=lambda path: path.stem)
def test_the_trucks_of_a_day_are_those_of_the_guessed_day(path):
    demand = base_of(path).get("demand", {})
    if "day_total" in demand:
        assert demand["day_total"]["value"] == f"{sum(TODAY.demand.hourly.values()):.0f} trucks"
        assert demand["day_total"]["grade"] == "G"
    else:
        assert "vessels" in demand


@pytest.mark.parametrize("kind", [kind for kind, what in KINDS.items() if "terminal" in what.models])
def test_the_starter_shows_the_gate_of_today(kind, tmp_path):
    text = starter_text("mine", kind)
    assert "A: {count: 10" in text
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    assert load_scenario(path).variants["today"].models["terminal"].lanes == TODAY.lanes


def test_the_map_says_nothing_of_the_lanes_of_the_gate():
    text = network_path("osaka_yumeshima").read_text(encoding="utf-8")
    gates = re.findall(r"<node [^>]*>(?:(?!</node>).)*twin:place\" v=\"gate\".*?</node>", text, re.DOTALL)
    assert len(gates) == 2
    assert not any('k="lanes"' in gate for gate in gates)


def test_reserved_lanes_follow_the_work_that_booked_trucks_bring():
    """Trucks that come in their slot, times their service, over the work of all; rounded, at least one."""
    variants = load_scenario(next(p for p in SCENARIOS if p.stem == "yumeshima_conpas")).variants
    for name in ("conpas", "conpas_10", "conpas_30", "conpas_90"):
        params = variants[name].models["terminal"]
        quota, share = params.conpas.quota, params.conpas.booked_share
        in_slot = share * (1 - quota.no_show_with_penalty) * quota.on_time_with_penalty
        fast = params.conpas.checked_documents.service_factor * params.service.mean_s + params.move_up_s
        slow = params.service.mean_s + params.move_up_s
        booked, others = in_slot * fast, (share - in_slot) * fast + (1 - share) * slow
        wanted = 16 * booked / (booked + others)
        assert abs(params.lanes["B"].count - max(wanted, 1)) <= 1.0, name
        assert params.lanes["B"].kind == "reserved"
    label = variants["conpas_30_half"].label
    assert "how not to" in str(label)
    assert "悪い例" in str(label)


def test_the_range_of_todays_gate_stands_beside_it_and_is_what_rank_moves():
    scenario = load_scenario(next(p for p in SCENARIOS if p.stem == "yumeshima_quota"))
    found = {g.key: (g.basis, g.low_text, g.value_text, g.high_text) for g in guesses_of(scenario, "q230_10_6")}
    assert found["terminal.lanes.A.count"] == ("range", "8", "10", "12")
    assert found["terminal.lanes.B.count"] == ("range", "4", "6", "8")
    assert found["terminal.service.mean"][0] == "range"
    assert found["terminal.yard.blocks"][0] == "quarter"
    moved = next(g for g in guesses_of(scenario, "q230_10_6") if g.key == "terminal.lanes.A.count")
    lanes = moved.high["terminal"].lanes
    assert (lanes["A"].count, lanes["B"].count, lanes["B"].kind) == (12, 6, "reserved")


def test_the_list_of_defaults_tells_the_range_of_the_lanes():
    scenario = load_scenario(next(p for p in SCENARIOS if p.stem == "yumeshima_without"))
    told = {a.key: (a.low, a.high, a.grade) for a in scenario.defaults_in_use("today")}
    assert told["terminal.lanes.A.count"] == (8, 12, "G")
    assert told["terminal.service.mean"] == (90.0, 240.0, "G")
    assert told["terminal.out_gate"][:2] == (None, None)
