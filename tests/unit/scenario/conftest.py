"""Toy models instead of the real ones: the language is tested apart from what it speaks of."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from pydantic import model_validator

from twin.models import registry
from twin.params import Params, quantity
from twin.scenario.language.load import load_scenario
from twin.units import ClockSpan, Count, Seconds, Share, Speed


class Quota(Params):
    slot_s: Seconds = quantity(3600.0, "s", source="toy", grade="G", fork="now", gt=0)
    booked: Share = quantity(0.6, "%", source="toy", grade="D", fork="new_only", ge=0, le=1)


class Lane(Params):
    count: int = quantity(1, "lanes", source="toy", grade="G", fork="now", ge=0)
    kind: Literal["ordinary", "reserved"] = quantity("ordinary", source="toy", grade="G", fork="no")


class Gate(Params):
    """A toy gate."""

    opening: tuple[ClockSpan, ...] = quantity(
        ((30600.0, 41400.0), (46800.0, 59400.0)), source="toy", grade="V", fork="now"
    )
    service_s: Seconds = quantity(150.0, "s", source="toy", grade="G", fork="now", gt=0, le=3600, doc="mean service")
    trucks: Count = quantity(2300.0, "trucks", source="toy", grade="M", ge=0)
    lanes: dict[str, Lane] = quantity(default_factory=lambda: {"A": Lane(count=6)}, source="toy", grade="G", fork="no")
    quota: bool | Quota = quantity(False, source="toy", grade="G", fork="now")
    table: str = quantity("", source="yours", grade="G")

    @model_validator(mode="after")
    def _in_order(self) -> Gate:
        if any(b[0] < a[1] for a, b in zip(self.opening, self.opening[1:], strict=False)):
            raise ValueError("the hours of opening overlap")
        return self


class Road(Params):
    """A toy road."""

    speed_mps: Speed = quantity(10.0, "m/s", source="toy", grade="M", fork="new_only", gt=0, le=40)


class Walk(Params):
    """Toy walkers."""

    walk_speed_mps: Speed = quantity(1.34, "m/s", source="toy", grade="V", gt=0, le=3)


TOYS = {"road_traffic": Road, "terminal": Gate, "pedestrian": Walk}


@pytest.fixture(autouse=True)
def toy_models(monkeypatch):
    monkeypatch.setattr(registry, "ORDER", tuple(TOYS))
    monkeypatch.setattr(registry, "params_class", lambda name: TOYS[name])
    monkeypatch.setattr(registry, "estimator", lambda _: None)
    return TOYS


HEAD = """\
twin: 1
name: toy
city: osaka_yumeshima
clock: {from: 05:30, to: 20:00}
"""


@pytest.fixture
def write(tmp_path):
    """Writes a scenario below the usual head; returns its path."""

    def writer(body: str, head: str = HEAD) -> Path:
        path = tmp_path / "シナリオ 1.yaml"
        path.write_text(head + body, encoding="utf-8")
        return path

    return writer


@pytest.fixture
def load(write):
    """Loads a scenario below the usual head."""
    return lambda body, head=HEAD, **options: load_scenario(write(body, head), **options)
