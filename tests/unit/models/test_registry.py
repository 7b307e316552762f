"""Cards: what they name is there, nothing is claimed twice, and classes offer what the protocol asks."""

from __future__ import annotations

import inspect
import re
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from twin import boards
from twin.columns import BODIES, BODY_STATES, SHARED, TABLES
from twin.engine.sim_model import ModelClass, SimModel
from twin.errors import EngineError
from twin.looks import BodyLook
from twin.model_card import ModelCard
from twin.models import registry
from twin.params import Params
from twin.results.kpis import infos

MODELS = Path(__file__).resolve().parents[3] / "models"


def owed(protocol):
    return {name for name in vars(protocol) if not name.startswith("_")}


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_everything_a_card_names_is_there(name):
    of = registry.card(name)
    assert of.name == name
    assert issubclass(registry.params_class(name), Params)
    cls = registry.model_class(name)
    for method in owed(ModelClass):
        assert inspect.ismethod(getattr(cls, method)) or isinstance(vars(cls)[method], staticmethod), method
    for member in owed(SimModel):
        assert hasattr(cls, member), member
    estimate = registry.estimator(name)
    assert estimate is None or estimate(registry.params_class(name)()) >= 0
    word = "road" if name == "road_traffic" else name
    assert all(table.name.startswith(f"{word}_") for table in of.load(of.tables))
    assert all(info.name.startswith(f"{word}.") for info in registry.kpi_module(name).INFOS)


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_a_card_lists_the_boards_that_its_model_publishes(name):
    texts = [path.read_text(encoding="utf-8") for path in (MODELS / name).rglob("*.py")]
    published = {name for text in texts for name in re.findall(r"\.publish\(\s*([\w.]+),", text)}
    assert published == {
        f"{constant}.name" for constant, board in vars(boards).items() if board in registry.card(name).boards
    }


def test_every_list_has_what_is_on_the_cards_in_their_order():
    assert registry.ORDER[: len(registry.BUILT_IN)] == registry.BUILT_IN
    assert tuple(of.name for of in registry.cards()) == registry.ORDER
    assert tuple(body for of in registry.cards() for body in of.bodies) == BODIES == tuple(BODY_STATES)
    assert [*TABLES][: len(SHARED)] == [table.name for table in SHARED]
    assert len(infos()) == sum(len(registry.kpi_module(name).INFOS) for name in registry.ORDER)


def test_codes_of_bodies_stay_what_finished_runs_hold():
    assert BODIES[:5] == ("car", "van", "bus", "truck", "walker")
    assert registry.BUILT_IN[:4] == ("road_traffic", "transit", "terminal", "pedestrian")


def test_every_folder_of_a_model_has_a_card_in_the_list():
    assert {path.parent.name for path in MODELS.glob("*/__init__.py")} == set(registry.BUILT_IN)


@pytest.mark.parametrize(
    ("what", "cards"),
    [
        (
            "body",
            (
                ModelCard("a", "x", "", "", bodies={"car": ("driving",)}),
                ModelCard("b", "x", "", "", bodies={"car": ("parked",)}),
            ),
        )
    ],
)
def test_what_two_models_claim_is_refused_with_both_names(what, cards, monkeypatch):
    monkeypatch.setattr(registry, "cards", lambda: cards)
    with pytest.raises(EngineError, match=f"the {what} 'car' is declared by a and by b"):
        registry.body_states.__wrapped__()


def test_a_table_of_the_shared_ones_cannot_be_claimed(monkeypatch):
    class Claiming(ModelCard):
        def load(self, place):
            return (SHARED[0],)

    monkeypatch.setattr(registry, "cards", lambda: (Claiming("a", "x", "", "", tables="tables:TABLES"),))
    with pytest.raises(EngineError, match="the table 'traces' is declared by all models and by a"):
        registry.tables.__wrapped__()


def test_a_card_under_another_name_is_refused(monkeypatch):
    point = EntryPoint("transit_two", "twin.models.transit:MODEL", registry.GROUP)
    monkeypatch.setitem(registry._INSTALLED, "transit_two", point)
    with pytest.raises(EngineError, match="is no card of a model called 'transit_two'"):
        registry.card.__wrapped__("transit_two")


def test_a_look_stands_for_every_body_and_state():
    looks = registry.looks()
    for body, states in BODY_STATES.items():
        assert isinstance(looks[body], BodyLook)
        assert set(looks[body].states) == set(states)
