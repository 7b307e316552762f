"""Parameters of the road layer, with their sources."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, Self

from pydantic import model_validator

from twin.params import Params, quantity
from twin.units import ClockSpan, Seconds, Share, Speed

_DAY_S = 86400.0


class SpeedFactor(Params):
    """Share of the free-flow speed that is driven during some hours of every day."""

    hours: ClockSpan = quantity(source="the scenario", grade="G", doc="hours of every day, for example 07:00-09:00")
    factor: Share = quantity(
        unit="%", source="the scenario", grade="G", gt=0, le=2, doc="share of the free-flow speed"
    )
    road_classes: tuple[str, ...] = quantity(
        (), source="choice: all streets", grade="D", doc="OSM highway classes it holds for; empty for all streets"
    )

    @model_validator(mode="after")
    def _within_a_day(self) -> Self:
        if self.hours[1] > _DAY_S:
            raise ValueError("the hours of a speed factor repeat every day and must end by 24:00; split them in two")
        return self


class ClassSpeeds(Params):
    """Highest speed of each class of vehicle; a street's own free-flow speed still binds."""

    car_mps: Speed = quantity(
        60 / 3.6, "m/s", source="Road Traffic Act enforcement order art. 11: 60 km/h where no sign says else",
        grade="M", fork="new_only", gt=0, le=60,
    )
    van_mps: Speed = quantity(
        60 / 3.6, "m/s", source="as cars", grade="M", fork="new_only", gt=0, le=60,
    )
    small_truck_mps: Speed = quantity(
        60 / 3.6, "m/s", source="as cars", grade="M", fork="new_only", gt=0, le=60,
    )
    container_truck_mps: Speed = quantity(
        50 / 3.6, "m/s", source="guess: below the limit when laden", grade="G", fork="new_only", gt=0, le=60,
    )
    bus_mps: Speed = quantity(
        50 / 3.6, "m/s", source="guess: below the limit with standing riders", grade="G", fork="new_only",
        gt=0, le=60,
    )


class BackgroundParams(Params):
    """Cars that are nobody's: from an OD table of the scenario."""

    od_table: str = quantity(
        "", source="the scenario", grade="D", fork="no",
        doc="table with columns from_place, to_place, from_s, to_s, count and, if wanted, vehicle_class",
    )
    factor: Share = quantity(
        1.0, "%", source="choice: the table as it stands", grade="D", fork="new_only", ge=0, le=10,
        doc="every count of the table is multiplied by this",
    )


class RoadParams(Params):
    """How vehicles drive on the drive layer."""

    form: Literal["free_flow", "queueing"] = quantity(
        "free_flow", source="choice: the simplest form unless queues matter", grade="D", fork="no",
        doc="free_flow: every vehicle at its own speed; queueing: link transmission with queues and spillback",
    )
    speed_factors: tuple[SpeedFactor, ...] = quantity(
        (), source="choice: free flow unless the scenario says else", grade="D", fork="new_only",
        doc="share of the free-flow speed by hour and class of street",
    )
    class_speeds: ClassSpeeds = ClassSpeeds()
    background: BackgroundParams = BackgroundParams()
    board_every_s: Seconds = quantity(
        300.0, "s", source="choice: as the periods of the tables", grade="D", fork="no", ge=30, le=3600,
        doc="how often measured link times are published; used by the queueing form",
    )

    @model_validator(mode="after")
    def _no_overlap(self) -> Self:
        spans = sorted((f.hours, f.road_classes) for f in self.speed_factors)
        for (first, one), (second, other) in pairwise(spans):
            shared = not one or not other or set(one) & set(other)
            if shared and second[0] < first[1]:
                raise ValueError(
                    f"two speed factors overlap: {_clock(first)} and {_clock(second)}; "
                    "let one end where the next begins"
                )
        return self


def _clock(span: tuple[float, float]) -> str:
    return "-".join(f"{int(t) // 3600:02d}:{int(t) % 3600 // 60:02d}" for t in span)
