"""Parameters of the counters."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from twin.booking.params import BookingRules, rule
from twin.params import Params, quantity
from twin.units import ClockSpan, Count, Seconds, Share


class Appointments(BookingRules):
    """Appointments at the counters (来庁予約): rules of booking as everywhere, with the office's own slots."""

    slot_s: Seconds = rule("slot_s", 1800.0, source="our guess", grade="G")
    per_slot: Count = rule("per_slot", 8.0, source="our guess", grade="G")
    early: Literal["waits", "ordinary", "admitted"] = rule(
        "early", "waits", source="choice: nobody is sent off", grade="D"
    )
    late_goes_to: Literal["ordinary", "admitted", "rebook"] = rule(
        "late_goes_to", "ordinary", source="choice: nobody is sent off", grade="D"
    )
    booked_share: Share = quantity(
        0.4, "%", source="our guess", grade="G", fork="new_only", ge=0, le=1, doc="Visitors who ask for one."
    )
    lead_mean_s: Seconds = quantity(
        172_800.0, "s", source="our guess", grade="G", fork="new_only", gt=0, doc="Mean time by which they ask ahead."
    )


class WardOfficeParams(Params):
    """Counters of a ward office: who comes, how many clerks there are, how long they take."""

    place: str = quantity(
        "", source="the map", grade="D", doc="Id of a place of the map; without it the first station."
    )
    opening: ClockSpan = quantity((32400.0, 63000.0), source="our guess: 09:00 to 17:30", grade="G", doc="Hours.")
    visitors_per_hour: Count = quantity(
        30.0, "people", source="our guess", grade="G", fork="new_only", ge=0, le=10_000, doc="Mean number in an hour."
    )
    clerks: int = quantity(4, "clerks", source="our guess", grade="G", fork="now", ge=1, le=1000, doc="Open counters.")
    helpers: int = quantity(
        0, "clerks", source="choice: none", grade="D", fork="now", ge=0, le=1000,
        doc="Clerks of the back office who come to the counters while the line is long.",
    )  # fmt: skip
    help_if_line: Count = quantity(
        10.0, "people", source="our guess", grade="G", fork="now", ge=0, doc="People in line from which they come."
    )
    appointments: Literal[False] | Appointments = quantity(False, source="choice: none", grade="D", fork="new_only")
    service_mean_s: Seconds = quantity(
        420.0, "s", source="our guess", grade="G", fork="new_only", gt=0, le=86_400, doc="Mean time at the counter."
    )

    @field_validator("appointments", mode="before")
    @classmethod
    def _on_means_defaults(cls, value: object) -> object:
        return {} if value is True else value

    def estimate_agents(self) -> float:
        """Visitors of a day."""
        return self.visitors_per_hour * (self.opening[1] - self.opening[0]) / 3600.0
