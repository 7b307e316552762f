"""Beginning refuses what can be refused and works nothing out: plans wait until somebody walks or asks."""

from __future__ import annotations

import pytest

from tests.unit.models.pedestrian.small_city import assert_same, grid_city, model_of, params_for, run_to_end
from twin.errors import LimitError
from twin.models.pedestrian.choice import kernels, programs

NUMBERS = {"shopper": 2000.0, "passer_through": 1000.0}
CLOCK = {"start_s": 7200.0, "end_s": 10800.0, "step_s": 300.0}


class SolvedError(Exception):
    """A program was solved."""


@pytest.fixture
def unsolvable(monkeypatch):
    def refuse(*_):
        raise SolvedError

    monkeypatch.setattr(kernels, "solve_program", refuse)


@pytest.mark.parametrize("more", [{}, {"inside": {"warm_up_s": 3600.0}}, {"feedback": {"rounds": 2}}])
@pytest.mark.usefixtures("unsolvable")
def test_beginning_solves_nothing_and_the_first_step_does(more):
    city_model, _ = model_of(params_for(NUMBERS, **more), grid_city(), **CLOCK)
    with pytest.raises(SolvedError):
        city_model.step()


def test_programs_too_large_to_solve_are_refused_at_the_beginning(monkeypatch):
    monkeypatch.setattr(programs, "_WORK_MOST", 1000)
    with pytest.raises(LimitError, match="at most 1e\\+03 are solved"):
        model_of(params_for(NUMBERS), grid_city(), **CLOCK)


@pytest.mark.parametrize("feedback", [{}, {"feedback": {"rounds": 2}}])
def test_whoever_asks_first_sees_who_is_inside_and_changes_no_byte(feedback):
    params = params_for(NUMBERS, inside={"warm_up_s": 3600.0}, **feedback)
    unasked = run_to_end(*model_of(params, grid_city(), **CLOCK))
    city_model, model = model_of(params, grid_city(), **CLOCK)
    inside = len(model.form.walkers())
    assert inside > 0
    assert model.accounts()[0].inside == inside == sum(model.observer.inside_by_class().values())
    assert_same(run_to_end(city_model, model), unasked)
