"""Parts are played by the agents of the models, or by others that are given."""

from __future__ import annotations

import mesa
import pytest

from twin.engine.cast import Cast
from twin.errors import ScenarioError


class Guard(mesa.Agent):
    def __init__(self, model, post):
        super().__init__(model)
        self.post = post


class Sleeps(Guard):
    pass


def test_without_a_cast_the_usual_agent_is_hired_and_its_part_known():
    cast = Cast()
    guard = cast.hire("gate.guard", Guard, mesa.Model(), "north")
    assert type(guard) is Guard
    assert guard.post == "north"
    assert cast.parts == {"gate.guard": Guard}
    cast.check()


def test_a_class_or_anything_that_makes_one_is_hired_instead():
    model = mesa.Model()
    assert type(Cast({"gate.guard": Sleeps}).hire("gate.guard", Guard, model, "south")) is Sleeps
    made = Cast({"gate.guard": lambda m, post: Sleeps(m, post.upper())}).hire("gate.guard", Guard, model, "south")
    assert made.post == "SOUTH"
    assert len(model.agents) == 2


def test_who_is_none_and_parts_that_nobody_has_are_refused():
    with pytest.raises(ScenarioError, match="is played by a Guard, got a Agent") as fault:
        Cast({"gate.guard": lambda m, _: mesa.Agent(m)}).hire("gate.guard", Guard, mesa.Model(), "")
    assert "give a subclass of" in str(fault.value)
    cast = Cast({"gate.gaurd": Sleeps})
    cast.hire("gate.guard", Guard, mesa.Model(), "")
    with pytest.raises(ScenarioError, match=r"the part gate\.gaurd") as fault:
        cast.check()
    assert "the parts of this city are gate.guard" in str(fault.value)
