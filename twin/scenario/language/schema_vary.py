"""How ``vary`` is written in a scenario file."""

from __future__ import annotations

from pydantic import Field

from twin.params import Params
from twin.scenario.language.questions import Amount


class SpanSpec(Params):
    """Settings from one value to another; with a step they are listed, without one any value between will do."""

    start: Amount = Field(alias="from", description="smallest setting")
    end: Amount = Field(alias="to", description="largest setting")
    step: Amount | None = Field(None, description="step between settings; none for a span")


class VarySpec(Params):
    """Settings that ``twin sweep`` and its relatives try."""

    base: str | None = Field(None, description="variant that is set; the first one if not given")
    keys: dict[str, tuple[Amount, ...] | SpanSpec] = Field(
        min_length=1, max_length=50, description="key -> settings [4, 6, 8], or {from: 4, to: 20, step: 2}"
    )
    sample: int | None = Field(
        None, ge=2, le=10_000, description="points of a Latin hypercube; every combination if not given"
    )
    replications: int = Field(10, ge=1, le=100_000, description="replications of each point, paired across points")
    kpi: str | tuple[str, ...] | None = Field(None, description="figures looked at; the headlines if not given")
