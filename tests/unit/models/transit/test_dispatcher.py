"""The dispatcher is the strategy: another one answers otherwise."""

from __future__ import annotations

from tests.unit.models.transit.town import build, finish
from twin.models.transit.agents import Dispatcher, Van
from twin.models.transit.desk.desk import Choice

DAY = {"fleet": 3, "demand": {"requests_per_day": 600}}
PART = "transit.dispatcher"


class AsNamed(Dispatcher):
    """Answers every request itself, as the strategy named would."""

    asked = 0

    def choose(self, desk, request, now_s):
        self.asked += 1
        return super().choose(desk, request, now_s)


class SendsSmallPartiesOnly(Dispatcher):
    def choose(self, desk, request, now_s):
        if desk.requests["party"][request] > 1:
            return Choice(-1, reason=5)
        return super().choose(desk, request, now_s)


def same(one, other):
    assert set(one) == set(other)
    for table in one:
        for column in one[table]:
            assert one[table][column].tobytes() == other[table][column].tobytes(), (table, column)


def test_a_dispatcher_who_asks_the_strategy_named_answers_as_the_compiled_loop_does():
    model, transit = build(DAY, agents={PART: AsNamed})
    asked = finish(model, transit)
    assert transit.dispatcher.asked == len(asked["transit_requests"]["id"]) > 20
    same(finish(*build(DAY)), asked)


def test_a_dispatcher_with_a_rule_of_its_own_changes_who_is_served():
    rows = finish(*build(DAY, agents={PART: SendsSmallPartiesOnly}))["transit_requests"]
    usual = finish(*build(DAY))["transit_requests"]
    large = rows["party"] > 1
    assert large.any()
    assert set(rows["reason"][large].tolist()) == {"no_van_in_time"}
    assert (usual["reason"][usual["party"] > 1] != "no_van_in_time").any()


def test_vans_have_their_place_at_the_depot_in_the_network_space():
    model, transit = build(DAY)
    model.drive = transit._city.drive
    space = model.space
    vans = model.agents_by_type[Van]
    assert len(vans) == 3
    for van in vans:
        assert van.pos == van.node == transit.stops[transit.desk.fleet["depot_stop"][van.row]].drive_node
        assert van in space.get_cell_list_contents([van.node])
    assert space.G.number_of_edges() == transit._city.drive.link_count
    # Mesa's own questions of a network are answered: who is within two streets of a depot.
    assert set(space.get_neighbors(vans[0].node, include_center=True, radius=0)) >= {vans[0]}
